"""Python that has everything that we speak of after ruff, except what `test_detectors` writes out."""

TEXT = '''
import logging, re, functools, itertools, os, contextlib, contextvars, threading
import dataclasses, enum, collections, requests, subprocess
from typing import Any
import store
import json


__all__ = ["missing_name", 3]


class P(enum.Enum):
    A = 1
    B = 1


@dataclasses.dataclass
class D:
    a: list[int] = []
    b: Any = itertools.count()
    c = 1
    c = 2


class F(Exception):
    def __init__(self, a):
        ValueError("bad")
        super.__init__()
        return 1

    def __len__(self, a):
        raise NotImplemented

    @functools.lru_cache
    def cached(self): ...

    @functools.cached_property
    def x(self): ...


class G(F, F):
    def __init__(self):
        yield 1


async def h(a, b):
    requests.get(a)
    subprocess.run(a)
    open(a)
    for json in b:
        print(json)
    ++b
    os.environ = {}
    a.strip("abc")
    a.lstrip("http://")
    raise "text"


def g(a, b, *c, **d):
    with contextlib.suppress():
        pass
    try:
        pass
    except ():
        pass
    except (ValueError, ValueError):
        pass
    except OSError or KeyError:
        pass
    for k, group in itertools.groupby(a):
        for n in b:
            print(list(group))
    a["x"]: int
    print({1, 2, 1}, re.sub("a", "b", "c", re.I), {"k": v for v in a})
    contextvars.ContextVar("x", default=[])
    f(b=1, *c)
    "%z" % 1
    "%d" % "a"
    "%(a" % d
    "%s %(a)s" % d
    "%(a)s" % {"b": 1}
    "%(a)s" % {"a": 1, "b": 1}
    "{" .format(1)
    "{}".format(1, 2)
    "{a}".format(a=1, b=2)
    "{} {0}".format(1)
    x, x = a
    assert "text"
    open(a, "rz")
    os.getenv("A", 1)
    with threading.Lock():
        pass
    a = [1]["a"]
    assert (y := 1)
    dict.fromkeys(b, [])
    collections.defaultdict(default_factory=int)
    assert print(1)
    a = 1 if b else 1
    assert a, 1
    await h(1, 2)
    if a == None: pass
    if type(a) == type(b): pass
    raise
    assert False
    f"""a"""
    "a".format()
    os.getenv(1)
    if a in (1,): pass
    "%s" % {"a"}
    print("%.*f" % {"a": 1})


def k():
    f"docs {1}"
yield 1
'''
