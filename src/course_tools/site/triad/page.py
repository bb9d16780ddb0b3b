"""The triad page of each language: its prose, places for what a script draws, and a still table."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from helpers.language.say import COMPLETE

from ...command import ROOT
from .. import executed, kept, words
from ..pages import Page, in_boxes
from . import sentences

WORDS = Path(__file__).with_name("words.toml")
BROWSER = Path(__file__).with_name("browser")
FOLDER = "triad"  # below the site's root
FROM_A_PAGE = f"../../{FOLDER}/"  # a page is LANGUAGE/triad/
STEPS = ("sentence", "blank", "change", "attention", "block", "temperature")
TYPES = ("encoder", "decoder", "encoder_decoder")
LESSONS = ("02", "03", "04", "05")
FAILED = (
    "const place = document.querySelector('[data-failed]');"
    " place.textContent = place.dataset.failed;"
    " document.documentElement.dataset.triad = 'failed'"
)

text = functools.partial(words.text, file=WORDS)


def write(project: Path, lessons: Iterable[Page]) -> None:
    """Write the page of each language, and what its script reads, into the site's project."""
    lessons = list(lessons)
    for lang in COMPLETE:
        docs = project / "src" / "content" / "docs" / lang
        docs.mkdir(parents=True, exist_ok=True)
        content = markdown(lang, [one for one in lessons if one.lang == lang])
        (docs / f"{FOLDER}.md").write_text(content, encoding="utf-8")
    for name, file in files().items():
        (project / "public" / FOLDER).mkdir(parents=True, exist_ok=True)
        (project / "public" / FOLDER / name).write_bytes(file)


def files() -> dict[str, bytes]:
    """Return {name: content} of what the page's script reads."""
    made = numbers()
    index = json.loads(made["index.json"]) | {"prompts": sentences.prompts()}
    found = {"weights.bin": made["weights.bin"], "models.json": _json(index)}
    for lang in COMPLETE:
        said = {name: text(name, lang) for name in words.catalogue(WORDS)}
        found[f"{lang}.json"] = _json({"words": said, "sentences": sentences.offered(lang)})
    return found | {one.name: one.read_bytes() for one in sorted(BROWSER.iterdir())}


@functools.cache
def numbers() -> kept.Files:
    """Return what torch computes, which is loaded only if helpers or what computes it changed."""

    def make() -> kept.Files:
        from . import computed

        return computed.files()

    needs = [executed.digest(ROOT).encode(), *kept.below(Path(__file__).parent)]
    return kept.files(FOLDER, needs, make)


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


# --- the page -------------------------------------------------------------------------------------


def markdown(lang: str, lessons: list[Page]) -> str:
    """Return the page's file; lessons: those that it can lead on to."""
    parts = [_front(lang), _lead(lang)]
    for step in STEPS:
        parts += [_heading(step, lang), text(f"{step}_text", lang), _place(step, lang)]
    parts += [_still(lang), _heading("more", lang), text("more_text", lang), _more(lang, lessons)]
    return "\n\n".join(parts) + "\n"


def _front(lang: str) -> str:
    style = {"tag": "link", "attrs": {"rel": "stylesheet", "href": f"{FROM_A_PAGE}triad.css"}}
    attributes = {"type": "module", "src": f"{FROM_A_PAGE}page.js", "onerror": FAILED}
    script = {"tag": "script", "attrs": attributes}
    front = {"title": text("title", lang), "sidebar": {"order": 96}, "tableOfContents": False}
    return f"---\n{json.dumps(front | {'head': [style, script]}, ensure_ascii=False)}\n---"


def _lead(lang: str) -> str:
    megabytes = f"{len(numbers()['weights.bin']) / 1e6:.1f}"
    rows = [text(f"table_{name}", lang).split("|") for name in TYPES]
    table = _table(text("table_head", lang).split("|"), rows)
    lead, how = text("lead", lang).format(mb=megabytes), text("how", lang)
    return "\n\n".join([lead, table, how, _contents(lang)])


def _contents(lang: str) -> str:
    links = [f"[{text(f'{one}_heading', lang)}](#c-{one})" for one in (*STEPS, "more")]
    lines = "\n".join(f"- {link}" for link in links)
    return f'<nav class="contents" aria-label="{text("contents", lang)}">\n\n{lines}\n\n</nav>'


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return in_boxes("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _heading(name: str, lang: str) -> str:
    return f"## {text(f'{name}_heading', lang)} {{ #c-{name} }}"


def _place(step: str, lang: str) -> str:
    said = {name: text(name, lang) for name in ("waiting", "failed")}
    said |= {"bytes": str(len(numbers()["weights.bin"]))}
    data = {"step": step, "lang": lang} | (said if step == STEPS[0] else {})
    attributes = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="triad not-content" {attributes}></div>'


def _more(lang: str, lessons: list[Page]) -> str:
    said, named = text("more_lesson", lang), [x for x in lessons if x.name.startswith(LESSONS)]
    links = [f"- [{said.format(number=x.name[:2], title=x.title)}](../{x.name}/)" for x in named]
    return "\n".join(links)


# --- without a script -----------------------------------------------------------------------------


def _still(lang: str) -> str:
    """Return what the page shows of its first sentence, as a table."""
    first, word, at = sentences.shown(lang)
    said = {"text": first["text"], "n": at + 1, "character": first["text"][at]}
    said |= {"old": word["word"], "new": word["choices"][0]}
    head, lead = text("still_head", lang).split("|"), text("still_text", lang).format(**said)
    title = f"## {text('still_heading', lang)} {{ #c-still }}"
    table = _table(head, _still_rows(lang))
    return f'<div class="triad-still">\n\n{title}\n\n{lead}\n\n{table}\n\n</div>'


def _still_rows(lang: str) -> list[list[str]]:
    table, rows = json.loads(numbers()[f"{lang}.json"]), []
    for name in TYPES:
        seen = text(f"table_{name}", lang).split("|")[3]
        moved = table["moved"].get(name)
        change = text("still_moved", lang).format(**moved) if moved else "—"
        rows.append([text(name, lang), seen, table["answers"][name], change])
    return rows
