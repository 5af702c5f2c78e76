"""The two processes come up as an editor would start them."""

import queue
import time
from collections.abc import Iterator

from duologue_server import __version__
from duologue_server.doctor.result import Result
from duologue_server.link.language_client import LanguageServerChild, ServerGone
from duologue_server.link.messages import LINK_VERSION, FromVoice, Hello, Ready, Trouble
from duologue_server.options import Options, to_wire
from duologue_server.session.supervisor import VoiceProcess, voice_command

INITIALIZE_S = 0.6
"""How long an editor should wait at most."""
VOICE_READY_S = 6.0
LONGEST_S = 60.0


def check(options: Options) -> Iterator[Result]:
    yield _language_server()
    yield from _voice(options)


def _language_server() -> Result:
    part = "Language server"
    try:
        with LanguageServerChild() as server:
            answer = server.initialize()
            took_s = time.monotonic() - server.started_s
            server.leave()
    except (ServerGone, OSError) as error:
        remedy = "Run 'duologue lsp' in a terminal and look at what it prints"
        return Result(part, "failed", f"does not answer: {error}", remedy)
    name = answer.get("serverInfo", {})
    what = f"{name.get('name')} {name.get('version')} answers an editor"
    if took_s > INITIALIZE_S:
        remedy = "The machine is busy or its disk is slow; editors wait, so this harms nothing"
        return Result(part, "warning", f"{what}, more than {INITIALIZE_S:g} s", remedy, round(took_s, 2))
    return Result(part, "ok", what, took_s=round(took_s, 2))


def _voice(options: Options) -> Iterator[Result]:
    """The voice process, on a device without hardware."""
    part = "Voice process"
    remedy = "Look at the other lines here first; then run 'duologue voice < /dev/null' and see what it prints"
    events: queue.SimpleQueue[FromVoice | str] = queue.SimpleQueue()
    words: list[str] = []
    began_s = time.monotonic()
    try:
        hello = Hello(LINK_VERSION, f"duologue {__version__}", to_wire(options))
        process = VoiceProcess(voice_command(["--device", "virtual:"]), hello, words.append)
    except OSError as error:
        yield Result(part, "failed", f"cannot be started: {error}", remedy)
        return
    process.watch(events.put, events.put)
    while True:
        try:
            event = events.get(timeout=max(0.0, began_s + LONGEST_S - time.monotonic()))
        except queue.Empty:
            process.kill()
            yield Result(part, "failed", f"is not ready after {LONGEST_S:g} s", remedy)
            return
        took_s = time.monotonic() - began_s
        match event:
            case str():
                yield Result(part, "failed", event, remedy)
                return
            case Trouble(what=what, remedy=next_step):
                yield Result(part, "warning", what, next_step)
            case Ready(parts=parts):
                break
            case _:
                continue
    process.end()
    process.join()
    what = f"ready in {took_s:.1f} s on a device without hardware; {parts['engine']}, {parts['voice']}"
    if took_s > VOICE_READY_S:
        slow = "The machine is busy or slow; the editor is usable meanwhile"
        yield Result(part, "warning", f"{what}, more than {VOICE_READY_S:g} s", slow, round(took_s, 2))
    else:
        yield Result(part, "ok", what, took_s=round(took_s, 2))
