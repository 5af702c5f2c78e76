"""How a clip is said: which part of it, and where the speaker pauses."""

from dataclasses import dataclass

from numpy.random import Generator

from duologue_model.slices import RATE_HZ
from duologue_model.training.floorlog import Said, Word
from duologue_model.training.timing import Timing
from duologue_model.training.voices import Clip

LENGTHENED = 0.35
"""Share of the pauses of a recording that last longer here."""
LONGEST_PAUSE_S = 2.2


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where pauses are drawn from."""

    rng: Generator
    timing: Timing

    def pause_s(self) -> float:
        return min(LONGEST_PAUSE_S, self.timing.pause.draw(self.rng))


def parts_of(
    clip: Clip, start_s: float, speed: float, least_s: float, most_s: float, delivery: Delivery
) -> tuple[Said, ...]:
    """The clip, cut at its breaks, with pauses between; of a long recording only its end, from a pause on."""
    pieces = _pieces(clip, least_s, most_s, delivery)
    words = clip.facts.text.split()
    words = words[round(len(words) * _spoken_share(clip, pieces[0][0])) :]
    letters = max(1, sum(map(len, words)))
    sounding = sum(end - begin for begin, end, _ in pieces)
    parts: list[Said] = []
    at_s, said, used, sounded = start_s, 0, 0, 0
    for number, (begin, end, pause_s) in enumerate(pieces, 1):
        length_s = (end - begin) / RATE_HZ / speed
        sounded += end - begin
        until_letter = letters * sounded / sounding
        timed: list[Word] = []
        from_letter = said
        while used < len(words) and (said + len(words[used]) / 2 <= until_letter or number == len(pieces)):
            said += len(words[used])
            timed.append(Word(0.0, float(said - from_letter), words[used]))
            used += 1
        scale = length_s / max(1, said - from_letter)
        starts = [at_s, *(at_s + word.end_s * scale for word in timed)]
        spans = tuple(Word(s, e, w.text) for s, e, w in zip(starts, starts[1:], timed, strict=False))
        parts.append(Said(at_s, at_s + length_s, clip.facts.id, begin, end, speed, spans))
        at_s += length_s + pause_s
    return tuple(parts)


def _pieces(clip: Clip, least_s: float, most_s: float, delivery: Delivery) -> list[tuple[int, int, float]]:
    """From and to, in samples of the clip, and the pause after it: all up to the very end of the clip."""
    length = len(clip.samples)
    gaps = [(b, b, delivery.pause_s()) for b in clip.facts.breaks]
    for begin, end in clip.facts.pauses:
        natural_s = (end - begin) / RATE_HZ
        longer = delivery.rng.random() < LENGTHENED
        gaps.append((begin, end, max(natural_s, delivery.pause_s()) if longer else natural_s))
    gaps = [gap for gap in gaps if gap[0] > 800 and gap[1] < length - 800]
    first = 0
    if clip.seconds > most_s:
        begins = [gap[1] for gap in gaps if length - gap[1] >= least_s * RATE_HZ]
        short = [begin for begin in begins if length - begin <= most_s * RATE_HZ]
        # Where no pause fits, the shortest stretch that begins at one; only then the middle of a word.
        first = short[int(delivery.rng.integers(len(short)))] if short else begins[-1] if begins else 0
        if length - first > 1.5 * most_s * RATE_HZ:
            first = length - round(most_s * RATE_HZ)
    pieces, begin = [], first
    for from_, to, pause_s in gaps:
        if from_ - begin > 800:
            pieces.append((begin, from_, pause_s))
            begin = to
    return [*pieces, (begin, length, 0.0)]


def _spoken_share(clip: Clip, at: int) -> float:
    """How much of a clip's speech lies before a sample."""
    silent = sum(end - begin for begin, end in clip.facts.pauses)
    before = sum(max(0, min(end, at) - begin) for begin, end in clip.facts.pauses)
    return (at - before) / max(1, len(clip.samples) - silent)
