"""A term is explained where it first stands, over the course and over planted faults."""

import pytest
import whole_course
from places import ROOT

from course_tools.authoring import texts
from course_tools.authoring.texts import Text
from course_tools.prose import first_use, glossary
from course_tools.prose.glossary import Term

HOME = "02_b:why"


def term(ja, explained=HOME, zh="遮罩"):
    return Term("mask", {"ja": ja, "zh-tw": zh}, {"ja": "隠すもの。", "zh-tw": "遮住。"}, explained)


def lesson(said, lesson="01_a", key="why", lang="ja"):
    return Text(f"lessons/{lesson}/lesson.py", key, lang, said, 3, markdown=True)


def found(said, *terms, key="why"):
    """What is said of a sentence of lesson 01, before lesson 02 explains マスク and マスク層."""
    ja, zh = (
        lesson("これをマスク、マスク層と呼びます。", "02_b"),
        lesson("遮罩。", "02_b", lang="zh-tw"),
    )
    return [*first_use.problems([lesson(said, key=key), ja, zh], terms or [term("マスク")])]


@pytest.fixture(scope="module")
def course():
    return texts.of_course(whole_course.course().whole())


def test_the_course_explains_every_term_first(course):
    faults = [*first_use.problems(course, glossary.terms(ROOT / "lessons/glossary.tsv"))]
    assert not faults, "\n".join(map(str, faults))


def test_a_gloss_taken_away_is_red(course):
    """Of the course itself: the sentence that explains RNN in passing, without its brackets."""
    terms = glossary.terms(ROOT / "lessons/glossary.tsv")
    for gloss in ("RNN（レッスン02）", "RNN（第 02 課）"):
        bare = [
            Text(t.file, t.key, t.lang, t.words.replace(gloss, "RNN"), t.line, t.markdown)
            for t in course
        ]
        [problem] = first_use.problems(bare, terms)
        assert "01_attention" in problem.file and "02_block:rnn" in problem.what


def test_a_term_before_its_explanation_is_red():
    [problem] = found("前置きです。\n\nマスクを掛けます。")
    assert problem.file == "lessons/01_a/lesson.py:5" and problem.key == "why"
    assert "「マスクを掛けます。」 stands before 02_b:why" in problem.what


@pytest.mark.parametrize(
    "said",
    [
        "マスク（隠すもの）を掛けます。",
        "隠すもの（マスク）を掛けます。",
        "[マスク](02_b.ipynb)を掛けます。",
        "# マスク\n\n次に説明します。",
        "> マスクは原文です。",
        "`マスク`という名前です。",
        "マスク層（隠すもの）です。",
    ],
)
def test_brackets_a_link_a_heading_a_quotation_and_a_longer_term_are_no_fault(said):
    assert not found(said, term("マスク"), term("マスク層"))


@pytest.mark.parametrize("key", first_use.ANNOUNCES)
def test_a_cell_that_announces_explains_nothing(key):
    assert not found("マスクを学びます。", key=key)
    assert found("マスクを学びます。", key=f"{key}s")


def test_every_way_to_write_a_term_is_looked_for():
    assert term("マスク（隠すもの、MSK）／覆い").forms("ja") == ["マスク", "覆い", "MSK"]
    assert found("MSKを掛けます。", term("マスク（MSK）"))
    assert found("覆いを掛けます。", term("マスク／覆い"))


@pytest.mark.parametrize("cell", ["02_b:other", "03_c:why", "02_b"])
def test_a_cell_that_does_not_hold_the_term_is_red(cell):
    what = [problem.what for problem in found("何もありません。", term("マスク", cell))]
    assert what == [f"{cell} does not hold マスク", f"{cell} does not hold 遮罩"]


def test_a_term_that_stands_nowhere_must_not_stand_anywhere():
    unused = term("マスク", "assumed: unused", zh="遮蓋")
    assert "stands here" in found("マスクを掛けます。", unused)[0].what
    assert not found("マスクを掛けます。", term("マスク", "assumed: everyday"))
