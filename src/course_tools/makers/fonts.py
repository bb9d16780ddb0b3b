"""Cut the fonts of the course's figures out of Noto Sans CJK.

    python -m course_tools.makers.fonts

Run it again when a text of the course uses a character that the fonts do not hold.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from helpers.display.typefaces import FONTS, typefaces

from .. import command
from ..command import ROOT

BY_FAMILY = {typeface.family: typeface for typeface in typefaces().values()}
SYMBOLS = (  # first and last code point
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1
    (0x0370, 0x03FF),  # Greek
    (0x2010, 0x205E),  # dashes, quotation marks, …
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x2100, 0x218F),  # letter-like symbols, fractions, Roman numerals
    (0x2190, 0x22FF),  # arrows, mathematical operators
    (0x2460, 0x24FF),  # ①②③
    (0x2500, 0x25FF),  # box drawing, blocks, ■□▲●○
    (0x2713, 0x2717),  # ✓✗
    (0x3000, 0x312F),  # CJK punctuation, kana, bopomofo
    (0xFF00, 0xFFEF),  # full-width forms
)
UNUSED_TABLES = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
NAME_FAMILY, NAME_UNIQUE, NAME_FULL, NAME_POSTSCRIPT = 1, 3, 4, 6  # IDs of the `name` table
ENGLISH_US = 0x409


def code_table(codec: str, first: int, last: int) -> Iterator[str]:
    """Yield the characters of a two-byte codec between two codes, ends included."""
    for code in range(first, last + 1):
        try:
            yield code.to_bytes(2, "big").decode(codec)
        except UnicodeDecodeError:
            continue


def standard_characters() -> set[str]:
    """Return JIS X 0208 (non-kanji, level 1, level 2), Big5 (symbols, level 1) and SYMBOLS."""
    pairs = (*code_table("euc_jp", 0xA1A1, 0xF4FE), *code_table("big5", 0xA140, 0xC67E))
    # A code whose second byte is ASCII decodes to two characters: it is no code of the table.
    characters = {character for character in pairs if len(character) == 1}
    return characters.union(*(map(chr, range(first, last + 1)) for first, last in SYMBOLS))


def course_characters(root: Path = ROOT) -> set[str]:
    """Return every character of the lessons, of the helpers' words and of the READMEs."""
    lessons = (path for path in (root / "lessons").rglob("*") if path.suffix in {".py", ".toml"})
    messages = (root / "src" / "helpers").rglob("*.toml")
    sources = (*lessons, *messages, *root.glob("README*.md"))
    return set().union(*(path.read_text(encoding="utf-8") for path in sources))


def collection_path() -> str:
    """Return the file of the package noto-cjk-sans-otc.  SystemExit if it is not installed."""
    try:
        from noto_cjk_sans_otc import FONT_PATH
    except ModuleNotFoundError as missing:
        message = f"{missing.name} is not installed.  Run: pip install -e .[fonts]"
        raise SystemExit(message) from None
    return str(FONT_PATH)


def open_face(full_name: str) -> TTFont:
    """Return one face of the collection.  LookupError if the package no longer holds it."""
    collection = collection_path()
    with TTFont(collection, fontNumber=0, lazy=True) as first:
        count = first.reader.numFonts
    for number in range(count):
        face = TTFont(collection, fontNumber=number, recalcTimestamp=False)
        if face["name"].getDebugName(NAME_FULL) == full_name:
            return face
    raise LookupError(f"{collection} has no face {full_name!r} among its {count}")


def cut(face: TTFont, characters: Iterable[str]) -> None:
    """Keep the outlines of these characters, without hints and layout features.

    matplotlib hints by itself; only 3.11 would use the features, and draw other figures than 3.10.
    """
    options = subset.Options(
        layout_features=[], hinting=False, glyph_names=False, notdef_outline=True, name_IDs=["*"]
    )
    options.drop_tables += UNUSED_TABLES
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(characters))
    subsetter.subset(face)


def rename(face: TTFont, family: str) -> None:
    """Give the font our own name; copyright, trademark, designers and licence stay."""
    names, postscript = face["name"], family.replace(" ", "") + "-Regular"
    names.names = [record for record in names.names if record.langID == ENGLISH_US]
    unique = f"{postscript}; subset of {names.getDebugName(NAME_FULL)}"
    for name_id, text in (
        (NAME_FAMILY, family), (NAME_UNIQUE, unique), (NAME_FULL, family),
        (NAME_POSTSCRIPT, postscript),
    ):  # fmt: skip
        names.setName(text, name_id, 3, 1, ENGLISH_US)
    cff = face["CFF "].cff
    cff.fontNames = [postscript]
    cff.topDictIndex[0].FullName = cff.topDictIndex[0].FamilyName = family


def make(family: str, folder: Path = FONTS) -> Path:
    """Write one font.  The same package, fontTools and course give the same bytes."""
    typeface = BY_FAMILY[family]
    face = open_face(typeface.cut_from)
    cut(face, standard_characters() | course_characters())
    rename(face, family)
    face.save(folder / typeface.file)
    return folder / typeface.file


def main(argv: list[str]) -> int:
    """Write every font."""
    command.parser("fonts", __doc__).parse_args(argv)
    for family in BY_FAMILY:
        path = make(family)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    command.run(main)
