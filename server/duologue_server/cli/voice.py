"""`duologue voice`: started by the language server; its stdin and stdout are the voice link.

With `--listen` it waits for a language server on another machine, with `--connect` it stands in for one that listens.
"""

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path

from duologue_server.cli.addresses import address
from duologue_server.cli.setting_arguments import add_engine_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        default="",
        metavar="SPEC",
        help="'virtual:mic=FILE,out=FILE,echo_ms=60,echo_db=-20' instead of the sound card; every part may be absent",
    )
    parser.add_argument(
        "--record-microphone", type=Path, metavar="FILE", help="write what is heard to this .flac or .wav file"
    )
    add_engine_argument(parser)
    parser.add_argument("--every-turn", action="store_true", help="tell every micro-turn of 80 ms, as a trace wants it")
    remote = parser.add_mutually_exclusive_group()
    remote.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=address,
        help="be the ears of a language server on another machine, which comes to this address; port 0: any",
    )
    remote.add_argument("--connect", metavar="HOST:PORT", type=address, help="pass everything on to one that listens")
    parser.add_argument(
        "--token", help="what both sides must know; by default DUOLOGUE_VOICE_TOKEN, else one is made and printed"
    )


def run(args: argparse.Namespace) -> int:
    if args.listen is not None or args.connect is not None:
        return _remote(args)
    from duologue_server.voice.process import main

    return main(args.device, args.record_microphone, args.every_turn, args.engine)


def _remote(args: argparse.Namespace) -> int:
    from duologue_server.cli.lsp import take_stdio
    from duologue_server.link.remote import TOKEN_VARIABLE, RemoteTrouble, check_token, relay

    token = args.token or os.environ.get(TOKEN_VARIABLE, "")
    try:
        if args.listen is not None:
            return _listen(args, check_token(token or secrets.token_urlsafe(24)), made=not token)
        reader, writer = take_stdio()
        host, port = args.connect
        relay(host, port, check_token(token), reader, writer)
    except RemoteTrouble as error:
        print(f"duologue voice: {error}", file=sys.stderr)
        return 1
    return 0


def _listen(args: argparse.Namespace, token: str, made: bool) -> int:
    from duologue_server.link.remote import TOKEN_VARIABLE, serve

    command = [sys.executable, "-m", "duologue_server", "voice"]
    command += ["--device", args.device] if args.device else []
    command += ["--engine", args.engine] if args.engine else []

    def tell(text: str) -> None:
        print(f"duologue voice: {text}", file=sys.stderr, flush=True)

    host, port = args.listen
    try:
        with socket.create_server((host, port)) as listener:
            port = listener.getsockname()[1]
            tell(f"waiting for a language server at {host}:{port}")
            if made:
                tell(f"where the code is: export {TOKEN_VARIABLE}={token}")
            serve(listener, token, command, tell)
    except OSError as error:
        tell(f"cannot listen at {host}:{port}: {error}; choose another address")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
