"""The names of a piece of code, as Python's own symbol table tells them."""

import builtins
import symtable
from collections.abc import Iterator
from typing import NamedTuple

BUILT_IN = frozenset(dir(builtins))


class Names(NamedTuple):
    """The names of some code.

    made: names that stay when it has run   needed: names that must be there before
    """

    made: set[str]
    needed: set[str]


def names(source: str, title: str) -> Names:
    """Return the names of some code; title: what a SyntaxError calls it."""
    top = symtable.symtable(source, title, "exec")
    made = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    return Names(made, set(globals_read(top)) - made - BUILT_IN)


def globals_read(scope: symtable.SymbolTable) -> Iterator[str]:
    """Yield the global names that a scope, or one inside it, reads."""
    is_top = scope.get_type() == "module"
    for symbol in scope.get_symbols():
        if symbol.is_referenced() and (is_top or symbol.is_global()):
            yield symbol.get_name()
    for child in scope.get_children():
        yield from globals_read(child)
