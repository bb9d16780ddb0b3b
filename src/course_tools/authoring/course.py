"""All files that the sources make: {path relative to the repository: text}."""

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import nbformat

from helpers.language.say import FIRST

from . import addresses, answers, notebooks, words
from .contents import contents
from .data import as_json, read_toml, texts
from .drafts import built_in
from .parity import unequal
from .problems import LessonError, Problem, stop_at
from .source import Cell, cells_of, groups, lessons

# only built files live here
GENERATED = ("notebooks", "exercises", "solutions", "src/helpers/data")


def build(root: Path) -> dict[str, str]:
    """Every generated file.  LessonError with every fault of every lesson."""
    folders = lessons(root)
    if not folders:
        stop_at([Problem("lessons", "-", "no lesson found", "expected lessons/NN_name/lesson.py")])
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for folder in folders:
        try:
            files |= dict(_lesson(folder))
        except LessonError as error:
            problems += error.problems
    for path in sorted((root / "src/helpers/language/messages").glob("*.toml")):
        try:
            read_toml(path)
        except LessonError as error:
            problems += error.problems
    stop_at(problems)
    return files | {"src/helpers/data/course.json": contents(root, folders)}


def compare(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """(new or different files, files in the generated folders that no source makes)."""
    different = [n for n, text in files.items() if _bytes(root / n) != text.encode()]
    present = (p for folder in GENERATED for p in (root / folder).rglob("*") if p.is_file())
    names = (p.relative_to(root).as_posix() for p in present if ".ipynb_checkpoints" not in p.parts)
    return different, sorted(set(names) - set(files))


def write(root: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Write what differs and remove what has no source; both, as `compare` found them."""
    different, stale = compare(root, files)
    for name in different:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name].encode())  # bytes: the same line ends on every system
    for name in stale:
        (root / name).unlink()
    return different, stale


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def read_checked(path: Path, name: str | None = None) -> list[Cell]:
    """The cells of a source after every check of its languages and of the model answers."""
    name = name or f"{path.parent.name}/{path.name}"
    return list(_checked(path.read_text(encoding="utf-8"), name))


@lru_cache(maxsize=64)  # set_up.py stands in every notebook
def _checked(text: str, name: str) -> list[Cell]:
    cells = list(cells_of(text, name))
    stop_at(problem for cell in cells if cell.is_code for problem in words.faults(cell))
    stop_at([*_unequal_prose(cells), *_unequal_texts(cells)])
    stop_at(problem for cell in cells for problem in notebooks.solution_faults(cell))
    stop_at(answers.in_sight(cells))
    return cells


def wrong_answers(folder: Path) -> dict[str, list[Cell]]:
    """{task: the named wrong answers to it}; they stand in exercise.py and are never built."""
    found: dict[str, list[Cell]] = {}
    for cell in read_checked(folder / "exercise.py"):
        if "wrong" in cell.options:
            found.setdefault(cell.options["wrong"], []).append(cell)
    return found


def _lesson(folder: Path) -> Iterator[tuple[str, str]]:
    """The files of one lesson; a lesson may have no sheet and no claims."""
    name = folder.name
    lesson = _with_set_up(folder, "lesson.py")
    languages = built_in(folder.parents[1], folder)
    for lang in languages:
        made = notebooks.notebook(lesson, lang, _fill(folder, lang), _shared(folder, lang))
        yield _with_link(folder, f"notebooks/{lang}/{name}.ipynb", made)
    if (folder / "exercise.py").exists():
        yield from _sheet(folder, languages)
    for kind in ("quiz", "claims"):
        if (folder / f"{kind}.toml").exists():
            yield (
                f"src/helpers/data/{kind}/{name}.json",
                as_json(name, read_toml(folder / f"{kind}.toml")),
            )


def _sheet(folder: Path, languages: list[str]) -> Iterator[tuple[str, str]]:
    """The sheet and its solution, in each language."""
    name = folder.name
    exercise = _with_set_up(folder, "exercise.py")
    for lang in languages:
        shared = _shared(folder, lang)
        solution = notebooks.notebook(exercise, lang, _fill(folder, lang), shared)
        sheet = notebooks.sheet(solution, shared)
        yield _with_link(folder, f"exercises/{lang}/{name}/{name}.ipynb", sheet)
        yield f"solutions/{lang}/{name}/{name}.ipynb", _text(solution)


def _with_link(folder: Path, path: str, made: nbformat.NotebookNode) -> tuple[str, str]:
    """A notebook that students get; with its link to Colab, once the course is published."""
    url = addresses.on_colab(addresses.read(folder.parents[1])["students"], path)
    if url:
        made = addresses.linked(made, _shared(folder, made.metadata.lang)["colab"], url)
    return path, _text(made)


def _shared(folder: Path, lang: str) -> dict[str, str]:
    """The words of stubs.toml."""
    return {k: _in(said, lang) for k, said in read_toml(folder.parent / "stubs.toml").items()}


def _in(table: dict, lang: str) -> str:
    """A text that all lessons share; in the first language where a draft has none yet."""
    said = texts(table) or {}
    return said.get(lang, said[FIRST])


def _with_set_up(folder: Path, file: str) -> list[Cell]:
    """The source's cells with the one set-up cell below the title."""
    cells = read_checked(folder / file)
    set_up = read_checked(folder.parent / "set_up.py", "lessons/set_up.py")
    first = cells[0].key
    after_title = sum(cell.key == first for cell in cells)
    return cells[:after_title] + set_up + cells[after_title:]


def _fill(folder: Path, lang: str) -> dict[str, str]:
    """Values of the {{placeholders}}; run time and memory come from the last measured run."""
    measured = read_toml(folder / "measured.toml")
    return addresses.read(folder.parents[1]) | {
        "lesson": folder.name,
        "lang": lang,
        "seconds": str(math.ceil(measured["seconds"])),
        "mib": str(math.ceil(measured["mib"])),
    }


def _unequal_prose(cells: list[Cell]) -> Iterator[Problem]:
    for group in groups(cells):
        first = next(iter(group.values()))
        yield from _unequal(first, {lang: cell.source for lang, cell in group.items()})
        if any(cell.options != first.options for cell in group.values()):
            yield first.problem("its languages have other options", "give all the same ones")


def _unequal_texts(cells: list[Cell]) -> Iterator[Problem]:
    for cell in cells:
        for said in words.texts(cell) if cell.is_code else ():
            yield from _unequal(cell, said)


def _unequal(cell: Cell, said: dict[str, str]) -> Iterator[Problem]:
    for what in unequal(said):
        yield cell.problem(what, "say the same in every language")


def _text(notebook: nbformat.NotebookNode) -> str:
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"
