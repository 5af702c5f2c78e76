"""Runs the checks, each group in a process of its own: what hangs or crashes there is a result like any other."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from duologue_server.doctor.result import Result, from_json
from duologue_server.options import Options, to_wire

REPORT = "please report it with the output of 'duologue doctor --json'"


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that share a process; `module` has `check(options) -> Iterator[Result]`."""

    title: str
    module: str
    timeout_s: float
    remedy: str
    """What to do when the whole group hangs or crashes."""


_CHECKS = "duologue_server.doctor.checks"
GROUPS: Mapping[str, Group] = {
    "machine": Group("Machine", f"{_CHECKS}.machine", 20, f"Install duologue again; if that does not help, {REPORT}"),
    "sound": Group(
        "Sound", f"{_CHECKS}.sound", 20, "Restart the sound server, or choose other devices in the settings"
    ),
    "speech": Group(
        "Voice and ear", f"{_CHECKS}.speech", 90, f"Install duologue again; if that does not help, {REPORT}"
    ),
    "code": Group("Code", f"{_CHECKS}.code", 30, f"Install duologue again; if that does not help, {REPORT}"),
    "processes": Group("Processes", f"{_CHECKS}.processes", 90, f"Start again with a quieter machine, or {REPORT}"),
    "outside": Group("Outside", f"{_CHECKS}.outside", 30, "See whether the endpoint and Neovim work by themselves"),
}

CALIBRATION = Group(
    "Microphone and room", f"{_CHECKS}.calibration", 120, f"Run 'duologue doctor --only sound'; if that works, {REPORT}"
)
"""Needs the user, so it runs only when it is asked for."""


def command_of(module: str) -> list[str]:
    """The command line that runs one group; it reads the options from stdin and writes a result a line."""
    return [sys.executable, "-m", "duologue_server.doctor", module]


def run_group(group: Group, options: Options, command: Sequence[str] | None = None) -> Iterator[Result]:
    """The group's results as they come. Never raises, and never takes longer than the group's time and a little."""
    began_s = time.monotonic()
    try:
        process = subprocess.Popen(
            command or command_of(group.module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that what it started can be ended with it
        )
    except OSError as error:
        yield Result(group.title, "failed", f"could not be checked: {error}", group.remedy)
        return
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    complaints: list[str] = []
    threading.Thread(target=_pass_on, args=(cast(BinaryIO, process.stdout), lines), daemon=True).start()
    threading.Thread(target=_keep, args=(cast(BinaryIO, process.stderr), complaints), daemon=True).start()
    with contextlib.suppress(OSError):  # it may have ended already: that is told below
        assert process.stdin is not None
        process.stdin.write(json.dumps(to_wire(options)).encode())
        process.stdin.close()
    problem = ""
    try:
        while True:
            try:
                line = lines.get(timeout=max(0.0, began_s + group.timeout_s - time.monotonic()))
            except queue.Empty:
                problem = f"hangs: no answer within {group.timeout_s:g} seconds"
                break
            if line is None:
                break
            yield _read(line, group)
    finally:
        _end(process, at_once=bool(problem))
    problem = problem or _ending(process.returncode, complaints)
    if problem:
        yield Result(group.title, "failed", problem, group.remedy, round(time.monotonic() - began_s, 2))


def _read(line: bytes, group: Group) -> Result:
    try:
        return from_json(json.loads(line))
    except ValueError as error:
        return Result(group.title, "failed", f"said something that is no result ({error})", group.remedy)


def _pass_on(stream: BinaryIO, lines: "queue.SimpleQueue[bytes | None]") -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


def _keep(stream: BinaryIO, complaints: list[str]) -> None:
    with stream:
        for line in stream:
            text = line.decode("utf-8", "replace").strip()
            complaints[:] = [*complaints[-19:], text] if text else complaints


def _end(process: "subprocess.Popen[bytes]", at_once: bool) -> None:
    """Ends what has not ended by itself, with everything that it started."""
    try:
        process.wait(0.0 if at_once else 2.0)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _ending(status: int, complaints: Sequence[str]) -> str:
    """Why the process ended badly; empty when it did not."""
    if status == 0:
        return ""
    last = f": {complaints[-1]}" if complaints else ""
    if status < 0:
        return f"crashed with signal {-status} ({signal.strsignal(-status)}){last}"
    return f"ended with status {status}{last}"
