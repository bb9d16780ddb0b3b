"""Exam questions: two seeds give other numbers, each key is right by a second way of computing it.

The second way stands in tests/kit/oracles_NN.py: it takes a form's numbers and uses no code of src.
"""

import importlib
import random
import re
from pathlib import Path
from string import Formatter

import nbformat
import pytest
from places import ROOT

from course_tools.edition import student_edition
from course_tools.site import frame
from course_tools.site.pages import page
from course_tools.teaching import words
from course_tools.teaching.exam import __main__ as command
from course_tools.teaching.exam import forms, questions
from course_tools.teaching.exam.questions import ExamQuestion

SEEDS = [f"{seed}" for seed in range(40)]
BANK = {
    f"{path.parent.name[:2]}:{one.name}": one
    for path in sorted(ROOT.glob(f"lessons/*/{questions.FILE}"))
    for one in questions.of_lesson(ROOT, path.parent.name)
}


ORACLES = {
    f"{number}:{name}": oracle
    for number in {question[:2] for question in BANK}
    for name, oracle in importlib.import_module(f"oracles_{number}").ORACLES.items()
}


def is_right(question, values):
    return values["answer"] == pytest.approx(ORACLES[question](values), rel=1e-6)


def test_each_question_has_an_oracle():
    assert ORACLES.keys() == BANK.keys()
    modules = Path(questions.__file__).parent.glob("lesson_*.py")
    assert {name[:2] for name in BANK} == {path.stem[-2:] for path in modules}


@pytest.mark.parametrize("question", BANK)
def test_the_key_is_right(question):
    for seed in SEEDS:
        values = BANK[question].drawn(seed)
        assert is_right(question, values), values


@pytest.mark.parametrize("question", BANK)
def test_a_wrong_key_would_be_seen(question):
    values = BANK[question].drawn("1")
    assert not is_right(question, values | {"answer": values["answer"] * 1.01 + 0.1})


@pytest.mark.parametrize("question", BANK)
def test_other_seeds_give_other_numbers(question):
    drawn = [BANK[question].drawn(seed) for seed in SEEDS]
    assert len({repr(values) for values in drawn}) >= 10
    assert len({values["answer"] for values in drawn}) >= 3
    assert BANK[question].drawn("3") == drawn[3]


@pytest.mark.parametrize("question", BANK)
def test_the_texts_use_what_is_drawn_in_each_language(question):
    one = BANK[question]
    drawn = one.drawn("1").keys()
    for kind, texts in (("text", one.text), ("solution", one.solution)):
        used = {lang: _names(text) for lang, text in texts.items()}
        assert used.keys() == words.LANGUAGES.keys()
        assert all(names == used["ja"] for names in used.values()), kind
        assert used["ja"] <= drawn
    assert "answer" not in _names(one.text["ja"]) and "answer" in _names(one.solution["ja"])


def _names(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_forms_ask_the_same_with_other_numbers_and_keep_keys_apart(tmp_path):
    assert not command.main([str(tmp_path), "--lesson", "01", "--seed", "5", "--forms", "2"])
    names = {path.name for path in tmp_path.iterdir()}
    wanted = {f"{kind}-{form}.{lang}.html" for kind in ("exam", "key") for form in "AB"
              for lang in words.LANGUAGES}  # fmt: skip
    assert names == wanted
    a, b = ((tmp_path / f"exam-{form}.ja.html").read_text(encoding="utf-8") for form in "AB")
    assert a != b
    assert re.sub(r"\d+|試験[AB]", "#", a) == re.sub(r"\d+|試験[AB]", "#", b)
    key = (tmp_path / "key-A.ja.html").read_text(encoding="utf-8")
    for one in questions.of_lesson(ROOT, "01_attention"):
        values = one.drawn("5A")
        assert forms.filled(one.solution["ja"], values)[:20] in key
        assert forms.filled(one.solution["ja"], values)[:20] not in a


def test_the_same_seed_asks_the_same_in_each_language(tmp_path):
    command.main([str(tmp_path), "--lesson", "01", "--seed", "5"])
    numbers = [re.findall(r"\d{2,}", _body((tmp_path / f"exam-A.{lang}.html").read_text("utf-8")))
               for lang in words.LANGUAGES]  # fmt: skip
    assert sorted(numbers[0]) == sorted(numbers[1]) == sorted(numbers[2]) != []


def _body(page):
    return page.partition("</style>")[2]


def test_an_exam_on_nothing_is_refused(tmp_path, capsys):
    assert command.main([str(tmp_path), "--lesson", "77"]) == 1
    assert "01_attention" in capsys.readouterr().err


def test_texts_without_a_draw_are_refused(tmp_path):
    folder = tmp_path / "lessons" / "01_attention"
    folder.mkdir(parents=True)
    (folder / questions.FILE).write_text("[other]\npoints = 1\n", encoding="utf-8")
    with pytest.raises(KeyError, match="other"):
        questions.of_lesson(tmp_path, "01_attention")


# --- no student sees it ---------------------------------------------------------------------------


def passages(bank: dict[str, ExamQuestion]) -> list[str]:
    """Each text's longest run between numbers, which no other text has by chance."""
    texts = [text for one in bank.values() for part in (one.text, one.solution)
             for text in part.values()]  # fmt: skip
    return [max(re.split(r"\{\w+\}", text), key=len) for text in texts]


def leaked(shown: str) -> list[str]:
    return [passage for passage in passages(BANK) if passage in shown]


def test_nothing_of_the_exam_is_in_the_student_edition():
    members = student_edition.members(ROOT)
    assert not [path for path in members if "exam" in path.name or "teaching" in path.name]
    assert not [path for path in members if path.parts[0] in ("docs", "lessons") and
                path.suffix != ".svg"]  # fmt: skip
    texts = [(ROOT / path).read_text(encoding="utf-8", errors="ignore") for path in members]
    assert not leaked("\n".join(texts))


def test_nothing_of_the_exam_is_on_the_site():
    made = [
        page(nbformat.read(path, as_version=4), path.parent.name, path.stem)
        for path in sorted((ROOT / "notebooks").glob("*/*.ipynb"))
    ]
    shown = [text for one in made for text in one.parts] + [*frame.pages(ROOT, made).values()]
    assert made and not leaked("\n".join(shown))


def test_a_leak_would_be_seen():
    one = random.Random(0).choice(list(BANK.values()))
    assert leaked(f"# {forms.filled(one.text['ja'], one.drawn('1'))}")
