"""Whether a notebook is the sheet of another lesson, or this one in another language.

A sheet is known by the texts of its cells, as students got them.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from helpers.classroom.sheets import sheet_file
from helpers.language import say

from ..messages import Note
from ..sheet import Sheet
from .notebook import SheetCell, parsed

CHANGED = {"test_changed", "test_restored"}  # what is noted of each test of a foreign notebook
Name = tuple[str, str]  # lesson, language
SENT: dict[Path, dict[Name, dict[str, str]]] = {}  # to a cluster's worker, which has no files


def which(
    notes: Iterable[Note], cells: Sequence[SheetCell], sheet: Sheet, root: Path
) -> Name | None:
    """Return which other sheet a notebook is; None where it is the one that was asked for.

    notes: what was seen when the notebook was matched; where most tests are there, nothing is read
    """
    odd = sum(name in CHANGED for name, _ in notes)
    if 2 * odd < len(sheet.of("test")):
        return None
    texts, mine = {_squeezed(cell.source) for cell in cells}, (sheet.lesson, sheet.lang)
    alike = {name: len(texts & set(of)) for name, of in released(root).items()}
    best = max(alike, key=alike.__getitem__, default=mine)
    return best if alike and alike[best] > alike.get(mine, 0) else None


def said_of(name: Name, sheet: Sheet) -> Note:
    """Return the note on a notebook that is another sheet, or the same in another language."""
    if name[0] != sheet.lesson:
        return "other_sheet", {"lesson": name[0]}
    return f"other_language_{say.key(name[1])}", {}


def in_own_words(
    cells: Sequence[SheetCell], name: Name, sheet: Sheet, root: Path
) -> list[SheetCell]:
    """Return the cells; one that is as it was given out in another language is so in the sheet's.

    An essay that was left open is not taken for an answer, a test not for one that was changed.
    """
    theirs = released(root)[name]
    keys = [theirs.get(_squeezed(cell.source), "") for cell in cells]
    own = {part.key: part.released for part in sheet.parts}
    return [parsed(replace(cell, source=own.get(key, cell.source)))
            for cell, key in zip(cells, keys, strict=True)]  # fmt: skip


@cache
def released(root: Path) -> dict[Name, dict[str, str]]:
    """Return every sheet that students may have got: {(lesson, language): {text: cell's key}}."""
    found = dict(SENT.get(root, {}))
    for lang in say.LANGUAGES:
        for folder in sorted((root / "exercises" / lang).glob("*/")):
            path = root / sheet_file("exercises", lang, folder.name)
            if path.is_file():
                cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
                texts = {_squeezed("".join(cell["source"])): cell["id"] for cell in cells}
                found[folder.name, lang] = {text: key for text, key in texts.items() if text}
    return found


def _squeezed(text: str) -> str:
    return " ".join(text.split())
