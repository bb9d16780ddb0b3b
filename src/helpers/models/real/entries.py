"""The models of entries.toml: where their weights come from, how large and under which licence."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .refusals import refuse

TABLE = Path(__file__).with_suffix(".toml")
MB = 10**6


@dataclass(frozen=True)
class Entry:
    """A model that others trained and published, as entries.toml describes it.

    repository: on the hub    revision: the commit that is fetched; "main": the newest
    package, version, file: the package of the index that ships the weights, and its file in it
    bytes, sha256: of that file; of a model without a package, bytes are what is fetched
    architecture: the class of transformers that takes the weights    task: what it was trained for
    needs: packages that must be there beside the course's own
    asked, answers: an input, and what its answer holds, one of these; none where nobody here ran it
    source, date: where all this was read, and when
    """

    name: str
    repository: str
    bytes: int
    licence: str
    architecture: str
    task: str
    asked: str
    answers: tuple[str, ...]
    source: str
    date: str
    revision: str = "main"
    package: str = ""
    version: str = ""
    file: str = ""
    sha256: str = ""
    needs: tuple[str, ...] = ()

    @property
    def mb(self) -> float:
        """The size of the weights in MB (10⁶ bytes)."""
        return self.bytes / MB


@functools.cache
def entries() -> Mapping[str, Entry]:
    """Return every model of entries.toml, in the table's order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {name: _entry(name, fields) for name, fields in table.items()}


def _entry(name: str, fields: dict) -> Entry:
    lists = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    return Entry(name, **(fields | lists))


def entry(name: str) -> Entry:
    """Return the model of this name; Unavailable, with the names there are, where there is none."""
    if name not in entries():
        raise refuse("no_entry", name=name, names=", ".join(entries()))
    return entries()[name]
