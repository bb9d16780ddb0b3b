"""CSV files of others: read whatever wrote them, changed cell by cell, all other bytes kept.

Encodings: UTF-8 and UTF-16, with their mark or without, and the code pages of Windows in Japan and
Taiwan.  Where two of these fit, the file is refused and not guessed.
"""

import codecs
import functools
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
CODE_PAGES = ("cp932", "cp950")  # what Excel writes as "CSV" in Japan and in Taiwan
UNDEFINED = re.compile("[\uf8f0-\uf8f3]")  # what Python reads for bytes that cp932 does not have
NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


class UnreadableTable(Exception):
    """A file is no table that can be read.  The message: what it is, what was expected, the way."""


@dataclass(frozen=True)
class Cell:
    """A cell's text without quotes, and where it stands in the file's text, with them."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class CsvFile:
    """A table as it lies on the disk.  delimiter: what stands between its cells."""

    path: Path
    data: bytes
    mark: bytes
    encoding: str
    text: str
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def read(cls, path: Path) -> "CsvFile":
        """Read a file.  UnreadableTable, or OSError."""
        data = path.read_bytes()
        mark, encoding = encoded_as(path, data)
        text = data[len(mark) :].decode(encoding)
        delimiter = _delimiter(text)
        rows = tuple(row for row in _rows(path, text, delimiter) if any(c.text for c in row))
        if not rows:
            raise UnreadableTable(f"{path} holds no row; expected a table with a row of heads")
        return cls(path, data, mark, encoding, text, delimiter, rows)

    @property
    def heads(self) -> list[str]:
        """The names of the columns."""
        return [cell.text for cell in self.rows[0]]

    def cell(self, row: int, column: int) -> str:
        """Return a cell's text; "" where a row ends before it."""
        cells = self.rows[row]
        return cells[column].text if column < len(cells) else ""

    def columns(self, names: Collection[str]) -> list[int]:
        """Return the columns that are called so, however they are spelled."""
        wanted = {spelled(name) for name in names}
        return [place for place, head in enumerate(self.heads) if spelled(head) in wanted]

    def changed(self, cells: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with other texts in some cells; a cell that was quoted stays so.

        Every other byte is the one that was read: decoding and encoding again would not do, cp932
        has several bytes for one character.
        """
        at, made = _offsets(self.data[len(self.mark) :], self.encoding), bytearray(self.data)
        for (row, column), text in sorted(cells.items(), reverse=True):
            cell = self.rows[row][column]
            quoted = self.text[cell.start : cell.start + 1] == '"'
            new = _quoted(text) if quoted or _must_quote(text, self.delimiter) else text
            start, end = (len(self.mark) + at[place] for place in (cell.start, cell.end))
            made[start:end] = new.encode(self.encoding)
        return bytes(made)


# --- encodings ----------------------------------------------------------------------------------


def encoded_as(path: Path, data: bytes) -> tuple[bytes, str]:
    """Return a file's mark and its encoding.  UnreadableTable where that cannot be told."""
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            if not _decodes(data[len(mark) :], encoding):
                _refuse(path, f"not whole {NAMES[encoding]}, which its first bytes announce")
            return mark, encoding
    for encoding, zeros in (("utf-16-le", data[1:80:2]), ("utf-16-be", data[:80:2])):
        if zeros.count(0) * 2 > len(zeros) and _decodes(data, encoding):
            return b"", encoding
    if b"\0" in data:
        _refuse(path, "no text: an Excel file?")
    if _decodes(data, "utf-8"):
        return b"", "utf-8"
    fits = [page for page in CODE_PAGES if _decodes(data, page)]
    if len(fits) > 1:
        fits = [p for p in fits if _named(data.decode(p))] or fits
    if len(fits) != 1:
        _refuse(path, "Shift JIS or Big5, and nothing tells which" if fits else "in no encoding "
                "that is known here (UTF-8, UTF-16, Shift JIS, Big5)")  # fmt: skip
    return b"", fits[0]


def _refuse(path: Path, got: str) -> NoReturn:
    raise UnreadableTable(
        f'{path} is {got}. Expected: a CSV file. In Excel, save it as "CSV UTF-8"; in LibreOffice, '
        "choose the character set Unicode (UTF-8)"
    )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        return not UNDEFINED.search(data.decode(encoding))
    except UnicodeDecodeError:
        return False


def _named(text: str) -> bool:
    """Tell whether the first line holds a head that is known, and is no ASCII."""
    first = text.splitlines()[0]
    heads = {spelled(head) for head in re.split(r"[,;\t]", first) if not head.isascii()}
    known = {spelled(name) for table in columns().values() for names in table.values() for name in
             names}  # fmt: skip
    return bool(heads & known)


def _offsets(data: bytes, encoding: str) -> list[int]:
    """Return where in DATA each character of its text begins, and where the last one ends."""
    decoder, found = codecs.getincrementaldecoder(encoding)(), []
    begins = 0
    for place in range(len(data)):
        made = decoder.decode(data[place : place + 1])
        found += [begins] * len(made)
        begins = place + 1 if made else begins
    return [*found, len(data)]


# --- rows and cells -----------------------------------------------------------------------------


def _delimiter(text: str) -> str:
    """Return what stands between cells: what is most frequent in the first line."""
    first = re.sub(r'"[^"]*"', "", text.lstrip("\r\n"))
    first = re.split(r"[\r\n]", first, maxsplit=1)[0]
    return max(",;\t", key=first.count)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of a text (RFC 4180).  UnreadableTable where quotes do not match."""
    cell = rf'"(?:[^"]|"")*"|[^"{delimiter}\r\n][^{delimiter}\r\n]*|'
    token = re.compile(rf"({cell})({delimiter}|\r\n|\r|\n|\Z)")
    place = 0
    row: list[Cell] = []
    while place < len(text) or row:
        found = token.match(text, place)
        if not found:
            line = text.count("\n", 0, place) + 1
            raise UnreadableTable(f"{path}, line {line}: a quotation mark is not where one can be")
        row.append(Cell(_unquoted(found[1]), *found.span(1)))
        place = found.end()
        if found[2] != delimiter:
            yield tuple(row)
            row = []


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _must_quote(text: str, delimiter: str) -> bool:
    return any(sign in text for sign in (delimiter, '"', "\r", "\n"))


# --- texts ----------------------------------------------------------------------------------------


@functools.cache
def columns() -> dict[str, dict[str, list[str]]]:
    """Return what columns are called in files of others."""
    path = Path(__file__).with_name("columns.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def spelled(text: str) -> str:
    """Return a name without case, width, spaces and signs: "Ｅ-mail " and "email" are one."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in text if c.isalnum())


def plain(text: str) -> str:
    """Return a cell's text in one line, which no spreadsheet runs as a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.lstrip("'").startswith(FORMULA) else line


def unplain(text: str) -> str:
    """Return the line that `plain` has written so."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def number(text: str) -> float | None:
    """Return a number as people write it, "１３．５" and "13,5" too; None where it is none."""
    text = unicodedata.normalize("NFKC", text).strip().replace(",", ".")
    found = re.fullmatch(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+", text, re.ASCII)
    return float(text) if found else None
