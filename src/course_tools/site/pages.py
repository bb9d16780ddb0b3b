"""An executed notebook as a page: Markdown for the site's builder, figures, what a search finds.

Every cell keeps its key as its anchor (c-KEY), which all languages share; a cell's first heading
has it, too, and each further one its number (c-KEY-2).
"""

import html
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

from helpers.language import say

from . import figures, words
from .live import places, widgets

WIDGET = "application/vnd.jupyter.widget-view+json"
HEADING = re.compile(r"(#{1,6}) +(.*)")
FENCE = re.compile(r"\s*(```|~~~)")
DISPLAYED = re.compile(r"((?:> ?)*)\$\$([^$]+)\$\$")  # a formula alone in its line, also quoted
TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
ROWS = re.compile(r"^(?:\|.*\n?)+", re.MULTILINE)  # a table of Markdown
BOX = '<div class="wide" tabindex="0">'  # scrolls by itself, by keyboard too
TITLE = re.compile(r"# @title (.*?)(?:（.*）)?$")  # what JupyterLab and Colab show of a folded cell
BLANK = re.compile(r"\n\s*\n")  # ends raw HTML in Markdown
# links to lessons lead to their pages; a sheet is not on the site, but where it is to be had
NOTEBOOK = re.compile(r"(\]\(|href=\")(\d\d_\w+)\.ipynb")
SHEET = re.compile(r"\[([^\]]*)\]\([^)]*/exercise_\w+\.ipynb\)")
SHEET_IN_HTML = re.compile(r'<a href="[^"]*/exercise_\w+\.ipynb">(.*?)</a>')
EDITION = "../edition/"
SET_UP = ("set-up-text", "course", "set-up")  # cells that a page does not need
RUNNING = re.compile(r"<div[^>]*><progress\b")  # how far a run is
GUESS = re.compile(r"^predict\.(?:compare|choose)\(", re.MULTILINE)


@dataclass
class SearchEntry:
    """What a search finds: a heading, its anchor, and the text below it."""

    anchor: str
    heading: str
    text: str = ""


@dataclass
class Page:
    """One lesson in one language."""

    lang: str
    name: str
    title: str = ""
    parts: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)  # file name -> content
    found: list[SearchEntry] = field(default_factory=list)
    guesses: int = 0
    awake: dict[str, widgets.Awake] = field(default_factory=dict)  # cell -> what comes alive

    def markdown(self, order: int) -> str:
        """Return the page's file; order: its place in the menu."""
        label = f"{self.name[:2]} {self.title}"
        head = {"title": self.title, "sidebar": {"order": order, "label": label}}
        return f"---\n{json.dumps(head, ensure_ascii=False)}\n---\n\n" + "\n\n".join(self.parts)


def page(notebook: NotebookNode, lang: str, name: str) -> Page:
    """Convert an executed lesson."""
    made = Page(lang, name, awake=widgets.of_page(notebook, name))
    for cell in notebook.cells:
        if cell.id in SET_UP:
            continue
        add = _add_prose if cell.cell_type == "markdown" else _add_code
        add(made, cell)
    made.parts += places.script(made.parts)
    return made


# --- prose ----------------------------------------------------------------------------------------


def _add_prose(made: Page, cell: NotebookNode) -> None:
    source = NOTEBOOK.sub(r"\1../\2/", SHEET.sub(rf"[\1]({EDITION})", cell.source))
    lines, anchors = list[str](), (f"c-{cell.id}{n}" for n in _endings())
    for line, heading, fenced in _lines(source):
        if heading and not made.title:  # the builder shows the title itself
            made.title = heading[2].strip()
            made.found.append(SearchEntry("_top", made.title))
            continue
        if heading:
            anchor = next(anchors)
            made.found.append(SearchEntry(anchor, _plain(heading[2])))
            line = f"{line} {{ #{anchor} }}"
        elif made.found:
            made.found[-1].text += _plain(line) + " "
        lines.append(line if fenced else _displayed(line))
    prose = in_boxes("\n".join(lines).strip())
    anchored = not made.parts or f"{{ #c-{cell.id} }}" in prose
    made.parts += [prose] if anchored else [f'<div id="c-{cell.id}"></div>', prose]


def _endings() -> Iterator[str]:
    """Yield what follows a cell's key in the anchors of its headings."""
    yield ""
    yield from (f"-{n}" for n in itertools.count(2))


def in_boxes(markdown: str) -> str:
    """Put each table into a box that scrolls."""
    return ROWS.sub(lambda m: f"{BOX}\n\n{m[0].rstrip()}\n\n</div>\n", markdown)


def _lines(source: str) -> Iterator[tuple[str, re.Match | None, bool]]:
    """Yield (line, its match as a heading outside fences, whether a fence holds it)."""
    fenced = False
    for line in source.split("\n"):
        fenced ^= bool(FENCE.match(line))
        yield line, None if fenced else HEADING.match(line), fenced


def _displayed(line: str) -> str:
    """Set a formula that is alone in its line apart: else the builder sets it in the line."""
    alone = DISPLAYED.fullmatch(line)
    return "\n".join(f"{alone[1]}{x}" for x in ("$$", alone[2], "$$")) if alone else line


def _plain(line: str) -> str:
    """Return a line without the signs of Markdown and HTML."""
    return re.sub(r"[*`|]|<[^>]*>|\]\([^)]*\)|\[", "", line).strip()


# --- code and what it gave ------------------------------------------------------------------------


def _add_code(made: Page, cell: NotebookNode) -> None:
    title = TITLE.match(cell.source.split("\n")[0])
    code = f"```python\n{cell.source}\n```"
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        summary = title[1] if title else words.text("code", made.lang)
        opened = f'<details class="folded"><summary>{html.escape(summary)}</summary>'
        code = f"{opened}\n\n{code}\n\n</details>"
    lasting = [one for one in cell.outputs if not _passes(one)]
    outputs = "\n\n".join(_output(made, output) for output in lasting)
    if outputs and GUESS.search(cell.source):
        outputs = _guess(outputs, made.lang, cell.id)
        made.guesses += 1
    outputs = places.around(cell, made.lang, made.name, outputs)
    made.parts += filter(None, [f'<div id="c-{cell.id}"></div>', code, outputs])


def _passes(output: NotebookNode) -> bool:
    """Is it shown only while a cell runs: how far a run is, a widget that waits for its screen?"""
    shown = output.get("data", {}).get("text/html", "")
    waiting = say.catalogue("environment")["screen_waiting"].values()
    return bool(RUNNING.match(shown)) or any(html.escape(words) in shown for words in waiting)


def _output(made: Page, output: NotebookNode) -> str:
    if output.output_type == "stream":
        return _preformatted(output.text)
    data = output.data
    if "text/html" not in data:
        return _preformatted(data["text/plain"])
    kind = "widget" if WIDGET in data else "shown"
    return f'<div class="out {kind} not-content">{_fragment(made, data["text/html"])}</div>'


def _preformatted(text: str) -> str:
    escaped = html.escape(text.rstrip()).replace("\n", "&#10;")
    return f'<pre class="out not-content" tabindex="0">{escaped}</pre>'


def _fragment(made: Page, fragment: str) -> str:
    """Return HTML with files for its pictures and a box that scrolls for each table."""
    edition = rf'<a href="{EDITION}">\1</a>'
    linked = NOTEBOOK.sub(r"\1../\2/", SHEET_IN_HTML.sub(edition, fragment))
    fragment, pictures = figures.as_files(linked)
    made.pictures |= pictures
    boxed = TABLE.sub(lambda m: f"{BOX}{m[0]}</div>", fragment)
    return BLANK.sub("\n", boxed)


def _guess(outputs: str, lang: str, key: str) -> str:
    """Ask for the reader's guess before the measured value is opened."""
    guess, compare = (html.escape(words.text(name, lang)) for name in ("guess", "compare"))
    field_ = f'<label>{guess} <input type="text" autocomplete="off" name="{key}"></label>'
    opened = f"<details><summary>{compare}</summary>\n{outputs}\n</details>"
    return BLANK.sub("\n", f'<div class="guess not-content">{field_}{opened}</div>')
