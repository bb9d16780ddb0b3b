"""Planted faults for the claims of lesson 03: each makes its quantity red."""

import functools
from typing import Any

import lesson_cells
import pytest
from claim_faults import Fault

from helpers import results
from helpers.models import decoder, encoder, finetune, pretrained, training
from helpers.results import labels
from helpers.world import corpus

LESSON = "03_encoder"
MASKING = ("table-models", "mlm-corrupt", "mlm-count-code", "loss-code")
SQUARE = ("world-code", "table-models", "square-influence", "square-code")
CALIBRATION = ("table-models", "calibration-code", "calibration-guess", "calibration-claim")
WORDS = [cell for cell in corpus.cells("right") if cell[0] != "time"]
TIMES = [cell for cell in corpus.cells("right") if cell[0] == "time"]


DRAWN = functools.cache(encoder.rows)  # sentences that no fault changes


@functools.cache
def _masking(old: str, new: str) -> dict[str, float]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "rows", DRAWN)
        return lesson_cells.measured(LESSON, "C06", *MASKING, change=(old, new))


def masking(name: str, old: str, new: str) -> float:
    return _masking(old, new)[name]


# --- C07: who sees what, and what that is worth -----------------------------------------------


def causal_encoder():
    """The shipped weights behind a causal mask: it reads the left side only."""
    plain = encoder.config
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "config", lambda **changes: plain(is_decoder=True, **changes))
        return encoder.load()


def not_seen() -> float:
    broken = causal_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "load", lambda: broken)
        return int((lesson_cells.run(LESSON, *SQUARE)["full"] == 0).sum())


def causal_leak() -> float:
    change = ("decoder.load()", "encoder.load()")
    return lesson_cells.run(LESSON, *SQUARE, change=change)["causal"].triu(1).max().item()


@functools.cache
def shares(name: str) -> dict[tuple[str, str, str], float]:
    """{cell: share right} of a model: as shipped, or broken."""
    models = {
        "encoder": (encoder, encoder.load),
        "decoder": (decoder, decoder.load),
        "causal encoder": (encoder, causal_encoder),
        "untrained encoder": (encoder, encoder.new),
        "untrained decoder": (decoder, decoder.new),
    }
    module, make = models[name]
    model = make()
    return corpus.grade(lambda events, slot, lang: module.guesses(model, events, slot, lang), n=100)


def gap(one: str, other: str, cells: list[tuple[str, str, str]]) -> float:
    return sum(shares(one)[cell] - shares(other)[cell] for cell in cells) / len(cells)


def off_ceiling(name: str) -> float:
    """Standard errors of the lesson's 200 items, on 100 of them."""
    return max(
        abs(shares(name)[cell] - corpus.ceiling(*cell))
        / corpus.standard_error(corpus.ceiling(*cell), 200)
        for cell in corpus.cells("right")
    )


def left_gap(one: str, other: str) -> float:
    return max(abs(shares(one)[cell] - shares(other)[cell]) for cell in corpus.cells("left"))


# --- E31: probabilities against the exact ones ----------------------------------------------------


@functools.cache
def distances(old: str, new: str) -> dict[str, float]:
    return lesson_cells.measured(LESSON, "E31", *CALIBRATION, change=(old, new))


def at_wrong_temperatures() -> dict[str, float]:
    return distances('"a": 1 / 3, "b": 1, "c": 3}', '"a": 1, "b": 1 / 20, "c": 1}')


def of_the_exact_ones() -> dict[str, float]:
    return distances("(p - q).abs()", "(q - q).abs()")


# --- C02, C03, C08: heads -----------------------------------------------------------------------


def of_unseen_names(body: Any, seed: int) -> float:
    """As the lesson measures it; body None: random weights, tuned as such."""
    pace = pace_of("pretrained" if body else "scratch")
    scores = labels.names("encoder", body, "ja", 10, seed, pace)
    return (scores["opening_new"] + scores["later_new"]) / 2


def pace_of(name: str) -> tuple[int, float]:
    chosen = results.load("labels")["settings"]["chosen"]["names"][name]
    return chosen["steps"], chosen["learning_rate"]


def gain_of_another_random_body() -> float:
    return (
        sum(
            of_unseen_names(pretrained.new(7 + seed), seed) - of_unseen_names(None, seed)
            for seed in range(3)
        )
        / 3
    )


def new_share() -> float:
    """The head counted with the body's embeddings, which are not new."""
    tagger = finetune.tagger()
    new = training.parameter_count(tagger.classifier)
    new += training.parameter_count(tagger.bert.embeddings)
    return new / training.parameter_count(tagger)


@functools.cache
def tagged(name: str, measure: str, steps: int | None = None) -> float:
    """Accuracy on labelled names with 100 labelled sentences, one seed; steps: fewer."""
    body = decoder.load() if name == "decoder" else pretrained.load()
    own, rate = pace_of(name)
    return labels.names(name, body, "ja", 100, 0, (steps or own, rate))[measure]


FAULTS: list[Fault] = [
    Fault(
        "C06",
        "chosen",
        "40 % instead of 15 %",
        lambda: masking("chosen", "rate=0.15", "rate=0.4"),
    ),
    Fault(
        "C06",
        "chosen",
        "special tokens are chosen too",
        lambda: masking("chosen", "& (ids >= n_special)", "& (ids >= 0)"),
    ),
    Fault(
        "C06",
        "masked",
        "[MASK] for all that are chosen",
        lambda: masking("masked", "dice < 0.8)", "dice < 1.0)"),
    ),
    Fault(
        "C06",
        "random",
        "half as many random tokens",
        lambda: masking("random", "dice < 0.9)", "dice < 0.85)"),
    ),
    Fault(
        "C06",
        "unchanged",
        "half as many random tokens: the others stay",
        lambda: masking("unchanged", "dice < 0.9)", "dice < 0.85)"),
    ),
    Fault(
        "C06",
        "kinds",
        "the random token is always the same one",
        lambda: masking(
            "kinds",
            "torch.randint(n_special, n_vocabulary, ids.shape, generator=generator)",
            "torch.full_like(ids, n_special)",
        ),
    ),
    Fault(
        "C06",
        "loss_gap",
        "loss over all tokens",
        lambda: masking(
            "loss_gap",
            "labels = rows[:256].masked_fill(~few_chosen, -100)",
            "labels = rows[:256]",
        ),
    ),
    Fault("C07", "not_seen", "an encoder with a causal mask", not_seen),
    Fault("C07", "causal_leak", "a decoder without its mask", causal_leak),
    Fault(
        "C07",
        "gap_words",
        "an encoder with a causal mask",
        lambda: gap("causal encoder", "decoder", WORDS),
    ),
    Fault(
        "C07",
        "gap_words",
        "an untrained decoder: the gap is too large",
        lambda: gap("encoder", "untrained decoder", WORDS),
    ),
    Fault(
        "C07",
        "gap_time",
        "an encoder with a causal mask",
        lambda: gap("causal encoder", "decoder", TIMES),
    ),
    Fault(
        "C07", "left_gap", "an untrained decoder", lambda: left_gap("encoder", "untrained decoder")
    ),
    Fault(
        "C07",
        "worst_cell",
        "an untrained encoder",
        lambda: min(shares("untrained encoder").values()),
    ),
    Fault("C07", "off_ceiling", "an untrained decoder", lambda: off_ceiling("untrained decoder")),
    Fault(
        "E31",
        "trained",
        "a temperature of 1/20: sure of one answer",
        lambda: at_wrong_temperatures()["trained"],
    ),
    Fault(
        "E31",
        "trained",
        "the exact probabilities compared with themselves",
        lambda: of_the_exact_ones()["trained"],
    ),
    Fault("E31", "sharper", "a temperature of 1", lambda: at_wrong_temperatures()["sharper"]),
    Fault("E31", "flatter", "a temperature of 1", lambda: at_wrong_temperatures()["flatter"]),
    Fault(
        "E31",
        "untrained",
        "the exact probabilities compared with themselves",
        lambda: of_the_exact_ones()["untrained"],
    ),
    Fault(
        "C02",
        "gain_live",
        "another random body in place of the pretrained one",
        gain_of_another_random_body,
        long=True,
    ),
    Fault("C03", "new_share", "the embeddings counted as new", new_share),
    Fault(
        "C03",
        "blanks",
        "an untrained body",
        lambda: min(shares("untrained encoder").values()),
    ),
    Fault("C03", "names", "a random body", lambda: of_unseen_names(pretrained.new(7), 0)),
    Fault(
        "C08",
        "encoder_opening",
        "the decoder in place of the encoder",
        lambda: tagged("decoder", "opening"),
    ),
    Fault(
        "C08",
        "decoder_opening",
        "the encoder in place of the decoder",
        lambda: tagged("pretrained", "opening"),
    ),
    Fault(
        "C08",
        "decoder_later",
        "a decoder that learned for two steps",
        lambda: tagged("decoder", "later", 2),
    ),
]
