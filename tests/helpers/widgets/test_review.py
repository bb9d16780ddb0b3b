"""The review: only finished lessons, those missed first, and nothing of a lesson's credit lost."""

import itertools
import json
import random
from dataclasses import replace

import pytest
from places import ROOT

import helpers
from helpers.classroom import overview, progress, records
from helpers.classroom.records import Answer, LessonWork
from helpers.classroom.session import Session
from helpers.display.markup import Html
from helpers.language import say
from helpers.widgets import Quiz
from helpers.widgets.quiz import kinds, review
from helpers.widgets.quiz.anywidget_view import QuizAnywidgetView
from helpers.widgets.quiz.bank import read_bank
from helpers.widgets.quiz.ipywidgets_view import QuizIpywidgetsView

LANGUAGES = ["ja", "zh-tw"]
ENTRIES = {entry["name"]: entry for entry in overview.course()["lesson"]}
FIRST, SECOND, THIRD = [name for name, entry in ENTRIES.items() if len(entry["quiz"]) >= 6][:3]


@pytest.fixture(autouse=True, params=LANGUAGES)
def session(request, tmp_path, monkeypatch):
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)
    with Session(lang=request.param, home=tmp_path / "home") as now:
        yield now


def example(lesson, question, right):
    """An answer that the question's own kind says is right, or wrong; as it is kept."""
    table = next(t for t in read_bank(lesson)["question"] if t["id"] == question)
    asked, words = kinds.from_table(table), Quiz(lesson).words
    given = next(one.given for one in asked.examples() if one.right is right)
    return asked.accept(given, words)


def at(minute):
    return f"2026-01-01T00:{minute:02}:00.000000Z"


def solved(lesson, question, minute=0, **changes):
    right = Answer(example(lesson, question, True), 1, True, True, False, at(minute))
    return replace(right, **changes)


def lesson_done(lesson, changed=None):
    """A finished lesson, its questions answered one a minute, with changes to some of them."""
    ids = ENTRIES[lesson]["quiz"]
    changed = changed or {}
    return LessonWork(
        {id: solved(lesson, id, n, **changed.get(id, {})) for n, id in enumerate(ids)}
    )


def keep(**work):
    file = progress.data_dir() / "progress.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    lessons = {name.removeprefix("_"): kept for name, kept in work.items()}
    file.write_text(records.dumps(lessons, "0" * 32), encoding="utf-8")


def keep_all(work):
    keep(**{f"_{name}": kept for name, kept in work.items()})


def id_of(lesson, question):
    return f"{lesson.split('_')[0]}-{question}"


def ids(count=100):
    return list(helpers.review(count).questions)


# --- which questions, in which order ------------------------------------------------------------


def test_without_a_finished_lesson_it_says_what_to_do(capsys):
    assert helpers.review() is None
    told = capsys.readouterr().out
    assert say.text("quiz", "review_none") in told
    assert overview.next_step(list(ENTRIES.values()), {}) in told


def test_only_finished_lessons_are_asked_about():
    open_one = lesson_done(SECOND, {"q1": {"solved": False}})
    keep_all({FIRST: lesson_done(FIRST), SECOND: open_one, THIRD: lesson_done(THIRD)})
    expected = [id_of(lesson, q) for lesson in (FIRST, THIRD) for q in ENTRIES[lesson]["quiz"]]
    assert sorted(ids()) == sorted(expected)
    keep_all({SECOND: open_one})
    assert helpers.review() is None


def test_those_missed_come_first_then_those_with_a_hint_each_the_oldest_first():
    wrong = {"given": example(FIRST, "q5", False)}
    changed = {
        "q1": {"when": at(50)},
        "q2": {"hinted": True, "when": at(40)},
        "q3": {"hinted": True, "when": at(30)},
        "q4": {"at_once": False, "when": at(20)},
        "q5": {**wrong, "when": at(10)},
        "q6": {"given": (), "when": at(5)},  # taken back: not wrong now
    }
    keep_all({FIRST: lesson_done(FIRST, changed)})
    rest = [q for q in ENTRIES[FIRST]["quiz"] if q not in changed]  # older than q1
    assert all(lesson_done(FIRST).quiz[q].when > at(5) for q in rest)
    expected = ["q5", "q4", "q3", "q2", "q6", *rest, "q1"]
    assert ids() == [id_of(FIRST, q) for q in expected]


def test_no_other_question_takes_the_place_of_one_missed():
    missed = {"q2": {"at_once": False}, "q4": {"at_once": False}, "q5": {"at_once": False}}
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND, missed)})
    assert ids(3) == [id_of(SECOND, q) for q in missed]
    assert set(ids(4)) > {id_of(SECOND, q) for q in missed}


def test_ten_questions_unless_asked_for_more_or_fewer():
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND)})
    assert len(helpers.review().questions) == 10
    assert [len(ids(n)) for n in (1, 4)] == [1, 4]
    assert len(ids(100)) == len(ENTRIES[FIRST]["quiz"]) + len(ENTRIES[SECOND]["quiz"])


@pytest.mark.parametrize("count", [0, -3, 2.5, "10"])
def test_a_count_that_is_none_is_refused_in_words(count):
    with pytest.raises(ValueError) as caught:
        helpers.review(count)
    assert str(caught.value) == say.text("quiz", "review_count", got=repr(count))


def test_the_same_record_gives_the_same_review_and_an_answer_changes_it():
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND)})
    first = ids(10)
    assert ids(10) == first
    quiz = helpers.review()
    lesson = FIRST if first[0].startswith(FIRST[:2]) else SECOND
    quiz.answer(first[0], example(lesson, first[0].split("-")[1], True))
    after = ids(10)
    assert after != first and first[0] not in after  # answered right just now: the last to come
    assert ids(10) == after


def test_an_answer_that_is_wrong_now_comes_first_next_time():
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND)})
    last = next(q for q in reversed(ids()) if q.startswith(SECOND[:2]))
    question = last.split("-")[1]
    helpers.review(100).answer(last, example(SECOND, question, False))
    assert ids()[0] == last


def asked(lessons):
    entries = [{"name": f"{lesson}_x"} for lesson in lessons]
    return [review.Asked(entry, {"id": f"q{n}"}, Answer(), n) for n, entry in enumerate(entries)]


def neighbours(questions):
    return sum(a.lesson == b.lesson for a, b in itertools.pairwise(questions))


def test_neighbours_are_of_one_lesson_only_where_that_cannot_be_avoided():
    draw = random.Random(0)
    for _ in range(150):
        some = asked(draw.choices("ABC", weights=[3, 2, 1], k=draw.randint(1, 6)))
        found = review.spread(some)
        assert sorted(one.place for one in found) == list(range(len(some)))
        assert neighbours(found) == min(map(neighbours, itertools.permutations(some)))


def test_an_order_without_such_neighbours_stays():
    for lessons in ("ABC", "ABAB", "ABCABC", "A", ""):
        some = asked(lessons)
        assert review.spread(some) == some


# --- what is kept -------------------------------------------------------------------------------


def everything(lesson):
    return {q: (a.solved, a.at_once) for q, a in progress.answers(lesson).items()}


def test_no_credit_of_a_lesson_is_lost_or_won():
    keep_all({FIRST: lesson_done(FIRST, {"q2": {"at_once": False, "tries": 3}})})
    before, score = everything(FIRST), repr(Quiz(FIRST).score())
    quiz = helpers.review(100)
    for q in ENTRIES[FIRST]["quiz"]:
        quiz.answer(id_of(FIRST, q), example(FIRST, q, q == "q2"))
    assert quiz.score().right == 1 and quiz.errors == []
    assert everything(FIRST) == before and repr(Quiz(FIRST).score()) == score
    assert overview.is_finished(ENTRIES[FIRST], progress.work())


def test_an_answer_is_one_more_try_of_its_own_question_and_of_no_other():
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND)})
    before = progress.work()
    wrong = example(SECOND, "q3", False)
    quiz = helpers.review(100)
    quiz.answer(id_of(SECOND, "q3"), wrong)
    after, old = progress.work(), before[SECOND].quiz["q3"]
    now = after[SECOND].quiz.pop("q3")
    assert (now.given, now.tries, now.when > old.when) == (wrong, old.tries + 1, True)
    del before[SECOND].quiz["q3"]
    assert after == before and set(after) == {FIRST, SECOND}


def test_a_retry_takes_back_nothing_that_is_kept():
    keep_all({FIRST: lesson_done(FIRST)})
    before = progress.work()
    quiz = helpers.review()
    quiz.retry(id_of(FIRST, "q1"))
    assert progress.work() == before
    quiz.answer(id_of(FIRST, "q1"), example(FIRST, "q1", False))
    wrong = progress.work()
    quiz.retry(id_of(FIRST, "q1"))
    assert progress.work() == wrong and quiz.attempt(id_of(FIRST, "q1")).result is None


def test_a_hint_is_kept_with_its_question():
    keep_all({FIRST: lesson_done(FIRST)})
    helpers.review(100).hint(id_of(FIRST, "q4"))
    assert [q for q, a in progress.answers(FIRST).items() if a.hinted] == ["q4"]


@pytest.mark.parametrize("text", ["{", '{"course": "another"}'])
def test_a_record_that_cannot_be_read_stops_nothing(text, capsys):
    keep_all({FIRST: lesson_done(FIRST)})
    (progress.data_dir() / "progress.json").write_text(text, encoding="utf-8")
    assert helpers.review() is None
    [aside] = progress.data_dir().glob("progress.broken-*.json")
    assert aside.read_text(encoding="utf-8") == text and aside.name in capsys.readouterr().out


def test_a_record_of_a_later_course_is_left_alone_and_the_review_goes_on(capsys):
    keep_all({FIRST: lesson_done(FIRST)})
    quiz = helpers.review()
    file = progress.data_dir() / "progress.json"
    later = json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"format": 99})
    file.write_text(later, encoding="utf-8")
    for right in (False, True):
        assert quiz.answer(id_of(FIRST, "q1"), example(FIRST, "q1", right)).right is right
    assert quiz.errors == [] and file.read_text(encoding="utf-8") == later
    assert say.text("progress", "newer", file=file) in capsys.readouterr().out
    assert helpers.review() is None  # what is finished cannot be known, and it says what to do
    assert say.text("quiz", "review_none") in capsys.readouterr().out


# --- on screen ----------------------------------------------------------------------------------


@pytest.fixture
def quiz():
    keep_all({FIRST: lesson_done(FIRST), SECOND: lesson_done(SECOND)})
    return helpers.review(100)


def test_both_views_judge_and_keep_as_the_call_does(quiz):
    question = id_of(FIRST, "q1")
    wrong = example(FIRST, "q1", False)
    places = [n for n, c in enumerate(quiz.shown(question)) if c.id in wrong]
    assert isinstance(quiz.view, QuizAnywidgetView)
    message = {"question": question, "action": "check", "value": places or wrong}
    quiz.view._handle_custom_msg(message, [])
    assert quiz.view.attempts[question]["right"] is False
    assert progress.answers(FIRST)["q1"].tries == 2
    view = quiz.show_plain()
    assert isinstance(view, QuizIpywidgetsView)
    view.rows[question].buttons["check"].click()
    assert quiz.words["again"].format(n=2) in view.rows[question].feedback.value
    assert progress.answers(FIRST)["q1"].tries == 3 and quiz.errors == []


def test_every_view_names_the_lesson_of_a_question_and_links_to_it(quiz):
    shown = {q["id"]: q for q in quiz.view.questions}
    rows, html, text = quiz.show_plain().rows, quiz.html(), repr(quiz)
    for lesson, question in ((FIRST, "q1"), (SECOND, "q2")):
        id, title = id_of(lesson, question), say.choose(ENTRIES[lesson]["title"])
        origin = quiz.words["review_origin"].format(number=lesson[:2], title=title)
        assert (shown[id]["origin"], shown[id]["href"]) == (origin, f"{lesson}.ipynb")
        head = rows[id].box.children[0].value
        link = f'<a href="{lesson}.ipynb" target="_blank" rel="noopener"><u>{Html.escape(origin)}'
        assert all(link in page for page in (head, html))
        assert all(origin in page for page in (head, html, text))
        assert (ROOT / "notebooks" / say.language() / shown[id]["href"]).is_file()


def test_on_colab_a_lesson_is_named_without_a_link(quiz, monkeypatch):
    monkeypatch.setattr(progress, "on_colab", lambda: True)
    assert {q["href"] for q in quiz.view.questions} == {""}
    assert "<a " not in quiz.html() and quiz.view.questions[0]["origin"] in quiz.html()


def test_a_lessons_own_quiz_names_no_lesson():
    own = Quiz(FIRST)
    assert {(q["origin"], q["href"]) for q in own.view.questions} == {("", "")}
    assert "<a " not in own.html()


def test_choices_stand_in_another_order_than_in_the_lesson(quiz):
    moved = 0
    for lesson in (FIRST, SECOND):
        own = Quiz(lesson)
        for q in ENTRIES[lesson]["quiz"]:
            there, here = own.shown(q), quiz.shown(id_of(lesson, q))
            assert sorted(c.id for c in there) == sorted(c.id for c in here)
            moved += [c.id for c in there] != [c.id for c in here]
    assert moved > 3  # of more than ten; each stays by chance in 1 of at least 6


def test_nothing_is_told_before_it_is_asked_for(quiz):
    public = json.dumps(quiz.view.get_state(), default=str, ensure_ascii=False)
    public += quiz.html() + repr(quiz)
    for question in quiz.questions.values():
        assert question.text.split("`")[0][:8] in public
        reasons = [c.why for c in question.options()] or [question.why_right, question.why_wrong]
        assert not [told for told in (question.hint, *reasons) if told in public]


def test_it_has_its_own_title_and_tells_how_to_call_it(quiz):
    title = say.text("quiz", "review_title")
    assert title != say.text("quiz", "title") and quiz.view.words["title"] == title
    assert title in quiz.html() and "quiz = helpers.review()" in repr(quiz)
    with pytest.raises(ValueError, match="q99"):
        quiz.answer("q99", "a")
