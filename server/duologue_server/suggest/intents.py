"""What the user wants, from recognised words alone: whole utterances against a closed set of patterns.

A pattern must fit the whole utterance, so that "no, wait, what does this do" is not taken for a no. What fits none is
`unknown`: a question for a language model, if there is one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from duologue_server.suggest.later import for_later, minutes_of

Kind = Literal[
    "what_is_this", "where_am_i", "what_is_wrong", "read_error", "tests", "what_did_you_say", "repeat", "stop",
    "accept", "dismiss", "never", "snooze", "why", "help", "thanks", "hello", "nothing", "unknown",
    "next", "go_on", "shorter", "slower", "faster", "louder", "quieter", "comment", "watch", "remind", "delegate",
]  # fmt: skip

SNOOZE_MINUTES = 10
LEAST_WORDS = 3
_QUESTIONS: frozenset[Kind] = frozenset(
    {"what_is_this", "where_am_i", "what_is_wrong", "read_error", "tests", "what_did_you_say", "why", "help"}
)


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted. `args`: `minutes` of a snooze or until a reminder; `about`: `this`, of an unknown question about
    the code here; `passed`, whether tests are awaited that pass or that fail, absent for either; `what`, of which to be
    reminded, or what to look into."""

    kind: Kind
    args: Mapping[str, Any] = field(default_factory=dict)


_CONTRACTIONS = (
    ("what's", "what is"), ("whats", "what is"), ("where's", "where is"), ("who's", "who is"), ("that's", "that is"),
    ("it's", "it is"), ("there's", "there is"), ("how's", "how is"), ("let's", "let us"), ("i'm", "i am"),
    ("you're", "you are"), ("we're", "we are"), ("can't", "can not"), ("won't", "will not"), ("n't", " not"),
    ("that'll", "that will"), ("i've", "i have"), ("i'd", "i would"), ("'ll", " will"), ("'re", " are"),
)  # fmt: skip
_FILLERS = (
    r"(?:um+|uh+|er+|erm|ah+|hm+|mm+|mhm|oh|like|well|so|now|then|actually|just|please|right|okay|ok|hey|you know)"
)
_NAMES = r"(?:duologue|dialogue|duolog|dialog|partner|computer|buddy)"
_LEAD = re.compile(
    rf"(?:{_FILLERS}|{_NAMES}|(?:can|could|would|will) you(?: please)?|and|but|i said|tell me|you can) +"
)
_TAIL = re.compile(rf" +(?:{_FILLERS}|{_NAMES}|again please|for me|thanks|thank you|mate|man)$")
_SETS = {
    "thing": "function|method|class|file|code|line|thing|variable|name|symbol|module|block|loop|bit|part|struct|trait",
    "error": "error|errors|error message|error messages|problem|problems|warning|warnings|diagnostic|diagnostics|"
    "message|issue|issues",
    "bug": "bug|bugs|mistake|mistakes",
    "here": "here|there|in here|right now|at the moment|with this|with that|with it|with me|with my code|with the code|"
    "in this file|in my file|in the file|in my code|in the code|in this function|in this method|in this class|"
    "with this file|with this function|with this method|with this class|with this line|in this line|on this line",
    "it": "it|that|this",
    "yes": "yes|yeah|yep|yup|sure|alright|all right|absolutely|okay|ok",
    "aloud": "again|to me|here|out|aloud|out loud",
}
"""Words that stand for one another in the phrases below."""

_PHRASES: Mapping[Kind, tuple[str, ...]] = {
    "stop": (
        "stop [it|that|there|now|talking|speaking|right there]",
        "(be|keep) (quiet|silent|still)",
        "(quiet|silence|hush|shush|shh|shut up|enough|that is enough|that will do|never mind)",
        "cancel [it|that]",
        "(wait|hold on|hang on) [a second|a sec|a minute|a moment]",
        "one (moment|second)",
    ),
    "accept": (
        "[{yes}] (apply|accept) [it|that|this|the fix|the change|the suggestion|the edit]",
        "[{yes}] (do|fix|take) {it}",
        "[{yes}] (go ahead|go for it|sounds good|make it so|make that change|make the change|let us do {it})",
        "(yes|yeah|yep|yup|sure|absolutely) [yes|yeah|sure|absolutely]",
    ),
    "dismiss": (
        "(no|nope|nah) [thanks|thank you|not now|not that|leave it|do not]",
        "not (now|this|that|today|yet|this time)",
        "(leave|ignore|skip|dismiss|forget|drop|reject) {it} [alone|as it is|for now|be]",
        "(forget about it|dismiss|reject|later|maybe later)",
        "i do not (want|need) {it}",
        "do not do {it}",
        "that is (wrong|not right|not true|not helpful|not useful|not it)",
    ),
    "never": (
        "never again",
        "never (say|mention|suggest) {it} again",
        "never tell me [about] {it} again",
        "(do not|stop) (say|saying|mention|mentioning|suggest|suggesting) {it} [again|any more|anymore|ever again]",
        "(do not|stop) (tell|telling|warn|warning) me about {it} [again|any more|anymore|ever again]",
        "i never want to hear (that|this|about it|about that|about this|of it) [again]",
    ),
    "next": (
        "[what about|how about] the (other|next|second|last) [one|thing|{error}|{bug}]",
        "no the other [one|thing|{error}|{bug}]",
        "(next|another) [one|thing|{error}|{bug}]",
        "(what|anything|something) else [is wrong|wrong|broken] [{here}]",
        "is there (more|anything else|another one|something else)",
        "what (are|about) the (others|other ones|rest)",
        "any (more|others|other {error}|other {bug})",
    ),
    "go_on": (
        "(go on|continue|carry on|keep going|do go on)",
        "(go on|continue|carry on) (talking|speaking|reading|from there|where you stopped)",
        "finish (that|your sentence|what you were saying|your thought)",
        "(what) were you saying",
        "you were saying",
        "what is the rest",
    ),
    "shorter": (
        "[a bit|a little|much|make it|keep it|say it] (shorter|briefer|short|brief)",
        "in (short|a word|one sentence|a sentence|brief)",
        "[that is|that was|you are] too (long|wordy)",
        "[give me] the short version",
        "be (brief|briefer|shorter|more concise)",
    ),
    "slower": (
        "[a bit|a little|much] slower",
        "(speak|talk|go|say it|say that) [a bit|a little|much] (slower|more slowly|slowly)",
        "slow down [a bit|a little]",
        "[that is|that was|you are|you speak|you talk] too (fast|quick|quickly)",
    ),
    "faster": (
        "[a bit|a little|much] (faster|quicker)",
        "(speak|talk|go|say it|say that) [a bit|a little|much] (faster|quicker|more quickly)",
        "speed up [a bit|a little]",
        "[that is|that was|you are|you speak|you talk] too (slow|slowly)",
    ),
    "louder": (
        "[a bit|a little|much] louder",
        "(speak|talk) [a bit|a little|much] louder",
        "(speak up|turn it up|turn it up a bit|turn up the volume|volume up)",
        "[that is|that was|you are] too (quiet|soft)",
    ),
    "quieter": (
        "[a bit|a little|much] (quieter|softer)",
        "(speak|talk) [a bit|a little|much] (quieter|softer|more quietly|more softly)",
        "(lower your voice|turn it down|turn it down a bit|turn down the volume|volume down)",
        "[that is|that was|you are] too loud",
    ),
    "comment": (
        "(say|write|put|add|leave|make) {it} [down] (as|in|into) [a|the] (comment|comments) [there|here]",
        "(write|note|jot) {it} down [there|here]",
        "(write|put|add|leave) a (comment|note) [there|here|about it|about that|saying that|saying so|for that]",
    ),
    "what_did_you_say": (
        "what [did you say|did you just say|was that|did you mean]",
        "sorry [what]",
        "(pardon|pardon me|excuse me|come again|say what|huh)",
        "[sorry] i (did|could|can) not (hear|catch|get|understand) [you|it|that|what you said]",
    ),
    "repeat": (
        "(repeat|say) {it} [again|once more|one more time]",
        "(repeat|again|say again|one more time|once more)",
        "repeat (the|your) last (sentence|bit|thing|part|one)",
    ),
    "where_am_i": (
        "where (am i|are we) [at|now] [{here}]",
        "where (i am|we are) [now]",
        "where is (the|my) cursor",
        "(which|what) (function|method|class|file|line) is this",
        "(which|what) (function|method|class|file|line) (am i|are we) (in|on|at)",
    ),
    "why": (
        "why [now|that|this]",
        "why (did|do|would) you (say|do|tell me|suggest|mention) {it} [now]",
        "why are you (telling me|saying) {it} [now]",
        "why are you [so] (quiet|silent)",
        "why are you not (saying anything|talking)",
        "how do you know [that]",
    ),
    "what_is_wrong": (
        "what is (wrong|broken|up|failing|red|the problem|the matter|the issue|the bug) [{here}]",
        "what (did i do|have i done) [wrong]",
        "(is|are) there (anything|something|a problem|an error|any {error}|any {bug}) [wrong] [{here}]",
        "is (anything|something|{it}) (wrong|broken) [{here}]",
        "any ({error}|{bug}) [{here}]",
        "do (you see|you have|i have|we have) (a|an|any) ({error}|{bug}) [{here}]",
        "what are the ({error}|{bug}) [{here}]",
        "how many ({error}|{bug}) [are there|do i have|do we have] [{here}]",
        "why is ({it}|this {thing}) (broken|red|wrong|failing|underlined|not working)",
        "did i (break|miss) (something|anything)",
    ),
    "read_error": (
        "(read|say|give|show me|show us) [me|us] [out] (the|that|this|my) [last|first|next|nearest|current] {error} "
        "[{aloud}]",
        "show (the|that|this|my) [last|first|next|nearest|current] (error|problem|warning|bug|mistake)",
        "what is (the|that|this) [last|first|next] {error} [{here}]",
        "what (does|did) (the|that|this) {error} say",
        "read {it} [{aloud}]",
    ),
    "tests": (
        "(are|did|do|have|how are|how did|how do|what about) [all] [the|my|our] (test|tests) "
        "[green|red|pass|passing|passed|fail|failing|failed|ok|okay|fine|doing|go|look|broken|run]",
        "how is the test [run|suite]",
        "(which|what) (test|tests) (is|are|have|has) (failing|failed|red|broken)",
    ),
    "what_is_this": (
        "(what|who) is ({it}|here) [{thing}] [here|called|for]",
        "what (am i|are we) (looking at|seeing) [here]",
        "what is (under|at) (the|my) cursor",
    ),
    "help": (
        "what (can|do|could) (you|i|we) (do|say|ask|know) [you|for me|here]",
        "help [me] [out]",
        "(who|what) are you",
        "what are (the|your) commands",
        "how do (you work|i use you|i use this)",
    ),
    "thanks": (
        "[great|perfect|nice|cool|awesome] (thanks|thank you|cheers) [very much|so much|a lot|for that]",
        "(good|nice|great) (job|work|catch|one)",
        "(perfect|great|nice|cool|awesome|excellent)",
    ),
    "hello": (
        "(hello|hi|good morning|good afternoon|good evening) [there]",
        "are you (there|listening|awake)",
        "(can|do) you hear me",
    ),
}
"""`[…]` may be left out, `(…)` is a choice, `{…}` is one of `_SETS`."""

_EXPLAINED = (
    "(what|how) (does|do) (these|{it}) [{thing}] [do|mean|work|return] [here|exactly]",
    "(explain|describe|summarise|summarize) [to me] ({it}|what this does) [{thing}] [to me]",
    "what is {it} [{thing}] (doing|about) [here]",
    "walk me through {it} [{thing}]",
)
_SNOOZE = re.compile(
    r"(?:(?:be|keep) quiet|stop(?: talking| suggesting(?: things)?)?|snooze|quiet|silence|hush|shut up|give me|"
    r"leave me (?:alone|be)|no (?:more )?(?:suggestions|offers|interruptions|talking)|"
    r"do not (?:disturb|interrupt|bother|talk to|speak to)(?: me)?)"
    r"(?: (?:for )?(?P<time>.+?))??(?: of (?:peace|quiet|silence)(?: and quiet)?)?"
)
_BARE_SNOOZE = re.compile(r"snooze|leave me (?:alone|be)|no more .+|do not .+")
_LOOSE_TIMES = {
    "a while": 10, "a bit": 10, "a moment": 5, "now": 10, "the rest of the day": 480, "today": 480, "the day": 480,
    "some time": 10, "some peace": 10, "some quiet": 10,
}  # fmt: skip


def _compile(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(_expression(phrase) for phrase in phrases))


def _expression(phrase: str) -> str:
    """A phrase as a regular expression; the space that belongs to an optional part goes with it."""
    phrase = re.sub(r"\{(\w+)\}", lambda found: f"({_SETS[found.group(1)]})", phrase).replace("(", "(?:")
    phrase = re.sub(r"^\[([^\[\]]+)\] ", r"(?:(?:\1) )?", phrase)
    return re.sub(r" \[([^\[\]]+)\]", r"(?: (?:\1))?", phrase)


_COMPILED = tuple((kind, _compile(phrases)) for kind, phrases in _PHRASES.items())
_EXPLAIN = _compile(_EXPLAINED)


def normalise(text: str) -> str:
    """Lower case, without punctuation and contractions, words repeated in a row said once."""
    text = text.lower().replace("’", "'")
    for short, long in _CONTRACTIONS:
        text = re.sub(rf"{re.escape(short)}\b", long, text)
    text = " ".join(re.sub(r"[^\w\s]", " ", text).split())
    return re.sub(r"\b(\w+)(?: \1\b)+", r"\1", text)


def understand(text: str) -> Intent:
    """What an utterance of the user asks for."""
    words = normalise(text)
    bare = _strip(words)
    if not bare:
        return Intent("nothing")
    for candidate in dict.fromkeys((words, bare)):
        minutes = _snooze_minutes(candidate)
        if minutes is not None:
            return Intent("snooze", {"minutes": minutes})
        if _EXPLAIN.fullmatch(candidate):
            return Intent("unknown", {"about": "this"})
        for kind, pattern in _COMPILED:
            if pattern.fullmatch(candidate):
                return Intent(kind)
    later = for_later(words) or for_later(bare)
    return Intent(*later) if later is not None else Intent("unknown")


def is_settled(text: str, intent: Intent) -> bool:
    """Whether words of that intent alone settle that the user is done, and with what: a whole question that can be
    answered, or a wish for silence.

    Of a question, a word or two are no sure sign: a cough may be recognised as "huh", and "what was" may go on.
    """
    kind = intent.kind
    return kind == "stop" or (kind in _QUESTIONS and len(normalise(text).split()) >= LEAST_WORDS)


def _strip(words: str) -> str:
    """Without the fillers and politeness around what is wanted."""
    while True:
        found = _LEAD.match(words + " ")
        shorter = (words + " ")[found.end() :].strip() if found else _TAIL.sub("", words)
        if shorter == words:
            return words
        words = shorter


def _snooze_minutes(words: str) -> int | None:
    found = _SNOOZE.fullmatch(words)
    if found is None:
        return None
    time = (found.group("time") or "").strip()
    if not time:
        return SNOOZE_MINUTES if _BARE_SNOOZE.fullmatch(words) else None
    return _LOOSE_TIMES.get(time) or minutes_of(time)
