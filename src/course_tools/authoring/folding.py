"""Which code cells are shown folded, with their result in view: what draws, tabulates or checks.

The cells that carry an idea stay open.  A cell of code is folded if it

- checks a task of a sheet, or
- holds a claim against its bounds, draws a figure or an explorer, or shows a table, while it asks
  for no guess, explains no function (by a docstring; an explorer's own drawing is none), and
  defines nothing that a later cell which is open uses.

In its header a source may say otherwise: `hide=true`, `show=true`.
"""

import ast
from collections.abc import Iterable, Sequence

from .percent import Cell

KINDS = {  # what a cell's calls make of it, the first that fits
    "claim": ("claims.check",),
    "explorer": (
        "Explorer",
        "AttentionExplorer",
        "BlockExplorer",
        "LensExplorer",
        "SamplingExplorer",
        "SoftmaxExplorer",
    ),
    "figure": ("figures.show", "plt.subplots", "plt.figure"),
    "table": ("show.tabulate", "show.table", "show.fragment"),
}
OPTIONS = ("hide", "show")
SHORT = 4  # lines: as long as the bar that would stand in their place


def folded(cells: Sequence[Cell]) -> dict[str, str]:
    """Return {key of a folded cell: check, claim, explorer, figure, table or code}."""
    found: dict[str, str] = {}
    wanted: set[str] = set()  # names that the open cells below use
    for cell in reversed([cell for cell in cells if cell.is_code]):
        kind = _kind(cell, wanted)
        if kind:
            found[cell.key] = kind
        else:
            wanted |= cell.names.needed
    return found


def _kind(cell: Cell, wanted: set[str]) -> str | None:
    """Return the kind of a cell that is folded; wanted: names that open cells below use."""
    if "wrong" in cell.options or "task" in cell.options or cell.options.get("show"):
        return None
    if "points" in cell.options:
        return "check"
    if cell.options.get("hide"):
        return _by_calls(cell) or "code"
    if cell.source.count("\n") < SHORT or asks(cell.tree) or cell.names.made & wanted:
        return None
    kind = _by_calls(cell)
    return None if kind != "explorer" and _explains(cell.tree) else kind


def _by_calls(cell: Cell) -> str | None:
    """Return the first kind that fits what the cell calls."""
    called = _calls(cell.nodes)
    return next((kind for kind, names in KINDS.items() if called & {*names}), None)


def _calls(nodes: Iterable[ast.AST]) -> set[str]:
    """Return what is called, as written, and of kv.Explorer.of(…) each part: Explorer, too."""
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    return called | {part for name in called for part in name.split(".")}


def asks(tree: ast.Module) -> bool:
    """Tell whether there is something to fill in."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and node.value.value is None
        for node in tree.body
    )


def _explains(tree: ast.Module) -> bool:
    return any(isinstance(n, ast.FunctionDef) and ast.get_docstring(n) for n in tree.body)
