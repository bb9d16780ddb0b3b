"""The quiz to read: HTML and plain text, with the choices' ids for quiz.answer.  No answers."""

import html
from typing import TYPE_CHECKING

from .static import rich

if TYPE_CHECKING:
    from .quiz import Quiz
    from .quiz_bank import Question


def as_html(quiz: "Quiz") -> str:
    """Semantic HTML without style or script: it must survive GitHub's and nbviewer's cleaning."""
    parts = "".join(_html_question(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1))
    title, note = html.escape(quiz.words["title"]), rich(quiz.words["live_note"])
    inner = f"<h3>{title}</h3>{parts}<p><small>{note}</small></p>"
    return f'<section lang="{quiz.lang}">{inner}</section>'


def _html_question(quiz: "Quiz", question: "Question", n: int) -> str:
    number = html.escape(quiz.words["number"].format(n=n))
    note = rich(instruction(quiz, question))
    items = "".join(f"<li><code>{c.id}</code> {rich(c.text)}</li>" for c in question.choices)
    choices = f"<ul>{items}</ul>" if items else ""
    return f"<p><strong>{number}</strong> {rich(question.text)}<br><em>{note}</em></p>{choices}"


def as_text(quiz: "Quiz") -> str:
    lines = [quiz.words["title"]]
    for question in quiz.questions.values():
        lines += ["", f"{question.id}. {question.text}", f"    {instruction(quiz, question)}"]
        lines += [f"    {choice.id}: {choice.text}" for choice in question.choices]
    first = next(iter(quiz.questions.values()))
    example = f'"{first.id}", "{first.choices[0].id}"' if first.choices else f'"{first.id}", "12.5"'
    note = quiz.words["call_note"].format(example=example, question=first.id)
    return "\n".join([*lines, "", note])


def instruction(quiz: "Quiz", question: "Question") -> str:
    """How to answer a question of this kind."""
    name = "do_numeric_unit" if question.unit else f"do_{question.kind}"
    return quiz.words[name].format(unit=question.unit)
