"""Look-ups that a language model asks for in the middle of an answer: put together from their pieces, and carried out.

Published protocol: "tool calls" of "Chat Completions"; the pieces of one call have the same `index`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

MOST_ARGUMENT_CHARACTERS = 2_000
ENOUGH = "That were enough look-ups for one answer: answer now with what you know."


class Tools(Protocol):
    """What a model may call."""

    def schemas(self) -> list[dict[str, Any]]:
        """The tools as the protocol describes them."""

    def call(self, name: str, arguments: str) -> str:
        """The result for the model to read; what is wrong with a call is told there too, and never raised."""


@dataclass(slots=True)
class Call:
    """One look-up, as far as it has come."""

    id: str
    name: str
    arguments: str


class CallParts:
    """Puts the pieces of calls together; at most `MOST` calls, whatever comes."""

    MOST: ClassVar[int] = 8

    def __init__(self) -> None:
        self._calls: dict[object, Call] = {}

    def take(self, part: Any) -> None:
        """The next piece. Some endpoints leave the index out and send each call whole."""
        index = getattr(part, "index", None)
        id_ = str(getattr(part, "id", None) or "")
        key: object = index if isinstance(index, int) else id_ or len(self._calls) - 1
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= self.MOST:
                return
            call = self._calls[key] = Call("", "", "")
        function = getattr(part, "function", None)
        call.id = call.id or id_[:100]
        call.name = (call.name + _text(function, "name"))[:100]
        call.arguments = (call.arguments + _text(function, "arguments"))[: MOST_ARGUMENT_CHARACTERS + 1]

    def calls(self) -> list[Call]:
        """What is wanted, in order."""
        return list(self._calls.values())


def perform(tools: Tools, calls: Sequence[Call], messages: list[Any], left: int, said: str) -> int:
    """Carries the calls out and adds them and their results to the conversation, after what was `said` before them;
    returns how many are left."""
    told: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for number, call in enumerate(calls):
        id_ = call.id or f"call_{len(messages)}_{number}"
        # endpoints parse what they get back, and fail on what is no JSON
        function = {"name": re.sub(r"[^\w.-]", "_", call.name) or "unknown", "arguments": _sound(call.arguments)}
        told.append({"id": id_, "type": "function", "function": function})
        result = tools.call(call.name, call.arguments) if number < left else ENOUGH
        results.append({"role": "tool", "tool_call_id": id_, "content": result})
    messages += [{"role": "assistant", "content": said, "tool_calls": told}, *results]
    return max(0, left - len(calls))


def _sound(arguments: str) -> str:
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


def _text(part: Any, name: str) -> str:
    value = getattr(part, name, None)
    return value if isinstance(value, str) else ""
