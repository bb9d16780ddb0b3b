"""The review of finished lessons in a real JupyterLab: order, links, record, looks, axe."""

import shutil

import pytest
import turns
from keyboard import FITS, Keyboard, answers, give, styled
from test_accessibility import examine

from course_tools.checks.lab_driver import write_notebook
from helpers.classroom import records
from helpers.widgets.quiz.bank import read_bank

LESSONS = ("01_attention", "02_block")
MISSED = "q3"  # of either lesson, before it was answered right
FINISH = """\
from helpers.widgets import Quiz
for lesson in {lessons}:
    quiz = Quiz(lesson)
    for id, question in quiz.questions.items():
        wrong_first = sorted(question.examples(), key=lambda one: one.right)
        for one in wrong_first if id == {missed!r} else wrong_first[-1:]:
            quiz.answer(id, one.given)
"""
ASKED = "all => all.map(question => question.dataset.question)"


@pytest.fixture(scope="module", params=turns.languages(0))
def review(request, start_lab, course, chromium):
    """(lab, page): the review of a student who finished two lessons, a question of each missed"""
    lab = start_lab(request.param)
    folder = course / "my" / "notebooks" / lab.lang
    folder.mkdir(parents=True, exist_ok=True)
    for lesson in LESSONS:
        shutil.copy(course / "notebooks" / lab.lang / f"{lesson}.ipynb", folder)
    begin = f"import helpers\nhelpers.begin('00_start', {lab.lang!r})"
    finish = FINISH.format(lessons=LESSONS, missed=MISSED)
    write_notebook(course, f"notebooks/{lab.lang}/review", begin, finish, "helpers.review()")
    page = lab.open(chromium, f"notebooks/{lab.lang}/review.ipynb")
    lab.run_all(page)
    page.locator(".triad-quiz fieldset").first.wait_for()
    return lab, page


def asked(page):
    return page.locator(".triad-quiz fieldset").evaluate_all(ASKED)


def kept(lab, lesson, question):
    return records.loads((lab.data / "progress.json").read_bytes())[lesson].quiz[question]


def test_what_was_missed_comes_first(review):
    assert sorted(asked(review[1])[:2]) == [f"{lesson[:2]}-{MISSED}" for lesson in LESSONS]


def test_each_question_names_its_lesson_and_leads_to_it(review):
    links = review[1].locator(".triad-quiz fieldset a")
    leads = links.evaluate_all("all => all.map(link => link.href.split('/').pop().slice(0, 2))")
    assert leads == [question[:2] for question in asked(review[1])]


@pytest.mark.parametrize("dark", turns.by_turns(1, [False, True]), ids=["light", "dark"])
def test_axe_finds_no_violation(review, axe, dark):
    lab, page = review
    lab.use_theme(page, dark=dark)
    faults, undecided, passed = examine(page, axe, ".triad-quiz")
    assert (faults, undecided) == ({}, {}) and "color-contrast" in passed


def test_at_400_pixels_nothing_is_wider(review):
    with styled(review[1], ".triad-quiz { width: 384px; box-sizing: border-box }"):
        assert review[1].evaluate(FITS)


def test_an_answer_by_keyboard_counts_in_its_own_lesson(review):
    lab, page = review
    lesson = next(one for one in LESSONS if asked(page)[0].startswith(one[:2]))
    table = next(one for one in read_bank(lesson)["question"] if one["id"] == MISSED)
    before = kept(lab, lesson, MISSED)
    student, (_, (right, _)) = Keyboard(page, lab.lang), answers(table)
    student.enter_quiz()
    give(student, table | {"id": asked(page)[0]}, right)
    student.expect(asked(page)[0], student.words["right"])
    assert kept(lab, lesson, MISSED).tries == before.tries + 1
    assert not kept(lab, lesson, MISSED).at_once  # it was missed, and stays so
