"""The voice link: what goes in comes out, and every way of ending has its name."""

import os
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, get_args

import msgpack  # type: ignore[import-untyped]
import pytest

from duologue_server.link import channel as channel_module
from duologue_server.link.channel import HARD_LIMIT, SOFT_LIMIT, Channel, Outbox
from duologue_server.link.frames import MAX_BODY_BYTES, FrameReader, LinkError, encode
from duologue_server.link.messages import (
    LINK_VERSION,
    MESSAGES,
    Ask,
    Beat,
    Control,
    EditorEvent,
    FromVoice,
    Goodbye,
    Guess,
    Happened,
    HeardUpTo,
    Hello,
    Keys,
    Manner,
    Message,
    Offer,
    Prepare,
    Progress,
    Ready,
    Reply,
    Say,
    ToVoice,
    Trouble,
    Unask,
    Vocabulary,
    VoiceState,
    Withdraw,
)
from duologue_server.trace.facts import (
    FACTS,
    Command,
    Dropped,
    Duck,
    Edit,
    Heard,
    Offered,
    SoundOff,
    SoundOn,
    Turn,
    Unduck,
)

WAIT_S = 10.0
ONE_OF_EACH: tuple[Message, ...] = (
    Hello(LINK_VERSION, "duologue", {"voice": "none", "detectors": ["ruff"], "speed": 1.0}),
    Beat(3),
    Keys(2, 12.5),
    EditorEvent("diagnostics_up", 4),
    Offer("o1", "The name totl is not defined.", 0.7),
    Withdraw("o1", "edited"),
    Say("s1", "Hello – „naïve“ 🙂", "repeat"),
    Reply(7, "Line twelve.", False),
    Prepare("where am i", "Line twelve.", False, True),
    Control("snooze", {"minutes": 10}),
    Manner(0.87, 1.4),
    Vocabulary(("totl", "größe")),
    Goodbye(),
    Progress(40, "loading the voice"),
    Ready(1.5, {"ear": "moonshine", "voice": "hibari"}),
    VoiceState("push_to_talk", "typing", "ducked", None, 3),
    VoiceState("open", "quiet", "silent", 412.0, 0),
    Guess("what is wrong", "The name"),
    Ask(7, "what is wrong here", 3.2, 3.5, "The name"),
    Unask(7),
    HeardUpTo("o1", "The name"),
    Trouble("no_input", "There is no microphone", "Plug one in", True),
    Happened(Turn(0.08, "SILENT", "QUIET", {"SILENT": 0.9}, 1.25)),
    Happened(SoundOn(1.0, "o1", "The name totl", "offer")),
    Happened(SoundOff(2.0, "o1", "key", "The name", 620.0)),
    Happened(Duck(1.2, "o1", -12.0)),
    Happened(Unduck(1.4, "o1", 0.0)),
    Happened(Heard(1.3, "mhm", False)),
    Happened(Command(1.5, "mute", "key")),
    Happened(Edit(1.6, "file:///a.py", "accept")),
    Happened(Offered(0.5, "o1", "The name totl", 0.7, "ruff:F821")),
    Happened(Dropped(0.6, "o2", "Unused import", "edited")),
)


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def check_broken(data: bytes, code: str, *says: str) -> None:
    frames = FrameReader()
    assert frames.feed(encode(Beat(1)) + data) == [Beat(1)]
    error = frames.end()
    assert (error.code, [word for word in says if word not in str(error)]) == (code, [])


class TestFrames:
    def test_every_kind_is_among_the_examples(self) -> None:
        assert {message.kind for message in ONE_OF_EACH} == set(MESSAGES)
        assert {m.fact.kind for m in ONE_OF_EACH if isinstance(m, Happened)} == set(FACTS)
        assert {kind.kind for kind in (*get_args(ToVoice), *get_args(FromVoice))} == set(MESSAGES)

    @pytest.mark.parametrize("message", ONE_OF_EACH, ids=lambda m: m.fact.kind if isinstance(m, Happened) else m.kind)
    def test_round_trip(self, message: Message) -> None:
        assert FrameReader().feed(encode(message)) == [message]

    def test_any_cut_of_the_stream_gives_the_same_messages(self) -> None:
        stream = b"".join(encode(message) for message in ONE_OF_EACH)
        for step in (1, 2, 3, 7, 64, len(stream)):
            frames = FrameReader()
            got = [m for start in range(0, len(stream), step) for m in frames.feed(stream[start : start + step])]
            assert got == list(ONE_OF_EACH)
            assert frames.end().code == "closed"

    def test_truncated(self) -> None:
        check_broken(encode(Say("s", "cut off"))[:-3], "truncated", "inside a message")
        check_broken(b"\x00\x00", "truncated")

    def test_oversized_before_it_is_read(self) -> None:
        check_broken(struct.pack(">I", MAX_BODY_BYTES + 1), "oversized", str(MAX_BODY_BYTES))

    def test_oversized_is_not_sent(self) -> None:
        with pytest.raises(LinkError, match=r"oversized.*'say'"):
            encode(Say("s", "x" * MAX_BODY_BYTES))

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"\xc1", ""),
            (b"", ""),
            (msgpack.packb([1, 2]), "not a message"),
            (msgpack.packb({"kind": "shout"}), "not a message"),
            (msgpack.packb({"kind": ["beat"]}), ""),
            (msgpack.packb({"kind": "beat"}), "beat"),
            (msgpack.packb({"kind": "beat", "count": 1, "extra": 2}), "extra"),
            (msgpack.packb({"kind": "beat", "count": "one"}), "count"),
            (msgpack.packb({"kind": "beat", "count": True}), "count"),
            (msgpack.packb({"kind": "editor", "what": "lunch"}), "what"),
            (msgpack.packb({"kind": "vocabulary", "words": ["a", 1]}), "words"),
            (msgpack.packb({"kind": "happened", "fact": {"kind": "duck", "t": 0.1}}), "happened"),
            (msgpack.packb({"kind": "happened", "fact": {"kind": "heard", "t": 0, "text": 1, "final": True}}), "text"),
            (msgpack.packb({1: "beat"}), ""),
            (msgpack.packb({"kind": "say", "id": "s", "text": b"\xff"}), ""),
            (msgpack.packb({"kind": "beat", "count": 1}) + b"\x00", ""),
        ],
    )
    def test_malformed(self, body: bytes, says: str) -> None:
        check_broken(frame(body), "malformed", says)

    def test_nothing_is_read_after_the_first_bad_frame(self) -> None:
        frames = FrameReader()
        frames.feed(frame(b"\xc1"))
        assert frames.feed(encode(Beat(2))) == []


class TestOutbox:
    def taken(self, outbox: Outbox) -> list[Message]:
        outbox.finish()
        return list(iter(outbox.take, None))

    def test_keys_jump_the_queue_and_add_up(self) -> None:
        outbox = Outbox()
        outbox.put(Hello(1, "p"))
        outbox.put(Say("s", "text"))
        outbox.put(Keys(1, 10.0))
        outbox.put(Keys(2, 10.1))
        assert self.taken(outbox) == [Hello(1, "p"), Keys(3, 10.0), Say("s", "text")]

    def test_the_oldest_droppable_goes_and_is_counted(self) -> None:
        outbox = Outbox()
        outbox.put(Hello(1, "p"))
        outbox.put(Control("mute"))
        for count in range(SOFT_LIMIT + 8):
            assert outbox.put(Beat(count))
        got = self.taken(outbox)
        assert (outbox.dropped, len(got)) == (10, SOFT_LIMIT)
        assert got[:3] == [Hello(1, "p"), Control("mute"), Beat(10)]
        assert got[-1] == Beat(SOFT_LIMIT + 7)

    def test_what_matters_is_never_dropped(self) -> None:
        outbox = Outbox()
        kept: list[Message] = [
            Hello(1, "p"),
            Ask(1, "q", 0.0, 0.0),
            Say("s", "t"),
            Reply(1, "a", True),
            Control("stop"),
            Goodbye(),
        ]
        rounds = SOFT_LIMIT // 2
        for message in [m for _ in range(rounds) for m in (*kept, Progress(1, ""))]:
            outbox.put(message)
        got = self.taken(outbox)
        assert len([m for m in got if not isinstance(m, Progress)]) == rounds * len(kept)
        assert outbox.dropped > 0

    def test_a_reader_that_never_reads_is_noticed(self) -> None:
        outbox = Outbox()
        assert [outbox.put(Goodbye()) for _ in range(HARD_LIMIT + 1)][-2:] == [True, False]


class End:
    """One end of a link under test: what it received and how it ended."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO, **how: object) -> None:
        self.got: list[Message] = []
        self.errors: list[LinkError] = []
        self.arrived = threading.Condition()
        self.channel = Channel(reader, writer, self._take, self._closed, **how)  # type: ignore[arg-type]

    def _take(self, message: Message) -> None:
        with self.arrived:
            self.got.append(message)
            self.arrived.notify_all()

    def _closed(self, error: LinkError) -> None:
        with self.arrived:
            self.errors.append(error)
            self.arrived.notify_all()

    def wait(self, until: Callable[[], bool]) -> None:
        with self.arrived:
            assert self.arrived.wait_for(until, WAIT_S), (self.got, self.errors)

    def check_ended(self, code: str, *says: str) -> None:
        self.wait(lambda: bool(self.errors))
        (error,) = self.errors
        assert (error.code, [word for word in says if word not in str(error)]) == (code, [])
        assert not self.channel.open


@pytest.fixture
def pipes() -> Iterator[tuple[BinaryIO, BinaryIO, BinaryIO, BinaryIO]]:
    """Reader and writer of one side, then of the other."""
    a_reads, b_writes = os.pipe()
    b_reads, a_writes = os.pipe()
    files = (
        os.fdopen(a_reads, "rb", 0),
        os.fdopen(a_writes, "wb", 0),
        os.fdopen(b_reads, "rb", 0),
        os.fdopen(b_writes, "wb", 0),
    )
    yield files
    for file in files:
        file.close()


Pipes = tuple[BinaryIO, BinaryIO, BinaryIO, BinaryIO]


class TestChannel:
    def test_both_ends_greet_and_talk(self, pipes: Pipes) -> None:
        flag: list[tuple[Keys, int]] = []
        voice: End = End(pipes[2], pipes[3], fast=lambda keys: flag.append((keys, len(voice.got))))
        server = End(pipes[0], pipes[1], hello=Hello(LINK_VERSION, "test", {"voice": "none"}))
        server.channel.start()
        voice.channel.start()
        server.channel.send(Say("s", "hello"))
        voice.wait(lambda: len(voice.got) == 2)
        assert voice.got == [Hello(LINK_VERSION, "test", {"voice": "none"}), Say("s", "hello")]
        server.channel.send(Keys(1, 5.0))
        voice.wait(lambda: len(voice.got) == 3)
        assert flag == [(Keys(1, 5.0), 2)], "the flag is set before the message is handed on"
        voice.channel.send(Ask(1, "why", 0.0, 0.1))
        server.wait(lambda: len(server.got) == 2)
        server.channel.send(Goodbye())
        server.channel.close()
        server.channel.close()
        voice.check_ended("closed")
        assert voice.got[-1] == Goodbye()
        assert server.errors == []
        server.channel.send(Beat(1))

    def test_another_version_is_named_on_both_sides(self, pipes: Pipes) -> None:
        old = End(pipes[0], pipes[1])
        new = End(pipes[2], pipes[3], hello=Hello(LINK_VERSION + 1, "duologue 9.9"))
        old.channel.start()
        new.channel.start()
        old.check_ended("version", str(LINK_VERSION), str(LINK_VERSION + 1), "9.9", "install the same version")
        assert old.got == []

    @pytest.mark.parametrize(
        ("data", "code", "says"),
        [
            (encode(Say("s", "no greeting")), "malformed", "hello"),
            (encode(Hello(LINK_VERSION, "x")) + frame(b"\xc1"), "malformed", ""),
            (encode(Hello(LINK_VERSION, "x")) + struct.pack(">I", 2**31), "oversized", str(2**31)),
            (encode(Hello(LINK_VERSION, "x"))[:-1], "truncated", "inside"),
            (encode(Hello(LINK_VERSION, "x")), "closed", ""),
            (b"Traceback (most recent call last):\n", "oversized", ""),
        ],
    )
    def test_bad_bytes_end_the_link_with_a_name(self, pipes: Pipes, data: bytes, code: str, says: str) -> None:
        end = End(pipes[0], pipes[1])
        end.channel.start()
        pipes[3].write(data)
        pipes[3].close()
        end.check_ended(code, says)

    def test_a_handler_that_fails_ends_the_link_instead_of_hanging_it(self, pipes: Pipes) -> None:
        errors: list[LinkError] = []
        ended = threading.Event()

        def refuse(message: Message) -> None:
            raise RuntimeError("no room")

        def closed(error: LinkError) -> None:
            errors.append(error)
            ended.set()

        Channel(pipes[0], pipes[1], refuse, closed).start()
        pipes[3].write(encode(Hello(LINK_VERSION, "x")))
        assert ended.wait(WAIT_S)
        assert "no room" in str(errors[0])

    def test_silence(self, pipes: Pipes) -> None:
        now = [100.0]
        end = End(pipes[0], pipes[1], now_s=lambda: now[0])
        end.channel._greeted = True
        for _ in range(5):
            now[0] += 1.0
            end.channel.tick()
        assert end.errors == []
        now[0] += 1.0
        end.channel.tick()
        end.check_ended("silent", f"{channel_module.SILENCE_S:g} seconds")

    def test_a_process_that_slept_does_not_blame_the_other(self, pipes: Pipes) -> None:
        now = [100.0]
        end = End(pipes[0], pipes[1], now_s=lambda: now[0])
        end.channel._greeted = True
        now[0] += 3600.0
        end.channel.tick()
        assert end.errors == []

    def test_an_interpreter_may_take_its_time_to_greet(self, pipes: Pipes) -> None:
        now = [0.0]
        end = End(pipes[0], pipes[1], now_s=lambda: now[0])
        while not end.errors:
            now[0] += 1.0
            end.channel.tick()
        assert now[0] == channel_module.GREETING_S + 1

    def test_a_blocked_writer_neither_blocks_the_sender_nor_the_end(self, pipes: Pipes) -> None:
        end = End(pipes[0], pipes[1])
        end.channel.start()
        for _ in range(SOFT_LIMIT * 2):
            end.channel.send(replace(Progress(1, ""), message="x" * 4096))
        assert end.channel.dropped > 0
        end.channel.close(flush_s=0.05)
        assert not end.channel.open
