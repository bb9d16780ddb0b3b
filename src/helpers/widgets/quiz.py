"""The quiz of a lesson: one state, one judgement; on screen, in plain HTML, as function calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..classroom import progress
from ..classroom.records import Answer
from ..language import say
from .face import Face, Faced
from .quiz_bank import Choice, Question, Result, fits, judge, listed, questions, read_bank
from .quiz_plain import PlainFace
from .quiz_static import as_html, as_text


@dataclass
class Attempt:
    """How far a student is with one question.  given: ids of choices, or the text of a number."""

    given: tuple[str, ...] | str = ()
    result: Result | None = None
    hinted: bool = False
    judged: int = 0
    solved: bool = False
    solved_at_once: bool = False


@dataclass(frozen=True, repr=False)
class Score:
    """Questions answered right so far (at_once: at the first try) of all questions."""

    right: int
    at_once: int
    total: int
    text: str

    def __repr__(self) -> str:
        return self.text


class Quiz(Faced):
    """Questions of a lesson, in the language of `say` at this moment.

    Everything is judged here: neither the notebook nor the browser holds an answer, a hint or an
    explanation before it is asked for.  Display it, or call answer, hint, retry, score: one state.
    """

    def __init__(
        self, lesson: str, *, bank: Mapping[str, Any] | None = None, student: str | None = None
    ) -> None:
        super().__init__()
        self.lesson, self.lang = lesson, say.html_lang()
        self.words = {name: say.choose(both) for name, both in say.catalogue("quiz").items()}
        self.questions = questions(bank or read_bank(lesson))
        student = student or progress.student_id()
        self._shown = {q.id: q.shuffled(student, lesson) for q in self.questions.values()}
        self._attempts = {id: Attempt() for id in self.questions}
        self._kept = bank is None  # another bank's answers are not this lesson's
        if self._kept:
            self._restore()

    # --- as function calls --------------------------------------------------------------

    def answer(self, question: str, value: object) -> Result:
        """value: the id of a choice, several ids in a list, or a number (also as text: "１２．５").

        ValueError names the questions, or the choices, that there are.
        """
        asked = self._question(question)
        given = f"{value}" if asked.kind == "numeric" else self._ids(asked, value)
        attempt, result = self._attempts[question], judge(asked, given, self.words)
        attempt.given = given
        attempt.result = self._counted(attempt, result)
        if self._kept and result.right is not None:
            progress.answered(self.lesson, question, given, result.right)
        self._refresh()
        return attempt.result

    def hint(self, question: str) -> str:
        asked = self._question(question)
        attempt = self._attempts[question]
        attempt.hinted = True
        if attempt.result and attempt.result.right is None:
            attempt.result = None  # "nothing is chosen yet" was the answer to another action
        if self._kept:
            progress.hinted(self.lesson, question)
        self._refresh()
        return asked.hint

    def retry(self, question: str) -> None:
        """Take the answer and its explanation away.  What was reached stays in the score."""
        self._question(question)
        attempt = self._attempts[question]
        attempt.given, attempt.result = (), None
        if self._kept:
            progress.taken_back(self.lesson, question)
        self._refresh()

    def score(self) -> Score:
        attempts = self._attempts.values()
        right, at_once = sum(a.solved for a in attempts), sum(a.solved_at_once for a in attempts)
        text = self.words["score"].format(total=len(attempts), right=right, at_once=at_once)
        return Score(right, at_once, len(attempts), text)

    def html(self) -> str:
        """All questions without a kernel, a script or an answer."""
        return as_html(self)

    def __repr__(self) -> str:
        return as_text(self)

    def live_face(self) -> Face:
        from .quiz_live import LiveFace

        return LiveFace(self)

    def plain_face(self, note: str = "") -> Face:
        return PlainFace(self, note)

    # --- for the faces ------------------------------------------------------------------

    def shown(self, question: str) -> tuple[Choice, ...]:
        """The choices in this student's order."""
        return self._shown[question]

    def attempt(self, question: str) -> Attempt:
        return self._attempts[question]

    def hear(self, question: str, action: str, value: Sequence[int] | str = "") -> None:
        """An action on screen; a choice is named by its place there.  Never raises: a failure is
        shown in the student's language, kept in errors, and logged with its traceback."""
        try:
            self._failed = None
            self._act(question, action, value)
        except Exception as error:
            self._fail(error, f"quiz {self.lesson}, question {question}, action {action!r}")
            self._refresh()

    def _act(self, question: str, action: str, value: Sequence[int] | str) -> None:
        if action == "alive":
            self._alive = True
        elif action == "check":
            shown = self.shown(question)
            places = () if isinstance(value, str) else value
            self.answer(question, value if not shown else [shown[n].id for n in places])
        else:
            {"hint": self.hint, "retry": self.retry}[action](question)

    def trouble(self) -> tuple[str, str] | None:
        """If the last action failed: a sentence for the student and a technical line."""
        if self._failed is None:
            return None
        return self.words["error"].format(retry=self.words["retry"]), self._technical()

    # --- answers ------------------------------------------------------------------------

    def _question(self, id: str) -> Question:
        if id not in self.questions:
            known = listed(self.questions)
            raise ValueError(self.words["unknown_question"].format(got=id, known=known))
        return self.questions[id]

    def _ids(self, question: Question, value: object) -> tuple[str, ...]:
        known = [choice.id for choice in question.choices]
        several = isinstance(value, Iterable) and not isinstance(value, str)
        ids: tuple[Any, ...] = tuple(value) if several else (value,)  # type: ignore[arg-type]
        for id in ids:
            if id not in known:
                problem = self.words["unknown_choice"]
                raise ValueError(problem.format(question=question.id, got=id, known=listed(known)))
        if question.kind == "single" and len(ids) > 1:
            raise ValueError(self.words["only_one"].format(question=question.id))
        return ids

    def _counted(self, attempt: Attempt, result: Result) -> Result:
        """Count a judged answer."""
        if result.right is None:
            return result
        attempt.judged += 1
        attempt.solved |= result.right
        if attempt.judged == 1:
            attempt.solved_at_once = result.right
        return self._numbered(result, attempt.judged)

    def _numbered(self, result: Result, judged: int) -> Result:
        """From the second judged answer on, the headline says which it is."""
        again = self.words["again"].format(n=judged) if judged > 1 else ""
        return Result(result.right, result.headline + again, result.details)

    def _restore(self) -> None:
        """What this student reached in earlier sessions.  A question may have changed since."""
        for id, kept in progress.answers(self.lesson).items():
            try:
                if id in self.questions:
                    self._attempts[id] = self._restored(self.questions[id], kept)
            except Exception as error:
                self._fail(error, f"quiz {self.lesson}, question {id}, restoring")

    def _restored(self, question: Question, kept: Answer) -> Attempt:
        attempt = Attempt((), None, kept.hinted, kept.tries, kept.solved, kept.at_once)
        if kept.given and fits(question, kept.given):
            result = judge(question, kept.given, self.words)
            if result.right is not None:
                attempt.given = kept.given
                attempt.result = self._numbered(result, kept.tries)
        return attempt
