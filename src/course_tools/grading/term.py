"""Join the sheets of a term: python -m course_tools.grading.term OUT[=WEIGHT] … --to term.csv

OUT: a folder that start.py grade has made, one for each sheet (two of one lesson, in two
languages, are one sheet).  Each sheet counts with its weight, by default with its points.  What
grades.csv says counts, also where you have changed it.  A student who handed in nothing has 0; what
a student is exempt from does not count; where something waits for a person, there is no total.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.files import write_whole
from helpers.language import say

from .. import command
from . import messages
from .csv_files import CsvFile, UnreadableTable, number, plain, spelled, unplain
from .roster import Clues, Person, Roster, name_forms

HEADS = ("student_id", "name", "total", "of", "percent", "missing", "exempt", "dropped", "waits")


class WrongTerm(Exception):
    """The sheets cannot be joined.  The message says why."""


@dataclass(frozen=True)
class Result:
    """What a student has in one sheet.

    kind: "counts", "missing", "exempt", or "waits" for a person
    """

    kind: str
    points: float = 0.0
    most: float = 0.0

    @property
    def share(self) -> float:
        """The points as a share of what they could be."""
        return self.points / self.most if self.kind == "counts" else 0.0


@dataclass
class TermSheet:
    """One lesson's sheet: everybody's results.

    lang: in which it was graded; weight: None where none was given
    """

    lesson: str
    lang: str = messages.ENGLISH
    weight: float | None = None
    results: dict[str, list[Result]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def of(self, student: str) -> Result:
        """Return a student's result; two rows are for a person."""
        found = self.results.get(student, [Result("missing")])
        there = [one for one in found if one.kind != "missing"] or found[:1]
        return there[0] if len(there) == 1 else Result("waits")

    @property
    def counts(self) -> float:
        """The weight, else the points of the whole sheet."""
        most = max((one.most for of in self.results.values() for one in of), default=0.0)
        return most if self.weight is None else self.weight


@dataclass(frozen=True)
class Total:
    """A student's term.  points: None where something waits; of: the weights that count."""

    points: float | None
    of: float
    dropped: tuple[str, ...]


def total(results: Sequence[tuple[TermSheet, Result]], drop: int = 0) -> Total:
    """Return the sum of weight × share, without the sheets with the lowest shares.

    Exempt: neither counts nor is dropped.  Of equal shares the heavier sheet is dropped, which is
    never worse for the student; one sheet always stays.
    """
    counted = [(sheet, one) for sheet, one in results if one.kind != "exempt"]
    if any(one.kind == "waits" for _, one in counted):
        return Total(None, sum(sheet.counts for sheet, _ in counted), ())
    by_share = sorted(counted, key=lambda pair: (pair[1].share, -pair[0].counts))
    worst = by_share[:-1][:drop]
    names = {sheet.lesson for sheet, _ in worst}
    left = [(sheet, one) for sheet, one in counted if sheet.lesson not in names]
    points = sum(sheet.counts * one.share for sheet, one in left)
    dropped = tuple(sheet.lesson for sheet, _ in counted if sheet.lesson in names)
    return Total(points, sum(sheet.counts for sheet, _ in left), dropped)


# --- reading --------------------------------------------------------------------------------------


def read_sheet(place: str) -> TermSheet:
    """Read OUT or OUT=WEIGHT.  WrongTerm, UnreadableTable."""
    folder, weight = Path(place), None
    if not folder.exists() and "=" in place:
        name, _, text = place.rpartition("=")
        folder, weight = Path(name), number(text)
        if weight is None or weight < 0:
            raise WrongTerm(f"{place}: {text} is no weight; expected a number, as in {name}=20")
    if not (folder / "grades.csv").is_file():
        raise WrongTerm(f"{folder} holds no grades.csv: expected a folder that start.py grade made")
    made = TermSheet(*_lesson(folder), weight)
    file = CsvFile.read(folder / "grades.csv")
    for row in range(1, len(file.rows)):
        _add(made, file, row)
    return made


def _lesson(folder: Path) -> tuple[str, str]:
    """Return lesson and language of the sheet that was graded into a folder."""
    kept = next(iter(sorted((folder / "handed_in").glob("*.json"))), None)
    if not kept:
        return folder.resolve().name, messages.ENGLISH
    table = json.loads(kept.read_text(encoding="utf-8"))
    return table["lesson"], table["lang"]


def _add(made: TermSheet, file: CsvFile, row: int) -> None:
    student, name = (unplain(_cell(file, row, head)) for head in ("student_id", "name"))
    points, most = (number(_cell(file, row, head)) for head in ("points", "max_points"))
    absent = {spelled(text) for text in messages.catalogue()["status_missing"].values()}
    kind = "counts" if points is not None else "waits"
    kind = "exempt" if most == 0 else kind
    kind = "missing" if kind == "waits" and spelled(_cell(file, row, "status")) in absent else kind
    if kind == "counts" and not most:
        raise WrongTerm(f"{file.path}, {student}: {points:g} points, but no maximum")
    made.results.setdefault(student, []).append(Result(kind, points or 0.0, most or 0.0))
    made.names[student] = name


def _cell(file: CsvFile, row: int, head: str) -> str:
    """Return a cell by its column's name in any language.  WrongTerm if there is no such column."""
    found = file.columns(messages.catalogue()[f"column_{head}"].values())
    if not found and head != "name":
        raise WrongTerm(f"{file.path} has no column {head}, but {', '.join(file.heads)}")
    return file.cell(row, found[0]) if found else ""


def joined(sheets: Iterable[TermSheet]) -> list[TermSheet]:
    """Return the sheets, those of one lesson as one.  WrongTerm where weights are missing."""
    found: dict[str, TermSheet] = {}
    for sheet in sheets:
        one = found.setdefault(sheet.lesson, TermSheet(sheet.lesson, sheet.lang, sheet.weight))
        if one.weight != sheet.weight:
            raise WrongTerm(f"{sheet.lesson} has two weights: {one.weight} and {sheet.weight}")
        for student, results in sheet.results.items():
            one.results.setdefault(student, []).extend(results)
        one.names |= sheet.names
    made = sorted(found.values(), key=lambda sheet: sheet.lesson)
    without = [sheet.lesson for sheet in made if sheet.weight is None]
    if without and len(without) < len(made):
        raise WrongTerm(f"weights for all sheets or for none; without: {', '.join(without)}")
    return made


def by_roster(sheets: Iterable[TermSheet], roster: Roster) -> None:
    """Put the roster's numbers in place of names, where there is no doubt whom they mean."""
    for sheet in sheets:
        results: dict[str, list[Result]] = {}
        for student, of in sheet.results.items():
            names = name_forms(sheet.names[student] or student)
            person = roster.find(Clues(frozenset({spelled(student)}), frozenset(names)))
            same = person.number if isinstance(person, Person) else student
            results.setdefault(same, []).extend(of)
            sheet.names[same] = sheet.names[student]
        sheet.results = results


# --- writing --------------------------------------------------------------------------------------


def table(sheets: Sequence[TermSheet], lang: str, drop: int, roster: Roster | None) -> str:
    """Return the table as CSV: a row for each student, a column for each sheet's points."""
    names = {who: name for sheet in sheets for who, name in sheet.names.items()
             if who in sheet.results}  # fmt: skip
    names |= {person.number: person.name for person in roster.people} if roster else {}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    heads = [messages.text(f"column_{head}", lang) for head in HEADS]
    points = [f"{sheet.lesson} ({sheet.counts:g})" for sheet in sheets]
    writer.writerow([*heads[:2], *points, *heads[2:]])
    for student in sorted(names):
        writer.writerow(_line(student, names[student], sheets, drop))
    return out.getvalue()


def _line(student: str, name: str, sheets: Sequence[TermSheet], drop: int) -> list[str]:
    results = [(sheet, sheet.of(student)) for sheet in sheets]
    made = total(results, drop)
    cells = [f"{one.points:.12g}" if one.kind == "counts" else "" for _, one in results]
    percent = 100 * made.points / made.of if made.points is not None and made.of else None
    sums = [_shown(made.points if made.of else None), _shown(made.of), _shown(percent)]
    of_kind = [" ".join(s.lesson for s, one in results if one.kind == kind)
               for kind in ("missing", "exempt")]  # fmt: skip
    waits = " ".join(sheet.lesson for sheet, one in results if one.kind == "waits")
    return [plain(student), plain(name), *cells, *sums, *of_kind, " ".join(made.dropped), waits]


def _shown(value: float | None) -> str:
    """Return a number with at most four digits behind the point; "" for none."""
    return "" if value is None else f"{round(value, 4):.12g}"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table of a term.  1: refused with the reason."""
    parser = command.parser("start.py term", __doc__)
    parser.add_argument("sheets", nargs="+", metavar="OUT[=WEIGHT]")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the table: a CSV")
    parser.add_argument("--drop", type=int, default=0, metavar="N", help="drop the N lowest sheets")
    parser.add_argument("--roster", type=Path, metavar="FILE", help="as of start.py grade")
    parser.add_argument("--report-lang", choices=[messages.ENGLISH, *say.LANGUAGES],
                        help="language of the heads; default: that of the first sheet")  # fmt: skip
    wanted = parser.parse_args(argv)
    try:
        write(wanted)
    except (WrongTerm, UnreadableTable, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def write(wanted: argparse.Namespace) -> None:
    """Read the sheets and write the table.  WrongTerm, UnreadableTable, OSError."""
    if wanted.drop < 0:
        raise WrongTerm(f"--drop {wanted.drop}: expected 0 or more")
    roster = Roster.read(wanted.roster) if wanted.roster else None
    sheets = joined(map(read_sheet, wanted.sheets))
    if roster:
        by_roster(sheets, roster)
    text = table(sheets, wanted.report_lang or sheets[0].lang, wanted.drop, roster)
    write_whole(wanted.to, ("\ufeff" + text).encode("utf-8", "replace"))
    rows = len(text.splitlines()) - 1
    print(f"{rows} students, {len(sheets)} sheets: {wanted.to}")


if __name__ == "__main__":
    command.run(main)
