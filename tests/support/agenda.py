"""Findings for an agenda, and what is asked of one."""

from duologue_server.suggest.agenda import Agenda
from duologue_server.suggest.findings import Finding, Span
from duologue_server.suggest.items import Item

URI = "file:///store.py"
OTHER = "file:///other.py"


def finding(
    name: str = "cursor", line: int = 11, urgency: float = 0.85, trigger: str = "ruff:F821", uri: str = URI
) -> Finding:
    return Finding(
        key=f"{trigger}|{uri}|{name}",
        uri=uri,
        line=line,
        text=f"In load, line {line + 1}: undefined name {name}.",
        urgency=urgency,
        trigger=trigger,
        version=1,
        source_range=Span(line, 4, line, 10),
        written=f"undefined name `{name}`",
        about=name,
    )


def check(agenda: Agenda, now_s: float, best: str | None, why: str = "") -> None:
    """`best`: the name it is about, or None for silence; `why`: a part of the reason."""
    item = agenda.best(now_s)
    assert (item.about or item.id if item else None) == best, agenda.why(now_s)
    assert why in agenda.why(now_s)


def only(agenda: Agenda, now_s: float) -> Item:
    (item,) = agenda.offers(now_s)
    return item


def outcomes(agenda: Agenda) -> list[tuple[str, str]]:
    return [(change.outcome, change.why) for change in agenda.take_changes()]
