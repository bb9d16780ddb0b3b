"""A quiz that answers on its page: what the page may know at once, and what only when asked.

The page's script (tools/site/public/live/quiz.js) draws with the notebook's own screen.js, fetches
what is said to one question when that question is first answered, and judges as
helpers.widgets.quiz does; a test compares them.
"""

import base64
import functools
import json
import sys
import unicodedata
from collections.abc import Iterator
from importlib import resources
from typing import Any

from helpers.classroom.session import Session
from helpers.language import say
from helpers.widgets.base.anywidget_view import sources
from helpers.widgets.quiz.anywidget_view import QuizAnywidgetView, question_shown
from helpers.widgets.quiz.bank import read_bank
from helpers.widgets.quiz.kinds import Choice, ChoiceQuestion, Numeric, Question
from helpers.widgets.quiz.state import QuizState

from .. import words

FOLDER = "live/quiz"  # LANGUAGE/LESSON/
SCREEN = "live/screens/quiz.js"
SAID = ("right", "wrong", "incomplete", "nothing_chosen", "no_number", "not_a_number", "other_unit",
        "no_unit", "again", "score", "error")  # fmt: skip


class PageQuiz(QuizState):
    """A quiz as a page shows it: choices in the bank's order, and nothing kept on disk."""

    def __init__(self, lesson: str) -> None:
        super().__init__(lesson, bank=read_bank(lesson), student="page")
        self._shown = {id: question.options() for id, question in self.questions.items()}


def files(lesson: str, lang: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path below the site's root, content): the quiz, and a file for each question.

    Nothing of a lesson without a bank.
    """
    if not has_bank(lesson):
        return
    with Session(lang=lang):
        quiz = PageQuiz(lesson)
        folder = f"{FOLDER}/{lang}/{lesson}"
        yield f"{folder}/shown.json", _json(shown(quiz))
        for question in quiz.questions.values():
            # encoded, so that a search engine or a glance at the file finds no answer
            yield f"{folder}/{question.id}.txt", base64.b64encode(_json(told(question, quiz)))


def has_bank(lesson: str) -> bool:
    """Does a lesson have questions?"""
    return (resources.files("helpers") / "data" / "quiz" / f"{lesson}.json").is_file()


def screen() -> tuple[str, bytes]:
    """Return (path, content) of the script that draws every quiz, unchanged."""
    return SCREEN, sources("quiz")[0].encode()


def shown(quiz: QuizState) -> dict[str, Any]:
    """Return what the page knows before anything is asked: questions, words, no answer."""
    asked = enumerate(quiz.questions.values(), 1)
    names = (*QuizAnywidgetView.screen_words, *SAID)
    own = {name: words.text(f"quiz_{name}", say.language()) for name in ("waiting", "error")}
    return {
        "lang": quiz.lang,
        "words": {name: quiz.words[name] for name in names} | own,
        "raised": raised(),
        "questions": [question_shown(quiz, q, n) for n, q in asked],
    }


def told(question: Question, quiz: QuizState) -> dict[str, Any]:
    """Return what may be said to one question once it is answered or its hint is asked for."""
    answers = {"hint": question.hint}
    if isinstance(question, Numeric):
        return answers | _number(question)
    if isinstance(question, ChoiceQuestion):
        return answers | {"choices": [_choice(question, c, quiz) for c in question.choices]}
    raise TypeError(f"a page cannot judge {type(question).__name__} yet: quizzes.py, judge.js")


def _choice(question: ChoiceQuestion, choice: Choice, quiz: QuizState) -> dict[str, Any]:
    [(heading, why)] = question.explain([choice], choice.right, quiz.words).details
    return {"id": choice.id, "right": choice.right, "heading": heading, "why": why}


def _number(question: Numeric) -> dict[str, Any]:
    """Return the number as text: decimals are exact, in the browser too."""
    mistakes = [
        {"value": str(m.value), "tolerance": str(m.tolerance), "why": m.why}
        for m in question.mistakes
    ]
    return {
        "answer": str(question.answer),
        "tolerance": str(question.tolerance),
        "why_right": question.why_right,
        "why_wrong": question.why_wrong,
        "units": question.unit.typed,
        "unit": question.unit.shown,
        "mistakes": mistakes,
    }


@functools.cache
def raised() -> str:
    """Return every raised character such as ²: 10² is no number, though NFKC reads it as 102."""
    every = map(chr, range(sys.maxunicode + 1))
    return "".join(c for c in every if unicodedata.decomposition(c).startswith("<super>"))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
