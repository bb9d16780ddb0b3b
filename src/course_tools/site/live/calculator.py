"""The KV calculator: a page of each language, and the table on which its script computes.

The script (tools/site/public/live/kv.js) is 20 kB where Pyodide is 7 MB; a test compares every
number and sentence with helpers.kv_cache.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers import kv_cache
from helpers.classroom.session import Session
from helpers.hardware import cards
from helpers.kv_cache import configs, fitting, size
from helpers.kv_cache.by_formula import LIMIT
from helpers.language import say
from helpers.language.say import COMPLETE

from .. import words

NAME = "kv"
FAMILIES = Path(__file__).with_name("families.json")  # made by families.py
FOLDER = "live/kv"
MESSAGES = "kv_cache"
LENGTHS = (8_192, 100_000)  # of the table that is there without a script
OUTPUT = 512  # tokens that an encoder-decoder writes there
FORMATS: tuple[tuple[str, int | str], ...] = (
    ("bfloat16", 16), ("float32", 32), ("fp8", "fp8"), ("int8", 8), ("int4", 4))  # fmt: skip
FAILED = "document.querySelector('triad-kv').dataset.state = 'failed'"  # where no script came


def files() -> Iterator[tuple[str, bytes]]:
    """Yield (path below the site's root, content): the table, and the words of each language."""
    yield f"{FOLDER}/table.json", _json(table())
    yield f"{FOLDER}/families.json", _json(json.loads(FAMILIES.read_text(encoding="utf-8")))
    for lang in COMPLETE:
        yield f"{FOLDER}/words-{lang}.json", _json(texts(lang))


def table() -> dict[str, Any]:
    """Return models, cards and constants."""
    return {
        "utilization": fitting.UTILIZATION,
        "overhead": fitting.OVERHEAD,
        "group": fitting.GROUP,
        "stored": {name: fitting.stored_bits(bits) for name, bits in FORMATS},
        "models": [model(key) for key in kv_cache.models()],
        "cards": [{"key": key, "name": card.name, "gb": card.gb, "mib": card.mib}
                  for key, card in cards.gpus().items()],
    }  # fmt: skip


def model(key: str) -> dict[str, Any]:
    """Return one model as the page computes with it."""
    entry, config = fitting.model(key), fitting.resolved(key)
    limit = getattr(config, LIMIT, None) if configs.is_given(config, LIMIT) else None
    hidden = ("name_or_path", configs.GIVEN)
    return {
        "key": key,
        "name": entry.name,
        "parameters": entry.parameters,
        "config": {k: v for k, v in vars(config).items() if k not in hidden},
        "isTied": config.tie_word_embeddings,
        "isEncoderOnly": config.is_encoder_only,
        "isEncoderDecoder": config.is_encoder_decoder,
        "limit": limit,
    }


def texts(lang: str) -> dict[str, str]:
    """Return the messages of helpers.kv_cache and those of the page, in one language."""
    key = say.key(lang)
    own = {name.removeprefix("kv_"): both[key] for name, both in words.catalogue().items()
           if name.startswith("kv_")}  # fmt: skip
    return {name: both[key] for name, both in say.catalogue(MESSAGES).items()} | own


def page(lang: str) -> str:
    """Return the page's Markdown: with a script the calculator, without one the models' bytes."""
    front = {"title": words.text("kv_title", lang), "sidebar": {"order": 97}}
    failed = f'<p class="failed" role="alert">{words.text("kv_not_loaded", lang)}</p>'
    place = f'<div class="not-content"><triad-kv data-lang="{lang}">{failed}</triad-kv></div>'
    parts = (
        words.text("kv_lead", lang),
        place,
        f"## {words.text('kv_every', lang)}",
        words.text("kv_every_lead", lang),
        _models(lang),
        f'<script type="module" src="../../live/kv.js" onerror="{FAILED}"></script>',
    )
    return f"---\n{json.dumps(front, ensure_ascii=False)}\n---\n\n" + "\n\n".join(parts) + "\n"


@functools.cache
def _models(lang: str) -> str:
    """Return the table of all models, computed by the instrument."""
    with Session(lang=lang):
        head = [words.text("kv_model", lang), *(_tokens(n, lang) for n in LENGTHS)]
        rows = [head, ["---", *["--:"] * len(LENGTHS)]]
        for key, entry in kv_cache.models().items():
            rows.append([entry.name, *(f"{_bytes(key, n) / size.GIB:,.2f} GiB" for n in LENGTHS)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f'<div class="wide" tabindex="0">\n\n{table}\n\n</div>'


def _tokens(n: int, lang: str) -> str:
    return words.text("kv_tokens", lang).format(tokens=f"{n:,}")


def _bytes(key: str, length: int) -> int:
    found = fitting.resolved(key)
    if found.is_encoder_decoder:
        return kv_cache.formula(found, OUTPUT, encoder_len=length).total_bytes
    return kv_cache.formula(found, length).total_bytes


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
