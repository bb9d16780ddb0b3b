"""The house in numbers: rooms, floors, imports that lead upward, circles.

    python tests/kit/house.py [SRC]

A room is a folder or a lone module of a package; a floor holds the rooms that may be imported by
all floors after it.  Every import counts: inside functions and under TYPE_CHECKING, too.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HEAVY = {"torch", "transformers", "matplotlib", "numpy", "IPython", "ipywidgets", "anywidget"}
# From the ground up.  A room imports rooms of the floors before its own, and nothing else.
FLOORS: dict[str, list[set[str]]] = {
    "helpers": [
        {"files", "language", "lazy", "stopping"},
        {"display", "hardware", "world"},
        {"classroom", "instruments"},
        {"models"},
        {"kv_cache", "results"},
        {"blueprint", "bottleneck", "experiments"},
        {"any_model", "launch", "widgets"},
    ],
    "course_tools": [
        {"command"},
        {"authoring"},
        {"grading", "prose"},
        {"edition"},
        {"checks", "makers"},
        {"site"},
        {"teaching"},
    ],
}


@cache
def parsed(text: str) -> ast.Module:
    """The tree of a module's text, which several rules go through; no rule changes it."""
    return ast.parse(text)


def modules(src: Path) -> dict[str, Path]:
    """{dotted name: file} of all modules below SRC."""
    found = {}
    for path in sorted(src.rglob("*.py")):
        parts = path.relative_to(src).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def arrows(src: Path) -> dict[str, set[str]]:
    """{module: the modules that it imports}, of the modules below SRC alone."""
    known = modules(src)
    return {name: set(_imported(name, path, known)) - {name} for name, path in known.items()}


def _imported(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(parsed(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        if isinstance(node, ast.ImportFrom):
            base = _base(package, node)
            for alias in node.names:
                found = f"{base}.{alias.name}"
                yield from (x for x in [found if found in known else base] if x in known)


def _base(package: str, node: ast.ImportFrom) -> str:
    """The dotted name that an import starts from; one dot is the module's own package."""
    if not node.level:
        return node.module or ""
    kept = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*kept, *filter(None, [node.module])])


def room(module: str) -> str:
    """helpers.widgets.quiz.state lies in widgets; a package's own __init__ in no room."""
    return [*module.split("."), ""][1]


def rooms(src: Path, package: str) -> set[str]:
    names = (name for name in modules(src) if name.split(".")[0] == package)
    return {room(name) for name in names} - {"", "data"}


def between(src: Path, package: str) -> set[tuple[str, str]]:
    """(room, room that it imports), of one package."""
    return {
        (room(name), room(other))
        for name, found in arrows(src).items()
        for other in found
        if {name.split(".")[0], other.split(".")[0]} == {package}
        and room(name) != room(other)
        and room(name)
    }


def upward(src: Path, package: str) -> list[str]:
    """Imports between rooms that do not lead to a lower floor; rooms that stand on none."""
    floor = {name: n for n, names in enumerate(FLOORS[package]) for name in names}
    homeless = sorted(rooms(src, package) - set(floor))
    known = [(a, b) for a, b in between(src, package) if a in floor and b in floor | {"": 0}]
    wrong = sorted(f"{a} imports {b}" for a, b in known if b == "" or floor[b] >= floor[a])
    return [*(f"{name} stands on no floor" for name in homeless), *wrong]


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of two and more that reach each other: strongly connected components."""
    reach = {name: _reached(graph, name) for name in graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach.get(other, ())) for name in graph
    }
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen, waiting = set(), [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def height(graph: dict[str, set[str]]) -> int:
    """How many floors a graph without circles needs: its longest way down, in rooms."""
    left, floors = dict(graph), 0
    while left:
        ground = {name for name, found in left.items() if not found & set(left) - {name}}
        if not ground:
            return floors + len(left)  # circles: no order at all
        left = {name: found for name, found in left.items() if name not in ground}
        floors += 1
    return floors


def loaded(code: str, src: Path, *flags: str) -> set[str]:
    """The top-level modules that a fresh Python has after CODE.  AssertionError if it fails."""
    env = os.environ | {"PYTHONPATH": str(src)}
    show = f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, *flags, "-c", show], env=env, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def main(src: Path) -> None:
    everything = arrows(src)
    for package in FLOORS:
        pairs = {(a, b) for a, b in between(src, package) if b}
        graph = {name: {b for a, b in pairs if a == name} for name in rooms(src, package)}
        own = {n: found for n, found in everything.items() if n.split(".")[0] == package}
        print(
            f"{package}: {len(graph)} rooms, {height(graph)} floors, {len(pairs)} arrows, "
            f"{len(upward(src, package))} upward, {len(circles(graph))} circles of rooms, "
            f"{len(circles(own))} of modules"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[2] / "src")
