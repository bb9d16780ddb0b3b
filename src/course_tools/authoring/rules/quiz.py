from collections.abc import Iterator

from ..data import Table
from ..problems import Problem


def problems(table: Table) -> Iterator[Problem]:
    return iter(())
