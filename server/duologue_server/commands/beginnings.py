"""How the grammar's phrases begin: what a recogniser may favour, so that "wrap the" is not taken for "where up the"."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from duologue_server.commands.language import table
from duologue_server.commands.phrases import TOKENS

MOST_WORDS = 2
"""Longer beginnings helped no more: of 127 and 143 spoken forms by two voices the same ones were understood."""


class _Run(NamedTuple):
    """Fixed words that follow one another, up to `MOST_WORDS` of them."""

    words: tuple[str, ...] = ()
    opens: bool = True
    """Whether the phrase begins with them."""


@cache
def beginnings() -> tuple[str, ...]:
    """The first words of every run of fixed words in the grammar, two at most, and words that are all of such a run."""
    data = table("grammar.toml")
    found: dict[str, None] = {}
    for row in data["phrase"]:
        for say in row["say"]:
            found.update(dict.fromkeys(_beginnings(say, data["sets"])))
    return tuple(found)


def _beginnings(say: str, sets: Mapping[str, str]) -> Iterator[str]:
    found: set[_Run] = set()
    tokens = list(TOKENS.finditer(say))
    runs, at = _choice(tokens, 0, {_Run()}, sets, found)
    assert at == len(tokens), say
    found |= {run for run in runs if run.opens}
    return (" ".join(run.words) for run in sorted(found) if run.words)


def _choice(
    tokens: list[re.Match[str]], at: int, before: set[_Run], sets: Mapping[str, str], found: set[_Run]
) -> tuple[set[_Run], int]:
    """The runs after the alternatives that begin at a token, and where these end; whole runs are added to `found`."""
    after: set[_Run] = set()
    while True:
        runs = before
        while at < len(tokens) and tokens[at].group(1) not in ("|", "]", ")"):
            sign, slot, _, word = tokens[at].groups()
            at += 1
            if sign:
                inner, at = _choice(tokens, at, runs, sets, found)
                at += 1
                runs = inner | runs if sign == "[" else inner
            elif slot in sets:
                runs, _ = _choice(list(TOKENS.finditer(sets[slot])), 0, runs, sets, found)
            elif slot:
                found |= {run for run in runs if run.opens}
                runs = {_Run((), False)}
            else:
                runs = {_longer(run, word.lower(), found) for run in runs}
        after |= runs
        if at == len(tokens) or tokens[at].group(1) != "|":
            return after, at
        at += 1


def _longer(run: _Run, word: str, found: set[_Run]) -> _Run:
    if len(run.words) == MOST_WORDS:
        return run
    longer = run._replace(words=(*run.words, word))
    if len(longer.words) == MOST_WORDS:
        found.add(longer)
    return longer
