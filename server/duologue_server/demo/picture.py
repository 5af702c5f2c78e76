"""The picture of a replay: who spoke, what was typed, and why the partner spoke and fell silent."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import soundfile

from duologue_model.vocabulary import Action
from duologue_server.demo.palette import CAUSE_NAMES, CAUSES, GREY, INK, KEY, SPEECH, STOPS, YOU
from duologue_server.demo.story import Samples, Spoken, Story
from duologue_server.trace.folder import RATE_HZ, SessionFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_IN = (17.0, 8.0)
DPI = 130
MARGIN_S = 0.25
COLUMNS = 2200
"""Of a waveform, about one a pixel."""
YOU_Y, EDITOR_Y, PARTNER_Y, FLOOR_Y = 2.75, 0.95, -0.75, -3.95
"""Middle of each lane."""
HEIGHT = 0.62
"""Half of a waveform's."""
LOUDEST = 0.32
"""Amplitude that fills it."""
ACTIONS: dict[str, tuple[str, str]] = {
    Action.SILENT: ("#e9ebee", "listens"),
    Action.DEFER: ("#d9c8f0", "holds back"),
    Action.DELEGATE: ("#e0b93a", "turn is over"),
    Action.TAKE: ("#7d4cc0", "takes the floor"),
    Action.KEEP: ("#8fbfae", "goes on"),
    Action.DUCK: ("#f2a65a", "lowers its voice"),
    Action.YIELD: (SPEECH, "yields"),
    Action.RESUME: ("#4f9d84", "resumes"),
    Action.BACKCHANNEL: ("#5f7d2c", "mm-hm"),
}


class PictureMissing(Exception):
    """matplotlib is not installed; the message says how to get it."""


class Typed(NamedTuple):
    """A stretch of typing."""

    begin_s: float
    end_s: float
    text: str


def draw(story: Story, session: SessionFolder, partner: Path, engine: str, clock: str, file: Path) -> None:
    """Draws the finished `story` into `file`, a PNG. Raises PictureMissing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PictureMissing(
            "no picture: matplotlib is not installed; install it with  pip install 'duologue[picture]'"
        ) from error
    figure = Figure(figsize=SIZE_IN, dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.072, 0.075, 0.918, 0.79))
    sound, rate_hz = soundfile.read(str(partner), dtype="float32")
    end_s = max(story.duration_s, len(sound) / rate_hz)
    axes.set_xlim(-MARGIN_S, end_s + 1.0)
    axes.set_ylim(FLOOR_Y - 0.45, YOU_Y + 1.75)
    _title(figure, engine, clock)
    _figures(figure, story)
    _grid(axes, end_s)
    canvas: Any = FigureCanvasAgg(figure)
    page = Page(axes, end_s, canvas.get_renderer())
    page.you(session, story)
    page.editor(session, story)
    page.partner(sound, rate_hz, story)
    page.floor(story)
    figure.savefig(file)


class Page:
    """Draws lane by lane. Text is set word by word, because a word that was not heard is struck out."""

    def __init__(self, axes: "Axes", end_s: float, renderer: Any) -> None:
        self._axes = axes
        self._end_s = end_s
        self._renderer = renderer

    def you(self, session: SessionFolder, story: Story) -> None:
        """The developer's waveform, and what was recognised."""
        self._lane(YOU_Y, "developer", YOU)
        if session.microphone is not None:
            self._wave(session.microphone, RATE_HZ, YOU_Y, YOU, 0.0)
        for speech in story.speeches:
            if speech.text:
                broke_in = next((one for one in story.spoken if one.broken_by(speech)), None)
                self._words(
                    speech.begin_s,
                    YOU_Y + 0.98,
                    [(f"“{speech.text}”", SPEECH if broke_in else YOU, False)],
                    6.0,
                    10.5,
                    "bold",
                )
                if broke_in is not None:
                    self._stop_label(broke_in, speech.begin_s)

    def editor(self, session: SessionFolder, story: Story) -> None:
        """Every key as a tick, what was typed, and the saves."""
        self._lane(EDITOR_Y, "keys", KEY)
        self._axes.vlines(story.keys_s, EDITOR_Y - 0.2, EDITOR_Y + 0.2, color=KEY, linewidth=0.9, alpha=0.85)
        for typed in stretches(session):
            self._axes.text(
                typed.begin_s, EDITOR_Y + 0.34, typed.text.strip(), fontsize=9, family="monospace", color=INK
            )
        for save_s in story.saves_s:
            self._axes.plot([save_s], [EDITOR_Y], "D", color=INK, markersize=5, zorder=5)
            self._axes.text(save_s + 0.18, EDITOR_Y - 0.02, "saved", fontsize=8, va="center", color=INK)
        for spoken in story.spoken:
            if spoken.end_cause == "key" and spoken.stop_ms is not None and spoken.end_s is not None:
                self._stop_label(spoken, spoken.end_s - spoken.stop_ms / 1000)

    def partner(self, sound: Samples, rate_hz: int, story: Story) -> None:
        """The partner's waveform by cause, its words, and why it began and ended."""
        self._lane(PARTNER_Y, "partner", CAUSES["reply"])
        for offered in story.offered:
            begun = next((one.begin_s for one in story.spoken if one.id == offered.id), None)
            if begun is not None:
                self._waited(offered.t, begun, offered.why)
        for n, spoken in enumerate(story.spoken):
            end_s = spoken.end_s if spoken.end_s is not None else self._end_s
            colour = CAUSES[spoken.cause]
            begin, end = (round(at * rate_hz) for at in (spoken.begin_s, end_s))
            self._wave(sound[begin:end], rate_hz, PARTNER_Y, colour, spoken.begin_s)
            for duck in spoken.ducks:
                self._axes.axvspan(
                    duck[0],
                    duck[1] or end_s,
                    *self._share(PARTNER_Y - 0.7, PARTNER_Y + 0.7),
                    color="#f2a65a",
                    alpha=0.35,
                )
            self._axes.text(
                spoken.begin_s, PARTNER_Y - 0.85, _began(spoken), fontsize=9.5, color=colour, weight="bold", va="center"
            )
            following = story.spoken[n + 1].begin_s if n + 1 < len(story.spoken) else self._end_s + MARGIN_S
            pieces = [(word, INK, False) for word in spoken.heard_text.split()]
            pieces += [(word, GREY, True) for word in spoken.unheard_text.split()]
            self._words(spoken.begin_s, PARTNER_Y - 1.17, pieces, min(5.6, following - spoken.begin_s - 0.4), 9.5)

    def floor(self, story: Story) -> None:
        """What the engine decided, slice by slice."""
        self._lane(FLOOR_Y, "floor", GREY)
        colours = [ACTIONS[turn.action][0] for turn in story.turns]
        starts = [turn.t - 0.08 for turn in story.turns]
        self._axes.broken_barh([(at, 0.081) for at in starts], (FLOOR_Y - 0.13, 0.26), facecolors=colours, linewidth=0)
        seen = dict.fromkeys(turn.action for turn in story.turns)
        x_s = 0.0
        for action in (action for action in ACTIONS if action in seen):
            colour, name = ACTIONS[action]
            self._axes.plot([x_s + 0.1], [FLOOR_Y + 0.36], "s", color=colour, markersize=7)
            label = self._axes.text(x_s + 0.32, FLOOR_Y + 0.36, name, fontsize=8.5, va="center", color=INK)
            x_s += 0.32 + self._width_s(label) + 0.6

    def _waited(self, from_s: float, to_s: float, why: str) -> None:
        """From the moment at which something worth saying was found to that at which it was said."""
        colour = CAUSES["offer"]
        self._axes.plot([from_s, to_s], [PARTNER_Y, PARTNER_Y], ":", color=colour, linewidth=2.2)
        self._axes.plot([from_s], [PARTNER_Y], "o", color=colour, markersize=6)
        for text, y in ((why, PARTNER_Y + 0.2), ("waits for a pause", PARTNER_Y - 0.22)):
            self._axes.text(to_s - 0.15, y, text, fontsize=8.5, color=colour, ha="right", va="center")

    def _stop_label(self, spoken: Spoken, from_s: float) -> None:
        """From what stopped it to the silence that followed."""
        assert spoken.end_s is not None
        assert spoken.end_cause is not None
        colour = STOPS.get(spoken.end_cause, GREY)
        from_y = EDITOR_Y - 0.22 if spoken.end_cause == "key" else YOU_Y - HEIGHT
        ms = spoken.stop_ms or 0.0
        took = f"{ms:.0f} ms" if ms < 300 else f"{ms / 1000:.2f} s"
        said = "key" if spoken.end_cause == "key" else "voice"
        self._axes.annotate(
            "",
            (spoken.end_s, PARTNER_Y + 0.2),
            (from_s, from_y),
            arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0},
            zorder=6,
        )
        self._axes.vlines([spoken.end_s], PARTNER_Y - 0.62, PARTNER_Y + 0.62, color=colour, linewidth=2.2, zorder=6)
        self._axes.text(
            spoken.end_s + 0.16,
            PARTNER_Y,
            f"{said} → silence\n{took}",
            fontsize=9,
            weight="bold",
            color=colour,
            va="center",
        )

    def _lane(self, y: float, name: str, colour: str) -> None:
        self._axes.axhline(y, color="#d5d8dc", linewidth=0.8, zorder=0)
        self._axes.text(
            -0.01,
            y,
            name,
            transform=self._axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=11,
            color=colour,
            weight="bold",
        )

    def _wave(self, sound: Samples, rate_hz: int, y: float, colour: str, begin_s: float) -> None:
        """Highest and lowest sample of every column, louder than life so that speech can be seen."""
        if not len(sound):
            return
        size = max(1, round(self._end_s * rate_hz / COLUMNS))
        columns = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)
        t = begin_s + (np.arange(len(columns)) + 0.5) * size / rate_hz
        gain = HEIGHT / LOUDEST
        low, high = (np.clip(gain * edge, -HEIGHT, HEIGHT) for edge in (columns.min(axis=1), columns.max(axis=1)))
        self._axes.fill_between(t, y + low, y + high, color=colour, linewidth=0.3)

    def _words(
        self,
        x_s: float,
        y: float,
        pieces: Sequence[tuple[str, str, bool]],
        width_s: float,
        size: float,
        weight: str = "normal",
    ) -> None:
        """Sets words `(text, colour, struck)` from the left, wrapped at `width_s`."""
        at_s, line_y = x_s, y
        for word, colour, struck in pieces:
            label = self._axes.text(at_s, line_y, word, fontsize=size, color=colour, va="center", weight=weight)
            wide_s = self._width_s(label)
            if at_s > x_s and at_s + wide_s > x_s + width_s:
                at_s, line_y = x_s, line_y - 0.30
                label.set_position((at_s, line_y))
            if struck:
                self._axes.plot([at_s - 0.03, at_s + wide_s + 0.03], [line_y, line_y], color=colour, linewidth=1.0)
            at_s += wide_s + 0.16

    def _width_s(self, label: Any) -> float:
        box = label.get_window_extent(self._renderer)
        inverse = self._axes.transData.inverted()
        return float(inverse.transform((box.x1, 0))[0] - inverse.transform((box.x0, 0))[0])

    def _share(self, low: float, high: float) -> tuple[float, float]:
        """Data heights as shares of the axes."""
        bottom, top = self._axes.get_ylim()
        return (low - bottom) / (top - bottom), (high - bottom) / (top - bottom)


def stretches(session: SessionFolder) -> list[Typed]:
    """What was typed, in stretches without a longer pause; an erased character is shown as ⌫."""
    found: list[Typed] = []
    for event in session.events:
        if event.kind != "change":
            continue
        text = "".join(change["text"] or "⌫" for change in event.fields["changes"])
        last = found[-1] if found else None
        if last is not None and event.t - last.end_s < 0.8:
            found[-1] = Typed(last.begin_s, event.t, last.text + text)
        else:
            found.append(Typed(event.t, event.t, text))
    return found


def _began(spoken: Spoken) -> str:
    name = CAUSE_NAMES.get(spoken.cause, spoken.cause)
    if spoken.waited_ms is None:
        return name
    return f"{name} {spoken.waited_ms / 1000:.2f} s {'after a key' if spoken.cause == 'offer' else ''}".rstrip()


def _title(figure: Any, engine: str, clock: str) -> None:
    figure.text(0.012, 0.945, "A pair programmer that you talk with", fontsize=19, weight="bold", color=INK)
    about = f"duologue demo · engine: {engine} · {clock} clock"
    figure.text(0.012, 0.905, about, fontsize=10.5, color=GREY)


def _figures(figure: Any, story: Story) -> None:
    """The figures of the run, from the right."""
    x = 0.985
    for value, what, colour in reversed(figures(story)):
        figure.text(x, 0.945, value, fontsize=17, weight="bold", color=colour, ha="right")
        figure.text(x, 0.912, what, fontsize=9.5, color=GREY, ha="right")
        x -= 0.118


def figures(story: Story) -> list[tuple[str, str, str]]:
    """Value, what it is, and its colour; only what happened."""
    answers = [one.waited_ms for one in story.spoken if one.cause == "reply" and one.waited_ms is not None]
    by_key, by_voice = (
        [one.stop_ms for one in story.spoken if one.end_cause == cause and one.stop_ms is not None]
        for cause in ("key", "speech")
    )
    unasked = sum(one.cause == "offer" for one in story.spoken)
    rows = [(str(unasked), "spoken unasked", CAUSES["offer"])] if unasked else []
    if answers:
        rows.append((f"{statistics.median(answers) / 1000:.2f} s", "turn → answer", CAUSES["reply"]))
    if by_voice:
        rows.append((f"{statistics.median(by_voice) / 1000:.2f} s", "voice → silence", SPEECH))
    if by_key:
        rows.append((f"{statistics.median(by_key):.0f} ms", "key → silence", KEY))
    return rows


def _grid(axes: "Axes", end_s: float) -> None:
    axes.set_yticks([])
    axes.set_xticks(np.arange(0, end_s + 0.01, 2))
    axes.tick_params(axis="x", labelsize=9, colors=GREY, length=3)
    axes.set_xlabel("seconds", fontsize=9, color=GREY, labelpad=2)
    axes.grid(axis="x", color="#eef0f2", linewidth=0.8, zorder=-1)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
