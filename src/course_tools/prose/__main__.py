"""Show every finding of the language gates: python -m course_tools.prose [--root FOLDER]"""

import argparse
import os
import sys
from pathlib import Path

from ..authoring.course import Course
from ..authoring.texts import of_course
from ..command import ROOT
from . import gates
from .glossary import read, warnings


def main(argv: list[str]) -> int:
    """Print every finding; 1 if there is one that is no mere warning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    root = parser.parse_args(argv).root
    texts = of_course(Course.read(root).whole())
    forms = read(root / "lessons/glossary.tsv")
    for problem in warnings(texts, forms):
        print("worth a look:", problem)
    faults = gates.problems(texts, forms)
    node = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv/node"))
    if node.is_dir():
        faults += gates.textlint(texts, node)
    else:
        print(f"no textlint: {node} is not there; python start.py test makes it where npm is")
    print(*faults, f"{len(texts)} texts, {len(faults)} faults", sep="\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
