"""Code compared as syntax trees: the same statements under other names are the same code."""

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BUILT_IN = frozenset(dir(builtins))
VALUED = (ast.Return, ast.Assign, ast.AnnAssign, ast.Expr)


def blocks_of(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield every list of statements: of the module, a function, a branch, …"""
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield value


def size(tree: ast.AST) -> int:
    """Count the nodes of a tree."""
    return sum(1 for _ in ast.walk(tree))


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Yield every function of a tree, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def runs(block: list[ast.stmt], like: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Yield as many statements of a block in a row, of the same kinds but for the last one's."""
    kinds, n = list(map(type, like[:-1])), len(like)
    for i in range(len(block) - n + 1):
        if list(map(type, block[i : i + n - 1])) == kinds:
            yield block[i : i + n]


def nameless(statements: Sequence[ast.AST], kept: Mapping[str, str] | None = None) -> str:
    """Write the statements' trees with names numbered in order of appearance, and no words.

    kept: names that stay what they are, with what they stand for: {"F": "torch.nn.functional"}.
    """
    return ast.dump(_Numbered(kept or {}).visit(_copy(statements)))


def plain(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return a copy without what computes nothing: docstrings, print, type hints; += as =."""
    return _Plain().visit(_copy(statements)).body


def _copy(statements: Sequence[ast.AST]) -> ast.Module:
    return ast.parse(ast.unparse(ast.Module(list(statements), [])))  # type: ignore[arg-type]


def imported(tree: ast.AST) -> dict[str, str]:
    """Return {a name: what it was imported from}, with dots."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def copies(code: list[ast.stmt], body: list[ast.stmt], kept: Mapping[str, str]) -> bool:
    """Tell whether the body of a function stands in code, whatever its variables are called.

    Both are `plain`.  A return may have become an assignment.
    """
    found = [run for block in blocks_of(ast.Module(code, [])) for run in runs(block, body)]
    if not found:
        return False
    names = {name: name for name in BUILT_IN} | dict(kept)
    want = _with_value(body, names)
    return any(_with_value(run, names) == want for run in found)


def _with_value(statements: list[ast.stmt], kept: Mapping[str, str]) -> str:
    """Write the statements without names, with the last one's value in its place."""
    last = statements[-1]
    value = getattr(last, "value", None) if isinstance(last, VALUED) else None
    return nameless([*statements[:-1], ast.Expr(value) if value else last], kept)


class _Plain(ast.NodeTransformer):
    """A transformer that removes the statements that compute nothing."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if getattr(node, "body", None) == []:
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        call = node.value
        prints = isinstance(call, ast.Call) and ast.unparse(call.func) == "print"
        return None if prints or isinstance(call, ast.Constant) else node

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        [read] = ast.parse(ast.unparse(node.target)).body
        value = ast.BinOp(read.value, node.op, node.value)  # type: ignore[attr-defined]
        return ast.Assign([node.target], value, lineno=0)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        return ast.Assign([node.target], node.value, lineno=0) if node.value else None


class _Numbered(ast.NodeTransformer):
    def __init__(self, kept: Mapping[str, str]):
        self.kept, self.numbers = kept, dict[str, str]()

    def number(self, name: str) -> str:
        return self.kept.get(name) or self.numbers.setdefault(name, f"n{len(self.numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.number(node.id), ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Read F.softmax and torch.nn.functional.softmax as one name."""
        self.generic_visit(node)
        of = node.value.id if isinstance(node.value, ast.Name) else ""
        if "." in of or of in self.kept.values():
            return ast.Name(f"{of}.{node.attr}", ast.Load())
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.number(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self.number(node.name), None
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("" if isinstance(node.value, str) else node.value)
