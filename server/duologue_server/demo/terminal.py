"""The live timeline in the terminal: lanes that move past, the code, what is said, and what the partner is up to.

Where no terminal is, `PlainLog` prints a line for each thing that happens instead.
"""

from collections import deque

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.table import Table
from rich.text import Text

from duologue_model.vocabulary import Action
from duologue_server.demo.code import CodeView
from duologue_server.demo.palette import TERMINAL
from duologue_server.demo.story import Story, ended
from duologue_server.trace.facts import Fact
from duologue_server.trace.folder import RATE_HZ, SessionFolder

LABEL_CELLS = 9
COLUMN_S = 0.25
"""Time in one cell."""
AHEAD_CELLS = 4
"""Cells right of the present."""
CODE_LINES = 5
LOG_LINES = 3
WIDEST_CELLS = 120
_PAPER = Console(width=WIDEST_CELLS)
"""For measuring only."""
GREY = "bright_black"
_LEVELS = "▁▂▃▄▅▆▇█"
_QUIET_DBFS, _LOUD_DBFS = -58.0, -14.0
_FLOOR: dict[str, tuple[str, str, int]] = {
    Action.SILENT: ("·", GREY, 0),
    Action.DEFER: ("~", TERMINAL["offer"], 1),
    Action.KEEP: ("─", TERMINAL["reply"], 2),
    Action.DUCK: ("▾", TERMINAL["key"], 3),
    Action.BACKCHANNEL: ("m", TERMINAL["reply"], 4),
    Action.RESUME: ("▴", TERMINAL["reply"], 5),
    Action.DELEGATE: ("?", "yellow", 6),
    Action.TAKE: ("▶", TERMINAL["offer"], 7),
    Action.YIELD: ("■", TERMINAL["speech"], 8),
}
"""Sign, colour and rank of each decision; of several in one cell the highest rank is shown."""
_LEGEND = "· listens  ~ holds back  ▶ takes  ▾ lowers  ■ yields  ? turn is over"


class Timeline:
    """A rich renderable of the story at the time it was last told.

    `tell` is called on the thread that passes keys on, so it only leaves a note; drawing happens on another.
    """

    def __init__(self, session: SessionFolder, story: Story, clock: str) -> None:
        self._session = session
        self._story = story
        self._clock = clock
        self._code = CodeView(session)
        self._news: deque[tuple[float, Fact | None]] = deque()
        self._t: float | None = None
        self.engine = ""

    def tell(self, t: float, fact: Fact | None) -> None:
        """As `replay` tells its watcher."""
        self._news.append((t, fact))

    def catch_up(self) -> None:
        """Takes in what it was told."""
        while self._news:
            t, fact = self._news.popleft()
            self._t = max(t, self._t or 0.0)
            if fact is not None:
                self._story.take(fact)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.catch_up()
        width = min(options.max_width, WIDEST_CELLS)
        for row in self._rows(width):
            row.truncate(width, overflow="ellipsis")
            row.no_wrap = True
            yield row

    def _rows(self, width: int) -> list[Text]:
        t, story = self._t, self._story
        title = Text("duologue demo", style="bold")
        title.append(f"  {self._clock} clock" + (f"  {self.engine}" if self.engine else ""), GREY)
        if t is None:
            return [title, Text(""), Text("The voice process is loading its voice and its ear …", GREY)]
        shown_s = min(t, story.duration_s)
        title.append(f"  {shown_s:5.1f} of {story.duration_s:g} s".rjust(max(0, width - title.cell_len)), "bold")
        cells = width - LABEL_CELLS
        now_cell = int(t / COLUMN_S)
        first = max(0, now_cell + AHEAD_CELLS - cells)
        span = range(first, first + cells)
        rule = Text("─" * width, GREY)
        return [
            title,
            self._axis(span, now_cell),
            self._lane("you", TERMINAL["you"], self._you(span, now_cell)),
            self._lane("keys", TERMINAL["key"], self._keys(span, now_cell)),
            self._lane("partner", TERMINAL["reply"], self._partner(span, t)),
            self._lane("floor", GREY, self._floor(span)),
            Text(" " * LABEL_CELLS + _LEGEND, GREY),
            rule,
            *self._code_rows(t),
            rule,
            *self._captions(t, width),
            self._status(t),
            self._agenda(),
            rule,
            *self._log(),
        ]

    def _lane(self, name: str, colour: str, cells: list[tuple[str, str]]) -> Text:
        row = Text(name.ljust(LABEL_CELLS), f"bold {colour}")
        for sign, style in cells:
            row.append(sign, style)
        return row

    def _axis(self, span: range, now_cell: int) -> Text:
        row = [" "] * len(span)
        every = round(4 / COLUMN_S)
        for at in range(-(-span.start // every) * every, span.stop, every):
            for n, letter in enumerate(f"{at * COLUMN_S:g}s"):
                if at - span.start + n < len(row):
                    row[at - span.start + n] = letter
        text = Text(" " * LABEL_CELLS + "".join(row), GREY)
        at = LABEL_CELLS + now_cell - span.start
        text.plain = text.plain[:at] + "▼" + text.plain[at + 1 :]
        return text

    def _you(self, span: range, now_cell: int) -> list[tuple[str, str]]:
        """Loudness of the microphone; bold where the developer speaks."""
        microphone = self._session.microphone
        size = round(COLUMN_S * RATE_HZ)
        cells = []
        for cell in span:
            begin_s, end_s = cell * COLUMN_S, (cell + 1) * COLUMN_S
            if cell > now_cell or microphone is None or cell * size >= len(microphone):
                cells.append((" ", ""))
                continue
            level = float(np.sqrt(np.mean(microphone[cell * size : (cell + 1) * size] ** 2)))
            share = (20 * np.log10(max(level, 1e-6)) - _QUIET_DBFS) / (_LOUD_DBFS - _QUIET_DBFS)
            sign = _LEVELS[int(np.clip(share, 0, 0.999) * len(_LEVELS))]
            speaks = any(one.begin_s < end_s and one.end_s > begin_s for one in self._story.speeches)
            cells.append((sign, f"bold {TERMINAL['you']}" if speaks else "blue"))
        return cells

    def _keys(self, span: range, now_cell: int) -> list[tuple[str, str]]:
        keys = {int(key_s / COLUMN_S) for key_s in self._story.keys_s}
        saves = {int(save_s / COLUMN_S) for save_s in self._story.saves_s}
        return [
            (" ", "")
            if cell > now_cell
            else ("S", "bold reverse")
            if cell in saves
            else ("|", TERMINAL["key"])
            if cell in keys
            else (" ", "")
            for cell in span
        ]

    def _partner(self, span: range, t: float) -> list[tuple[str, str]]:
        """Full bars while it speaks, low ones while it is lowered; a mark where it was silenced."""
        cells = [(" ", "")] * len(span)
        for spoken in self._story.spoken:
            colour = TERMINAL[spoken.cause]
            end_s = spoken.end_s if spoken.end_s is not None else t
            first, last = int(spoken.begin_s / COLUMN_S), int(end_s / COLUMN_S)
            for cell in range(max(first, span.start), min(last, span.stop - 1) + 1):
                begin_s, until_s = cell * COLUMN_S, (cell + 1) * COLUMN_S
                low = any(duck[0] < until_s and (duck[1] or t) > begin_s for duck in spoken.ducks)
                cells[cell - span.start] = ("▂" if low else "█", colour)
            if spoken.end_cause not in (None, "end") and last in span:
                cells[last - span.start] = ("✕", f"bold {TERMINAL.get(spoken.end_cause or '', 'red')}")
        return cells

    def _floor(self, span: range) -> list[tuple[str, str]]:
        cells = [(" ", "", -1)] * len(span)
        for turn in self._story.turns:
            at = int((turn.t - 0.001) / COLUMN_S) - span.start
            if 0 <= at < len(cells) and _FLOOR[turn.action][2] > cells[at][2]:
                cells[at] = _FLOOR[turn.action]
        return [(sign, colour) for sign, colour, _ in cells]

    def _code_rows(self, t: float) -> list[Text]:
        rows = []
        for number, line, cursor in self._code.around(t, CODE_LINES):
            row = Text(f"{number:>4}  ", "bold" if cursor is not None else GREY)
            body = Text(line + " ", "" if cursor is not None else GREY)
            if cursor is not None:
                body.stylize(Style(reverse=True), cursor, cursor + 1)
            row.append_text(body)
            rows.append(row)
        return rows + [Text("")] * (CODE_LINES - len(rows))

    def _captions(self, t: float, width: int) -> list[Text]:
        """What the developer said last; what the partner says, the part that was not heard struck out."""
        story = self._story
        speech = next((one for one in reversed(story.speeches) if one.text and one.begin_s <= t), None)
        you = Text("you".ljust(LABEL_CELLS), "bold cyan")
        if speech is not None:
            you.append(f"“{speech.text}”", "" if speech.final else "italic")
        partner = Text()
        if story.spoken:
            spoken = story.spoken[-1]
            if spoken.end_cause is None:
                partner.append(f"“{spoken.text}”", TERMINAL[spoken.cause])
            else:
                partner.append(f"“{spoken.heard_text}".rstrip(), TERMINAL[spoken.cause])
                if spoken.unheard_text:
                    partner.append(" ")
                    partner.append(spoken.unheard_text, f"{GREY} strike")
                partner.append("”", TERMINAL[spoken.cause])
        lines = list(partner.wrap(_PAPER, max(10, width - LABEL_CELLS)))[:2]
        rows = [Text("partner".ljust(LABEL_CELLS), f"bold {TERMINAL['reply']}"), Text(" " * LABEL_CELLS)]
        for row, line in zip(rows, lines, strict=False):
            row.append_text(line)
        return [you, *rows]

    def _status(self, t: float) -> Text:
        story = self._story
        row = Text("state".ljust(LABEL_CELLS), "bold")
        row.append(f"microphone {story.microphone} · partner {story.partner(t)}")
        answer = next((one.waited_ms for one in reversed(story.spoken) if one.cause == "reply" and one.waited_ms), None)
        if answer is not None:
            row.append(f" · last answer after {answer / 1000:.2f} s")
        return row

    def _agenda(self) -> Text:
        row = Text("agenda".ljust(LABEL_CELLS), "bold")
        waiting = list(self._story.waiting.values())
        if not waiting:
            return row.append("nothing waits", GREY)
        return row.append(f"{len(waiting)} waits: {waiting[0].text}", TERMINAL["offer"])

    def _log(self) -> list[Text]:
        rows = []
        for line in self._story.lines[-LOG_LINES:]:
            row = Text(f"{line.t:6.2f} s {line.who:>8}  ", GREY)
            row.append(line.text, TERMINAL[line.tone])
            rows.append(row)
        return rows + [Text("")] * (LOG_LINES - len(rows))


class PlainLog:
    """A line for each thing that happens."""

    def __init__(self, console: Console, story: Story) -> None:
        self._console = console
        self._story = story
        self._printed = 0

    def tell(self, t: float, fact: Fact | None) -> None:
        """As `replay` tells its watcher."""
        if fact is not None:
            self._story.take(fact)
        for line in self._story.lines[self._printed :]:
            self._console.print(
                f"{line.t:6.2f} s  {line.who:<8} {line.text}", markup=False, highlight=False, soft_wrap=True
            )
        self._printed = len(self._story.lines)


def closing_table(story: Story, engine: str) -> Table:
    """What came of it: how often it spoke unasked, what silenced it, how fast it answered."""
    table = Table(title=f"engine: {engine}", title_justify="left", title_style="bold", show_header=False)
    table.add_column(style=GREY)
    table.add_column(justify="right", style="bold")
    table.add_column()
    offers = [one for one in story.spoken if one.cause == "offer"]
    heard_out = sum(one.end_cause == "end" for one in offers)
    table.add_row("spoken unasked", str(len(offers)), f"{heard_out} heard out")
    for cause, name in (("key", "silenced by a key"), ("speech", "silenced by speech")):
        stopped = [one for one in story.spoken if one.end_cause == cause]
        table.add_row(name, str(len(stopped)), "; ".join(ended(one).split(": ", 1)[1] for one in stopped))
    answers = [one for one in story.spoken if one.cause == "reply"]
    waits = ", ".join(f"{one.waited_ms / 1000:.2f} s" for one in answers if one.waited_ms is not None)
    table.add_row("answers", str(len(answers)), f"after {waits}" if waits else "")
    return table
