"""The cells of a notebook file, however Jupyter, Colab or an editor saved it."""

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from .. import messages
from ..messages import Note

LONGEST = 200_000  # characters of one cell
MOST_CELLS, MOST_TEXT = 1_000, 1_000_000  # of one notebook: a sheet has 20 cells, 20,000 characters
LIKE_MAGIC = re.compile(r"(?m)^\s*[%!?]|[?]\s*$|=\s*[%!]")
MOST_MAGICS = 100  # IPython reads a cell anew for each


class Unreadable(Exception):
    """No notebook can be got out of the file.  note: why, for the student and the instructor."""

    def __init__(self, name: str, **values: object):
        self.note: Note = (name, values)
        super().__init__(messages.text(name, messages.ENGLISH, values))


@dataclass(frozen=True)
class SheetCell:
    """One cell of a notebook.

    number: as a person counts, from 1.  key: the sheet's cell that it is, "" where unknown.
    """

    number: int
    kind: str
    source: str
    ids: tuple[str, ...] = ()
    key: str = ""
    code: str = ""  # the source without magics
    defines: frozenset[str] = frozenset()
    fault: int = 0  # the line of a syntax error

    @property
    def name(self) -> str:
        """The cell's number, as its process is told."""
        return f"{self.number}"


def read(data: bytes) -> tuple[list[SheetCell], list[Note]]:
    """Return the cells of a file, and notes on how it was saved.  Unreadable."""
    if not data.strip():
        raise Unreadable("empty_file")
    notes: list[Note] = []
    try:
        encoding = json.detect_encoding(data)
        notebook = json.loads(data.decode(encoding, "surrogatepass"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable("no_json", reason=str(error)[:80]) from None
    if encoding != "utf-8":
        notes.append(("encoding", {"encoding": encoding}))
    cells = _raw_cells(notebook)
    if not isinstance(cells, list):
        raise Unreadable("no_cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable("many_cells", n=len(cells), most=MOST_CELLS)
    found = [_cell(n, cell) for n, cell in enumerate(cells, 1) if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in found) > MOST_TEXT:
        raise Unreadable("much_text", most=f"{MOST_TEXT:,}")
    return [parsed(cell) for cell in found], notes


def _raw_cells(notebook: Any) -> Any:
    """Return what stands in the place of a notebook's cells, in nbformat 4 or 3."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):
        sheets = notebook.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else None
        cells = first.get("cells") if isinstance(first, dict) else None
    return cells


def _cell(number: int, raw: dict) -> SheetCell:
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    source = source.replace("\r\n", "\n") if isinstance(source, str) else ""
    metadata = _table(raw, "metadata")
    graded = _table(metadata, "nbgrader")
    ids = (graded.get("grade_id"), raw.get("id"), metadata.get("id"))
    kind = "code" if raw.get("cell_type") == "code" else "text"
    texts = tuple(id for id in ids if isinstance(id, str))
    return SheetCell(number, kind, source[:LONGEST], texts)


def _table(of: dict, name: str) -> dict:
    return of[name] if isinstance(of.get(name), dict) else {}


def parsed(cell: SheetCell) -> SheetCell:
    """Return the cell with code free of magics, names it defines, the line of a syntax error."""
    if cell.kind != "code":
        return cell
    code = _plain(cell.source)
    try:
        tree = _compiled(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        return replace(cell, code=code, fault=line, defines=frozenset(_named(code)))
    return replace(cell, code=code, fault=0, defines=frozenset(_defined(tree)))


def _plain(source: str) -> str:
    """Write Python for IPython's syntax: %time f(x) becomes get_ipython().run_line_magic(…)."""
    try:
        _compiled(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    if len(LIKE_MAGIC.findall(source)) > MOST_MAGICS:
        return source
    try:
        return TransformerManager().transform_cell(source)
    except Exception:  # as broken as the source
        return source


def _compiled(code: str) -> ast.Module:
    """Return the code's syntax tree; compiling finds a return outside a function, runs nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(code, "cell", "exec", dont_inherit=True)
        return ast.parse(code)


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _named(code: str) -> list[str]:
    """Return the names of functions in code that does not parse."""
    return re.findall(r"(?m)^def\s+(\w+)", code)
