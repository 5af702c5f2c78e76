"""Where a scenario is played: time runs slice by slice, the user does what was planned, the partner reacts.

The partner follows the product's floor rules and the labels, more or less well: it hesitates, and some of its sessions
have slips (a duck for nothing, an answer into a pause). So its own past is sometimes wrong while the label is right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from duologue_model.slices import RATE_HZ, Clocks
from duologue_model.training import labels
from duologue_model.training.example import AGENDA_FIELDS, CLOCK_FIELDS, EDITOR_FIELDS, IGNORED
from duologue_model.training.floorlog import (
    SLICE_S,
    FloorLog,
    Key,
    Mark,
    Noise,
    NoiseKind,
    PartnerKind,
    Perceived,
    Said,
    Sounded,
    Turn,
    Who,
    Word,
)  # fmt: skip
from duologue_model.training.timing import Timing
from duologue_model.training.voices import Bank, Clip
from duologue_model.vocabulary import Action, UserState

ACTIONS, USERS = list(Action), list(UserState)
CHARACTERS_PER_S = 15.0
"""The product's estimate of how long a text lasts that is not synthesised yet."""
_CHOSEN = frozenset({Action.DUCK, Action.YIELD, Action.RESUME, Action.TAKE, Action.DELEGATE, Action.BACKCHANNEL})


@dataclass(frozen=True, slots=True)
class Habits:
    """How well the partner of this session does what it should."""

    hesitation_slices: float = 0.0
    """Mean delay of what it decides."""
    turn_delay: bool = False
    """Whether it takes the turn as late as people do."""
    slips: float = 0.0
    """Chance of a wrong act wherever one is likely."""


@dataclass(slots=True)
class _Offer:
    clip: Clip
    at_s: float
    urgency: float


@dataclass(slots=True)
class _Rows:
    """What was perceived and right, slice by slice."""

    editor: list[list[float]] = field(default_factory=list)
    agenda: list[list[float]] = field(default_factory=list)
    clocks: list[list[float]] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    action: list[int] = field(default_factory=list)
    user: list[int] = field(default_factory=list)
    turn_end: list[float] = field(default_factory=list)
    empty: list[bool] = field(default_factory=list)

    def arrays(self) -> Perceived:
        return Perceived(
            np.array(self.editor, np.float32), np.array(self.agenda, np.float32), np.array(self.clocks, np.float32),
            np.array(self.own, np.int64), np.array(self.action, np.int64), np.array(self.user, np.int64),
            np.array(self.turn_end, np.float32), np.array(self.empty, np.bool_),
        )  # fmt: skip


class Stage:
    """One session while it is made. `say`, `type`, `offer` … plan; `wait` and `until` let time run."""

    def __init__(self, bank: Bank, rng: Generator, timing: Timing, habits: Habits, scenario: str, name: str) -> None:
        self.bank, self.rng, self.timing, self._habits = bank, rng, timing, habits
        self._name, self._scenario = name, scenario
        speakers = bank.speakers("turn")
        self.speaker = speakers[int(rng.integers(len(speakers)))]
        self.speed = float(rng.uniform(0.88, 1.14))
        self.human_share = float(rng.choice([0.0, 0.3, 0.7]))
        self._echo_db = float(rng.uniform(-40.0, 0.0)) if rng.random() < 0.8 else -90.0
        self._slice = 0
        self._turns: list[Turn] = []
        self._keys: list[Key] = []
        self._marks: list[Mark] = []
        self._noises: list[Noise] = []
        self._sounded: list[Sounded] = []
        self._forgotten: list[float] = []
        self._offers: list[_Offer] = []
        self._now: Sounded | None = None
        self._full_end_s = 0.0
        self._ducked_s: float | None = None
        self._yielded: Sounded | None = None
        self._asked = False
        self._reply: Clip | None = None
        self._reply_due_s: float | None = None
        self._state = {"focused": 1, "statement_complete": 1}
        self._last_key_s = self._last_user_s = self._last_own_s = self._last_speech_s = -60.0
        self._heard_speech = False
        self._own = Action.SILENT
        self._pending: Action | None = None
        self._delay = 0
        self._rows = _Rows()

    @property
    def t(self) -> float:
        """Now, seconds."""
        return self._slice * SLICE_S

    @property
    def sounding_s(self) -> float:
        """How long the partner has been speaking; 0 while it is silent."""
        return self.t - self._now.start_s if self._now and self._now.kind != "hum" else 0.0

    @property
    def left_s(self) -> float:
        """How much the partner still has to say."""
        return self._full_end_s - self.t if self._now else 0.0

    @property
    def waiting(self) -> bool:
        return bool(self._reply or self._due_offer())

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
        self.until(lambda: not (self._open_turn(self.t) or self._now or self._asked), limit_s)

    def say(
        self,
        kind: str,
        state: UserState = UserState.SPEAKING_TO_PARTNER,
        delay_s: float = 0.0,
        answer: bool = True,
        who: Who = "user",
        gain_db: float = 0.0,
    ) -> Turn:
        """Plans a turn: a clip of the kind, with pauses put in at its breaks."""
        if who == "user":
            clip = self.bank.pick(self.rng, kind, self.speaker, self.human_share)
        else:
            clip = self.bank.pick(self.rng, kind)
        speed = self.speed if clip.facts.engine != "human" else 1.0
        parts = self._parts(clip, self.t + delay_s, speed, most_s=8.0 if who == "other" else 12.0)
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
        decide_s = float(self.rng.uniform(0.3, 0.38))
        turn = Turn(who, state, parts, answer, decide_s, gain_db, frozenset(humming))
        self._turns.append(turn)
        return turn

    def type(self, seconds: float, delay_s: float = 0.0, complete: bool = True, elsewhere: bool = False) -> None:
        """Plans a burst of keys; meanwhile, and after it if not `complete`, the statement at the cursor is unfinished."""
        at_s, end_s = self.t + delay_s, self.t + delay_s + seconds
        pace_s = float(self.rng.uniform(0.1, 0.22))
        if not elsewhere:
            self._marks.append(Mark(at_s, "statement_complete", 0))
            self._marks.append(Mark(end_s + 0.05, "statement_complete", int(complete)))
        while at_s < end_s:
            self._keys.append(Key(at_s, elsewhere))
            at_s += pace_s * float(self.rng.lognormal(0.0, 0.45))
        self._keys.sort(key=lambda key: key.at_s)

    def mark(self, name: str, value: int = 1, delay_s: float = 0.0) -> None:
        """Plans an event of the editor."""
        self._marks.append(Mark(self.t + delay_s, name, value))

    def noise(self, kind: NoiseKind, delay_s: float = 0.0) -> None:
        """Plans a sound that is not speech."""
        start_s = self.t + delay_s
        length_s = {"cough": 0.45, "knock": 0.25, "click": 0.1, "chair": 0.6}[kind] * float(self.rng.uniform(0.7, 1.3))
        self._noises.append(Noise(start_s, start_s + length_s, kind, float(self.rng.uniform(-12.0, 3.0))))

    def offer(self, urgency: float, delay_s: float = 0.0) -> None:
        """Plans something unprompted to say."""
        self._offers.append(_Offer(self.bank.pick(self.rng, "offer"), self.t + delay_s, urgency))

    def withdraw(self) -> None:
        """What waits unprompted is let go."""
        self._offers.clear()

    def log(self) -> FloorLog:
        """The session so far, whole."""
        end_s = self.t
        if self._now:
            self._end_sound(end_s, "end")
        return FloorLog(
            self._name, self._scenario, self.speaker, self._slice, tuple(t for t in self._turns if t.start_s < end_s),
            tuple(k for k in self._keys if k.at_s < end_s), tuple(sorted(self._marks, key=lambda mark: mark.at_s)),
            tuple(n for n in self._noises if n.start_s < end_s), tuple(self._sounded), tuple(self._forgotten),
            self._echo_db, self._rows.arrays(),
        )  # fmt: skip

    def _parts(self, clip: Clip, start_s: float, speed: float, most_s: float) -> tuple[Said, ...]:
        """The clip, cut at its breaks, with pauses between; of a long recording only its end, from a break on."""
        breaks = [b for b in clip.facts.breaks if 800 < b < len(clip.samples) - 800]
        first = 0
        if clip.seconds > most_s:
            first = next((b for b in breaks if len(clip.samples) - b < most_s * RATE_HZ), 0)
            first = first or int(len(clip.samples) - most_s * RATE_HZ)
        edges = [first]
        edges += [b for b, before in zip(breaks, [0, *breaks], strict=False) if b > first and b - before > 800]
        edges.append(len(clip.samples))
        words = clip.facts.text.split() if not first else []
        letters = max(1, sum(map(len, words)))
        parts: list[Said] = []
        at_s, said, used = start_s, 0, 0
        for begin, end in pairwise(edges):
            length_s = (end - begin) / RATE_HZ / speed
            until_letter = letters * (end - first) / (edges[-1] - first)
            timed: list[Word] = []
            from_letter = said
            while used < len(words) and (said + len(words[used]) / 2 <= until_letter or end == edges[-1]):
                said += len(words[used])
                timed.append(Word(0.0, float(said - from_letter), words[used]))
                used += 1
            scale = length_s / max(1, said - from_letter)
            starts = [at_s, *(at_s + word.end_s * scale for word in timed)]
            spans = tuple(Word(s, e, w.text) for s, e, w in zip(starts, starts[1:], timed, strict=False))
            parts.append(Said(at_s, at_s + length_s, clip.facts.id, begin, end, speed, spans))
            at_s += length_s + min(2.2, self.timing.pause.draw(self.rng))
        return tuple(parts)

    def _open_turn(self, t: float) -> Turn | None:
        begun = [turn for turn in self._turns if turn.who == "user" and turn.start_s <= t and not turn.closed]
        return begun[-1] if begun else None

    def _due_offer(self) -> _Offer | None:
        due = [offer for offer in self._offers if offer.at_s <= self.t + SLICE_S]
        return max(due, key=lambda offer: offer.urgency) if due else None

    def _step(self) -> None:
        """One slice: what happens in it, what is perceived at its end, what is right, what the partner does."""
        start_s, t = self.t, self.t + SLICE_S
        editor = self._fingers(start_s, t)
        if self._now and self._full_end_s <= t:
            self._end_sound(self._full_end_s, "end")
        if self._reply_due_s is not None and self._reply_due_s <= t:
            self._reply, self._reply_due_s = self.bank.pick(self.rng, "reply"), None
            if self._may_begin(t, "reply"):
                self._begin(t, "reply", self._reply)
                self._reply = None
        moment = self._moment(start_s, t)
        label = labels.judge(moment)
        rows = self._rows
        rows.editor.append(editor)
        rows.agenda.append(self._agenda(t))
        cap_s = Clocks.CAP_S
        since_own_s = 0.0 if self._now else t - self._last_own_s
        clocks = (t - self._last_user_s, t - self._last_key_s, since_own_s)
        assert len(clocks) == len(CLOCK_FIELDS)
        rows.clocks.append([min(cap_s, since_s) for since_s in clocks])
        rows.own.append(ACTIONS.index(self._own))
        rows.action.append(IGNORED if label.action is None else ACTIONS.index(label.action))
        rows.user.append(IGNORED if label.user is None else USERS.index(label.user))
        rows.turn_end.append(moment.turn.end_s - t if moment.turn else np.nan)
        quiet = moment.since_key_s >= labels.TYPING_S and moment.since_speech_s > 0 and not moment.noise
        rows.empty.append(quiet and not (moment.sounding or moment.turn or moment.waiting))
        self._notice(start_s, t)
        self._own = self._behave(label, moment)
        self._carry_out(self._own, label, moment)
        self._close_turns(t)
        self._slice += 1

    def _fingers(self, start_s: float, t: float) -> list[float]:
        """The editor's fields of the slice; a key stops the partner by rule."""
        counts = dict.fromkeys(EDITOR_FIELDS, 0)
        for mark in self._marks:
            if start_s <= mark.at_s < t:
                if mark.name in self._state:
                    self._state[mark.name] = mark.value
                else:
                    counts[mark.name] += mark.value
        pressed = [key.at_s for key in self._keys if start_s <= key.at_s < t and not key.elsewhere]
        if pressed:
            self._last_key_s, self._yielded = pressed[-1], None
            if self._now:
                self._end_sound(min(pressed[0] + 0.01, self._full_end_s), "key")
        counts.update(self._state, keys=len(pressed))
        return [float(counts[name]) for name in EDITOR_FIELDS]

    def _agenda(self, t: float) -> list[float]:
        offer, now = self._due_offer(), self._now
        first = self._reply or (offer.clip if offer else None)
        values = {
            "waiting_offer": self._reply is None and offer is not None,
            "waiting_reply": self._reply is not None,
            "urgency": offer.urgency if offer and self._reply is None else 0.0,
            "waiting_s": len(first.facts.text) / CHARACTERS_PER_S if first else 0.0,
            "sounding": now is not None,
            "heard_s": t - now.start_s + now.clip_start / RATE_HZ if now else 0.0,
            "remaining_s": max(0.0, self._full_end_s - t) if now else 0.0,
            "ducked": self._ducked_s is not None,
            "resumable": self._yielded is not None and now is None,
        }
        return [float(values[name]) for name in AGENDA_FIELDS]

    def _moment(self, start_s: float, t: float) -> labels.Moment:
        """The truth at the end of the slice."""
        spoken = [part for turn in self._turns for part in turn.parts if part.start_s < t]
        self._last_speech_s = max((min(part.end_s, t) for part in spoken), default=-60.0)
        keys_ahead = [key.at_s - t for key in self._keys if key.at_s >= t and not key.elsewhere]
        speech_ahead = [part.start_s - t for turn in self._turns for part in turn.parts if part.start_s >= t]
        offer, now = self._due_offer(), self._now
        return labels.Moment(
            t=t,
            turn=self._open_turn(t),
            other=next((o for o in self._turns if o.who == "other" and o.start_s < t < o.end_s + 0.5), None),
            noise=next((n for n in self._noises if n.start_s < t < n.end_s + 0.5), None),
            sounding=now.kind if now else None,
            sounding_since_s=now.start_s if now else 0.0,
            ducked=self._ducked_s is not None,
            resumable=self._yielded is not None and now is None,
            asked=self._asked,
            reply=self._reply is not None,
            offer=offer is not None,
            urgency=offer.urgency if offer else 0.0,
            since_key_s=t - self._last_key_s,
            since_speech_s=t - self._last_speech_s,
            until_next_s=min([*keys_ahead, *speech_ahead], default=60.0),
            complete=bool(self._state["statement_complete"]),
            focused=bool(self._state["focused"]),
            echo=self._echo_db > -30.0,
        )

    def _notice(self, start_s: float, t: float) -> None:
        """The engine's own idea of whether somebody speaks: late, deaf to what is faint, now and then wrong."""
        loud = [part for turn in self._turns if turn.gain_db > -18.0 for part in turn.parts]
        speech = any(part.sounds(start_s, t - 0.03) for part in loud)
        if not speech and any(noise.start_s < t and noise.end_s > start_s for noise in self._noises):
            speech = bool(self.rng.random() < 0.3)
        self._heard_speech = speech and bool(self.rng.random() > 0.02)
        if self._heard_speech:
            self._last_user_s = t

    def _behave(self, label: labels.Label, moment: labels.Moment) -> Action:
        """What this partner does: the right thing after some hesitation, sometimes a likely wrong one."""
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
        if wanted is Action.DELEGATE and self._habits.turn_delay:
            return int(np.clip(self.timing.floor_transfer.draw(self.rng), 0.0, 1.2) / SLICE_S)
        return min(4, int(self.rng.poisson(self._habits.hesitation_slices)))

    def _slip(self, label: labels.Label, moment: labels.Moment) -> Action | None:
        """A wrong act, where one is likely."""
        chance = self._habits.slips * float(self.rng.random() < 0.1)
        if chance == 0.0 or self.rng.random() >= chance:
            return None
        turn = moment.turn
        if moment.sounding and not moment.ducked and label.action is Action.KEEP:
            return Action.DUCK
        if moment.ducked and label.action is Action.DUCK and (turn is None or turn.state is UserState.BACKCHANNEL):
            return Action.YIELD
        pausing = turn is not None and moment.t < turn.end_s and moment.since_speech_s > 0.3
        return Action.DELEGATE if pausing and not moment.sounding else None

    def _carry_out(self, action: Action, label: labels.Label, moment: labels.Moment) -> None:
        """The product's floor rules."""
        t = moment.t
        match action:
            case Action.TAKE:
                self._take(t)
            case Action.DUCK if self._now and self._ducked_s is None:
                self._ducked_s = t
            case Action.KEEP if self._now:
                self._unduck(t)
            case Action.YIELD if self._now:
                stop = moment.turn is not None and moment.turn.state is UserState.STOP_REQUEST
                self._yielded = None if stop else self._now
                self._end_sound(t, "speech")
                if stop:
                    self._be_quiet()
            case Action.RESUME:
                self._resume(t)
            case Action.DELEGATE if self._now is None:
                self._delegate(t)
            case Action.BACKCHANNEL if self._now is None:
                self._begin(t, "hum", self.bank.pick(self.rng, "hum"))
            case Action.SILENT if label.user is UserState.STOP_REQUEST:
                self._be_quiet()
                self._forgotten.append(t)
            case Action.SILENT if label.user is UserState.NOISE and not self._heard_speech:
                self._forgotten.append(t)
            case _:
                pass

    def _may_begin(self, t: float, kind: PartnerKind) -> bool:
        if self._now or self._heard_speech:
            return False
        quiet_s = labels.QUIET_AFTER_KEY_S if kind == "offer" else labels.REPLY_AFTER_KEY_S
        return t - self._last_key_s >= quiet_s

    def _take(self, t: float) -> None:
        offer = self._due_offer()
        if self._reply is not None and self._may_begin(t, "reply"):
            self._begin(t, "reply", self._reply)
            self._reply = None
        elif offer is not None and self._may_begin(t, "offer"):
            self._begin(t, "offer", offer.clip)
            self._offers.remove(offer)

    def _begin(self, t: float, kind: PartnerKind, clip: Clip, clip_start: int = 0) -> None:
        length_s = (len(clip.samples) - clip_start) / RATE_HZ
        self._now = Sounded(kind, clip.facts.id, t, t + length_s, clip_start)
        self._full_end_s = t + length_s
        self._sounded.append(self._now)
        self._ducked_s, self._yielded = None, None
        self._asked = self._asked and kind != "reply"
        self._last_own_s = t

    def _end_sound(self, t: float, cause: str) -> None:
        assert self._now is not None
        self._unduck(t)
        self._now.end_s, self._last_own_s = t, t
        self._now.ended_by = "speech" if cause == "speech" else "key" if cause == "key" else "end"
        self._now = None

    def _unduck(self, t: float) -> None:
        if self._now and self._ducked_s is not None:
            self._now.ducks.append((self._ducked_s, t))
        self._ducked_s = None

    def _resume(self, t: float) -> None:
        yielded = self._yielded
        if self._now:
            self._unduck(t)
            self._forgotten.append(t)
        elif yielded is not None and self._may_begin(t, "reply"):
            heard = yielded.clip_start + int((yielded.end_s - yielded.start_s) * RATE_HZ)
            self._begin(t, yielded.kind, self.bank.clips[yielded.clip], max(0, heard - RATE_HZ // 5))
            self._forgotten.append(t)

    def _delegate(self, t: float) -> None:
        """The turn goes to whoever answers; an older answer is not wanted any more."""
        turn = self._open_turn(t)
        if turn is None:
            return
        turn.closed = t >= turn.end_s
        self._forgotten.append(t + 0.15)
        self._reply, self._yielded = None, None
        self._asked = turn.answer
        self._reply_due_s = t + float(np.clip(self.rng.lognormal(-0.3, 0.5), 0.25, 3.0)) if turn.answer else None

    def _be_quiet(self) -> None:
        self._reply = self._reply_due_s = self._yielded = None
        self._asked = False
        self._offers = [offer for offer in self._offers if offer.at_s > self.t]

    def _close_turns(self, t: float) -> None:
        """What asked for no answer is over when it ends; an older turn is when a newer one begins."""
        begun = [turn for turn in self._turns if turn.who == "user" and turn.start_s <= t]
        for turn in begun:
            linger_s = labels.STOP_SHOWN_S if turn.state is UserState.STOP_REQUEST else 0.16
            over = not turn.answer and t >= turn.end_s + linger_s
            stopped = over and not (turn.state is UserState.STOP_REQUEST and self._now)
            turn.closed = turn.closed or stopped or turn is not begun[-1]
