"""The order of all tests: the quick ones first, whole processes in real time last."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts in place; the order within either kind stays."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)
