"""Planted faults for the claims of lesson 05: each makes its quantity red."""

import contextlib
import copy
import inspect
import math
import random
import types
from collections.abc import Callable, Iterator
from functools import cache

import lesson_cells
import pytest
import torch
from claim_faults import Fault
from torch import nn

from helpers import results
from helpers.models import alignment, encoder_decoder, spans, transfer
from helpers.models.encoder_decoder import TOKENIZER
from helpers.world import corpus

LESSON = "05_encoder_decoder"
START = ("world-code", "ask-code")
HANDED = ("handed-code", "shuffle-guess", "letters-guess", "letters-gap", "damage-code")
EXAMPLES = encoder_decoder.examples


@contextlib.contextmanager
def small(make: Callable = encoder_decoder.load) -> Iterator[None]:
    """The lesson with fewer examples, not graded at the start, and with another model."""
    model = make()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder_decoder, "load", lambda: model)
        patch.setattr(encoder_decoder, "examples", lambda n, seed, split: EXAMPLES(20, seed, split))
        patch.setattr(encoder_decoder, "exact_match", lambda *_: dict.fromkeys(corpus.TASKS, 1.0))
        yield


def cells(*keys: str, make: Callable = encoder_decoder.load, **options) -> dict:
    with small(make):
        return lesson_cells.run(LESSON, *START, *keys, **options)


# --- C05: T5's attention by hand -----------------------------------------------------------------


def by_hand(quantity: str, old: str, new: str) -> float:
    keys = "handed-code", "t5-code", "t5-by-hand", "t5-gap"
    return cells(*keys, change=(old, new))["gap"][quantity]


def heads_mixed() -> float:
    right = "y.view(1, y.size(1), n_heads, d_k).transpose(1, 2)"
    return by_hand("QKᵀ + B", right, "y.view(1, n_heads, y.size(1), d_k)")


def not_divided() -> float:
    return by_hand("QKᵀ/√d_k + B", "bias, math.sqrt(d_k)", "bias, 1")


def bias_added() -> float:
    return by_hand("QKᵀ", '("QKᵀ", 0, 1)', '("QKᵀ", bias, 1)')


def keys_twice() -> float:
    return cells("init", change=(", name).weight", ', "k").weight'))["init_ratio"]


# --- C13: span corruption ------------------------------------------------------------------------


@contextlib.contextmanager
def planted(module: types.ModuleType, old: str, new: str) -> Iterator[None]:
    """A helper with other source: its public functions are replaced."""
    source = inspect.getsource(module)
    assert old in source
    broken = types.ModuleType(module.__name__)
    broken.__package__ = module.__package__
    exec(compile(source.replace(old, new), module.__name__, "exec"), vars(broken))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in vars(broken).items():
            if getattr(value, "__module__", "") == module.__name__:
                patch.setattr(module, name, value)
        yield


@cache
def corrupted(old: str, new: str) -> dict[str, float]:
    with planted(spans, old, new):
        return lesson_cells.measured(LESSON, "C13", "spans-measure", "spans-check", "spans-claim")


def twice_as_many() -> float:
    return corrupted("share: float = 0.15", "share: float = 0.3")["share"]


def single_tokens() -> float:
    return corrupted("mean_span: int = 3", "mean_span: int = 1")["mean_span"]


def equal_pieces() -> dict[str, float]:
    """Holes at fixed places, of equal lengths: no chance in it."""
    drawn = "[0, *sorted(rng.sample(range(1, total), count - 1)), total]"
    return corrupted(drawn, "[total * n // count for n in range(count + 1)]")


def lengths(old: str, new: str) -> tuple[int, int]:
    with planted(spans, old, new):
        source, target = spans.corrupted(["x"] * 512, random.Random(0))
    return len(source), len(target)


def holes_unmarked() -> float:
    return lengths("kept[n]], SENTINEL.format(n)]", "kept[n]]]")[0]


def not_closed() -> float:
    return lengths("[*target, SENTINEL.format(n_spans)]", "target")[1]


# --- C14 and E51: what the encoder hands over ----------------------------------------------------


def averaging() -> nn.Module:
    """One vector for the whole input, at every position."""
    model = encoder_decoder.load()

    def mean(module, arguments, output):
        output.last_hidden_state = output[0].mean(1, keepdim=True).expand_as(output[0])
        return output

    model.encoder.register_forward_hook(mean)
    return model


def one_vector() -> float:
    scope = cells("handed-code", make=averaging)
    n = int(scope["mask"][0].sum())
    return len(scope["states"][0, :n].unique(dim=0)) / n


@torch.no_grad()
def write_slowly(model, sources) -> list[str]:
    """Greedy decoding that runs the whole model for each token."""
    inputs = TOKENIZER(list(sources), return_tensors="pt")
    written = torch.full((1, 1), TOKENIZER.pad_token_id)
    for _ in range(40):  # as the lesson's own answer does at most
        if written[0, -1] == TOKENIZER.eos_token_id:
            break
        best = model(**inputs, decoder_input_ids=written).logits[:, -1:].argmax(-1)
        written = torch.cat([written, best], 1)
    return TOKENIZER.batch_decode(written, skip_special_tokens=True)


def encoder_again() -> float:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder_decoder, "answer", write_slowly)
        return cells("handed-code", "handed-runs")["runs"]["encoder"]


def positioned() -> nn.Module:
    """A decoder that knows which vector of the encoder is the first, the second …"""
    model = encoder_decoder.load()
    places = torch.randn(1, 128, model.config.d_model, generator=torch.Generator().manual_seed(0))

    def add(module, arguments, named):
        states = named["encoder_hidden_states"]
        added = {"encoder_hidden_states": states + states.std() * places[:, : states.size(1)]}
        return arguments, named | added

    model.decoder.register_forward_pre_hook(add, with_kwargs=True)
    return model


@cache
def handed(old: str = "", new: str = "", make: Callable = encoder_decoder.load) -> dict:
    return cells(*HANDED, change=(old, new), make=make)


def moved() -> dict:
    return handed(make=positioned)


def survived(nth: int, old: str, new: str) -> float:
    """The score with noise, halfway to the average, with the average."""
    return list(handed(old, new)["survived"].values())[nth]


def not_pooled() -> float:
    average = "((states * mask[..., None]).sum(1, keepdim=True) / n).expand_as(states)"
    return survived(2, average, "states")


def noise_forgotten() -> float:
    return survived(0, "states + noise", "states")


def averaged_at_once() -> float:
    return survived(1, "(states + average) / 2", "average")


LETTERS = "rng.sample(text, len(text))"


def letters_lost() -> float:
    return handed(LETTERS, "rng.choices(text, k=len(text))")["letters"]


def letters_kept() -> float:
    return handed(LETTERS, "text")["gaps"][1]


def five_letters() -> float:
    whole = "sorted(corpus.sentence(e, lang).text)"
    keys = ("world-code", "ask-code", *HANDED, "handed-runs", "handed-claim")
    with small():
        change = whole, f"{whole}[:5]"
        return lesson_cells.measured(LESSON, "E51", *keys, change=change)["same_letters"]


@cache
def aligned_untrained() -> alignment.Hits:
    change = "score(model, corpus.drawn(200,", "score(encoder_decoder.new(), corpus.drawn(30,"
    return cells("map-layer", "align", change=change)["found"]


def one_word_in_so_many() -> float:
    with planted(alignment, "/ len(seen.source)", "/ len(words)"):
        return cells("map-layer", "align")["found"].chance


def trained_in_its_place() -> float:
    change = "score(encoder_decoder.new(), corpus.drawn(50", "score(model, corpus.drawn(30"
    return cells("map-layer", "align", change=change)["untrained"].turned


# --- C15 and C23: one model, four tasks ----------------------------------------------------------


@cache
def graded_after_division() -> dict[str, float]:
    """The division by √d_k put back into the trained model."""
    model = copy.deepcopy(encoder_decoder.load())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("Attention.q.weight"):
                parameter /= math.sqrt(model.config.d_kv)
    return encoder_decoder.exact_match(model, EXAMPLES(20, 7, "test"))


def with_adapters() -> nn.Module:
    """A matrix for each task, hidden inside the decoder."""
    model = encoder_decoder.load()
    adapters = {task: nn.Linear(64, 64) for task in corpus.TASKS}
    model.decoder.task_adapters = nn.ModuleDict(adapters)
    return model


def with_used_adapter() -> nn.Module:
    """A matrix that only sentiment goes through: told by the length of the answer."""
    model = encoder_decoder.load()
    model.decoder.adapter = nn.Linear(64, 64)

    def adapt(module, arguments, output):
        if output[0].size(1) == 2:  # one character and </s>
            output.last_hidden_state = output[0] + module.adapter(output[0])
        return output

    model.decoder.register_forward_hook(adapt)
    return model


def without_prompt() -> float:
    moods = [e for e in EXAMPLES(20, 7, "test") if e.task == "sentiment"]
    bare = [e.source.partition("：")[2] for e in moods]
    answers = encoder_decoder.answer(encoder_decoder.load(), bare)
    return sum(answer in ("良", "悪", "好", "壞") for answer in answers) / len(answers)


# --- E52: transfer -------------------------------------------------------------------------------


TRANSFER = ("transfer-texts", "transfer-live", "transfer-record", "transfer-claim")
INSTEAD = {  # arm of the record -> whose runs stand there
    "scratch": "told_twice",
    "told_twice": "scratch",
    "unrelated": "shuffled",
    "shuffled": "told_twice",
}


@cache
def swapped(learned: bool = False) -> dict[str, float]:
    """Random weights where the pre-trained ones belong, and the runs of other arms.

    learned: whether the two models are trained, which what was recorded does not need
    """
    random_weights, runs = encoder_decoder.new, results.load("transfer")["runs"]
    moved = [r | {"arm": a} for a, other in INSTEAD.items() for r in runs if r["arm"] == other]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder_decoder, "new", transfer.load)
        patch.setattr(transfer, "load", random_weights)
        patch.setattr(results, "load", lambda name: {"runs": moved})
        if not learned:
            patch.setattr(transfer, "learn", lambda *_, **__: None)
            patch.setattr(transfer, "scores", lambda *_: {"exact": math.nan})
        return lesson_cells.measured(LESSON, "E52", *TRANSFER)


FAULTS: list[Fault] = [
    Fault("C05", "undivided", "heads and positions mixed up", heads_mixed),
    Fault("C05", "divided", "a division by 1", not_divided),
    Fault("C05", "without_bias", "the bias still there", bias_added),
    Fault("C05", "init_ratio", "the keys' matrix twice", keys_twice),
    Fault("C13", "share", "twice as much missing", twice_as_many),
    Fault("C13", "mean_span", "single tokens", single_tokens),
    Fault("C13", "one_length", "equal lengths", lambda: equal_pieces()["one_length"]),
    Fault("C13", "places", "holes at fixed places", lambda: equal_pieces()["places"]),
    Fault("C13", "source_length", "holes without a sentinel", holes_unmarked),
    Fault("C13", "target_length", "no closing sentinel", not_closed),
    Fault("C14", "vectors", "one vector for all positions", one_vector),
    Fault("C14", "encoder_runs", "the whole model for each token", encoder_again),
    Fault("C14", "pooled", "vectors left as they are", not_pooled),
    Fault("C14", "aligned", "no training", lambda: aligned_untrained().aligned),
    Fault("C14", "chance", "one word in so many", one_word_in_so_many, long=True),
    Fault("C14", "swapped", "no training", lambda: aligned_untrained().turned),
    Fault(
        "C14",
        "swapped_untrained",
        "the trained model in its place",
        trained_in_its_place,
        long=True,
    ),
    Fault("E51", "shuffled", "positions in the cross-attention", lambda: moved()["shuffled"]),
    Fault("E51", "shuffled_gap", "positions in the cross-attention", lambda: moved()["gaps"][0]),
    Fault("E51", "letters", "letters lost", letters_lost),
    Fault("E51", "letters_gap", "letters left in their order", letters_kept),
    Fault("E51", "same_letters", "five letters compared", five_letters, long=True),
    Fault("E51", "noisy", "no noise", noise_forgotten),
    Fault("E51", "halfway", "the average at once", averaged_at_once),
    *(
        Fault(
            "C15", task, "a division by √d_k added", lambda task=task: graded_after_division()[task]
        )
        for task in ("to_zh_tw", "to_ja", "summary")
    ),
    Fault(
        "C23",
        "own_parameters",
        "four adapters in the decoder",
        lambda: cells("switch", make=with_adapters)["own"],
    ),
    Fault(
        "C23",
        "own_parameters",
        "an adapter that one task uses",
        lambda: cells("switch", make=with_used_adapter)["own"],
    ),
    Fault("C23", "labels", "no prompt", without_prompt),
    Fault("E52", "recorded_text", "random weights", lambda: swapped()["recorded_text"]),
    Fault("E52", "recorded_random", "pre-trained weights", lambda: swapped()["recorded_random"]),
    Fault("E52", "recorded_unrelated", "shuffled text", lambda: swapped()["recorded_unrelated"]),
    Fault("E52", "recorded_shuffled", "whole sentences", lambda: swapped()["recorded_shuffled"]),
    Fault("E52", "from_text", "random weights", lambda: swapped(learned=True)["from_text"]),
    Fault(
        "E52", "from_random", "pre-trained weights", lambda: swapped(learned=True)["from_random"]
    ),
]
