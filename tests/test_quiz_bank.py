"""Every quiz bank: its schema, what would give an answer away, its answers as they are judged."""

import copy
import itertools
import json
import re
import tomllib
import unicodedata
from collections import Counter

import pytest
from places import ROOT
from sample_bank import BANK

from course_tools.authoring.parity import differences
from helpers.language import say
from helpers.language.typed_numbers import SCALE
from helpers.widgets import Quiz

SOURCES = sorted(ROOT.glob("lessons/*/quiz.toml"))
COMPILED = sorted(ROOT.glob("src/helpers/data/quiz/*.json"))
KEYS = {"ja", "zh_tw"}
SHARED = {"id", "kind", "text", "hint"}
FIELDS = {
    "single": SHARED | {"choice"},
    "multiple": SHARED | {"choice"},
    "numeric": SHARED | {"answer", "tolerance", "why_right", "why_wrong"},
}
OPTIONAL = {"numeric": {"unit", "mistake"}}
CHOICE = {"id", "right", "text", "why"}
LONGEST_MAY_BE_RIGHT = 0.4


def read(file):
    text = file.read_text(encoding="utf-8")
    return tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)


# --- rules: each yields one sentence per fault --------------------------------------------------


def schema_faults(bank):
    for id, n in Counter(q["id"] for q in bank["question"]).items():
        if n > 1:
            yield f"{id}: used {n} times"
    for q in bank["question"]:
        needed, allowed = FIELDS[q["kind"]], FIELDS[q["kind"]] | OPTIONAL.get(q["kind"], set())
        if not needed <= set(q) <= allowed:
            yield f"{q['id']}: fields {sorted(set(q) ^ needed)} missing or unknown"
        for c in q.get("choice", ()):
            if not CHOICE - {"right"} <= set(c) <= CHOICE:
                yield f"{q['id']}.{c.get('id')}: fields {sorted(set(c) ^ CHOICE)}"


def text_faults(bank):
    """Every complete language is there, with the same numbers, formulas and code."""
    known = {say.key(lang) for lang in say.LANGUAGES}
    for where, texts in all_texts(bank):
        if not KEYS <= set(texts) <= known or not all(t.strip() for t in texts.values()):
            yield f"{where}: a language is missing or empty"
        else:
            for kind, ja, zh_tw in differences(texts["ja"], texts["zh_tw"]):
                yield f"{where}: {kind} differs, {ja} and {zh_tw}"


def all_texts(bank):
    for q in bank["question"]:
        for name in ("text", "hint", "unit", "why_right", "why_wrong"):
            if name in q:
                yield f"{q['id']}.{name}", q[name]
        for c in q.get("choice", ()):
            yield f"{q['id']}.{c['id']}.text", c["text"]
            yield f"{q['id']}.{c['id']}.why", c["why"]
        for m in q.get("mistake", ()):
            yield f"{q['id']}.mistake {m['value']}", m["why"]


def choice_faults(bank):
    for q in choice_questions(bank):
        ids = [c["id"] for c in q["choice"]]
        right = sum(c.get("right", False) for c in q["choice"])
        if len(set(ids)) != len(ids) or len(ids) < 3:
            yield f"{q['id']}: choices {ids}; at least three, each id once"
        if q["kind"] == "single" and right != 1:
            yield f"{q['id']}: {right} right choices, expected 1"
        if q["kind"] == "multiple" and not 0 < right < len(ids):
            yield f"{q['id']}: {right} of {len(ids)} choices right, neither all nor none expected"


def choice_questions(bank):
    return [q for q in bank["question"] if q["kind"] != "numeric"]


def giveaway_faults(bank):
    """A student must not find the answer without the matter: by length, id or hint."""
    asked = choice_questions(bank)
    for key in sorted(KEYS):
        longest = [q["id"] for q in asked if longest_is_right(q, key)]
        if len(longest) > LONGEST_MAY_BE_RIGHT * len(asked):
            share = f"{len(longest)} of {len(asked)}"
            yield f"{key}: a right choice is the longest in {longest}, {share}"
        for q in bank["question"]:
            if hint_tells(q, key):
                yield f"{q['id']}.hint ({key}) contains the answer"
    right = {c["id"] for q in asked if q["kind"] == "single" for c in q["choice"] if c.get("right")}
    if len([q for q in asked if q["kind"] == "single"]) >= 3 and len(right) == 1:
        yield f"the right choice is always {right}"


def longest_is_right(question, key):
    length = max(len(c["text"][key]) for c in question["choice"])
    return all(c.get("right") for c in question["choice"] if len(c["text"][key]) == length)


def hint_tells(question, key):
    hint = squeezed(question["hint"][key])
    if question["kind"] == "numeric":
        said = (float(n.replace(",", "")) for n in re.findall(r"[0-9]+(?:[.,][0-9]+)*", hint))
        return any(abs(n - question["answer"]) <= question["tolerance"] for n in said)
    return any(squeezed(c["text"][key]) in hint for c in question["choice"] if c.get("right"))


def squeezed(text):
    return re.sub(r"[\s`。]", "", unicodedata.normalize("NFKC", text))


def numeric_faults(bank):
    for q in bank["question"]:
        if q["kind"] != "numeric":
            continue
        if q["tolerance"] < 0:
            yield f"{q['id']}: tolerance {q['tolerance']}"
        for m in q.get("mistake", ()):
            if abs(m["value"] - q["answer"]) <= q["tolerance"] + m["tolerance"]:
                yield f"{q['id']}: mistake {m['value']} overlaps the answer {q['answer']}"
        for unit in q.get("unit", {}).values():
            if unit[0].isdigit() or unit[0] in SCALE:
                yield f"{q['id']}: 12{unit} could be read in two ways"


def judgement_faults(bank):
    """Exactly the declared answers are judged right, and every explanation can be reached."""
    for lang in say.LANGUAGES:
        say.use(lang)
        quiz = Quiz("bank", bank=bank, student="s")
        for q in bank["question"]:
            cases = numeric_cases(q) if q["kind"] == "numeric" else choice_cases(q)
            for given, right, why in cases:
                result = quiz.answer(q["id"], given)
                if result.right is not right or not all(say.choose(w) in result.text for w in why):
                    yield f"{q['id']} ({lang}): {given!r} gives {result.right}, {result.text!r}"
    say.use("ja")


def choice_cases(question):
    choices, sizes = question["choice"], range(1, len(question["choice"]) + 1)
    declared = {c["id"] for c in choices if c.get("right")}
    for size in [1] if question["kind"] == "single" else sizes:
        for some in itertools.combinations(choices, size):
            ids = [c["id"] for c in some]
            yield ids, set(ids) == declared, [c["why"] for c in some]


def numeric_cases(question):
    answer, tolerance = question["answer"], question["tolerance"]
    yield f"{answer}", True, [question["why_right"]]
    for sign in (-1, 1):
        yield answer + sign * 0.99 * tolerance, True, [question["why_right"]]
        yield answer + sign * (1.01 * tolerance + 1e-9 * max(1, abs(answer))), False, []
    yield 10 * abs(answer) + 1000, False, [question["why_wrong"]]
    for mistake in question.get("mistake", ()):
        yield mistake["value"], False, [mistake["why"]]


RULES = (
    schema_faults, text_faults, choice_faults, giveaway_faults, numeric_faults, judgement_faults,
)  # fmt: skip


# --- the banks there are ------------------------------------------------------------------------


def test_every_lesson_has_a_bank():
    lessons = {f.parent.name for f in ROOT.glob("lessons/*/lesson.py")}
    assert lessons and {f.parent.name for f in SOURCES} == lessons
    assert {f.stem for f in COMPILED} == lessons


@pytest.mark.parametrize("rule", RULES)
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
    for question in choice_questions(bank):
        wrong = next(c for c in question["choice"] if not c["right"])
        wrong["text"] = {key: f"{text}、長" for key, text in wrong["text"].items()}
    return bank


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(bank):
        place = bank["question"]
        for step in path:
            place = place[step]
        place[last] = value

    return change


ONE, TWO, MANY = range(3)  # questions of the sample: single, numeric, multiple
BROKEN = [
    (schema_faults, put(ONE, "id", "q2"), "used 2 times"),
    (schema_faults, put(ONE, "hnit", {}), "hnit"),
    (schema_faults, lambda bank: bank["question"][TWO].pop("tolerance"), "tolerance"),
    (schema_faults, lambda bank: bank["question"][ONE]["choice"][3].pop("why"), "why"),
    (text_faults, lambda bank: bank["question"][ONE]["hint"].pop("zh_tw"), "q1.hint"),
    (text_faults, put(MANY, "choice", 1, "why", "ja", " "), "q3.b.why"),
    (text_faults, put(TWO, "mistake", 0, "why", "ja", ""), "mistake 12.5"),
    (text_faults, put(ONE, "text", {"ja": "１２倍", "zh_tw": "21 倍"}), "differs, 12 and 21"),
    (choice_faults, put(ONE, "choice", 0, "right", True), "2 right choices"),
    (choice_faults, put(ONE, "choice", 1, "right", False), "0 right choices"),
    (choice_faults, put(ONE, "choice", 0, "id", "b"), "each id once"),
    (choice_faults, lambda b: [c.update(right=1) for c in b["question"][MANY]["choice"]], "4 of 4"),
    (giveaway_faults, put(ONE, "choice", 1, "text", "ja", "とても長い選択肢です。"), "longest"),
    (giveaway_faults, put(ONE, "hint", "zh_tw", "想想 選 b・中文 吧"), "q1.hint (zh_tw)"),
    (giveaway_faults, put(TWO, "hint", "ja", "だいたい１２．２５です"), "q2.hint (ja)"),
    (numeric_faults, put(TWO, "mistake", 0, "value", 12.32), "overlaps"),
    (numeric_faults, put(TWO, "unit", {"ja": "万", "zh_tw": "萬"}), "two ways"),
    (judgement_faults, put(TWO, "tolerance", -1), "q2 (ja)"),
]  # fmt: skip


@pytest.mark.parametrize("rule, change, message", BROKEN)
def test_rule_sees_a_planted_fault(rule, change, message):
    bank = sound()
    assert list(rule(bank)) == []
    change(bank)
    assert message in " / ".join(rule(bank))


def test_rule_on_ids_needs_three_questions():
    bank = sound()
    bank["question"] += [bank["question"][0] | {"id": f"q{n}"} for n in (4, 5)]
    assert "the right choice is always {'b'}" in list(giveaway_faults(bank))


def test_judgement_rule_sees_a_wrong_judge(monkeypatch):
    """A judge that takes every choice for right."""
    from helpers.widgets import quiz, quiz_bank

    lenient = lambda *_: quiz_bank.Result(True, "")  # noqa: E731
    monkeypatch.setattr(quiz, "judge", lenient)
    assert len(list(judgement_faults(sound()))) > 20
