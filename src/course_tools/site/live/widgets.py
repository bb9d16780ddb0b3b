"""Which explorers come alive on a page, and the check that they still do.

python -m course_tools.site.live.widgets [PROJECT]

Tries every explorer of every lesson in Pyodide, in Node.js, and writes awake.json: those that run
without torch, with the statements of their notebook that they need (slices).  A build of the site
fails where one of them no longer runs, or begins with another drawing than its notebook shows.
"""

import ast
import functools
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from helpers.language.say import COMPLETE
from helpers.widgets.base.anywidget_view import sources

from ... import command
from ...checks.processes import CommandFailed
from ...checks.testing import SITE
from ...command import ROOT
from .. import kept
from . import archive
from .slices import sliced

AWAKE = Path(__file__).with_name("awake.json")
PYTHON = ROOT / "tools/site/public/live/python.js"
SCREEN = "live/screens/explorer.js"
CELLS = "live/cells"
EXPLORER = re.compile(r"\w*Explorer")
SET_UP = "set-up"
RUN = """
import {{ readFileSync, promises }} from "node:fs";
const {{ begin }} = await import({python});
const asked = JSON.parse(readFileSync(0, "utf-8"));
const kernel = await begin(new URL({folder}), (url) => promises.readFile(url), {pyodide});
const show = ([source, lang, lesson]) => {{
  try {{
    return JSON.parse(kernel.show(source, lang, lesson));
  }} catch (error) {{
    return {{ error: `${{error}}`.trim().split("\\n").slice(-1)[0] }};
  }}
}};
console.log(JSON.stringify(asked.map(show)));
"""
Cell = tuple[str, str, str]  # source, language, lesson


class Awake(NamedTuple):
    """A cell whose explorer comes alive: its source for the page, and what its notebook shows."""

    source: str
    html: str


Lessons = Mapping[tuple[str, str], Mapping[str, Awake]]  # by (language, lesson), by cell


class Asleep(CommandFailed):
    """A widget that is listed in awake.json no longer comes alive."""


@functools.cache
def awake() -> Mapping[str, list[str]]:
    """Return {lesson: ids of the cells whose widget comes alive}."""
    return json.loads(AWAKE.read_text(encoding="utf-8"))


def cells(notebook: NotebookNode, ids: Iterable[str]) -> dict[str, str]:
    """Return {cell: its source, behind the statements that it needs} for these cells."""
    wanted, before, found = set(ids), list[str](), dict[str, str]()
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id != SET_UP:
            if cell.id in wanted:
                found[cell.id] = sliced(before, cell.source)
            before.append(cell.source)
    return found


def of_page(notebook: NotebookNode, lesson: str) -> dict[str, Awake]:
    """Return {cell: what comes alive of it} of an executed lesson."""
    sources = cells(notebook, awake().get(lesson, ()))
    shown = {
        cell.id: output.data["text/html"]
        for cell in notebook.cells
        if cell.id in sources
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    }
    return {id: Awake(source, shown[id]) for id, source in sources.items() if id in shown}


def screen() -> tuple[str, bytes]:
    """Return (path, content) of the script that draws every explorer, unchanged."""
    return SCREEN, sources("explorer")[0].encode()


def files(lessons: Lessons) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content): the sources of each lesson's cells that come alive."""
    for (lang, lesson), found in lessons.items():
        if found:
            told = {id: cell.source for id, cell in found.items()}
            yield f"{CELLS}/{lang}/{lesson}.json", json.dumps(told, ensure_ascii=False).encode()


def checked(project: Path, lessons: Lessons) -> None:
    """Check, unless that passed before with the very same files."""
    if not any(lessons.values()):
        check(project, lessons)
        return
    needs = [repr(lessons).encode(), AWAKE.read_bytes(), PYTHON.read_bytes(), RUN.encode()]
    needs += [x for name, path in archive.contents() for x in (name.encode(), path.read_bytes())]
    needs.append((project / "installed").read_bytes())  # which Pyodide
    kept.once("alive", needs, lambda _: check(project, lessons))


def check(project: Path, lessons: Lessons) -> None:
    """Run every cell in Pyodide.  Asleep names those that fail or begin with another drawing."""
    every = [(*place, id, cell) for place, found in lessons.items() for id, cell in found.items()]
    asked = [(cell.source, lang, lesson) for lang, lesson, _, cell in every]
    wrong = [
        f"{lang}/{lesson}/{id}: its notebook has no such explorer"
        for (lang, lesson), found in lessons.items()
        for id in set(awake().get(lesson, ())) - set(found)
    ]
    wrong += [
        f"{lang}/{lesson}/{id}: {got.get('error', 'another drawing')}"
        for (lang, lesson, id, cell), got in zip(every, in_node(project, asked), strict=True)
        if got.get("html") != cell.html
    ]
    if wrong:
        raise Asleep("no longer alive on a page (live/awake.json):\n" + "\n".join(wrong))


def in_node(project: Path, asked: list[Cell]) -> list[dict[str, Any]]:
    """Return what the kernel of a page shows for each cell, or {"error": its last line}."""
    if not asked:
        return []
    packed = project / "node" / "helpers.zip"
    packed.parent.mkdir(parents=True, exist_ok=True)
    packed.write_bytes(archive.archive())
    script = RUN.format(
        python=json.dumps(PYTHON.as_uri()),
        folder=json.dumps(packed.parent.as_uri() + "/"),
        pyodide=json.dumps((project / "node_modules/pyodide").as_uri() + "/"),
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(asked), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    if done.returncode:
        raise CommandFailed(done.stderr[-500:])
    return json.loads(done.stdout)


def candidates(notebook: NotebookNode) -> list[str]:
    """Return the ids of the cells that end in an explorer."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.id != SET_UP)
    return [cell.id for cell in code if _ends_in_explorer(cell.source)]


def _ends_in_explorer(source: str) -> bool:
    last = ast.parse(source).body[-1:]
    return any(
        isinstance(one, ast.Expr)
        and isinstance(one.value, ast.Call)
        and isinstance(one.value.func, ast.Name)
        and bool(EXPLORER.fullmatch(one.value.func.id))
        for one in last
    )


def tried(root: Path, project: Path) -> dict[str, list[str]]:
    """Return {lesson: cells that come alive in every language}, from a run of all candidates."""
    asked: dict[tuple[str, str, str], Cell] = {}
    for lang in COMPLETE:
        for path in sorted((root / "notebooks" / lang).glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            found = cells(notebook, candidates(notebook))
            asked |= {(lang, path.stem, id): (s, lang, path.stem) for id, s in found.items()}
    results = dict(zip(asked, in_node(project, list(asked.values())), strict=True))
    alive: dict[str, list[str]] = {}
    for lang, lesson, id in results:
        everywhere = all("html" in results[other, lesson, id] for other in COMPLETE)
        if lang == COMPLETE[0] and everywhere:
            alive.setdefault(lesson, []).append(id)
    return alive


def main(argv: list[str]) -> int:
    """Write awake.json."""
    parser = command.parser("widgets", __doc__)
    project = SITE
    parser.add_argument("project", type=Path, nargs="?", default=project, help="with pyodide")
    wanted = parser.parse_args(argv)
    found = tried(wanted.root, wanted.project)
    AWAKE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{sum(map(len, found.values()))} explorers come alive: {found}")
    return 0


if __name__ == "__main__":
    command.run(main)
