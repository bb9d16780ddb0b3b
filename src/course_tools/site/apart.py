"""What a page does not tell: texts of teachers, and of a quiz what it says to an answer.

Teachers' guides and exams are nowhere on the site; hints and explanations of a quiz only in the
encoded files that its page asks for (live/quizzes.py).
"""

import html
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..edition.leaks import strings_of

FILES = ("exam.toml", "teaching.toml")  # of a lesson
BANK = "quiz.toml"
TOLD = {"hint", "why", "why_right", "why_wrong"}  # of a bank, when an answer is given
READ = {".html", ".js", ".json", ".txt", ".svg"}
# between what a page shows as it is written: drawn numbers, formulas, code, bold words
BETWEEN = re.compile(r"\{[^}]*\}|\$[^$]*\$|`[^`]*`|\*+|\n")
TAG = re.compile(r"<[^>]*>")
SHORTEST = 18  # characters without spaces: shorter pieces stand in many texts
Texts = dict[str, str]  # a piece -> the file that keeps it back


def faults(out: Path, lessons: Path, base: str = "/") -> Iterator[str]:
    """Yield the site's files that hold a piece of what teachers or quizzes keep back."""
    kept = pieces(lessons)
    for file in sorted(out.rglob("*")):
        if file.suffix in READ:
            text = squeezed(html.unescape(TAG.sub("", file.read_text(encoding="utf-8"))))
            path = base + file.relative_to(out).as_posix()
            yield from (f"{path}: kept back: {kept[one]}: {one}" for one in _held(text, kept))


def pieces(lessons: Path) -> Texts:
    """Return {piece of a text, without spaces: its file} of every lesson's guide, exam and quiz."""
    found: Texts = {}
    for file in (one for name in (*FILES, BANK) for one in sorted(lessons.glob(f"*/{name}"))):
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        for text in strings_of(list(_told(content)) if file.name == BANK else content):
            name, split = f"{file.parent.name}/{file.name}", map(squeezed, BETWEEN.split(text))
            found |= {one: name for one in split if len(one) >= SHORTEST}
    return found


def _told(bank: Any) -> Iterator[Any]:
    """Yield what a bank says to an answer, of questions, choices and mistakes alike."""
    for part in bank.values() if isinstance(bank, dict) else bank:
        if isinstance(part, dict | list):
            yield from _told(part)
    if isinstance(bank, dict):
        yield from (bank[name] for name in bank.keys() & TOLD)


def _held(text: str, kept: Texts) -> list[str]:
    """Return the pieces that stand in the text; most are ruled out by how they begin."""
    parts = {text[n : n + SHORTEST] for n in range(len(text))}
    return [piece for piece in kept if piece[:SHORTEST] in parts and piece in text]


def squeezed(text: str) -> str:
    """Return a text without white space."""
    return re.sub(r"\s+", "", text)
