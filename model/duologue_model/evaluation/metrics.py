"""What happened on the floor, measured: pure functions from a session's log to raw events.

The truth is what people did (`turns`, `keys`, `noises`), never what a detector said. Every measure gives events,
(value, weight) pairs, not a mean, so that whole sessions can be drawn again for intervals. Latencies and false cut-ins
belong together: neither may be quoted without the other.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duologue_model.evaluation import floor, going_on, offers
from duologue_model.evaluation.bootstrap import Figure, Sample, figure
from duologue_model.evaluation.floor import Events
from duologue_model.training.floorlog import FloorLog


@dataclass(frozen=True, slots=True)
class Played:
    """A session that some engine has played."""

    log: FloorLog
    words: tuple[str, ...] = ()
    """By slice, what had been recognised; empty if unknown."""
    cancelled: bool | None = None
    """Whether an echo canceller stood before the engine; None if unknown."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How a column of the report comes from events."""

    of: Callable[[Played], Events]
    title: str
    unit: str
    """`s`, `%`, or what a rate counts per."""
    share: float | None = None
    """Which quantile; None for a share or a rate."""
    better: str = "low"
    """`low` or `high`."""
    target: float | None = None
    """What DESIGN asks for; a share as a fraction."""
    human: float | None = None
    """What people do (Switchboard)."""
    scenarios: tuple[str, ...] = ()
    """Classes of sessions that hold such events; none named: all."""


def _log(function: Callable[[FloorLog], Events]) -> Callable[[Played], Events]:
    return lambda played: function(played.log)


def _echo(
    lowest_db: float, highest_db: float, ducks: bool, cancelled: bool | None = None
) -> Callable[[Played], Events]:
    def of(played: Played) -> Events:
        if cancelled is not None and played.cancelled is not cancelled:
            return []
        return going_on.self_interruptions(played.log, lowest_db, highest_db, ducks)

    return of


TURNS = ("smooth_turn", "mid_clause_pause", "self_repair", "long_account", "dictated_identifiers", "one_word_answer")
STOPS = ("stop_interruption", "question_interruption", "correction_interruption", "redirection_interruption")
OFFERS = ("offer_at_pause", "offer_never_fits", "timed_request")
TYPING = ("typing_alone", "typing_while_talking", "offer_at_pause", "offer_never_fits")
ECHO = ("echo_alone", "backchannel", "smooth_turn")

MEASURES: dict[str, Measure] = {
    "decision_p50_s": Measure(
        _log(floor.decision_latencies), "turn end → decision, p50", "s", 0.5, target=0.40, scenarios=TURNS
    ),
    "decision_p90_s": Measure(_log(floor.decision_latencies), "turn end → decision, p90", "s", 0.9, scenarios=TURNS),
    "cut_in_share": Measure(
        _log(floor.decided_cut_ins), "false cut-ins, share of pauses", "%", target=0.20, scenarios=TURNS
    ),
    "cut_in_turns": Measure(_log(floor.cut_in_turns), "turns with a false cut-in", "%", scenarios=TURNS),
    "audible_cut_in_share": Measure(
        _log(floor.audible_cut_ins), "audible cut-ins, share of pauses", "%", scenarios=TURNS
    ),
    "unanswered_share": Measure(_log(floor.unanswered), "turns never answered", "%", scenarios=TURNS),
    "first_sound_p50_s": Measure(
        _log(floor.first_sounds), "turn end → first sound (simulated thinking time), p50", "s", 0.5, scenarios=TURNS
    ),
    "phantom_per_h": Measure(_log(floor.phantom_decisions), "answers to nobody", "/h"),
    "stop_success": Measure(
        _log(floor.stop_successes), "stops ≤ 2 s when interrupted", "%", better="high", target=0.95, scenarios=STOPS
    ),
    "stop_p50_s": Measure(
        _log(floor.stop_latencies), "interruption → silence, p50", "s", 0.5, target=0.35, human=0.34, scenarios=STOPS
    ),
    "stop_p90_s": Measure(
        _log(floor.stop_latencies), "interruption → silence, p90", "s", 0.9, target=0.80, human=1.01, scenarios=STOPS
    ),
    "duck_p50_s": Measure(
        _log(floor.duck_latencies), "interruption → first duck or stop, p50", "s", 0.5, target=0.12, scenarios=STOPS
    ),
    "told_apart_at_yield": Measure(
        lambda played: floor.told_apart_at_yield(played.log, played.words),
        "question or stop, right at the yield (words known)", "%", better="high", scenarios=STOPS,
    ),
    "told_apart": Measure(
        _log(floor.told_apart), "question or stop, right by the end of it", "%", better="high", scenarios=STOPS
    ),
    "told_apart_known": Measure(
        lambda played: floor.told_apart(played.log, played.words),
        "question or stop, right by the end of it (words known)", "%", better="high", target=0.90, scenarios=STOPS,
    ),
    "stops_obeyed": Measure(
        _log(floor.stops_obeyed), "quiet after a request to stop", "%", better="high", target=0.90, scenarios=STOPS
    ),
    "questions_answered": Measure(
        _log(floor.questions_answered), "answers a question that stopped it", "%", better="high", target=0.90,
        scenarios=STOPS,
    ),
    "on_after_backchannel": Measure(
        _log(going_on.after_backchannels), "goes on after a backchannel", "%", better="high", target=0.90, human=0.89,
        scenarios=("backchannel",),
    ),
    "on_after_others": Measure(
        _log(going_on.after_others), "goes on while others are spoken to or speak", "%", better="high", target=0.85,
        scenarios=("colleague", "background_speech"),
    ),
    "on_after_noise": Measure(
        _log(going_on.after_noises), "goes on after coughs, knocks, keys", "%", better="high", target=0.95,
        scenarios=("echo_alone",),
    ),
    "back_after_backchannel": Measure(
        _log(going_on.back_after_backchannels), "full voice again ≤ 1 s after a backchannel", "%", better="high",
        scenarios=("backchannel",),
    ),
    "back_after_noise": Measure(
        _log(going_on.back_after_noises), "full voice again ≤ 1 s after a noise", "%", better="high",
        scenarios=("echo_alone",),
    ),
    "answered_others": Measure(
        _log(going_on.answered_others), "answers what was said to others", "%",
        scenarios=("colleague", "background_speech"),
    ),
    "self_stops_per_min": Measure(
        _echo(-60.0, -15.0, ducks=False), "stops for its own echo, ≥ 15 dB loss", "/min", target=0.1, scenarios=ECHO
    ),
    "self_stops_cancelled_per_min": Measure(
        _echo(-60.0, -15.0, ducks=False, cancelled=True), "the same, behind a canceller", "/min", target=0.1,
        scenarios=ECHO,
    ),
    "self_stops_loud_per_min": Measure(
        _echo(-15.0, 10.0, ducks=False), "stops for its own echo, < 15 dB loss", "/min", scenarios=ECHO
    ),
    "self_ducks_per_min": Measure(
        _echo(-60.0, -15.0, ducks=True), "ducks or stops for its own echo, ≥ 15 dB loss", "/min", scenarios=ECHO
    ),
    "self_ducks_loud_per_min": Measure(
        _echo(-15.0, 10.0, ducks=True), "ducks or stops for its own echo, < 15 dB loss", "/min", scenarios=ECHO
    ),
    "self_ducks_headset_per_min": Measure(
        _echo(-math.inf, -60.0, ducks=True), "ducks or stops for nothing, no echo", "/min", scenarios=ECHO
    ),
    "typing_starts_per_h": Measure(
        _log(offers.starts_while_typing), "unprompted speech ≤ 1.5 s after a key", "/h", target=0.0, scenarios=TYPING
    ),
    "typing_wishes_per_h": Measure(
        _log(offers.wishes_while_typing), "the same wished for, before any rule", "/h", scenarios=TYPING
    ),
    "offer_delay_p50_s": Measure(
        _log(offers.delays), "right moment → offer begins, p50", "s", 0.5, scenarios=OFFERS
    ),
    "offer_delivered": Measure(
        _log(offers.delivered), "offers said that had a right moment", "%", better="high", target=0.80,
        scenarios=OFFERS,
    ),
    "offer_ill_timed": Measure(_log(offers.ill_timed), "offers said at a wrong moment", "%", scenarios=OFFERS),
    "cue_share": Measure(
        _log(offers.on_cue), "timed and cued speech within 0.5 s of the right moment", "%", better="high",
        target=0.80, scenarios=("timed_request",),
    ),
    "action_agreement": Measure(_log(offers.action_agreement), "slices with the right action", "%", better="high"),
    "user_agreement": Measure(_log(offers.user_agreement), "slices with the user's right state", "%", better="high"),
}  # fmt: skip
"""Every measure, by its name in the report's JSON."""


def hands_free(log: FloorLog) -> bool:
    """Whether the microphone was open: with push-to-talk the hand says when a turn is over."""
    closed = log.perceived.microphone_open is not None and float(log.perceived.microphone_open.mean()) < 0.5
    return not closed and (log.perceived.end_of_turn is None or not log.perceived.end_of_turn.any())


def sample(measure: Measure, sessions: Sequence[Played]) -> Sample:
    """The raw events of a measure over sessions; none of sessions with push-to-talk."""
    return Sample.of([measure.of(played) if hands_free(played.log) else [] for played in sessions])


def measured(
    sessions: Sequence[Played], names: Sequence[str] | None = None, repeats: int = 1000, seed: int = 1
) -> dict[str, Figure]:
    """Every measure, or those named, over sessions, with intervals. NaN where no such event happened."""
    return {
        name: figure(sample(MEASURES[name], sessions), MEASURES[name].share, repeats, seed)
        for name in (names or MEASURES)
    }
