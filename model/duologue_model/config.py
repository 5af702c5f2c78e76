"""The sizes of the floor network. One dial, `depth`; all else follows from it or never changes.

Letters used for shapes in this package: `B` sessions at once, `T` slices of 80 ms, `K` tokens of a slice, `L = T·K`
tokens, `D` width, `H` heads, `G` heads of keys and values, `N` cached tokens, `S` samples of a slice.
"""

from dataclasses import dataclass

from duologue_model.slices import RATE_HZ, SLICE_MS

FRAME_MS = 40
FRAMES = SLICE_MS // FRAME_MS
"""Audio frames, and so audio tokens, of a slice: 2."""
COLUMN_MS = 10
COLUMNS = SLICE_MS // COLUMN_MS
"""Columns of the spectrogram in a slice: 8, of which four are stacked to a frame."""
COLUMN_SAMPLES = RATE_HZ * COLUMN_MS // 1000
WINDOW_SAMPLES = RATE_HZ * 25 // 1000
BANDS = 64
LEVELS = 16
VOICE_MS = 20
VOICES = SLICE_MS // VOICE_MS
"""Decisions about voice in a slice: 4."""

TOKENS = FRAMES + 3
"""Tokens of a slice: two of sound, the desk, the talk, and the interaction token, which the decisions are read from."""

HAZARD_EDGES_S = (0.0, 0.2, 0.5, 1.0)
"""The user's turn ends: already ended, within 0.2 s, 0.5 s, 1 s, or later. Five bins."""
HAZARDS = len(HAZARD_EDGES_S) + 1
FUTURE_EDGES_S = (0.0, 0.2, 0.6, 1.2, 2.0)
"""Voice-activity projection: bins of 0.2, 0.4, 0.6 and 0.8 s from now on."""
FUTURES = 2 ** (2 * (len(FUTURE_EDGES_S) - 1))
"""Joint futures. Bit `4·speaker + bin` of the index is set when that speaker (user 0, partner 1) has voice there."""
LETTERS = " abcdefghijklmnopqrstuvwxyz'"
"""What the auxiliary CTC spells; index 0 is its blank, so letter `i` is symbol `i + 1`."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The shape of a `FloorNetwork`. `ModelConfig(depth=6)` has about 5 million parameters, `depth=8` about 10."""

    depth: int = 8
    """Layers; even. The one size dial."""
    ring_slices: int = 24_000 // SLICE_MS
    """Slices before the present one that every second layer sees: 24 s, which is also what it is trained on."""
    near_slices: int = 6_000 // SLICE_MS
    """Slices before the present one that the other layers see: 6 s. Reading the ring is most of a step's work."""
    slices_per_step: int = 8
    """The most slices in one forward of a stream."""
    sinks: int = 4
    """Learned keys without a place in time: where attention goes when nothing in the ring matters."""
    dropout: float = 0.1
    """In training only."""

    def __post_init__(self) -> None:
        if self.depth < 2 or self.depth % 2:
            raise ValueError(f"The depth must be an even number of layers, not {self.depth}: take 6 (CPU) or 8 (GPU).")
        if min(self.ring_slices, self.near_slices, self.slices_per_step) < 1:
            raise ValueError("The ring and the step must hold one slice at least.")

    @property
    def width(self) -> int:
        """D: 256 at depth 6, 320 at depth 8, 384 at depth 10."""
        return 64 + 32 * self.depth

    @property
    def head_width(self) -> int:
        return 64

    @property
    def heads(self) -> int:
        """H."""
        return self.width // self.head_width

    @property
    def key_heads(self) -> int:
        """G. All heads share one head of keys and values: a ring of 30 s is read from memory in every step."""
        return 1

    @property
    def hidden(self) -> int:
        """Width of the feed-forward layers."""
        return 3 * self.width

    @property
    def windows(self) -> tuple[int, ...]:
        """For every layer, how many slices before the present one it sees; the last sees the whole ring."""
        near = min(self.near_slices, self.ring_slices)
        return tuple(self.ring_slices if layer % 2 else near for layer in range(self.depth))

    def slots(self, window: int) -> int:
        """Slices that a cache has room for: those seen by the first slice of the longest step, and that step."""
        return window + self.slices_per_step
