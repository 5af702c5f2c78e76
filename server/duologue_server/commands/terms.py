"""What a language calls what people say otherwise: its types and its modules."""

import re
from collections.abc import Mapping, Sequence

from duologue_server.commands.language import Manner, manner_of
from duologue_server.commands.names import cased
from duologue_server.commands.place import Place


def table_of(manner: Manner, name: str) -> Mapping[str, str]:
    """What the language calls what is said otherwise: its `types`, its `modules`."""
    table = manner.data.get(name, {})
    return table if isinstance(table, Mapping) else {}


def spoken_type(words: Sequence[str], place: Place) -> str:
    """A type: the language's own for "string" and the like, else a name."""
    types = table_of(manner_of(place.language_id), "types")
    said = " ".join(words).lower()
    if said in types:
        return types[said]
    known = place.names.exactly(words)
    return known[0] if known else cased(words, "pascal")


def converter(words: Sequence[str], place: Place) -> str:
    """What is called to make a type of something, by the type as it is said: "string" is `str`; empty for others."""
    said = " ".join(words).lower()
    name = table_of(manner_of(place.language_id), "types").get(said, "")
    return name if name.isidentifier() and name.islower() else ""


def is_module(words: Sequence[str], place: Place) -> bool:
    """Whether these words are how people, or recognisers, say the name of one of the language's modules."""
    return " ".join(words).lower() in table_of(manner_of(place.language_id), "modules")


def module_path(words: Sequence[str], place: Place) -> str:
    """A module as it is imported: "os dot path" is `os.path`, in Rust "std colon colon fs" is `std::fs`."""
    dot = "::" if place.language_id == "rust" else "."
    manner = manner_of(place.language_id)
    modules = table_of(manner, "modules")
    said = re.sub(r"\b(?:jason|j s[ou]n)\b", "json", " ".join(words).lower())
    parts = [part.strip() for part in re.split(r"\b(?:dot|colon colon|double colon|slash)\b", said)]
    sign = "/" if "slash" in words else dot
    casing = "snake" if manner.casing == "snake" else "joined"
    known = place.names.exactly(words)
    return known[0] if known else sign.join(modules.get(part) or cased(part.split(), casing) for part in parts if part)
