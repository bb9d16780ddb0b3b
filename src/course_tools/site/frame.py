"""The pages around the lessons: one to begin with, and the glossary, in each language."""

import json
from collections.abc import Iterable
from pathlib import Path

from helpers.language.say import COMPLETE

from ..prose.glossary import Term, terms
from . import words
from .live import calculator
from .pages import Page, in_boxes

BAR = r"\|"  # of a word, not of the table


def pages(root: Path, lessons: Iterable[Page]) -> dict[str, str]:
    """Return {file below the docs: content}."""
    lessons = list(lessons)
    made = {"index.md": _choice()}
    for lang in COMPLETE:
        mine = [one for one in lessons if one.lang == lang]
        made[f"{lang}/index.md"] = _begin(lang, mine)
        made[f"{lang}/terms.md"] = _terms(root, lang, mine)
        made[f"{lang}/{calculator.NAME}.md"] = calculator.page(lang)
    return made


def _page(front: dict, *parts: str) -> str:
    return f"---\n{json.dumps(front, ensure_ascii=False)}\n---\n\n" + "\n\n".join(parts) + "\n"


def _choice() -> str:
    """Return the page at the site's root: a language, by links that work without a script."""
    links = [f"- [{words.text('language', lang)}](./{lang}/)" for lang in COMPLETE]
    return _page({"title": "Transformer Triad", "sidebar": {"hidden": True}}, "\n".join(links))


def _begin(lang: str, lessons: list[Page]) -> str:
    links = [f"1. [{one.title}](./{one.name}/)" for one in lessons]
    front = {"title": words.text("title", lang), "sidebar": {"hidden": True}}
    return _page(front, words.text("lead", lang), "\n".join(links))


def _terms(root: Path, lang: str, lessons: list[Page]) -> str:
    """Return the glossary: what the lessons explain, with its sentence and a link to the cell."""
    front = {"title": words.text("terms", lang), "sidebar": {"order": 99}}
    others = [name for name in COMPLETE if name != lang]
    head = [words.text("language", name) for name in (lang, *others)] + ["English"]
    head += [words.text("means", lang), words.text("where", lang)]
    rows = [head, ["---"] * len(head)]
    for term in terms(root / "lessons" / "glossary.tsv"):
        if term.cell:
            names = [term.written[name] for name in (lang, *others)] + [term.en]
            rows.append([*names, term.means[lang], _where(term, lang, lessons)])
    table = "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in rows)
    return _page(front, words.text("terms_lead", lang), in_boxes(table))


def _where(term: Term, lang: str, lessons: list[Page]) -> str:
    """Return a link to the cell that explains it; without its page, the lesson's number alone."""
    name, _, key = term.cell.partition(":")
    said = words.text("lesson", lang).format(number=name[:2])
    there = any(one.name == name for one in lessons)
    return f"[{said}](../{name}/#c-{key})" if there else said
