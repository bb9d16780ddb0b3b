"""The state of a lesson's quiz: answers, hints, the score; it knows no screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...classroom import progress
from ...classroom.records import Answer
from ...display.show import Link
from ..base.messages import QuizMessage
from ..base.state import State
from .bank import questions, read_bank
from .kinds import Choice, Given, Judgement, Question, listed


@dataclass
class Attempt:
    """How far a student is with one question.

    given: ids of choices, or what was typed
    """

    given: Given = ()
    result: Judgement | None = None
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


class QuizState(State):
    """The answers, hints and score of one student in the quiz of one lesson.

    Everything is judged here: neither the notebook nor the browser holds an answer, a hint or an
    explanation before it is asked for.
    """

    def __init__(
        self, lesson: str, *, bank: Mapping[str, Any] | None = None, student: str | None = None
    ) -> None:
        super().__init__("quiz")
        self.lesson = lesson
        self.questions = questions(bank or read_bank(lesson))
        student = student or progress.student_id()
        self._shown = {q.id: q.shuffled(student, lesson) for q in self.questions.values()}
        self._attempts = {id: Attempt() for id in self.questions}
        self._kept = bank is None  # another bank's answers are not this lesson's
        if self._kept:
            self._restore()

    # --- as function calls --------------------------------------------------------------

    def answer(self, question: str, value: object) -> Judgement:
        """Judge an answer, show what is said to it, and keep it.

        value: the id of a choice, several ids in a list, or a number (also as text:
        "１２．５").
        ValueError names the questions, or the choices, that there are.
        """
        asked = self._question(question)
        given = asked.accept(value, self.words)
        attempt, result = self._attempts[question], asked.judge(given, self.words)
        attempt.given = given
        attempt.result = self._counted(attempt, result)
        if result.right is not None:
            self.keep_answer(question, given, result.right)
        self.changed()
        return attempt.result

    def hint(self, question: str) -> str:
        """Return the hint of a question, and note that it was asked for."""
        asked = self._question(question)
        attempt = self._attempts[question]
        attempt.hinted = True
        if attempt.result and attempt.result.right is None:
            attempt.result = None  # "nothing is chosen yet" was the answer to another action
        self.keep_hint(question)
        self.changed()
        return asked.hint

    def retry(self, question: str) -> None:
        """Take the answer and its explanation away; what was reached stays in the score."""
        self._question(question)
        attempt = self._attempts[question]
        attempt.given, attempt.result = (), None
        self.keep_retry(question)
        self.changed()

    def score(self) -> Score:
        """Return how many questions were answered right."""
        attempts = self._attempts.values()
        right, at_once = sum(a.solved for a in attempts), sum(a.solved_at_once for a in attempts)
        text = self.words["score"].format(total=len(attempts), right=right, at_once=at_once)
        return Score(right, at_once, len(attempts), text)

    # --- what is kept -------------------------------------------------------------------

    def keep_answer(self, question: str, given: Given, right: bool) -> None:
        """Count a judged answer in the lesson's record."""
        if self._kept:
            progress.answered(self.lesson, question, given, right)

    def keep_hint(self, question: str) -> None:
        """Keep in the lesson's record that a hint was asked for."""
        if self._kept:
            progress.hinted(self.lesson, question)

    def keep_retry(self, question: str) -> None:
        """Keep in the lesson's record that an answer was taken back."""
        if self._kept:
            progress.taken_back(self.lesson, question)

    # --- for the views ------------------------------------------------------------------

    def origin(self, question: str) -> Link:
        """Return where a question comes from, with a link; "" in a lesson's own quiz."""
        return Link()

    def shown(self, question: str) -> tuple[Choice, ...]:
        """Return the choices in this student's order; () where the answer is typed."""
        return self._shown[question]

    def attempt(self, question: str) -> Attempt:
        """Return how far the student is with a question."""
        return self._attempts[question]

    def places(self, question: str) -> list[int]:
        """Return the places of the chosen choices in this student's order."""
        given = self._attempts[question].given
        return [place for place, c in enumerate(self._shown[question]) if c.id in given]

    def told_hint(self, question: str) -> str:
        """Return the hint once it was asked for, else ""."""
        return self.questions[question].hint if self._attempts[question].hinted else ""

    def act(self, message: QuizMessage) -> None:
        """Check, hint or retry, as a message asks; a choice is named by its place on screen."""
        action, question = message["action"], message["question"]
        if action == "check":
            shown, value = self.shown(question), message["value"]
            places = () if isinstance(value, str) else value
            self.answer(question, [shown[place].id for place in places] if shown else value)
        else:
            {"hint": self.hint, "retry": self.retry}[action](question)

    def failure_sentence(self) -> str:
        """Say in one sentence for the student that the program failed."""
        return self.words["error"].format(retry=self.words["retry"])

    # --- answers ------------------------------------------------------------------------

    def _question(self, id: str) -> Question:
        if id not in self.questions:
            known = listed(self.questions)
            raise ValueError(self.words["unknown_question"].format(got=id, known=known))
        return self.questions[id]

    def _counted(self, attempt: Attempt, result: Judgement) -> Judgement:
        """Count a judged answer."""
        if result.right is None:
            return result
        attempt.judged += 1
        attempt.solved |= result.right
        if attempt.judged == 1:
            attempt.solved_at_once = result.right
        return self._numbered(result, attempt.judged)

    def _numbered(self, result: Judgement, judged: int) -> Judgement:
        """Add to the headline which answer it is, from the second judged answer on."""
        again = self.words["again"].format(n=judged) if judged > 1 else ""
        return Judgement(result.right, result.headline + again, result.details)

    def _restore(self) -> None:
        """Restore what this student reached in earlier sessions; questions may have changed."""
        for id, kept in progress.answers(self.lesson).items():
            try:
                if id in self.questions:
                    self._attempts[id] = self._restored(self.questions[id], kept)
            except Exception as error:
                self.fail(error, f"quiz {self.lesson}, question {id}, restoring")

    def _restored(self, question: Question, kept: Answer) -> Attempt:
        attempt = Attempt((), None, kept.hinted, kept.tries, kept.solved, kept.at_once)
        if kept.given and question.fits(kept.given, self.words):
            result = question.judge(kept.given, self.words)
            if result.right is not None:
                attempt.given = kept.given
                attempt.result = self._numbered(result, kept.tries)
        return attempt
