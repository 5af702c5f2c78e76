"""Every setting of the product, declared once: frozen, fully defaulted, with its unit in its name.

Editors send them in camelCase under the section `duologue`; a test checks the README's table against this file.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

SECTION = "duologue"
EngineChoice = Literal["model", "baseline"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose. The string under each field is its documentation."""

    autostart: bool = False
    """Start the voice with the editor, not at the first `start`."""
    microphone: Literal["open", "push_to_talk", "off"] = "open"
    """What the microphone does once the voice has started."""
    input_device: str = ""
    """Part of the name of the microphone; empty: the system's choice."""
    output_device: str = ""
    """Part of the name of the loudspeaker; empty: the system's choice."""
    echo_canceller: bool = True
    """Take the partner's voice out of the microphone; off only with headphones."""
    voice: Literal["auto", "hibari", "flite", "espeak-ng", "none"] = "auto"
    """The synthesiser: `auto` takes the best that is installed, `none` keeps everything as text."""
    speed: float = 1.0
    """Pace of the voice, 0.5 to 2."""
    volume: float = 1.0
    """Loudness of the voice, 0.1 to 2; 2 is 6 dB louder. For silence: `voice` `none`."""
    recogniser: str = "moonshine"
    """`moonshine`, which is installed with it, or the path of a folder with a model of yours."""
    engine: EngineChoice = "model"
    """What decides about the floor: the trained `model`, or `baseline`, voice-activity detection and timers."""
    unprompted_per_hour: int = 4
    """Most suggestions spoken without having been asked, in an hour; 0 is never."""
    detectors: tuple[str, ...] = ("diagnostics", "ruff", "structure")
    """Where suggestions come from."""
    endpoint_url: str = ""
    """An OpenAI-compatible endpoint for answers, such as http://127.0.0.1:11434/v1; empty: built-in answers only."""
    endpoint_model: str = ""
    """The model to ask for at the endpoint."""
    endpoint_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the endpoint's key."""


_RANGES: Mapping[str, tuple[float, float]] = {
    "speed": (0.5, 2.0),
    # Never 0: what nobody heard would count as heard. At 2 the default voice peaks at 0.74: nothing is clipped.
    "volume": (0.1, 2.0),
    "unprompted_per_hour": (0, 60),
}
_KNOWN_DETECTORS = ("diagnostics", "ruff", "structure")


def camel(name: str) -> str:
    """`input_device` as editors write it: `inputDevice`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """`inputDevice` as this file writes it: `input_device`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def read_options(raw: object, base: Options | None = None) -> tuple[Options, list[str]]:
    """Reads settings from outside over `base`. Bad ones keep their default and are named in the returned messages."""
    options = base or Options()
    if raw is None:
        return options, []
    if not isinstance(raw, Mapping):
        return options, [f"settings '{SECTION}' must be an object, not {type(raw).__name__}: all defaults are used"]
    problems: list[str] = []
    chosen: dict[str, Any] = {}
    fields = {field.name: field for field in dataclasses.fields(Options)}
    for key, value in raw.items():
        name = snake(str(key))
        if name not in fields:
            known = ", ".join(camel(n) for n in fields)
            problems.append(f"unknown setting '{SECTION}.{key}' is ignored; the settings are: {known}")
            continue
        if value is None:
            continue
        read, problem = _read_value(name, fields[name].type, value)
        if problem:
            problems.append(f"setting '{SECTION}.{camel(name)}' {problem}; {getattr(options, name)!r} is used")
        else:
            chosen[name] = read
    return dataclasses.replace(options, **chosen), problems


def to_wire(options: Options) -> dict[str, Any]:
    """The options as editors write them."""
    return {
        camel(name): list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(options).items()
    }


def _read_value(name: str, kind: Any, value: object) -> tuple[object, str]:
    """The value in its own type, or why it cannot be read."""
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return (value, "") if value in choices else (None, f"must be one of {', '.join(choices)}, not {value!r}")
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            return None, f"must be a list of names, not {value!r}"
        unknown = [item for item in value if item not in _KNOWN_DETECTORS]
        if unknown:
            return None, f"names {unknown[0]!r}, and knows only {', '.join(_KNOWN_DETECTORS)}"
        return tuple(value), ""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return None, f"must be of type {kind.__name__}, not {value!r}"
    low, high = _RANGES.get(name, (float("-inf"), float("inf")))
    if isinstance(value, int | float) and not isinstance(value, bool) and not low <= value <= high:
        return None, f"must be between {low:g} and {high:g}, not {value!r}"
    return value, ""
