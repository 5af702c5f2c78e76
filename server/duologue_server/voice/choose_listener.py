"""Which recogniser is used, and why."""

from dataclasses import dataclass
from pathlib import Path

from duologue_server.voice.listener import Listener
from duologue_server.voice.moonshine import MoonshineListener
from duologue_server.voice.moonshine_folder import missing_files
from duologue_server.voice.moonshine_weights import WeightsTrouble
from duologue_server.voice.whisper import WhisperListener, missing_whisper_files

SHIPPED = "moonshine"
SETTING = "duologue.recogniser"
_NEXT = f"Correct {SETTING}, or leave it at '{SHIPPED}'"


@dataclass(frozen=True, slots=True)
class ChosenListener:
    """The recogniser, loaded; if it is not the one that was asked for, what is wrong with that and what to do."""

    listener: Listener
    problem: str = ""
    remedy: str = ""


def choose_listener(recogniser: str = SHIPPED) -> ChosenListener:
    """Makes and loads the recogniser that was asked for, or else the shipped one. Takes up to a few seconds.

    Raises WeightsTrouble when not even that can be loaded.
    """
    if recogniser != SHIPPED:
        try:
            return ChosenListener(open_own(recogniser))
        except WeightsTrouble as trouble:
            problem, remedy = f"{SETTING} cannot be used: {trouble.what}: {trouble.where}", trouble.remedy
        shipped = _loaded(MoonshineListener())
        return ChosenListener(shipped, f"{problem}. The recogniser that came with it is used instead", remedy)
    return ChosenListener(_loaded(MoonshineListener()))


def open_own(recogniser: str) -> Listener:
    """The recogniser in the folder that the setting names, loaded. Raises WeightsTrouble that names what is missing."""
    folder = Path(recogniser).expanduser()
    if not folder.is_absolute():
        where = f"{recogniser!r} is neither '{SHIPPED}' nor the whole path of a folder"
        raise WeightsTrouble("no such recogniser", where, _NEXT)
    if not folder.is_dir():
        where = f"{folder} is a file" if folder.exists() else f"{folder} does not exist"
        raise WeightsTrouble("there is no such folder", where, _NEXT)
    missing, missing_whisper = missing_files(folder), missing_whisper_files(folder)
    if len(missing) == len(missing_whisper) == 3:
        where = (
            f"{folder} holds no {', no '.join(missing)} (Moonshine), and no {', no '.join(missing_whisper)} (Whisper)"
        )
        raise WeightsTrouble("the folder holds no recogniser that is known", where, f"Name one that does. {_NEXT}")
    return _loaded(MoonshineListener(folder) if len(missing) <= len(missing_whisper) else WhisperListener(folder))


def _loaded(listener: MoonshineListener | WhisperListener) -> Listener:
    listener.load()
    return listener
