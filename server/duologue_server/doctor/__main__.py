"""`python -m duologue_server.doctor MODULE`: one group of checks, options on stdin, a result a line on stdout."""

import importlib
import json
import os
import sys

from duologue_server.doctor.result import Result, to_json
from duologue_server.options import read_options


def main() -> int:
    # Sound libraries print to stdout when it suits them; the results keep it for themselves.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    options, _ = read_options(json.load(sys.stdin))
    module = importlib.import_module(sys.argv[1])
    for result in module.check(options):
        assert isinstance(result, Result)
        results.write(json.dumps(to_json(result)) + "\n")
        results.flush()
    results.flush()
    os._exit(0)  # threads of libraries may hang, and the results are all told


if __name__ == "__main__":
    sys.exit(main())
