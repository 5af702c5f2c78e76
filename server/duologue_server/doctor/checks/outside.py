"""What is not ours: the endpoint for answers, and Neovim."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from duologue_server.doctor.result import Result
from duologue_server.options import Options
from duologue_server.suggest.endpoint import EndpointAnswers, EndpointTrouble

OLDEST_NEOVIM = (0, 10)
_NEOVIM_S = 10.0


def check(options: Options) -> Iterator[Result]:
    yield _endpoint(options)
    yield _neovim()


def _endpoint(options: Options) -> Result:
    part = "Endpoint"
    if not options.endpoint_url:
        what = "none is configured: answers come from the code, the diagnostics and the tests alone"
        return Result(part, "info", what)
    endpoint = EndpointAnswers(options.endpoint_url, options.endpoint_model, options.endpoint_key_env)
    began_s = time.monotonic()
    first_s = 0.0
    text = ""
    try:
        for piece in endpoint.stream(endpoint.messages("Say the word ready and nothing else.", "")):
            first_s = first_s or time.monotonic() - began_s
            text += piece
    except EndpointTrouble as trouble:
        return Result(part, "failed", trouble.what, trouble.remedy, round(time.monotonic() - began_s, 2))
    short = " ".join(text.split())
    short = short if len(short) <= 40 else f"{short[:39]}…"
    model = options.endpoint_model or "(no model named)"
    return Result(part, "ok", f"{model} at {options.endpoint_url} says “{short}”", took_s=round(first_s, 2))


def _neovim() -> Result:
    part = "Neovim"
    beside = Path(sys.executable).with_name("nvim")
    program = shutil.which("nvim") or (str(beside) if beside.exists() else None)
    oldest = ".".join(map(str, OLDEST_NEOVIM))
    if program is None:
        return Result(
            part, "info", f"not found; any other editor with a language client works too, Neovim from {oldest}"
        )
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_NEOVIM_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Result(part, "warning", f"{program} does not run: {error}", "Install Neovim again")
    found = re.search(r"v(\d+)\.(\d+)\S*", told.stdout)
    if found is None:
        return Result(part, "warning", f"{program} does not tell its version", f"Install Neovim {oldest} or newer")
    if (int(found[1]), int(found[2])) < OLDEST_NEOVIM:
        return Result(part, "warning", f"{found[0]} is too old", f"Install Neovim {oldest} or newer")
    return Result(part, "ok", f"{found[0]} at {program}")
