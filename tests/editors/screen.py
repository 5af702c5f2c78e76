"""What a person sees of a Neovim: the cells that it sends to a terminal, as text and as a picture."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import pynvim
from PIL import Image, ImageDraw, ImageFont

from editors.neovim import Neovim

SHOTS = Path(__file__).parents[2] / "build" / "nvim"
FONT_PX = 18
END = "duologue-screen-end"


@dataclass
class Style:
    """How a cell is drawn; colours are 24-bit numbers."""

    ink: int
    paper: int
    bold: bool = False
    italic: bool = False
    underline: bool = False


@dataclass
class Cell:
    """One column of one row; the right half of a wide character is empty."""

    text: str = " "
    group: int = 0


@dataclass
class Grid:
    """A mirror of Neovim's screen, kept by its redraw events (`:help ui-linegrid`)."""

    columns: int
    rows: int
    ink: int = 0xFFFFFF
    paper: int = 0
    groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    cells: list[list[Cell]] = field(default_factory=list)
    cursor: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.cells = [[Cell() for _ in range(self.columns)] for _ in range(self.rows)]

    def take(self, event: str, arguments: list[Any]) -> None:
        """One redraw event; others than these do not change what is seen."""
        if event == "grid_resize":
            _, self.columns, self.rows = arguments
            self.clear()
        elif event == "grid_clear":
            self.clear()
        elif event == "default_colors_set":
            self.ink, self.paper = arguments[0], arguments[1]
        elif event == "hl_attr_define":
            self.groups[arguments[0]] = arguments[1]
        elif event == "grid_cursor_goto":
            self.cursor = arguments[1], arguments[2]
        elif event == "grid_line":
            self._line(*arguments[1:4])
        elif event == "grid_scroll":
            self._scroll(*arguments[1:6])

    def _line(self, row: int, column: int, cells: list[list[Any]]) -> None:
        group = 0
        for text, *more in cells:
            group = more[0] if more else group
            for _ in range(more[1] if len(more) > 1 else 1):
                self.cells[row][column] = Cell(text, group)
                column += 1

    def _scroll(self, top: int, bottom: int, left: int, right: int, by: int) -> None:
        rows = range(top, bottom - by) if by > 0 else range(bottom - 1, top - by - 1, -1)
        for row in rows:
            self.cells[row][left:right] = self.cells[row + by][left:right]

    def style(self, cell: Cell) -> Style:
        made = self.groups.get(cell.group, {})
        ink, paper = made.get("foreground", self.ink), made.get("background", self.paper)
        if made.get("reverse"):
            ink, paper = paper, ink
        line = any(made.get(kind) for kind in ("underline", "undercurl", "underdashed"))
        return Style(ink, paper, bool(made.get("bold")), bool(made.get("italic")), line)


class Screen:
    """A terminal for a headless Neovim, from now on."""

    def __init__(self, nvim: Neovim, columns: int = 96, rows: int = 22) -> None:
        address = nvim.api.funcs.serverstart(str(nvim.folder / "screen.sock"))
        self._api = pynvim.attach("socket", path=address)
        self._grid = Grid(columns, rows)
        self._api.ui_attach(columns, rows, rgb=True, ext_linegrid=True)

    def close(self) -> None:
        """Before Neovim itself."""
        self._api.close()

    def refresh(self) -> None:
        """Takes in all that has been drawn so far."""
        self._api.command("redraw")
        self._api.exec_lua("vim.rpcnotify(...)", self._api.channel_id, END)
        while (message := self._api.next_message())[1] != END:
            if message[1] == "redraw":
                for event, *calls in message[2]:
                    for arguments in calls:
                        self._grid.take(event, arguments)

    def text(self) -> list[str]:
        """The rows, without blanks at their ends."""
        self.refresh()
        return ["".join(cell.text for cell in row).rstrip() for row in self._grid.cells]

    def least_contrast(self, row: int) -> float:
        """The contrast of what can be read worst in a row: 1 is invisible, 21 black on white (WCAG 2).

        Line numbers, frames and Neovim's own signs for nothing are not text.
        """
        self.refresh()
        cells = [cell for cell in self._grid.cells[row] if any(sign.isalpha() for sign in cell.text)]
        styles = [self._grid.style(cell) for cell in cells if cell.text != "~"]
        pairs = [sorted((_luminance(style.ink), _luminance(style.paper))) for style in styles]
        return min((lighter + 0.05) / (darker + 0.05) for darker, lighter in pairs)

    def shot(self, name: str) -> Path:
        """Writes the screen to `build/nvim`, as text and as a picture."""
        rows = self.text()
        SHOTS.mkdir(parents=True, exist_ok=True)
        (SHOTS / f"{name}.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
        path = SHOTS / f"{name}.png"
        self._draw().save(path)
        return path

    def _draw(self) -> Image.Image:
        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        names = {(0, 0): "", (1, 0): "-Bold", (0, 1): "-Oblique", (1, 1): "-BoldOblique"}
        fonts = {
            kind: ImageFont.truetype(str(folder / f"DejaVuSansMono{end}.ttf"), FONT_PX) for kind, end in names.items()
        }
        width, height = round(fonts[0, 0].getlength("x")), round(FONT_PX * 1.3)
        grid = self._grid
        image = Image.new("RGB", (width * grid.columns, height * grid.rows))
        draw = ImageDraw.Draw(image)
        for row, cells in enumerate(grid.cells):
            for column, cell in enumerate(cells):
                style = grid.style(cell)
                at = column * width, row * height
                ink, paper = style.ink, style.paper
                if (row, column) == grid.cursor:
                    ink, paper = paper, ink
                draw.rectangle((*at, at[0] + width - 1, at[1] + height - 1), fill=_colour(paper))
        for row, cells in enumerate(grid.cells):
            for column, cell in enumerate(cells):
                style = grid.style(cell)
                at = column * width, row * height
                ink = style.paper if (row, column) == grid.cursor else style.ink
                draw.text((at[0], at[1] + 1), cell.text, fill=_colour(ink), font=fonts[style.bold, style.italic])
                if style.underline:
                    draw.line((at[0], at[1] + height - 2, at[0] + width, at[1] + height - 2), fill=_colour(ink))
        return image


def _colour(number: int) -> tuple[int, int, int]:
    return number >> 16, number >> 8 & 255, number & 255


def _luminance(number: int) -> float:
    parts = [part / 255 for part in _colour(number)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
