"""What an evaluation found: as JSON, as one table, as one picture."""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duologue_model.evaluation.bootstrap import Figure
from duologue_model.evaluation.curves import Comparison, Point, dominates
from duologue_model.evaluation.fdb import Score
from duologue_model.evaluation.metrics import MEASURES, Measure

HEADLINE = (
    "decision_p50_s", "cut_in_share", "unanswered_share", "stop_success", "stop_p50_s", "stop_p90_s", "duck_p50_s",
    "told_apart", "told_apart_known", "stops_obeyed", "questions_answered", "on_after_backchannel",
    "on_after_others", "on_after_noise", "answered_others", "self_stops_per_min",
    "self_stops_cancelled_per_min", "self_stops_loud_per_min", "typing_starts_per_h", "typing_wishes_per_h",
    "offer_delay_p50_s", "offer_delivered", "offer_ill_timed", "cue_share", "phantom_per_h",
)  # fmt: skip
"""The measures of the table, in its order. The JSON has all."""
CARD = {
    "decision_p50_s": "end → decision p50", "cut_in_share": "cut-ins in pauses", "unanswered_share": "unanswered",
    "stop_p50_s": "stop p50", "stop_success": "stops", "duck_p50_s": "duck p50", "on_after_backchannel": "backchannel",
    "on_after_others": "others", "on_after_noise": "noise",
}  # fmt: skip
"""The few measures by which engines are told apart at a glance, by short names. The last three: goes on after."""
PICTURED = (
    "stop_success",
    "stops_obeyed",
    "questions_answered",
    "on_after_backchannel",
    "on_after_others",
    "on_after_noise",
    "offer_delivered",
)
SET_TITLES = {
    "synthesiser": "held-out synthesiser",
    "voices": "held-out voices",
    "human": "human clips",
}
"""The columns: how the sets of sessions are called in the table."""


@dataclass(slots=True)
class EngineResult:
    """What one engine did, by set of sessions."""

    name: str
    note: str = ""
    """What a reader must know: retrained or not, what it may not see."""
    figures: dict[str, dict[str, Figure]] = field(default_factory=dict)
    """By set, then by measure."""
    curves: dict[str, list[Point]] = field(default_factory=dict)
    """By set: the settings of its sweep."""
    fdb: dict[str, dict[str, Score]] = field(default_factory=dict)
    """By set: re-implemented definitions of Full-Duplex-Bench."""
    cpu_ms: float | None = None
    """Processor time of a slice, mean, milliseconds."""


@dataclass(slots=True)
class Results:
    """A whole evaluation."""

    engines: list[EngineResult] = field(default_factory=list)
    comparisons: dict[str, dict[str, list[Comparison]]] = field(default_factory=dict)
    """By set, then by the engine that the first one is compared with."""
    checks: dict[str, Any] = field(default_factory=dict)
    """Agreement of int8 and float, of stream and whole, drift."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Seeds, sizes, hashes: all that is needed to run it again."""

    def sets(self) -> list[str]:
        """The sets that were played, in the order of the table."""
        played = {name for engine in self.engines for name in engine.figures}
        return [name for name in SET_TITLES if name in played] + sorted(played - set(SET_TITLES))


def table(results: Results, measures: Iterable[str] = HEADLINE) -> str:
    """One Markdown table: a block of engines for each measure, a column for each set; all with intervals and n."""
    sets = results.sets()
    lines = [
        "| | " + " | ".join(SET_TITLES.get(name, name) for name in sets) + " |",
        "|---|" + "---|" * len(sets),
    ]
    for name in measures:
        rows = [
            (engine.name, [engine.figures.get(one, {}).get(name) for one in sets]) for engine in results.engines
        ]  # fmt: skip
        known = [(engine, cells) for engine, cells in rows if any(cell and cell.events for cell in cells)]
        if known:
            lines.append(f"| **{heading(MEASURES[name])}** |" + " |" * len(sets))
            lines += [
                f"| {who} | " + " | ".join(_cell(MEASURES[name], c) for c in cells) + " |" for who, cells in known
            ]
    return "\n".join(lines) + "\n\n" + _notes(results)


def card(results: Results) -> str:
    """The same in short, for a model card: a table for each set, rows are engines, columns the measures of CARD."""
    parts = []
    for name in results.sets():
        played = [engine for engine in results.engines if name in engine.figures]
        goals = (_goal(MEASURES[one]) for one in CARD)
        lines = [
            f"**{SET_TITLES.get(name, name)}**",
            "",
            "| | " + " | ".join(CARD.values()) + " |",
            "|---|" + "---|" * len(CARD),
            "| *to reach* | " + " | ".join(goals) + " |",
        ]
        for engine in played:
            cells = (_cell(MEASURES[one], engine.figures[name].get(one), counted=False) for one in CARD)
            lines.append(f"| {engine.name} | " + " | ".join(cells) + " |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def heading(measure: Measure) -> str:
    """A measure's title with what it should reach and what people do."""
    said = [measure.title]
    if measure.target is not None:
        said.append(f"reach {_goal(measure)}")
    if measure.human is not None:
        said.append(f"people {_number(measure.unit, measure.human)}")
    return "; ".join(said)


def reached(measure: Measure, figure: Figure) -> bool | None:
    """Whether a figure is where it should be; None without a target or without events."""
    if measure.target is None or not figure.events or math.isnan(figure.value):
        return None
    return figure.value >= measure.target if measure.better == "high" else figure.value <= measure.target


def comparison_table(results: Results) -> str:
    """For every set and rival, at each of its settings: our best setting that cuts in no more often."""
    lines = [
        "| set | rival at | ours | difference of median latency (95 %) | difference of cut-ins (95 %) | better |",
        "|---|---|---|---|---|---|",
    ]
    for name, rivals in results.comparisons.items():
        for rival, compared in rivals.items():
            for one in compared:
                verdict = "yes" if one.better else "no"
                latency = _difference("s", one.latency_s) if one.ours is not None else "–"
                cuts = _difference("%", one.cut_ins) if one.ours is not None else "–"
                lines.append(
                    f"| {SET_TITLES.get(name, name)} | {rival}, {one.theirs} | {one.ours or 'none so careful'} "
                    f"| {latency} | {cuts} | {verdict} |"
                )
    return "\n".join(lines) + "\n"


def fdb_table(results: Results) -> str:
    """The re-implemented definitions of Full-Duplex-Bench, both readings, one row for each engine and score."""
    sets = results.sets()
    lines = [
        "Definitions of Full-Duplex-Bench, re-implemented on our own sessions: not results of that benchmark.",
        "Each cell: as published / corrected.",
        "",
        "| score | engine | " + " | ".join(SET_TITLES.get(name, name) for name in sets) + " |",
        "|---|---|" + "---|" * len(sets),
    ]
    names = dict.fromkeys(score for engine in results.engines for one in engine.fdb.values() for score in one)
    for name in names:
        for engine in results.engines:
            scores = [engine.fdb.get(one, {}).get(name) for one in sets]
            if any(scores):
                cells = (f"{_plain(s.published)} / {_plain(s.corrected)}" if s else "–" for s in scores)
                lines.append(f"| {name} | {engine.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def to_json(results: Results) -> str:
    """Everything; NaN as null, infinity as the text `inf`."""
    engines = [
        {
            "name": engine.name,
            "note": engine.note,
            "cpu_ms": engine.cpu_ms,
            "figures": {s: {m: dataclasses.asdict(f) for m, f in by.items()} for s, by in engine.figures.items()},
            "curves": {s: [_point(point) for point in points] for s, points in engine.curves.items()},
            "fdb": {s: {m: dataclasses.asdict(f) for m, f in by.items()} for s, by in engine.fdb.items()},
        }
        for engine in results.engines
    ]
    comparisons = {
        name: {
            rival: {
                "dominates": dominates(compared),
                "at": [{**dataclasses.asdict(one), "better": one.better} for one in compared],
            }
            for rival, compared in rivals.items()
        }
        for name, rivals in results.comparisons.items()
    }
    whole = {
        "settings": results.settings,
        "engines": engines,
        "comparisons": comparisons,
        "checks": results.checks,
    }
    return json.dumps(_clean(whole), indent=2, ensure_ascii=False) + "\n"


def picture(results: Results, path: Path) -> None:
    """The trade-off curves above, shares that should be high below; a column for each set. Needs matplotlib."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    sets = results.sets()
    figure, axes = plt.subplots(2, max(1, len(sets)), figsize=(5.2 * max(1, len(sets)), 10), squeeze=False)
    for column, name in enumerate(sets):
        _draw_curves(axes[0][column], results, name)
        _draw_shares(axes[1][column], results, name, labelled=column == 0)
        axes[0][column].set_title(SET_TITLES.get(name, name))
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=2 * max(1, len(sets)), fontsize=8)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _colour(index: int) -> tuple[float, ...]:
    from matplotlib import colormaps

    colour: tuple[float, ...] = colormaps["tab20"]((2 * index % 20 + index // 10) / 20 + 0.01)
    return colour


def _draw_curves(axis: Any, results: Results, name: str) -> None:
    """Latency over cut-ins; the shaded corner is what is to be reached."""
    axis.axvspan(0, 0.2, ymax=0.4 / 2.0, color="tab:green", alpha=0.12)
    for index, engine in enumerate(results.engines):
        points = engine.curves.get(name, [])
        found = [point.figures(repeats=300) for point in points]
        if not found and name in engine.figures:
            own = engine.figures[name]
            found = [(own["cut_in_share"], own["decision_p50_s"])]
        shown = sorted(
            ((cuts, late) for cuts, late in found if math.isfinite(late.value) and math.isfinite(cuts.value)),
            key=lambda pair: pair[0].value,
        )
        if shown:
            x, y = [cuts.value for cuts, _ in shown], [late.value for _, late in shown]
            around_x = [[c.value - c.low for c, _ in shown], [c.high - c.value for c, _ in shown]]
            around_y = [[v.value - v.low for _, v in shown], [min(v.high, 9.0) - v.value for _, v in shown]]
            style = "o-" if index == 0 else "s--"
            axis.errorbar(
                x, y, around_y, around_x, style, color=_colour(index), label=engine.name,
                markersize=4, elinewidth=0.4, linewidth=2.0 if index == 0 else 1.0,
            )  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 2.0)
    axis.set_xlabel("false cut-ins, share of pauses")
    axis.set_ylabel("end of turn → decision, p50, seconds")
    axis.grid(alpha=0.3)


def _draw_shares(axis: Any, results: Results, name: str, labelled: bool) -> None:
    """A row for each share, a mark for each engine, a bar at what is to be reached."""
    step = 0.8 / max(1, len(results.engines))
    for row, measure_name in enumerate(PICTURED):
        target = MEASURES[measure_name].target
        if target is not None:
            axis.plot([target, target], [row - 0.45, row + 0.45], color="tab:green", linewidth=2)
        for index, engine in enumerate(results.engines):
            one = engine.figures.get(name, {}).get(measure_name)
            if one is not None and one.events:
                height = row - 0.4 + step * (index + 0.5)
                around = [[one.value - one.low], [one.high - one.value]]
                axis.errorbar([one.value], [height], xerr=around, fmt="o", color=_colour(index), markersize=4)
    titles = [MEASURES[one].title for one in PICTURED] if labelled else ["" for _ in PICTURED]
    axis.set_yticks(range(len(PICTURED)), titles, fontsize=7)
    axis.set_xlim(0, 1.02)
    axis.set_ylim(len(PICTURED) - 0.5, -0.5)
    axis.grid(axis="x", alpha=0.3)


def _goal(measure: Measure) -> str:
    sign = "≥" if measure.better == "high" else "≤"
    return "" if measure.target is None else f"{sign} {_number(measure.unit, measure.target)}"


def _cell(measure: Measure, figure: Figure | None, counted: bool = True) -> str:
    if figure is None or not figure.events or math.isnan(figure.value):
        return "–"
    low, high = (_number(measure.unit, value, bare=True) for value in (figure.low, figure.high))
    value = _number(measure.unit, figure.value)
    mark = " ✓" if reached(measure, figure) else ""
    count = f"; n {figure.events}" if counted else ""
    return f"{value}{mark} ({low} to {high}{count})"


def _number(unit: str, value: float, bare: bool = False) -> str:
    if math.isinf(value):
        return "never"
    if unit == "%":
        return f"{100 * value:.1f}" + ("" if bare else " %")
    return f"{value:.2f}" + ("" if bare else f" {unit}" if unit == "s" else unit)


def _difference(unit: str, three: Sequence[float]) -> str:
    value, low, high = ("∞" if math.isinf(one) else _number(unit, one, bare=True) for one in three)
    return f"{value} ({low} to {high})"


def _plain(figure: Figure) -> str:
    return "–" if math.isnan(figure.value) else f"{figure.value:.3f}"


def _point(point: Point) -> dict[str, Any]:
    cuts, latency = point.figures()
    return {
        "setting": point.setting,
        "cut_in_share": dataclasses.asdict(cuts),
        "decision_p50_s": dataclasses.asdict(latency),
    }


def _notes(results: Results) -> str:
    lines = [
        "n: events; in brackets the 95 % interval over sessions drawn again; ✓: reached. never: more than half.",
        "",
    ]
    for engine in results.engines:
        said = [part for part in (engine.note, _cost(engine)) if part]
        if said:
            lines.append(f"- {engine.name}: {'; '.join(said)}.")
    return "\n".join(lines) + "\n"


def _cost(engine: EngineResult) -> str:
    return "" if engine.cpu_ms is None else f"{engine.cpu_ms:.2f} ms of processor time a slice"


def _clean(value: Any) -> Any:
    """As JSON can say it."""
    if isinstance(value, Mapping):
        return {str(key): _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
