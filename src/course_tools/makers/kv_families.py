"""Every family that transformers maps: which of three methods covers it, and whether they agree.

python -m course_tools.makers.kv_families

Writes benchmarks/kv_cache_families.md, and the list of families for which helpers.kv_cache gives a
formula (about twenty minutes).
"""

import gc
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers

from helpers import kv_cache
from helpers.kv_cache import configs
from helpers.kv_cache.by_formula import unchecked

from .. import command
from ..command import ROOT
from . import kv_variations, small_models
from .kv_variations import time_limit

COMMAND = "python -m course_tools.makers.kv_families"
PAGE = ROOT / "benchmarks" / "kv_cache_families.md"
CHECKED = ROOT / "src" / "helpers" / "kv_cache" / "checked_families.toml"
RUNS = (("a", "bfloat16", 2, 37), ("b", "float32", 1, 50))  # shape, dtype, batch, tokens
OUTPUT = 7  # tokens that an encoder-decoder writes
SECONDS = 60  # a family that takes longer is noted as such


@dataclass
class FamilyCheck:
    """How one family fares: the bytes by each method, or why there are none."""

    family: str
    bytes: dict[str, list[int]] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)
    second: kv_variations.VariationsCheck | None = None

    @property
    def is_equal(self) -> bool:
        """Whether there is a cache, and the formula equals it in every run."""
        measured = self.bytes.get("measured", [])
        whole = len(measured) == len(RUNS) and measured == self.bytes.get("formula")
        return whole and min(measured) > 0

    @property
    def is_checked(self) -> bool:
        """Whether they are equal, and equal again in every variation of its config."""
        return self.is_equal and self.second is not None and self.second.agrees


def examine_all(families: list[str]) -> list[FamilyCheck]:
    """Examine every one of these families."""
    return [examine(family) for family in families]


def examine(family: str) -> FamilyCheck:
    """Examine one family in all runs and variations.  Raises nothing: why_not says it."""
    check = first_pass(family)
    if check.is_equal:
        check.second = kv_variations.examine(family)
    return check


def first_pass(family: str) -> FamilyCheck:
    """Run one family's cases by all three methods."""
    check = FamilyCheck(family)
    for run in RUNS:
        try:
            with time_limit(SECONDS):
                measure(check, *run)
        except Exception as error:  # whatever a family's own code raises
            check.why_not.setdefault("measured", reason(error))
        gc.collect()
    return check


def measure(check: FamilyCheck, shape: str, dtype: str, batch: int, length: int) -> None:
    """Add to CHECK one small model's bytes by all three methods: measured, formula, on meta."""
    config = small_models.small_config(check.family, shape)
    model = small_models.small_model(config, getattr(torch, dtype))
    sizes: dict[str, Any] = {"batch_size": batch}
    if small_models.is_seq2seq(config):
        sizes["encoder_len"], length = length, OUTPUT
    took = kv_cache.measured(model, length, **sizes)
    check.bytes.setdefault("measured", []).append(took.total_bytes)
    numbers = (batch, dtype, sizes.get("encoder_len"))
    for name, size in (
        ("formula", lambda: unchecked(config, length, *numbers)),
        ("on_meta", lambda: kv_cache.on_meta(config, length, dtype=dtype, **sizes)),
    ):
        try:
            check.bytes.setdefault(name, []).append(size().total_bytes)
        except configs.Refused as refusal:
            check.why_not.setdefault(name, reason(refusal))


def reason(error: Exception) -> str:
    """Say why in English, which messages to students are not."""
    if isinstance(error, configs.Refused):
        return ", ".join(
            [error.reason, *(f"{v}" for k, v in error.values.items() if k != "family")]
        )
    return f"{type(error).__name__}: {error}"


def page(found: list[FamilyCheck]) -> str:
    """Return the findings as Markdown: numbers first, then a line a family."""
    built = [check for check in found if check.bytes.get("measured")]
    equal = [check for check in found if check.is_equal]
    checked = [check for check in found if check.is_checked]
    compared = sum(check.second.compared for check in found if check.second)
    meta = [check for check in built if check.bytes.get("on_meta") == check.bytes["measured"]]
    runs = "; ".join(f"shape {s}, {d}, batch {b}, {n} tokens" for s, d, b, n in RUNS)
    lines = [
        "# Which method covers which family",
        "",
        f"Written by `{COMMAND}`, transformers {transformers.__version__}, "
        f"torch {torch.__version__}.",
        "",
        f"transformers maps {len(found)} families to a causal or a sequence-to-sequence language "
        f"model. {len(built)} of them could be built small and run on text alone. The cache of the "
        f"same model on `meta` has the same bytes in {len(meta)}, the formula in {len(equal)}, "
        f"in every run ({runs}). A second pass (`makers/kv_variations.py`) changes every switch, "
        f"depth, head count and window of such a family's config, one at a time: {compared:,} "
        f"variations could be run, and in {len(checked)} families the formula agreed with the code "
        "on `meta` in each of them. Where it did not, or was not compared, `kv_cache.formula` "
        "refuses.",
        "",
        "| family | measured (bytes) | formula | on meta | variations | why not |",
        "|---|---|---|---|---|---|",
        *map(_row, found),
    ]
    return "\n".join(lines) + "\n"


def _row(check: FamilyCheck) -> str:
    measured = check.bytes.get("measured", [])
    cells = [" / ".join(f"{size:,}" for size in measured) or "–"]
    for name in ("formula", "on_meta"):
        sizes = check.bytes.get(name, [])
        cells.append("=" if sizes == measured and sizes else f"{sizes}" if sizes else "–")
    second = check.second or kv_variations.VariationsCheck(check.family)
    cells.append(f"{second.compared}" if second.compared else "–")
    reasons = [*(f"{k}: {v}" for k, v in check.why_not.items()), *second.differ]
    why = " ".join("; ".join(reasons).replace("|", "/").split())[:160]
    return f"| {check.family} | {' | '.join(cells)} | {why} |"


def checked_list(found: list[FamilyCheck]) -> str:
    """Return the text of the file that lists the families that are equal everywhere."""
    names = "".join(f'  "{check.family}",\n' for check in found if check.is_checked)
    return (
        "# Families whose real cache equals the formula, byte for byte, in bfloat16 and float32,\n"
        "# and again in every variation of the config (course_tools/makers/kv_variations.py).\n"
        f"# Written by `{COMMAND}` with transformers {transformers.__version__}; "
        "kv_cache.formula refuses all others.\n"
        f"families = [\n{names}]\n"
    )


def main(argv: list[str]) -> int:
    """Walk all families, about twenty minutes, and write both files."""
    command.parser("kv_families", __doc__).parse_args(argv)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    everything = []
    for name in small_models.FAMILIES:
        everything.append(examine(name))
        check = everything[-1]
        print(name, check.bytes or check.why_not, check.second, flush=True)
    PAGE.write_text(page(everything), encoding="utf-8")
    CHECKED.write_text(checked_list(everything), encoding="utf-8")
    return 0


if __name__ == "__main__":
    command.run(main)
