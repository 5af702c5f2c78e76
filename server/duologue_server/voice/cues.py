"""Which words speak of names: where in a sentence a name is expected, and where the same words are only prose."""

from collections.abc import Sequence
from dataclasses import dataclass


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KINDS = _set(
    """function method class variable attribute property field parameter argument module constant decorator type file
    struct trait interface enum macro hook flag setting object package callback identifier symbol"""
)
_CLASS_KINDS = _set("class type struct trait interface enum object exception instance")
_BEFORE = _set(
    """call calls called calling rename renames renamed renaming named use uses using explain override overrides
    wheres whys"""
)
_PAIRS_BEFORE = _set(
    """definition.of where.is why.is look.at instance.of be.in think.that value.of name.of go.to i.think .is
    what.does how.does"""
)
"""The two words before; nothing before the first begins a sentence."""
_PREPOSITIONS = _set("of in at with from by to for into on about inside")
_AUXILIARIES = _set("is has was are were can should will would do does did must may have had")
_SMALL = _AUXILIARIES | _PREPOSITIONS | _set(
    """a an the and or not no if so as be it its this that up out off over down back get set go let put make take see
    all any each some one two more most none new old other same first last next only just me my we us our you your they
    them there here what who which when where why how then than too very much many few own time done"""
)  # fmt: skip
_LINKS = _set(
    """and or that than think if when while but not see fix remove add delete move open print because then so as only
    why where or nor between via without like inside whether since until check test read write run import imports
    return returns raise raises try catch pass expect does did was is says mean means"""
)
"""After these a noun without an article is hardly prose."""
_VERBS = _set(
    """get set add make parse read write save send create delete remove find handle init resolve merge convert validate
    on from to is has as dunder underscore"""
)
"""Names that begin like this do not follow an article in prose, as `user agent` does."""
RISKY_JOINS = _set(
    """setup login logout backup into onto today maybe cannot online offline anyone everyone someone something anything
    everything nothing without within sometimes somewhere anywhere everywhere meanwhile whatever whenever however
    timeout upload download checkout lookup cleanup startup breakdown takeover overall altogether nobody"""
)


@dataclass(frozen=True, slots=True)
class Place:
    """What stands around a run of words: the two words before it and the one after; empty across a pause."""

    before: tuple[str, ...]
    after: str

    @property
    def begins_sentence(self) -> bool:
        return not self.before or not self.before[-1]

    @property
    def is_for_names(self) -> bool:
        """Whether a name, and not an ordinary word, is expected here."""
        return self.is_for_likeness or (self.before[-1:] != () and self.before[-1] in _KINDS)

    @property
    def is_for_likeness(self) -> bool:
        """Whether it is expected so surely that a word like a name is one: not so in "the variable says"."""
        if self.after in _KINDS and self.before[-1:] in (("the",), ("a",), ("this",), ("that",)):
            return True
        if self.begins_sentence:
            return False
        return self.before[-1] in _BEFORE or ".".join(("", *self.before)[-2:]) in _PAIRS_BEFORE

    @property
    def is_bare(self) -> bool:
        """Whether no article and no adjective stands before it, as before names."""
        return self.begins_sentence or self.is_for_names or self.before[-1] in _LINKS | _PREPOSITIONS | _AUXILIARIES

    @property
    def is_for_classes(self) -> bool:
        return self.before[-1:] != () and (self.before[-1] in _CLASS_KINDS or self.after in _CLASS_KINDS)

    @property
    def is_for_constants(self) -> bool:
        return "constant" in (*self.before[-1:], self.after)


def is_prose(said: Sequence[str]) -> bool:
    """Whether a name's words make ordinary English: one plain word, small words only, or `is open`, `to list`."""
    if len(said) == 1 or all(word in _SMALL for word in said):
        return True
    return said[0] in _AUXILIARIES or (said[0] in _PREPOSITIONS and len(said) == 2)


def is_compound(said: Sequence[str]) -> bool:
    """Whether a name's words may be a thing of ordinary talk: "the user agent", "the status bar"."""
    return len(said) == 2 and said[0] not in _VERBS and all(len(word) > 1 for word in said)


def surely_names(place: Place, said: Sequence[str]) -> bool:
    """Whether words that make English by themselves make none here: "of is open", "call to list"."""
    if place.begins_sentence:
        return False
    if said[0] in _AUXILIARIES and place.before[-1] in _KINDS:  # "the file is open"
        return False
    return place.is_for_names or (place.before[-1] in _PREPOSITIONS and said[0] in _AUXILIARIES)


def has_other_small_words(heard: Sequence[str], said: Sequence[str]) -> bool:
    """Whether small words stand among what was heard that the name does not have; they are rarely misheard."""
    return any(word in _SMALL and word not in said for word in heard)


def only_small_words(heard: Sequence[str]) -> bool:
    return all(word in _SMALL for word in heard)
