"""Random models of the three architectures, small enough to be made in a test; no network."""

import functools

TEXT = "猫が庭で眠る"
CHARACTERS = "猫犬が庭で眠る走黒い"


def tokenizer(*, ends=False):
    """Characters as tokens; ends: [CLS] … [SEP] around a text, as BERT has."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: n for n, word in enumerate([*special, *CHARACTERS])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    if ends:
        core.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    names = dict(
        zip(
            ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True
        )
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, **names)


@functools.cache
def models(attention="eager"):
    """{"bert": …, "gpt2": …, "llama": …, "t5": …}, each with its tokenizer."""
    import torch
    import transformers as t

    torch.manual_seed(0)
    size = len(tokenizer())
    ids = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    llama = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    bert = llama | {"num_attention_heads": 4, "max_position_embeddings": 64}
    t5 = {"d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 2, "num_heads": 4}
    configs = {
        "bert": (t.BertForMaskedLM, t.BertConfig(vocab_size=size, pad_token_id=0, **bert)),
        "gpt2": (
            t.GPT2LMHeadModel,
            t.GPT2Config(vocab_size=size, n_embd=16, n_layer=2, n_head=4, **ids),
        ),
        "llama": (t.LlamaForCausalLM, t.LlamaConfig(vocab_size=size, **bert, **ids)),
        "t5": (
            t.T5ForConditionalGeneration,
            t.T5Config(
                vocab_size=size, decoder_start_token_id=0, pad_token_id=0, eos_token_id=3, **t5
            ),
        ),
    }
    return {
        name: (
            kind._from_config(config, attn_implementation=attention),
            tokenizer(ends=name == "bert"),
        )
        for name, (kind, config) in configs.items()
    }
