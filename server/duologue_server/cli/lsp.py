"""`duologue lsp`: the language server."""

import argparse
import gc
import logging
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `duologue lsp`."""
    parser.add_argument("--stdio", action="store_true", help="talk over stdin and stdout (the default)")
    parser.add_argument("--tcp", metavar="HOST:PORT", type=_address, help="wait for one client there; port 0: any")
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])


def run(args: argparse.Namespace) -> int:
    """Serves one client and returns the exit status."""
    logging.basicConfig(stream=sys.stderr, level=args.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    gc.disable()  # the types of LSP are thousands of objects that all stay: looking for garbage there costs 50 ms
    from duologue_server.server import serve_stdio, serve_tcp

    gc.freeze()
    gc.enable()
    if args.tcp is None:
        return serve_stdio()
    host, port = args.tcp
    try:
        return serve_tcp(host, port, _announce)
    except OSError as error:
        print(f"duologue lsp: cannot listen at {host}:{port}: {error}; choose another address", file=sys.stderr)
        return 1


def _announce(host: str, port: int) -> None:
    print(f"duologue lsp: waiting for a client at {host}:{port}", file=sys.stderr, flush=True)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no address such as 127.0.0.1:7777")
    return host.strip("[]"), int(port)
