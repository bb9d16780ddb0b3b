"""How the lessons' prose runs stays in its bounds, and every bound is seen red."""

import pytest
import whole_course

from course_tools.authoring import rhythm, texts
from course_tools.authoring.texts import Text

RANGES = {"length": [20, 30], "short": [0.1, 0.5], "commas": [2.0, 6.0], "habits": [0, 5]}
WIDE = {"length": [1, 99], "short": [0.0, 1.0], "commas": [0.0, 99.0]}
HABIT = "ではない。[^。]*だ。"
SHORT = "短い文です。"
LONG = "これは、ちょうどよい長さで続いていく、ふつうの文の見本として書きました。"
GOOD = (SHORT + LONG) * 2  # 6 and 36 characters: 21 on average, half of them short


def lesson(words: str, lang: str = "ja") -> list[Text]:
    return [Text("lessons/01_a/lesson.py", "why", lang, words, 1, markdown=True)]


def bounds(lesson=WIDE, section=WIDE, **more):
    ranges = {"lesson": lesson, "section": section}
    return {"ja": {"few": 2, "most": 10, "habit": HABIT, **ranges}, **more}


@pytest.fixture(scope="module")
def course():
    return texts.of_course(whole_course.course().whole())


def test_the_course_is_in_its_bounds(course):
    faults = [*rhythm.problems(course, rhythm.bounds())]
    assert not faults, "\n".join(map(str, faults))


def test_an_allowance_names_a_section_that_needs_it(course):
    named = rhythm.bounds()
    for one in named.pop("allowed", []):
        out = [problem.what for problem in rhythm.problems(course, named)]
        assert any(f"「{one['heading']}」" in what for what in out), one
        assert one["why"]


def test_sentences_are_measured_by_hand():
    found = rhythm.measure(["あ、い。", "「う。え」といいます。"], most=4, habit=HABIT)
    assert found == (2, (4 + 11) / 2, 0.5, 100 / 15, 0)
    assert (
        rhythm.measure(["色ではない。", "形だ。", "音だ。", "色ではない。"], 4, HABIT).habits == 25
    )


def test_headings_lists_tables_quotations_code_are_no_sentences():
    parts = [
        "# 題です。",
        "本文の`x = 1`です。$y$ です。",
        "- 表です。",
        "| 表です。 |",
        "> 引用です。",
    ]
    words = "\n\n".join([*parts, "## 次です。", "はい。"])
    [first, second] = rhythm.sections(lesson(words))[1:]
    assert (first.heading, first.said) == ("題です。", ["本文のxです。", "x です。"])
    assert (second.heading, second.said) == ("次です。", ["はい。"])


def test_languages_and_lessons_are_kept_apart():
    both = [*lesson(SHORT), *lesson("短句。", "zh-tw")]
    other = [Text("lessons/02_b/lesson.py", "why", "ja", LONG, 1, markdown=True)]
    found = [(one.lesson, one.lang, one.said) for one in rhythm.sections([*both, *other])]
    assert found == [("01_a", "ja", [SHORT]), ("02_b", "ja", [LONG]), ("01_a", "zh-tw", ["短句。"])]


PLANTED = {  # what is out of its range -> prose that is so
    "length 36": LONG * 2,
    "length 6": SHORT * 2,
    "short 1": SHORT * 2,
    "short 0": LONG * 2,
    "commas 0": GOOD.replace("、", ""),
    "commas 1": GOOD.replace("、", "、、、"),
    "habits 25": SHORT + LONG.replace("した", "ではない") + SHORT.replace("です", "だ") + LONG,
}


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("where", ["lesson", "section"])
def test_a_planted_fault_is_red(what, where):
    judged = bounds(**{where: RANGES})
    assert not [*rhythm.problems(lesson(GOOD), judged)]
    found = [problem.what for problem in rhythm.problems(lesson(PLANTED[what]), judged)]
    assert any(what in one for one in found), found


def test_a_section_of_few_sentences_or_allowed_by_name_is_not_judged():
    judged = bounds(section=RANGES)
    assert not [*rhythm.problems(lesson(LONG), judged)]
    named = {"lesson": "01_a", "lang": "ja", "heading": "", "why": "…"}
    assert not [*rhythm.problems(lesson(LONG * 2), judged | {"allowed": [named]})]


def test_the_figures_of_each_lesson_and_section_are_printed():
    lines = [*rhythm.table(lesson(f"# 題\n\n{GOOD}\n\n## 空"), bounds())]
    assert [line.split()[-1] for line in lines] == ["ja", "題"]
    assert lines[0].split()[:4] == ["4", "sentences", "21.0", "characters"]
