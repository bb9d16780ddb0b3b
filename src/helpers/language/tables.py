"""Tables of TOML or JSON as dataclasses: the class is the schema of its table.

@dataclass(frozen=True)
class Mistake:
    value: Exact
    why: Translated

read(Mistake, {"value": 12.5, "why": {"ja": "…", …}})   # in the current language
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, TypeVar, get_type_hints

from . import say

T = TypeVar("T")


class Malformed(ValueError):
    """A table differs from what its class declares.

    field: the place in the table, such as "choice[1].why"   what: what was got and expected
    """

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field, self.what = field, what


def read(kind: type[T], table: Any, where: str = "") -> T:
    """Read a table as a dataclass whose every field is Annotated with its reader.

    Malformed names the field that is unknown, missing or of another type.
    A field whose name in the table differs says so: field(metadata={"table": "choice"}).
    """
    if not isinstance(table, Mapping):
        raise Malformed(where, _expected("a table", table))
    known = {f.metadata.get("table", f.name): f for f in fields(kind)}  # type: ignore[arg-type]
    for name in sorted(table.keys() - known.keys()):
        raise Malformed(_at(where, name), f"unknown; known: {', '.join(known)}")
    for name, field in known.items():
        if name not in table and _is_needed(field):
            raise Malformed(_at(where, name), "missing")
    hints = get_type_hints(kind, include_extras=True)
    there = {name: field for name, field in known.items() if name in table}
    values = {f.name: _reader(hints[f.name])(table[n], _at(where, n)) for n, f in there.items()}
    return kind(**values)


def _is_needed(field: Field) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _reader(hint: Any) -> Callable[[Any, str], Any]:
    return hint.__metadata__[0]


def _at(where: str, name: str) -> str:
    return f"{where}.{name}".lstrip(".")


def _expected(want: str, got: object) -> str:
    return f"is {got!r:.60}, expected {want}"


# --- readers: (value in the table, its place) -> value, or Malformed --------------------


def identifier(value: Any, where: str) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Malformed(where, _expected("a text that is not empty", value))
    return value


def texts(value: Any, where: str) -> Mapping[str, str]:
    """Read {language: text}, with every complete language among them."""
    wanted = [say.key(lang) for lang in say.COMPLETE]
    if not isinstance(value, Mapping) or not all(isinstance(value.get(k), str) for k in wanted):
        raise Malformed(where, _expected(f"a text in {' and '.join(wanted)}", value))
    return value


def translated(value: Any, where: str) -> str:
    """Read a text in the current language."""
    return say.choose(texts(value, where))


def exact(value: Any, where: str) -> Decimal:
    """Read a Decimal, not a float: 12.3 must lie within 0.1 of 12.2, and in binary it does not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise Malformed(where, _expected("a number", value))
    return Decimal(str(value))


def flag(value: Any, where: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Malformed(where, _expected("true or false", value))
    return value


def one_of(*allowed: str) -> Callable[[Any, str], str]:
    """Make a reader of one of a few words."""

    def read_word(value: Any, where: str) -> str:
        if value not in allowed:
            raise Malformed(where, _expected(f"one of {', '.join(allowed)}", value))
        return value

    return read_word


def named(read_one: Callable[[Any, str], T]) -> Callable[[Any, str], dict[str, T]]:
    """Make a reader of a table of tables, each below its name."""

    def read_named(value: Any, where: str) -> dict[str, T]:
        if not isinstance(value, Mapping) or not value:
            raise Malformed(where, _expected("tables with names", value))
        return {name: read_one(item, _at(where, name)) for name, item in value.items()}

    return read_named


def each(kind: type[T]) -> Callable[[Any, str], tuple[T, ...]]:
    """Make a reader of a list of tables."""

    def read_each(value: Any, where: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Malformed(where, _expected("a list of tables", value))
        return tuple(read(kind, item, f"{where}[{n}]") for n, item in enumerate(value))

    return read_each


Identifier = Annotated[str, identifier]
Translated = Annotated[str, translated]
Exact = Annotated[Decimal, exact]
Flag = Annotated[bool, flag]
