"""The calculators that people use, and ours, on the same configs: writes RESULTS.md beside it.

PYTHONPATH=src python benchmarks/kv_cache/compare.py --environment FOLDER [--note TEXT]

FOLDER gets a virtual environment with requirements.txt, where it has none; only that needs a
network.  Each calculator answers offline, from config.json files written from models.toml.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from transformers.models.auto import modeling_auto as auto

from helpers import kv_cache
from helpers.language import say

HERE = Path(__file__).parent
TOKENS, OUTPUT = 131_072, 512  # an encoder-decoder reads TOKENS and writes OUTPUT
NEAR = 0.001  # a factor closer to 1 is told in bytes: conventions, not errors
UPPER_BOUND = {"gemma-2-9b", "gemma-3-27b", "qwen3-next-80b"}  # mixed layers, as hf-mem counts them
FAILURES = ("KeyError", "TypeError", "ValueError: Error: '")  # a field that is not there
WHERE = {"nt": "Scripts/python.exe"}.get(os.name, "bin/python")


class Ours(NamedTuple):
    """bytes by the formula; the real code on meta agreed (True) or would take minutes (None)"""

    bytes: int
    is_confirmed: bool | None
    formula_s: float
    meta_s: float | None


def main() -> int:
    given = arguments()
    say.use("ja")
    with tempfile.TemporaryDirectory() as folder:
        for key in kv_cache.models():
            write_config(Path(folder), key)
        peers = ask(environment(given.environment), Path(folder))
    ours = {key: measure(key) for key in kv_cache.models()}
    wrong = [key for key, own in ours.items() if own.is_confirmed is False]
    (HERE / "RESULTS.md").write_text(page(ours, peers, given.note), encoding="utf-8")
    print(HERE / "RESULTS.md")
    return 1 if wrong else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="the peers' venv")
    parser.add_argument("--note", default="", help="what else the machine was doing")
    return parser.parse_args()


def environment(folder: Path) -> Path:
    """The Python of the peers' environment; made, and filled, where there is none."""
    python = folder / WHERE
    if not python.exists():
        print(f"installing the calculators into {folder} (minutes) …", flush=True)
        venv.create(folder, with_pip=True)
        pip = [python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
        subprocess.run(pip, check=True)
    return python


def write_config(folder: Path, key: str) -> None:
    """config.json as it is published: with its class's name, without the fields that are null.

    sliding_window stays: null means "no window" where the class has one by default.
    """
    config = kv_cache.config(key)
    fields = {k: v for k, v in config.to_dict().items() if v is not None or k == "sliding_window"}
    kind = config.model_type
    for names in (
        auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    ):
        if kind in names:
            fields["architectures"] = [names[kind]]
    fields |= {"dtype": "bfloat16", "torch_dtype": "bfloat16"}
    fields.pop(kv_cache.configs.GIVEN, None)  # our own note, not the model's
    (folder / key).mkdir()
    (folder / key / "config.json").write_text(json.dumps(fields), encoding="utf-8")


def ask(python: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """{peer: {"version": …, "models": {key: {"bytes", "seconds"} or {"error"}}}}"""
    command = [python, HERE / "ask_peers.py", folder, f"{TOKENS}"]
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, encoding="utf-8", env=alone
    )
    return json.loads(answer.stdout)


def measure(key: str, *, on_meta: bool = True) -> Ours:
    config = kv_cache.config(key)
    is_pair = config.is_encoder_decoder
    length, sizes = (OUTPUT, {"encoder_len": TOKENS}) if is_pair else (TOKENS, {})
    size, formula_s = timed(lambda: kv_cache.formula(config, length, **sizes))
    unconfirmed = Ours(size.total_bytes, None, formula_s, None)
    if not on_meta:
        return unconfirmed
    try:
        real, meta_s = timed(lambda: kv_cache.on_meta(config, length, **sizes))
    except kv_cache.Refused:
        return unconfirmed
    return Ours(size.total_bytes, real.total_bytes == size.total_bytes, formula_s, meta_s)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


# --- the page -------------------------------------------------------------------------------------


def page(ours: dict[str, Ours], peers: dict[str, dict[str, Any]], note: str) -> str:
    names = [f"{name} {peer['version']}" for name, peer in peers.items()]
    lines = [
        "# The KV cache by other calculators",
        "",
        f"Written by `benchmarks/kv_cache/compare.py` on {date.today()}. Nothing asserts these "
        "numbers.",
        "",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}, transformers "
        f"{transformers.__version__}.{' ' + note if note else ''}",
        "",
        f"One sequence of {TOKENS:,} tokens in bfloat16; an encoder-decoder reads them and writes "
        f"{OUTPUT} more. The configs are those of `src/helpers/kv_cache/models.toml`, offline. A "
        "number is the factor: theirs divided by ours. `=` is the same to the byte, `≈` less than "
        f"{NEAR:.1%} away. ✓: the model's own code at its real size on torch's `meta` device gave "
        "our bytes; –: that code would loop over tokens for minutes (BERT: has no positions for "
        "so many), so only small models of the family were compared. Many of the models were not "
        "trained for so long a sequence: it is arithmetic.",
        "",
        f"| model | ours (bytes) | real code | {' | '.join(names)} |",
        f"|---|---|---|{'---|' * len(names)}",
        *(row(key, own, peers) for key, own in ours.items()),
        "",
        "- † An upper bound on purpose. hf-mem counts the windowed or linear layers of a mixed "
        "model at full length, because engines with pages of one size reserve that much (a comment "
        "in its source says so). It is not an error of arithmetic.",
        "- Small differences (≈) of kvfit are W tokens for a window where transformers keeps "
        "W − 1, and the conventions of recurrent states. It refuses by name what it does not know.",
        "- vramscout needs the Hub for mixtures of experts and some others, and this run is "
        "offline: such a refusal says nothing about its arithmetic.",
        "- refuses: a message that says what is not supported. fails: an exception on a field that "
        "the config does not have.",
        "- hf-vram-calc counts one cache of all tokens for an encoder-decoder, hidden_size wide: "
        "near ours where the heads together are as wide (T5 base), far off where not (T5-11B).",
        "- BERT keeps no cache. A number for it (∞) is the cache that a decoder of its size would "
        "have.",
        "",
        "## Time per query",
        "",
        "| calculator | median of its answers |",
        "|---|---|",
        *times(ours, peers),
        "",
        "## Refusals in their own words",
        "",
        "| calculator | models | what it says |",
        "|---|---|---|",
        *refusals(peers),
    ]
    return "\n".join(lines) + "\n"


def row(key: str, own: Ours, peers: dict[str, dict[str, Any]]) -> str:
    mark = {True: "✓", False: "**different**", None: "–"}[own.is_confirmed]
    cells = [cell(name, key, own.bytes, peer["models"][key]) for name, peer in peers.items()]
    return f"| {kv_cache.models()[key].name} | {own.bytes:,} | {mark} | {' | '.join(cells)} |"


def cell(peer: str, key: str, ours: int, answer: dict[str, Any]) -> str:
    if "error" in answer:
        return "fails" if answer["error"].startswith(FAILURES) else "refuses"
    if round(answer["bytes"]) == ours:
        return "="
    if not ours:
        return "∞"
    factor = answer["bytes"] / ours
    shown = "≈" if abs(factor - 1) < NEAR else f"× {factor:.3g}"
    return shown + (" †" if peer == "hf-mem" and key in UPPER_BOUND else "")


def times(ours: dict[str, Ours], peers: dict[str, dict[str, Any]]) -> list[str]:
    found = {
        "ours, formula": [own.formula_s for own in ours.values()],
        "ours, real code on meta": [own.meta_s for own in ours.values() if own.meta_s],
    }
    for name, peer in peers.items():
        found[name] = [a["seconds"] for a in peer["models"].values() if "seconds" in a]
    return [f"| {name} | {middle(seconds)} |" for name, seconds in found.items()]


def middle(seconds: list[float]) -> str:
    if not seconds:
        return "no answer"
    value = sorted(seconds)[len(seconds) // 2]
    return f"{value * 1000:,.2f} ms" if value < 1 else f"{value:.1f} s"


def refusals(peers: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for name, peer in peers.items():
        said: dict[str, list[str]] = {}
        for key, answer in peer["models"].items():
            if "error" in answer:
                said.setdefault(reason(answer["error"], key), []).append(key)
        lines += [f"| {name} | {', '.join(keys)} | {why} |" for why, keys in said.items()]
    return lines


def reason(error: str, key: str) -> str:
    """Without what differs from model to model: its name, and where its config stood."""
    words = [word for word in error.split() if not word.endswith(f"{key};")]
    family = kv_cache.config(key).model_type
    return " ".join(words).replace("|", "/").replace(f"'{family}'", "…")[:160]


if __name__ == "__main__":
    sys.exit(main())
