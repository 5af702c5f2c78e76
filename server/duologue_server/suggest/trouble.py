"""What goes wrong with a language model's endpoint, in words that can be said and with the next step."""

from typing import Literal

TroubleCode = Literal[
    "address", "down", "slow", "key", "model", "limit", "refused", "server", "garbage", "empty", "disconnected"
]  # fmt: skip


class EndpointTrouble(Exception):
    """The endpoint did not answer as it should: what happened and the next step, each without a full stop."""

    def __init__(self, code: TroubleCode, what: str, remedy: str, wait_s: float = 0.0) -> None:
        self.code = code
        self.what = what
        self.remedy = remedy
        self.wait_s = wait_s
        """How long the endpoint wants to be left alone; 0 when it does not say."""
        super().__init__(f"{what}; {remedy}")


def trouble(code: TroubleCode, **values: str) -> EndpointTrouble:
    """The trouble of that code in words; `values` are `url`, `model`, `key` and `detail`."""
    what, remedy = _TROUBLES[code]
    return EndpointTrouble(code, what.format(**values), remedy.format(**values))


def slow(after_s: float) -> EndpointTrouble:
    """It took longer than that."""
    return EndpointTrouble("slow", f"The language model took longer than {after_s:.0f} seconds", _TROUBLES["slow"][1])


def limited(wait_s: float) -> EndpointTrouble:
    """It wants to be left alone for so long."""
    what = f"The language model is asked too often; ask again in {told_duration(wait_s)}"
    return EndpointTrouble("limit", what, "Wait so long, or raise the limit of your account", wait_s)


def told_duration(seconds: float) -> str:
    """As a person would say it: `20 seconds`, `3 minutes`."""
    if seconds < 90:
        whole = max(1, round(seconds))
        return f"{whole} second{'s' * (whole != 1)}"
    return f"{round(seconds / 60)} minutes"


def code_of_status(status: int) -> TroubleCode:
    """What a status of HTTP means here."""
    if status in (401, 403):
        return "key"
    if status == 404:
        return "model"
    if status == 429:
        return "limit"
    if status in (408, 504):
        return "slow"
    return "server" if status >= 500 else "refused"


_TROUBLES: dict[TroubleCode, tuple[str, str]] = {
    "address": (
        "The address of the language model is not a web address",
        "Set 'duologue.endpointUrl' to something like http://127.0.0.1:11434/v1, instead of {url!r}",
    ),
    "down": (
        "The language model cannot be reached",
        "Start what serves {url}, or correct 'duologue.endpointUrl'",
    ),
    "slow": (
        "The language model took too long",
        "Try a smaller model, or see whether the endpoint is busy",
    ),
    "key": (
        "The language model does not accept the key",
        "Put a valid key into the environment variable {key} and restart the editor",
    ),
    "model": (
        "The endpoint does not know that language model",
        "Set 'duologue.endpointModel' to one that {url} serves, instead of {model!r} ({detail})",
    ),
    "limit": (
        "The language model is asked too often",
        "Wait a little, or raise the limit of your account ({detail})",
    ),
    "refused": (
        "The language model refused the question",
        "See whether 'duologue.endpointModel' is a chat model ({detail})",
    ),
    "server": (
        "The language model failed",
        "Look into the log of the endpoint ({detail})",
    ),
    "garbage": (
        "The language model's answer cannot be read",
        "See whether {url} speaks the OpenAI protocol; most such addresses end in /v1",
    ),
    "empty": (
        "The language model gave an empty answer",
        "Try another model than {model!r}",
    ),
    "disconnected": (
        "The language model broke off in the middle",
        "Ask again; if it happens often, look into the log of the endpoint",
    ),
}
