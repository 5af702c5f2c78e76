"""How long an editor waits, and how long until the partner can hear and speak."""

import time

from duologue_server.bench.rows import Row, row
from duologue_server.link.language_client import LanguageServerChild
from duologue_server.options import EngineChoice
from duologue_server.session.supervisor import ARGS_VARIABLE

READY_S = 60.0


def measure(initialize_n: int, ready_n: int, engine: EngineChoice = "model") -> list[Row]:
    """Raises ServerGone when a process does not come up."""
    initialize_s: list[float] = []
    command_s: list[float] = []
    ready_s: list[float] = []
    for number in range(max(initialize_n, ready_n)):
        with LanguageServerChild(environment={ARGS_VARIABLE: f"--device virtual: --engine {engine}"}) as server:
            server.initialize()
            if number < initialize_n:
                initialize_s.append(time.monotonic() - server.started_s)
                server.command("why")
                command_s.append(time.monotonic() - server.started_s)
            if number < ready_n:
                asked_s = time.monotonic()
                server.command("start")
                at_s, _ = server.wait_state(READY_S, voice="ready")
                ready_s.append(at_s - asked_s)
            server.leave()
    return [
        row("start → initialize answered", "quiet", "s", initialize_s, "from the start of the process"),
        row("start → first command answered", "quiet", "s", command_s, "documents and verbs are served from here on"),
        row("voice wanted → ready", "quiet", "s", ready_s, f"{engine}; the editor is usable meanwhile"),
    ]
