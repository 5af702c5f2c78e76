"""The cases of further languages; see `rule_cases`."""

MORE_CASES: list[tuple[str, str, str, str]] = [
    (
        "self-comparison",
        "java",
        "class A { boolean f() { return a.b == a.b; } }",
        "class A { boolean f() { return a != a; } }",
    ),
    ("self-assignment", "java", "class A { void f(int a) { a = a; } }", "class A { void f(int a) { this.a = a; } }"),
    (
        "swallowed-error",
        "java",
        "class A { void f() { try { g(); } catch (E e) {} } }",
        "class A { void f() { try { g(); } catch (E e) { h(); } } }",
    ),
    (
        "unreachable",
        "java",
        "class A { int f() { throw e; g(); } }",
        "class A { int f() { if (a) return 1; return 2; } }",
    ),
    (
        "past-the-end",
        "java",
        "class A { void f() { for (int i = 0; i <= a.length; i++) g(a[i]); } }",
        "class A { void f() { for (int i = 0; i < a.length; i++) g(a[i]); } }",
    ),
    (
        "duplicate-condition",
        "java",
        "class A { void f() { if (a > 1) g(); else if (a > 1) h(); } }",
        "class A { void f() { if (a > 1) g(); else if (a > 2) h(); } }",
    ),
    (
        "same-branches",
        "java",
        "class A { void f() { if (a) { g(); } else { g(); } } }",
        "class A { void f() { if (a) { g(); } else { h(); } } }",
    ),
    (
        "return-in-finally",
        "java",
        "class A { int f() { try { g(); } finally { return 1; } } }",
        "class A { int f() { try { return 1; } finally { g(); } } }",
    ),
    ("unused-result", "java", "class A { void f() { name.trim(); } }", "class A { void f() { name = name.trim(); } }"),
    (
        "never-negative-length",
        "java",
        "class A { boolean f() { return a.size() >= 0; } }",
        "class A { boolean f() { return a.size() > 0; } }",
    ),
    ("self-comparison", "c", "int f(int a) { return a == a; }", "int f(double a) { return a != a; }"),
    ("assignment-in-condition", "c", "void f() { if (a = 1) g(); }", "void f() { if ((a = b)) g(); if (a == 1) g(); }"),
    (
        "unreachable",
        "c",
        "int f() { return 1; g(); }",
        "int f() { if (a) return 1; switch (b) { case 1: return 2; break; } return 3; }",
    ),
    (
        "duplicate-condition",
        "c",
        "void f() { if (a == 1) g(); else if (a == 1) h(); }",
        "void f() { if (a == 1) g(); if (a == 1) h(); }",
    ),
    ("same-branches", "c", "void f() { if (a) { g(); } else { g(); } }", "void f() { if (a) { g(); } else { h(); } }"),
    ("empty-if", "c", "void f() { if (a); g(); }", "void f() { if (a) g(); }"),
    ("sign-apart", "c", "void f() { a =- 1; }", "void f() { a = -1; a -= 1; }"),
    ("self-comparison", "cpp", "int f(int a) { return a <= a; }", "int f(int a, int b) { return a <= b; }"),
    ("self-comparison", "ruby", "def f(a)\n  a && a\nend\n", "def f(a)\n  a == b\nend\n"),
]
