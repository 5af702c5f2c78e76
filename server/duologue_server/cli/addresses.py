"""Addresses on command lines."""

import argparse


def address(text: str) -> tuple[str, int]:
    """`127.0.0.1:7777` as host and port. Raises ArgumentTypeError, which argparse words."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no address such as 127.0.0.1:7777")
    return host.strip("[]"), int(port)
