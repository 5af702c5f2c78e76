"""Turns and answers: what the user said, what is answered and by whom, and what of it was heard."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from duologue_server.link.messages import Ask, Guess, Prepare, Reply, ToVoice
from duologue_server.options import Options
from duologue_server.protocol import TranscriptLine
from duologue_server.session.answering import Answering, Question, acknowledgement
from duologue_server.session.hands_free import HandsFree
from duologue_server.session.material import material
from duologue_server.session.ports import ClientPort
from duologue_server.session.requests import Requests
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.answers import Situation, answer, understand
from duologue_server.suggest.endpoint import AnswerStream, EndpointAnswers, EndpointTrouble
from duologue_server.suggest.intents import Intent, is_settled
from duologue_server.trace.clock import Clock, Job
from duologue_server.trace.facts import Dropped, Heard, SoundOff, SoundOn

KEPT_LINES = 12
"""Lines of the conversation that a language model is told."""
UNCLEAR_WORDS = 2
"""Who breaks in with no more than this, and nothing that is understood, wanted silence more likely than an answer: a
"stop" over our own voice is easily heard wrong."""
COMMANDS = ("unknown", "next", "delegate", "help")
"""Intents whose words may be a command to the editor: "next error" is one, "next one" is not."""
TELLING = ("what_is_wrong", "read_error", "next")
"""Intents whose answers tell problems."""


@dataclass(frozen=True, slots=True)
class Prescribed:
    """A reply that a replay prescribes."""

    text: str
    delay_s: float


class Conversation:
    """All methods belong to the session's thread."""

    def __init__(
        self,
        clock: Clock,
        workspace: Workspace,
        client: ClientPort,
        to_voice: Callable[[ToVoice], None],
        requests: Requests,
        hands_free: HandsFree,
    ) -> None:
        self._clock = clock
        self._workspace = workspace
        self._client = client
        self._to_voice = to_voice
        self._requests = requests
        self._hands_free = hands_free
        self._guessed = ""
        self._commanded = False
        """Whether what the user said last was a command."""
        self._told: list[str] = []
        self._prescribed: Prescribed | None = None
        self._endpoint: EndpointAnswers | None = None
        self._answering = Answering(clock, self._answer_piece, self._answer_done, self._answer_likely)
        self._jobs: dict[int, Job] = {}
        self._turns = 0
        self._lines: deque[tuple[str, str]] = deque(maxlen=KEPT_LINES)
        self._texts: dict[str, str] = {}
        self._sounding: TranscriptLine | None = None
        self._user_line = 0
        self._last_said = ""
        self._last_heard = ""
        self._trouble_told = ""

    def configure(self, options: Options) -> None:
        """Takes over settings; answers under way come from where they came."""
        self._answering.forget()
        self._endpoint = None
        if options.endpoint_url:
            self._endpoint = EndpointAnswers(options.endpoint_url, options.endpoint_model, options.endpoint_key_env)

    @property
    def endpoint(self) -> EndpointAnswers | None:
        """The language model, if one is configured."""
        return self._endpoint

    @property
    def busy(self) -> bool:
        """Whether a language model answers the user at this moment."""
        return self._answering.busy

    def reply_with(self, text: str, delay_s: float) -> None:
        self._prescribed = Prescribed(text, delay_s)

    def guess(self, guess: Guess) -> None:
        """The user pauses, and may have said all: prepares what the answer would begin with. Nothing is done yet."""
        intent = understand(guess.text)
        self._guessed = guess.text
        may_command = self._may_command(intent)
        settles_s = self._hands_free.settles_after_s(guess.text, guess.others) if may_command else None
        if settles_s is not None and self._prescribed is None:
            self._answering.forget()
            self._clock.call_later(max(0.0, settles_s - guess.silent_s), partial(self._settle, guess.text))
            return
        endpoint = self._endpoint if intent.kind == "unknown" and self._prescribed is None else None
        if not guess.text or endpoint is None:
            self._answering.forget()
        if not guess.text:
            return
        if self._prescribed is not None:
            self._to_voice(Prepare(guess.text, self._prescribed.text))
        elif endpoint is not None:
            self._to_voice(Prepare(guess.text, acknowledgement(self._turns + 1)))
            if endpoint.is_local:
                question = Question(guess.text, guess.interrupted)
                self._answering.foresee(question, partial(self._open, question, list(self._lines), endpoint))
        else:
            text = "All right." if intent.kind == "accept" else answer(intent, self._situation())
            about_this = bool(intent.args.get("about"))  # without a language model there is one answer to that
            self._to_voice(Prepare(guess.text, text, certain=about_this or is_settled(guess.text, intent)))

    def _settle(self, guessed: str) -> None:
        """Those words are a command, and nothing has followed them."""
        if guessed == self._guessed:
            self._to_voice(Prepare(guessed, "", certain=True))

    def ask(self, ask: Ask) -> None:
        """The user's turn is over: answers it, from the first clause on."""
        self._turns, self._guessed = ask.turn, ""
        if self._hands_free.dozing:  # nothing of it is kept
            taken = self._hands_free.take(ask.text)
            self._whole(ask.turn, taken.answer if taken is not None else "")
            return
        lines = list(self._lines)
        self._lines.append(("user", ask.text))
        if self._prescribed is not None:
            wait_s = max(0.0, ask.ended_s + self._prescribed.delay_s - ask.heard_s)
            self._jobs[ask.turn] = self._clock.call_later(wait_s, partial(self._whole, ask.turn, self._prescribed.text))
            return
        intent = understand(ask.text)
        taken = self._hands_free.take(ask.text, ask.others) if self._may_command(intent) else None
        self._commanded = taken is not None
        if taken is not None:
            if taken.words != ask.text:
                self._understood_as(taken.words)
            self._whole(ask.turn, taken.answer)
            return
        if intent.kind == "unknown" and ask.interrupted is not None and len(ask.text.split()) <= UNCLEAR_WORDS:
            self._whole(ask.turn, "")
            return
        if intent.kind == "unknown" and self._endpoint is not None:
            question = Question(ask.text, ask.interrupted)
            begin = partial(self._open, question, lines, self._endpoint)
            self._answering.ask(ask.turn, question, begin, ask.heard_s - ask.ended_s)
            return
        self._whole(ask.turn, self._carry_out(intent))

    def _may_command(self, intent: Intent) -> bool:
        """Whether words of that intent may be a command to the editor: what is said to the partner goes first."""
        waiting = self._hands_free.dozing or self._hands_free.is_waiting
        again = intent.kind == "repeat" and self._commanded
        return waiting or again or intent.kind in COMMANDS

    def _carry_out(self, intent: Intent) -> str:
        """Does what is asked for, where something is to be done, and answers."""
        if intent.kind in TELLING and intent.kind != "next":
            self._told.clear()
        situation = self._situation()
        text = self._requests.perform(intent, self._last_said) or answer(intent, situation)
        if intent.kind in TELLING:
            self._told += [problem.text for problem in situation.problems if problem.text.lower() in text.lower()]
        return text

    def unask(self, turn: int) -> None:
        """Nobody waits for the answer any more."""
        job = self._jobs.pop(turn, None)
        if job is not None:
            job.cancel()
        self._answering.unask(turn)

    def voice_lost(self) -> None:
        """The voice process died: what was heard is what it last said."""
        if self._sounding is not None:
            line = self._sounding
            self._finish(line.id, line.text, line.heardUpTo or 0, "device")
        for turn in list(self._jobs):
            self.unask(turn)
        self._answering.close()

    def began(self, fact: SoundOn) -> None:
        text = self._known(fact.utterance) or fact.text
        self._sounding = TranscriptLine(fact.utterance, "partner", text, False, 0, fact.cause)
        self._client.transcript(self._sounding)

    def heard_up_to(self, utterance: str, heard_text: str) -> None:
        if self._sounding is None or self._sounding.id != utterance:
            return
        text = self._known(utterance) or self._sounding.text
        line = TranscriptLine(utterance, "partner", text, False, _reach(text, heard_text), self._sounding.cause)
        self._sounding = line
        self._client.transcript(line)

    def ended(self, fact: SoundOff) -> None:
        known = self._sounding.text if self._sounding and self._sounding.id == fact.utterance else fact.heard_text
        text = self._known(fact.utterance) or known
        self._finish(fact.utterance, text, _reach(text, fact.heard_text), fact.cause)

    def user_said(self, fact: Heard) -> None:
        if self._hands_free.dozing:
            return
        self._client.transcript(TranscriptLine(f"user-{self._user_line}", "user", fact.text, fact.final))
        if fact.final:
            self._user_line += 1

    def _understood_as(self, words: str) -> None:
        """What the user said last meant this: the transcript and the conversation have it so from now on."""
        self._lines[-1] = ("user", words)
        self._client.transcript(TranscriptLine(f"user-{self._user_line - 1}", "user", words, True))

    def dropped(self, fact: Dropped) -> None:
        """It will not be said, and stays as text."""
        self._texts.pop(fact.id, None)
        self._client.transcript(TranscriptLine(fact.id, "partner", fact.text, True, 0, fact.why))

    def _known(self, utterance: str) -> str:
        """All of an answer that has come so far, in one line; empty for what is no answer."""
        return " ".join(self._texts.get(utterance, "").split())

    def _finish(self, utterance: str, text: str, reach: int, cause: str) -> None:
        self._sounding = None
        self._texts.pop(utterance, None)
        self._last_said, self._last_heard = text, text[:reach]
        self._lines.append(("partner", text[:reach]))
        self._client.transcript(TranscriptLine(utterance, "partner", text, True, reach, cause))

    def _whole(self, turn: int, text: str) -> None:
        """An answer that is known at once."""
        self._jobs.pop(turn, None)
        self._texts[f"reply-{turn}"] = text
        self._to_voice(Reply(turn, text, True))

    def _open(self, question: Question, lines: list[tuple[str, str]], endpoint: EndpointAnswers) -> AnswerStream:
        """A request to the language model; `lines` is the conversation before the question."""
        waiting = [item.text for item in self._workspace.agenda.offers(self._clock.now_s())]
        known = material(self._workspace)
        messages = partial(known.messages, question.text, lines, question.interrupted, waiting)
        return endpoint.stream(messages, known.tools(question.text, lines))

    def _answer_likely(self, question: Question, text: str) -> None:
        self._to_voice(Prepare(question.text, text, final=False))

    def _answer_piece(self, turn: int, text: str) -> None:
        key = f"reply-{turn}"
        self._texts[key] = self._texts.get(key, "") + text
        self._to_voice(Reply(turn, text, False))

    def _answer_done(self, turn: int, error: Exception | None) -> None:
        if error is None:
            self._trouble_told = ""
            self._to_voice(Reply(turn, "", True))
        else:
            self._failed(turn, error)

    def _failed(self, turn: int, error: Exception) -> None:
        """Said once in a sentence; after that only shown, until it works again."""
        if isinstance(error, EndpointTrouble):
            said, shown = error.what, f"{error.what}. {error.remedy}."
        else:
            said = "The language model could not answer"
            shown = f"{said}: {error!r}."
        self._client.tell("warning", shown)
        first = self._trouble_told != said
        self._trouble_told = said
        self._to_voice(Reply(turn, f" {said}." if first else "", True))

    def _situation(self) -> Situation:
        """What is known of the editor now."""
        workspace, now_s = self._workspace, self._clock.now_s()
        common = {
            "tests": workspace.last_tests,
            "last_said": self._last_said,
            "last_heard": self._last_heard,
            "why": workspace.agenda.why(now_s),
            "endpoint": self._endpoint is not None,
            "told": tuple(self._told),
        }
        view = workspace.view(workspace.cursor_uri)
        if view is None:
            return Situation(**common)  # type: ignore[arg-type]
        cursor = workspace.cursor_position
        note = ""
        if view.snapshot.looks_binary:
            note = "It looks binary, so I do not read it."
        elif view.snapshot.too_large_to_parse:
            note = "It is too large for me to read closely."
        elif view.snapshot.unsynced:
            note = "My copy is out of step with your editor; close and open the file."
        return Situation(
            document=view.name,
            language=view.language,
            line=cursor.line,
            scopes=view.scopes_at(cursor),
            name_at_cursor=view.syntax.node_text(cursor) if view.syntax else "",
            structure_known=view.syntax is not None,
            note=note,
            problems=workspace.problems(view.uri),
            **common,  # type: ignore[arg-type]
        )


def _reach(text: str, heard_text: str) -> int:
    """How many characters of `text` are `heard_text`, whose words are its first ones."""
    end = 0
    for word in heard_text.split():
        found = text.find(word, end)
        if found < 0:
            break
        end = found + len(word)
    return end
