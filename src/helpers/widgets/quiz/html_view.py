"""The quiz to read: HTML and plain text, with the choices' ids for quiz.answer.  No answers."""

from ...display.markup import Html
from ...display.show import Link
from ..base.html_view import joined, rich, section
from .kinds import Question
from .state import QuizState


def as_html(quiz: QuizState) -> Html:
    """Return all questions as HTML, without a kernel, a script or an answer."""
    title = Html("<h3>{}</h3>").format(quiz.words["title"])
    parts = [_html_question(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1)]
    note = Html("<p><small>{}</small></p>").format(rich(quiz.words["live_note"]))
    return section(quiz.lang, title, *parts, note)


def _html_question(quiz: QuizState, question: Question, n: int) -> Html:
    item, items = Html("<li><code>{}</code> {}</li>"), question.options()
    choices = joined(item.format(choice.id, rich(choice.text)) for choice in items)
    return Html("<p><strong>{}</strong> {}<br><em>{}</em>{}</p>{}").format(
        quiz.words["number"].format(n=n),
        rich(question.text),
        rich(question.instruction(quiz.words)),
        html_origin(quiz.origin(question.id)),
        Html("<ul>{}</ul>").format(choices) if choices else Html(),
    )


def html_origin(origin: Link) -> Html:
    """Return where a question comes from, in a line of its own; "" stays "".

    JupyterLab takes the line from below a link in a widget: <u> puts it back.
    """
    if not origin.href:
        return Html("<br>{}").format(rich(origin)) if origin else Html()
    link = Html('<br><a href="{}" target="_blank" rel="noopener"><u>{}</u></a>')
    return link.format(origin.href, rich(origin))


def as_text(quiz: QuizState) -> str:
    """Return all questions as plain text, with the choices' ids."""
    lines = [quiz.words["title"]]
    for question in quiz.questions.values():
        note = question.instruction(quiz.words)
        origin = quiz.origin(question.id)
        lines += ["", f"{question.id}. {question.text}", f"    {note}"]
        lines += [f"    {origin}"] if origin else []
        lines += [f"    {choice.id}: {choice.text}" for choice in question.options()]
    first = next(iter(quiz.questions.values()))
    value = first.options()[0].id if first.options() else "12.5"
    example = f'"{first.id}", "{value}"'
    note = quiz.words["call_note"].format(example=example, question=first.id)
    return "\n".join([*lines, "", note])
