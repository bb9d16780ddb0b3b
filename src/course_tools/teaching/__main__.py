"""Write what a teacher gets: python -m course_tools.teaching = start.py shelf | start.py slides OUT

shelf      write docs/teaching from lessons/: plans, syllabus, hand-outs, in each language
--check    write nothing; 1 if a file differs or a guide does not fit its lesson
--confirm  say that you have read an entry of a guide beside the lesson's words, which changed
slides     run lessons as the site does, and write their slides with their figures
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.files import write_whole
from helpers.language.say import COMPLETE, FIRST

from .. import command
from ..authoring.course import Course
from ..authoring.problems import LessonError, stop_at
from ..prose.glossary import terms
from . import guide, lock, pages, rules, slides, syllabus, words
from .guide import Prepared
from .handout import file as handout_file
from .handout import handout


def main(argv: list[str]) -> int:
    """Run a command; its exit status."""
    wanted = parser().parse_args(argv)
    course = Course.read(wanted.root).whole()
    lessons = guide.prepared(course)
    try:
        if wanted.command == "slides":
            return write_slides(wanted, lessons)
        if wanted.confirm:
            print(f"{lock.confirm(lessons, wanted.confirm)} entries confirmed")
            return 0
        stop_at([*rules.problems(lessons), *of_syllabus(course, lessons)])
        made = files(course, lessons)
    except LessonError as error:
        print(error, f"{len(error.problems)} fault(s); nothing was written.", sep="\n",
              file=sys.stderr)  # fmt: skip
        return 1
    return compare(wanted.root, made) if wanted.check else write(wanted.root, made)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = command.parser("start.py", __doc__)
    made.add_argument("command", choices=["shelf", "slides"])
    made.add_argument("out", nargs="?", type=Path, help="slides: a folder for them")
    made.add_argument("--check", action="store_true", help="shelf: write nothing")
    made.add_argument("--confirm", nargs="+", metavar="LESSON:KIND.KEY", help="shelf: what is read")
    made.add_argument("--lesson", nargs="+", default=[""], metavar="NN", help="slides: these only")
    made.add_argument("--figures", choices=COMPLETE, default=FIRST, help="slides in English: whose")
    command.add_lang(made, words.LANGUAGES)
    return made


def of_syllabus(course: Course, lessons: Sequence[Prepared]) -> list:
    """Return what is wrong with the syllabi."""
    if not lessons:
        return []
    numbers = [lesson.name[:2] for lesson in course.lessons]
    sheets = [lesson.name[:2] for lesson in course.lessons if lesson.sheet]
    return list(syllabus.problems(syllabus.read(lessons[0]), numbers, sheets))


def files(course: Course, lessons: Sequence[Prepared]) -> dict[str, str]:
    """Return every page of the shelf: {file: text}."""
    known = terms(course.root / "lessons/glossary.tsv")
    made = {}
    for lang in words.LANGUAGES:
        made[pages.index_file(lang)] = pages.index(lessons, lang)
        page = syllabus.page(syllabus.read(lessons[0]), lessons, lang)
        made[f"{pages.FOLDER}/{lang}/syllabus.md"] = page
        for one in lessons:
            made[pages.plan_file(lang, one.lesson.name)] = pages.plan(one, lang)
            made[handout_file(lang, one.lesson.name)] = handout(one, known, lang)
    return made


def different(root: Path, made: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return (files that differ, files that nothing makes)."""
    there = {p.relative_to(root).as_posix(): p for p in (root / pages.FOLDER).rglob("*.*")}
    wrong = [n for n, text in made.items() if n not in there or there[n].read_text("utf-8") != text]
    return wrong, sorted(set(there) - set(made))


def compare(root: Path, made: dict[str, str]) -> int:
    """Name what is not in step; 1 if there is any."""
    wrong, stale = different(root, made)
    print(*(f"differs from its source: {name}" for name in wrong), sep="\n", end="\n" * bool(wrong))
    print(*(f"has no source: {name}" for name in stale), sep="\n", end="\n" * bool(stale))
    if wrong or stale:
        print("run: python start.py shelf", file=sys.stderr)
        return 1
    print(f"{len(made)} files are in step; without a guide: {', '.join(guide.UNWRITTEN) or 'none'}")
    return 0


def write(root: Path, made: dict[str, str]) -> int:
    """Write what differs, and remove what has no source."""
    wrong, stale = different(root, made)
    for name in wrong:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(root / name, made[name].encode())
    for name in stale:
        (root / name).unlink()
    print(f"{len(made)} files: {len(wrong)} written, {len(stale)} stale removed")
    return 0


def write_slides(wanted: argparse.Namespace, lessons: Sequence[Prepared]) -> int:
    """Write the slides of the lessons that are named."""
    from ..site import executed  # Jupyter, which the pages do without

    if not wanted.out:
        parser().error("slides: name a folder")
    stop_at(rules.problems(list(lessons)))
    cache = wanted.root / ".venv" / "site" / "executed"
    for one in (x for x in lessons if x.lesson.name.startswith(tuple(wanted.lesson))):
        for lang in [wanted.lang] if wanted.lang else words.LANGUAGES:
            shown = lang if lang in COMPLETE else wanted.figures
            notebook = wanted.root / "notebooks" / shown / f"{one.lesson.name}.ipynb"
            drawn = slides.pictures(executed.lesson(notebook, wanted.root, cache, print))
            file = wanted.out / f"{one.lesson.name}.{lang}.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, slides.deck(one, drawn, lang).encode())
            print(file)
    return 0


if __name__ == "__main__":
    command.run(main)
