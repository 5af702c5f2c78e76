"""The doctor: what works is said, what hangs or crashes is a result, what is missing has a remedy."""

import http.server
import json
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from duologue_server.cli import main
from duologue_server.doctor.checks import code, machine, outside, sound, speech
from duologue_server.doctor.result import Result
from duologue_server.doctor.run import GROUPS, Group, run_group
from duologue_server.options import Options


def check(results: Iterator[Result] | list[Result], **expected: str) -> dict[str, Result]:
    """Every part has the expected status, underscores standing for spaces; what does not work says what to do."""
    by_part = {result.part: result for result in results}
    wanted = {part.replace("_", " "): status for part, status in expected.items()}
    assert {part: by_part[part].status for part in wanted} == wanted, by_part
    for result in by_part.values():
        assert result.what
        assert result.remedy or result.status in ("ok", "info"), result
    return by_part


def test_machine_and_packages() -> None:
    found = check(machine.check(Options()), Python="ok", Packages="ok")
    assert "hibari-tts 0.2.1" in found["Packages"].what


def test_every_grammar_and_ruff() -> None:
    found = check(code.check(Options()), Grammar_python="ok", Grammar_go="ok", Grammar_typescriptreact="ok", ruff="ok")
    assert len(found) == len(code.SNIPPETS) + 1


def test_a_grammar_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter_rust", None)
    from duologue_server.context.trees import _grammar

    _grammar.cache_clear()
    found = check(code.check(Options()), Grammar_rust="failed", Grammar_go="ok")
    assert "pip install" in found["Grammar rust"].remedy
    _grammar.cache_clear()


def test_the_ear_understands_the_voice() -> None:
    found = check(
        speech.check(Options(engine="baseline")),
        Voice_hibari="ok",
        Ear="ok",
        **{"Ear,_partial": "ok", "Ear,_final": "ok"},
        Echo_canceller="ok",
        Voice_activity="ok",
        Engine="ok",
    )
    assert "(chosen)" in found["Voice hibari"].what
    assert "baseline (VAD and timers)" in found["Engine"].what


def test_a_missing_voice_is_a_failure_only_if_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    check(speech._voices(Options(), []), Voice_flite="info")
    found = check(speech._voices(Options(voice="flite"), []), Voice_flite="failed")
    assert "apt install flite" in found["Voice flite"].remedy


@pytest.mark.parametrize(
    ("level", "status", "says"),
    [(None, "failed", "no sound"), (0.0, "failed", "zeros"), (1e-5, "warning", "quiet"), (0.01, "ok", "-40 dBFS")],
)
def test_a_microphone_is_judged_by_what_it_hears(level: float | None, status: str, says: str) -> None:
    noise = np.random.default_rng(0).standard_normal(16_000 if level is not None else 0)
    result = sound._judged((noise * (level or 0.0)).astype(np.float32), 1.0)
    check([result], Microphone=status)
    assert says in result.what


def test_no_endpoint_is_nothing_to_worry_about() -> None:
    check(outside.check(Options()), Endpoint="info", Neovim="ok")


def test_an_endpoint_that_is_down() -> None:
    found = check(outside.check(Options(endpoint_url="http://127.0.0.1:1/v1", endpoint_model="m")), Endpoint="failed")
    assert "http://127.0.0.1:1/v1" in found["Endpoint"].remedy


def test_an_endpoint_that_answers() -> None:
    with _endpoint() as url:
        found = check(outside.check(Options(endpoint_url=url, endpoint_model="tiny")), Endpoint="ok")
    assert "says “ready”" in found["Endpoint"].what


def test_a_group_that_hangs_after_its_first_result() -> None:
    script = (
        "import json, sys, time\n"
        "print(json.dumps(dict(part='One', status='ok', what='fine', remedy='', took_s=None)), flush=True)\n"
        "time.sleep(60)"
    )
    began_s = time.monotonic()
    results = list(run_group(Group("Sound", "", 1.5, "Restart it"), Options(), [sys.executable, "-c", script]))
    found = check(results, One="ok", Sound="failed")
    assert "1.5 seconds" in found["Sound"].what
    assert time.monotonic() - began_s < 20, "a bound for a very busy machine"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("raise SystemExit('no such library')", "no such library"),
        ("print('hello')", "no result"),
    ],
)
def test_a_group_that_crashes(script: str, says: str) -> None:
    found = check(
        run_group(Group("Sound", "", 20, "Restart it"), Options(), [sys.executable, "-c", script]), Sound="failed"
    )
    assert says in found["Sound"].what


def test_a_group_of_checks_as_a_process() -> None:
    check(run_group(GROUPS["machine"], Options()), Python="ok")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--only", "machine"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["failed"] == 0
    assert {"part", "status", "what", "remedy", "took_s"} == set(told["results"][0])


def test_a_failure_is_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--only", "outside", "--endpoint-url", "nowhere"]) == 1
    out = capsys.readouterr().out
    assert "checks failed: Endpoint" in out
    assert "→ Set 'duologue.endpointUrl'" in out


@pytest.mark.parametrize("words", [["--set", "volume=11"], ["--set", "loud"], ["--only", "moon"], ["--set", "speed=9"]])
def test_settings_that_are_none(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == 2
    assert capsys.readouterr().err.startswith("duologue doctor: ")


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        delta: dict[str, Any] = {"choices": [{"index": 0, "delta": {"content": "ready"}, "finish_reason": "stop"}]}
        self.wfile.write(f"data: {json.dumps(delta)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Tests print nothing."""


class _endpoint:  # noqa: N801 - used like a function
    """An endpoint on this machine; its address."""

    def __enter__(self) -> str:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
