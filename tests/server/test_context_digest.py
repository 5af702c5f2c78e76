"""What the partner knows of a place: short, readable, without secrets."""

from pathlib import Path

import pytest

from duologue_server.context.digest import MOST_CHARACTERS, Digest, Problem, SuiteRun, digest
from duologue_server.context.documents import Documents
from duologue_server.context.positions import Position
from duologue_server.context.trees import parse
from duologue_server.context.view import View
from duologue_server.masking.mask import MASK, mask_secrets
from support.edited_document import Desk

CODE = "class Store:\n    def load(self, path):\n        return cursor.fetch(path)\n"


def view_of(text: str, language_id: str = "python", name: str = "store.py") -> View:
    snapshot = Documents().open(f"file:///work/{name}", language_id, 7, text).snapshot()
    return View(snapshot, parse(snapshot))


GOLDEN = Path(__file__).parents[1] / "data" / "digests"
"""What a person would be told, one file a situation; read them."""


def check(name: str, made: Digest) -> None:
    assert made.text == (GOLDEN / f"{name}.txt").read_text("utf-8").removesuffix("\n")


def test_a_parameter_was_added_and_the_tests_went_red() -> None:
    desk = Desk()
    desk.replace("load(self, path)", "load(self, path, mode)")
    desk.replace("read(path)", "read(path, mod)")
    caller = view_of("from store import Store\n\nprint(Store().load('shop.db'))\n", name="main.py")
    desk.now_s += 8.0
    problems = [Problem(7, 'undefined name "mod"')]
    tests = SuiteRun(4, 1, "test_load: load() missing 1 required positional argument: 'mode'")
    check("parameter_added", digest(desk.view, desk.place("mod)"), problems, tests, around=desk.surroundings(caller)))


def test_in_the_middle_of_a_statement() -> None:
    desk = Desk(
        "use std::fs;\n\nstruct Store {\n    root: String,\n}\n\nimpl Store {\n"
        "    fn load(&self, name: &str) -> String {\n        let path = 1;\n        path\n    }\n}\n",
        "rust",
        "file:///shop/store.rs",
    )
    for old, new in (("= 1", "= self"), ("= self", "= self.root.join("), ("join(;", "join(name;")):
        desk.replace(old, new, 0.5)
    check("middle_of_statement", digest(desk.view, desk.place("name;", 4), around=desk.surroundings()))


def test_in_a_configuration_with_a_password() -> None:
    desk = Desk(
        "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: ann\n"
        "      POSTGRES_PASSWORD: correcthorse\n    ports:\n      - 5432:5432\n",
        "dockercompose",
        "file:///shop/compose.yaml",
    )
    desk.replace("5432:5432", "5433:5432")
    desk.now_s += 400.0
    problems = [Problem(5, "the password correcthorse is too short")]
    check("configuration", digest(desk.view, desk.place("5433"), problems, around=desk.surroundings()))


@pytest.mark.parametrize(
    "text",
    ["x = 1\n" * 900_000, "y" * 3_000_000, "a\n" * 40, "\0\1" * 1000, "\ufffd" * 3000, "", "長い行" * 999 + "\n"],
    ids=["5 MB", "one long line", "short", "binary", "invalid UTF-8", "empty", "wide"],
)
def test_it_is_bounded_for_every_document(text: str) -> None:
    view = view_of(text)
    for cursor in (Position(0, 0), Position(20, 3), Position(10**9, 10**9)):
        made = digest(view, cursor, [Problem(n, "long " * 100) for n in range(50)], SuiteRun(1, 2, "boom " * 100), 3)
        assert len(made.text) <= MOST_CHARACTERS
        assert "\0" not in made.text


def test_the_cursor_line_is_there_however_much_else_there_is() -> None:
    text = "".join(f"    line_{number} = compute({number}, '{'x' * 80}')\n" for number in range(500))
    made = digest(view_of(text), Position(250, 0))
    assert ">  251 |     line_250 = compute(250" in made.text


@pytest.mark.parametrize(
    "secret",
    [
        'password = "hunter2-forever"',
        "API_KEY=abcdef123456",
        'client = OpenAI(api_key="sk-proj-abcdefghijklmnop1234")',
        "url = 'postgres://ann:s3cret@db/main'",
        "Authorization: Bearer abcdefghijklmnop.qrs",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----",
        "ghp_abcdefghijklmnopqrstuvwxyz012345",
        "AKIAABCDEFGHIJKLMNOP",
        "MIIEpAIBAAKCAQEAMIIEpAIBAAKCAQEAMIIEpAIBAAKCAQEAMIIEpAIBAAKCAQEA",
    ],
)
def test_secrets_are_masked_and_lines_keep_their_numbers(secret: str) -> None:
    masked = mask_secrets(secret)
    assert MASK in masked
    assert masked.count("\n") == secret.count("\n")
    for part in ("hunter2", "abcdef", "s3cret", "MIIE", "AKIA"):
        assert part not in masked
    assert MASK in digest(view_of(f"x = 1\n{secret}\ny = 2\n"), Position(0, 0)).text


def test_ordinary_code_is_left_alone() -> None:
    for text in (CODE, "token = next(tokens)\n", "def password(self) -> str: ...\n", "https://example.org/a:b@c\n"):
        assert mask_secrets(text) == text


def test_the_place_of_a_line() -> None:
    view = view_of(CODE)
    assert [view.scope_name(line) for line in range(3)] == ["Store", "load", "load"]
    assert view_of(CODE, "cobol").scope_name(2) == ""
