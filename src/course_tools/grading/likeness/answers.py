"""The answers of a class as shingles, and which lines of two answers are the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..graded import Graded
from ..sheet import Sheet
from . import pairs, shared, shingles
from .pairs import AlikePairs
from .shingles import Shingles


@dataclass(frozen=True)
class ClassLikeness:
    """A class's answers, their shingles, and the pairs that are more alike than chance.

    texts, answers: {task: {student: …}}; names: {student's safe name: as the student is called}
    """

    names: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]]
    answers: Mapping[str, Mapping[str, Shingles]]
    found: AlikePairs

    @cached_property
    def _rare(self) -> dict[str, dict[int, float]]:
        """What most of the class has not, by task: counted once for all pairs."""
        return {task: pairs.bits(of) for task, of in self.answers.items()}

    def same(self, task: str, one: str, other: str) -> tuple[set[int], set[int]]:
        """Return the lines of two answers with what both have and most of the class has not."""
        mine, theirs = (self.answers[task].get(who, {}) for who in (one, other))
        both = self._rare[task].keys() & mine.keys() & theirs.keys()
        return _lines(mine, both), _lines(theirs, both)


def compared(results: Iterable[Graded], sheet: Sheet, root: Path) -> ClassLikeness:
    """Compare the answers of a class with each other.  root: the course's folder."""
    results, had = list(results), shared.of_course(sheet, root)
    texts = {task.name: {g.safe: text for g in results if (text := g.answers.get(task.name))}
             for task in sheet.tasks}  # fmt: skip
    essays = {task.name for task in sheet.tasks if task.essay}
    answers = {
        task: {who: _own(text, task in essays, sheet, had) for who, text in of.items()}
        for task, of in texts.items()
    }
    names = {graded.safe: graded.student for graded in results}
    return ClassLikeness(names, texts, answers, pairs.alike(answers))


def _own(text: str, is_text: bool, sheet: Sheet, had: set[int]) -> Shingles:
    made = shingles.of_text(text) if is_text else shingles.of_code(text, sheet.imported)
    return {shingle: lines for shingle, lines in made.items() if shingle not in had}


def _lines(of: Shingles, both: Iterable[int]) -> set[int]:
    return {line for shingle in both for line in of[shingle]}
