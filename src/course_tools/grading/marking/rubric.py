"""What an essay gets points for: the rubric that the sheet itself shows the students."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..sheet import Sheet, Task

MARKERS = re.compile(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?")
TABLE = re.compile(r"(?m)^\|.*\|[ \t]*$(?:\n\|.*\|[ \t]*$)*")
BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Criterion:
    """One line of a rubric; text "" where the sheet gives no rubric, for the whole."""

    text: str
    points: float


@dataclass(frozen=True)
class EssayTask:
    """An essay as a marker needs it: what was asked, what gives points, a model answer."""

    name: str
    points: float
    asked: str
    criteria: tuple[Criterion, ...]
    model: str


def essays(sheet: Sheet) -> dict[str, EssayTask]:
    """Return the sheet's essays by name.

    The rubrics stand in the sheet in the order of the essays; one belongs to an essay if its
    points are the essay's in sum.
    """
    rubrics = [found for part in sheet.of("text") for found in tables(part.source)]
    made = {}
    for task in sheet.tasks:
        if task.essay:
            own = next((r for r in rubrics if sum(c.points for c in r) == task.points), None)
            rubrics = rubrics[rubrics.index(own) + 1 :] if own else rubrics
            criteria = own or (Criterion("", task.points),)
            model = MARKERS.sub("", sheet.by_key[task.name].source).strip()
            asked = _asked(task, sheet)
            made[task.name] = EssayTask(task.name, task.points, asked, criteria, model)
    return made


def tables(text: str) -> Iterator[tuple[Criterion, ...]]:
    """Yield the tables whose rows all end in a number, as criteria with points."""
    for found in TABLE.findall(text):
        rows = [BAR.split(line.strip().strip("|")) for line in found.splitlines()[2:]]
        try:
            yield tuple(Criterion(" ".join(r[:-1]).strip(), float(r[-1])) for r in rows)
        except ValueError:
            continue


def _asked(task: Task, sheet: Sheet) -> str:
    """Return the text above an essay, without tables: these stand beside the boxes."""
    place = sheet.parts.index(sheet.by_key[task.name])
    above = [part.source for part in sheet.parts[:place] if part.kind == "text"]
    text = re.sub(r"(?m)^#+ ", "", TABLE.sub("", above[-1])) if above else ""
    return re.sub(r"\n{3,}", "\n\n", text).strip()
