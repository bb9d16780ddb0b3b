"""One thing has one name, and no calque stands: over the course and over planted faults."""

import pytest
import whole_course

from course_tools.authoring import texts
from course_tools.authoring.problems import LessonError
from course_tools.authoring.texts import Text
from course_tools.prose import wording

PLANTED = {  # what the gate should find -> a sentence that holds it
    "例えば": ("ja", "例えば、2つの文を比べます。"),
    "でたらめ": ("ja", "でたらめに選ぶと0.5です。"),
    "パラメータの数": ("ja", "パラメータの数は同じです。"),
    "アテンションの重み": ("ja", "アテンションの重みを平均します。"),
    "參數個數": ("zh-tw", "橫軸是參數個數。"),
    "隨機數": ("zh-tw", "換成另一組隨機數。"),
    "產生文字": ("zh-tw", "模型產生文字時，會用到快取。"),
    "猜猜看": ("zh-tw", "先猜猜看：一共有幾個？"),
    "讀的 FLOPs": ("zh-tw", "表裡是讀的 FLOPs。"),
    "寫的時間": ("zh-tw", "寫的時間用位元組數比。"),
    "正解": ("zh-tw", "輸入與正解的長度。"),
    "為止": ("zh-tw", "寫到第 5 個為止。"),
    "壞了": ("zh-tw", "翻譯就壞了。"),
    "給看": ("zh-tw", "否定句全部給看。"),
    "據報告": ("zh-tw", "據報告有湧現能力。"),
    "依序的只有": ("zh-tw", "依序的只有生成。"),
}
GOOD = {
    "ja": [
        "普通は、交差注意の重みを見ます。",
        "当てずっぽうなら0.5です。",
        "もっとも、値は同じです。",
    ],
    "zh-tw": [
        "到目前為止的分數。",
        "重複抽樣，再取樣一個詞元。",
        "參數量、正在讀的句子、由文法產生。",
    ],
}


@pytest.fixture(scope="module")
def course():
    return texts.of_course(whole_course.course().whole())


def found(lang, words, rows=None):
    text = Text("lessons/01_a/quiz.toml", "q1.text", lang, words, 3)
    return [*wording.problems([text], wording.read() if rows is None else rows)]


def test_the_course_passes(course):
    faults = [*wording.problems(course, wording.read())]
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_red(what):
    [problem] = found(*PLANTED[what])
    assert problem.what.startswith(what) and problem.file == "lessons/01_a/quiz.toml:3"
    assert "wording.toml" in problem.remedy


@pytest.mark.parametrize(("lang", "words"), [(lang, one) for lang in GOOD for one in GOOD[lang]])
def test_no_false_finding(lang, words):
    assert not found(lang, words)


def test_code_is_no_wording():
    assert not found("zh-tw", "看 `猜猜看` 的值。")


def test_an_allowance_names_a_text_that_needs_it(course):
    """Each one taken away by itself is seen red, so none is left over."""
    for row in wording.read():
        for name in row.allowed:
            bare = [wording.Wording(row.lang, row.say, row.never, row.why, frozenset())]
            mine = [text for text in course if wording.name(text) == name]
            assert [*wording.problems(mine, bare)], name


ROW = 'say = "b"\nnever = "a"\nwhy = "c"\n'
BROKEN = {
    "nothing for": "[[ja]]\n" + ROW,
    "has ": "[[ja]]\n" + ROW + "[[zh-tw]]\n" + ROW.replace("why", "reason"),
    "has": "[[ja]]\n" + ROW + "[[zh-tw]]\n" + ROW + 'allowed = [{ text = "x", why = "" }]',
    "cannot read": "[[ja]]\n" + ROW.replace('"a"', '"("') + "[[zh-tw]]\n" + ROW,
    "finds": "[[ja]]\n" + ROW.replace('"a"', '"b"') + "[[zh-tw]]\n" + ROW,
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_table_that_is_not_whole_is_red(tmp_path, what):
    file = tmp_path / "wording.toml"
    file.write_text(BROKEN[what], encoding="utf-8")
    with pytest.raises(LessonError, match=what):
        wording.read(file)
