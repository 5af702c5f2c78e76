"""`duologue lsp`: the language server."""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from duologue_server.cli.addresses import address


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `duologue lsp`."""
    parser.add_argument("--stdio", action="store_true", help="talk over stdin and stdout (the default)")
    parser.add_argument("--tcp", metavar="HOST:PORT", type=address, help="wait for one client there; port 0: any")
    parser.add_argument(
        "--voice",
        metavar="HOST:PORT",
        type=address,
        help="use the voice that listens there ('duologue voice --listen')",
    )
    parser.add_argument("--record", metavar="DIR", type=Path, help="record the session into this new folder")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])


def run(args: argparse.Namespace) -> int:
    """Serves one client and returns the exit status."""
    logging.basicConfig(stream=sys.stderr, level=args.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    remote = ["--connect", "{}:{}".format(*args.voice)] if args.voice is not None else []
    if args.record is None:
        return _serve(args, _remote_voice(remote) if remote else {})
    if remote:
        print("duologue lsp: a voice elsewhere cannot be recorded here; leave out --voice or --record", file=sys.stderr)
        return 2
    try:
        parts, end_recording = _recording(args.record)
    except (OSError, ValueError) as error:
        print(f"duologue lsp: cannot record: {error}", file=sys.stderr)
        return 1
    try:
        return _serve(args, parts)
    finally:
        end_recording()


def _serve(args: argparse.Namespace, parts: dict[str, Any]) -> int:
    """`parts` as `build_server` takes them."""
    if args.tcp is None:
        from duologue_server.features.greeting import greet

        reader, writer = take_stdio()
        greeted = greet(reader, writer, utf16_only="observer" in parts)
        _import_server()
        from duologue_server.server import serve_stdio

        return serve_stdio(reader, writer, greeted, **parts)
    _import_server()
    from duologue_server.server import serve_tcp

    host, port = args.tcp
    try:
        return serve_tcp(host, port, _announce, **parts)
    except OSError as error:
        print(f"duologue lsp: cannot listen at {host}:{port}: {error}; choose another address", file=sys.stderr)
        return 1


def _remote_voice(arguments: list[str]) -> dict[str, Any]:
    from duologue_server.session.supervisor import voice_command

    return {"voice_command": voice_command(arguments)}


def _recording(folder: Path) -> tuple[dict[str, Any], Callable[[], None]]:
    """The parts of a server that records, and what ends the recording. Raises BadSession, a ValueError, and OSError."""
    from duologue_server.session.supervisor import voice_command
    from duologue_server.trace.recorder import Recorder

    recorder = Recorder(folder, "recorded by duologue lsp")

    def make_session(clock: Any, client: Any, voice: Any, options: Any) -> Any:
        from duologue_server.session.recorded import RecordedSession  # late: it brings the syntax trees

        return RecordedSession(clock, client, voice, options, recorder)

    command = voice_command(recorder.voice_args)
    return {"observer": recorder.observe, "make_session": make_session, "voice_command": command}, recorder.close


def take_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The process's stdin and stdout, for the client alone.

    Whatever else in this process or its children reads stdin finds nothing, and whatever prints goes to stderr.
    """
    reader, writer = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return cast(BinaryIO, reader), cast(BinaryIO, writer)


def _import_server() -> None:
    gc.disable()  # the types of LSP are many objects that all stay: looking for garbage among them costs 50 ms
    import duologue_server.server  # noqa: F401 - for its effect on the time that the next import takes

    gc.freeze()
    gc.enable()


def _announce(host: str, port: int) -> None:
    print(f"duologue lsp: waiting for a client at {host}:{port}", file=sys.stderr, flush=True)
