"""Taiwan Mandarin: traditional glyphs, full-width punctuation, a space beside Latin and digits."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import opencc

from ..authoring.problems import Problem
from ..authoring.sentences import around, sentences
from ..authoring.texts import Text

HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007"
LATIN = "A-Za-z0-9√"
WIDE = "，。：；？！、（）「」『』"
ALLOWED = frozenset("台占分布污")  # as Taiwan writes, not as the converter does
FULL = dict(zip(",:;!?().", "，：；！？（）。", strict=True))
HALF = re.compile(rf"(?<=[{HAN}{WIDE}])[,:;!?().](?!\w)|(?<=[{HAN}])[(:]|[,:;!?()](?=[{HAN}])")
CURLY = re.compile(rf"[“”‘’]|(?<=[{HAN}])[\"']|[\"'](?=[{HAN}])")
NO_SPACE = re.compile(rf"(?<=[{HAN}])[{LATIN}]|(?<=[{LATIN}%])[{HAN}]")
# not before an arrow (a docstring's shapes), nor in a list of questions: 顏色？ 動物？
SPACE = re.compile(rf" (?=[{WIDE}])|(?<=[{WIDE}]) (?!→|[{HAN}]+？)")


def problems(texts: Iterable[Text]) -> Iterator[Problem]:
    """Yield every fault of the texts in Taiwan Mandarin."""
    for text in texts:
        for offset, line in sentences(text) if text.lang == "zh-tw" else ():
            for start, what, remedy in _faults(line):
                place = around(line, start, start + 1)
                yield text.problem(offset, f"{what} in 「{place}」", remedy)


def _faults(line: str) -> Iterator[tuple[int, str, str]]:
    for at, glyph in enumerate(line):
        if glyph not in ALLOWED and _converted(glyph) != glyph != _converted(line)[at]:
            yield at, f"{glyph} is not written in Taiwan", f"write {_converted(glyph)}"
    for hit in HALF.finditer(line):
        yield hit.start(), f"half-width {hit[0]}", f"write {FULL[hit[0]]}"
    for hit in CURLY.finditer(line):
        yield hit.start(), f"quotation mark {hit[0]}", "write 「」, and 『』 inside"
    for hit in NO_SPACE.finditer(line):
        yield hit.start(), "no space between Chinese and Latin or digits", "put one space there"
    for hit in SPACE.finditer(line):
        yield hit.start(), "a space beside full-width punctuation", "remove it"


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2tw")


@cache
def _converted(words: str) -> str:
    """Convert simplified glyphs to Taiwan's, one by one; a word's neighbours decide (皇后)."""
    return _converter().convert(words)
