"""Somebody's work as a session folder for the ordinary replay; the truth lies beside, where the product never looks."""

import json
from pathlib import Path

from duologue_server.evaluate.editing.history import History
from duologue_server.evaluate.editing.typist import Habits, Typist
from duologue_server.trace.folder import SessionWriter

TRUTH_FORMAT = 1


def write_folder(
    folder: Path, histories: list[History], duration_s: float, seed: int, habits: Habits | None = None
) -> Typist:
    """Writes `meta.json`, `events.jsonl` and `truth.json`; nobody speaks. Raises BadSession for a folder that is not
    empty."""
    typist = Typist(histories, seed, habits)
    projects = ", ".join(history.name for history in histories)
    writer = SessionWriter(folder, f"synthetic typing of real commits of {projects}, seed {seed}", {})
    for event in typist.events(duration_s):
        writer.event(event.t, event.kind, event.fields)
    writer.close(duration_s)
    truth = {
        "format": TRUTH_FORMAT,
        "commits": [{"t": round(t, 3), "id": id_} for t, id_ in typist.commits],
        "planted": [
            {
                "kind": one.kind,
                "uri": one.uri,
                "urgency": one.urgency,
                "says": sorted(one.says),
                "planted_s": round(one.planted_s, 3),
                "repaired_s": None if one.repaired_s is None else round(one.repaired_s, 3),
            }
            for one in typist.defects
        ],
    }
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return typist
