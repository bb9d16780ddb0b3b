"""Release sheets: python -m course_tools.grading.release [--lang ja] [--lesson 01_attention]

Sheets for students, and their tasks in nbgrader's gradebook: one course for each language.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.language import say

from .. import command
from .reports.gradebook import NbgraderCourse, NotReleased
from .sheet import NoSheet, read


def main(argv: Sequence[str] | None = None) -> int:
    """Make the sheets for students.  1 where nbgrader does not take one."""
    parser = command.parser("start.py release", __doc__)
    command.add_lang(parser)
    command.add_courses(parser)
    command.add_db(parser)
    parser.add_argument("--lesson", help="default: every lesson that has a sheet")
    wanted = parser.parse_args(argv)
    if wanted.db and not wanted.lang and "{lang}" not in wanted.db:
        parser.error("--db: each language has a database: give --lang, or an address with {lang}")
    folder = command.courses(wanted)
    try:
        for lang in [wanted.lang] if wanted.lang else say.LANGUAGES:
            course = NbgraderCourse(wanted.root, folder, lang, wanted.db)
            for lesson in [wanted.lesson] if wanted.lesson else _lessons(wanted.root, lang):
                read(wanted.root, lesson, lang)  # NoSheet names those that are there
                print(course.release(lesson))
    except (NoSheet, NotReleased, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _lessons(root: Path, lang: str) -> list[str]:
    return sorted(path.name for path in (root / "solutions" / lang).iterdir() if path.is_dir())


if __name__ == "__main__":
    command.run(main)
