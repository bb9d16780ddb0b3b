"""The sources of one lesson: for what is true of any number of them, in an eighth of the time."""

import shutil
from pathlib import Path

from places import ROOT

LESSON = "01_attention"


def copy(root: Path) -> Path:
    """Copy the sources that the builder reads, of LESSON alone; nothing is built."""
    shutil.copytree(ROOT / "lessons" / LESSON, root / "lessons" / LESSON)
    for shared in (ROOT / "lessons").glob("*.*"):
        shutil.copy(shared, root / "lessons")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root
