"""A session that is recorded: it tells the recorder when the microphone began, and which settings were in force."""

from duologue_server.link.messages import FromVoice, Ready
from duologue_server.options import Options, camel, to_wire
from duologue_server.session.ports import ClientPort, VoicePort
from duologue_server.session.session import Session
from duologue_server.trace.clock import Clock
from duologue_server.trace.recorder import Recorder

OF_THE_PLACE = frozenset(
    camel(name)
    for name in ("autostart", "input_device", "output_device", "endpoint_url", "endpoint_model", "endpoint_key_env")
)
"""Settings of the machine where it was recorded: a replay elsewhere has no use for them."""


class RecordedSession(Session):
    """The inputs themselves are told to the recorder by whoever feeds the session."""

    def __init__(
        self, clock: Clock, client: ClientPort, voice: VoicePort, options: Options, recorder: Recorder
    ) -> None:
        super().__init__(clock, client, voice, options)
        self._recorder = recorder
        recorder.configure(_kept(options))

    def configure(self, options: Options) -> None:
        self._recorder.configure(_kept(options))
        super().configure(options)

    def from_voice(self, message: FromVoice) -> None:
        if isinstance(message, Ready):
            self._recorder.voice_began(message.origin_s, message.parts.get("recording"))
        super().from_voice(message)


def _kept(options: Options) -> dict[str, object]:
    """What differs from the defaults, less what belongs to the place."""
    usual = to_wire(Options())
    chosen = {name: value for name, value in to_wire(options).items() if value != usual[name]}
    return {name: value for name, value in chosen.items() if name not in OF_THE_PLACE}
