"""Write an exam: python -m course_tools.teaching.exam OUT = start.py exam OUT

Parallel forms ask the same with other numbers, drawn by --seed; each form has its key in a file of
its own.  The course's code computes the answers.  Nothing of it is in the student edition.
"""

import argparse
import secrets
import sys
from pathlib import Path

from helpers.files import write_whole

from ... import command
from .. import words
from . import forms, questions

LETTERS = "ABCDEFGH"


def main(argv: list[str]) -> int:
    """Write the forms and their keys; 1 if there is nothing to ask."""
    wanted = parser().parse_args(argv)
    names = [path.parent.name for path in sorted(wanted.root.glob(f"lessons/*/{questions.FILE}"))]
    chosen = [name for name in names if name.startswith(tuple(wanted.lesson))]
    if not chosen:
        print(f"no exam questions; there are some for {', '.join(names)}", file=sys.stderr)
        return 1
    seed = wanted.seed if wanted.seed is not None else f"{secrets.randbelow(10**9)}"
    asked = [one for name in chosen for one in questions.of_lesson(wanted.root, name)]
    for lang in [wanted.lang] if wanted.lang else words.LANGUAGES:
        for letter in LETTERS[: wanted.forms]:
            for kind, text in forms.written(asked, lang, seed, letter).items():
                _write(wanted.out, f"{kind}-{letter}.{lang}.html", text)
    print(f"seed {seed}, {len(asked)} questions of {', '.join(chosen)}: in {wanted.out}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = command.parser("start.py exam", __doc__)
    made.add_argument("out", type=Path, help="a folder for the exam and its keys")
    made.add_argument("--lesson", nargs="+", default=[""], metavar="NN", help="these lessons only")
    made.add_argument("--seed", help="the same seed gives the same numbers; default: a new one")
    made.add_argument("--forms", type=int, choices=range(1, len(LETTERS) + 1), default=1)
    command.add_lang(made, words.LANGUAGES)
    return made


def _write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / name, text.encode())


if __name__ == "__main__":
    command.run(main)
