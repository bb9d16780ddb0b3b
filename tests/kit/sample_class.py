"""A pretend class: what each student hands in, and the row of the table that it must get.

The submissions are files in tests/fixtures/submissions, whose README says how they are written;
expected.csv there has their rows.  The named wrong answers of the sheet join them.  No submission
can hurt a machine even where no wall stands: what one takes is bounded, what one writes is one
empty file in a folder of the test's.
"""

import copy
import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

from places import ROOT

from course_tools.authoring.course import Lesson
from course_tools.authoring.inline_texts import code_in
from helpers.classroom.sheets import sheet_file

LESSON = "01_attention"
FULL = {"merge": 3.0, "window": 2.0, "grouped": 3.0, "packed": 2.0}
MARKERS = re.compile(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?")
SUBMISSIONS = ROOT / "tests" / "fixtures" / "submissions"
HEADER = re.compile(r"(?m)^# %% (.*)\n?")
TITLE = re.compile(
    r"(?P<text>\[markdown\] )?(?P<where>(?:[a-z]+ )*)(?P<key>[\w-]+)(?: points=(?P<points>\d+))?"
)
INSERT = re.compile(r"(?m)^# <(.+)>$")
REPEAT = re.compile(r"(?m)^(.*)  # (\d+) times$")
CELLS = re.compile(r"(\d+) cells")
Notebook = dict


@dataclass
class Bait:
    """What a submission must not reach: a port that listens, and files and folders."""

    port: int
    outside: Path
    secrets: list[Path]


@dataclass
class Case:
    """A submission and its row.

    points: of the tasks that are not 0.  human: must a person look?  quick: in the default tier.
    """

    make: Callable[[], bytes] = field(repr=False)
    points: dict[str, float]
    human: bool = False
    quick: bool = False
    kinds: dict[str, str] = field(default_factory=dict)
    note: str = ""
    status: str = "graded"

    @cached_property
    def data(self) -> bytes:
        """The file.  Only few tests look at all of them, and some are large."""
        return self.make()


def everything(lang: str, bait: Bait) -> dict[str, Case]:
    """The whole class, by the name of what it is."""
    found = {}
    for row in expected():
        path = SUBMISSIONS / row["file"]
        found[path.stem.replace("_", " ")] = Case(
            make=partial(written, row, lang, bait),
            points=without(*row["lost"].split()),
            human=row["human"] == "yes",
            quick=row["quick"] == "yes",
            kinds=dict(task.split("=") for task in row["tasks"].split()),
            note=row["note"],
            status=row["status"],
        )
    return found | dict(wrong_answers(sheets(lang)))


def expected() -> list[dict[str, str]]:
    """The rows of expected.csv."""
    with (SUBMISSIONS / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def wrong_answers(s: "Sheets") -> Iterator[tuple[str, Case]]:
    """A submission for each named wrong answer in lessons/: it loses its own task."""
    for key, code in s.wrong.items():
        task = key.split("-wrong-")[0]
        made = partial(s.answered, task, code)
        yield f"wrong {key}", Case(made, without(task), kinds={task: "wrong"})


def without(*names: str) -> dict[str, float]:
    return {name: points for name, points in FULL.items() if name not in names}


# --- a sheet ----------------------------------------------------------------------------------


def load(kind: str, lang: str, lesson: str = LESSON) -> Notebook:
    path = ROOT / sheet_file(kind, lang, lesson)
    return json.loads(path.read_text(encoding="utf-8"))


def cell(notebook: Notebook, key: str) -> dict:
    return next(c for c in notebook["cells"] if c["id"] == key)


def text(of: dict) -> str:
    return "".join(of["source"])


def dump(notebook: Notebook) -> bytes:
    return json.dumps(notebook, ensure_ascii=False).encode()


class Sheets:
    """The sheet of one language, and submissions made of it."""

    def __init__(self, lang: str = "ja"):
        self.released = load("exercises", lang)
        solved = load("solutions", lang)
        self.answers = {name: MARKERS.sub("", text(cell(solved, name))) for name in FULL}
        self.essay = MARKERS.sub("", text(cell(solved, "essay")))
        found = Lesson.read(ROOT, LESSON).wrong_answers()
        self.wrong = {c.key: code_in(c, lang) for cells in found.values() for c in cells}

    def right(self, **instead: str) -> Notebook:
        """All answers, some of them replaced."""
        made = copy.deepcopy(self.released)
        for name in FULL:
            cell(made, name)["source"] = instead.get(name, self.answers[name])
        return made

    def answered(self, task: str, code: str) -> bytes:
        return dump(self.right(**{task: code}))

    def named(self, what: str) -> str:
        """The text for a line `# <WHAT>` of a submission."""
        given = {f"{name}, not answered": text(cell(self.released, name)) for name in FULL}
        texts = self.answers | self.wrong | given | {"essay": self.essay}
        if what.startswith("parts/"):
            return (SUBMISSIONS / what).read_text(encoding="utf-8").rstrip("\n")
        name, _, new_name = what.partition(" as ")
        if name not in texts:
            raise ValueError(f"# <{what}>: there is no such text; there are {', '.join(texts)}")
        found = texts[name].rstrip("\n")
        return re.sub(r"(?m)^def \w+", f"def {new_name}", found, count=1) if new_name else found


sheets = cache(Sheets)


# --- a submission -----------------------------------------------------------------------------


def written(row: dict[str, str], lang: str, bait: Bait) -> bytes:
    """The file of a submission, as the student's program saved it."""
    path = SUBMISSIONS / row["file"]
    if path.suffix == ".ipynb":
        return path.read_bytes()
    s, changes = sheets(lang), pieces(path.read_text(encoding="utf-8"))
    filled = [(title, fill(source, s, bait)) for title, source in changes]
    if row["saved"] == "without the sheet":
        return dump(alone(filled))
    made = s.right()
    for title, source in filled:
        change(made["cells"], title, source)
    return SAVED[row["saved"]](made)


def pieces(written: str) -> list[tuple[str, str]]:
    """(title, source) of each cell of a file in the percent format."""
    _, *parts = HEADER.split(written)
    return list(zip(parts[::2], (part.strip("\n") for part in parts[1::2]), strict=True))


def fill(source: str, s: Sheets, bait: Bait) -> str:
    """SOURCE with the texts and values that stand for something."""
    values = {
        "BAIT_PORT": str(bait.port),
        "BAIT_FOLDER": repr(str(bait.outside)),
        "BAIT_SECRETS": repr([str(path) for path in bait.secrets]),
        "BAIT_COURSE": repr(str(ROOT)),
        "HALF_A_CHARACTER": "\ud800",
    }
    source = INSERT.sub(lambda line: s.named(line[1]), source)
    for name, value in values.items():
        source = source.replace(name, value)
    return REPEAT.sub(lambda line: "\n".join([line[1]] * int(line[2])), source)


def alone(filled: list[tuple[str, str]]) -> Notebook:
    """A notebook of these cells and nothing else."""
    cells = []
    for title, source in filled:
        one = {"cell_type": "code", "source": source, "metadata": {}}
        cells += [one] * int(CELLS.fullmatch(title)[1])
    return {"cells": cells}


def change(cells: list[dict], title: str, source: str) -> None:
    """Do to the sheet what one cell of a submission says."""
    found = TITLE.fullmatch(title)
    place = [n for n, c in enumerate(cells) if found and c["id"] == found["key"]]
    where = found["where"].strip() if found else ""
    if not place or where not in CHANGES:
        raise ValueError(f"# %% {title}: not [markdown], {' | '.join(CHANGES)}, then a cell's key")
    made = CHANGES[where](cells, place[0], source)
    if found["text"]:
        as_text(made)
    if found["points"]:
        made["metadata"]["nbgrader"]["points"] = int(found["points"])


def replaced(cells: list[dict], at: int, source: str) -> dict:
    cells[at]["source"] = source
    return cells[at]


def inserted(cells: list[dict], at: int, new: dict) -> dict:
    cells.insert(at, new)
    return new


def own(source: str) -> dict:
    """A cell that the student has added."""
    made = {"cell_type": "code", "id": "own", "metadata": {}, "source": source}
    return made | {"outputs": [], "execution_count": None}


def twin(of: dict, source: str) -> dict:
    """A copy of a cell, with its grade_id."""
    return copy.deepcopy(of) | {"id": "twin", "source": source}


CHANGES: dict[str, Callable[[list[dict], int, str], dict]] = {
    "": replaced,
    "above": lambda cells, at, source: inserted(cells, at, own(source)),
    "below": lambda cells, at, source: inserted(cells, at + 1, own(source)),
    "again above": lambda cells, at, source: inserted(cells, at, twin(cells[at], source)),
    "again below": lambda cells, at, source: inserted(cells, at + 1, twin(cells[at], source)),
    "without": lambda cells, at, source: cells.pop(at),
}


def as_text(of: dict) -> None:
    of["cell_type"] = "markdown"
    of.pop("outputs", None), of.pop("execution_count", None)


def without_metadata(notebook: Notebook) -> Notebook:
    for n, c in enumerate(notebook["cells"]):
        c["metadata"], c["id"] = {}, f"cell{n}"
    return notebook


def by_colab(notebook: Notebook) -> Notebook:
    """As Colab saves: no cell ids, its own metadata, outputs, nbformat 4.0, lines as lists."""
    made = copy.deepcopy(notebook) | {"nbformat": 4, "nbformat_minor": 0}
    made["metadata"]["colab"] = {"provenance": [], "collapsed_sections": []}
    for n, c in enumerate(made["cells"]):
        c["metadata"] |= {"id": f"Xy{n}_aZ", "outputId": "0f-1a"}
        del c["id"]
        c["source"] = text(c).splitlines(keepends=True)
    return made


SAVED: dict[str, Callable[[Notebook], bytes]] = {
    "": dump,
    "as ASCII": lambda made: json.dumps(made).encode(),
    "as UTF-16": lambda made: json.dumps(made).encode("utf-16"),
    "with byte-order mark": lambda made: b"\xef\xbb\xbf" + dump(made),
    "half": lambda made: dump(made)[:9000],
    "by Colab": lambda made: dump(by_colab(made)),
    "without metadata": lambda made: dump(without_metadata(made)),
}
