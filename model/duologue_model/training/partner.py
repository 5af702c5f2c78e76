"""The partner of a simulated session: the product's floor rules, and how well it does what is right.

It hesitates, and in some sessions it slips: a duck for nothing, an answer into a pause. So its own past is sometimes
wrong while the label is right, as it will be when the trained model runs by itself.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from duologue_model.engine import Decision
from duologue_model.slices import RATE_HZ, Clocks
from duologue_model.training import labels
from duologue_model.training.ears import Ears
from duologue_model.training.example import AGENDA_FIELDS, CLOCK_FIELDS
from duologue_model.training.floorlog import SLICE_S, PartnerKind, Sounded, Turn
from duologue_model.training.timing import Timing
from duologue_model.training.voices import Bank, Clip
from duologue_model.vocabulary import Action, ForcedToken, UserState

MOST_OUTPUT_DELAY_S = 0.04
"""Between the wish to speak and the first sample at the loudspeaker."""
CHARACTERS_PER_S = 15.0
"""The product's estimate of how long a text lasts that is not synthesised yet."""
LATEST_S = 2.4
"""The longest that a late partner lets the user wait for the turn to be taken."""
BACK_S = 0.2
"""So far back it goes on after a yield: about a word."""
NEARLY_S = 0.15
"""Who hands a turn over so shortly before its end has all of it."""
REPLY_LIVES_S = 12.0
"""An answer that could not begin within this stays as text."""
DUCK_HOLDS_S, DUCK_LASTS_S, DUCK_AGAIN_S = 0.24, 1.5, 2.5
OVERLAP_YIELDS_S = 0.8
REPLY_WAITS_S = 1.0
UNWANTED_LASTS_S = 0.36
"""As in the rules of the product's floor, which say why."""
WAVERS_S = 1.2
"""The longest that a hesitant partner goes on, lowered, before it stops for an interruption."""
_NOT_FOR_US = (UserState.NOISE, UserState.SPEAKING_TO_OTHERS)
_NOT_TO_US = (*_NOT_FOR_US, UserState.ECHO)
_ENDS_NO_TURN = (*_NOT_FOR_US, UserState.STOP_REQUEST)
_CHOSEN = frozenset({Action.DUCK, Action.YIELD, Action.RESUME, Action.TAKE, Action.DELEGATE, Action.BACKCHANNEL})


@dataclass(frozen=True, slots=True)
class Habits:
    """How well the partner of a session does what it should."""

    hesitation_slices: float = 0.0
    """Mean delay of what it decides."""
    turn_delay: bool = False
    """Whether it takes the turn when people do, and half of the time later."""
    slips: float = 0.0
    """Chance of a wrong act wherever one is likely."""
    reply_after_s: float | None = None
    """How long an answer takes to come; None: as long as language models take, drawn."""


@dataclass(slots=True)
class Offer:
    """Something unprompted to say, there from `at_s` on."""

    clip: Clip
    at_s: float
    urgency: float


class Partner:
    """Everything that the partner knows and does. `t` is always the end of the present slice, seconds."""

    def __init__(self, bank: Bank, rng: Generator, timing: Timing, habits: Habits) -> None:
        self._bank, self._rng, self._timing, self._habits = bank, rng, timing, habits
        self.now: Sounded | None = None
        self.ends_s = 0.0
        """Where the present utterance ends if nobody breaks it off."""
        self.own = Action.SILENT
        self.asked = False
        """The answer to a turn is awaited."""
        self.reply: Clip | None = None
        self.offers: list[Offer] = []
        self.sounded: list[Sounded] = []
        self.forgotten_s: list[float] = []
        self.forced: set[ForcedToken] = set()
        self.delegated_s: list[float] = []
        self.last_key_s = -60.0
        self._last_user_s = self._last_own_s = -60.0
        self.ducked_s: float | None = None
        self._last_duck_s = -60.0
        self._unwanted_s: float | None = None
        self._yielded: Sounded | None = None
        self._reply_due_s: float | None = None
        self._reply_since_s = 0.0
        self._ears = Ears(rng)
        self._heard_speech = False
        self._pending: Action | None = None
        self._delay = 0

    @property
    def ducked(self) -> bool:
        return self.ducked_s is not None

    @property
    def resumable(self) -> bool:
        return self._yielded is not None and self.now is None

    def offer(self, t: float) -> Offer | None:
        """The most urgent of what waits unprompted."""
        due = [offer for offer in self.offers if offer.at_s <= t]
        return max(due, key=lambda offer: offer.urgency) if due else None

    def press(self, first_s: float, last_s: float) -> None:
        """Keys: whatever sounds stops by rule, and does not go on by itself."""
        self.last_key_s, self._yielded = last_s, None
        if self.now:
            self.end(min(first_s + 0.01, self.ends_s), "key")
            self.forced.add(ForcedToken.YIELDED_TO_KEY)

    def control(self, at_s: float, token: ForcedToken = ForcedToken.YIELDED_TO_CONTROL) -> None:
        """A command, or a lost device: whatever sounds stops by rule, and does not go on by itself."""
        self._yielded = None
        if self.now:
            self.end(min(at_s + 0.01, self.ends_s), "key")
            self.forced.add(token)

    def begin_to_say(self, t: float) -> None:
        """Something that has to be said is said now, without a decision, unless something sounds."""
        if self.now is None:
            self._begin(t, "offer", self._bank.pick(self._rng, "offer"))
            self.forced.add(ForcedToken.BEGAN_TO_SAY)

    def take_forced(self) -> list[bool]:
        """`[4]`, in the order of ForcedToken: what rules have done since this was last asked."""
        done, self.forced = self.forced, set()
        return [token in done for token in ForcedToken]

    def advance(self, t: float) -> None:
        """What becomes due by `t` without a decision: an utterance ends, an answer comes and begins if it may, a
        lowered voice that nobody speaks over is raised."""
        if self.now and self.ends_s <= t:
            self.end(self.ends_s, "end")
        if self.now and self.ducked_s is not None and t - max(self.ducked_s, self._last_user_s) >= DUCK_LASTS_S:
            self._unduck(t)
        if self._reply_due_s is not None and self._reply_due_s <= t:
            self.reply, self._reply_due_s = self._bank.pick(self._rng, "reply"), None
            self._reply_since_s = t
            if self._may_begin(t, "reply"):
                self._begin(t, "reply", self.reply)

    def agenda(self, t: float) -> list[float]:
        """`[9]`, in the order of AGENDA_FIELDS."""
        offer, now = self.offer(t), self.now
        first = self.reply or (offer.clip if offer else None)
        values = {
            "waiting_offer": self.reply is None and offer is not None,
            "waiting_reply": self.reply is not None,
            "urgency": offer.urgency if offer and self.reply is None else 0.0,
            "waiting_s": len(first.facts.text) / CHARACTERS_PER_S if first else 0.0,
            "sounding": now is not None,
            "heard_s": max(0.0, t - now.start_s) + now.clip_start / RATE_HZ if now else 0.0,
            "remaining_s": max(0.0, self.ends_s - t) if now else 0.0,
            "ducked": self.ducked,
            "resumable": self.resumable,
        }
        return [float(values[name]) for name in AGENDA_FIELDS]

    def clocks(self, t: float) -> list[float]:
        """`[3]`, in the order of CLOCK_FIELDS."""
        since_own_s = 0.0 if self.now else t - self._last_own_s
        values = (t - self._last_user_s, t - self.last_key_s, since_own_s)
        assert len(values) == len(CLOCK_FIELDS)
        return [min(Clocks.CAP_S, value) for value in values]

    def notice(self, t: float, speech: bool, noise: bool, echo: bool) -> None:
        """Its own idea of whether somebody speaks, which comes back to it as a clock."""
        self._heard_speech = self._ears.hear(speech, noise, echo)
        if self._heard_speech and not self._ears.blind:
            self._last_user_s = t

    def act(self, label: labels.Label, moment: labels.Moment) -> None:
        """Does what this partner does at this moment, which is mostly what is right."""
        self.own = self._choose(label, moment)
        turn, user = moment.turn, label.user
        if self.own is Action.YIELD and turn is not None and turn.state is UserState.STOP_REQUEST:
            user = UserState.STOP_REQUEST
        asks = turn is not None and turn.answer
        forgets = user in (UserState.NOISE, UserState.STOP_REQUEST)
        self._carry_out(moment, user, hands_over=turn is not None, asks=asks, forgets=forgets)

    def follow(self, decision: Decision, moment: labels.Moment, heard: bool) -> None:
        """Does what an engine decided, as far as the floor's rules let it; nothing here knows what was right.

        `heard`: the ear has words since the last turn, so that there is something to be answered.
        """
        if self.reply is not None and moment.t - self._reply_since_s >= REPLY_LIVES_S:
            self.reply, self.asked = None, False
        self.own, self._heard_speech = decision.action, decision.speech
        if decision.speech:
            self._last_user_s = moment.t
        forgets = self._has_held_to_it(decision, moment.t)
        self._carry_out(moment, decision.user, hands_over=heard, asks=heard, forgets=forgets)

    def _has_held_to_it(self, decision: Decision, t: float) -> bool:
        """Whether the engine has found for long enough that what was said was not for it, to let the words go."""
        unwanted = decision.action is Action.SILENT and decision.user in _ENDS_NO_TURN and not decision.speech
        self._unwanted_s = (t if self._unwanted_s is None else self._unwanted_s) if unwanted else None
        return self._unwanted_s is not None and t - self._unwanted_s >= UNWANTED_LASTS_S

    def _carry_out(
        self, moment: labels.Moment, user: UserState | None, hands_over: bool, asks: bool, forgets: bool
    ) -> None:
        t, turn = moment.t, moment.turn
        match self.own:
            case Action.TAKE:
                self._take(t)
            case Action.DUCK | Action.KEEP | Action.YIELD if self.now:
                self._while_sounding(t, user)
            case Action.RESUME:
                self._resume(t)
            case Action.DELEGATE if hands_over and (self.now is None or self.now.kind == "hum" or self.ducked):
                if self.now and self.now.kind != "hum":
                    self._yield(t, stop=False)
                self._delegate(t, turn, asks)
            case Action.BACKCHANNEL if self.now is None:
                self._begin(t, "hum", self._bank.pick(self._rng, "hum"))
            case Action.SILENT if user is UserState.STOP_REQUEST:
                self._be_quiet(t)
                if forgets:
                    self.forgotten_s.append(t)
            case Action.SILENT if forgets and not self._heard_speech:
                self.forgotten_s.append(t)
            case Action.SILENT if user is UserState.QUIET and self._answer_is_due(t):
                self._take(t)
            case _:
                pass

    def _while_sounding(self, t: float, user: UserState | None) -> None:
        match self.own:
            case Action.DUCK if self.ducked_s is None:
                if self._heard_speech or t - self._last_duck_s >= DUCK_AGAIN_S:
                    self.ducked_s = self._last_duck_s = t
            case Action.DUCK if self._talked_over(t, user):
                self._yield(t, stop=False)
            case Action.KEEP if self._held_down(t):
                self._unduck(t)
            case Action.YIELD:
                self._yield(t, stop=user is UserState.STOP_REQUEST)
            case _:
                pass

    def end(self, t: float, cause: Literal["end", "speech", "key"]) -> None:
        """The present utterance ends."""
        assert self.now is not None
        self._unduck(t)
        self.now.end_s, self.now.ended_by = max(t, self.now.start_s), cause
        self._last_own_s = t
        self.now = None

    def _choose(self, label: labels.Label, moment: labels.Moment) -> Action:
        idle = Action.DEFER if moment.waiting else Action.SILENT
        if moment.sounding:
            idle = Action.DUCK if moment.ducked else Action.KEEP
        slip = self._slip(label, moment)
        if slip is not None:
            return slip
        wanted = label.action
        if wanted is None:
            return idle
        if wanted not in _CHOSEN:
            self._pending = None
            return wanted
        if self._pending is not wanted:
            self._pending, self._delay = wanted, self._hesitate(wanted)
        if self._delay > 0:
            self._delay -= 1
            return idle
        return wanted

    def _hesitate(self, wanted: Action) -> int:
        if wanted is Action.YIELD and self._habits.hesitation_slices and self._rng.random() < 0.5:
            # A partner that always yields at once teaches that whoever has not yielded was right not to.
            return int(self._rng.uniform(0.0, WAVERS_S) / SLICE_S)
        if wanted is Action.DELEGATE and self._habits.turn_delay:
            # People begin so early that a model would rarely see a turn that is over and still not answered, and
            # would take every longer silence for a pause.
            late = self._rng.random() < 0.5
            after_s = self._rng.uniform(0.0, LATEST_S) if late else self._timing.floor_transfer.draw(self._rng)
            return int(np.clip(after_s, 0.0, LATEST_S) / SLICE_S)
        return min(4, int(self._rng.poisson(self._habits.hesitation_slices)))

    def _slip(self, label: labels.Label, moment: labels.Moment) -> Action | None:
        """A wrong act, where one is likely."""
        if self._habits.slips == 0.0 or self._rng.random() >= 0.1 * self._habits.slips:
            return None
        turn = moment.turn
        if moment.sounding and not moment.ducked and label.action is Action.KEEP:
            return Action.DUCK if self._rng.random() < 0.2 else None
        if moment.ducked and label.action is Action.DUCK and (turn is None or turn.state is UserState.BACKCHANNEL):
            return Action.YIELD
        pausing = turn is not None and moment.t < turn.end_s and moment.since_speech_s > 0.3
        return Action.DELEGATE if pausing and not moment.sounding else None

    def _talked_over(self, t: float, user: UserState | None) -> bool:
        """Whether somebody goes on speaking over the lowered voice, and is not known to speak to others."""
        if self.now is None or self.ducked_s is None or user in _NOT_TO_US:
            return False
        return self._heard_speech and t - self.ducked_s >= OVERLAP_YIELDS_S

    def _held_down(self, t: float) -> bool:
        """Whether the voice has been lowered for so long that it may be raised: a wavering partner would flutter."""
        return self.ducked_s is not None and t - self.ducked_s >= DUCK_HOLDS_S

    def _answer_is_due(self, t: float) -> bool:
        since_s = max(self._last_user_s, self._reply_since_s, self._last_own_s)
        return self.reply is not None and t - since_s >= REPLY_WAITS_S

    def _may_begin(self, t: float, kind: PartnerKind) -> bool:
        if self.now or self._heard_speech:
            return False
        quiet_s = labels.QUIET_AFTER_KEY_S if kind == "offer" else labels.REPLY_AFTER_KEY_S
        return t - self.last_key_s >= quiet_s

    def _take(self, t: float) -> None:
        offer = self.offer(t)
        if self.reply is not None and self._may_begin(t, "reply"):
            self._begin(t, "reply", self.reply)
        elif offer is not None and self._may_begin(t, "offer"):
            self.offers.remove(offer)
            self._begin(t, "offer", offer.clip)

    def _begin(self, t: float, kind: PartnerKind, clip: Clip, clip_start: int = 0) -> None:
        start_s = t + float(self._rng.uniform(0.0, MOST_OUTPUT_DELAY_S))
        self.ends_s = start_s + (len(clip.samples) - clip_start) / RATE_HZ
        self.now = Sounded(kind, clip.facts.id, start_s, self.ends_s, clip_start)
        self.sounded.append(self.now)
        self.ducked_s, self._yielded = None, None
        if kind == "reply":
            self.asked, self.reply = False, None
        self._last_own_s = t

    def _unduck(self, t: float) -> None:
        if self.now and self.ducked_s is not None:
            self.now.ducks.append((self.ducked_s, t))
        self.ducked_s = None

    def _yield(self, t: float, stop: bool) -> None:
        self._yielded = None if stop else self.now
        self.end(t, "speech")
        if stop:
            self._be_quiet(t)

    def _resume(self, t: float) -> None:
        yielded = self._yielded
        if self.now:
            if self._held_down(t):
                self._unduck(t)
                self.forgotten_s.append(t)
        elif yielded is not None and self._may_begin(t, "reply"):
            heard = yielded.clip_start + int((yielded.end_s - yielded.start_s - BACK_S) * RATE_HZ)
            self._begin(t, yielded.kind, self._bank.clips[yielded.clip], max(0, heard))
            self.forgotten_s.append(t)

    def _delegate(self, t: float, turn: Turn | None, asks: bool) -> None:
        """The turn goes to whoever answers; an older answer is not wanted any more."""
        if turn is not None:
            turn.closed = t >= turn.end_s - NEARLY_S
        self.forgotten_s.append(t + 0.15)
        self.delegated_s.append(t)
        self.reply, self._yielded, self._reply_due_s = None, None, None
        self.asked = asks
        if asks:
            after_s = self._habits.reply_after_s
            drawn_s = float(np.clip(self._rng.lognormal(-0.3, 0.5), 0.25, 3.0)) if after_s is None else after_s
            self._reply_due_s = t + drawn_s

    def _be_quiet(self, t: float) -> None:
        self.reply = self._reply_due_s = self._yielded = None
        self.asked = False
        self.offers = [offer for offer in self.offers if offer.at_s > t]
