"""The fonts of the figures: one for each language of languages.toml."""

from pathlib import Path
from typing import NamedTuple

from ..language import say

FONTS = Path(__file__).parent / "fonts"


class Typeface(NamedTuple):
    """A font of the course.

    file: in FONTS   cut_from: the face of Noto Sans CJK it is made of
    """

    family: str
    file: str
    cut_from: str


def typefaces() -> dict[str, Typeface]:
    """Return {language: its font}."""
    # one for each, because 骨, 直 and 注 are drawn differently in Japan and in Taiwan
    return {
        lang: Typeface(family, f"{family.replace(' ', '')}-Regular.otf", entry["face"])
        for lang, entry in say.DECLARED.items()
        for family in [entry["font"]]
    }
