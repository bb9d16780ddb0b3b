"""Numbers as people type them: full-width, with 万 or 億, in Chinese numerals, with a unit."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

NUMBER = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+(?=\.?)|(?=\.[0-9]))(?:\.[0-9]*)?"
    r"(?:[eE][+-]?[0-9]{1,3})?)\s*(?P<scale>[千万萬億亿兆]*)\s*(?P<rest>.*)"
)
SCALE = {"千": 3, "万": 4, "萬": 4, "億": 8, "亿": 8, "兆": 12}
NUMERALS = ["〇零", "一", "二兩两", "三", "四", "五", "六", "七", "八", "九"]
DIGITS = {c: n for n, names in enumerate(NUMERALS) for c in names}
TENS = {"十": 10, "百": 100, "千": 1000}


class NotANumber(ValueError):
    """The text is no number.

    rest: what stands behind the number, if there was one.
    """

    def __init__(self, rest: str = "") -> None:
        super().__init__(rest)
        self.rest = rest


def read_number(text: str, units: Iterable[str] = ()) -> Decimal:
    """Read `１２．５` `12万` `1,024` `三十六` `−3e-2` `12.2 GiB` (a unit of units) as a Decimal.

    NotANumber otherwise; its rest is a foreign unit such as the GB of `12.2 GB`.
    """
    if any(unicodedata.decomposition(c).startswith("<super>") for c in text):
        raise NotANumber  # NFKC would read 10² as 102
    text = plain(text)
    unit = max((u for u in units if text.endswith(u)), key=len, default="")
    text = text.removesuffix(unit).rstrip()
    if text and set(text) <= {*DIGITS, *TENS, *SCALE} and text[0] not in "万萬億亿兆":
        return Decimal(_numeral(text))
    found = NUMBER.fullmatch(text)
    if not found or not (found["rest"] == "" or found["rest"][0].isalpha() or found["rest"] == "%"):
        raise NotANumber
    if found["rest"]:
        raise NotANumber(found["rest"])
    exponent = sum(SCALE[c] for c in found["scale"])
    return Decimal(found["number"].replace(",", "")).scaleb(exponent)


def plain(text: str) -> str:
    """Replace full-width characters and the minus sign by those of ASCII."""
    return unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").strip()


def _numeral(text: str) -> int:
    """Read a Chinese numeral: 三十六 → 36, 二〇 → 20, 一千零二十四 → 1024, 十二万 → 120000."""
    total = section = digits = 0
    for c in text:
        if c in DIGITS:
            digits = 10 * digits + DIGITS[c]
        elif c in TENS:
            section, digits = section + (digits or 1) * TENS[c], 0
        else:
            total += (section + digits) * 10 ** SCALE[c]
            section = digits = 0
    return total + section + digits
