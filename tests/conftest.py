"""The order of all tests: the quick ones first, whole processes in real time last."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_habits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What servers under test learn is kept from whoever runs the tests."""
    before = os.environ.get("XDG_STATE_HOME")
    folder = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts in place; the order within either kind stays."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
