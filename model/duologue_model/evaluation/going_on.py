"""What should not stop the partner: backchannels, other people, noises, keys of others, its own echo."""

from duologue_model.evaluation.floor import INTERRUPTS, Events, own_speech, resumed, sounding_at, user_turns
from duologue_model.training.floorlog import SLICE_S, FloorLog, Sounded
from duologue_model.vocabulary import UserState

AFTER_S = 1.0
"""A stop so long after a sound is still because of it; so soon the voice should be full again."""
BURST_S = 1.0
"""Keys of somebody else's closer than this are one burst."""
SHADOW_S = 1.5
"""So long after a sound a duck or stop may be because of it."""
ANSWERED_S = 3.0

Span = tuple[float, float]


def after_backchannels(log: FloorLog) -> Events:
    """For each backchannel over the partner, whether speech did not end the utterance."""
    return _went_on(log, _backchannels(log))


def after_others(log: FloorLog) -> Events:
    """The same for speech to or of other people."""
    return _went_on(log, _others(log))


def after_noises(log: FloorLog) -> Events:
    """The same for coughs, knocks and somebody else's keyboard."""
    return _went_on(log, _noises(log))


def back_after_backchannels(log: FloorLog) -> Events:
    """For each backchannel that ducked or stopped the partner, whether it spoke fully again within 1 s after it."""
    return _came_back(log, _backchannels(log))


def back_after_noises(log: FloorLog) -> Events:
    """The same for noises."""
    return _came_back(log, _noises(log))


def answered_others(log: FloorLog) -> Events:
    """For each time others were spoken to or spoke, nobody having asked the partner, whether it answered."""
    asked = [(turn.start_s, turn.end_s + ANSWERED_S) for turn in user_turns(log) if turn.answer]
    events: Events = []
    for from_s, to_s in _others(log):
        if to_s + ANSWERED_S > log.duration_s or any(a < to_s + ANSWERED_S and from_s < b for a, b in asked):
            continue
        answered = any(from_s < t < to_s + ANSWERED_S for t in log.delegated_s)
        events.append((float(answered), 1.0))
    return events


def self_interruptions(log: FloorLog, lowest_db: float, highest_db: float, ducks: bool) -> Events:
    """Stops, or also ducks, with no sound of anybody near; the weight is minutes of own speech without one.

    None unless the session's echo lies above `lowest_db` and at most at `highest_db` (0: as loud as the loudspeaker).
    """
    if not lowest_db < log.echo_db <= highest_db:
        return []
    near = [(from_s, to_s + SHADOW_S) for from_s, to_s in _all_sounds(log)]
    count, alone_s = 0, 0.0
    for said in own_speech(log):
        moments = [said.end_s] if said.ended_by == "speech" else []
        if ducks:
            moments += [from_s for from_s, _ in said.ducks]
        count += sum(not _covered(t, near) for t in moments)
        slices = max(1, round((said.end_s - said.start_s) / SLICE_S))
        alone_s += SLICE_S * sum(not _covered(said.start_s + (i + 0.5) * SLICE_S, near) for i in range(slices))
    return [(float(count), alone_s / 60)] if alone_s > 0.0 else []


def _went_on(log: FloorLog, spans: list[Span]) -> Events:
    events: Events = []
    for from_s, to_s in spans:
        said = _sounding_alone(log, from_s, to_s)
        if said is not None:
            stopped = said.ended_by == "speech" and said.end_s <= to_s + AFTER_S
            events.append((float(not stopped), 1.0))
    return events


def _came_back(log: FloorLog, spans: list[Span]) -> Events:
    events: Events = []
    for from_s, to_s in spans:
        said = _sounding_alone(log, from_s, to_s)
        if said is None:
            continue
        stopped = said.ended_by == "speech" and said.end_s <= to_s + AFTER_S
        ducked = [duck for duck in said.ducks if from_s <= duck[0] <= to_s + AFTER_S]
        if stopped:
            events.append((float(resumed(log, said, to_s + AFTER_S)), 1.0))
        elif ducked and said.end_s > to_s + AFTER_S:
            events.append((float(ducked[-1][1] <= to_s + AFTER_S), 1.0))
    return events


def _sounding_alone(log: FloorLog, from_s: float, to_s: float) -> Sounded | None:
    """The utterance over which a sound began, if nothing else could have ended it by rights."""
    said = sounding_at(log, from_s)
    if said is None or said.ended_by == "key" or log.duration_s < to_s + AFTER_S:
        return None
    wanted = [
        turn for turn in user_turns(log)
        if turn.start_s < to_s + AFTER_S and turn.end_s > from_s
        and turn.state in (*INTERRUPTS, UserState.SPEAKING_TO_PARTNER)
    ]  # fmt: skip
    return None if wanted else said


def _backchannels(log: FloorLog) -> list[Span]:
    return [(turn.start_s, turn.end_s) for turn in user_turns(log) if turn.state is UserState.BACKCHANNEL]


def _others(log: FloorLog) -> list[Span]:
    meant = [turn for turn in log.turns if turn.who == "other" or turn.state is UserState.SPEAKING_TO_OTHERS]
    return sorted((turn.start_s, turn.end_s) for turn in meant)


def _noises(log: FloorLog) -> list[Span]:
    spans = [(noise.start_s, noise.end_s) for noise in log.noises]
    for key in sorted((key for key in log.keys if key.elsewhere), key=lambda key: key.at_s):
        if spans and spans[-1][0] <= key.at_s <= spans[-1][1] + BURST_S and len(spans) > len(log.noises):
            spans[-1] = (spans[-1][0], key.at_s)
        else:
            spans.append((key.at_s, key.at_s))
    return sorted(spans)


def _all_sounds(log: FloorLog) -> list[Span]:
    spoken = [(part.start_s, part.end_s) for turn in log.turns for part in turn.parts]
    return [*spoken, *((n.start_s, n.end_s) for n in log.noises), *((key.at_s, key.at_s) for key in log.keys)]


def _covered(t: float, spans: list[Span]) -> bool:
    return any(from_s <= t <= to_s for from_s, to_s in spans)
