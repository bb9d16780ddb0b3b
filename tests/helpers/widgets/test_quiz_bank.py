"""Every quiz bank: what `build` refuses in it, and its answers as they are judged."""

import copy
import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import whole_course
from places import ROOT
from sample_bank import BANK

from course_tools.authoring import rules
from course_tools.authoring.build import build
from course_tools.authoring.data import Table
from course_tools.authoring.problems import LessonError, Problem
from helpers.language import say
from helpers.widgets import Quiz
from helpers.widgets.quiz import kinds

SOURCES = sorted(ROOT.glob("lessons/*/quiz.toml"))
COMPILED = sorted(ROOT.glob("src/helpers/data/quiz/*.json"))
FILE = "lessons/01_attention/quiz.toml"


def read(file):
    text = file.read_text(encoding="utf-8")
    return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)


def toml(value) -> str:
    """A bank, or a part of it, as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def faults_of(bank) -> list[Problem]:
    """The faults of a bank that is written to a file and read again."""
    table = Table.of(FILE, f"question = {toml(bank['question'])}")
    return [*table.faults] or [*rules.quiz.problems(table)]


# --- what a rule cannot tell: each answer is judged -----------------------------------------------


def judgement_faults(bank):
    """Exactly the declared answers are judged right, and every explanation can be reached."""
    for lang in say.LANGUAGES:
        say.use(lang)
        quiz = Quiz("bank", bank=bank, student="s")
        for q in bank["question"]:
            for given, right, why in quiz.questions[q["id"]].examples():
                result = quiz.answer(q["id"], given)
                if result.right is not right or not all(words in result.text for words in why):
                    yield f"{q['id']} ({lang}): {given!r} gives {result.right}, {result.text!r}"
    say.use("ja")


@pytest.mark.parametrize("table", BANK["question"], ids=lambda table: table["kind"])
def test_the_examples_of_every_kind_are_right_and_wrong_and_hear_every_explanation(table):
    examples = list(kinds.from_table(table).examples())
    assert {example.right for example in examples} == {True, False}
    assert {why for example in examples for why in example.why} == set(explanations(table))
    right = [example.given for example in examples if example.right]
    assert right == RIGHT[table["id"]] and len(examples) == TRIED[table["id"]]


def explanations(table) -> Iterator[str]:
    """Every explanation of a question in the current language, wherever in its table it is."""
    for name, value in table.items():
        if name.startswith("why"):
            yield say.choose(value)
        for inner in value if isinstance(value, list) else []:
            yield from explanations(inner)


# 4 choices of one, 15 sets of choices; with tolerance 0.1: 12.2 itself, two right and two wrong
# ones at the edges, one far away, one mistake
RIGHT = {"q1": [["b"]], "q2": [12.2, 12.101, 12.299], "q3": [["a", "c"]]}
RIGHT["q2"] = [Decimal(str(x)) for x in RIGHT["q2"]]
TRIED = {"q1": 4, "q2": 7, "q3": 15}


def test_the_sample_has_every_kind():
    assert {table["kind"] for table in BANK["question"]} == set(kinds.KINDS)


# --- the banks there are ------------------------------------------------------------------------


def test_every_lesson_has_a_bank():
    lessons = {f.parent.name for f in ROOT.glob("lessons/*/lesson.py")}
    assert lessons and {f.parent.name for f in SOURCES} == lessons
    assert {f.stem for f in COMPILED} == lessons


@pytest.mark.parametrize("rule", [faults_of, judgement_faults])
@pytest.mark.parametrize("file", SOURCES + COMPILED, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_bank(file, rule):
    assert read(file)["question"]
    assert list(rule(read(file))) == []


@pytest.mark.parametrize("file", COMPILED, ids=lambda f: f.stem)
def test_compiled_bank_is_its_source(file):
    bank = read(file)
    assert bank == {"lesson": file.stem} | read(ROOT / "lessons" / file.stem / "quiz.toml")


@pytest.mark.parametrize("file", COMPILED, ids=lambda f: f.stem)
def test_quiz_opens_by_the_lessons_name(file):
    assert list(Quiz(file.stem, student="s").questions) == [q["id"] for q in read(file)["question"]]


# --- the rules themselves, on broken copies of a sound bank --------------------------------------


def sound():
    bank = copy.deepcopy(BANK)
    for question in (q for q in bank["question"] if "choice" in q):
        wrong = next(c for c in question["choice"] if not c["right"])
        wrong["text"] = {key: f"{text}、長" for key, text in wrong["text"].items()}
    return bank


@pytest.fixture(scope="module")
def course():
    """One lesson, of which a test replaces the bank."""
    read = whole_course.course()
    return replace(read, lessons=tuple(x for x in read.lessons if x.name == "01_attention"))


def refused(course, text) -> list[str]:
    """What `build` says of a course whose lesson has this quiz.toml."""
    lessons = [replace(lesson, quiz=Table.of(FILE, text)) for lesson in course.lessons]
    try:
        assert build(replace(course, lessons=tuple(lessons)))
    except LessonError as error:
        return [str(problem) for problem in error.problems]
    return []


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(bank):
        place = bank["question"]
        for step in path:
            place = place[step]
        place[last] = value

    return change


ONE, TWO, MANY = range(3)  # questions of the sample: single, numeric, multiple


def drop(*path):
    *path, last = path

    def change(bank):
        place = bank["question"]
        for step in path:
            place = place[step]
        del place[last]

    return change


BROKEN = [  # (what is changed, KEY: what, remedy)
    (put(ONE, "id", "q2"), "q2: the id is used 2 times", "each question its own"),
    (put(ONE, "hnit", {}), "q1: hnit: unknown; known: id, text, hint, choice", "kinds.py"),
    (drop(TWO, "tolerance"), "q2: tolerance: missing", "kinds.py"),
    (drop(ONE, "choice", 3, "why"), "q1: choice[3].why: missing", "kinds.py"),
    (drop(ONE, "id"), "question[0]: id: missing", "kinds.py"),
    (put(ONE, "kind", "singel"), "q1: kind: is 'singel', expected one of single", "kinds.py"),
    (drop(ONE, "kind"), "q1: kind: is None", "kinds.py"),
    (put(TWO, "tolerance", "0.1"), "q2: tolerance: is '0.1', expected a number", "kinds.py"),
    (put(ONE, "choice", 1, "right", "yes"), "q1: choice[1].right: is 'yes'", "kinds.py"),
    (put(ONE, "hint", "数えます"), "q1: hint: is '数えます', expected a text in ja", "kinds.py"),
    (drop(ONE, "hint", "zh_tw"), "question[0].hint: has ['ja']", "give ja and zh_tw"),
    (put(MANY, "choice", 1, "why", "ja", " "), "question[2].choice[1].why: has", "none empty"),
    (put(TWO, "mistake", 0, "why", "ja", ""), "question[1].mistake[0].why: has", "none empty"),
    (put(ONE, "text", {"ja": "１２倍", "zh_tw": "21 倍"}), "question[0].text: unequal number",
     "make them equal"),
    (put(ONE, "choice", 0, "right", True), "q1: 2 choices are right", "in one of them"),
    (put(ONE, "choice", 1, "right", False), "q1: 0 choices are right", "in one of them"),
    (put(ONE, "choice", 0, "id", "b"), "q1: has the choices b, b, c, d", "each with its own id"),
    (put(ONE, "choice", []), "q1: 0 choices are right", "in one of them"),
    (lambda bank: bank["question"][MANY]["choice"].__delitem__(slice(2, None)),
     "q3: has the choices a, b", "at least 3"),
    (lambda bank: [c.update(right=True) for c in bank["question"][MANY]["choice"]],
     "q3: 4 of 4 choices are right", "neither all nor none"),
    (put(ONE, "choice", 1, "text", "ja", "とても長い選択肢です。"),
     "question: a right choice (ja) is the longest in q1: 1 of 2", "make a wrong one longer"),
    (put(ONE, "hint", {"ja": "考えます。", "zh_tw": "想想 選 b・中文 吧"}),
     "q1: the hint (zh_tw) contains the answer",
     "another hint"),
    (put(TWO, "hint", {"ja": "だいたい１２．２５です", "zh_tw": "大約 12.25"}),
     "q2: the hint (ja) contains the answer", "another hint"),
    (put(ONE, "hint", {"ja": "$d_h$を見ます。", "zh_tw": "看 $d_h$。"}), "q1: holds TeX", "√d_k"),
    (put(TWO, "mistake", 0, "value", 12.32), "q2: the mistake 12.32 overlaps the answer 12.2",
     "smaller"),
    (put(TWO, "unit", {"ja": "万", "zh_tw": "萬"}), "q2: 12万 could be read in two ways",
     "another unit"),
    (put(TWO, "tolerance", -1), "q2: the tolerance -1 is below 0", "0 or more"),
]  # fmt: skip


@pytest.mark.parametrize("change, what, remedy", BROKEN)
def test_build_refuses_a_planted_fault(course, change, what, remedy):
    bank = sound()
    change(bank)
    found = refused(course, f"question = {toml(bank['question'])}")
    [told] = [problem for problem in found if problem.startswith(f"{FILE}:{what}")]
    assert remedy in told.split("→")[1]


@pytest.mark.parametrize(
    "text, what",
    [
        ("question = []", "-: holds question, expected questions"),
        ("", "-: holds nothing, expected questions"),
        ("[[questoin]]\nid = 'q1'", "-: holds questoin, expected questions"),
        ("question = 3", "-: holds question, expected questions"),
        ("question = [3]", "question[0]: "),
        ("[[question", "-: no TOML: "),
    ],
)
def test_build_refuses_what_is_no_bank(course, text, what):
    assert any(problem.startswith(f"{FILE}:{what}") for problem in refused(course, text))


def test_build_takes_a_sound_bank(course):
    assert refused(course, f"question = {toml(sound()['question'])}") == []


def test_rule_on_ids_needs_three_questions(course):
    bank = sound()
    bank["question"] += [bank["question"][0] | {"id": f"q{n}"} for n in (4, 5)]
    found = refused(course, f"question = {toml(bank['question'])}")
    assert any("the right choice is always b" in problem for problem in found)


def test_judgement_rule_sees_a_planted_fault():
    bank = sound()
    assert list(judgement_faults(bank)) == []
    put(TWO, "tolerance", -1)(bank)
    assert "q2 (ja)" in " / ".join(judgement_faults(bank))


def test_judgement_rule_sees_a_wrong_judge(monkeypatch):
    """A judge that takes every choice for right."""
    for kind in kinds.KINDS.values():
        monkeypatch.setattr(kind, "judge", lambda *_: kinds.Judgement(True, ""))
    assert len(list(judgement_faults(sound()))) > 20
