"""What the sets are made of: clips of one synthesiser, of other voices, or of people; never heard in training."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from duologue_model.training.voices import Bank, Clip, open_bank

SETS = {
    "synthesiser": ("held-out",),
    "voices": ("dev",),
    "human": ("dev", "held-out"),
}
"""Each set, and the splits of the utterance bank that its clips come from: none was trained on."""
DEFAULT_SETS = ("synthesiser", "human")
NOT_SPEECH = frozenset({"key", "ambience"})
PARTNERS = frozenset({"reply", "offer", "hum"})
PEOPLES = frozenset({"talk", "stop", "backchannel"})
"""A set of people needs recordings of all these."""


@dataclass(frozen=True, slots=True)
class Banks:
    """Where the utterance bank lies, and what it is made from if it is not there yet."""

    folder: Path
    data: Path | None
    seed: int = 1


def open_set(name: str, banks: Banks, told: Callable[[str], None]) -> tuple[Bank | None, str]:
    """The clips of a set; None, and why, where there are none. `told` hears of what takes minutes.

    Raises BankTrouble, OSError.
    """
    clips: list[Clip] = []
    for split in SETS[name]:
        if not (banks.folder / f"{split}.json").exists():
            told(f"making the utterance bank of the split {split} in {banks.folder}; this takes some minutes")
        clips += open_bank(banks.folder, banks.data, split, banks.seed).clips.values()
    bank = Bank(clip for clip in clips if _belongs(clip, name == "human"))
    lacking = sorted(kind for kind in PEOPLES if name == "human" and not bank.has(kind))
    if lacking:
        return None, (
            f"no recordings of people ({', '.join(lacking)}) are in {banks.folder}: give --data the folder with "
            "train/index.csv and dev/index.csv, and --bank a new folder"
        )
    return bank, ""


def _belongs(clip: Clip, human: bool) -> bool:
    facts = clip.facts
    return facts.kind in NOT_SPEECH | PARTNERS or (facts.engine == "human") == human
