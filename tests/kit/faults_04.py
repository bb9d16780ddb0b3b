"""Planted faults for the claims of lesson 04: each makes its quantity red."""

import random
from functools import cache, partial

import lesson_cells
import pytest
import torch
from claim_faults import Fault

from helpers.instruments import causality
from helpers.models import decoder, induction, training
from helpers.world import corpus, samples

LESSON = "04_decoder"
cells = partial(lesson_cells.run, LESSON, "tokens-code")
CHAIN = ("chain-code", "chain-check")
TELLING = [cell for cell in corpus.cells("right") if cell[0] != "time"]


class OneAhead(type(decoder.new())):
    """A GPT-2 whose mask is one token off: each layer sees one token ahead."""

    def forward(self, input_ids=None, attention_mask=None, **others):
        n = input_ids.size(1)
        ahead = torch.ones(n, n).tril(1).bool()[None, None]
        mask = ahead if attention_mask is None or attention_mask.ndim == 2 else attention_mask
        return super().forward(input_ids=input_ids, attention_mask=mask, **others)


def one_ahead():
    model = OneAhead(decoder.config()).eval()
    model.load_state_dict(decoder.load().state_dict())
    return model


def with_model(make, *keys, **options) -> dict:
    """The names that the cells leave when the lesson loads another decoder."""
    model = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "load", lambda: model)
        return cells(*keys, **options)


# --- C09: the product of the next tokens' probabilities ------------------------------------------


def one_by_one_leaks() -> float:
    scope = with_model(one_ahead, *CHAIN)
    return abs(scope["one_by_one"] - scope["at_once"])


def loss_times_n() -> float:
    scope = cells(*CHAIN, change=("-(n - 1) * model", "-n * model"))
    return abs(scope["from_loss"] - scope["at_once"])


def normalised_over_positions() -> float:
    planted = "log_softmax(-1)  # (B, n - 1, V)", "log_softmax(1)  # (B, n - 1, V)"
    return cells(*CHAIN, change=planted)["sum_ratio"]


def entropy_untrained() -> float:
    scope = with_model(
        decoder.new, *CHAIN, "entropy-code", "entropy-guess", change=("count=1000", "count=20")
    )
    return scope["seen"] - scope["floor"]


def loss_of_a_token() -> float:
    """The mean of a token in place of the sum of a sentence: below the entropy."""
    scope = cells(*CHAIN, "entropy-code", "entropy-guess", change=("count=1000", "count=20"))
    return scope["seen"] / scope["n"] - scope["floor"]


# --- C10: what the future changes ----------------------------------------------------------------


def gap(make) -> float:
    scope, net = cells("parallel-ways"), make()
    with torch.no_grad():
        once, grown = net(scope["ids"]).logits[0], scope["in_sequence"](net, scope["ids"])
    return (once - grown).abs().max().item()


def t5_one_ahead() -> float:
    old = "t5 = causality.influence(encoder_decoder.load())"
    new = "t5 = causality.influence(encoder_decoder.load(), decoder_attention_mask=one_ahead)"
    return cells("probe-code", "probe-figure", change=(old, new))["t5"].past


def mask_not_ahead() -> float:
    return cells("probe-code", change=("tril(1)", "tril()"))["leaky"].past


# --- C11: what it writes, and the blanks ---------------------------------------------------------


@cache
def known() -> frozenset[str]:
    return frozenset(decoder.TOKENIZER.batch_decode(decoder.rows(), skip_special_tokens=True))


def judged(texts) -> samples.Judged:
    return samples.judge(texts, "ja", known())


@cache
def written_untrained() -> samples.Judged:
    return judged(decoder.sample(decoder.new(), "ja", 100))


def newer_than_the_grammar(found: samples.Judged) -> float:
    return found.share("new")[0] - samples.new_by_grammar(known())


def drawn(split: str | None) -> samples.Judged:
    rng = random.Random(1)
    return judged(corpus.sentence(corpus.draw(rng, split), "ja").text for _ in range(200))


def copied_rows() -> samples.Judged:
    """A model that writes nothing but its training sentences."""
    return judged(text for text in sorted(known())[:400] if corpus.parse(text, "ja"))


def graded(answer, n: int = 200) -> float:
    """Mean over the five blanks that have some clue on the left as well."""
    found = corpus.grade(answer, "right", n)
    return sum(found[cell] for cell in TELLING) / len(TELLING)


def one_pass_of(steps: int) -> float:
    model = decoder.new()
    if steps:
        training.train(model, decoder.next_batch(decoder.rows()), steps, decoder.LEARNING_RATE)
    return graded(partial(decoder.guesses, model))


@cache
def always_the_same(slot: str, kind: str, lang: str) -> str:
    """The one character that is right most often, whatever the sentence says."""
    told = [(event, weight) for event, weight in corpus.events() if event.kind == kind]

    def right(character):
        return sum(w * corpus.chance(event, slot, lang, character) for event, w in told)

    return max(corpus.candidates(lang, slot), key=right)


@cache
def constant_guess() -> float:
    return graded(
        lambda events, slot, lang: [always_the_same(slot, events[0].kind, lang)] * len(events)
    )


def any_candidate() -> float:
    """Chance as one in so many candidates: not what a constant guess earns."""
    shares = [1 / len(corpus.candidates(lang, slot)) for slot, _, lang in TELLING]
    return sum(shares) / len(shares)


def whole_ceiling() -> float:
    """The ceiling of one who sees the right side too."""
    return max(corpus.ceiling(*cell) for cell in corpus.cells("left"))


# --- C12: the blueprint of Llama 3 8B ------------------------------------------------------------


def keys_for_each_head() -> float:
    old = 'blueprint.config("llama-3-8b")'
    wide = f'({old} | {{"num_key_value_heads": 32}})'
    return cells("llama-code", change=(old, wide))["parameters"]


def blind_llama() -> float:
    """Each token sees itself alone."""
    itself = torch.eye(12).bool()[None, None]
    return causality.influence("LlamaForCausalLM", attention_mask=itself).later


# --- E41: the likeliest token, and the likeliest sentence -------------------------------------

WRITES = ("cells-graded", "greedy-write", "greedy-guess", "greedy-table")
SAMPLED, GREEDY = "starts)\n", "starts, do_sample=False)\n"


@cache
def _shares(*change: str) -> dict[str, dict[str, float]]:
    return cells(*WRITES, change=change)["shares"]


def shares(way: str, name: str, *change: str) -> float:
    return _shares(*change)[way][name]


def likelier(*change: str) -> float:
    return cells("cells-graded", "greedy-write", "greedy-guess", change=change)["likelier"]


def untrained_valid() -> float:
    texts = decoder.continued(decoder.new(), "ja", ["昨日"] * samples.FEW, do_sample=False)
    return judged(texts).share("valid")[0]


# --- E42: copying from the context ---------------------------------------------------------------


class Copies(torch.nn.Module):
    """Says what followed the first appearance of a symbol, however long the string is."""

    def forward(self, input_ids):
        n = input_ids.size(1) // 2
        logits = torch.nn.functional.one_hot(input_ids.roll(n - 1, 1), induction.SYMBOLS)
        return type("Out", (), {"logits": logits.float()})


def one_layer() -> float:
    model = induction.new(1)
    training.train(model, induction.next_batch(), induction.STEPS, induction.LEARNING_RATE)
    return induction.accuracy(model, 12)


def looks(name: str, layer: int) -> float:
    return induction.attention(induction.new(2), 12)[name][layer].max().item()


FAULTS: list[Fault] = [
    Fault("C09", "one_by_one", "a mask one token off", one_by_one_leaks),
    Fault("C09", "from_loss", "n times the mean of n - 1 losses", loss_times_n),
    Fault("C09", "sum_ratio", "softmax over the positions", normalised_over_positions),
    Fault("C09", "above_entropy", "no training", entropy_untrained),
    Fault("C09", "above_entropy", "the loss of a token", loss_of_a_token),
    Fault(
        "C10", "probe_past", "a mask one token off", lambda: causality.influence(one_ahead()).past
    ),
    Fault("C10", "t5_past", "a mask one token off", t5_one_ahead),
    Fault("C10", "leaky_past", "a mask that is not off", mask_not_ahead),
    Fault(
        "C10",
        "bert_past",
        "a decoder in its place",
        lambda: causality.influence(decoder.load()).past,
    ),
    Fault("C10", "parallel_gap", "a mask one token off", lambda: gap(one_ahead)),
    Fault("C10", "bert_gap", "a decoder in its place", lambda: gap(decoder.load)),
    Fault("C11", "valid", "no training", lambda: written_untrained().share("valid")[0]),
    Fault(
        "C11",
        "new",
        "nothing but training sentences",
        lambda: newer_than_the_grammar(copied_rows()),
    ),
    Fault("C11", "new", "no training", lambda: newer_than_the_grammar(written_untrained())),
    Fault("C11", "new", "held-out pairs alone", lambda: newer_than_the_grammar(drawn("test"))),
    Fault("C11", "unseen", "all pairs alike", lambda: drawn(None).share("unseen")[0]),
    Fault("C11", "blind", "one in so many candidates", any_candidate),
    Fault("C11", "one_pass", "no training", lambda: one_pass_of(0)),
    Fault("C11", "one_pass", "a constant guess", constant_guess),
    Fault("C11", "one_pass", "100 steps", lambda: one_pass_of(100), long=True),
    Fault("C11", "ceiling", "the right side seen", whole_ceiling),
    Fault("C11", "ceiling", "a constant guess", constant_guess),
    Fault(
        "C11",
        "rescored",
        "no training",
        lambda: graded(partial(decoder.rescored, decoder.new()), 20),
    ),
    Fault("C12", "parameters", "a key and a value for each head", keys_for_each_head),
    Fault("C12", "past", "an encoder", lambda: causality.influence("BertForMaskedLM").past),
    Fault("C12", "later", "each token sees itself alone", blind_llama),
    Fault(
        "E41",
        "likelier",
        "greedy in the place of sampling",
        lambda: likelier(SAMPLED, GREEDY),
    ),
    Fault(
        "E41",
        "likelier",
        "the two confused",
        lambda: likelier('"sampled") > ', '"sampled") < '),
    ),
    Fault("E41", "greedy_valid", "no training", untrained_valid),
    Fault(
        "E41",
        "sampled_valid",
        "greedy in its place",
        lambda: shares("sampled", "valid", SAMPLED, GREEDY),
    ),
    Fault(
        "E41",
        "greedy_open",
        "sampling in its place",
        lambda: shares("greedy", "open", "starts, do_sample=False", "starts"),
    ),
    Fault(
        "E41",
        "sampled_open",
        "greedy in its place",
        lambda: shares("sampled", "open", SAMPLED, GREEDY) - 0.5,
    ),
    Fault("E42", "two_layers", "no training", lambda: induction.accuracy(induction.new(2), 12)),
    Fault("E42", "two_layers", "one layer", one_layer, long=True),
    Fault("E42", "previous", "no training", lambda: looks("previous", 0)),
    Fault("E42", "target", "no training", lambda: looks("target", 1)),
    Fault("E42", "longer", "the rule itself", lambda: induction.accuracy(Copies(), 20)),
]
