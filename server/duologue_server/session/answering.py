"""Answers of a language model: begun on a guess where that costs nothing, passed on once they are asked for.

Whoever has to wait for the first word is told so in a few words, as a person would, and in the same utterance: there
are never two voices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from duologue_server.suggest.endpoint import AnswerStream
from duologue_server.trace.clock import Clock, Job

ACKNOWLEDGED_BY_S = 0.3
"""So long after the end of a turn without a word of its answer, a short one is said first."""
ACKNOWLEDGEMENTS = ("Let me see.", "One moment.", "Let me look.")


class Question(NamedTuple):
    """What a language model is asked: the user's words, and what had been heard of what they broke off."""

    text: str
    interrupted: str | None


@dataclass(eq=False, slots=True)
class _Answer:
    """One request. `turn` is None while nobody has asked."""

    question: Question
    stream: AnswerStream
    turn: int | None = None
    pieces: list[str] = field(default_factory=list)
    ended: bool = False
    error: Exception | None = None
    job: Job | None = None


class Answering:
    """All methods belong to the session's thread.

    `piece(turn, text)` comes for every piece of an answer that was asked for, `done(turn, error)` once at its end, and
    `likely(question, text)` with what is known of an answer that nobody has asked for yet.
    """

    def __init__(
        self,
        clock: Clock,
        piece: Callable[[int, str], None],
        done: Callable[[int, Exception | None], None],
        likely: Callable[[Question, str], None],
    ) -> None:
        self._clock = clock
        self._piece = piece
        self._done = done
        self._likely = likely
        self._guess: _Answer | None = None
        self._asked: dict[int, _Answer] = {}

    @property
    def busy(self) -> bool:
        """Whether a language model is at work for the user, asked or foreseen."""
        return bool(self._asked) or (self._guess is not None and not self._guess.ended)

    def foresee(self, question: Question, begin: Callable[[], AnswerStream]) -> None:
        """The user may have asked this. Replaces what was foreseen before."""
        if self._guess is None or self._guess.question != question:
            self.forget()
            self._guess = self._begin(question, begin())

    def forget(self) -> None:
        """What was foreseen is not so."""
        if self._guess is not None:
            self._close(self._guess)
        self._guess = None

    def ask(self, turn: int, question: Question, begin: Callable[[], AnswerStream], waited_s: float) -> None:
        """The user has asked this, and has waited for `waited_s` already: goes on with what was foreseen, if it was."""
        if self._guess is not None and self._guess.question == question:
            answer, self._guess = self._guess, None
        else:
            self.forget()
            answer = self._begin(question, begin())
        answer.turn = turn
        self._asked[turn] = answer
        if answer.pieces:
            self._piece(turn, "".join(answer.pieces))
        if answer.ended:
            self._end(answer)
        elif not answer.pieces:
            self._clock.call_later(max(0.0, ACKNOWLEDGED_BY_S - waited_s), lambda: self._acknowledge(answer))

    def unask(self, turn: int) -> None:
        """Nobody waits for that answer any more."""
        answer = self._asked.pop(turn, None)
        if answer is not None:
            self._close(answer)

    def close(self) -> None:
        """Ends everything under way."""
        self.forget()
        for turn in list(self._asked):
            self.unask(turn)

    def _begin(self, question: Question, stream: AnswerStream) -> _Answer:
        answer = _Answer(question, stream)

        def piece(text: str) -> None:
            answer.pieces.append(text)
            if answer.turn is None:
                self._likely(question, "".join(answer.pieces))
            else:
                self._piece(answer.turn, text)

        def done(error: Exception | None) -> None:
            answer.ended, answer.error = True, error
            if answer.turn is not None:
                self._end(answer)

        answer.job = self._clock.lane("answer").stream(lambda: stream, piece, done)
        return answer

    def _end(self, answer: _Answer) -> None:
        assert answer.turn is not None
        self._asked.pop(answer.turn, None)
        self._done(answer.turn, answer.error)

    def _acknowledge(self, answer: _Answer) -> None:
        turn = answer.turn
        if turn is not None and self._asked.get(turn) is answer and not answer.pieces:
            self._piece(turn, acknowledgement(turn) + " ")

    def _close(self, answer: _Answer) -> None:
        if answer.job is not None:
            answer.job.cancel()
        answer.stream.close()


def acknowledgement(turn: int) -> str:
    """What is said first to that turn while its answer is awaited."""
    return ACKNOWLEDGEMENTS[turn % len(ACKNOWLEDGEMENTS)]
