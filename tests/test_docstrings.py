"""Every public module, class and function of src says in one line what it is or does.

The first line of a docstring is read alone, in a list or in an editor: it must not need another
line.  A rule cannot tell a good sentence from a bad one; it tells what is no sentence at all.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

SRC = ROOT / "src"
PACKAGES = ("course_tools", "helpers")
MARKS = (".", "?", "!", "…", ":")
# A command stands as it is typed, without a mark behind it
COMMAND = re.compile(r": (python -m|start\.py) .*")
# Each of them leans on a neighbour: a noun, a verb or a sentence that stands elsewhere
FRAGMENT = re.compile(
    r"(That of|Those|These|It|Its|They|Their|Of|As|With|From|Into|Beside|Also|Both|Not|What came|"
    r"How some)\b"
)
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | Definition


def documented(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Yield classes, functions and methods with their names; nothing inside a function."""
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from documented(node.body, f"{prefix}{node.name}.")


def fault(name: str, node: Documented) -> str:
    """Say what is wrong with the first line of a docstring; "" if nothing is."""
    text = ast.get_docstring(node)
    if not text:
        private = any(part.startswith("_") for part in name.split("."))
        return "" if private else "no docstring"
    line = COMMAND.sub(":", text.splitlines()[0])
    if not line.endswith(MARKS):
        return f"no sentence: {line}"
    if FRAGMENT.match(line) or re.match(r"[a-z_, ]+: ", line):  # or a note on a parameter
        return f"a fragment: {line}"
    return ""


def faults(folder: Path) -> list[str]:
    """List the docstrings below a folder whose first line cannot be read alone."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, node in [("module", tree), *documented(tree.body)]:
            if said := fault(name, node):
                found.append(f"{path.relative_to(folder)}:{name}: {said}")
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_a_first_line_can_be_read_alone(package):
    assert not faults(SRC / package)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "That of the best guess.",
        "As they come.",
        "Those whose lines are in the picture.",
        "Of several, the last.",
        "With what was seen when it was collected.",
        "Not through a link.",
        "It is kept.",
        "note: one sentence on top.",
        "python -m helpers.experiments NAME",
        "head_dim where it is said; else hidden_size / n_heads",
        "Return the shape and the",
    ],
)
def test_a_fragment_is_found(tmp_path, line):
    (tmp_path / "a.py").write_text(
        f'"""A module."""\n\n\nclass A:\n    def b(self):\n        """{line}"""\n'
    )
    found = faults(tmp_path)
    assert [text.split(": ")[0] for text in found] == ["a.py:A", "a.py:A.b"]


@pytest.mark.parametrize(
    "line",
    [
        "Return the layer of this type.",
        "Is there an encoder?",
        "Offer one choice.",
        "What a computation costs.",
        "Assume nothing about the file.",
        "Print one table: a row for each model.",
        "Run one experiment: python -m helpers.experiments NAME",
    ],
)
def test_a_sentence_passes(tmp_path, line):
    (tmp_path / "a.py").write_text(
        f'"""{line}"""\n\n\ndef a():\n    """{line}"""\n\n\ndef _b(): ...\n'
    )
    assert faults(tmp_path) == []
