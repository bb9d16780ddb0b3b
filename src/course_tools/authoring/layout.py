"""One line again for what was broken over several lines only because T(…) holds two languages."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

WIDTH = 100  # columns, as for all code of the course
BRACKETS = (ast.Call, ast.Dict, ast.List, ast.Set, ast.Tuple)
OPENED = re.compile(r"(?<=[(\[{])\n\s*")
CLOSED = re.compile(r",?\n\s*(?=[)\]}])")
COMMENT = re.compile(r"(?m)^\s*#|\s{2}#\s")


def calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """Return every T(…) among the nodes of a syntax tree."""
    return (node for node in nodes if _is_text(node))


def joined(source: str, tree: ast.Module) -> str:
    """Return the code with a bracket around T(…) on one line where every language fits into it.

    A long text, which fits nowhere, is the only one of its bracket: what is around it must fit.
    tree: the syntax tree of the code
    """
    data, starts = source.encode(), [0]
    starts += [found.end() for found in re.finditer(b"\n", data)]
    for node in reversed(list(_fitting(source, tree))):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[int(node.end_lineno or 0) - 1] + int(node.end_col_offset or 0)
        data = data[:start] + _one_line(data[start:end].decode()).encode() + data[end:]
    return data.decode()


def segment(source: str, node: ast.expr) -> str:
    """Do what ast.get_source_segment does, which looks at all of SOURCE each time."""
    lines = source.encode().split(b"\n")[node.lineno - 1 : node.end_lineno]
    lines[-1] = lines[-1][: node.end_col_offset]
    lines[0] = lines[0][node.col_offset :]
    return b"\n".join(lines).decode()


def _fitting(source: str, node: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost brackets that hold a T(…) and fit, in the order of the code."""
    for child in ast.iter_child_nodes(node):
        if _is_text(child) or _is_one_line(child):
            continue
        if isinstance(child, BRACKETS) and _fits(source, child):
            yield child
        else:
            yield from _fitting(source, child)


def _fits(source: str, node: ast.expr) -> bool:
    texts = list(calls(ast.walk(node)))
    written = segment(source, node)
    if not texts or COMMENT.search(written):
        return False
    line = cut = _one_line(written)
    for text in texts:
        call = _one_line(segment(source, text))
        cut = cut.replace(call, "" if len(texts) == 1 else "_" * _longest(text))
    before = source.encode().split(b"\n")[node.lineno - 1][: node.col_offset].decode()
    if "T(" in cut or len(before + cut) > WIDTH:
        return False
    return ast.dump(ast.parse(line, mode="eval").body) == ast.dump(node)  # (x,) would become (x)


def _longest(text: ast.Call) -> int:
    """Return the length of the longest language of a T(…)."""
    return max(len(ast.unparse(keyword.value)) for keyword in text.keywords)


def _is_text(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T"


def _is_one_line(node: ast.AST) -> bool:
    """Tell whether a node that has a place begins and ends in the same line."""
    return getattr(node, "lineno", None) == getattr(node, "end_lineno", 0)


def _one_line(code: str) -> str:
    return re.sub(r"\n\s*", " ", CLOSED.sub("", OPENED.sub("", code)))
