"""Two decoders of one size, trained alike: GPT-2, as it ships, and Llama (RMSNorm, SwiGLU, RoPE).

    python -m helpers.results.llama

Trains the Llama (5 CPU-minutes, one thread) and writes what both can do to llama.json.
"""

from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, set_seed

from .. import checkpoints, corpus, decoder, samples, training
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
N_TEXTS = 500  # of each language


def new(seed: int = 0) -> LlamaForCausalLM:
    """As wide and deep as helpers.decoder, with about as many parameters."""
    set_seed(seed)
    size: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    size |= {"intermediate_size": 172, "max_position_embeddings": 64}
    ids = {"vocab_size": len(decoder.TOKENIZER), "bos_token_id": decoder.TOKENIZER.bos_token_id}
    ids |= {"eos_token_id": decoder.TOKENIZER.eos_token_id, "pad_token_id": None}
    model = LlamaForCausalLM(LlamaConfig(**size, **ids, tie_word_embeddings=True)).eval()
    model.generation_config.pad_token_id = decoder.TOKENIZER.eos_token_id
    return model


@torch.no_grad()
def measured(model: Any, known: set[str]) -> dict[str, Any]:
    """Shares with standard errors of what it writes; mean accuracy in the blanks."""
    texts = {lang: decoder.sample(model, lang, N_TEXTS) for lang in corpus.LANGUAGES}
    judged = samples.both(samples.judge(texts[lang], lang, known) for lang in corpus.LANGUAGES)
    found: dict[str, Any] = {"parameters": training.parameter_count(model)}
    found |= {name: judged.share(name) for name in ("valid", "new", "unseen")}
    for side in ("left", "right"):
        found[side] = _mean(corpus.grade(lambda *asked: decoder.guesses(model, *asked), side))
    rescored = corpus.grade(lambda *asked: decoder.rescored(model, *asked), "right")
    return found | {"rescored": _mean(rescored)}


def _mean(shares: dict[Any, float]) -> float:
    return round(sum(shares.values()) / len(shares), 4)


def main() -> int:
    rows = decoder.rows()
    known = set(decoder.TOKENIZER.batch_decode(rows, skip_special_tokens=True))
    llama, card = new(), checkpoints.card()["decoder"]
    run = training.train(llama, decoder.next_batch(rows), card["steps"], decoder.LEARNING_RATE)
    found = {
        "gpt2": measured(decoder.load(), known) | {"loss": card["loss"]},
        "llama": measured(llama, known) | {"loss": round(run.mean_loss(), 5)},
    }
    write(FILE, {"steps": card["steps"], "texts": 2 * N_TEXTS} | found | {"versions": versions()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
