"""What a check says."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Status = Literal["ok", "info", "warning", "failed"]
ASK = "You"
"""The part of a result that is a request to the user, for this moment only."""


@dataclass(frozen=True, slots=True)
class Result:
    """One part: `info` is nothing to worry about, `warning` works with less, `failed` does not work."""

    part: str
    status: Status
    what: str
    remedy: str = ""
    took_s: float | None = None


def to_json(result: Result) -> dict[str, Any]:
    return asdict(result)


def from_json(body: object) -> Result:
    """Raises ValueError for what `to_json` did not write."""
    names = {field.name for field in fields(Result)}
    if not isinstance(body, dict) or set(body) != names:
        raise ValueError(f"not a result of a check: {str(body)[:80]}")
    return Result(**body)
