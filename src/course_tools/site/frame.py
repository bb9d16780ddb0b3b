"""The pages around the lessons: one to begin with, and the glossary, in each language."""

import html
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from helpers.language.say import COMPLETE

from ..authoring import addresses
from ..prose.glossary import Term, terms
from . import words
from .live import calculator
from .pages import Page, SearchEntry, in_boxes

BAR = r"\|"  # of a word, not of the table


def pages(root: Path, lessons: Iterable[Page]) -> dict[str, str]:
    """Return {file below the docs: content}."""
    lessons = list(lessons)
    made = {"index.md": _choice()}
    for lang in COMPLETE:
        mine = [one for one in lessons if one.lang == lang]
        made[f"{lang}/index.md"] = _begin(lang, mine)
        made[f"{lang}/terms.md"] = _terms(root, lang, mine)
        made[f"{lang}/edition.md"] = _edition(lang, addresses.read(root)["students"])
        made[f"{lang}/{calculator.NAME}.md"] = calculator.page(lang)
    return made


def _page(front: dict, *parts: str) -> str:
    return f"---\n{json.dumps(front, ensure_ascii=False)}\n---\n\n" + "\n\n".join(parts) + "\n"


def _choice() -> str:
    """Return the page at the site's root: a language, by links that work without a script."""
    links = [f"- [{words.text('language', lang)}](./{lang}/)" for lang in COMPLETE]
    return _page({"title": "Transformer Triad", "sidebar": {"hidden": True}}, "\n".join(links))


def _begin(lang: str, lessons: list[Page]) -> str:
    links = [f"- [{one.name[:2]} {one.title}](./{one.name}/)" for one in lessons]
    front = {"title": words.text("title", lang), "sidebar": {"hidden": True}}
    live = f"[{words.text('live', lang)}](./triad/)"
    lead, progress = words.text("lead", lang), _progress(lang, lessons)
    return _page(front, lead, live, "\n".join(links), progress)


def _progress(lang: str, lessons: list[Page]) -> str:
    """Return the place where a reader sees what is kept in this browser, and takes it along."""
    about = [{"name": one.name, "title": one.title, "guesses": one.guesses,
              "questions": _questions(one.name)} for one in lessons]  # fmt: skip
    data = html.escape(json.dumps(about, ensure_ascii=False))
    head = f"## {words.text('progress', lang)} {{ #progress }}"
    said = f'class="not-content" data-lang="{lang}" data-lessons="{data}"'
    place = f"<triad-progress {said}></triad-progress>"
    lead = words.text("progress_lead", lang)
    return f'<div class="scripted">\n\n{head}\n\n{lead}\n\n{place}\n\n</div>'


def _questions(lesson: str) -> int:
    """Count the questions of a lesson's quiz; 0 where it has none."""
    bank = resources.files("helpers") / "data" / "quiz" / f"{lesson}.json"
    return len(json.loads(bank.read_text(encoding="utf-8"))["question"]) if bank.is_file() else 0


def _edition(lang: str, students: str) -> str:
    """Return where links to sheets lead, and what teachers read: neither is on the site."""
    front = {"title": words.text("edition", lang), "sidebar": {"order": 98}}
    there = words.text("edition_here" if students else "edition_ask", lang)
    lead, start = (words.text(f"edition_{name}", lang) for name in ("lead", "start"))
    teachers = f"## {words.text('teachers', lang)} {{ #teachers }}"
    shelf = words.text("teachers_lead", lang)
    return _page(front, lead, there.format(address=students), start, teachers, shelf)


def _terms(root: Path, lang: str, lessons: list[Page]) -> str:
    """Return the glossary: what the lessons explain, with its sentence and a link to the cell."""
    front = {"title": words.text("terms", lang), "sidebar": {"order": 99},
             "tableOfContents": False}  # fmt: skip  # its table needs the room
    others = [name for name in COMPLETE if name != lang]
    head = [words.text("language", name) for name in (lang, *others)] + ["English"]
    head += [words.text("means", lang), words.text("where", lang)]
    rows = [head, ["---"] * len(head)]
    for term in terms(root / "lessons" / "glossary.tsv"):
        if term.cell:
            names = [term.written[name] for name in (lang, *others)] + [term.en]
            rows.append([*names, term.means[lang], _where(term, lang, lessons)])
    table = "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in rows)
    box = f'<div class="terms">\n\n{in_boxes(table)}\n\n</div>'
    return _page(front, words.text("terms_lead", lang), box)


def other_names(root: Path, lesson: Page) -> list[SearchEntry]:
    """Return what a search finds by a term's names in other languages: what explains it."""
    found = []
    for term in terms(root / "lessons" / "glossary.tsv"):
        name, _, key = term.cell.partition(":")
        if name == lesson.name:
            others = [term.written[lang] for lang in COMPLETE if lang != lesson.lang]
            names = " ".join([*others, term.en])
            found.append(SearchEntry(f"c-{key}", term.written[lesson.lang], names))
    return found


def _where(term: Term, lang: str, lessons: list[Page]) -> str:
    """Return a link to the cell that explains it; without its page, the lesson's number alone."""
    name, _, key = term.cell.partition(":")
    said = words.text("lesson", lang).format(number=name[:2])
    there = any(one.name == name for one in lessons)
    return f"[{said}](../{name}/#c-{key})" if there else said
