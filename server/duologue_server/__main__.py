"""`python -m duologue_server` is `duologue`."""

import sys

from duologue_server.cli import main

if __name__ == "__main__":
    sys.exit(main())
