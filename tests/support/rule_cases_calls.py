"""The cases of rules about calls and names; see `rule_cases`."""

CALL_CASES: list[tuple[str, str, str, str]] = [
    (
        "swapped-arguments",
        "python",
        "def crop(width, height): ...\ndef f(width, height):\n    crop(height, width)\n",
        "def crop(width, height): ...\ndef f(width, height):\n    crop(width, height)\n    crop(height, height)\n",
    ),
    (
        "swapped-arguments",
        "javascript",
        "function crop(width, height) {}\ncrop(height, width)",
        "function crop(width, height) { return crop(height, width) }",
    ),
    (
        "swapped-arguments",
        "typescript",
        "function crop(width: number, height: number) {}\ncrop(height, width)",
        "function crop(width: number, height: number) {}\ncrop(width, height)",
    ),
    (
        "swapped-arguments",
        "rust",
        "fn crop(width: u8, height: u8) {}\nfn f() { crop(height, width) }",
        "fn crop(width: u8, height: u8) {}\nfn f() { crop(width, height) }",
    ),
    (
        "swapped-arguments",
        "go",
        "func crop(width, height int) {}\nfunc f() { crop(height, width) }",
        "func crop(width, height int) {}\nfunc f() { crop(width, height) }",
    ),
    (
        "wrong-argument-count",
        "python",
        "class A:\n    def load(self, path): ...\n    def f(self):\n        self.load()\n",
        "def load(path, mode='r'): ...\ndef many(*paths): ...\nload('a')\nmany(1, 2)\ndef g(load):\n    load(1, 2)\n",
    ),
    (
        "method-not-called",
        "python",
        "class A:\n    def empty(self): ...\n    def f(self):\n        if self.empty:\n            g()\n",
        "class A:\n    @property\n    def empty(self): ...\n    def f(self):\n"
        "        if self.empty or self.other:\n            g()\n",
    ),
    (
        "method-not-called",
        "javascript",
        "class A { empty() {}\n f() { if (!this.empty) g() } }",
        "class A { get empty() {}\n f() { if (this.empty) g() } }",
    ),
    (
        "method-not-called",
        "typescript",
        "class A { empty() { return true }\n f() { if (this.empty) g() } }",
        "class A { empty = true\n f() { if (this.empty) g() } }",
    ),
    (
        "missing-comma",
        "python",
        "names = [\n    'one',\n    'two'\n    'three',\n    'four',\n]\n",
        "names = [\n    'one',\n    'a longer text that goes'\n    ' on in the next line',\n    'four',\n]\n",
    ),
    ("sleep-without-unit", "go", "func f() { time.Sleep(100) }", "func f() { time.Sleep(100 * time.Millisecond) }"),
    (
        "defer-in-loop",
        "go",
        "func f() { for _, a := range b { defer a.Close() } }",
        "func f() { for _, a := range b { func() { defer a.Close() }() }; defer c.Close() }",
    ),
    (
        "never-closed",
        "go",
        "func f() { file, err := os.Open(a); use(err); file.Stat() }",
        "func f() { file, err := os.Open(a); defer file.Close(); file.Stat() }\n"
        "func g() { h, _ := os.Open(a); return h }",
    ),
    ("empty-if", "javascript", "if (a);\n{ f() }", "if (a) f();"),
    ("empty-if", "typescript", "if (a);\nf()", "for (; a();) {}"),
    ("no-effect", "javascript", "function f() { if (a) a === 1; }", "function f() { a && b(); 'use strict'; a.b }\na"),
    ("no-effect", "typescript", "function f() { total + 1 }", "function f() { return total + 1 }"),
    ("no-effect", "rust", "fn f() { a == 1; }", "fn f() -> bool { a == 1 }"),
    (
        "misspelt-name",
        "javascript",
        "function f(handler) { handler(); return handlr }",
        "function f(handler) { return handler(handlers) || o.handlr }",
    ),
    (
        "misspelt-name",
        "typescript",
        "class A { #handler = 1; f() { return this.#handlr + this.#handler } }",
        "let colour, colours",
    ),
    (
        "misspelt-name",
        "rust",
        "fn f(handler: u8) -> u8 { g(handler) + hadnler }",
        "fn f(handler: u8) -> u8 { handler }",
    ),
    (
        "misspelt-name",
        "go",
        "func f(handler int) int { return handler + hanlder }",
        "func f(handler int, handlr int) int {}",
    ),
]
