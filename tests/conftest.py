"""Every test has a session of its own; what is marked in_ci runs there, or where it is named."""

from collections.abc import Iterator

import pytest
import turns

from helpers.classroom.session import Session


@pytest.fixture(autouse=True)
def own_session() -> Iterator[Session]:
    """What a test sets (lesson, language, results, progress in memory) ends with it."""
    with Session() as session:
        yield session


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked to CI; one line of the summary says how many tests that were."""
    if turns.leaves(config):
        why = "long, and by turns or seldom changed: CI, --all or its path"
        for item in filter(lambda item: item.get_closest_marker("in_ci"), items):
            item.add_marker(pytest.mark.skip(reason=why))
