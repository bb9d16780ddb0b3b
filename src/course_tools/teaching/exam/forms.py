"""One form of an exam and its key, as sheets of paper."""

from collections.abc import Iterator, Sequence

from .. import inline, paper, words
from .questions import ExamQuestion

ROOM = '<div class="room"></div>'


def written(asked: Sequence[ExamQuestion], lang: str, seed: str, letter: str) -> dict[str, str]:
    """Return {"exam": …, "key": …}; one seed and letter give the same numbers in each language."""
    exam, key = (words.text(name, lang, form=letter) for name in ("exam", "key"))
    return {
        "exam": paper.page(exam, lang, [paper.who(lang), *_asked(asked, lang, seed, letter)]),
        "key": paper.page(key, lang, list(_solved(asked, lang, seed, letter))),
    }


def filled(template: str, values: dict[str, object]) -> str:
    """Return a text with what is drawn in its places."""
    return template.format_map(values)


def _asked(asked: Sequence[ExamQuestion], lang: str, seed: str, letter: str) -> Iterator[str]:
    for n, one in enumerate(asked, 1):
        values = one.drawn(f"{seed}{letter}")
        yield f"<h2>{words.text('exam_question', lang, n=n, points=one.points)}</h2>"
        yield inline.block(filled(one.text[lang], _without_answer(values))) + ROOM


def _solved(asked: Sequence[ExamQuestion], lang: str, seed: str, letter: str) -> Iterator[str]:
    for n, one in enumerate(asked, 1):
        values = one.drawn(f"{seed}{letter}")
        yield f"<h2>{words.text('exam_question', lang, n=n, points=one.points)} {one.name}</h2>"
        yield f"<p><b>{words.text('exam_answer', lang, answer=values['answer'])}</b></p>"
        yield inline.block(filled(one.solution[lang], values))


def _without_answer(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != "answer"}
