"""`duologue doctor --mic`: microphone, loudspeaker and room, measured with the user's help."""

from collections.abc import Iterator

import numpy as np

from duologue_server.audio.device import DeviceTrouble, Samples
from duologue_server.audio.echo import DoubleTalkEchoCanceller, EchoCanceller, NoEchoCanceller
from duologue_server.audio.figures import (
    clipped_share,
    echo_loss_db,
    find_echo,
    noise_floor_dbfs,
    speech_level_dbfs,
)
from duologue_server.audio.levels import level_dbfs
from duologue_server.audio.sound import RATE_HZ
from duologue_server.audio.soundcard import SoundCard
from duologue_server.doctor.booth import Booth, Take
from duologue_server.doctor.checks.sound import UNMUTE
from duologue_server.doctor.result import ASK, Result
from duologue_server.options import Options
from duologue_server.voice.choose_listener import choose_listener
from duologue_server.voice.choose_speaker import choose_speaker
from duologue_server.voice.listener import Listener
from duologue_server.voice.moonshine_weights import WeightsTrouble

Spoken = tuple[Samples, int]
"""What is to be played, `[N]`, and its rate in Hz."""

SILENCE_S = 2.0
SPEECH_S = 4.0
OWN_WORDS = (
    "This is the voice that you will hear while you work. It says these few sentences, so that the way from the "
    "loudspeaker to the microphone can be measured. Please stay silent until it is over."
)
NOISY_DBFS = -45.0
"""Above this the voice of somebody at arm's length no longer stands out by 20 dB."""
TOO_QUIET_DBFS = -45.0
"""Speech is raised before it is recognised, by 30 dB at most: what lies lower is not recognised for certain."""
ENOUGH_ABOVE_NOISE_DB = 12.0
MOST_CLIPPED = 0.001
LITTLE_LOSS_DB = 6.0
"""An echo that is hardly quieter than what was played is louder than most users: nothing is heard beside it."""
LITTLE_CANCELLED_DB = 12.0
AT_NOISE_DB = 3.0
"""No canceller can be seen to do more than leave the room's noise."""
MOST_GAPS = 5
"""Opening a device may take one or two."""
LONGEST_DELAY_MS = 300.0
"""As far as the canceller is known to reach."""
LOWER_VOLUME = "Lower the loudspeaker, or the voice with --set volume=0.5, or move the microphone away from it"


def check(options: Options) -> Iterator[Result]:
    """Questions to the user, as results of the part `ASK`, and what was measured."""
    try:
        card = SoundCard(options.input_device, options.output_device)
    except DeviceTrouble as trouble:
        yield Result("Sound card", "failed", trouble.what, trouble.remedy)
        return
    for doubt in card.troubles:
        yield Result("Sound card", "failed" if doubt.code == "no_input" else "warning", doubt.what, doubt.remedy)
    if not card.has_input:
        return
    yield Result("Sound card", "ok", card.description)
    yield Result(ASK, "info", "One moment: the ear and the voice are being loaded.")
    try:
        chosen = choose_listener(options.recogniser)
    except WeightsTrouble as trouble:
        yield Result("Ear", "failed", f"{trouble.what}: {trouble.where}", trouble.remedy)
        return
    if chosen.problem:
        yield Result("Ear", "warning", chosen.problem, chosen.remedy)
    voice = choose_speaker(options.voice, options.speed)
    if voice.degraded:
        yield Result("Voice", "warning", voice.message, "Run 'duologue doctor --only speech'")
    canceller: EchoCanceller = DoubleTalkEchoCanceller() if options.echo_canceller else NoEchoCanceller()
    speaker = voice.speaker
    spoken = (speaker.speak(OWN_WORDS).samples, speaker.rate_hz) if speaker is not None and card.has_output else None
    booth = Booth(card, canceller, options.volume)
    try:
        booth.start()
        yield from measure(booth, chosen.listener, spoken)
        if card.glitches > MOST_GAPS:
            what = f"{card.glitches} gaps in the sound meanwhile: the machine is too busy, and the figures are rough"
            yield Result("Gaps", "warning", what, "End what keeps it busy, and measure again")
    except DeviceTrouble as trouble:
        yield Result("Sound card", "failed", trouble.what, trouble.remedy)
    finally:
        booth.stop()


def measure(booth: Booth, listener: Listener, own_voice: Spoken | None) -> Iterator[Result]:
    """The measurement on a booth that is started. Raises DeviceTrouble when a device fails meanwhile.

    All is recorded before anything is made of it: a recogniser takes its time, and what comes meanwhile would be lost.
    """
    yield Result(ASK, "info", f"Please be silent for {SILENCE_S:g} seconds.")
    silence = booth.listen(SILENCE_S)
    if not silence.near.any():
        yield Result("Noise", "failed", "the microphone delivers nothing but zeros: it is muted or blocked", UNMUTE)
        return
    yield Result(ASK, "info", f"Now say a sentence, within {SPEECH_S:g} seconds: “What is wrong in line twenty three?”")
    speech = booth.listen(SPEECH_S)
    own: Take | None = None
    if booth.has_output:
        yield Result(ASK, "info", "This is how you sounded.")
        booth.play(speech.near, RATE_HZ)
        if own_voice is not None:
            yield Result(ASK, "info", "Please be silent again, until the voice has spoken.")
            own = booth.play(*own_voice)
    booth.stop()
    yield Result(ASK, "info", "Thank you.")
    noise_dbfs = noise_floor_dbfs(silence.near)
    yield judged_noise(noise_dbfs)
    text = listener.final(speech.clean)
    yield judged_speech(speech, noise_dbfs, bool(text))
    yield judged_words(text)
    if not booth.has_output:
        yield Result("Played back", "warning", "there is no loudspeaker", "Connect one; until then all stays text")
        return
    remedy = "if not, choose another one with --set outputDevice=NAME"
    yield Result("Played back", "info", f"you should have heard yourself from the loudspeaker; {remedy}")
    if own is None:
        yield Result("Echo", "info", "not measured: there is no voice that speaks")
    else:
        yield from judged_echo(own, noise_dbfs, listener)


def judged_noise(noise_dbfs: float) -> Result:
    what = f"{noise_dbfs:.0f} dBFS while nobody speaks"
    if noise_dbfs > NOISY_DBFS:
        remedy = "Lower the microphone's level, or move it away from what hums; a headset hears less of the room"
        return Result("Noise", "warning", f"{what}: much", remedy)
    return Result("Noise", "ok", what)


def judged_speech(speech: Take, noise_dbfs: float, understood: bool) -> Result:
    """How loud the user is; `understood` if there were words in it."""
    level = speech_level_dbfs(speech.near)
    above = level - noise_dbfs
    clipped = clipped_share(speech.near)
    peak = 20 * np.log10(max(1e-6, float(np.abs(speech.near).max())))
    what = f"{level:.0f} dBFS, {above:.0f} dB above the noise, peak {peak:.0f} dBFS"
    if clipped > MOST_CLIPPED:
        return Result("Your voice", "warning", f"{what}: {clipped:.1%} is cut off", "Lower the microphone's level")
    if above < ENOUGH_ABOVE_NOISE_DB and not understood:
        remedy = f"Speak nearer to the microphone, or raise its level. {UNMUTE}"
        return Result("Your voice", "failed", f"{what}: no voice was heard", remedy)
    if level < TOO_QUIET_DBFS:
        return Result("Your voice", "warning", f"{what}: quiet", "Raise the microphone's level, or speak nearer to it")
    if above < ENOUGH_ABOVE_NOISE_DB:
        remedy = "Speak nearer to the microphone, or make the room quieter"
        return Result("Your voice", "warning", f"{what}: it hardly stands out", remedy)
    return Result("Your voice", "ok", what)


def judged_words(text: str) -> Result:
    if text:
        return Result("Words", "ok", f"understood “{text}”")
    return Result("Words", "warning", "no words were understood", "Say it again, louder or nearer to the microphone")


def judged_echo(own: Take, noise_dbfs: float, listener: Listener) -> Iterator[Result]:
    """What comes back of the own voice, before and behind the canceller, and whether words are made of it."""
    echo = find_echo(own.near, own.far, noise_dbfs)
    if echo is None:
        yield Result("Echo", "ok", "none is heard: headphones, or a loudspeaker that is off. echoCanceller may be off")
        return
    what = f"{echo.loss_db:.0f} dB below what is played, {echo.delay_ms:.0f} ms later"
    if clipped_share(own.near) > MOST_CLIPPED:
        yield Result("Echo", "warning", f"{what}: it overdrives the microphone", LOWER_VOLUME)
    elif echo.loss_db < LITTLE_LOSS_DB:
        yield Result("Echo", "warning", f"{what}: loud", LOWER_VOLUME)
    elif echo.delay_ms > LONGEST_DELAY_MS:
        remedy = f"A loudspeaker with a wire is quicker; the canceller reaches {LONGEST_DELAY_MS:.0f} ms"
        yield Result("Echo", "warning", f"{what}: late", remedy)
    else:
        yield Result("Echo", "ok", what)
    # The first half is for learning the room.
    half = slice(len(own.near) // 2, None)
    before = echo_loss_db(own.near[half], own.far[half], echo.delay_ms)
    behind = echo_loss_db(own.clean[half], own.far[half], echo.delay_ms)
    words = listener.final(own.clean[half])
    what = f"{behind:.0f} dB below what is played, {behind - before:.0f} dB of it by the canceller"
    at_noise = level_dbfs(own.clean[half]) < noise_dbfs + AT_NOISE_DB
    what += ", as quiet as the room" if at_noise else ""
    if words:
        yield Result("Echo, cancelled", "warning", f"{what}, and still understood as “{words}”", LOWER_VOLUME)
    elif behind - before < LITTLE_CANCELLED_DB and not at_noise:
        yield Result("Echo, cancelled", "warning", f"{what}: little", LOWER_VOLUME)
    else:
        yield Result("Echo, cancelled", "ok", f"{what}; no words are made of it")
