"""What a cell needs of the cells before it: the statements that define its names, and theirs.

A cell of a notebook that ends in a widget runs alone on a page.  The statements are found by name
alone, so what a later statement changes in place is missed; the page's build therefore compares
the widget that wakes with the one that the whole notebook showed.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator


def sliced(before: Iterable[str], cell: str) -> str:
    """Return the cell's source behind the statements of the cells before it that it needs.

    before: sources in the notebook's order   SyntaxError for a source that is no Python
    """
    needed, kept = free(ast.parse(cell).body), list[str]()
    for source in reversed(list(before)):
        for statement in reversed(ast.parse(source).body):
            defined = set(_bound(statement))
            if defined & needed:
                needed = (needed - defined) | free([statement])
                kept.append(ast.unparse(statement))
    return "\n".join([*reversed(kept), cell])


def free(statements: list[ast.stmt]) -> set[str]:
    """Return the names that the statements read and that none of them defines first."""
    found, defined = set[str](), set(dir(builtins))
    for statement in statements:
        found |= set(_read(statement)) - defined
        defined |= set(_bound(statement))
    return found


def _read(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node reads from outside; a function's own names are its own."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield from _read_by_function(node)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        inside = {n for child in ast.iter_child_nodes(node) for n in _read(child)}
        yield from inside - {n for g in node.generators for n in _targets(g.target)}
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id
    else:
        for child in ast.iter_child_nodes(node):
            yield from _read(child)


def _read_by_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    arguments = node.args
    yield from (n for default in [*arguments.defaults, *filter(None, arguments.kw_defaults)]
                for n in _read(default))  # fmt: skip
    body = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
    own = {a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg)}
    inside = {n for statement in body for n in _read(statement)}
    for statement in body:
        own |= {
            n for part in ast.walk(statement) if isinstance(part, ast.stmt) for n in _bound(part)
        }
    yield from inside - own
    for decorator in getattr(node, "decorator_list", ()):
        yield from _read(decorator)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((a.asname or a.name).split(".")[0] for a in statement.names)
    else:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _targets(node: ast.AST) -> Iterator[str]:
    return (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
