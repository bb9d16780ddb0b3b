"""What stays with teachers: no page of the site holds a text of their guides or of an exam."""

import html
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..edition.leaks import strings_of

FILES = ("exam.toml", "teaching.toml")  # of a lesson
READ = {".html", ".js", ".json", ".txt", ".svg"}
# between what a page shows as it is written: drawn numbers, formulas, code, bold words
BETWEEN = re.compile(r"\{[^}]*\}|\$[^$]*\$|`[^`]*`|\*+|\n")
TAG = re.compile(r"<[^>]*>")
SHORTEST = 18  # characters without spaces: shorter pieces stand in many texts
Texts = dict[str, str]  # a piece -> the file that keeps it back


def faults(out: Path, lessons: Path, base: str = "/") -> Iterator[str]:
    """Yield the site's files that hold a piece of what teachers keep back."""
    kept = pieces(lessons)
    for file in sorted(out.rglob("*")):
        if file.suffix in READ:
            text = squeezed(html.unescape(TAG.sub("", file.read_text(encoding="utf-8"))))
            path = base + file.relative_to(out).as_posix()
            yield from (f"{path}: teachers: {kept[one]}: {one}" for one in _held(text, kept))


def pieces(lessons: Path) -> Texts:
    """Return {piece of a text, without spaces: its file} of every lesson's guide and exam."""
    found: Texts = {}
    for file in (one for name in FILES for one in sorted(lessons.glob(f"*/{name}"))):
        for text in strings_of(tomllib.loads(file.read_text(encoding="utf-8"))):
            name, split = f"{file.parent.name}/{file.name}", map(squeezed, BETWEEN.split(text))
            found |= {one: name for one in split if len(one) >= SHORTEST}
    return found


def _held(text: str, kept: Texts) -> list[str]:
    """Return the pieces that stand in the text; most are ruled out by how they begin."""
    parts = {text[n : n + SHORTEST] for n in range(len(text))}
    return [piece for piece in kept if piece[:SHORTEST] in parts and piece in text]


def squeezed(text: str) -> str:
    """Return a text without white space."""
    return re.sub(r"\s+", "", text)
