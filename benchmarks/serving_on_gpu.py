"""One graphics card, measured in under ten minutes: prefill, decode, attention, memory.

PYTHONPATH=src python benchmarks/serving_on_gpu.py --card h200   prints what belongs on the page
PYTHONPATH=src python benchmarks/serving_on_gpu.py --dry         tiny sizes on the CPU: does it run?

--card: a key of src/helpers/hardware/gpus.toml; each time then stands beside the lower bound of
lesson 08.  Weights are random: nothing here depends on their values.
"""

import argparse
import datetime
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
import transformers
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import LlamaConfig, MistralConfig, T5Config

from helpers import bottleneck, kv_cache
from helpers.hardware import cards

MOST_SECONDS = 480  # after these no new row is begun
ROUNDING = 512  # bytes: the allocator rounds every tensor up to a multiple of this
KERNELS = {"FlashAttention": SDPBackend.FLASH_ATTENTION, "math": SDPBackend.MATH}


class Sizes(NamedTuple):
    """What is measured: a model's shape, lengths and batches, and the most tokens of a pass."""

    shape: dict[str, int]
    lengths: tuple[int, ...]
    batches: tuple[int, ...]
    most: int
    repeats: int


CARD = Sizes(  # about 1.1 billion parameters
    {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "vocab_size": 32_000,
     "num_attention_heads": 32, "num_key_value_heads": 8},
    (512, 2048, 8192, 32_768), (1, 4, 16, 64), 2**18, 5,
)  # fmt: skip
DRY = Sizes(
    {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "vocab_size": 100,
     "num_attention_heads": 4, "num_key_value_heads": 2},
    (16, 32), (1, 2), 48, 2,
)  # fmt: skip


class Bench(NamedTuple):
    """One run: where, what, until when, and against which card's stated speed."""

    device: str
    sizes: Sizes
    ends: float
    card: cards.Gpu | None

    @property
    def in_time(self) -> bool:
        """Is there time for one more row?"""
        return time.monotonic() < self.ends

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield batch and length of each pass that is small enough, while there is time."""
        for length in self.sizes.lengths:
            for batch in self.sizes.batches:
                if batch * length <= self.sizes.most and self.in_time:
                    yield batch, length

    def milliseconds(self, run: Callable[[], object]) -> float:
        """Return the median time of a function, after one run to warm up."""
        run()
        return statistics.median(self._once(run) for _ in range(self.sizes.repeats))

    def _once(self, run: Callable[[], object]) -> float:
        self.wait()
        started = time.perf_counter()
        run()
        self.wait()
        return 1e3 * (time.perf_counter() - started)

    def wait(self) -> None:
        """Wait until the card has done all it was told."""
        if self.device == "cuda":
            torch.cuda.synchronize()


def built(config: Any, device: str) -> Any:
    """Make a model with random weights in bfloat16."""
    auto = transformers.AutoModelForCausalLM
    if config.is_encoder_decoder:
        auto = transformers.AutoModelForSeq2SeqLM
    return auto.from_config(config, dtype=torch.bfloat16).to(device).eval()


def tokens(bench: Bench, batch: int, length: int) -> torch.Tensor:
    """Return ids, (batch, length): all 1."""
    return torch.ones(batch, length, dtype=torch.long, device=bench.device)


# --- the four tables --------------------------------------------------------------------------


def latencies(bench: Bench, model: Any, design: bottleneck.StackDesign) -> Iterator[list[str]]:
    """Yield batch, length, milliseconds of prefill and of one decode step, with lower bounds."""
    for batch, length in bench.pairs():
        ids, one = tokens(bench, batch, length), tokens(bench, batch, 1)
        past = model(input_ids=ids, use_cache=True, logits_to_keep=1).past_key_values

        def prefill(ids: torch.Tensor = ids) -> object:
            return model(input_ids=ids, use_cache=True, logits_to_keep=1)

        def decode(one: torch.Tensor = one, past: Any = past) -> None:
            model(input_ids=one, past_key_values=past, use_cache=True)
            past.crop(-1)

        found = (bench.milliseconds(prefill), bench.milliseconds(decode))
        least = lower_bounds(design, batch, length, bench.card)
        yield [f"{batch}", f"{length:,}", *(f"{ms:.2f}" for pair in zip(found, least, strict=True)
                                            for ms in pair)]  # fmt: skip


def lower_bounds(
    design: bottleneck.StackDesign, batch: int, length: int, card: cards.Gpu | None
) -> tuple[float, float]:
    """Compute what prefill and decode take at least, in milliseconds; nan where no card is named.

    The longer of FLOPs ÷ stated speed and bytes ÷ stated bandwidth, as in lesson 08.
    """
    if card is None:
        return float("nan"), float("nan")
    weights = 2 * (design.weights + design.head)
    cache = batch * sum(bottleneck.cache_bytes(design, length, 1).values())
    flops = [batch * bottleneck.read_flops(design, length, skipping=True),
             batch * bottleneck.write_flops(design, length, 1)]  # fmt: skip
    reading, writing = (
        1e3 * max(work / card.flops_per_second, moved / card.bytes_per_second)
        for work, moved in zip(flops, (weights, weights + cache), strict=True)
    )
    return reading, writing


def kernels(bench: Bench, heads: int = 16, head_dim: int = 64) -> Iterator[list[str]]:
    """Yield length, and for each way to compute causal attention milliseconds and peak MiB."""
    for length in bench.sizes.lengths:
        if not bench.in_time or 4 * heads * length**2 > 40e9:  # the scores of the math kernel
            return
        q, k, v = torch.randn(
            3, 1, heads, length, head_dim, device=bench.device, dtype=torch.bfloat16
        )
        row = [f"{length:,}"]
        for kernel in KERNELS.values():

            def attend(kernel: SDPBackend = kernel, q: Any = q, k: Any = k, v: Any = v) -> object:
                with sdpa_kernel(kernel):
                    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)

            row += [f"{bench.milliseconds(attend):.3f}", peak(bench, attend)]
        yield row


def peak(bench: Bench, run: Callable[[], object]) -> str:
    """Return the MiB that a function needs at most besides what is there; "–" without a card."""
    if bench.device != "cuda":
        return "–"
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    return f"{(torch.cuda.max_memory_allocated() - before) / 2**20:,.1f}"


def caches(bench: Bench) -> Iterator[list[str]]:
    """Yield model, bytes by the formula and as they are there, and whether they agree."""
    small = bench.device == "cpu"
    length, encoder_len = (48, 24) if small else (4096, 2048)
    for name, config in configs(small).items():
        source = encoder_len if config.is_encoder_decoder else None
        size = kv_cache.formula(config, length, batch_size=2, encoder_len=source)
        found, rounding = held(bench, config, length, source), 2 * ROUNDING * len(size.layers)
        near = 0 <= found - size.total_bytes <= (0 if small else 2 * rounding)
        yield [name, f"{size.total_bytes:,}", f"{found:,}", f"{near}"]


def configs(small: bool) -> dict[str, Any]:
    """Return a decoder, one with windows, and an encoder-decoder."""
    layers, width = (2, 64) if small else (8, 1024)
    shape = {"vocab_size": 1000, "num_hidden_layers": layers, "num_attention_heads": 16}
    wide = {"hidden_size": width, "intermediate_size": 2 * width, "num_key_value_heads": 4}
    t5 = T5Config(vocab_size=1000, d_model=width, num_layers=layers, num_heads=8)
    windows = MistralConfig(**shape, **wide, sliding_window=16 if small else 512)
    return {"llama": LlamaConfig(**shape, **wide), "mistral": windows, "t5": t5}


def held(bench: Bench, config: Any, length: int, encoder_len: int | None) -> int:
    """Return the bytes of a real cache: as allocated on the card, or as its tensors say."""
    model = built(config, bench.device)
    ids = tokens(bench, 2, length - 1)
    inputs = {"input_ids": ids}
    if encoder_len:
        inputs = {"input_ids": tokens(bench, 2, encoder_len), "decoder_input_ids": ids}
    bench.wait()
    before = torch.cuda.memory_allocated() if bench.device == "cuda" else 0
    cache = model(**inputs, use_cache=True).past_key_values
    last: dict[str, Any] = {"decoder_input_ids" if encoder_len else "input_ids": ids[:, :1]}
    if encoder_len:
        states = torch.zeros(2, encoder_len, config.d_model, dtype=torch.bfloat16)
        last["encoder_outputs"] = (states.to(bench.device),)
    model(**last, past_key_values=cache, use_cache=True)  # frees what a window still holds
    last.clear()
    bench.wait()
    if bench.device == "cuda":
        return torch.cuda.memory_allocated() - before
    return int(kv_cache.measured(cache).total_bytes)


# --- the page ---------------------------------------------------------------------------------


def table(head: str, rows: Iterable[list[str]]) -> list[list[str]]:
    """Print a table row by row, and return its rows."""
    names = head.split("|")
    print(f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
    done = []
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
        done.append(row)
    return done


@torch.no_grad()
def page(bench: Bench) -> bool:
    """Print all tables; tell whether the cache is on the card what the formula says."""
    config = LlamaConfig(**bench.sizes.shape, max_position_embeddings=2**20)
    model, design = built(config, bench.device), bottleneck.of(config)
    print(
        f"{design.weights / 1e9:.2f}B parameters and {design.head / 1e9:.2f}B of the head, bfloat16"
    )
    bound = "at least" if bench.card else "at least (no card named)"
    times = f"prefill (ms)|{bound}|one decode step (ms)|{bound}"
    table(f"batch|length|{times}", latencies(bench, model, design))
    del model
    columns = "|".join(f"{name} (ms)|peak (MiB)" for name in KERNELS)
    table(f"length|{columns}", kernels(bench))
    sizes = table("cache|formula (bytes)|there (bytes)|agree", caches(bench))
    return all(row[-1] == "True" for row in sizes)


def main(arguments: list[str] | None = None) -> int:
    """Measure the card, or run dry; rc 2 without a card, 1 where the cache is not as computed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="tiny sizes on the CPU")
    parser.add_argument("--card", choices=[k for k, g in cards.gpus().items() if g.tflops])
    asked = parser.parse_args(arguments)
    if not asked.dry and not torch.cuda.is_available():
        print("no CUDA device: nothing measured (--dry runs tiny sizes here)", file=sys.stderr)
        return 2
    where = "the CPU, a dry run: its times mean nothing"
    if not asked.dry:
        where = torch.cuda.get_device_name()
    print(f"{datetime.date.today()}, {where}, torch {torch.__version__}", end="; ")
    device, sizes = ("cpu", DRY) if asked.dry else ("cuda", CARD)
    card = cards.gpus()[asked.card] if asked.card else None
    return 0 if page(Bench(device, sizes, time.monotonic() + MOST_SECONDS, card)) else 1


if __name__ == "__main__":
    sys.exit(main())
