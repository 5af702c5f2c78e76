"""Scenario sets as session folders: what the product is given, and beside it what is true.

A folder is a session as any other, `meta.json`, `events.jsonl` and `mic.flac`; `truth.json` beside them is read by the
evaluation alone.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from duologue_model.slices import RATE_HZ
from duologue_model.training.floorlog import FloorLog, Key, Noise, Said, Turn
from duologue_model.training.render import Conditions, render
from duologue_model.training.voices import Bank
from duologue_model.vocabulary import UserState
from duologue_server.evaluate.plan import ECHO_DELAY_MS, NO_ECHO_DB, REPLY, Plan, nothing_perceived
from duologue_server.evaluate.scenes import ECHOES_ALONE_DB, ECHOES_DB, NEEDS_WORDS, SCENES
from duologue_server.trace.folder import FORMAT, BadSession, Event

TRUTH_FORMAT = 1
OPTIONS: Mapping[str, Any] = {"unpromptedPerHour": 60, "detectors": []}
"""An hour's worth of offers comes in a minute, and nothing else is found to be said."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is: its loudspeaker, and whether the echo canceller runs."""

    echo_db: float
    canceller: bool = True


def places(scene: str, number: int) -> tuple[Place, ...]:
    """The places of session `number` of a scene; of echo alone each with the canceller and without."""
    if scene == "echo":
        level_db = ECHOES_ALONE_DB[number % len(ECHOES_ALONE_DB)]
        return Place(level_db), Place(level_db, canceller=False)
    return (Place(ECHOES_DB[number % len(ECHOES_DB)]),)


def write_set(
    folder: Path, name: str, bank: Bank, scenes: Sequence[str], size: int, seed: int, human: bool
) -> Iterator[Path]:
    """Writes `size` sessions of every scene into `folder`, and gives each as soon as it is there.

    The same seed gives the same sessions, whatever the size and the other scenes.
    """
    for scene in scenes:
        if human and scene in NEEDS_WORDS:
            continue
        for number in range(size):
            for place in places(scene, number):
                rng = np.random.default_rng([seed, zlib.crc32(f"{name}/{scene}".encode()), number])
                bare = "" if place.canceller else "-bare"
                called = f"{scene}-{number}{bare}"
                plan = Plan(called, scene, bank, rng, human, number, place.echo_db, place.canceller)
                plan.wait(plan.uniform(1.0, 2.0))
                SCENES[scene](plan)
                yield write_session(folder / plan.name, plan)


def write_session(folder: Path, plan: Plan) -> Path:
    """Writes one planned session. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = plan.truth()
    echo = None
    if truth.echo_db > NO_ECHO_DB:
        echo = {"delay_ms": ECHO_DELAY_MS, "gain_db": truth.echo_db}
    meta = {
        "format": FORMAT,
        "description": f"evaluation: {plan.name}",
        "duration_s": truth.duration_s,
        "options": {**OPTIONS, "echoCanceller": plan.canceller},
        **({"echo": echo} if echo else {}),
    }
    _write_json(folder / "meta.json", meta)
    first = Event(0.0, "reply", {"text": REPLY, "delay_s": 0.0})
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        for event in sorted([first, *plan.events], key=lambda event: event.t):
            file.write(json.dumps({"t": round(event.t, 4), "kind": event.kind, **event.fields}) + "\n")
    sound = render(truth, plan.bank, plan.rng, _conditions(plan)).microphone
    soundfile.write(str(folder / "mic.flac"), sound, RATE_HZ, subtype="PCM_16", format="FLAC")
    _write_json(folder / "truth.json", {"format": TRUTH_FORMAT, "canceller": plan.canceller, **_truth_json(truth)})
    return folder


def read_truth(folder: Path) -> FloorLog:
    """What people do in a session of the evaluation. Raises BadSession."""
    file = folder / "truth.json"
    try:
        body = json.loads(file.read_text("utf-8"))
        if body.pop("format") != TRUTH_FORMAT:
            raise BadSession(f"{file}: made by another version; make the sessions again")
        body.pop("canceller")
        body["turns"] = tuple(_turn(turn) for turn in body["turns"])
        body["keys"] = tuple(Key(**key) for key in body["keys"])
        body["noises"] = tuple(Noise(**noise) for noise in body["noises"])
        body["offered_s"] = tuple(body["offered_s"])
        nothing = nothing_perceived(body["slices"])
        return FloorLog(**body, marks=(), sounded=(), forgotten_s=(), perceived=nothing)
    except FileNotFoundError as error:
        raise BadSession(f"{file}: missing; only sessions that 'duologue eval' wrote can be scored") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BadSession(f"{file}: cannot be read ({error}); make the sessions again") from error


def _conditions(plan: Plan) -> Conditions:
    """A desk: some noise and some room, no lost blocks; the echo is the replay's."""
    return Conditions(
        snr_db=plan.uniform(12.0, 30.0),
        gain_db=plan.uniform(-6.0, 6.0),
        decay_s=plan.uniform(0.1, 0.5),
        keys_db=plan.uniform(-24.0, -8.0),
    )


def _truth_json(truth: FloorLog) -> dict[str, Any]:
    body: dict[str, Any] = {name: getattr(truth, name) for name in ("name", "scenario", "speaker", "slices", "echo_db")}
    body["offered_s"] = list(truth.offered_s)
    body["turns"] = [{**asdict(turn), "humming": sorted(turn.humming)} for turn in truth.turns]
    body["keys"] = [asdict(key) for key in truth.keys]
    body["noises"] = [asdict(noise) for noise in truth.noises]
    return body


def _turn(body: dict[str, Any]) -> Turn:
    parts = tuple(Said(**{**part, "words": ()}) for part in body["parts"])
    changed = {"parts": parts, "state": UserState(body["state"]), "humming": frozenset(body["humming"])}
    return Turn(**{**body, **changed})


def _write_json(file: Path, body: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", "utf-8")
