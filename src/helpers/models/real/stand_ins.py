"""Small models of the same classes with random weights, and tokenizers of the same kind.

They let a lesson's cells run where the real weights are not: nothing that they answer means
anything, but every shape, mask and byte is of the same kind.
"""

import functools
import random
from typing import Any

from tokenizers import Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, set_seed

from ...world import corpus
from . import e5, smollm2
from .filling import silent

SPECIAL = {  # as the real tokenizers have them
    "smollm2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    "e5": ["<s>", "<pad>", "</s>", "<unk>"],
}
CHAT = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def _prose(n: int = 400) -> list[str]:
    rng = random.Random(0)
    events = [corpus.draw(rng, "train") for _ in range(n)]
    return [corpus.sentence(event, lang).text for event in events for lang in corpus.LANGUAGES]


@functools.cache
def _bpe() -> Tokenizer:
    made = Tokenizer(models.BPE())
    smollm2.byte_level(made, [])
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=SPECIAL["smollm2"],
        initial_alphabet=ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    made.train_from_iterator(_prose(), trainer)
    return made


def _smollm2_tokenizer() -> Any:
    end, start, stop = SPECIAL["smollm2"]
    made = smollm2.byte_level(
        Tokenizer.from_str(_bpe().to_str()), SPECIAL["smollm2"],
        bos_token=start, eos_token=stop, pad_token=stop, unk_token=end,
    )  # fmt: skip
    made.chat_template = CHAT
    return made


@functools.cache
def _unigram() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    trainer = trainers.UnigramTrainer(
        vocab_size=400, special_tokens=SPECIAL["e5"], unk_token="<unk>", show_progress=False,
        initial_alphabet=["▁"],
    )  # fmt: skip
    made.train_from_iterator(_prose(), trainer)
    return made


def _e5_tokenizer() -> Any:
    roles = dict(zip(("bos", "pad", "eos", "unk"), SPECIAL["e5"], strict=True))
    return e5.metaspace(Tokenizer.from_str(_unigram().to_str()), roles)


def _smollm2_model() -> LlamaForCausalLM:
    """A Llama with SmolLM2's 3 query heads for each key head, its base of RoPE, tied embeddings."""
    config = LlamaConfig(
        vocab_size=len(_smollm2_tokenizer()), hidden_size=72, intermediate_size=192,
        num_hidden_layers=4, num_attention_heads=9, num_key_value_heads=3,
        max_position_embeddings=8192, rms_norm_eps=1e-5, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 100_000.0},
        bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def _e5_model() -> BertModel:
    """A BERT without a pooling layer, of four layers."""
    config = BertConfig(
        vocab_size=len(_e5_tokenizer()), hidden_size=48, intermediate_size=192,
        num_hidden_layers=4, num_attention_heads=12, max_position_embeddings=512,
        pad_token_id=1,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False)


MAKERS = {
    ("smollm2", "model"): _smollm2_model,
    ("smollm2", "tokenizer"): _smollm2_tokenizer,
    ("e5", "model"): _e5_model,
    ("e5", "tokenizer"): _e5_tokenizer,
}


def make(name: str, role: str, seed: int = 0) -> Any:
    """Make the stand-in of a model, in eval mode, or of a tokenizer."""
    set_seed(seed)
    with silent():
        made = MAKERS[name, role]()
    if role == "model":
        made.eval().set_attn_implementation("eager")
    return made
