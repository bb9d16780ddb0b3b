"""One line again for what was broken over several lines only because T(…) holds two languages."""

import ast
import re
from collections.abc import Iterator

WIDTH = 100  # columns, as for all code of the course
BRACKETS = (ast.Call, ast.Dict, ast.List, ast.Set, ast.Tuple)
OPENED = re.compile(r"(?<=[(\[{])\n\s*")
CLOSED = re.compile(r",?\n\s*(?=[)\]}])")
COMMENT = re.compile(r"(?m)^\s*#|\s{2}#\s")


def joined(source: str) -> str:
    """Return the code with a bracket around T(…) on one line where every language fits into it.

    A long text, which fits nowhere, is the only one of its bracket: what is around it must fit.
    """
    if "T(" not in source:
        return source
    data, starts = source.encode(), [0]
    starts += [found.end() for found in re.finditer(b"\n", data)]
    for node in reversed(list(_fitting(source, ast.parse(source)))):
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
        if isinstance(child, BRACKETS) and _fits(source, child):
            yield child
        elif not _is_text(child):
            yield from _fitting(source, child)


def _fits(source: str, node: ast.expr) -> bool:
    if node.lineno == node.end_lineno or _is_text(node):
        return False
    texts = [found for found in ast.walk(node) if isinstance(found, ast.Call) and _is_text(found)]
    if not texts:
        return False
    written = segment(source, node)
    if COMMENT.search(written):
        return False
    line = _one_line(written)
    if ast.dump(ast.parse(line)) != ast.dump(ast.parse(written)):  # (x,) would become (x)
        return False
    before = source.encode().split(b"\n")[node.lineno - 1][: node.col_offset].decode()
    for text in texts:
        call = _one_line(segment(source, text))
        line = line.replace(call, "" if len(texts) == 1 else "_" * _longest(text))
    return "T(" not in line and len(before + line) <= WIDTH


def _longest(text: ast.Call) -> int:
    """Return the length of the longest language of a T(…)."""
    return max(len(ast.unparse(keyword.value)) for keyword in text.keywords)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T"


def _one_line(code: str) -> str:
    return re.sub(r"\n\s*", " ", CLOSED.sub("", OPENED.sub("", code)))
