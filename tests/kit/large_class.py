"""A class of any size that hands in sheet 01: right, partial and wrong answers, some that loop."""

import json
from pathlib import Path

from places import ROOT
from sample_class import LESSON, Bait, Sheets, cell, dump, everything, without

LANG = "ja"


def honest(number: int) -> tuple[bytes, float]:
    """A submission, and the points that it must get: right, partial and wrong ones in turn."""
    s = Sheets(LANG)
    instead = [
        {},
        {"packed": s.wrong["packed-wrong-future"]},
        {},
        {"merge": s.wrong["merge-wrong-average"], "grouped": s.wrong["grouped-wrong-sum"]},
        {"window": s.answers["window"] + "\n\n# checked twice"},
    ][number % 5]
    changed = {name: code + f"\n# {number}" for name, code in instead.items()}
    changed.setdefault("window", s.answers["window"] + f"\n# {number}")
    lost = [name for name, code in instead.items() if "checked" not in code]
    return dump(s.right(**changed)), sum(without(*lost).values())


def looping(number: int) -> tuple[bytes, float]:
    """A loop that does not end, and works while it does not."""
    made = json.loads(everything(LANG, Bait(9, ROOT, []))["endless loop"].data)
    cell(made, "merge")["source"] += f"\n# {number}"
    return dump(made), sum(without("merge").values())


def hand_in(folder: Path, count: int, loops: int = 0) -> dict[str, float]:
    """One folder for each student; {student: points}."""
    expected = {}
    for number in range(count):
        every = count // loops if loops else count + 1
        data, points = (looping if number % every == 1 and loops else honest)(number)
        place = folder / f"s{number:03d}" / LESSON
        place.mkdir(parents=True)
        (place / f"{LESSON}.ipynb").write_bytes(data)
        expected[f"s{number:03d}"] = points
    return expected
