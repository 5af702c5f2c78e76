"""Asks a client to ask again: one request at a time, however much changes meanwhile."""

from concurrent.futures import Future
from typing import Any

from pygls.lsp.server import LanguageServer


class Refresh:
    """One kind of `workspace/…/refresh`. Belongs to the event loop's thread."""

    def __init__(self, ls: LanguageServer, method: str, params: object = None) -> None:
        self._ls = ls
        self._method = method
        self._params = params
        self._under_way = False
        self._again = False

    def wanted(self) -> None:
        """What the client has is old."""
        if self._under_way:
            self._again = True
            return
        self._under_way, self._again = True, False
        self._ls.protocol.send_request(self._method, self._params).add_done_callback(self._answered)

    def _answered(self, answer: "Future[Any]") -> None:
        self._under_way = False
        if self._again and not answer.cancelled() and answer.exception() is None:
            self.wanted()
