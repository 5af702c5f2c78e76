"""Every language: where am I, what is it called, which names are there, is the statement finished."""

import pytest

from duologue_server.context.documents import Documents
from duologue_server.context.languages import LANGUAGES, language_of
from duologue_server.context.positions import Position
from duologue_server.context.trees import Syntax, parse
from duologue_server.context.view import View

# `|` is the cursor.
JAVA = """package shop;

import java.util.List;

public class Cart<T> extends Base {
    static final int MOST = 3;

    public Cart(int room) {
        this.room = room;
    }

    public int total(List<Item> items, boolean taxed) {
        Runnable log = () -> {
            System.out.println(items|);
        };
        return sum(items);
    }
}

record Item(String name, int price) {
}
"""
C = """#include <stdio.h>
#define MOST 3
#define SQUARE(x) ((x) * (x))

typedef struct {
    int x;
} point_t;

struct node {
    struct node *next|;
};

static struct node *load(const char *path, int mode) {
    return open_node(path);
}
"""
CPP = """#include <vector>

namespace shop {

template <typename T>
class Cart : public Base<T> {
public:
    Cart(int room) : room_(room) {}
    ~Cart() {}
    int total(const std::vector<T>& items) const {
        auto add = [&](int x) { return x; };
        return sum(items|);
    }
};

int Helper::run(int a) { return a; }

bool operator==(const P& a, const P& b) { return true; }
}
"""
RUBY = """require 'json'

module Shop
  MOST = 3

  class Cart < Base
    def initialize(room)
      @room = room
    end

    def self.load(path, mode: :read)
      File.open(path) do |file|
        file.read«
      end
    end
  end
end
"""
LUA = """local json = require('json')
local M = {}
MOST = 3

function M.load(path, mode)
    local each = function(item)
        return item|
    end
    return each(path)
end

function M:close() end
"""
BASH = """#!/bin/bash
source ./lib.sh
MOST=3

load() {
    local path=$1
    if [ -f "$path" ]; then
        cat "$path|"
    fi
}
"""
JSON = """{
  "name": "shop",
  "scripts": {
    "build": "tsc|",
    "test": "vitest"
  }
}
"""
YAML = """name: ci
jobs:
  build:
    steps:
      - run: make|
        shell: bash
"""
TOML = """title = "shop"

[tool.ruff.lint]
select = ["A|"]

[[bin]]
name = "b"
"""
HTML = """<!DOCTYPE html>
<html>
  <head><script src="app.js">let x = 1;</script></head>
  <body>
    <div id="main" class="wide"><p>Hello|.</p><br/></div>
  </body>
</html>
"""
CSS = """@import "base.css";
:root { --main: red; }
.button > b:hover {
  color: var(--main|);
}
@keyframes spin { from { top: 0; } }
"""
TEXTS = {
    "java": JAVA,
    "c": C,
    "cpp": CPP,
    "ruby": RUBY.replace("|file|", "<file>").replace("«", "|"),
    "lua": LUA,
    "shellscript": BASH,
    "json": JSON,
    "yaml": YAML,
    "toml": TOML,
    "html": HTML,
    "css": CSS,
}


def at_cursor(language_id: str, text: str) -> tuple[Syntax, Position]:
    """The text with `|` taken out, parsed, and the place where it was."""
    before, _, after = text.partition("|")
    text = (before + after).replace("<file>", "|file|")
    syntax = parse(Documents().open("file:///shop", language_id, 1, text).snapshot())
    assert syntax is not None
    return syntax, Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


@pytest.mark.parametrize(
    ("language_id", "scopes"),
    [
        ("java", "function log, method total, class Cart"),
        ("c", "struct node"),
        ("cpp", "method total, class Cart, namespace shop"),
        ("ruby", "method load, class Cart, module Shop"),
        ("lua", "function each, function load"),
        ("shellscript", "function load"),
        ("json", "key build, key scripts"),
        ("yaml", "key run, key steps, key build, key jobs"),
        ("toml", "key select, table tool.ruff.lint"),
        ("html", "element p, element div, element body, element html"),
        ("css", "rule .button > b:hover"),
    ],
)
def test_where_the_cursor_is(language_id: str, scopes: str) -> None:
    syntax, cursor = at_cursor(language_id, TEXTS[language_id])
    assert not syntax.tree.root_node.has_error
    assert ", ".join(f"{scope.kind} {scope.name}" for scope in syntax.scope_at(cursor)) == scopes


@pytest.mark.parametrize(
    ("language_id", "symbols"),
    [
        ("java", "class Cart, constant MOST, constructor Cart, method total, function log, record Item"),
        ("c", "constant MOST, macro SQUARE, struct point_t, struct node, function load"),
        (
            "cpp",
            "namespace shop, class Cart, constructor Cart, method ~Cart, method total, function add, method run, "
            "function operator==",
        ),
        ("ruby", "module Shop, constant MOST, class Cart, constructor initialize, method load"),
        ("lua", "constant MOST, function load, function each, method close"),
        ("shellscript", "constant MOST, function load"),
        ("json", "key name, key scripts, key build, key test"),
        ("yaml", "key name, key jobs, key build, key steps, key run, key shell"),
        ("toml", "key title, table tool.ruff.lint, key select, table bin, key name"),
        ("html", "element html, element head, element script, element body, element div, element p, element br"),
        ("css", "rule :root, constant --main, rule .button > b:hover, keyframes spin"),
    ],
)
def test_what_is_defined(language_id: str, symbols: str) -> None:
    syntax, _ = at_cursor(language_id, TEXTS[language_id])
    found = [f"{symbol.kind} {symbol.name}" for symbol in syntax.symbols()]
    assert ", ".join(found) == symbols


@pytest.mark.parametrize(
    ("language_id", "names"),
    [
        ("java", {"Cart", "total", "items", "taxed", "List", "Item"}),
        ("c", {"load", "node", "path", "mode", "open_node", "next"}),
        ("cpp", {"Cart", "total", "items", "shop", "Helper", "room_"}),
        ("ruby", {"Cart", "load", "path", "@room", "file"}),
        ("lua", {"load", "path", "mode", "each", "item", "close"}),
        ("shellscript", {"load", "path", "MOST"}),
        ("json", {"scripts", "build", "test"}),
        ("yaml", {"jobs", "build", "steps", "run"}),
        ("toml", {"title", "tool", "ruff", "lint", "select"}),
        ("html", {"main", "wide", "div", "body"}),
        ("css", {"button", "--main", "spin"}),
    ],
)
def test_names_for_the_ear(language_id: str, names: set[str]) -> None:
    syntax, _ = at_cursor(language_id, TEXTS[language_id])
    assert names <= set(syntax.identifiers(60))


@pytest.mark.parametrize(
    ("language_id", "word"),
    [
        ("java", "items"),
        ("c", "next"),
        ("cpp", "items"),
        ("ruby", "read"),
        ("lua", "item"),
        ("shellscript", "path"),
        ("json", "tsc"),
        ("yaml", "make"),
        ("html", "Hello."),
        ("css", "--main"),
    ],
)
def test_the_text_under_the_cursor(language_id: str, word: str) -> None:
    syntax, cursor = at_cursor(language_id, TEXTS[language_id])
    assert syntax.node_text(Position(cursor.line, cursor.character - 1)) == word


@pytest.mark.parametrize(
    ("language_id", "imports"),
    [
        ("python", ("os.path", "json", ".near")),
        ("javascript", ("react", "./shop")),
        ("typescript", ("react",)),
        ("rust", ("std::io::{self, Read}",)),
        ("go", ("fmt", "os")),
        ("java", ("java.util.List",)),
        ("c", ("stdio.h",)),
        ("cpp", ("vector",)),
        ("ruby", ("json",)),
        ("lua", ("json",)),
        ("shellscript", ("./lib.sh",)),
        ("html", ("app.js",)),
        ("css", ("base.css",)),
        ("json", ()),
    ],
)
def test_what_is_imported(language_id: str, imports: tuple[str, ...]) -> None:
    texts = TEXTS | {
        "python": "import os.path, json as j\nfrom .near import x\n",
        "javascript": "import React from 'react';\nconst shop = require('./shop');\n",
        "typescript": 'import type { FC } from "react";\n',
        "rust": "use std::io::{self, Read};\n",
        "go": 'package main\nimport (\n\t"fmt"\n\t"os"\n)\n',
    }
    syntax, _ = at_cursor(language_id, texts[language_id])
    assert syntax.imports() == imports


@pytest.mark.parametrize(
    ("language_id", "text", "complete"),
    [
        ("java", "class A { void f() { int x = | } }", False),
        ("java", "class A { void f() { int x = 1;| } }", True),
        ("java", "class A {\n  int f(|\n}\n", False),
        ("c", "int main(void) {\n    return 1|\n}\n", False),
        ("c", "int main(void) {\n    return 1;|\n}\n", True),
        ("cpp", "int main() { std::| }", False),
        ("cpp", "int main() { i++;| }", True),
        ("ruby", "total = |\n", False),
        ("ruby", "def load(path)|\n", False),
        ("ruby", "total = 1|\n", True),
        ("lua", "local x = |\n", False),
        ("lua", "local x = 1|\n", True),
        ("lua", "for i = 1, 3 do|\n", False),
        ("sh", "cat x |<pipe>", True),
        ("sh", "if true; then|\n", False),
        ("sh", "sleep 3 &|\n", True),
        ("sh", "make &&|\n", False),
        ("json", '{"a": |}', False),
        ("json", '{"a": 1|}', True),
        ("yaml", "name: ci|\n", True),
        ("yaml", "text: it ends.|\n", True),
        ("yaml", "list: [a, |\n", False),
        ("toml", "a = |\n", False),
        ("toml", "a = 1|\n", True),
        ("html", "<p>It ends.|</p>", True),
        ("html", "<p class=|", False),
        ("css", ".a { color: | }", False),
        ("css", ".a { color: red;| }", True),
    ],
)
def test_whether_the_statement_is_complete(language_id: str, text: str, complete: bool) -> None:
    syntax, cursor = at_cursor(language_id, text.replace("<pipe>", ""))
    assert View(syntax.snapshot, syntax).statement_complete_at(cursor) == complete


def test_the_names_that_editors_give_languages() -> None:
    for language_id in ("sh", "bash", "zsh", "shellscript"):
        language = language_of(language_id)
        assert language is not None
        assert language.queries == "bash"
    for language_id, module in (
        ("yaml.docker-compose", "tree_sitter_yaml"),
        ("typescript.tsx", "tree_sitter_typescript"),
        ("TypeScriptReact", "tree_sitter_typescript"),
        ("jsonc", "tree_sitter_json"),
    ):
        language = language_of(language_id)
        assert language is not None
        assert language.module == module
    assert [language_of(name) for name in ("cobol", "markdown", "plaintext", "", ".")] == [None] * 5


def test_every_language_has_its_grammar_and_queries() -> None:
    for language_id in LANGUAGES:
        syntax, _ = at_cursor(language_id, "\n")
        assert syntax.symbols() == []
        assert syntax.imports() == ()
