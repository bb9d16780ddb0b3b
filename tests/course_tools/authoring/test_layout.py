"""What was broken over lines only because T(…) holds two languages is one line for a student."""

import ast

import pytest
import whole_course

from course_tools.authoring.inline_texts import code_in
from course_tools.authoring.percent import Cell

LONG = "長" * 150
BROKEN = {
    "a sole text": (
        'print(\n    T(\n        ja="あ",\n        zh_tw="阿",\n    )\n)',
        'print("あ")',
    ),
    "a text that is longer than a line": (
        f'f(\n    fig,\n    T(\n        ja="{LONG}",\n        zh_tw="{LONG}",\n    ),\n)',
        f'f(fig, "{LONG}")',
    ),
    "several texts": (
        'names = {\n    "a": T(ja="あ", zh_tw="阿"),\n    "b": T(ja="い", zh_tw="伊"),\n}',
        'names = {"a": "あ", "b": "い"}',
    ),
    "an inner bracket": (
        f'f(\n    "{"x" * 90}",\n    g(\n        1,\n        T(ja="あ", zh_tw="阿"),\n    ),\n)',
        f'f(\n    "{"x" * 90}",\n    g(1, "あ"),\n)',
    ),
}
KEPT = {
    "no text": "f(\n    1,\n    2,\n)",
    "two long texts": f'f(\n    T(ja="{LONG}", zh_tw="阿"),\n    T(ja="{LONG}", zh_tw="伊"),\n)',
    "one that is too long in the other language": (
        f'f(\n    T(ja="あ", zh_tw="{LONG}"),\n    T(ja="い", zh_tw="伊"),\n)'
    ),
    "a comment": 'f(\n    # why\n    T(ja="あ", zh_tw="阿"),\n)',
    "a comma that makes a tuple": 'x = (\n    T(ja="あ", zh_tw="阿"),\n)',
    "a text on its own": 'x = T(\n    ja="あ",\n    zh_tw="阿",\n)',
}


def cell_of(source):
    return Cell("x/lesson.py", "x", None, True, source, {})


@pytest.mark.parametrize("name", BROKEN)
def test_what_fits_is_one_line(name):
    source, want = BROKEN[name]
    assert code_in(cell_of(source), "ja") == want


@pytest.mark.parametrize("name", KEPT)
def test_what_does_not_fit_or_would_change_stays(name):
    assert cell_of(KEPT[name]).joined.source == KEPT[name]


def test_no_lesson_changes_its_code():
    cells = [cell for lesson in whole_course.course().lessons for cell in lesson.lesson.code]
    assert any(cell.joined.source != cell.source for cell in cells)
    for cell in cells:
        assert ast.dump(ast.parse(cell.joined.source)) == ast.dump(ast.parse(cell.source))
