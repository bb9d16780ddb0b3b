"""A lesson's slides, 1280 × 720, in one HTML file: headings, points, guesses, figures, claims.

Arrow keys, space and clicks turn pages; #5 in the address is slide 5; printing gives one slide a
page.  Figures come from the executed lesson; English has those of another language, --figures.
"""

import base64
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from . import inline, words
from .guide import Prepared
from .pages import asks, heading, own, predicted, title
from .words import ENGLISH

WIDTH, HEIGHT = 1280, 720
PICTURE = re.compile(r'<img[^>]*?src="data:image/png;base64,([A-Za-z0-9+/=]+)"[^>]*>')
ALTERNATIVE = re.compile(r'alt="([^"]*)"')
STYLE = f"""
@page {{ size: {WIDTH}px {HEIGHT}px; margin: 0; }}
* {{ box-sizing: border-box; }}
html, body {{ margin: 0; background: #ddd; }}
body {{ font-size: 27px; line-height: 1.45; color: #111; }}
section {{ position: relative; width: {WIDTH}px; height: {HEIGHT}px; padding: 44px 64px 52px;
  background: #fff; overflow: hidden; margin: 0 auto; break-after: page; display: flex;
  flex-direction: column; gap: 18px; }}
.talk section {{ display: none; }}
.talk section.now {{ display: flex; }}
section > footer {{ position: absolute; right: 64px; bottom: 14px; font-size: 16px; color: #555; }}
h1 {{ font-size: 46px; line-height: 1.25; margin: auto 0 0; }}
h2 {{ font-size: 34px; line-height: 1.25; margin: 0; padding-bottom: 8px;
  border-bottom: 3px solid #1b6ca8; }}
p, ul {{ margin: 0; }}
.lead {{ font-size: 28px; margin-bottom: auto; }}
.point {{ font-size: 38px; margin: auto 0; }}
.before {{ font-size: 24px; }}
.ask {{ border-left: 8px solid #1b6ca8; padding: 6px 0 6px 20px; font-size: 28px; }}
.ask ul {{ padding-left: 26px; }}
.says {{ color: #333; font-size: 24px; }}
.found {{ font-size: 25px; }}
.long {{ font-size: 21px; line-height: 1.42; }}
.label {{ font-weight: bold; color: #1b6ca8; font-size: 20px; }}
figure {{ margin: 0; flex: 1; min-height: 0; }}
figure img {{ width: 100%; height: 100%; object-fit: contain; }}
table {{ border-collapse: collapse; font-size: 23px; }}
td, th {{ text-align: left; padding: 4px 18px 4px 0; border-bottom: 1px solid #bbb; }}
td:last-child, th:last-child {{ text-align: right; }}
code {{ font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 88%; }}
@media print {{ .talk section {{ display: flex; }} body {{ background: #fff; }} }}
"""
SCRIPT = """
const slides = [...document.querySelectorAll("section")];
const at = () => Math.min(Math.max(Number(location.hash.slice(1)) || 1, 1), slides.length);
const show = () => slides.forEach((slide, n) => slide.classList.toggle("now", n + 1 === at()));
const turn = (by) => { location.hash = Math.min(Math.max(at() + by, 1), slides.length); };
addEventListener("hashchange", show);
addEventListener("keydown", (event) => {
  if (["ArrowRight", "PageDown", " ", "Enter"].includes(event.key)) turn(1);
  if (["ArrowLeft", "PageUp", "Backspace"].includes(event.key)) turn(-1);
  if (event.key === "Home") location.hash = 1;
  if (event.key === "End") location.hash = slides.length;
});
addEventListener("click", (event) => turn(event.clientX < innerWidth / 3 ? -1 : 1));
document.body.classList.add("talk");
show();
"""
LONG = {ENGLISH: 420, "": 190}  # characters of a claim that is set smaller


@dataclass(frozen=True)
class Picture:
    """A figure of an executed lesson: its PNG as data, and what it says to who cannot see it."""

    data: str
    alternative: str


def pictures(executed: NotebookNode) -> dict[str, Picture]:
    """Return {key of a cell: the figure that it drew, on white}."""
    found = {}
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            fragment = output.get("data", {}).get("text/html", "")
            if drawn := PICTURE.search(fragment):
                said = ALTERNATIVE.search(drawn[0])
                found[cell.id] = Picture(drawn[1], html.unescape(said[1]) if said else "")
    return found


def deck(one: Prepared, drawn: Mapping[str, Picture], lang: str) -> str:
    """Return the file; drawn: pictures by the keys of their cells; what is missing is left out."""
    made = list(_slides(one, drawn, lang))
    name = html.escape(title(one, lang))
    sections = "\n".join(
        f"<section>{slide}<footer>{name}　{n}/{len(made)}</footer></section>"
        for n, slide in enumerate(made, 1)
    )
    return f"""<!doctype html>
<html lang="{words.LANGUAGES[lang]}">
<meta charset="utf-8">
<title>{name}</title>
<style>{STYLE}body {{ font-family: {words.fonts(lang)}; }}</style>
<body>
{sections}
<script>{SCRIPT}</script>
</body>
</html>
"""


def _slides(one: Prepared, drawn: Mapping[str, Picture], lang: str) -> Iterator[str]:
    place = f"lessons/{one.lesson.name}"
    yield f"<h1>{html.escape(title(one, lang))}</h1>" + _paragraph("lead", one, ("goal",), lang)
    for name, section in one.anchors.sections.items():
        head = f"<h2>{inline.line(heading(one, name, lang), place)}</h2>"
        point = _paragraph("point", one, ("section", name, "point"), lang)
        for cell in predicted(one, name):
            before = "" if lang == ENGLISH else section.before[cell][lang]
            yield head + _asked(before, asks(one, name, cell, lang), place, lang)
        for cell in section.figures:
            if cell in drawn:
                yield head + _figure(drawn[cell])
        if point:
            yield head + point
        for claim in section.claims:
            yield head + _claim(one, claim, lang)
    yield _last(one, lang)


def _paragraph(kind: str, one: Prepared, path: tuple[str, ...], lang: str) -> str:
    said = one.guide.get(*path, lang=lang)
    return f'<p class="{kind}">{inline.line(said)}</p>' if said else ""


def _asked(before: str, asked: str, place: str, lang: str) -> str:
    known = f'<div class="before">{inline.block(before, place)}</div>' if before else ""
    label = f'<p class="label">{words.text("predict", lang)}</p>'
    return f'{known}{label}<div class="ask">{inline.block(asked, place)}</div>'


def _figure(picture: Picture) -> str:
    source = f"data:image/png;base64,{picture.data}"
    return f'<figure><img src="{source}" alt="{html.escape(picture.alternative)}"></figure>'


def _claim(one: Prepared, name: str, lang: str) -> str:
    claim = one.anchors.claims[name]
    verdict = f"verdict_{claim.verdict}" if claim.verdict else ""
    says = own(one.guide, claim.says, lang, "claim", name, "says")
    found = own(one.guide, claim.found, lang, "claim", name, "found")
    size = " long" if len(found) > LONG.get(lang, LONG[""]) else ""
    what = words.text("page_said" if verdict else "ours", lang)
    label = words.text("found", lang) + (f"　{words.text(verdict, lang)}" if verdict else "")
    return (
        f'<p class="label">{what}　{name}</p><p class="says">{inline.line(says)}</p>'
        f'<p class="label">{label}</p><p class="found{size}">{inline.line(found)}</p>'
    )


def _last(one: Prepared, lang: str) -> str:
    questions, tasks = len(one.anchors.questions), one.anchors.tasks
    head = f"<h2>{words.text('next', lang)}</h2>"
    if not tasks:
        return head + f"<p>{words.text('next_quiz', lang, questions=questions)}</p>"
    minutes = one.anchors.sheet_minutes
    values = {"questions": questions, "tasks": len(tasks), "minutes": minutes}
    names = [words.text(name, lang) for name in ("task", "content", "points")]
    rows = [
        [_task_name(name, lang), own(one.guide, task.text, lang, "task", name, "text"), task.points]
        for name, task in tasks.items()
    ]
    lead = f"<p>{words.text('next_lead', lang, **values)}</p>"
    return head + lead + _table(names, rows)


def _task_name(name: str, lang: str) -> str:
    return words.text("essay", lang) if name == "essay" else f"`{name}`"


def _table(names: list[str], rows: list[list]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{inline.line(f'{x}')}</td>" for x in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def as_data(png: bytes) -> str:
    """Return a picture's bytes as they stand in an address."""
    return base64.b64encode(png).decode()
