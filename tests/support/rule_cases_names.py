"""Rules about names that lie: (rule, language, text that has it, text that has not)."""

NAME_CASES: list[tuple[str, str, str, str]] = [
    (
        "question-without-answer",
        "python",
        "def is_open(door) -> str:\n    return door.state\n",
        "def is_open(door) -> bool:\n    return door.state\n\ndef is_shut(door):\n    return door.state\n\n"
        "def isolate(x) -> str:\n    return x\n\ndef has_one(x) -> int | bool:\n    return 1\n",
    ),
    (
        "question-without-answer",
        "python",
        "def has_rows(table):\n    if table:\n        return 'yes'\n    return 'no'\n",
        "def has_rows(table):\n    if table:\n        return 'yes'\n    return None or table\n\n"
        "def is_odd(n):\n    if n:\n        return 1\n    return 0\n\n"
        "def is_it():\n    def inner():\n        return 'x'\n    return inner()\n",
    ),
    (
        "question-without-answer",
        "javascript",
        "function isOpen(door) { return 'open' }",
        "function isOpen(door) { return door.open }\nfunction issue(door) { return 'open' }\nfunction isShut() {}",
    ),
    (
        "question-without-answer",
        "typescript",
        "class Door { isOpen(): string { return this.state } }",
        "function isDoor(x: any): x is Door { return true }\nasync function isOpen(): Promise<boolean> { return 1 }",
    ),
    (
        "question-without-answer",
        "rust",
        "fn is_open(door: &Door) -> String { door.state() }",
        "fn is_open(door: &Door) -> bool { true }\nfn is_shut() -> Result<bool, E> { f() }\nfn is_done() {}",
    ),
    (
        "question-without-answer",
        "go",
        "package a\nfunc IsOpen(d Door) string { return d.state }",
        "package a\nfunc IsOpen(d Door) bool { return true }\nfunc IsShut(d Door) (bool, error) { return true, nil }",
    ),
    (
        "question-without-answer",
        "java",
        "class A { String isOpen() { return state; } }",
        "class A { boolean isOpen() { return true; } Optional<Boolean> isShut() { return null; } }",
    ),
    (
        "getter-without-value",
        "python",
        "class A:\n    def get_rows(self):\n        self.rows = read()\n",
        "class A:\n    def get_rows(self):\n        return read()\n\n    def get_all(self):\n        yield 1\n\n"
        "    def get_none(self):\n        raise KeyError\n\n    def get_some(self):\n        pass\n\n"
        "    def get_into(self, out):\n        out.add(1)\n\n    @command\n    def get_it(self):\n        print(1)\n\n"
        "    def get_ready(self):\n        self.ready = True\n",
    ),
    (
        "getter-without-value",
        "javascript",
        "class A { getRows() { this.rows = read() } }",
        "class A { getRows() { return read() } getOne(req, res) { res.send(1) } getNone() { throw 1 } getNext() {} }\n"
        "function getAsync(callback) { read(callback) }",
    ),
    (
        "getter-without-value",
        "typescript",
        "function getRows(path: string): void { rows = read(path) }",
        "function getRows(path: string): Row[] { return read(path) }\nfunction getready() { f() }",
    ),
    (
        "getter-without-value",
        "java",
        "class A { void getRows() { rows = read(); } }",
        "class A { List<Row> getRows() { return read(); } void getBytes(int at, byte[] target) { f(); } }",
    ),
    (
        "name-against-type",
        "python",
        "def f(user_id: list[int], n):\n    pass\n",
        "def f(user_id: int, ids: list[int], grid: list[int], is_new: bool, has_x: object, user_ids: str):\n    pass\n",
    ),
    ("name-against-type", "python", "def f(user_ids: int = 3):\n    pass\n", "def f(user_ids=3):\n    pass\n"),
    (
        "name-against-type",
        "typescript",
        "function f(userId: string[]) {}",
        "function f(userId: string, userIds: string[], valid: string[], isNew?: boolean) {}",
    ),
    ("name-against-type", "typescript", "function f(isNew?: string) {}", "function f(issue?: string) {}"),
    (
        "name-against-type",
        "rust",
        "fn f(user_id: Vec<u32>) {}",
        "fn f(user_id: u32, ids: Vec<u32>, raw_id: &[u8], is_new: bool) {}",
    ),
    (
        "name-against-type",
        "go",
        "package a\nfunc f(userId []int) {}",
        "package a\nfunc f(userId int, traceId []byte, userIds []int) {}",
    ),
    (
        "name-against-type",
        "java",
        "class A { void f(List<Long> userId) {} }",
        "class A { void f(long userId, List<Long> userIds, byte[] traceId) {} }",
    ),
    (
        "count-without-number",
        "python",
        "row_count = []\n",
        "row_count = 0\ncounts = []\naccount = ''\ncount = {}\ndiscount = []\nnum_label = ''\nnum_rows = 'SELECT 1'\n",
    ),
    ("count-without-number", "javascript", "let rowCount = '0'", "let rowCount = 0, account = '', viscount = []"),
    ("count-without-number", "typescript", "const count: any = []", "const count = load([])"),
    (
        "count-without-number",
        "rust",
        'fn f() { let row_count = ""; }',
        'fn f() { let row_count = 0; let accounts = ""; }',
    ),
    (
        "count-without-number",
        "go",
        'package a\nfunc f() { rowCount := "" }',
        "package a\nfunc f() { rowCount := 0; count := map[string]int{} }",
    ),
    (
        "count-without-number",
        "java",
        'class A { void f() { var rowCount = ""; } }',
        "class A { void f() { int n = 0; } }",
    ),
]
