"""The verbs: `duologue.start` and the others of `workspace/executeCommand`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from duologue_server.features.host import Host
from duologue_server.protocol import VERBS

SNOOZE_MINUTES = 10
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "pushToTalk": ("down",),
    "snooze": ("minutes",),
    "accept": ("id",),
    "dismiss": ("id", "forever"),
}


def register(ls: LanguageServer, host: Host) -> None:
    """Adds a command for every verb. Its result is `{"ok": bool, "message": str}`."""
    for verb in VERBS:
        ls.command(f"duologue.{verb}")(_handler(verb, host))


def _handler(verb: str, host: Host) -> Any:
    def carry_out(*args: Any) -> Mapping[str, Any]:
        try:
            name, given = read_verb(verb, args)
        except ValueError as error:
            raise JsonRpcInvalidParams(f"duologue.{verb}: {error}") from error
        host.observe("control", name=name, args=dict(given))
        return host.session.verb(name, given)

    return carry_out


def read_verb(verb: str, args: Sequence[Any]) -> tuple[str, Mapping[str, Any]]:
    """The session format's name of the verb and its arguments. Raises ValueError for arguments it does not take."""
    if len(args) > 1 or (args and args[0] is not None and not isinstance(args[0], Mapping)):
        raise ValueError(f"takes one object at most as its argument, not {list(args)!r:.80}")
    given = dict(args[0]) if args and args[0] is not None else {}
    allowed = _ARGUMENTS.get(verb, ())
    unknown = sorted(set(map(str, given)) - set(allowed))
    if unknown:
        takes = f"takes only {', '.join(allowed)}" if allowed else "takes no arguments"
        raise ValueError(f"{takes}, not {', '.join(unknown)}")
    if verb == "pushToTalk":
        if not isinstance(given.get("down"), bool):
            raise ValueError('needs {"down": true} or {"down": false}')
        return ("ptt_down" if given["down"] else "ptt_up"), {}
    if verb == "snooze":
        minutes = given.get("minutes", SNOOZE_MINUTES)
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= 24 * 60:
            raise ValueError(f"minutes must be between 0 and {24 * 60}, not {minutes!r}")
        return verb, {"minutes": minutes}
    if given.get("id") is not None and not isinstance(given["id"], str):
        raise ValueError(f"id must be the id of an offer, not {given['id']!r}")
    if not isinstance(given.get("forever", False), bool):
        raise ValueError(f"forever must be true or false, not {given['forever']!r}")
    return verb, {key: value for key, value in given.items() if value is not None}
