"""Fine-tune one pretrained body with several heads on few labels (Devlin et al. 2019, §3.2, §4).

Two small tasks: is a name a person's or a place's (a tag for each token), and was the day good or
bad (a class for each sentence)?
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import (
    BertForSequenceClassification,
    BertForTokenClassification,
    GPT2ForTokenClassification,
    set_seed,
)

from ..language import say
from ..world import corpus, moods, tokenizer
from . import decoder, pretrained, training

BATCH_SIZE = 16
IGNORED = -100  # no loss and no score at this position
ASKED = ("all", "opening", "later")  # which characters of a named sentence count

Rows = dict[str, torch.Tensor]  # input_ids, attention_mask, labels


def with_head(head: Any, config: Any, pretrained: Any = None, seed: int = 0) -> Any:
    """Put a random head on the body of pretrained (None: on a random body): a model of class head.

    config: that of the body, with num_labels.  ValueError if pretrained has another body.
    """
    set_seed(seed)
    model = head(config)
    if pretrained is not None:
        weights, own = pretrained.base_model.state_dict(), model.base_model.state_dict()
        own = {name: own[name] for name in own if not name.startswith("pooler.")}  # BERT's: a head
        if {n: w.shape for n, w in weights.items()} != {n: w.shape for n, w in own.items()}:
            raise ValueError(say.text("finetune", "other_body", got=type(pretrained).__name__))
        model.base_model.load_state_dict(weights, strict=False)
    return model.eval()


def tagger(body: Any = None, seed: int = 0) -> BertForTokenClassification:
    """Make an encoder that tags each token.

    body: a pretrained encoder, or None for random weights
    """
    config = pretrained.config(num_labels=len(corpus.ENTITIES))
    return with_head(BertForTokenClassification, config, body, seed)


def causal_tagger(body: Any = None, seed: int = 0) -> GPT2ForTokenClassification:
    """Make a decoder that tags each token, from itself and what stands left of it."""
    config = decoder.config(num_labels=len(corpus.ENTITIES), classifier_dropout=0.0)
    return with_head(GPT2ForTokenClassification, config, body, seed)


def classifier(body: Any = None, seed: int = 0) -> BertForSequenceClassification:
    """Make an encoder with one class a text: 0 a bad day, 1 a good one."""
    return with_head(BertForSequenceClassification, pretrained.config(num_labels=2), body, seed)


# --- labelled data ----------------------------------------------------------------------------


def named(
    lang: str, n: int, seed: object, table: str = "labelled", test: bool = False
) -> list[corpus.Named]:
    """Draw n different sentences with words of a table of corpus.NAMES.

    A third of each of corpus.FIRST.
    test: sentences that are kept for it, which neither pre-training nor labels ever show.
    """
    rng = random.Random(f"named {lang} {table} {seed}")
    found: dict[str, corpus.Named] = {}
    while len(found) < n:
        first = corpus.FIRST[len(found) % len(corpus.FIRST)]
        said = corpus.draw_named(rng, lang, table, first=first, kept=test)
        found[said.text] = said
    return list(found.values())


def tag_rows(sentences: Sequence[corpus.Named], lang: str, tokens, asked: str = "all") -> Rows:
    """Return token ids, and for each token its tag as a number of corpus.ENTITIES.

    asked: "all" characters, or only those of a name that is "opening" the sentence, or of a "later"
    name; everything else is IGNORED, special tokens always.
    """
    if asked not in ASKED:
        raise ValueError(say.text("finetune", "asked", got=repr(asked), want=", ".join(ASKED)))
    rows = _tokenized([s.text for s in sentences], lang, tokens)
    labels = torch.full_like(rows["input_ids"], IGNORED)
    for line, said in zip(labels, sentences, strict=True):
        first = next((i for i, tag in enumerate(said.tags) if tag == "O"), len(said.tags))
        for at, tag in enumerate(said.tags):
            if asked == "all" or (tag != "O" and (at < first) == (asked == "opening")):
                line[at + 2] = corpus.ENTITIES.index(tag)  # before it: [CLS] and the language
    return rows | {"labels": labels}


def drawn_moods(n: int, seed: object) -> list[moods.Mood]:
    """Draw n different moods, in ways that labels may show."""
    return random.Random(f"moods {seed}").sample(moods.SEEN, n)


def class_rows(said: Sequence[moods.Mood], lang: str) -> Rows:
    """Return the sentences, and whether the day was good."""
    labels = torch.tensor([int(mood.positive) for mood in said])
    texts = [mood.text(lang) for mood in said]
    return _tokenized(texts, lang, pretrained.TOKENIZER) | {"labels": labels}


def _tokenized(texts: Sequence[str], lang: str, tokens) -> Rows:
    tagged = [tokenizer.tagged(text, lang) for text in texts]
    found = tokens(tagged, padding=True, return_tensors="pt")
    return {name: found[name] for name in ("input_ids", "attention_mask")}


# --- training and scores ----------------------------------------------------------------------


def tune(model: Any, rows: Rows, seed: int, steps: int, lr: float) -> training.Run:
    """Train head and body together on the labelled rows."""
    return training.train(model, next_batch(rows, seed), steps, lr)


def next_batch(rows: Rows, seed: int = 0) -> Callable[[], Rows]:
    """Make the batches for training.train: each call draws BATCH_SIZE of the rows."""
    generator = torch.Generator().manual_seed(seed)

    def batch() -> Rows:
        drawn = torch.randint(len(rows["labels"]), (BATCH_SIZE,), generator=generator)
        return {name: values[drawn] for name, values in rows.items()}

    return batch


@torch.no_grad()
def score(model: Any, rows: Rows) -> float:
    """Return the share of the labels that the model gets right; IGNORED ones do not count."""
    labels = rows["labels"]
    inputs = {name: values for name, values in rows.items() if name != "labels"}
    asked = labels != IGNORED
    return (model(**inputs).logits.argmax(-1) == labels)[asked].float().mean().item()
