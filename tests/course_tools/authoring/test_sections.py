"""Sections that are closed below a heading, and what a student opens of a lesson, counted."""

import json

import pytest
import whole_course

from course_tools.authoring import folding, notebooks, render, sections, sitting
from course_tools.authoring.percent import cells_of
from helpers.language.say import COMPLETE

TEXT = """
# %% [markdown] key="one" lang="ja"
# ## 1 はじめ
# 本文
# %% [markdown] key="one" lang="zh-tw"
# ## 1 開始
# 本文
# %% key="x"
x = 1
# %% [markdown] key="more" lang="ja" further=true
# ## 2 もっと
# %% [markdown] key="more" lang="zh-tw" further=true
# ## 2 更多
# %% key="y"
y = x

guess = None
# %% [markdown] key="deeper" lang="ja"
# ### 細部
# %% [markdown] key="deeper" lang="zh-tw"
# ### 細節
# %% key="z"
z = y
# %% [markdown] key="end" lang="ja"
# ## 3 おわり
# %% [markdown] key="end" lang="zh-tw"
# ## 3 結束
# %% key="last"
guess = None
print(x, guess)
"""
COURSE = whole_course.course()


def cells(text: str = TEXT):
    return tuple(cells_of("x/lesson.py", text))


def opened(text: str = TEXT, lang: str = "ja") -> sitting.Sitting:
    return sitting.of(cells(text), folding.folded(cells(text)), lang)


def test_a_section_ends_at_the_next_heading_of_its_level():
    assert sections.below(cells()) == {"y", "deeper", "z"}
    assert sections.below(cells(TEXT.replace("### 細", "# 細"))) == {"y"}
    assert sections.below(cells(TEXT.replace(" further=true", ""))) == set()


def test_jupyterlab_is_told_to_close_it():
    made = notebooks.notebook(cells(), {}, "ja", {}, {})
    closed = [c["id"] for c in made["cells"] if c["metadata"].get("jp-MarkdownHeadingCollapsed")]
    assert closed == ["more"]
    assert "further" not in json.dumps(made)


def test_a_section_that_is_sound_is_no_problem():
    assert list(sections.problems(cells())) == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("print(x", "print(y", "it needs y,"),
        ("print(x", "print(z", "it needs z,"),
        ("further=true\n# ## 2", "further=true\n# 2", "further=True closes no section"),
        ("further=true", "further=false", "further=False closes no section"),
        ('key="x"', 'key="x" further=true', "further=True closes no section"),
    ],
)
def test_what_cannot_be_closed_is_refused(old, new, named):
    found = list(map(str, sections.problems(cells(TEXT.replace(old, new)))))
    assert any(named in problem for problem in found)


def test_what_is_defined_in_view_too_may_be_used():
    text = TEXT.replace("x = 1", "x = y = 1").replace("print(x", "print(y")
    assert list(sections.problems(cells(text))) == []


def test_only_what_is_open_counts():
    one_language = sitting.Sitting(
        cells=5, lines=3, characters=len("##1はじめ本文##2もっと##3おわり"), guesses=1
    )
    assert opened() == one_language
    everything = opened(TEXT.replace(" further=true", ""))
    assert everything.cells == 8 and everything.guesses == 2 and everything.lines == 6
    folded = TEXT.replace('key="x"', 'key="x" hide=true')
    assert opened(folded) == one_language._replace(lines=2)


def test_the_minutes_follow_the_formula():
    size = sitting.Sitting(cells=50, lines=240, characters=6000, guesses=10)
    assert size.minutes(questions=8, seconds=60) == 60  # 15 + 20 + 10 + 12 + 1 = 58
    assert size.minutes(questions=8, seconds=0) == 60
    assert size._replace(guesses=13).minutes(questions=8, seconds=60) == 65


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_a_lesson_is_one_sitting(lesson):
    found = set()
    every = render.with_set_up(lesson.lesson.cells, COURSE.set_up.cells)
    for lang in COMPLETE:
        size = sitting.of(every, folding.folded(every), lang)
        found |= {
            name for name in size._fields if getattr(size, name) > getattr(sitting.MOST, name)
        }
    assert found == set()
