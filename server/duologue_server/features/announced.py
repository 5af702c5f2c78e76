"""What a client says of itself in `experimental.duologue` of its capabilities."""

from typing import Any


def announced(experimental: Any) -> Any:
    """Our part of the experimental capabilities, as pygls has read them; None for a client that knows nothing of us."""
    return experimental.get("duologue") if isinstance(experimental, dict) else getattr(experimental, "duologue", None)
