"""The quiz as an anywidget.  quiz.js draws the state below and sends {question, action, value}."""

from typing import TYPE_CHECKING, Any

import traitlets

from .live import Live, source
from .quiz_static import instruction

if TYPE_CHECKING:
    from .quiz import Quiz
    from .quiz_bank import Question

SCREEN_WORDS = ("title", "check", "hint", "retry", "answer", "waiting", "lost", "error_detail")


class LiveFace(Live):
    """Never an answer, a hint or an explanation before it is asked for."""

    _esm = source("common.js", "quiz.js")
    _css = source("common.css", "quiz.css")
    questions: traitlets.List = traitlets.List().tag(sync=True)
    attempts: traitlets.Dict = traitlets.Dict().tag(sync=True)
    score = traitlets.Unicode().tag(sync=True)

    def __init__(self, quiz: "Quiz") -> None:
        self._quiz, self._turn = quiz, 0
        super().__init__(
            lang=quiz.lang,
            words={name: quiz.words[name] for name in SCREEN_WORDS},
            questions=[_drawn(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1)],
            **self._now(),
        )
        self.on_msg(self._hear)

    def refresh(self) -> None:
        self.assign(self._now())

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        self._quiz.hear(message.get("question", ""), message["action"], message.get("value", ""))

    def _now(self) -> dict[str, Any]:
        """turn: so that the browser also hears of an answer that changed nothing."""
        self._turn += 1
        attempts = {id: _attempt(self._quiz, id) for id in self._quiz.questions}
        return {
            "attempts": {"turn": self._turn, **attempts},
            "score": self._quiz.score().text,
            "trouble": list(self._quiz.trouble() or ()),
        }


def _drawn(quiz: "Quiz", question: "Question", n: int) -> dict[str, Any]:
    return {
        "id": question.id,
        "kind": question.kind,
        "number": quiz.words["number"].format(n=n),
        "text": question.text,
        "note": instruction(quiz, question),
        "unit": question.unit,
        "choices": [choice.text for choice in quiz.shown(question.id)],
    }


def _attempt(quiz: "Quiz", id: str) -> dict[str, Any]:
    """given: the places of the chosen choices on this student's screen, or the text of a number."""
    attempt, result = quiz.attempt(id), quiz.attempt(id).result
    places = [n for n, choice in enumerate(quiz.shown(id)) if choice.id in attempt.given]
    return {
        "given": attempt.given if isinstance(attempt.given, str) else places,
        "right": result.right if result else None,
        "headline": result.headline if result else "",
        "details": [list(pair) for pair in result.details] if result else [],
        "hint": quiz.questions[id].hint if attempt.hinted else "",
    }
