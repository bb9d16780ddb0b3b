"""The triad page of each language: its prose, places for what a script draws, and a still table."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from helpers.language.say import COMPLETE
from helpers.models import decoder, encoder, encoder_decoder
from helpers.world import tokenizer

from .. import words
from ..pages import Page, in_boxes
from . import sentences, weights

WORDS = Path(__file__).with_name("words.toml")
BROWSER = Path(__file__).with_name("browser")
FOLDER = "triad"  # below the site's root
FROM_A_PAGE = f"../../{FOLDER}/"  # a page is LANGUAGE/triad/
STEPS = ("sentence", "blank", "change", "attention", "block", "temperature")
TYPES = ("encoder", "decoder", "encoder_decoder")
LESSONS = ("02", "03", "04", "05")

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
    index, numbers = weights.files()
    found = {"weights.bin": numbers, "models.json": _json(index | {"prompts": sentences.prompts()})}
    for lang in COMPLETE:
        said = {name: text(name, lang) for name in words.catalogue(WORDS)}
        found[f"{lang}.json"] = _json({"words": said, "sentences": sentences.offered(lang)})
    return found | {one.name: one.read_bytes() for one in sorted(BROWSER.iterdir())}


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
    script = {"tag": "script", "attrs": {"type": "module", "src": f"{FROM_A_PAGE}page.js"}}
    front = {"title": text("title", lang), "sidebar": {"order": 98}, "tableOfContents": False}
    return f"---\n{json.dumps(front | {'head': [style, script]}, ensure_ascii=False)}\n---"


def _lead(lang: str) -> str:
    megabytes = f"{len(weights.files()[1]) / 1e6:.1f}"
    rows = [text(f"table_{name}", lang).split("|") for name in TYPES]
    table = _table(text("table_head", lang).split("|"), rows)
    lead, how = text("lead", lang).format(mb=megabytes), text("how", lang)
    return "\n\n".join([lead, table, how])


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return in_boxes("\n".join(f"| {' | '.join(line)} |" for line in lines))


def _heading(name: str, lang: str) -> str:
    return f"## {text(f'{name}_heading', lang)} {{ #c-{name} }}"


def _place(step: str, lang: str) -> str:
    said = {name: text(name, lang) for name in ("waiting", "failed")} if step == STEPS[0] else {}
    data = {"step": step, "lang": lang} | said
    attributes = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="triad not-content" {attributes}></div>'


def _more(lang: str, lessons: list[Page]) -> str:
    said, named = text("more_lesson", lang), [x for x in lessons if x.name.startswith(LESSONS)]
    links = [f"- [{said.format(number=x.name[:2], title=x.title)}](../{x.name}/)" for x in named]
    return "\n".join(links)


# --- without a script -----------------------------------------------------------------------------


def _still(lang: str) -> str:
    """Return what the page shows of its first sentence, as a table."""
    first = sentences.offered(lang)[0]
    word = next(one for one in first["words"] if one["name"] == "place")
    at = first["blanks"]["counter"]["at"]
    said = {"text": first["text"], "n": at + 1, "character": first["text"][at]}
    said |= {"old": word["word"], "new": word["choices"][0]}
    head, lead = text("still_head", lang).split("|"), text("still_text", lang).format(**said)
    title = f"## {text('still_heading', lang)} {{ #c-still }}"
    table = _table(head, _still_rows(lang, first, word, at))
    return f'<div class="triad-still">\n\n{title}\n\n{lead}\n\n{table}\n\n</div>'


def _still_rows(lang: str, first: dict, word: dict, at: int) -> list[list[str]]:
    old, new = first["text"], _changed(first["text"], word)
    answers = filled(old, at, lang)
    moved = {"encoder": still(encoder, old, new, lang), "decoder": still(decoder, old, new, lang)}
    rows = []
    for name in TYPES:
        seen = text(f"table_{name}", lang).split("|")[3]
        change = text("still_moved", lang).format(**moved[name]) if name in moved else "—"
        rows.append([text(name, lang), seen, answers[name], change])
    return rows


def _changed(sentence: str, word: dict) -> str:
    return sentence[: word["at"]] + word["choices"][0] + sentence[word["at"] + len(word["word"]) :]


@torch.no_grad()
def filled(sentence: str, at: int, lang: str) -> dict[str, str]:
    """Return what each model answers: the blank's likeliest characters, or the translation."""
    hidden = sentence[:at] + tokenizer.MASK + sentence[at + 1 :]
    both = encoder.fill(encoder.load(), hidden, lang)[0]
    left = decoder.load()(decoder.beginnings([sentence[:at]], lang)).logits[0, -1].softmax(-1)
    asked = sentences.prompts()[lang] + sentence
    translated = encoder_decoder.answer(encoder_decoder.load(), [asked])[0]
    return {"encoder": _best(both), "decoder": _best(left), "encoder_decoder": translated}


def _best(shares: torch.Tensor, n: int = 3) -> str:
    top = shares.topk(n)
    names = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
    return " ".join(f"{name} {p:.2f}" for name, p in zip(names, top.values.tolist(), strict=True))


@torch.no_grad()
def still(module: Any, old: str, new: str, lang: str) -> dict[str, int]:
    """Count the positions whose logits move when a word is exchanged, and those that do not."""
    ids = [tokenizer.tagged(one, lang) for one in (old, new)]
    before, after = module.load()(module.TOKENIZER(ids, return_tensors="pt").input_ids).logits
    moved = int((before - after).abs().amax(-1).gt(0).sum())
    return {"all": len(before), "moved": moved, "still": len(before) - moved}
