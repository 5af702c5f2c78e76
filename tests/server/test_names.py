"""What was heard, with the names of a buffer in mind: tables of heard and written."""

import pytest

from duologue_server.suggest.intents import understand
from duologue_server.voice.commands import COMMANDS, is_command
from duologue_server.voice.names import MOST_NAMES, Names, restore
from duologue_server.voice.readings import favoured, readings
from duologue_server.voice.sounds import sound

BUFFER = (
    "get_user_by_id", "parse_json_config", "utils.py", "user2", "x1", "load", "is_open", "json", "Session", "__init__",
    "_cache", "isinstance", "kwargs", "HTTPAdapter", "getElementById", "MAX_WIDTH", "eval_ctx", "EvalContext",
    "headers", "old_url", "do_it", "to_list", "username", "prepared_request", "toolbar", "setup", "on_key_press",
    "request", "req", "test-runner.ts", "h264_frames", "sys", "size", "update_screen", "_uptodate", "these", "add_init",
    "Request", "websocket", "WebSocket", "get_websocket_type",
    "NOTHING", "base_cls", "takes_self", "userAgent", "mouse_event", "adapter", "adapters", "render_buffer",
)  # fmt: skip
NAMES = Names.of(BUFFER)


def check(heard: str, written: str, names: Names = NAMES) -> None:
    assert restore(heard, names) == written
    assert restore(written, names) == written, "what is written right stays as it is"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("What does get user by ID return?", "What does get_user_by_id return?"),
        ("What does get user by I D return?", "What does get_user_by_id return?"),
        ("What does get user by I.D. return?", "What does get_user_by_id return?"),
        ("We need get user by ID, and then the rest.", "We need get_user_by_id, and then the rest."),
        ("Get user by ID is slow.", "get_user_by_id is slow."),
        ('Look at "get user by ID" again.', 'Look at "get_user_by_id" again.'),
        ("Get user by ID's result is old.", "get_user_by_id's result is old."),
        ("Why is old Url empty?", "Why is old_url empty?"),
        ("What does get element by ID do?", "What does getElementById do?"),
        ("Is HTTP adapter tested?", "Is HTTPAdapter tested?"),
        ("max width is eighty", "MAX_WIDTH is eighty"),
        ("Why is Dunder in it so long?", "Why is __init__ so long?"),
        ("Is Dunderinit tested anywhere?", "Is __init__ tested anywhere?"),
        ("What does underscore cache return?", "What does _cache return?"),
        ("Use is instance here.", "Use isinstance here."),
        ("The user name is empty.", "The username is empty."),
        ("The keyword arguments are wrong.", "The kwargs are wrong."),
        ("on key press is never called", "on_key_press is never called"),
    ],
)
def test_names_are_written_as_the_file_writes_them(heard: str, written: str) -> None:
    check(heard, written)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Where is mouse event called?", "Where is mouse_event called?"),
        ("Look at the mouse event method.", "Look at the mouse_event method."),
        ("Is parse Jason config slow?", "Is parse_json_config slow?"),
        ("Is parse Jason can fig slow?", "Is parse_json_config slow?"),
        ("git user bye I D is wrong", "get_user_by_id is wrong"),
        ("Please open utils dot pie.", "Please open utils.py."),
        ("Please open utils.py.", "Please open utils.py."),
        ("See test runner dot ts again.", "See test-runner.ts again."),
        ("Where is a val context called?", "Where is eval_ctx called?"),
        ("Why is Jason empty?", "Why is json empty?"),
        ("Where is wreck called?", "Where is req called?"),
        ("The bug must be in dundernet and nowhere else.", "The bug must be in __init__ and nowhere else."),
    ],
)
def test_near_misses_are_mended(heard: str, written: str) -> None:
    check(heard, written)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Rename user two to user three.", "Rename user2 to user three."),
        ("Look at x one again.", "Look at x1 again."),
        ("Look at X1 again.", "Look at x1 again."),
        ("The h two six four frames are late.", "The h264_frames are late."),
    ],
)
def test_numbers_and_letters_in_names(heard: str, written: str) -> None:
    check(heard, written)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("What is the class session for?", "What is the class Session for?"),
        ("Our session ended.", "Our session ended."),
        ("Session ended.", "Session ended."),
        ("Why is Headers empty?", "Why is headers empty?"),
        ("Headers are missing.", "Headers are missing."),
        ("Where is eval context called?", "Where is eval_ctx called?"),
        ("Can you explain the class eval context to me?", "Can you explain the class EvalContext to me?"),
        ("Where is request called?", "Where is request called?"),
        ("Where's eval context called?", "Where's eval_ctx called?"),
        ("The class request is too large.", "The class Request is too large."),
        ("Where is WebSocket called?", "Where is websocket called?"),
        ("We should not use get websocket type here.", "We should not use get_websocket_type here."),
        ("Why's Jason empty?", "Why's json empty?"),
    ],
)
def test_case_follows_from_what_is_spoken_of(heard: str, written: str) -> None:
    check(heard, written)


@pytest.mark.parametrize(
    "heard",
    [
        "The load is high.",
        "The file is open.",
        "That function is open to discussion.",
        "I want to list the files.",
        "Let us set up the tests.",
        "We prepare requests twice.",
        "Add it to the user, too.",
        "Why is that?",
        "Get the user by its name.",
        "They parse the config.",
        "The name of the variable says nothing.",
        "Update the screen only when something has changed.",
        "It is up to date now.",
        "Why is this so slow?",
        "I do not like global state.",
        "It should raise an error and not return nothing.",
        "The base class does nothing.",
        "The import takes half a second.",
        "The user agent is in the header.",
        "The first mouse event comes too late.",
        "Can you explain adapter to me?",
        "Is a base class tested?",
        "It is open now.",
        "The two bars are too small.",
        "We got used to it by now.",
        "No, thank you.",
        "Do it.",
        "Stop!",
        "…",
        "",
    ],
)
def test_ordinary_words_stay(heard: str) -> None:
    check(heard, heard)


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Why is is open empty?", "Why is is_open empty?"),
        ("What is the value of is open?", "What is the value of is_open?"),
        ("Call to list here.", "Call to_list here."),
        ("Rename do it, please.", "Rename do_it, please."),
    ],
)
def test_names_made_of_small_words_need_a_place_for_a_name(heard: str, written: str) -> None:
    check(heard, written)


def test_no_command_is_taken_for_a_name() -> None:
    names = Names.of(tuple(command.lower().replace(" ", "_") for command in COMMANDS))
    for command in COMMANDS:
        assert is_command(command)
        check(f"{command.capitalize()}.", f"{command.capitalize()}.", names)


def test_every_favoured_command_is_understood() -> None:
    for command in COMMANDS:
        intent = understand(command.replace("hey Duologue", "hello"))
        assert intent.kind not in ("unknown", "nothing") or intent.args, command


def test_without_names_and_with_too_many() -> None:
    check("get user by ID", "get user by ID", Names.of(()))
    many = tuple(f"name_{number}_value" for number in range(1000))
    assert len(Names.of(many).words) == MOST_NAMES


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("get_user_by_id", ["get user by id"]),
        ("_cache", ["underscore cache", "cache"]),
        ("__init__", ["dunder init"]),
        ("sub_ctx", ["sub ctx", "sub context"]),
        ("parseHTTPConfig2", ["parse http config 2"]),
        ("utils.py", ["utils dot py", "utils dot pie"]),
    ],
)
def test_readings(name: str, said: list[str]) -> None:
    found = [" ".join(reading.said) for reading in readings(name)]
    assert set(said) <= set(found), found


@pytest.mark.parametrize(
    ("name", "phrases"),
    [("old_url", ("old URL", "old url")), ("eval_ctx", ("eval context", "eval ctx")), ("id", ())],
)
def test_what_the_recogniser_is_told_to_favour(name: str, phrases: tuple[str, ...]) -> None:
    assert favoured(name) == phrases


@pytest.mark.parametrize(
    "alike",
    [
        ("get user by", "git user bye"),
        ("wreck", "req"),
        ("write", "right"),
        ("night", "knight"),
        ("utils dot py", "utils dot pie"),
        ("function", "funkshun"),
        ("queue", "cue"),
        ("phase", "faze"),
    ],
)
def test_words_that_sound_alike_have_one_code(alike: tuple[str, str]) -> None:
    assert sound(alike[0]) == sound(alike[1])


@pytest.mark.parametrize("different", [("get", "set"), ("request", "requests"), ("user 2", "user 3"), ("bind", "find")])
def test_words_that_sound_different_have_two(different: tuple[str, str]) -> None:
    assert sound(different[0]) != sound(different[1])
