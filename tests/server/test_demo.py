"""The shipped demo session: valid, and a replay of it does what the demo promises, in trace and in sound."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from rich.console import Console

from duologue_server.demo.code import CodeView
from duologue_server.demo.picture import PictureMissing, draw, stretches
from duologue_server.demo.run import shipped_session
from duologue_server.demo.sound import write_mix
from duologue_server.demo.story import Story
from duologue_server.demo.terminal import PlainLog, Timeline, closing_table
from duologue_server.replay.run import replay
from duologue_server.suggest.ruff import find_ruff
from duologue_server.trace.facts import Fact, from_json
from duologue_server.trace.folder import BadSession, Event, SessionFolder, read_session
from support.clips import bare

ENGINE = "baseline (VAD and timers)"
SILENT_RMS = 1e-4
WIDTH, HEIGHT = 80, 24


class Run(NamedTuple):
    """One replay of the shipped session on the virtual clock, free of charge for computing."""

    out: Path
    session: SessionFolder
    story: Story
    facts: list[Fact]
    partner: NDArray[np.float32]
    rate_hz: int

    def rms(self, begin_s: float, end_s: float) -> float:
        """Of the partner's sound."""
        part = self.partner[round(begin_s * self.rate_hz) : round(end_s * self.rate_hz)]
        return float(np.sqrt(np.mean(part**2)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("demo")
    session = read_session(shipped_session())
    story = Story(session)

    def watch(_: float, fact: Fact | None) -> None:
        if fact is not None:
            story.take(fact)

    summary = replay(shipped_session(), out, "virtual", free_compute=True, engine="baseline", watch=watch)
    assert summary["engine"] == ENGINE
    facts = [from_json(json.loads(line)) for line in (out / "trace.jsonl").read_text("utf-8").splitlines()]
    partner, rate_hz = soundfile.read(str(out / "partner.flac"), dtype="float32")
    return Run(out, session, story, facts, partner, rate_hz)


def code_at(session: SessionFolder, t: float) -> str:
    return "\n".join(line for _, line, _ in CodeView(session).around(t, 1000))


def ruff_codes(text: str) -> list[str]:
    command = [find_ruff(), "check", "--isolated", "--no-cache", "--select", "F,B", "--output-format", "json", "-"]
    found = json.loads(subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout)
    return [item["code"] for item in found]


def test_the_session_is_one_that_an_editor_could_have_sent() -> None:
    session = read_session(shipped_session())
    assert 38 <= session.duration_s <= 45
    assert session.echo is not None
    assert {event.kind for event in session.events} == {"open", "focus", "cursor", "keys", "change", "save"}
    assert session.microphone is not None
    assert len(session.microphone) == round(session.duration_s * 16_000)
    assert (shipped_session() / "mic.flac").stat().st_size <= 1_500_000


def test_two_real_bugs_come_and_go_in_the_code() -> None:
    session = read_session(shipped_session())
    assert [ruff_codes(code_at(session, t)) for t in (0.0, 5.0, 23.5, 26.0, session.duration_s)] == [
        [], ["F821"], [], ["B006"], []
    ]  # fmt: skip


def test_it_speaks_up_once_at_a_pause_and_is_heard_out(run: Run) -> None:
    offers = [one for one in run.story.spoken if one.cause == "offer"]
    assert [(one.text, one.end_cause) for one in offers] == [
        ("In total, line 34: undefined name discounts.", "end"),
        ("In overdue, line 40: a mutable default argument is shared between all calls.", "key"),
    ]
    assert offers[0].heard_text == offers[0].text
    assert all(one.waited_ms is not None and one.waited_ms >= 1500 for one in offers)


def test_a_key_silences_it_within_40_ms(run: Run) -> None:
    (silenced,) = (one for one in run.story.spoken if one.end_cause == "key")
    key_s = next(key_s for key_s in run.story.keys_s if key_s > silenced.begin_s)
    assert silenced.end_s is not None
    assert silenced.end_s <= key_s + 0.040
    assert run.rms(key_s - 1.5, key_s) > 100 * SILENT_RMS
    assert run.rms(key_s + 0.040, key_s + 5.0) < SILENT_RMS
    assert silenced.text.startswith(silenced.heard_text)
    assert silenced.heard_text != silenced.text


def test_a_spoken_stop_silences_it(run: Run) -> None:
    (silenced,) = (one for one in run.story.spoken if one.end_cause == "speech")
    assert silenced.end_s is not None
    assert silenced.stop_ms is not None
    assert silenced.stop_ms < 1000
    (said,) = (one for one in run.story.speeches if silenced.broken_by(one))
    assert bare(said.text) == "stop"
    assert run.rms(silenced.end_s - 1.0, silenced.end_s) > 100 * SILENT_RMS
    assert run.rms(silenced.end_s + 0.001, silenced.end_s + 5.0) < SILENT_RMS
    assert silenced.ducks, "it was not lowered first"


def test_questions_are_answered(run: Run) -> None:
    asked = [one.text for one in run.story.speeches if one.final and bare(one.text) != "stop"]
    answers = [one for one in run.story.spoken if one.cause == "reply"]
    assert asked == ["What is wrong here?", "Where am I?", "What did you say?"]
    wrong, where, said = (one.text for one in answers)
    assert "undefined name discounts" in wrong
    assert where.startswith("You are in invoices.py, line 34")
    assert "a mutable default argument" in said
    assert answers[2].end_cause == "end"
    assert all(one.waited_ms is not None and one.waited_ms < 1500 for one in answers)


@pytest.mark.parametrize("t", [0.0, 3.0, 20.9, 29.6, 43.9])
def test_the_timeline_fits_a_terminal(run: Run, t: float) -> None:
    timeline = Timeline(run.session, Story(run.session), "virtual")
    for fact in run.facts:
        if fact.t <= t:
            timeline.tell(fact.t, fact)
    timeline.tell(t, None)
    console = Console(record=True, width=WIDTH, height=HEIGHT, force_terminal=True, file=StringIO())
    console.print(timeline)
    rows = console.export_text().splitlines()
    assert len(rows) < HEIGHT
    assert max(map(len, rows)) <= WIDTH
    lanes = [row.split()[0] for row in rows[2:6]]
    assert lanes == ["you", "keys", "partner", "floor"]


def test_the_timeline_says_what_is_going_on(run: Run) -> None:
    timeline = Timeline(run.session, Story(run.session), "virtual")
    for fact in run.facts:
        if fact.t <= 29.6:
            timeline.tell(fact.t, fact)
    console = Console(record=True, width=WIDTH, height=HEIGHT, force_terminal=True, file=StringIO())
    console.print(timeline)
    shown = console.export_text()
    for part in ("“Stop", "mutable default argument", "microphone open", "last answer after", "a key: silent after"):
        assert part in shown


def test_without_a_terminal_there_is_a_line_for_each_thing(run: Run) -> None:
    console = Console(file=StringIO(), width=WIDTH)
    log = PlainLog(console, Story(run.session))
    for fact in run.facts:
        log.tell(fact.t, fact)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == len(run.story.lines)
    assert any("heard out" in line for line in lines)


def test_the_closing_table_names_the_engine_and_the_figures(run: Run) -> None:
    console = Console(record=True, width=WIDTH, file=StringIO())
    console.print(closing_table(run.story, ENGINE))
    shown = console.export_text()
    assert ENGINE in shown
    for name in ("spoken unasked", "silenced by a key", "silenced by speech", "answers"):
        assert name in shown


def test_the_picture(run: Run) -> None:
    file = run.out / "timeline.png"
    draw(run.story, run.session, run.out / "partner.flac", ENGINE, "virtual", file)
    head = file.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    assert 1600 <= width <= 3000
    assert 700 <= height <= 1600
    assert file.stat().st_size > 50_000


def test_no_picture_without_matplotlib_but_a_next_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PictureMissing, match="pip install"):
        draw(run.story, run.session, run.out / "partner.flac", ENGINE, "virtual", run.out / "none.png")


def test_the_mix_has_the_developer_left_and_the_partner_right(run: Run) -> None:
    write_mix(run.session.microphone, run.out / "partner.flac", run.out / "mix.flac")
    mix, rate_hz = soundfile.read(str(run.out / "mix.flac"), dtype="float32")
    assert rate_hz == run.rate_hz
    assert mix.shape == (len(run.partner), 2)
    assert np.array_equal(mix[:, 1], run.partner)
    assert abs(len(mix) / rate_hz - run.session.duration_s) < 0.05
    speech = run.story.speeches[0]
    said = mix[round(speech.begin_s * rate_hz) : round(speech.end_s * rate_hz)]
    assert np.sqrt(np.mean(said[:, 0] ** 2)) > 0.02
    assert np.sqrt(np.mean(said[:, 1] ** 2)) < SILENT_RMS


def test_typing_is_told_in_stretches(run: Run) -> None:
    assert [typed.text.strip() for typed in stretches(run.session)] == [
        "* (100 - discounts) / 100", "⌫", ", skip=[]", "and invoice.number not in skip", "⌫⌫()"
    ]  # fmt: skip


def test_an_installation_without_the_session_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("duologue_server.demo.run._PLACES", (tmp_path,))
    with pytest.raises(BadSession, match="duologue demo SESSION"):
        shipped_session()


def test_the_code_follows_multi_line_edits() -> None:
    span = {"start": {"line": 0, "character": 1}, "end": {"line": 1, "character": 1}}
    events = (
        Event(0.0, "open", {"uri": "a", "language_id": "python", "version": 1, "text": "ab\ncd\n"}),
        Event(1.0, "change", {"uri": "a", "version": 2, "changes": [{"range": span, "text": "x\nyz"}]}),
    )
    code = CodeView(SessionFolder("", 2.0, {}, None, events, None))
    assert code.around(0.5, 3) == [(1, "ab", 0), (2, "cd", None), (3, "", None)]
    assert code.around(1.0, 3) == [(1, "ax", None), (2, "yzd", 2), (3, "", None)]
