"""The course's addresses, [tool.triad] in pyproject.toml, and the links they give."""

import re
import tomllib
from pathlib import Path
from typing import Any

NAMES = ("students", "repository", "site")
COLAB = "https://colab.research.google.com/github"  # which opens what GitHub holds, nothing else
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?")
BRANCH = "main"


def read(root: Path) -> dict[str, str]:
    """Return the addresses in a repository's pyproject.toml, in the form that `of` has."""
    return of(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")))


def of(project: dict[str, Any]) -> dict[str, str]:
    """Return {"students": …, "repository": …, "site": …}; "" is one that is not published."""
    given = project.get("tool", {}).get("triad", {})
    return {name: given.get(name, "") for name in NAMES}


def on_colab(students: str, notebook: str) -> str:
    """Return where Colab opens a notebook of the student edition; "" where it cannot."""
    held = GITHUB.fullmatch(students)
    return f"{COLAB}/{held[1]}/blob/{BRANCH}/{notebook}" if held else ""


def to_read(site: str, lang: str, lesson: str) -> str:
    """Return where a lesson is read with its results: on the site, else its notebook here."""
    return f"{site}/{lang}/{lesson}/" if site else f"notebooks/{lang}/{lesson}.ipynb"


def linked(made: dict[str, Any], words: str, url: str) -> dict[str, Any]:
    """Return the notebook with a link below its title: a picture would ask another host."""
    first, *rest = made["cells"]
    title, _, text = first["source"].partition("\n")
    return made | {"cells": [first | {"source": f"{title}\n\n[{words}]({url})\n{text}"}, *rest]}
