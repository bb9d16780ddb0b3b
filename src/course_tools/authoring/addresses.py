"""The course's two addresses, [tool.triad] in pyproject.toml, and the links to Colab they give."""

import re
import tomllib
from pathlib import Path

from nbformat import NotebookNode

NAMES = ("students", "repository")
COLAB = "https://colab.research.google.com/github"  # which opens what GitHub holds, nothing else
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?")
BRANCH = "main"


def read(root: Path) -> dict[str, str]:
    """{"students": …, "repository": …}; "" is an address that is not published."""
    path = root / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    given = project.get("tool", {}).get("triad", {})
    return {name: given.get(name, "") for name in NAMES}


def on_colab(students: str, notebook: str) -> str:
    """Where Colab opens a notebook of the student edition; "" where it cannot."""
    held = GITHUB.fullmatch(students)
    return f"{COLAB}/{held[1]}/blob/{BRANCH}/{notebook}" if held else ""


def linked(made: NotebookNode, words: str, url: str) -> NotebookNode:
    """The notebook with a link below its title: a picture would ask another host for itself."""
    title, _, rest = made.cells[0].source.partition("\n")
    made.cells[0].source = f"{title}\n\n[{words}]({url})\n{rest}"
    return made
