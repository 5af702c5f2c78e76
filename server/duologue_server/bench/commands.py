"""How well spoken commands go through the recogniser, how seldom talk is taken for one, and how soon they are done.

  python -m duologue_server.bench.commands success      # fixtures, said by synthesisers
  python -m duologue_server.bench.commands accidents    # talk, said by synthesisers; with --data, recordings, too
  python -m duologue_server.bench.commands time         # end of the last word → what can be seen, on a virtual clock

The fixtures are those of the tests, in `tests/data/commands` of the source. `--kept` is a file for what was heard: a
run that was stopped goes on from it, and what is kept can be scored again with a grammar that has changed.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from duologue_server.bench import command_accidents, command_speech, command_time
from duologue_server.bench.command_cases import cases
from duologue_server.bench.rows import this_machine
from duologue_server.bench.run import table


def success(chosen: argparse.Namespace) -> str:
    """Says and hears a sample of the fixtures; gives the report."""
    everything = cases(chosen.fixtures)
    heard = command_speech.kept(chosen.kept)
    if not chosen.score_only:
        wanted = command_speech.sample(everything, chosen.n, chosen.seed)
        for one in command_speech.listen(chosen.voices.split(","), wanted, heard):
            heard.append(one)
            command_speech.keep(one, chosen.kept)
    found = command_speech.graded(heard, everything)
    return "\n".join([command_speech.report(found), "", *command_speech.failures(found)])


def accidents(chosen: argparse.Namespace) -> str:
    """Overhears talk; gives the report."""
    file: Path | None = chosen.kept
    overheard: list[command_accidents.Overheard] = []
    if file is not None and file.exists():
        lines = file.read_text("utf-8").splitlines()
        overheard = list(map(command_accidents.Overheard.of_json, lines))
    if not chosen.score_only:
        sentences = command_accidents.talk(chosen.fixtures)
        random.Random(chosen.seed).shuffle(sentences)
        known = frozenset((one.source, one.said) for one in overheard)
        for one in command_accidents.overhear(
            chosen.voices.split(","), sentences[: chosen.n], chosen.data, chosen.most, known
        ):
            overheard.append(one)
            if file is not None:
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(one)) + "\n")
    return command_accidents.report(overheard)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. The exit status is 0: figures are no verdict; 2 where something is not there."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m duologue_server.bench.commands",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("success", "accidents", "time"))
    parser.add_argument("--fixtures", type=Path, default=Path("tests/data/commands"))
    parser.add_argument("--voices", default="hibari,kokoro", help="hibari, kokoro, flite, espeak-ng, with commas")
    parser.add_argument("--n", type=int, default=150, help="spoken forms, or sentences of talk, for each voice")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="recordings: holds train/index.csv and dev/index.csv")
    parser.add_argument("--most", type=int, default=400, help="recordings of each group")
    parser.add_argument("--kept", type=Path, help="a file for what was heard")
    parser.add_argument("--free-compute", action="store_true", help="time: charge nothing for what is computed")
    parser.add_argument("--score-only", action="store_true", help="only score what is kept; nothing is spoken")
    chosen = parser.parse_args(arguments)
    machine = this_machine()
    try:
        if chosen.what == "time":
            rows = command_time.measure(chosen.voices.split(","), chosen.free_compute)
            Console(width=160).print(table(machine, rows))
        else:
            print(success(chosen) if chosen.what == "success" else accidents(chosen))
    except FileNotFoundError as error:
        print(f"commands: {error}", file=sys.stderr)
        return 2
    print(f"\n{machine.cpu}, {machine.commit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
