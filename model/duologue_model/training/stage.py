"""Where a scenario is played: time runs slice by slice, the user does what was planned, the partner reacts."""

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from duologue_model.training import labels
from duologue_model.training.delivery import Delivery, parts_of
from duologue_model.training.example import EDITOR_FIELDS, IGNORED
from duologue_model.training.floorlog import (
    SLICE_S,
    FloorLog,
    Key,
    Mark,
    Noise,
    NoiseKind,
    Said,
    Sounded,
    Turn,
    Who,
)  # fmt: skip
from duologue_model.training.partner import Habits, Offer, Partner
from duologue_model.training.seen import Mind, Rows, Seen
from duologue_model.training.timing import Timing
from duologue_model.training.voices import Bank
from duologue_model.vocabulary import Action, ForcedToken, UserState

ACTIONS, USERS = list(Action), list(UserState)
SHORTEST_WORD_S = 0.1
PUSH_TO_TALK = 0.05
"""Share of the sessions in which the user holds a key to speak."""
_HELD = frozenset({UserState.SPEAKING_TO_PARTNER, UserState.CLARIFICATION, UserState.STOP_REQUEST})
FAR_DB = -18.0
"""Speech that is fainter against the user's is in the background."""
TALK_INSTEAD_S = {
    "turn": (1.2, 7.0), "pausing": (4.0, 12.0), "account": (6.0, 15.0), "question": (1.0, 4.0),
    "correction": (1.0, 4.0), "redirection": (1.0, 4.0),
}  # fmt: skip
"""What a person who reads aloud may say just as well, and for how long: only the end of a clip is the end of a turn."""
DECIDED_S = (0.24, 0.36)
"""So long after the onset of speech over the partner it can be known whether it wants the floor. People stop after
0.34 s in the median (Switchboard)."""
PEOPLES_KINDS = frozenset({"stop", "answer", "backchannel"})


class Stage:
    """One session while it is made. `say`, `type`, `offer` … plan; `wait` and `until` let time run."""

    def __init__(
        self,
        bank: Bank,
        rng: Generator,
        timing: Timing,
        habits: Habits,
        scenario: str,
        name: str,
        mind: Mind | None = None,
    ) -> None:
        self.bank, self.rng, self.timing = bank, rng, timing
        self._name, self._scenario = name, scenario
        speakers = bank.speakers("turn")
        self.speaker = speakers[int(rng.integers(len(speakers)))]
        self.speed = float(rng.uniform(0.88, 1.14))
        self.human_share = float(rng.choice([0.2, 0.7, 1.0])) if bank.has("talk") else 0.5
        self._mind = mind
        self.echo_db = float(rng.uniform(-40.0, 0.0)) if rng.random() < 0.8 else -90.0
        self._slice = 0
        self.turns: list[Turn] = []
        """In the order in which they were planned."""
        self.keys: list[Key] = []
        """In the order of their times."""
        self._marks: list[Mark] = []
        self.noises: list[Noise] = []
        self._offered_s: list[float] = []
        self._state = {"focused": 1, "statement_complete": 1}
        self._partner = Partner(bank, rng, timing, habits)
        self._rows = Rows()
        self._push_to_talk = bool(rng.random() < PUSH_TO_TALK)
        self._held: list[tuple[float, float]] = []
        """From when to when the key of push-to-talk is held."""
        self._controls: list[tuple[float, ForcedToken]] = []
        self._lost: list[tuple[float, float]] = []
        """From when to when there is no sound device."""

    @property
    def t(self) -> float:
        """Now, seconds."""
        return self._slice * SLICE_S

    @property
    def sounded(self) -> list[Sounded]:
        """What the partner has said and says, the latest last; what goes on has the end that is planned."""
        return self._partner.sounded

    @property
    def ducked_s(self) -> float | None:
        """Since when the partner has lowered its voice."""
        return self._partner.ducked_s

    def heard_from_s(self, t: float = math.inf) -> float:
        """Where the user's present turn begins for the ear, as far as that is known at `t`."""
        # One a slice at most, and none lies two slices ahead: the last few are enough.
        return max((from_s for from_s in self._partner.forgotten_s[-4:] if from_s <= t), default=-1.0)

    @property
    def sounding_s(self) -> float:
        """How long the partner has been speaking; 0 while it is silent."""
        now = self._partner.now
        return self.t - now.start_s if now and now.kind != "hum" else 0.0

    @property
    def left_s(self) -> float:
        """How much the partner still has to say."""
        return self._partner.ends_s - self.t if self._partner.now else 0.0

    def wait(self, seconds: float) -> None:
        """Lets time run."""
        for _ in range(max(1, round(seconds / SLICE_S))):
            self._step()

    def until(self, reached: Callable[[], bool], limit_s: float) -> bool:
        """Lets time run until something is true; False if it was not within the limit."""
        end_s = self.t + limit_s
        while not reached() and self.t < end_s:
            self._step()
        return reached()

    def hear_out(self, limit_s: float = 15.0) -> None:
        """Lets time run until the turn is answered or closed and the partner is done."""
        self.until(lambda: not (self._planned_turn() or self._partner.now or self._partner.asked), limit_s)

    def say(
        self,
        kind: str,
        state: UserState = UserState.SPEAKING_TO_PARTNER,
        delay_s: float = 0.0,
        answer: bool = True,
        who: Who = "user",
        gain_db: float = 0.0,
    ) -> Turn:
        """Plans a turn: a clip of the kind, or a recording that may stand for it, with pauses at its breaks."""
        least_s, most_s = 1.0, 8.0 if who == "other" else 12.0
        if who == "user" and kind in TALK_INSTEAD_S and self.bank.has("talk") and self.rng.random() < self.human_share:
            least_s, most_s = TALK_INSTEAD_S[kind]
            kind = "talk"
        share = self.human_share if kind in PEOPLES_KINDS else 0.0
        clip = self.bank.pick(self.rng, kind, self.speaker if who == "user" else None, share)
        # A recording that is played faster is a higher voice as well: it bears less of that.
        speed = self.speed ** (0.6 if clip.facts.engine == "human" else 1.0) if who == "user" else 1.0
        back_s = max((to_s + SLICE_S for _, to_s in self._lost), default=0.0)
        parts = parts_of(
            clip, max(self._anywhere(delay_s), back_s), speed, least_s, most_s, Delivery(self.rng, self.timing)
        )
        spoken_s, humming = 0.0, set()
        for index, part in enumerate(parts[:-1]):
            spoken_s += part.end_s - part.start_s
            if (
                spoken_s > 3.5
                and parts[index + 1].start_s - part.end_s > 0.6
                and state is UserState.SPEAKING_TO_PARTNER
            ):
                humming.add(index)
                spoken_s = 0.0
        decide_s = float(self.rng.uniform(*DECIDED_S))
        turn = Turn(who, state, parts, answer, decide_s, gain_db, frozenset(humming))
        if self._push_to_talk:
            self._hold(turn)
        self.turns.append(turn)
        return turn

    def type(self, seconds: float, delay_s: float = 0.0, complete: bool = True, elsewhere: bool = False) -> None:
        """Plans a burst of keys; meanwhile, and after it if not `complete`, the statement is unfinished."""
        at_s = self._anywhere(delay_s)
        end_s = at_s + seconds
        pace_s = float(self.rng.uniform(0.1, 0.22))
        if not elsewhere:
            self._marks.append(Mark(at_s, "statement_complete", 0))
            self._marks.append(Mark(end_s + 0.05, "statement_complete", int(complete)))
        while at_s < end_s:
            self.keys.append(Key(at_s, elsewhere))
            at_s += pace_s * float(self.rng.lognormal(0.0, 0.45))
        self.keys.sort(key=lambda key: key.at_s)

    def mark(self, name: str, value: int = 1, delay_s: float = 0.0) -> None:
        """Plans an event of the editor."""
        self._marks.append(Mark(self.t + delay_s, name, value))

    def control(self, delay_s: float = 0.0, token: ForcedToken = ForcedToken.YIELDED_TO_CONTROL) -> None:
        """Plans a command of the user that stops the partner, or that the sound device is lost for a while."""
        at_s = self._anywhere(delay_s)
        self._controls.append((at_s, token))
        if token is ForcedToken.LOST_DEVICE:
            self._lost.append((at_s, at_s + float(self.rng.uniform(0.5, 3.0))))

    def begin_to_say(self) -> None:
        """The partner says something by rule, unless it is speaking."""
        self._partner.begin_to_say(self.t)

    def noise(self, kind: NoiseKind, delay_s: float = 0.0) -> None:
        """Plans a sound that is not speech."""
        start_s = self._anywhere(delay_s)
        length_s = {"cough": 0.45, "knock": 0.25, "click": 0.1, "chair": 0.6}[kind] * float(self.rng.uniform(0.7, 1.3))
        self.noises.append(Noise(start_s, start_s + length_s, kind, float(self.rng.uniform(-12.0, 3.0))))

    def offer(self, urgency: float, delay_s: float = 0.0) -> None:
        """Plans something unprompted to say."""
        self._partner.offers.append(Offer(self.bank.pick(self.rng, "offer"), self.t + delay_s, urgency))
        self._offered_s.append(self.t + delay_s)

    def withdraw(self) -> None:
        """What waits unprompted is let go."""
        self._partner.offers.clear()
        self._offered_s = [at_s for at_s in self._offered_s if at_s <= self.t]

    def log(self) -> FloorLog:
        """The session so far, whole."""
        end_s = self.t
        if self._partner.now:
            self._partner.end(min(end_s, self._partner.ends_s), "end")
        return FloorLog(
            self._name, self._scenario, self.speaker, self._slice, tuple(t for t in self.turns if t.start_s < end_s),
            tuple(k for k in self.keys if k.at_s < end_s), tuple(sorted(self._marks, key=lambda mark: mark.at_s)),
            tuple(n for n in self.noises if n.start_s < end_s), tuple(self._partner.sounded),
            tuple(self._partner.forgotten_s), self.echo_db, self._rows.arrays(), tuple(self._partner.delegated_s),
            tuple(sorted(at_s for at_s in self._offered_s if at_s < end_s)),
        )  # fmt: skip

    def _hold(self, turn: Turn) -> None:
        """The microphone is open while the user speaks to the partner, from a little before to a little after."""
        if turn.who == "other" or turn.state not in _HELD:
            turn.gain_db = -120.0
            return
        rng = self.rng
        # The hand is faster than the mouth, and sometimes too fast.
        from_s = max(self.t, turn.start_s - float(rng.uniform(0.0, 0.5)))
        turn.released_s = turn.end_s + float(rng.uniform(0.04, 0.6))
        self._held.append((from_s, turn.released_s))
        self._controls.append((from_s, ForcedToken.YIELDED_TO_CONTROL))

    def _hears(self, t: float) -> bool:
        """Whether the microphone is open in the slice that ends at `t`."""
        start_s = t - SLICE_S
        if any(from_s < t and to_s > start_s for from_s, to_s in self._lost):
            return False
        return not self._push_to_talk or any(from_s < t and to_s > start_s for from_s, to_s in self._held)

    def _anywhere(self, delay_s: float) -> float:
        """A time from now, not on the edge of a slice: nobody speaks or types by our clock."""
        return self.t + delay_s + float(self.rng.uniform(0.0, SLICE_S))

    def _planned_turn(self) -> bool:
        """Whether a turn of the user goes on or is still to come."""
        return any(turn.who == "user" and not turn.closed for turn in self.turns)

    def _loud(self) -> list[Said]:
        """All speech but what is so far off that nobody would wait for it."""
        return [part for turn in self.turns if turn.gain_db > FAR_DB for part in turn.parts]

    def _open_turn(self, t: float) -> Turn | None:
        begun = [turn for turn in self.turns if turn.who == "user" and turn.start_s <= t and not turn.closed]
        return begun[-1] if begun and begun[-1].gain_db > FAR_DB else None

    def _step(self) -> None:
        """One slice: what happens in it, what is perceived at its end, what is right, what the partner does."""
        start_s, t, partner = self.t, self.t + SLICE_S, self._partner
        editor = self._fingers(start_s, t)
        partner.advance(t)
        for at_s, token in self._controls:
            if start_s <= at_s < t:
                partner.control(at_s, token)
        moment = self._moment(t)
        label = labels.judge(moment)
        rows = self._rows
        end_of_turn = any(start_s <= to_s < t for _, to_s in self._held)
        seen = Seen(
            start_s, t, editor, partner.agenda(t), partner.clocks(t), partner.own, partner.take_forced(), end_of_turn,
            moment.hearing, label,
        )  # fmt: skip
        rows.editor.append(editor)
        rows.agenda.append(seen.agenda)
        rows.clocks.append(seen.clocks)
        rows.own.append(ACTIONS.index(partner.own))
        rows.action.append(IGNORED if label.action is None else ACTIONS.index(label.action))
        rows.user.append(IGNORED if label.user is None else USERS.index(label.user))
        rows.turn_end.append(moment.turn.end_s - t if moment.turn else np.nan)
        quiet = moment.since_key_s >= labels.TYPING_S and moment.since_speech_s > 0 and not moment.noise
        rows.empty.append(quiet and not (moment.sounding or moment.turn or moment.waiting))
        rows.forced.append(seen.forced)
        rows.end_of_turn.append(end_of_turn)
        rows.microphone_open.append(moment.hearing)
        if self._mind is None:
            speech = any(part.sounds(start_s, t - 0.03) for part in self._loud())
            noise = any(noise.start_s < t and noise.end_s > start_s for noise in self.noises)
            partner.notice(t, speech, noise, moment.sounding is not None and moment.echo)
            partner.act(label, moment)
        else:
            partner.follow(self._mind.decide(self, seen), moment, self._has_heard(t))
        self._close_turns(t)
        self._slice += 1

    def _has_heard(self, t: float) -> bool:
        """Whether the ear has anything of the user's present turn, so that there would be words to hand over."""
        from_s, until_s = self.heard_from_s() + SHORTEST_WORD_S, t - SHORTEST_WORD_S
        return any(part.end_s > from_s and part.start_s < until_s for part in self._loud())

    def _fingers(self, start_s: float, t: float) -> list[float]:
        """The editor's fields of the slice; a key stops the partner by rule."""
        counts = dict.fromkeys(EDITOR_FIELDS, 0)
        for mark in self._marks:
            if start_s <= mark.at_s < t:
                if mark.name in self._state:
                    self._state[mark.name] = mark.value
                else:
                    counts[mark.name] += mark.value
        pressed = [key.at_s for key in self.keys if start_s <= key.at_s < t and not key.elsewhere]
        if pressed:
            self._partner.press(pressed[0], pressed[-1])
        counts.update(self._state, keys=len(pressed))
        return [float(counts[name]) for name in EDITOR_FIELDS]

    def _moment(self, t: float) -> labels.Moment:
        """The truth at the end of the slice."""
        loud = self._loud()
        last_speech_s = max((min(part.end_s, t) for part in loud if part.start_s < t), default=-60.0)
        keys_ahead = [key.at_s - t for key in self.keys if key.at_s >= t and not key.elsewhere]
        speech_ahead = [part.start_s - t for part in loud if part.start_s >= t]
        partner = self._partner
        offer, now = partner.offer(t), partner.now
        hearing = self._hears(t)
        others = [turn for turn in self.turns if turn.who == "other"] if hearing else []
        turn = self._open_turn(t)
        return labels.Moment(
            t=t,
            turn=turn,
            other=next((o for o in others if o.start_s < t < o.end_s + 0.5), None),
            noise=next((n for n in self.noises if hearing and n.start_s < t < n.end_s + 0.5), None),
            sounding=now.kind if now else None,
            sounding_since_s=now.start_s if now else 0.0,
            ducked=partner.ducked,
            resumable=partner.resumable and not self._told_to_stop(t),
            asked=partner.asked,
            reply=partner.reply is not None and not self._told_to_stop(t),
            offer=offer is not None,
            urgency=offer.urgency if offer else 0.0,
            since_key_s=t - partner.last_key_s,
            since_speech_s=t - last_speech_s,
            until_next_s=min([*keys_ahead, *speech_ahead], default=60.0),
            complete=bool(self._state["statement_complete"]),
            focused=bool(self._state["focused"]),
            echo=self.echo_db > -30.0,
            hearing=hearing,
            words=turn is None or self.heard_from_s(t) < turn.end_s - SHORTEST_WORD_S,
        )

    def _told_to_stop(self, t: float) -> bool:
        """Whether the last that the user said was that the partner should be quiet, understood or not."""
        begun = [turn for turn in self.turns if turn.who == "user" and turn.start_s <= t]
        return bool(begun) and begun[-1].state is UserState.STOP_REQUEST

    def _close_turns(self, t: float) -> None:
        """What asked for no answer is over when it ends; an older turn is when a newer one begins."""
        begun = [turn for turn in self.turns if turn.who == "user" and turn.start_s <= t]
        for turn in begun:
            linger_s = labels.STOP_SHOWN_S if turn.state is UserState.STOP_REQUEST else 0.16
            over = not turn.answer and t >= turn.end_s + linger_s
            stopped = over and not (turn.state is UserState.STOP_REQUEST and self._partner.now)
            turn.closed = turn.closed or stopped or turn is not begun[-1]
