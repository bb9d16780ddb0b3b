"""What the languages of a text must share: structure, numbers, formulas, code spans, links."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

QUOTE = re.compile(r"(?m)^>.*$")  # the lesson page's own words: each language as it was given
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S)
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)|(https?://[^\s)>]+)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:[eE][-−]?\d+)?")
# Words that hold a number: 兩個, 三大 are 2 and 3; 1つ, 一個 are articles; 2乗 is a word.
HAN = {han: str(n) for n, han in enumerate("二三四五六七八九", 2)} | {"兩": "2"}
HAN_NUMBER = re.compile(r"[兩二三四五六七八九](?=[個種次句組層步條份大節樣列])")
NO_NUMBER = re.compile(r"(?<![\d.,])(?<!第 )(1(?=\s?[つ個種本行組か次句列位通ビ回ト])|2乗)")
BLOCK = re.compile(r"(?m)^\s*(#+ |[-*] |\d+\. |\|)")


def unequal(texts: dict[str, str]) -> Iterator[str]:
    """Yield what should be equal to the first language's and is not, of {language: text}."""
    (first, text), *others = texts.items()
    for lang, other in others:
        for kind, here, there in differences(text, other):
            yield f"unequal {kind}: only in {first}: {here}; only in {lang}: {there}"


def differences(one: str, other: str) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, only in the one, only in the other) where both should be equal and are not."""
    left, right = _shared(one), _shared(other)
    for kind, here in left.items():
        there = right[kind]
        if sorted(here) != sorted(there):
            yield kind, _only(here, there), _only(there, here)


def _shared(text: str) -> dict[str, list[str]]:
    """Return {kind: all of that kind in the text}."""
    rest = QUOTE.sub("", unicodedata.normalize("NFKC", text))
    found = {}
    for kind, pattern in (("formula", FORMULA), ("code", CODE), ("link", LINK)):
        found[kind] = [_inside(m) for m in pattern.finditer(rest)]
        rest = pattern.sub(" ", rest)
    found["number"] = [n.replace(",", "") for n in NUMBER.findall(_digits(rest))]
    found["structure"] = [m[1].strip() for m in BLOCK.finditer(rest)]
    return found


def _digits(text: str) -> str:
    """Return the text with number words as digits and without articles."""
    return NO_NUMBER.sub("", HAN_NUMBER.sub(lambda m: HAN[m[0]], text))


def _inside(match: re.Match) -> str:
    groups = [g for g in match.groups() if g]
    return " ".join((groups or [match[0]])[0].split())


def _only(here: Iterable[str], there: Iterable[str]) -> str:
    """List what is here more often than there."""
    return ", ".join(sorted((Counter(here) - Counter(there)).elements())) or "nothing"
