"""Every test has a session of its own."""

from collections.abc import Iterator

import pytest

from helpers.classroom.session import Session


@pytest.fixture(autouse=True)
def own_session() -> Iterator[Session]:
    """What a test sets (lesson, language, results, progress in memory) ends with it."""
    with Session() as session:
        yield session
