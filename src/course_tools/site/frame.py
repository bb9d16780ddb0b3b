"""The pages around the lessons: one to begin with, and the glossary, in each language."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpers.language.say import COMPLETE

from . import words
from .pages import Page, in_boxes


def pages(root: Path, lessons: Iterable[Page]) -> dict[str, str]:
    """Return {file below the docs: content}."""
    lessons = list(lessons)
    made = {"index.md": _choice()}
    for lang in COMPLETE:
        made[f"{lang}/index.md"] = _begin(lang, [one for one in lessons if one.lang == lang])
        made[f"{lang}/terms.md"] = _terms(root, lang)
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


def _terms(root: Path, lang: str) -> str:
    front = {"title": words.text("terms", lang), "sidebar": {"order": 99}}
    others = [name for name in COMPLETE if name != lang]
    head = [words.text("language", name) for name in (lang, *others)] + ["English"]
    rows = [head, ["---"] * len(head), *_rows(root, [lang, *others, "en"])]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return _page(front, words.text("terms_lead", lang), in_boxes(table))


def _rows(root: Path, columns: list[str]) -> Iterator[list[str]]:
    text = (root / "lessons" / "glossary.tsv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield [row[name].replace("|", r"\|") for name in columns]
