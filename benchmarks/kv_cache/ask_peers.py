"""Asks each calculator for the cache of each config.  Runs in the peers' own environment.

python ask_peers.py CONFIGS TOKENS      CONFIGS: a folder of NAME/config.json; prints JSON
"""

import contextlib
import io
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # before any of them imports huggingface_hub
REPEATS = 5
GIB, GB = 2**30, 10**9
# Of the parts of vramscout's plan
NOT_CACHE = {"Model weights / rank", "CUDA / runtime", "Prefill scratch", "Safety reserve"}


def hf_mem(folder: Path, tokens: int) -> float:
    """What its command line computes once the config is there; it wants these three fields."""
    from hf_mem.safetensors.kv_cache import compute_safetensors_kv_cache_size

    config = read(folder)
    config = config.get("text_config", config)
    missing = {"hidden_size", "num_hidden_layers", "num_attention_heads"} - config.keys()
    if missing:
        raise KeyError(", ".join(sorted(missing)))
    return compute_safetensors_kv_cache_size(config, "BF16", tokens)


def llm_mem(folder: Path, tokens: int) -> float:
    """It only knows names on the Hub: its download is answered with the local file."""
    from llm_mem import llm_memory_calculator as module

    module.hf_hub_download = lambda **_: str(folder / "config.json")
    answer = module.LLMMemoryCalculator().calculate_kv_cache_memory(tokens, folder.name, "float16")
    if isinstance(answer, str):
        raise ValueError(answer)
    return answer * GB


def hf_vram_calc(folder: Path, tokens: int) -> float:
    from hf_vram_calc.calculator import VRAMCalculator
    from hf_vram_calc.config import ConfigManager
    from hf_vram_calc.parser import ConfigParser

    config = ConfigParser.parse_config(str(folder / "config.json"), folder.name)
    calculator = VRAMCalculator(ConfigManager())
    return calculator.calculate_kv_cache_memory(config, "bf16", 1, tokens) * GIB


def vramcalc(folder: Path, tokens: int) -> float:
    from vramcalc.loaders import load_arch
    from vramcalc.memory import kv_cache

    return kv_cache(load_arch(str(folder)), 1, tokens, 2)


def vramscout(folder: Path, tokens: int) -> float:
    """Its command's plan, on a card so large that nothing is refused for want of memory."""
    from vramscout import modern_cli

    plan = modern_cli.plan_modern(
        str(folder),
        context=tokens,
        batch_size=1,
        weight_dtype="bf16",
        kv_dtype="bf16",
        indexer_dtype="bf16",
        tp=1,
        dcp=1,
        gpu_index=0,
        vram_gib=100_000.0,
        reserve_gib=1.0,
    )
    return sum(v for part, v in plan.parts_gib.items() if part not in NOT_CACHE) * GIB


def kvfit(folder: Path, tokens: int) -> float:
    from kvfit.architectures import estimate_cache

    return estimate_cache(read(folder), context_tokens=tokens).total_bytes


PEERS: dict[str, Callable[[Path, int], float]] = {
    "hf-mem": hf_mem,
    "llm-mem": llm_mem,
    "hf-vram-calc": hf_vram_calc,
    "vramcalc": vramcalc,
    "vramscout": vramscout,
    "kvfit": kvfit,
}


def read(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "config.json").read_text(encoding="utf-8"))


def asked(peer: Callable[[Path, int], float], folder: Path, tokens: int) -> dict[str, Any]:
    """{"bytes": …, "seconds": the median} or {"error": its type and first line}"""
    times = []
    try:
        for _ in range(REPEATS):
            begin = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                size = peer(folder, tokens)
            times.append(time.perf_counter() - begin)
    except Exception as error:  # whatever a peer raises is its answer
        lines = f"{error}".strip().splitlines() or [""]
        return {"error": f"{type(error).__name__}: {lines[0]}"[:200]}
    return {"bytes": size, "seconds": statistics.median(times)}


def main(folder: str, tokens: str) -> None:
    warnings.simplefilter("ignore")
    folders = sorted(path.parent for path in Path(folder).glob("*/config.json"))
    answers = {
        name: {
            "version": version(name),
            "models": {f.name: asked(peer, f, int(tokens)) for f in folders},
        }
        for name, peer in PEERS.items()
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
