"""Where on a page something answers, and the files that it needs below the site's root."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from helpers.language import say
from helpers.language.say import COMPLETE
from helpers.widgets.base.anywidget_view import sources

from .. import words
from . import archive, calculator, quizzes, widgets

QUIZ = re.compile(r"\bQuiz\(\"(\d\d_\w+)\"\)")
SCRIPT = '<script type="module" src="../../live/page.js"></script>'
STYLE = "live/screens/widgets.css"
SETTINGS = "live/settings.json"
SAID = ("live_button", "live_waiting", "live_failed")
MOST = 7.5  # MB that a reader loads for the explorers, at most


def around(cell: NotebookNode, lang: str, lesson: str, outputs: str) -> str:
    """Return a cell's outputs, in an element that comes alive where a script can make it so."""
    quiz = QUIZ.search(cell.source)
    if outputs and quiz:
        return _element("quiz", outputs, lang=lang, lesson=quiz[1])
    if outputs and cell.id in widgets.awake().get(lesson, ()):
        marked = _marked(outputs, lang)
        return _element("live", marked, lang=lang, lesson=lesson, cell=cell.id)
    return outputs


def _marked(outputs: str, lang: str) -> str:
    """Mark the sentence that sends a reader to JupyterLab: a page that answers hides it."""
    note = html.escape(say.catalogue("explorer")["live_note"][say.key(lang)])
    return outputs.replace(f"<p>{note}</p>", f'<p class="live-note">{note}</p>')


def _element(name: str, inner: str, **data: str) -> str:
    told = "".join(f' data-{key}="{html.escape(value)}"' for key, value in data.items())
    inner = inner.replace("\n\n", "\n")  # which would end raw HTML
    # in a div: Markdown takes a line that begins with another element for a paragraph
    return f'<div class="not-content"><triad-{name}{told}>{inner}</triad-{name}></div>'


def script(parts: Iterable[str]) -> list[str]:
    """Return what a page loads for its live elements: nothing where it has none."""
    return [SCRIPT] if any("<triad-" in part for part in parts) else []


def checked(pages: Mapping[tuple[str, str], list[str]]) -> None:
    """Check that the page of each lesson with a bank has its quiz.  Asleep names those without.

    pages: {(language, lesson): parts}
    """
    wrong = [
        f'{lang}/{lesson}: {found} quizzes, expected 1; its cell must say Quiz("{lesson}")'
        for (lang, lesson), parts in pages.items()
        if quizzes.has_bank(lesson)
        and (found := sum(part.count(_quiz_of(lang, lesson)) for part in parts)) != 1
    ]
    if wrong:
        raise widgets.Asleep("no quiz that answers (live/places.py):\n" + "\n".join(wrong))


def _quiz_of(lang: str, lesson: str) -> str:
    return f'<triad-quiz data-lang="{lang}" data-lesson="{lesson}"'


def files(project: Path, lessons: widgets.Lessons) -> Iterator[tuple[str, bytes]]:
    """Yield (path below the site's root, content); project: where npm put pyodide."""
    styles = [sources(name)[1] for name in ("quiz", "explorer")]
    yield STYLE, "\n".join(styles).encode()
    yield quizzes.screen()
    yield widgets.screen()
    for lang, lesson in lessons:
        yield from quizzes.files(lesson, lang)
    yield from widgets.files(lessons)
    yield from calculator.files()
    loaded = dict(archive.files(project))
    yield from loaded.items()
    yield SETTINGS, json.dumps(settings(loaded), ensure_ascii=False).encode()


def settings(loaded: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return the words of the button in each language, with the MB that a reader will load.

    loaded: {path: content}.  ValueError if these are more than a page may ask for.
    """
    megabytes = archive.megabytes(loaded.values())
    if megabytes > MOST:
        raise ValueError(f"the explorers load {megabytes:.2f} MB, more than {MOST} MB: archive.py")
    shown = f"{megabytes:.1f}"
    size = {"megabytes": shown, "bytes": archive.counted(loaded)}
    return {
        lang: {name: words.text(name, lang).format(megabytes=shown) for name in SAID} | size
        for lang in COMPLETE
    }
