"""A microphone and a loudspeaker without hardware: files, in real time, through the code that drives a sound card."""

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from duologue_server.audio.device import BLOCK_MS, DeviceTrouble, FillBlock, OnBlock, Samples
from duologue_server.audio.resample import StreamResampler

VIRTUAL_PREFIX = "virtual:"
INPUT_RATE_HZ = 16_000
OUTPUT_RATE_HZ = 24_000
_BLOCK_S = BLOCK_MS / 1000
_INPUT_BLOCK = INPUT_RATE_HZ * BLOCK_MS // 1000
_OUTPUT_BLOCK = OUTPUT_RATE_HZ * BLOCK_MS // 1000
_SAVE_EVERY_BLOCKS = 1000 // BLOCK_MS
_KEYS = ("mic", "out", "echo_ms", "echo_db")
_EXPECTED = f"{VIRTUAL_PREFIX}[mic=PATH][,out=PATH][,echo_ms=MILLISECONDS][,echo_db=DECIBELS]"


def parse_device(spec: str) -> "VirtualDevice":
    """The device that `virtual:mic=PATH,out=PATH,echo_ms=60,echo_db=-20` describes; every part may be absent.

    A path may hold commas. Raises ValueError for anything else, and DeviceTrouble for a microphone file that cannot be
    used.
    """
    if not spec.startswith(VIRTUAL_PREFIX):
        raise ValueError(f"'{spec}' is not a virtual device; write {_EXPECTED}")
    rest = spec.removeprefix(VIRTUAL_PREFIX)
    values: dict[str, str] = {}
    for part in re.split(rf",(?=(?:{'|'.join(_KEYS)})=)", rest) if rest else []:
        key, equals, value = part.partition("=")
        if key not in _KEYS or not equals or not value or key in values:
            raise ValueError(f"cannot read '{part}' in the virtual device '{spec}'; write {_EXPECTED}")
        values[key] = value
    echo: dict[str, float] = {}
    for key in ("echo_ms", "echo_db"):
        try:
            echo[key] = float(values.get(key, "nan"))
        except ValueError:
            raise ValueError(f"'{key}' in the virtual device '{spec}' must be a number, not '{values[key]}'") from None
    wants_echo = "echo_ms" in values or "echo_db" in values
    return VirtualDevice(
        microphone=Path(values["mic"]) if "mic" in values else None,
        output_path=Path(values["out"]) if "out" in values else None,
        echo_delay_ms=(echo["echo_ms"] if "echo_ms" in values else 60.0) if wants_echo else None,
        echo_gain_db=echo["echo_db"] if "echo_db" in values else -20.0,
    )


class VirtualRoom:
    """The files and the echo of a virtual device, block by block, without any time of its own.

    In each step the loudspeaker asks for block n, then the microphone delivers block n − 1. The two files are aligned:
    sample 0 of the output was played while sample 0 of the microphone was heard.
    """

    def __init__(
        self,
        microphone: Path | Samples | None = None,
        output_path: Path | None = None,
        echo_delay_ms: float | None = None,
        echo_gain_db: float = -20.0,
    ) -> None:
        """As `VirtualDevice`."""
        if echo_delay_ms is not None and not 0 <= echo_delay_ms <= 10_000:
            raise ValueError(f"an echo is delayed by 0 to 10000 ms, not {echo_delay_ms:g}")
        if output_path is not None and output_path.suffix.lower() not in (".flac", ".wav"):
            raise ValueError(f"'{output_path}': the output of a virtual device ends in .flac or .wav")
        self._microphone = _Microphone(microphone)
        self._output_path = output_path
        self._echo = None if echo_delay_ms is None else _Echo(echo_delay_ms, echo_gain_db)
        self._recording: _Recording | None = None
        self._played_blocks = 0

    @property
    def description(self) -> str:
        output = self._output_path.name if self._output_path else "nowhere"
        return f"virtual device, from {self._microphone.description} to {output}"

    def open(self) -> None:
        """Creates the output file. Raises DeviceTrouble."""
        if self._output_path is not None:
            self._recording = _Recording(self._output_path)

    def step(self, on_block: OnBlock, fill_block: FillBlock) -> None:
        """The next 20 ms. Raises DeviceTrouble when a file breaks off."""
        played = fill_block(_OUTPUT_BLOCK)
        if self._recording is not None:
            self._recording.write(played)
        if self._echo is not None:
            self._echo.play(played)
        if self._played_blocks > 0:
            heard = self._microphone.read(_INPUT_BLOCK)
            if self._echo is not None:
                heard = np.clip(heard + self._echo.hear(_INPUT_BLOCK), -1.0, 1.0)
            on_block(heard)
        self._played_blocks += 1

    def close(self) -> None:
        """Completes the output file; idempotent."""
        self._microphone.close()
        if self._recording is not None:
            self._recording.close()


class VirtualDevice:
    """Plays a file into the microphone and writes what is played to another, paced by the monotonic clock.

    Block n is due at start + n·20 ms whatever happened before, and after a stall all that are due follow at once:
    nothing is lost and nothing drifts. What happens in a block is `VirtualRoom`'s business.
    """

    input_rate_hz = INPUT_RATE_HZ
    output_rate_hz = OUTPUT_RATE_HZ
    has_input = True
    has_output = True
    troubles: tuple[DeviceTrouble, ...] = ()

    def __init__(
        self,
        microphone: Path | Samples | None = None,
        output_path: Path | None = None,
        echo_delay_ms: float | None = None,
        echo_gain_db: float = -20.0,
    ) -> None:
        """`microphone`: a mono 16 kHz sound file or `[N]` float32; silence after its end, and when it is None.

        `output_path`: `.flac` or `.wav`, written as it is played. `echo_delay_ms`: what is played comes back into the
        microphone so much later, at `echo_gain_db`; None: no echo. Raises DeviceTrouble for a microphone file that
        cannot be used, ValueError for an impossible echo or kind of output.
        """
        self._room = VirtualRoom(microphone, output_path, echo_delay_ms, echo_gain_db)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.origin_s: float | None = None
        """`time.monotonic()` of sample 0 of both files; None before `start`."""

    @property
    def description(self) -> str:
        return self._room.description

    def start(self, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]) -> None:
        """Begins, once: a second `start` raises RuntimeError. Raises DeviceTrouble for an impossible output."""
        if self._thread is not None:
            raise RuntimeError("a virtual device is started once; make another one")
        self._room.open()
        self.origin_s = time.monotonic()
        self._thread = threading.Thread(
            target=self._run, args=(self.origin_s, on_block, fill_block, on_lost), name="virtual-device", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends after the present block and completes the output file; idempotent."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(
        self, origin_s: float, on_block: OnBlock, fill_block: FillBlock, on_lost: Callable[[DeviceTrouble], None]
    ) -> None:
        trouble: DeviceTrouble | None = None
        number = 0
        try:
            while not self._stopping.wait(max(0.0, origin_s + number * _BLOCK_S - time.monotonic())):
                self._room.step(on_block, fill_block)
                number += 1
        except DeviceTrouble as caught:
            trouble = caught
        except Exception as error:  # also of those who were called: the voice must learn that its device is gone
            trouble = DeviceTrouble("lost", f"The virtual device ended: {error!r}", "Check the disk and start again")
            trouble.__cause__ = error
        finally:
            self._room.close()
        if trouble is not None:
            on_lost(trouble)


class _Microphone:
    """Mono 16 kHz samples from a file or an array, then silence."""

    def __init__(self, source: Path | Samples | None) -> None:
        self._file: soundfile.SoundFile | None = None
        self._array: Samples = np.zeros(0, np.float32)
        self._path = source if isinstance(source, Path) else None
        self.description = "silence"
        if isinstance(source, Path):
            self.description = source.name
            self._file = _open_microphone(source)
        elif source is not None:
            self.description = "samples"
            self._array = np.ascontiguousarray(source, np.float32)
            if self._array.ndim != 1:
                raise ValueError(f"a microphone takes mono samples [N], not {list(self._array.shape)}")

    def read(self, n: int) -> Samples:
        block = np.zeros(n, np.float32)
        if self._file is not None:
            try:
                read = self._file.read(n, dtype="float32")
            except soundfile.SoundFileError as error:
                raise DeviceTrouble(
                    "lost", f"The microphone file '{self._path}' broke off: {error}", "Record or convert it again"
                ) from error
        else:
            read, self._array = self._array[:n], self._array[n:]
        block[: len(read)] = read
        return block

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _open_microphone(path: Path) -> soundfile.SoundFile:
    if not path.is_file():
        raise DeviceTrouble("no_input", f"There is no microphone file '{path}'", "Check the path")
    try:
        file = soundfile.SoundFile(path)
    except soundfile.SoundFileError as error:
        raise DeviceTrouble(
            "no_input",
            f"The microphone file '{path}' cannot be read: {error}",
            "Give a .flac or .wav file, mono, 16 kHz",
        ) from error
    if (file.samplerate, file.channels) != (INPUT_RATE_HZ, 1):
        found = f"{file.samplerate} Hz with {file.channels} channel{'s' if file.channels > 1 else ''}"
        file.close()
        raise DeviceTrouble(
            "wrong_rate",
            f"The microphone file '{path}' has {found}, not {INPUT_RATE_HZ} Hz mono",
            f"Convert it, for example: ffmpeg -i IN -ar {INPUT_RATE_HZ} -ac 1 OUT.flac",
        )
    return file


class _Echo:
    """What was played, `delay_ms` later and scaled, at the rate of the microphone, sample-exact."""

    def __init__(self, delay_ms: float, gain_db: float) -> None:
        self._gain = np.float32(10 ** (gain_db / 20))
        self._resampler = StreamResampler(OUTPUT_RATE_HZ, INPUT_RATE_HZ)
        self._waiting: Samples = np.zeros(round(delay_ms * INPUT_RATE_HZ / 1000), np.float32)

    def play(self, block: Samples) -> None:
        self._waiting = np.concatenate([self._waiting, self._resampler.push(block) * self._gain])

    def hear(self, n: int) -> Samples:
        # Playing is one block ahead of hearing, which is more than the resampler holds back.
        assert len(self._waiting) >= n, len(self._waiting)
        heard, self._waiting = self._waiting[:n], self._waiting[n:]
        return heard


class _Recording:
    """A 16-bit sound file that is readable at any time up to a second ago, also when the process is killed.

    libsndfile brings the header of a WAV file up to date when it is flushed. That of a FLAC file it writes only at the
    end, and then a killed one has an unknown length that most readers refuse: so its length is written here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_flac = path.suffix.lower() == ".flac"
        self._blocks = 0
        try:
            self._file = soundfile.SoundFile(path, "w", OUTPUT_RATE_HZ, 1, subtype="PCM_16")
        except (soundfile.SoundFileError, OSError) as error:
            raise DeviceTrouble(
                "no_output", f"The output file '{path}' cannot be written: {error}", "Check that its folder exists"
            ) from error

    def write(self, block: Samples) -> None:
        try:
            self._file.write(block)
            self._blocks += 1
            if self._blocks % _SAVE_EVERY_BLOCKS == 0:
                self._file.flush()
                if self._is_flac:
                    _write_flac_length(self._path, self._blocks * _OUTPUT_BLOCK)
        except soundfile.SoundFileError as error:
            raise DeviceTrouble(
                "lost", f"The output file '{self._path}' cannot be written any more: {error}", "Check the disk"
            ) from error

    def close(self) -> None:
        self._file.close()


_FLAC_BLOCK_SIZE_AT = 8
_FLAC_LENGTH_AT = 21
"""STREAMINFO begins at byte 8 with the size of a frame; the low 36 bits of the 5 bytes from byte 21 on are the number
of samples (RFC 9639, 8.2)."""


def _write_flac_length(path: Path, written: int) -> None:
    """Writes into the header how many samples the complete frames hold of the `written` ones."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        head = os.read(descriptor, _FLAC_LENGTH_AT + 5)
        frame = int.from_bytes(head[_FLAC_BLOCK_SIZE_AT : _FLAC_BLOCK_SIZE_AT + 2], "big")
        # The encoder keeps one sample more than a frame before it writes the frame.
        complete = max(0, written - 1) // frame * frame
        field = int.from_bytes(head[_FLAC_LENGTH_AT:], "big") >> 36 << 36 | complete
        os.lseek(descriptor, _FLAC_LENGTH_AT, os.SEEK_SET)
        os.write(descriptor, field.to_bytes(5, "big"))
    finally:
        os.close(descriptor)
