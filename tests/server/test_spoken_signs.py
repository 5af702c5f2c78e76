"""The cut of code into tokens, against the grammars; the user's own words; words heard against words said."""

import importlib
import re
from pathlib import Path

import pytest
import tree_sitter

from duologue_server.bench.hearing import plain_words, score
from duologue_server.bench.intelligibility import read_lines
from duologue_server.voice.spoken import speakable
from duologue_server.voice.spoken.lexicon import Lexicon, load, user_file
from duologue_server.voice.spoken.operators import family, token_pattern

_CODE = {
    ("tree_sitter_python", "language", "python"): """
def f(a, *args, b=1, **kwargs) -> dict[str, int]:
    if (n := a ** 2 // 3 % 4) >= 5 and n != 6 or not a <= b:
        x.y[1:2] += a << 1 | b >> 2 & ~a ^ b @ c
    a -= 1; a *= 2; a /= 3; a //= 4; a **= 5; a |= 6; a &= 7; a ^= 8; a <<= 9; a >>= 1; a %= 2; a @= b
    return lambda z: z == 1 < 2 > 0
""",
    ("tree_sitter_javascript", "language", "javascript"): """
const f = (a, ...rest) => a?.b ?? c;
if (a === b && c !== d || !(e == f) && g != h) { i++; j--; k **= 2; }
a <= b; a >= b; a << 1; a >> 2; a >>> 3; a += 1; a -= 1; a *= 2; a /= 2; a %= 3; a ||= b; a &&= c; a ??= d;
x = y ? z : -w; a = b & c | d ^ ~e; a **= b ** c;
""",
    ("tree_sitter_typescript", "language_typescript", "typescript"): """
function f<T>(a: T, b?: string | null): Array<number> { return a!.b as c; }
const g = async (x: number): Promise<void> => { await h(x ?? 0); };
""",
    ("tree_sitter_rust", "language", "rust"): """
fn f<T>(a: &mut T, b: &str) -> Option<u32> {
    let x = a::b(c)? + 1;
    match x { 0..=9 => y, _ => z }
    if a && b || !c { x += 1; x -= 2; x *= 3; x /= 4; x %= 5; x <<= 1; x >>= 2; x |= 3; x &= 4; x ^= 5; }
    for i in 0..n { a != b; a == b; a <= b; a >= b; *p << 1; q >> 2; r & s | t ^ u; }
}
""",
    ("tree_sitter_go", "language", "go"): """
func f(a ...int) (int, error) {
	x := <-ch; ch <- y; p = &x; *p = 1
	if a != nil && b == c || !d { i++; j--; x += 1; x -= 1; x *= 2; x /= 3; x %= 4; x &= 5; x |= 6; x ^= 7 }
	x = a <= b; y = a >= b; z = a << 1 | b >> 2 &^ c & d ^ e; x <<= 1; x >>= 2; x &^= 3
	m := map[string]int{}; s := m[1:2]
}
""",
}


def _leaves(node: tree_sitter.Node) -> list[str]:
    if not node.children:
        return [node.text.decode()] if node.text else []
    return [leaf for child in node.children for leaf in _leaves(child)]


@pytest.mark.parametrize(("module", "function", "language"), list(_CODE))
def test_signs_are_cut_as_the_grammar_cuts_them(module: str, function: str, language: str) -> None:
    code = _CODE[module, function, language]
    grammar = tree_sitter.Language(getattr(importlib.import_module(module), function)())
    tree = tree_sitter.Parser(grammar).parse(code.encode())
    assert not tree.root_node.has_error
    theirs = [leaf.strip() for leaf in _leaves(tree.root_node) if leaf.strip() and not leaf.strip().isalnum()]
    ours = [found.group() for found in token_pattern(family(language)).finditer(code)]
    assert [token for token in ours if not token.isalnum()] == theirs


def read(tmp_path: Path, content: str) -> Lexicon:
    """The lexicon with this as the user's file."""
    own = tmp_path / "lexicon.toml"
    own.write_text(content, "utf-8")
    return load(own)


def test_words_of_the_user_win(tmp_path: Path) -> None:
    own = read(
        tmp_path,
        '[said]\nKubectl = "cube  cuddle"\nacme = "ack me"\n[letters]\nwords = "SQL"\n[units]\nqb = "cubits"\n',
    )
    assert own.problems == ()
    assert [own.reading(word) for word in ("kubectl", "ACME's", "sql", "numpy")] == [
        "cube cuddle",
        "ack me's",
        "S Q L",
        "num pie",
    ]
    assert own.units["qb"] == "cubits"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[said\n", "cannot be read"),
        ("[sayd]\na = 'b'\n", r"\[sayd\] is not understood; the sections are \[said\]"),
        ("[said]\nacme = 3\n", r"\[said\] acme must be the words to say"),
        ("[said]\nacme = '[x](/y/)'\n", "without brackets"),
        ("[letters]\nlist = 'a'\n", r"\[letters\] is not understood"),
    ],
)
def test_a_bad_file_is_named_and_does_no_harm(tmp_path: Path, content: str, problem: str) -> None:
    own = read(tmp_path, content)
    assert len(own.problems) == 1
    assert re.search(problem, own.problems[0])
    assert own.reading("numpy") == "num pie"


def test_the_users_file_is_in_the_configuration_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert user_file() == tmp_path / "duologue" / "lexicon.toml"
    assert load(user_file()).problems == ()


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("main.py:117", "main dot py, line one hundred and seventeen.", 0),
        ("HTTPServer", "HTTP server", 0),
        ("`!=`", "Not equals.", 0),
        ("A data class", "A dataclass.", 0),
        ("numpy 2.1.0", "NumPy 2.1.0", 0),
        ("twenty-one items", "21 items", 0),
        ("2 billion", "two billion", 0),
        ("x and y", "x or y", 1),
        ("the count is one", "count is one", 1),
        ("count is one", "the count is one too", 2),
    ],
)
def test_spelling_is_no_word_error(said: str, heard: str, errors: int) -> None:
    one = score(plain_words(speakable(said)), plain_words(heard))
    assert one.errors == errors
    assert len(one.wrong) == errors


def test_words_that_sound_the_same_are_the_same_when_sounds_are_given() -> None:
    sounds = {"cache": "kash", "cash": "kash", "the": "the"}
    said, heard = plain_words("the cache"), plain_words("the cash")
    assert score(said, heard).wrong == (("cache", "cash"),)
    assert score(said, heard, lambda words: sounds.get(words, words)).errors == 0


def test_a_hundred_lines_in_five_languages_hold_what_is_asked() -> None:
    lines = read_lines()
    code = [line for line in lines if line.language != "prose"]
    assert len(code) == 100
    assert {line.language for line in code} == {"python", "typescript", "rust", "go", "cpp"}
    text = " ".join(line.text for line in code)
    assert [sign for sign in ("!=", "->", "**kwargs", "std::vector", "main.py:117") if sign not in text] == []
