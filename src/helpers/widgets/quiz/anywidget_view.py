"""The quiz as an anywidget: screen.js draws its traits.

Its messages: base.messages.
"""

from typing import Any

import traitlets

from ..base.anywidget_view import AnywidgetView, sources
from ..base.messages import AttemptShown, QuestionShown
from .kinds import Question
from .state import QuizState


class QuizAnywidgetView(AnywidgetView):
    """The quiz's view: never an answer, a hint or an explanation before it is asked for."""

    _esm, _css = sources("quiz")
    screen_words = ("title", "check", "hint", "retry", "answer", "waiting", "lost", "error_detail")
    questions: traitlets.List = traitlets.List().tag(sync=True)
    attempts: traitlets.Dict = traitlets.Dict().tag(sync=True)
    score = traitlets.Unicode().tag(sync=True)

    def __init__(self, quiz: QuizState) -> None:
        self._quiz, self._turn = quiz, 0
        asked = enumerate(quiz.questions.values(), 1)
        super().__init__(quiz, questions=[question_shown(quiz, q, n) for n, q in asked])

    def now(self) -> dict[str, Any]:
        """Return all attempts and the score as the browser gets them."""
        self._turn += 1
        attempts = {id: attempt_shown(self._quiz, id) for id in self._quiz.questions}
        return {
            "attempts": {"turn": self._turn, **attempts},
            "score": self._quiz.score().text,
        }


def question_shown(quiz: QuizState, question: Question, n: int) -> QuestionShown:
    """Return a question as the browser gets it."""
    return {
        "id": question.id,
        "number": quiz.words["number"].format(n=n),
        "text": question.text,
        "note": question.instruction(quiz.words),
        "origin": str(quiz.origin(question.id)),
        "href": quiz.origin(question.id).href,
        "choices": [choice.text for choice in quiz.shown(question.id)],
        **question.drawn(),
    }


def attempt_shown(quiz: QuizState, id: str) -> AttemptShown:
    """Return an attempt as the browser gets it."""
    attempt, result = quiz.attempt(id), quiz.attempt(id).result
    return {
        "given": attempt.given if isinstance(attempt.given, str) else quiz.places(id),
        "right": result.right if result else None,
        "headline": result.headline if result else "",
        "details": [list(pair) for pair in result.details] if result else [],
        "hint": quiz.told_hint(id),
    }
