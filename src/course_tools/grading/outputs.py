"""What a run leaves: gradebook, pages, report and table, and whose the submissions are."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from helpers.files import write_whole

from . import exemptions, messages
from .graded import Graded
from .likeness.answers import compared
from .marks import Grade
from .reports import alike, feedback, people_page, report, table
from .reports.gradebook import NbgraderCourse
from .roster import Class, Roster, with_roster, without_roster
from .sheet import Sheet


def recorded(
    course: NbgraderCourse,
    sheet: Sheet,
    results: Mapping[str, Graded],
    tell: Callable[[str], object] = print,
    people: Class | None = None,
) -> list[Grade]:
    """Write the gradebook; return everybody's grade, by student.  NotReleased."""
    exempt = exemptions.of_sheet(course.folder, sheet)
    exempt = exemptions.by_label(exempt, people) if people else exempt
    marks = course.record(sheet, results.values(), tell, exempt)
    made = [Grade(one, sheet, marks.get(one.safe, {}), exempt.get(one.student, {}))
            for one in results.values()]  # fmt: skip
    made += exemptions.without_submission(exempt, set(results), sheet)
    return sorted(made, key=lambda grade: grade.graded.student)


def who_is_who(
    every: Collection[Graded], roster: Roster | None, learned: Mapping[str, str]
) -> Class:
    """Return whose the submissions are.  learned: of an LMS' numbers, so far."""
    return with_roster(every, roster, learned) if roster else without_roster(every)


def show(
    grades: list[Grade],
    sheet: Sheet,
    walls: bool,
    out: Path,
    lang: str,
    people: Class | None = None,
) -> None:
    """Write pages, report and table.  lang: the instructor's."""
    for grade in grades:
        _write(out / "feedback" / f"{grade.graded.safe}.html", feedback.page(grade, walls))
    _write(out / "report.html", report.report(grades, sheet, walls, lang))
    _write(out / "grades.csv", "\ufeff" + table.table(grades, sheet, walls, lang, people))
    doubtful = sum(bool(grade.human) for grade in grades)
    print(f"submissions: {len(grades)}, for a human to look at: {doubtful}; {out / 'grades.csv'}")
    if to_mark := sum(len(grade.to_mark) for grade in grades):
        print(f"tasks that wait for marks: {to_mark}; python start.py mark --lang {sheet.lang}")


def show_people(
    found: Sequence[tuple[str, messages.Note]], people: Class, sheet: Sheet, out: Path, lang: str
) -> None:
    """Write the page on roster and LMS: who is missing, what a person has to look at."""
    _write(out / "people.html", people_page.page(found, people, sheet, lang))
    print(f"{len(found)} things to look at in roster and LMS: {out / 'people.html'}")


def show_alike(grades: list[Grade], sheet: Sheet, root: Path, out: Path, lang: str) -> None:
    """Write the page of answers that are alike.  lang: the instructor's."""
    made = compared([grade.graded for grade in grades], sheet, root)
    _write(out / "likeness.html", alike.page(made, sheet, lang))
    print(f"{len(made.found.pairs)} pairs are more alike than chance: {out / 'likeness.html'}")


def _write(path: Path, text: str) -> None:
    """Write a file, with ? for half a surrogate pair, which a name or an answer may hold."""
    write_whole(path, text.encode("utf-8", "replace"))
