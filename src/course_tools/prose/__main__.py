"""Show every finding of the language gates: python -m course_tools.prose [--root FOLDER]"""

import os
from pathlib import Path

from .. import command
from ..authoring import rhythm
from ..authoring.course import Course
from ..authoring.texts import of_course
from ..command import ROOT
from . import first_use, gates
from .glossary import read, terms, warnings


def main(argv: list[str]) -> int:
    """Print every finding; 1 if there is one that is no mere warning."""
    root = command.parser("prose", __doc__).parse_args(argv).root
    texts = of_course(Course.read(root).whole())
    table = root / "lessons/glossary.tsv"
    forms = read(table)
    for problem in warnings(texts, forms):
        print("worth a look:", problem)
    faults = [*gates.problems(texts, forms), *rhythm.problems(texts, rhythm.bounds())]
    faults += first_use.problems(texts, terms(table))
    node = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv/node"))
    if node.is_dir():
        faults += gates.textlint(texts, node)
    else:
        print(f"no textlint: {node} is not there; python start.py test makes it where npm is")
    print(*faults, f"{len(texts)} texts, {len(faults)} faults", sep="\n")
    return bool(faults)


if __name__ == "__main__":
    command.run(main)
