"""One sheet as the judge needs it: its parts in order, with and without the hidden tests."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

from helpers.classroom.sheets import sheet_file

from ..authoring import syntax_trees

DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
SENT: dict[tuple[Path, str, str], "Sheet"] = {}  # to a cluster's worker, which has no files of it
SHORTEST = 40  # nodes of a function that may be known again; `return x + y` has 7


class NoSheet(Exception):
    """The lesson has no sheet in that language.  The message names those that are there."""


@dataclass(frozen=True)
class Part:
    """A cell of the sheet.

    kind: "text", "code", "answer", "test" or "essay"; released: what students get
    """

    key: str
    kind: str
    source: str
    released: str
    points: float


@dataclass(frozen=True)
class Task:
    """What is graded on its own: an answer with its tests, or an essay, which a person marks.

    functions: what the tests call
    """

    name: str
    points: float
    functions: tuple[str, ...] = ()
    tests: tuple[Part, ...] = ()
    essay: bool = False


@dataclass(frozen=True)
class Sheet:
    """One lesson's sheet in one language."""

    lesson: str
    lang: str
    parts: tuple[Part, ...]

    @cached_property
    def by_key(self) -> dict[str, Part]:
        """The parts by their key."""
        return {part.key: part for part in self.parts}

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in their order."""
        return tuple(_tasks(self.parts))

    @property
    def max_points(self) -> float:
        """The points of all tasks that are graded automatically."""
        return sum(task.points for task in self.tasks if not task.essay)

    @property
    def total_points(self) -> float:
        """The points of all tasks, with those that a person marks."""
        return sum(task.points for task in self.tasks)

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Modules that the sheet's own cells import; of `from a import b` both a and a.b."""
        shown = [p.source if p.kind == "code" else p.released for p in self.of("code", "test")]
        names = {name for source in shown for name in _imported(ast.parse(source))}
        return tuple(sorted(names))

    @cached_property
    def oracles(self) -> frozenset[str]:
        """Functions that the visible tests compare an answer with."""
        return frozenset(of.name for part in self.of("test") for of in _shown(part))

    @cached_property
    def references(self) -> tuple[tuple[str, list[ast.stmt]], ...]:
        """Functions of the visible tests that call no answer and are long enough to recognise.

        Each as its name and its body, as syntax_trees.plain has it.
        """
        answers = {name for task in self.tasks for name in task.functions}
        found = [of for part in self.of("test") for of in _shown(part)]
        calls = {of.name: {n.id for n in ast.walk(of) if isinstance(n, ast.Name)} for of in found}
        long = [of for of in found if syntax_trees.size(of) >= SHORTEST]
        own = [of for of in long if not calls[of.name] & answers]
        return tuple((of.name, syntax_trees.plain(of.body)) for of in own)

    @cached_property
    def imported(self) -> dict[str, str]:
        """{"F": "torch.nn.functional", …}: the names that the sheet's own cells import."""
        shown = [ast.parse(part.released) for part in self.of("code", "test")]
        return {k: v for tree in shown for k, v in syntax_trees.imported(tree).items()}

    def of(self, *kinds: str) -> list[Part]:
        """Return the parts of these kinds."""
        return [part for part in self.parts if part.kind in kinds]


def read(root: Path, lesson: str, lang: str) -> Sheet:
    """Read a sheet from solutions/ and exercises/ as they were built.  NoSheet."""
    if (root, lesson, lang) in SENT:
        return SENT[root, lesson, lang]
    solved = root / sheet_file("solutions", lang, lesson)
    released = root / sheet_file("exercises", lang, lesson)
    if not (solved.is_file() and released.is_file()):
        there = sorted(path.name for path in root.glob(f"solutions/{lang}/*") if path.is_dir())
        raise NoSheet(f"{lesson} has no sheet for {lang}; there are: {', '.join(there) or 'none'}")
    shown = {cell.id: cell.source for cell in nbformat.read(released, 4).cells}
    cells = nbformat.read(solved, 4).cells
    return Sheet(lesson, lang, tuple(_part(cell, shown.get(cell.id, "")) for cell in cells))


def definitions(source: str) -> str:
    """Keep only the functions, classes and imports of a cell."""
    body: list[ast.stmt] = [
        node for node in ast.parse(source).body if isinstance(node, DEFINITIONS)
    ]
    return ast.unparse(ast.Module(body, []))


def functions(tree: ast.Module) -> list[str]:
    """Return the names of the functions that code defines at its top level."""
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def _shown(part: Part) -> Iterator[ast.FunctionDef]:
    return syntax_trees.functions_of(ast.parse(part.released))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _part(cell: nbformat.NotebookNode, released: str) -> Part:
    graded = cell.metadata.get("nbgrader", {})
    answered, tested = graded.get("solution"), graded.get("grade")
    if cell.cell_type == "code":
        kind = "answer" if answered else "test" if tested else "code"
    else:
        kind = "essay" if answered and tested else "text"
    return Part(cell.id, kind, cell.source, released, float(graded.get("points", 0)))


def _tasks(parts: tuple[Part, ...]) -> Iterator[Task]:
    """Yield the tasks; a test belongs to the answer above it."""
    for number, part in enumerate(parts):
        if part.kind == "essay":
            yield Task(part.key, part.points, essay=True)
        if part.kind == "answer":
            tests: list[Part] = []
            for later in parts[number + 1 :]:
                if later.kind == "answer":
                    break
                tests += [later] if later.kind == "test" else []
            points = sum(test.points for test in tests)
            names = tuple(functions(ast.parse(part.source)))
            yield Task(part.key, points, names, tuple(tests))
