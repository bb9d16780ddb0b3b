"""What an answer has from the sheet's own checks: a call, a copy, a name that it finds by itself.

No point depends on it: a person looks.
"""

import ast
import symtable
from collections.abc import Iterator, Sequence

from ...authoring import scopes, syntax_trees
from ..messages import Note
from ..sheet import Sheet, Task
from .notebook import SheetCell

LONGEST = 20_000  # characters of a cell that are compared
FINDERS = {"globals", "locals", "vars", "eval", "exec", "__import__", "gc", "inspect", "__main__"}
FINDERS |= {"__builtins__", "__globals__", "f_globals", "f_locals", "f_back", "_getframe"}
FINDERS |= {"user_ns", "user_global_ns", "get_objects", "modules"}
METHODS = FINDERS - {"eval", "exec", "globals", "locals"}  # model.eval() is something else


def suspicions(task: Task, own: Sequence[SheetCell], sheet: Sheet) -> Iterator[Note]:
    """Yield notes for a person on what an answer has from the sheet's checks, none twice.

    own: the cells of the answer
    """
    for cell in own:
        if len(cell.code) > LONGEST:
            yield "dynamic", {"task": task.name, "name": f"{len(cell.code)} characters"}
            continue
        try:
            tree = ast.parse(cell.code)
            found = [("asks_check", name) for name in asked(cell.code, tree, sheet)]
            found += [("inlines_check", name) for name in inlined(tree, sheet)]
            found += [("dynamic", name) for name in finders(tree)]
        except RecursionError:
            found = [("dynamic", "nested code")]
        for kind, name in sorted(set(found)):
            yield kind, {"task": task.name, "name": name}


def answering(good: Sequence[SheetCell], every: Sequence[SheetCell]) -> list[SheetCell]:
    """Return the cells of an answer, and the student's own cells that define what those use."""
    found = list(good)
    for cell in found:
        used = {node.id for node in ast.walk(ast.parse(cell.code)) if isinstance(node, ast.Name)}
        found += [c for c in every if not c.key and c not in found and c.defines & used]
    return found


def asked(code: str, tree: ast.Module, sheet: Sheet) -> set[str]:
    """Return functions of the sheet's checks that the code uses: they know the right value."""
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    read = set(scopes.globals_read(symtable.symtable(code, "cell", "exec")))
    return read & sheet.oracles - defined


def inlined(tree: ast.Module, sheet: Sheet) -> set[str]:
    """Return functions of the sheet's checks whose body the code holds, whatever the names."""
    kept = sheet.imported | syntax_trees.imported(tree)
    code = syntax_trees.plain(tree.body)
    return {name for name, body in sheet.references if syntax_trees.copies(code, body, kept)}


def finders(tree: ast.Module) -> set[str]:
    """Return names in the code that find a function by a name made while the code runs."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in FINDERS:
            found.add(node.id)
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            found.add(node.attr)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name for alias in node.names if alias.name in FINDERS}
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            constant = len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
            found |= set() if constant else {"getattr"}
    return found
