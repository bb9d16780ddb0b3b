"""A lesson's line of Markdown as HTML: formulas as sub- and superscripts, code, bold, links."""

import html
import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt

from ..authoring.parity import FORMULA
from ..authoring.problems import Problem, stop_at

FRACTION = re.compile(r"\\frac\{([^{}]+)\}\{([^{}]+)\}")
SCRIPT = re.compile(r"([_^])(?:\{([^{}]+)\}|(\w))")
SIGNS = {
    r"\times": "×",
    r"\approx": "≈",
    r"\cdot": "·",
    r"\sum": "∑",
    r"\log": "log",
    r"\alpha": "α",
    r"\theta": "θ",
    r"\tau": "τ",
    r"\lVert": "‖",
    r"\rVert": "‖",
    r"\top": "ᵀ",
    "-": "−",
}
TEXT = re.compile(r"\\text\{([^{}]+)\}")
ROOT = re.compile(r"\\sqrt\{([^{}]+)\}")
LETTER = re.compile(r"(?<![&A-Za-z0-9])([A-Za-z])(?![A-Za-z0-9;])")
ITEM = re.compile(r"^[-*] (.+)$")
MARKDOWN = MarkdownIt("commonmark", {"html": False})


def line(markdown: str, place: str = "-") -> str:
    """Return one line as HTML.  LessonError for a formula of more than scripts and signs."""
    formulas: list[str] = []

    def kept(match: re.Match) -> str:
        formulas.append(formula(match[0].strip("$"), place))
        return f"\ufffc{len(formulas) - 1}\ufffd"

    made = MARKDOWN.renderInline(FORMULA.sub(kept, markdown))
    return re.sub("\ufffc(\\d+)\ufffd", lambda m: formulas[int(m[1])], made)


def block(markdown: str, place: str = "-") -> str:
    """Return paragraphs and lists as HTML."""
    return "\n".join(_blocks(markdown.split("\n"), place))


def _blocks(lines: Iterable[str], place: str) -> Iterator[str]:
    items: list[str] = []
    for words in [*lines, ""]:
        if found := ITEM.match(words):
            items.append(f"<li>{line(found[1], place)}</li>")
            continue
        if items:
            yield f"<ul>{''.join(items)}</ul>"
            items = []
        if words.strip():
            yield f"<p>{line(words, place)}</p>"


def formula(tex: str, place: str = "-") -> str:
    """Return a short formula as HTML."""
    made = TEXT.sub(r"\1", ROOT.sub(r"√\1", FRACTION.sub(r"\1/\2", tex)))
    for sign, shown in SIGNS.items():
        made = made.replace(sign, shown)
    if "\\" in made:
        remedy = "word it without that command, or teach course_tools/teaching/inline.py the sign"
        stop_at([Problem(place, "-", f"cannot show the formula {tex!r}", remedy)])
    inner = SCRIPT.sub(_script, html.escape(made))
    return LETTER.sub(r"<i>\1</i>", SCRIPT.sub(_script, inner))  # a script of a script


def _script(match: re.Match) -> str:
    tag = "sub" if match[1] == "_" else "sup"
    return f"<{tag}>{match[2] or match[3]}</{tag}>"
