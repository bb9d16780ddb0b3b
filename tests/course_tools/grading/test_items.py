"""Item statistics give back what a synthetic class was made with, and name nothing by chance."""

import dataclasses
import math
import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from sample_class import LESSON
from scipy import stats

from course_tools.grading import items, messages, sheet
from course_tools.grading.graded import Graded, Outcome
from course_tools.grading.items import FEWEST, Item, analysed
from course_tools.grading.marks import Given, Grade
from course_tools.grading.reports import report
from helpers.classroom.records import Answer, LessonWork
from helpers.widgets.quiz.bank import questions, read_bank

ALL = bool(os.environ.get("TRIAD_ALL"))


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, LESSON, "ja")


def whole(table: np.ndarray) -> list[Item]:
    """Items of a table (students, items) of scores."""
    return [Item(f"i{k}", {f"s{n}": float(x) for n, x in enumerate(column)})
            for k, column in enumerate(table.T)]  # fmt: skip


# --- discrimination ---------------------------------------------------------------------------


@settings(max_examples=200 if ALL else 30, deadline=None)
@given(st.integers(0, 10**9), st.integers(FEWEST, 60), st.integers(2, 7))
def test_it_is_the_correlation_with_the_rest(seed, n, k):
    """Numpy says the same, of tables with every score, and of points that weigh differently."""
    rng = np.random.default_rng(seed)
    table, weights = rng.integers(0, 4, (n, k)) / 3, rng.integers(1, 5, k)
    made = [dataclasses.replace(i, weight=float(w))
            for i, w in zip(whole(table), weights, strict=True)]  # fmt: skip
    for j, one in enumerate(analysed(made)):
        rest = np.delete(table, j, 1) @ np.delete(weights, j)
        if min(np.ptp(table[:, j]), np.ptp(rest)) == 0:
            assert one.discrimination is None
        else:
            assert one.discrimination == pytest.approx(np.corrcoef(table[:, j], rest)[0, 1])
        assert one.share == pytest.approx(table[:, j].mean()) and one.n == n


@pytest.mark.parametrize("latent", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("k", [4, 9])
def test_the_known_value_of_parallel_questions_is_recovered(latent, k):
    """Half of the class is right; two latent normals with correlation ρ agree as 2/π asin ρ.

    Each question then has r = m φ / √(m + m (m − 1) φ) with the sum of the m others.
    """
    n, m, rng = 4000, k - 1, np.random.default_rng(k)
    ability = rng.standard_normal((n, 1))
    scores = math.sqrt(latent) * ability + math.sqrt(1 - latent) * rng.standard_normal((n, k))
    phi = 2 / math.pi * math.asin(latent)
    known = m * phi / math.sqrt(m + m * (m - 1) * phi)
    found = analysed(whole((scores > 0).astype(float)))
    assert all(abs(one.discrimination - known) < 4.5 / math.sqrt(n) for one in found)
    assert all(abs(one.share - 0.5) < 4.5 * 0.5 / math.sqrt(n) for one in found)


def test_a_question_with_the_wrong_key_is_below_zero():
    rng = np.random.default_rng(1)
    ability = rng.standard_normal((200, 1))
    right = (ability + rng.standard_normal((200, 6)) > 0).astype(float)
    right[:, 2] = 1 - right[:, 2]
    found = {one.item.name: one.discrimination for one in analysed(whole(right))}
    assert found.pop("i2") < -0.2 and min(found.values()) > 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 40))
def test_neither_the_order_of_students_nor_that_of_items_matters(seed, n):
    rng = random.Random(seed)
    made = [planted(rng, n, 0.5, 0.2), *(planted(rng, n, 0.3, 0.3, f"i{k}") for k in range(3))]
    other = [dataclasses.replace(i, scores=dict(rng.sample([*i.scores.items()], n))) for i in made]
    rng.shuffle(other)
    found = {one.item.name: one for one in analysed(other)}
    for one in analysed(made):
        twin = found[one.item.name]
        assert one.discrimination == pytest.approx(twin.discrimination, abs=1e-9)
        for mine, theirs in zip(one.wrong, twin.wrong, strict=True):
            assert mine.draws == theirs.draws
            assert (mine.upper, mine.lower) == pytest.approx((theirs.upper, theirs.lower))


def test_the_least_number_is_where_very_good_is_no_chance():
    """t of r = 0.4 passes 5 % with FEWEST students, and not with one less."""

    def chance(n: int) -> float:
        t = 0.4 * math.sqrt((n - 2) / (1 - 0.4**2))
        return 2 * float(stats.t.sf(t, n - 2))

    assert chance(FEWEST) <= 0.05 < chance(FEWEST - 1)


@pytest.mark.parametrize("n", [1, 2, FEWEST - 1, FEWEST])
def test_with_too_few_students_only_the_share_is_said(n):
    found = analysed([planted(random.Random(n), n, 0.5, 0.2, f"i{k}") for k in range(4)])
    few = n < FEWEST
    assert all(one.too_few == few == (one.discrimination is None) for one in found)
    assert all(bool(one.wrong) != few for one in found)


def test_a_question_that_few_have_answered_is_left_alone_and_the_others_are_not():
    rng = random.Random(0)
    made = [planted(rng, 60, 0.5, 0.2, f"i{k}") for k in range(4)]
    made[1] = dataclasses.replace(made[1], scores=dict([*made[1].scores.items()][:10]))
    made.append(Item("none", {}))
    found = {one.item.name: one for one in analysed(made)}
    assert found["i1"].too_few and found["i1"].n == 10 and "none" not in found
    assert found["i0"].discrimination is not None and found["i0"].n == 60


# --- thirds and wrong answers -----------------------------------------------------------------


def planted(rng: random.Random, n: int, upper: float, lower: float, name: str = "i") -> Item:
    """An item whose distractor "a" the best third gives with one chance, the last with another.

    Students are numbered from the best; what they reached is noise of their place.
    """
    scores, given_ = {}, {}
    for k in range(n):
        chance = upper if k < n / 3 else lower if k >= 2 * n / 3 else (upper + lower) / 2
        who = f"s{k:04}"
        wrong = rng.random() < chance
        given_[who] = frozenset("a") if wrong else frozenset()
        scores[who] = 0.0 if wrong else float(rng.random() < 0.9 - 0.8 * k / n)
    return Item(name, scores, given_, ("a",))


def ordered(n: int, rng: random.Random) -> list[Item]:
    """Nine items that tell the students' places."""
    chance = [[0.97 - 0.94 * k / n for k in range(n)] for _ in range(9)]
    return [Item(f"o{j}", {f"s{k:04}": float(rng.random() < c) for k, c in enumerate(column)})
            for j, column in enumerate(chance)]  # fmt: skip


@settings(max_examples=200 if ALL else 50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=40))
def test_the_best_third_is_a_third_and_equals_are_equal(values):
    rest = {f"s{k}": float(v) for k, v in enumerate(values)}
    third = items.best_third(rest)
    assert math.isclose(sum(third.values()), len(values) // 3)
    assert all(0 < part <= 1 for part in third.values())
    for one, part in third.items():
        assert all(third.get(other, 0) == part for other in rest if rest[other] == rest[one])
        assert all(third[other] == 1 for other in rest if rest[other] > rest[one])


def test_shares_in_thirds_are_recovered():
    """The others tell the places well, not perfectly: the thirds mix by less than a quarter."""
    rng = random.Random(3)
    made = [planted(rng, 3000, 0.6, 0.1), *ordered(3000, rng)]
    [answer] = next(one for one in analysed(made) if one.item.name == "i").wrong
    assert 0.45 < answer.upper < 0.6 + 0.07 and 0.1 - 0.04 < answer.lower < 0.25 and answer.draws


def test_a_distractor_that_draws_the_best_is_named_and_others_by_chance_only():
    n, classes, rng = 90, 200 if ALL else 60, random.Random(7)
    hits = chance = 0
    for _ in range(classes):
        made = [planted(rng, n, 0.6, 0.05, "drawn"), *ordered(n, rng)]
        named = {one.item.name for one in analysed(made) for a in one.wrong if a.draws}
        hits += "drawn" in named
        made = [*(planted(rng, n, 0.3, 0.3, f"i{k}") for k in range(4)), *ordered(n, rng)]
        chance += any(a.draws for one in analysed(made) for a in one.wrong)
        repelled = analysed([planted(rng, n, 0.05, 0.6), *ordered(n, rng)])
        assert not any(a.draws for one in repelled for a in one.wrong)
    assert hits >= 0.9 * classes
    assert chance <= items.LEVEL * classes + 3 * math.sqrt(items.LEVEL * classes)


@settings(max_examples=50, deadline=None)
@given(st.integers(3, 30), st.data())
def test_the_chance_is_fishers(size, data):
    high, low = (data.draw(st.integers(0, size)) for _ in range(2))
    table = [[high, size - high], [low, size - low]]
    known = stats.fisher_exact(table, alternative="greater").pvalue
    assert items.by_chance(high, low, size) == pytest.approx(known)
    assert items.by_chance(max(0, high - 0.4), low, size) >= known - 1e-12


# --- from a class -----------------------------------------------------------------------------


def a_grade(the_sheet, number: int, kinds: dict[str, str], work=None, essay=None) -> Grade:
    hints = {"wrong": "<b>ヒント", "error": ""}
    ends = {
        task.name: Outcome(task.points * (kinds[task.name] == "right"), task.points,
                           kinds[task.name], "", hints.get(kinds[task.name], ""))
        for task in the_sheet.tasks
    }  # fmt: skip
    who = f"s{number}"
    graded = Graded(who, who, work or {}, ends, {}, (), ())
    return Grade(graded, the_sheet, {"essay": Given(essay)} if essay is not None else {})


def a_class(the_sheet, n: int, work=lambda k: {}) -> list[Grade]:
    rng, made = random.Random(n), []
    for k in range(n):
        kinds = {t.name: "right" if rng.random() < 0.9 - 0.8 * k / n else
                 rng.choice(["wrong", "error"]) for t in the_sheet.tasks}  # fmt: skip
        made.append(a_grade(the_sheet, k, kinds | {"essay": "to_mark"}, work(k), k % 5))
    return made


def test_tasks_have_the_points_of_whoever_decided(the_sheet):
    made = a_class(the_sheet, 30)
    ungraded = a_grade(the_sheet, 99, {t.name: "ungraded" for t in the_sheet.tasks})
    found = {item.name: item for item in items.of_tasks([*made, ungraded], the_sheet)}
    assert [*found] == [task.name for task in the_sheet.tasks]
    assert all(len(item.scores) == 30 for item in found.values())
    assert found["essay"].scores["s3"] == 0.75 and found["merge"].weight == 3
    ends = {g.graded.safe: g.graded.outcomes["merge"].kind for g in made}
    assert found["merge"].scores == {who: float(kind == "right") for who, kind in ends.items()}
    labels = {"right": None, "wrong": {"<b>ヒント"}, "error": {"error"}}
    assert all(found["merge"].given.get(who) == labels[kind] for who, kind in ends.items())
    waiting = [dataclasses.replace(made[0], given={}), *made[1:]]
    assert items.of_tasks(waiting, the_sheet)[-1].scores == {}


def quiz_work(k: int, **more: Answer) -> dict[str, LessonWork]:
    """Four questions; whoever is better is right at once, the others choose what is wrong."""
    made = {}
    for number, question in enumerate(questions(read_bank(LESSON)).values()):
        right = (k * 7 + number * 3) % 40 > k
        first = (question.distractors() or ["-1"])[0]
        given_ = first if question.drawn()["control"] == "text" else (first,)
        made[question.id] = Answer(
            (), 2, True, right, k % 4 == 0, "b", () if right else given_, "a"
        )
    return {LESSON: LessonWork(made | more)}


def test_the_quiz_counts_first_answers(the_sheet):
    results = [Graded(f"s{k}", f"s{k}", quiz_work(k), {}, {}, (), ()) for k in range(40)]
    results += [Graded("none", "none", {}, {}, {}, (), ())]
    found = items.of_quiz(results, LESSON)
    bank = questions(read_bank(LESSON))
    assert [item.name for item in found] == [*bank]
    for item in found:
        kept = {g.safe: g.work[LESSON].quiz[item.name] for g in results if g.work}
        assert item.scores == {who: float(a.at_once) for who, a in kept.items()}
        assert item.hinted == {f"s{k}" for k in range(0, 40, 4)}
        if item.wrong:
            chose = {who for who, labels in item.given.items() if labels == {item.wrong[0]}}
            assert chose == {who for who, a in kept.items() if not a.at_once}
    assert sum(bool(item.wrong) for item in found) >= 4


def test_a_record_that_kept_no_first_answer_or_was_written_by_hand_says_nothing(the_sheet):
    odd = {"9" * 5000, "1e999999999", "NaN", "½", "", "q", "−0"}
    works = [quiz_work(k) for k in range(2)]
    works += [{LESSON: LessonWork({"q1": Answer((), 1, False, False, False, "", text, "a"),
                                   "q3": Answer(text, 1, first=(text, "zz"), since="a"),
                                   "unknown": Answer(("a",), 1)})} for text in odd]  # fmt: skip
    works += [{LESSON: LessonWork({"q3": Answer(("a",), 3, True)})}, {"01_other": LessonWork()}]
    results = [Graded(f"s{k}", f"s{k}", w, {}, {}, (), ()) for k, w in enumerate(works)]
    found = {item.name: item for item in items.of_quiz(results, LESSON)}
    assert len(found["q1"].scores) == 2 + len(odd) and "unknown" not in found
    given_ = [labels for who, labels in found["q3"].given.items() if int(who[1:]) >= 2]
    assert given_ and not any(given_)
    assert items.of_quiz(results[:1], "99_none") == []


@pytest.mark.parametrize("lang", ["en", "ja", "zh-tw"])
def test_the_report_has_them_in_the_instructors_language(the_sheet, lang):
    grades = a_class(the_sheet, 45, quiz_work)
    page = report.report(grades, the_sheet, True, lang)
    for name in ("item_discrimination", "item_upper", "item_hinted", "report_quiz"):
        assert messages.text(name, lang) in page
    for one in analysed(items.of_tasks(grades, the_sheet)):
        shown = f"{one.discrimination:.2f}".replace("-", "−")
        row = page.split(f"<td><code>{one.item.name}</code></td>")[1].split("</tr>")[0]
        assert f"<td>{one.share:.0%}</td><td>{shown}</td><td>45</td>" in row
    assert "<b>ヒント" not in page and "&lt;b&gt;ヒント" in page


@pytest.mark.parametrize("lang", ["en", "ja", "zh-tw"])
def test_the_report_of_a_small_class_says_too_few(the_sheet, lang):
    page = report.report(a_class(the_sheet, 12), the_sheet, True, lang)
    assert messages.text("item_few_explained", lang, {"least": FEWEST}) in page
    assert page.count(f"<td>{messages.text('item_too_few', lang)}</td>") == len(the_sheet.tasks)
    assert messages.text("item_upper", lang) not in page
    assert messages.text("report_quiz", lang) not in page


def test_the_report_says_which_wrong_choice_draws_the_best(the_sheet):
    """The distractor (a) of q3 is what the better half answers."""

    def work(k: int) -> dict[str, LessonWork]:
        drawn = Answer((), 1, False, k >= 45, False, "b", ("a",) if k < 45 else ("b",), "a")
        made = quiz_work(k)
        others = {q: dataclasses.replace(a, at_once=k < 45 and (k + len(q)) % 9 > 0)
                  for q, a in made[LESSON].quiz.items()}  # fmt: skip
        return {LESSON: LessonWork(others | {"q3": drawn})}

    page = report.report(a_class(the_sheet, 90, work), the_sheet, True, "en")
    said = messages.text("item_choice_draws", "en", {"item": "q3", "upper": "1", "lower": "2"})
    assert said.partition("(1)")[0] in page and page.count("more frequent in the best third") == 1
