"""A real cache on a GPU against the formula: torch.cuda.memory_allocated before and after.

PYTHONPATH=src python benchmarks/kv_cache_on_gpu.py   prints a page
"""

import datetime
import sys

import torch
from transformers import LlamaConfig, MistralConfig, T5Config

from helpers import kv_cache

ROUNDING = 512  # bytes: the allocator rounds every tensor up to a multiple of this
SHAPE = {"vocab_size": 1000, "num_hidden_layers": 8, "num_attention_heads": 16}
WIDTH = {"hidden_size": 1024, "intermediate_size": 2048, "num_key_value_heads": 4}
CONFIGS = {
    "llama": LlamaConfig(**SHAPE, **WIDTH),
    "mistral": MistralConfig(**SHAPE, **WIDTH, sliding_window=512),
    "t5": T5Config(vocab_size=1000, d_model=512, num_layers=6, num_heads=8),
}


def allocated(config, seq_len: int, batch: int, encoder_len: int | None) -> tuple[int, int, int]:
    """(formula, growth of memory_allocated, number of tensors), in bytes, for a bfloat16 cache."""
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model = auto.from_config(config, dtype=torch.bfloat16).cuda().eval()
    tokens = torch.ones(batch, seq_len, dtype=torch.long, device="cuda")
    inputs = {"input_ids": tokens}
    if encoder_len:
        source = torch.ones(batch, encoder_len, dtype=torch.long, device="cuda")
        inputs = {"input_ids": source, "decoder_input_ids": tokens}
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    with torch.no_grad():
        cache = model(**inputs, use_cache=True).past_key_values
        step = {"decoder_input_ids" if encoder_len else "input_ids": tokens[:, :1]}
        if encoder_len:
            step["encoder_outputs"] = (
                torch.zeros(batch, encoder_len, config.d_model).bfloat16().cuda(),
            )
        model(**step, past_key_values=cache, use_cache=True)  # frees what a window still holds
    step.clear()
    torch.cuda.synchronize()
    grown = torch.cuda.memory_allocated() - before
    size = kv_cache.formula(config, seq_len + 1, batch_size=batch, encoder_len=encoder_len)
    return size.total_bytes, grown, 2 * len(size.layers)


def main() -> int:
    if not torch.cuda.is_available():
        print("no CUDA device: nothing measured", file=sys.stderr)
        return 2
    print(f"{datetime.date.today()}, {torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    print(
        "| config | formula (bytes) | memory_allocated | within the rounding |\n|---|---|---|---|"
    )
    holds = True
    for name, config in CONFIGS.items():
        encoder_len = 2048 if config.is_encoder_decoder else None
        ours, grown, tensors = allocated(config, 4095, 2, encoder_len)
        near = 0 <= grown - ours <= ROUNDING * tensors
        holds &= near
        print(f"| {name} | {ours:,} | {grown:,} | {near} |")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
