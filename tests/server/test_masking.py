"""Nothing masked ever leaves: generated secrets in every place of a request, and code that stays as it is."""

import json
import random
import string
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duologue_server.context.digest import Problem, digest
from duologue_server.context.documents import Documents, TextChange
from duologue_server.context.positions import Position
from duologue_server.context.view import View
from duologue_server.masking.mask import E_MAIL, MASK, PRIVATE_ADDRESS, mask_secrets, secret_values
from duologue_server.masking.shapes import is_placeholder
from duologue_server.options import Options
from duologue_server.session.background import Background
from duologue_server.session.material import material
from duologue_server.session.workspace import Workspace
from duologue_server.suggest.endpoint import EndpointAnswers
from duologue_server.suggest.prompt import SYSTEM, Message, build_messages
from duologue_server.trace.clock import VirtualClock
from support.endpoint_server import EndpointServer, endpoint_server

BASE62 = string.ascii_letters + string.digits
URL_SAFE = BASE62 + "-_"
PIECE = 6
"""So many neighbouring characters of a secret would be a leak."""


def text_of(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most or least)


tokens = st.one_of(
    text_of(string.ascii_uppercase + string.digits, 16).map("AKIA{}".format),
    text_of(BASE62, 36).map("ghp_{}".format),
    text_of(BASE62 + "_", 40, 82).map("github_pat_{}".format),
    text_of(BASE62 + "-", 20, 60).map("xoxb-{}".format),
    text_of(BASE62, 40, 60).map("sk-proj-{}".format),
    text_of(BASE62, 24).map("sk_live_{}".format),
    text_of(URL_SAFE, 35).map("AIza{}".format),
    text_of(URL_SAFE, 20).map("glpat-{}".format),
    st.tuples(text_of(URL_SAFE, 20, 60), text_of(URL_SAFE, 20, 99), text_of(URL_SAFE, 43)).map(
        lambda parts: "eyJ" + ".".join(parts)
    ),
    text_of(BASE62, 36).map("npm_{}".format),
    text_of(BASE62, 34).map("hf_{}".format),
)
"""Tokens of known makers: masked wherever they stand."""


def by_chance(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    """As machines make keys; hypothesis by itself prefers `00000000`, which no machine gives."""
    return st.builds(
        lambda seed, size: "".join(random.Random(seed).choices(alphabet, k=size)),
        st.integers(0, 2**32),
        st.integers(least, most),
    )


keys = st.one_of(by_chance("0123456789abcdef", 32, 64), by_chance(BASE62, 20, 48), by_chance(BASE62 + "+/", 40, 40))
"""Strings of chance without a mark: masked beside a name that says so."""
passwords = text_of(
    "".join(set(string.printable) - set(string.whitespace) - set("\"'`\\<>{}()[]$,;#%@:/&")), 8, 40
).filter(lambda value: len(set(value)) > 3 and not is_placeholder(value) and not value.startswith("-"))
"""What people and password managers choose."""

BESIDE_TOKENS = (
    "{}",
    'client = connect("{}")',
    "# the old one was {}",
    "curl -H 'x: {}'",
    "https://host/path?a={}&b=1",
)
BESIDE_KEYS = (
    *('api_key = "{}"', "API_KEY={}", '{{"accessToken": "{}"}}', "apiKey: '{}',", 'const token: string = "{}";'),
    *('headers["X-Api-Key"] = "{}"', 'request.header("X-Api-Key", "{}")', "Authorization: Bearer {}", "--token {}"),
    *('set_token("{}")', "https://host/x?access_token={}", "<apiKey>{}</apiKey>", 'if token == "{}":', "token is {}"),
    *('os.environ.setdefault("SECRET_KEY", "{}")', 'aws_secret_access_key = "{}"', "AccountKey={};EndpointSuffix=x"),
)
BESIDE_PASSWORDS = (
    *('password = "{}"', "DB_PASSWORD='{}'", 'password: str = "{}"', '"password": "{}",', "db_passwd => '{}'"),
    *("export ADMIN_PASSWORD={}", "const secret = `{}`;", 'String password = "{}";', 'char pwd[] = "{}";'),
    *("postgres://ann:{}@db.example.com:5432/shop", "Server=db;User Id=sa;Password={};", "<password>{}</password>"),
    *('<add key="password" value="{}"/>', 'password = (\n    "{}"\n)', 'password := "{}"', "$password = '{}';"),
    *('Possible hardcoded password assigned to: "password": "{}"', 'login(user="ann", password="{}")'),
)


PLAIN = "File a.py, Python, 2 lines. Cursor in line 1."


def in_code(text: str, problems: tuple[Problem, ...] = ()) -> str:
    document = Documents().open("file:///shop.py", "python", 1, f"import os\n{text}\nx = 1\n")
    return digest(View(document.snapshot()), Position(1, 0), problems).text


def request_with(text: str, secret: str, place: str) -> list[Message]:
    if place == "code":
        return build_messages("why?", in_code(text))
    if place == "diagnostic":
        return build_messages("why?", in_code("pass", (Problem(1, text),)))
    if place == "line":
        return build_messages("why?", PLAIN, [("user", text), ("partner", text)])
    if place == "question":
        return build_messages(text, PLAIN, interrupted=text)
    if place == "offer":
        return build_messages("why?", PLAIN, waiting=[text])
    return build_messages(f"what is {secret} there?", PLAIN, [("user", text)])


places = st.sampled_from(["code", "diagnostic", "line", "question", "offer", "elsewhere"])


def check(text: str, secret: str, place: str) -> None:
    """The secret stands in one place of a request, and no piece of it comes out."""
    sent = "\n".join(message["content"] for message in request_with(text, secret, place)).replace(SYSTEM, "")
    harmless = text.replace(secret, "") + PLAIN
    for start in range(len(secret) - PIECE + 1):
        piece = secret[start : start + PIECE]
        assert piece in harmless or piece not in sent, sent


quickly = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@quickly
@given(tokens, st.sampled_from(BESIDE_TOKENS), places)
def test_tokens_of_known_makers_never_leave(token: str, beside: str, place: str) -> None:
    check(beside.format(token), token, place)


@quickly
@given(keys, st.sampled_from(BESIDE_KEYS), places)
def test_keys_beside_their_names_never_leave(key: str, beside: str, place: str) -> None:
    check(beside.format(key), key, place)


@quickly
@given(passwords, st.sampled_from(BESIDE_PASSWORDS), places)
def test_passwords_beside_their_names_never_leave(password: str, beside: str, place: str) -> None:
    check(beside.format(password), password, place)


@quickly
@given(st.lists(text_of(BASE62 + "+/", 64), min_size=2, max_size=50), text_of(BASE62, 8, 60), st.integers(0, 51))
def test_key_blocks_never_leave_wherever_the_cursor_is(body: list[str], last: str, line: int) -> None:
    block = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *body, last + "==", "-----END RSA PRIVATE KEY-----"])
    view = View(Documents().open("file:///key.pem", "plaintext", 1, block + "\n").snapshot())
    sent = build_messages("why?", digest(view, Position(line, 0)).text)[0]["content"]
    for piece in (*body, last):
        assert piece[:12] not in sent


@quickly
@given(st.text(max_size=300), st.booleans())
def test_masking_twice_is_masking_once_and_lines_keep_their_numbers(text: str, config: bool) -> None:
    masked = mask_secrets(text, config=config)
    assert masked.count("\n") == text.count("\n")
    assert mask_secrets(masked, config=config) == masked


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD=correcthorse",
        "password: correcthorse",
        "  - token: 8f14e45fceea167a5a36dedd4bea2543",
        "secret_key = abcdefgh#1  # rotate",
        "ENV DB_PASSWORD correcthorse",
        "machine db.example.com login ann password correcthorse",
        "db.example.com:5432:shop:ann:correcthorse",
        "ann:$2y$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUV01234",
    ],
)
def test_values_of_configuration_need_no_quotes(line: str) -> None:
    masked = mask_secrets(line, config=True)
    assert MASK in masked
    assert "correcthorse" not in masked
    assert "8f14e45f" not in masked
    assert "abcdefgh" not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see http://10.1.2.3:8080/admin now", f"see {PRIVATE_ADDRESS} now"),
        ("see https://wiki.shop.internal/x?y now", f"see {PRIVATE_ADDRESS} now"),
        ("https://hooks.slack.com/services/T00/B00/XXX", PRIVATE_ADDRESS),
        ("mail ann.lee@shop.com.", f"mail {E_MAIL}."),
        ("# note(ann@shop.dev): later", f"# note({E_MAIL}): later"),
    ],
)
def test_private_addresses(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "token = next(tokens)\n",
        "def password(self) -> str: ...\n",
        'def rotate_secret(self) -> Response:\n    """Rotates the signing secret."""\n',
        'password = os.environ["DB_PASSWORD"]\n',
        'password = "${DB_PASSWORD}"\n',
        'parser.add_argument("--token", help="the access token")\n',
        'token_type = "bearer"\nTOKEN_URL = "https://example.org/oauth/token"\n',
        'assert token.kind == "identifier"\n',
        'fields = ["password", "secret_field", "access_token"]\n',
        "https://example.org/a:b@c\n",
        "git clone git@github.com:shop/shop.git\n",
        "http://localhost:8000/x and http://127.0.0.1/\n",
        "ann@example.com, x@w.T, h @ self.weight\n",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
        'integrity = "sha512-oFOz0p5hIE+Yj1vZaoDSIWcZk3uTaJsXEdqpKJ0ZhJVq9nkM5qb8SbcpP+Qyqg0Gc4Zs6YUTzPsJzWPXA=="\n',
        "from duologue_server.context.documents import PARSE_LIMIT_BYTES, Documents\n",
        'class ThisIsAVeryLongClassNameThatSomebodyWroteInOneGo_AndThenSome2(Base): "x"\n',
        "password: str | None = None,\n",
        "return self.tokenizer.decode(token_ids, skip_special_tokens=True)\n",
        "The password is wrong, and the token is expired.\n",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert mask_secrets(text) == text


def test_a_secret_of_one_place_is_known_in_all() -> None:
    assert secret_values('password = "correct-horse"') == {"correct-horse"}
    assert mask_secrets("it says correct-horse here", {"correct-horse"}) == f"it says {MASK} here"


HARD = (
    *("a" * 200_000, "password=" * 20_000, "-" * 200_000, "http://" * 20_000, '"' * 100_000, "a@" * 50_000),
    *("token = (" + " " * 100_000, "-----BEGIN PRIVATE KEY-----" * 5_000, "a." * 50_000, "A1b2C3/+" * 20_000),
    *("password = '''" * 5_000, "secret: " + "a.b" * 50_000),
)


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_hard_texts_are_masked_in_moments(text: str) -> None:
    """A pattern that goes back and forth over the text would never get here."""
    assert len(mask_secrets(text, config=True)) > 0


URI = "file:///shop/shop.py"
ENV = "file:///shop/.env"
LOOK_UPS = [
    [("read_buffer", '{"name": "shop.py", "first_line": 1, "last_line": 99}'), ("list_symbols", '{"name": "shop.py"}')],
    [("read_buffer", '{"name": ".env", "first_line": 1, "last_line": 99}'), ("search", '{"text": "e"}')],
]


@pytest.fixture(scope="module")
def listening() -> Iterator[EndpointServer]:
    """An endpoint whose model looks everything up that it may."""
    with endpoint_server("calls", calls=LOOK_UPS) as server:
        yield server


def sent_of_all(server: EndpointServer, code: str, env: str) -> str:
    """Everything that leaves when a question is asked, something is delegated and a change is looked at: messages,
    tools, and the results of look-ups."""
    server.requests.clear()
    clock = VirtualClock(free_compute=True)
    workspace = Workspace(clock, Options(detectors=()), lambda message: None, lambda change: None, lambda text: None)
    endpoint = EndpointAnswers(server.url, "tiny", "")
    background = Background(
        clock, workspace, lambda: endpoint, lambda: False, lambda uri, findings: None, lambda question, text: None
    )
    workspace.open(ENV, "dotenv", 1, env)
    workspace.open(URI, "python", 1, f"import os\n{code}\n")
    background.opened(URI)
    known = material(workspace, URI, Position(1, 0))
    "".join(endpoint.stream(partial(known.messages, "why?"), known.tools("why?")))
    background.delegate("and why?")
    workspace.change(URI, 2, [TextChange(None, f"import os\n{code}\n\ndef load():\n    return 1\n")])
    background.moment("save", URI)
    clock.advance_to(200.0)
    assert len(server.requests) == 2 * (len(LOOK_UPS) + 1) + 1
    return json.dumps([[request["messages"], request.get("tools")] for request in server.requests], ensure_ascii=False)


def check_all(server: EndpointServer, code: str, env: str, secret: str) -> None:
    sent = sent_of_all(server, code, env)
    harmless = "\n".join((code.replace(secret, ""), env.replace(secret, ""), *sent_of_none(server)))
    for start in range(len(secret) - PIECE + 1):
        piece = secret[start : start + PIECE]
        assert piece in harmless or piece not in sent, (piece, sent)


def sent_of_none(server: EndpointServer) -> tuple[str, ...]:
    """What is sent anyway."""
    if not _ANYWAY:
        _ANYWAY.append(sent_of_all(server, "x = 1", "A=b"))
    return tuple(_ANYWAY)


_ANYWAY: list[str] = []
seldom = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@seldom
@given(tokens, st.sampled_from(BESIDE_TOKENS))
def test_no_token_of_an_open_buffer_leaves_in_any_request(listening: EndpointServer, token: str, beside: str) -> None:
    check_all(listening, beside.format(token), f"A=b\nC={token}\n", token)


@seldom
@given(keys, st.sampled_from(BESIDE_KEYS))
def test_no_key_of_an_open_buffer_leaves_in_any_request(listening: EndpointServer, key: str, beside: str) -> None:
    check_all(listening, f'{beside.format(key)}\nx = f("{key}")', "A=b", key)


@seldom
@given(passwords)
def test_a_password_of_an_open_env_file_leaves_nowhere(listening: EndpointServer, password: str) -> None:
    """In the code it stands without a name: only the other buffer tells what it is."""
    check_all(listening, f'connect("ann", "{password}")', f"DB_HOST=db\nDB_PASSWORD={password}\n", password)
