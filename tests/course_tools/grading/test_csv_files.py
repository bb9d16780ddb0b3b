"""Tables of others: read in every encoding, changed without touching another byte, no guess."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading import csv_files
from course_tools.grading.csv_files import CsvFile, UnreadableTable, number, plain, unplain

QUICKLY = settings(max_examples=80, deadline=None, derandomize=True, database=None)
JA = "学籍番号,氏名\r\n24A0001,渡辺 さくら\r\n24A0002,髙橋 ①郎\r\n"
ZH = "學號,姓名\r\nB12900001,陳怡君\r\nB12900002,許功蓋\r\n"
HALF_WIDTH = "ｶﾞｸﾄﾞｳ,ﾔﾏﾀﾞ\r\nｱｱ,ｲｲ\r\n"
CELLS = st.text(st.sampled_from('a1 ,;"\t\n\r＝=渡辺髙陳ｱ①🎓'), max_size=6)
DELIMITERS = st.sampled_from(",;\t")
ENDS = st.sampled_from(["\r\n", "\n", "\r"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp932"])


def written(folder: Path, data: bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (JA, "utf-8", "utf-8"),
        (JA, "utf-8-sig", "utf-8"),
        (JA, "utf-16", "utf-16-le"),
        (JA, "utf-16-be", "utf-16-be"),
        (JA, "cp932", "cp932"),
        (ZH, "cp950", "cp950"),
        (ZH, "utf-16", "utf-16-le"),
    ],
)
def test_each_encoding_is_recognised(tmp_path, text, encoding, found):
    file = CsvFile.read(written(tmp_path, text.encode(encoding)))
    assert (file.encoding, file.text) == (found, text)
    assert file.cell(2, 1) == text.splitlines()[2].split(",")[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04\x00\x00\x00", "an Excel file"),
        ("\ufeff".encode() + JA.encode("cp932"), "not whole UTF-8"),
        (b"\xff\xfe\x00\xd8,", "not whole UTF-16"),
        (b"a,b\r\n\xff\xff,\xff\r\n", "no encoding"),
        (b'a,b\r\n"1,2\r\n', "line 2: a quotation mark"),
        (b'a,b\r\n"1"x,2\r\n', "line 2: a quotation mark"),
        (b"", "holds no row"),
        (HALF_WIDTH.encode("cp932"), "nothing tells which"),
        (ZH.replace("學號,姓名", "id,name").encode("cp950"), "nothing tells which"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_got_and_what_to_do(tmp_path, data, said):
    with pytest.raises(UnreadableTable) as refused:
        CsvFile.read(written(tmp_path, data))
    assert said in str(refused.value) and "table.csv" in str(refused.value)


def test_a_head_that_is_known_tells_which_of_two_code_pages_it_is(tmp_path):
    both = "氏名,ｱ\r\n".encode("cp932") + HALF_WIDTH.encode("cp932")
    assert CsvFile.read(written(tmp_path, both)).encoding == "cp932"


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5),
    DELIMITERS, ENDS, ENCODINGS, st.booleans(), st.data(),
)  # fmt: skip
@QUICKLY
def test_a_changed_cell_changes_no_other_byte(
    tmp_path_factory, rows, delimiter, end, encoding, all_quoted, data
):
    """What Python's own csv module wrote is read the same, and one cell is changed in it."""
    rows = [["head", "b"], *rows]
    if not all_quoted:  # Python writes a lone \r without quotes, which nobody could read
        rows = [[cell.replace("\r", "").replace("\n", "") for cell in row] for row in rows]
    if encoding == "cp932":  # it has no emoji, and "①" in one of two places
        rows = [[cell.replace("🎓", "") for cell in row] for row in rows]
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    raw = out.getvalue().encode(encoding)
    file = CsvFile.read(written(tmp_path_factory.mktemp("t"), raw))
    there = [row for row in rows if any(row)]
    assert [[cell.text for cell in row] for row in file.rows] == there
    assert file.changed({}) == raw
    row = data.draw(st.integers(0, len(there) - 1))
    column = data.draw(st.integers(0, len(there[row]) - 1))
    made = CsvFile.read(written(tmp_path_factory.mktemp("t"), file.changed({(row, column): "9.5"})))
    there[row][column] = "9.5"
    assert [[cell.text for cell in row] for row in made.rows] == there
    assert differs_in_one_place(raw, made.data)


def common(one: bytes, other: bytes) -> bytes:
    """The bytes that two files begin with."""
    n = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return one[: min(len(one), len(other)) if n is None else n]


def differs_in_one_place(one: bytes, other: bytes) -> bool:
    """Before and behind one gap, which is no longer than a cell, the bytes are the same."""
    start = len(common(one, other))
    rest = len(common(one[start:][::-1], other[start:][::-1]))
    return len(other) - start - rest <= len("9.5".encode("utf-16")) + 4


def test_cp932_bytes_that_decode_to_one_character_stay_as_they_are(tmp_path):
    """Shift JIS has "∵" twice: decoding and encoding again would write the other one."""
    raw = "番号,点\r\n".encode("cp932") + b"\x87\x9a\x81\xe6,\r\n1,2\r\n"
    assert raw.decode("cp932").encode("cp932") != raw
    file = CsvFile.read(written(tmp_path, raw))
    assert file.changed({(2, 1): "3"}) == raw.replace(b"1,2", b"1,3")


def test_a_fault_in_the_offsets_is_seen(tmp_path, monkeypatch):
    file = CsvFile.read(written(tmp_path, JA.encode("cp932")))
    right = file.changed({(1, 0): "x"})
    monkeypatch.setattr(csv_files, "_offsets", lambda data, encoding: list(range(len(data) + 1)))
    assert file.changed({(1, 0): "x"}) != right


@given(st.text(st.sampled_from("'=+-@a1 渡＝\t\r\n"), max_size=8))
@QUICKLY
def test_no_cell_is_a_formula_and_each_comes_back(text):
    cell, line = plain(text), " ".join(text.split())
    assert not cell.startswith(csv_files.FORMULA)
    assert unplain(cell) == line


@pytest.mark.parametrize(
    ("text", "value"),
    [("１３．５", 13.5), ("13,5", 13.5), (" 7 ", 7), ("", None), ("EX", None), ("1.2.3", None),
     ("-", None), ("nan", None), ("٣", None)],
)  # fmt: skip
def test_numbers_as_people_write_them(text, value):
    assert number(text) == value


def test_heads_are_found_however_they_are_spelled(tmp_path):
    file = CsvFile.read(written(tmp_path, "Ｅ-Mail,ユーザＩＤ,x\r\n1,2,3\r\n".encode()))
    assert file.columns(["email"]) == [0] and file.columns(["ユーザid"]) == [1]
