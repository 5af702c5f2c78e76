"""The figures of editing, as Markdown."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from duologue_server.evaluate.editing.defects import by_kind
from duologue_server.evaluate.editing.run import Run
from duologue_server.evaluate.editing.watch import Remark
from duologue_server.voice.floor_events import Rules

BOUNDARIES: Mapping[str, str] = {
    "save": "a save",
    "tests_failed": "failed tests",
    "survived": "ten seconds without an edit",
    "idle_return": "a return after idle",
    "": "none",
}
COMMITTED_S = 60.0
"""A remark within this time after a commit counts as after the commit, too."""
_Z = 1.96


def report(runs: Sequence[Run]) -> str:
    """Everything about one session or several, 95 % intervals in brackets where something was counted."""
    remarks = [remark for run in runs for remark in run.watch.remarks]
    hours = sum(run.hours for run in runs)
    rows = [
        f"{len(runs)} session(s), {hours:g} hours: {sum(len(run.typist.commits) for run in runs)} commits, "
        f"{sum(run.watch.changes for run in runs):,} changes, {sum(run.watch.keys for run in runs):,} keys; "
        f"seeds {', '.join(str(run.seed) for run in runs)}; decided by baseline (VAD and timers), nobody speaks",
        "",
        "| measure | value | wanted |",
        "|---|---|---|",
        *_offers(runs, remarks, hours),
        *_delivered(runs),
        *_loop(runs),
        "",
        *_kinds(runs),
        "",
        *_list(runs),
    ]
    return "\n".join(rows)


def _offers(runs: Sequence[Run], remarks: Sequence[Remark], hours: float) -> list[str]:
    shown = sum(run.watch.shown for run in runs)
    again = sum(run.watch.shown_again for run in runs)
    speakable = sum(run.watch.shown_speakable for run in runs)
    quiet_s = Rules().quiet_after_key_s
    per_hour = Counter((number, int(one.t // 3600)) for number, run in enumerate(runs) for one in run.watch.remarks)
    boundaries = Counter(remark.boundary for remark in remarks)
    truths = Counter(remark.truth for remark in remarks)
    at_boundary = sum(remark.proved for remark in remarks)
    committed = sum(_after_commit(run, one) for run in runs for one in run.watch.remarks)
    stale = [remark.staleness for remark in remarks]
    early = sum(remark.since_key_s < quiet_s for remark in remarks)
    rows = [
        f"| shown an hour | {_rate(shown, hours)} | – |",
        f"| – of these the same once more within five minutes | {_share(again, shown)} | – |",
        f"| – urgent enough to be spoken | {_rate(speakable, hours)} | – |",
        f"| spoken an hour | {_rate(len(remarks), hours)} | ≤ 4 |",
        f"| most in one hour | {max(per_hour.values(), default=0)} | ≤ 4 |",
        f"| spoken at a boundary | {_share(at_boundary, len(remarks))} | all |",
        *(f"| – {said} | {_share(boundaries[name], len(remarks))} | |" for name, said in BOUNDARIES.items() if name),
        f"| – within a minute after a commit, too | {_share(committed, len(remarks))} | |",
        f"| stale when spoken | {sum(one.stale for one in stale)} of {len(stale)} | 0 |",
        f"| – its line had changed | {sum(one.line_changed for one in stale)} | 0 |",
        f"| – its definition had changed | {sum(one.around_changed for one in stale)} | 0 |",
        f"| – the detectors find it no more | {sum(one.found_no_more for one in stale)} | 0 |",
        f"| begun within {quiet_s:g} s of a key | {early} of {len(remarks)} | 0 |",
        f"| broken off by a key | {_share(sum(one.ended == 'key' for one in remarks), len(remarks))} | – |",
    ]
    for truth, said in (
        ("planted", "about a planted problem"),
        ("recalled", "about failed tests or what was under way"),
        ("unfinished", "about what was not finished yet"),
        ("standing", "about the project's own code"),
    ):
        rows.append(f"| {said} | {_share(truths[truth], len(remarks))} | – |")
    return rows


def _delivered(runs: Sequence[Run]) -> list[str]:
    planted = [(run, one) for run in runs for one in run.typist.defects if one.repaired_s is not None]
    many = len(planted)
    shown = sum(one.shown_s is not None for _, one in planted)
    spoken = [one for _, one in planted if one.spoken_s is not None]
    after = sorted(one.spoken_s - one.planted_s for one in spoken if one.spoken_s is not None)
    whole = sum(one.heard_s is not None for one in spoken)
    lived = sorted((one.repaired_s or 0.0) - one.planted_s for _, one in planted)
    return [
        f"| planted urgent problems that were repaired | {many}, after {_quantile(lived, 0.5):.0f} s (median) | – |",
        f"| – shown before the repair | {_share(shown, many)} | ≥ 80 % |",
        f"| – spoken before the repair | {_share(len(spoken), many)} | ≥ 80 % |",
        f"| – spoken to the end before the repair | {_share(whole, many)} | – |",
        f"| from planting to speech | median {_quantile(after, 0.5):.0f} s, p95 {_quantile(after, 0.95):.0f} s | – |",
    ]


def _loop(runs: Sequence[Run]) -> list[str]:
    took = sorted(1000 * one for run in runs for one in run.change_s)
    loop_s = sum(run.loop_s for run in runs)
    wall_s = sum(run.wall_s for run in runs)
    p50, p95, most = _quantile(took, 0.5), _quantile(took, 0.95), max(took, default=0.0)
    return [
        f"| event loop for a change, median, p95, max | {p50:.2f}, {p95:.2f}, {most:.2f} ms | p95 ≤ 5 ms |",
        f"| – timers and all else included, mean | {1000 * loop_s / max(1, len(took)):.2f} ms | – |",
        f"| played in | {wall_s:.0f} s | – |",
    ]


def _kinds(runs: Sequence[Run]) -> list[str]:
    rows = ["| planted | spoken before the repair |", "|---|---|"]
    done = [one for run in runs for one in run.typist.defects if one.repaired_s is not None]
    for kind, ones in by_kind(done).items():
        rows.append(f"| {kind} | {sum(one.spoken_s is not None for one in ones)} of {len(ones)} |")
    return rows


def _list(runs: Sequence[Run]) -> list[str]:
    """Every remark that is not about something planted, and every planted problem that was not spoken of."""
    rows = ["Spoken, and not about a planted problem:", ""]
    for run in runs:
        for one in run.watch.remarks:
            if one.truth != "planted":
                at = f"seed {run.seed}, {_clock(one.t)}, {one.uri.rpartition('/')[2]}"
                rows.append(f"- {at}: “{one.text}” ({one.trigger}, {one.boundary}, {one.truth}): `{one.code}`")
    rows += ["", "Planted, and not spoken of before it was repaired:", ""]
    for run in runs:
        for defect in run.typist.defects:
            if defect.repaired_s is not None and defect.spoken_s is None:
                shown = "shown" if defect.shown_s is not None else "not shown"
                at = f"seed {run.seed}, {_clock(defect.planted_s)} to {_clock(defect.repaired_s)}"
                where = f"{defect.path.rpartition('/')[2]}, {defect.kind}, {shown}"
                why = "; ".join(f"{why} ({count} times)" for why, count in defect.silences.most_common(2))
                rows.append(f"- {at}, {where}: {', '.join(defect.says)} Silent because: {why or 'never asked'}.")
    return rows


def _after_commit(run: Run, remark: Remark) -> bool:
    return any(0.0 <= remark.t - t <= COMMITTED_S for t, _ in run.typist.commits)


def _clock(t: float) -> str:
    return f"{int(t // 3600)}:{int(t % 3600 // 60):02d}:{int(t % 60):02d}"


def _quantile(values: Sequence[float], share: float) -> float:
    """Of sorted values; 0 for none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def _rate(count: int, hours: float) -> str:
    """Events an hour, with Byar's interval of a Poisson count."""
    low = count * (1 - 1 / (9 * count) - _Z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    high = more * (1 - 1 / (9 * more) + _Z / (3 * math.sqrt(more))) ** 3
    return f"{count / hours:.1f} [{low / hours:.1f}, {high / hours:.1f}]"


def _share(count: int, of: int) -> str:
    """A share with Wilson's interval."""
    if of == 0:
        return "none"
    p, z2 = count / of, _Z**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return f"{100 * p:.0f} % ({count} of {of}) [{100 * (middle - half):.0f}, {100 * (middle + half):.0f}]"
