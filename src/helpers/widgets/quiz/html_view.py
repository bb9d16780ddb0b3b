"""The quiz to read: HTML and plain text, with the choices' ids for quiz.answer.  No answers."""

import html

from ..base.html_view import rich, section
from .kinds import Question
from .state import QuizState


def as_html(quiz: QuizState) -> str:
    """Return all questions as HTML, without a kernel, a script or an answer."""
    title = f"<h3>{html.escape(quiz.words['title'])}</h3>"
    parts = [_html_question(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1)]
    note = f"<p><small>{rich(quiz.words['live_note'])}</small></p>"
    return section(quiz.lang, title, *parts, note)


def _html_question(quiz: QuizState, question: Question, n: int) -> str:
    number = html.escape(quiz.words["number"].format(n=n))
    note = rich(question.instruction(quiz.words))
    items = "".join(f"<li><code>{c.id}</code> {rich(c.text)}</li>" for c in question.options())
    choices = f"<ul>{items}</ul>" if items else ""
    return f"<p><strong>{number}</strong> {rich(question.text)}<br><em>{note}</em></p>{choices}"


def as_text(quiz: QuizState) -> str:
    """Return all questions as plain text, with the choices' ids."""
    lines = [quiz.words["title"]]
    for question in quiz.questions.values():
        note = question.instruction(quiz.words)
        lines += ["", f"{question.id}. {question.text}", f"    {note}"]
        lines += [f"    {choice.id}: {choice.text}" for choice in question.options()]
    first = next(iter(quiz.questions.values()))
    value = first.options()[0].id if first.options() else "12.5"
    example = f'"{first.id}", "{value}"'
    note = quiz.words["call_note"].format(example=example, question=first.id)
    return "\n".join([*lines, "", note])
