"""The fixtures of `tests/data/commands`, held against the pure core; the editors run the same ones."""

import pytest

from support.command_cases import Case, cases, check


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_spoken_command_does_what_its_fixture_says(case: Case) -> None:
    check(case)
