"""Planted faults for the claims of lesson 06: each makes its quantity red."""

from collections import Counter

import pytest
from claim_faults import Fault
from lesson_cells import measured, run

from helpers.models import decoder, scaling, training

LESSON = "06_decoder_dominance"
BANDED = ("width",)  # quantities of bands
TASKS = (
    "budget-plans",
    "budget-counts",
    "budget-code",
    "able-fill",
    "able-code",
    "able-blank",
    "able-claim",
)
LAW = ("scale-code", "law-code", "law-claim")
BOTH = (
    "scale-code",
    "law-code",
    "both-laws",
    "both-code",
    "both-blocks",
    "both-points",
    "both-claim",
)
EMERGENCE = (
    "scale-code",
    "law-code",
    "emerge-code",
    "emerge-foretold",
    "emerge-predict",
    "emerge-table",
    "emerge-claim",
)
COMPUTE = ("scale-code", "law-code", "compute-code", "compute-claim")
ASSISTANT = ("assistant-code", "assistant-claim")
PREFERENCE = ("assistant-code", "preference-code", "preference-claim")
TIMELINE = ("published-code", "timeline-code", "timeline-models", "timeline-claim")


def planted(claim, quantity, what, cells, old, new, long=False, untrained=False):
    """A row whose fault is a changed line.  Without training: the small model's loss is given.

    untrained: the small model is marked as it is.  Where no band is asked for, few fits make it.
    """

    def few(*runs, draws, **options):
        return bootstrapped(*runs, draws=2, **options)

    bootstrapped = scaling.bootstrapped

    def measure():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "train", lambda *_: None)
            if quantity not in BANDED:
                patch.setattr(scaling, "bootstrapped", few)
            if not untrained:
                patch.setattr(scaling, "exam", lambda *_: (2.1, None))
            return measured(LESSON, claim, *cells, change=(old, new))[quantity]

    return Fault(claim, quantity, what, measure, long)


def tasks(quantity, what, old, new):
    return planted("C22", quantity, what, TASKS, old, new, long=True)


def written(quantity, what, old, new):
    """A fault of BERT's writing; nothing else of the cell is done."""

    def measure():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decoder, "sample", lambda *_: [""])
            found = run(LESSON, "able-fill", "able-code", change=(old, new))
        if quantity == "valid_bert":
            return found["valid"]["BERT"]
        wanted = Counter(map(len, found["true"]))
        return (wanted & Counter(map(len, found["by_bert"]))).total() / wanted.total()

    return Fault("C22", quantity, what, measure)


LAW_FIT = "law = scaling.fit(sizes[~held_out], losses[~held_out])"
NO_FLOOR = "no_floor = scaling.fit(sizes[~held_out], losses[~held_out], floor=0)"
BANDS = "scaling.band(scaling.bootstrapped(*spent[kind], draws=60), at)"
SIZES = 'runs[kind] if r["seed"] == 0'
LARGE = 'runs[kind] if r["width"] > 12'
CONTROL = 'laws["decoder"](found[0]["flops"])'

UNTUNED = 'values - found["before", ""]'
RULE, BY_RIGHT, BY_WINS = (f"tuning.best(made, how, {by})" for by in ("by", '"right"', '"wins"'))

FAULTS: list[Fault] = [
    planted(
        "C16",
        "decoders",
        "models of both kinds are decoders",
        TIMELINE,
        'len(families["decoder"]) / total',
        "len(causal) / total",
    ),
    planted(
        "C16",
        "others",
        "encoder-decoders are forgotten",
        TIMELINE,
        'total - len(families["decoder"])',
        'len(families["encoder"])',
    ),
    planted("C17", "decoder_fall", "the small models are left out", BOTH, SIZES, LARGE),
    planted("C17", "encoder_decoder_fall", "the small models are left out", BOTH, SIZES, LARGE),
    planted(
        "C17",
        "flops_ratio",
        "FLOPs of one step",
        BOTH,
        'r["flops"] / r["parameters"]',
        'r["flops"] / r["parameters"] / scaling.STEPS[kind]',
    ),
    planted(
        "C17",
        "taught_ratio",
        "what is read counts as taught",
        BOTH,
        'runs["encoder_decoder"][0]["taught"]',
        'runs["encoder_decoder"][0]["taught"] * 2',
    ),
    planted(
        "C17",
        "gap",
        "by parameters instead of FLOPs",
        BOTH,
        'columns_of(kind, "flops")',
        'columns_of(kind, "parameters")',
    ),
    planted(
        "C17",
        "gap_points",
        "a narrower T5",
        BOTH,
        'runs["encoder_decoder"] if r["width"] == 40',
        'runs["encoder_decoder"] if r["width"] == 24',
    ),
    planted(
        "C17",
        "library",
        "the tuned decoder in place of the library's",
        BOTH,
        'starts[0]["loss"] - t5_loss',
        'laws["decoder"](starts[0]["flops"]) - t5_loss',
    ),
    planted(
        "C17",
        "gap_blocks",
        "the gap itself, whatever the T5's",
        BOTH,
        "float(min(gaps)) - gap_t5",
        "float(min(gaps))",
    ),
    planted(
        "C17",
        "width",
        "a bootstrap of zero width",
        BOTH,
        BANDS,
        "scaling.band([scaling.fit(*spent[kind])] * 60, at)",
    ),
    planted(
        "C17",
        "width",
        "a band of 10 % that is called 90 %",
        BOTH,
        BANDS,
        BANDS.replace("at)", "at, 0.1)"),
    ),
    planted(
        "C17",
        "gap_blocks",
        "against the wrong law",
        BOTH,
        CONTROL,
        CONTROL.replace("decoder", "encoder_decoder"),
    ),
    planted(
        "C18",
        "largest_step",
        "exact match in place of the accuracy",
        EMERGENCE,
        "np.diff(p).max() / (p[-1] - p[0])",
        "np.diff(exact8).max() / (exact8[-1] - exact8[0])",
    ),
    planted(
        "C18",
        "smooth",
        "two characters in place of one",
        EMERGENCE,
        "p = shares[:, 0]",
        "p = shares[:, 1]",
    ),
    planted(
        "C18",
        "jump",
        "the smallest model had five hits",
        EMERGENCE,
        "exact8 = shares[:, 3]",
        "exact8 = shares[:, 3] * [5, 1, 1, 1, 1, 1]",
    ),
    tasks("share_bert", "40 % are masked, not 15 %", "rate=0.15", "rate=0.4"),
    tasks("share_gpt", "the labels are not shifted", "labels = labels[:, 1:]", "labels = labels"),
    written(
        "valid_bert",
        "BERT writes at random",
        "p[:, : len(tokenizer.SPECIAL)] = 0",
        "p[:] = 1",
    ),
    written(
        "valid_bert",
        "no [CLS] and no tag of the language",
        "tokenizer.tagged(tokenizer.MASK * length, LANG)",
        "tokenizer.MASK * length",
    ),
    written(
        "lengths_bert",
        "lengths that are wrong by 3",
        "sorted(Counter(map(len, true)).items())",
        "sorted(Counter(len(x) + 3 for x in true).items())",
    ),
    tasks(
        "valid_gpt",
        "an untrained GPT-2",
        "encoder.load(), decoder.load()",
        "encoder.load(), decoder.new()",
    ),
    tasks(
        "valid_gap",
        "an untrained GPT-2",
        "encoder.load(), decoder.load()",
        "encoder.load(), decoder.new()",
    ),
    tasks(
        "blank_bert",
        "the decoder's column",
        'card[name]["as_shipped"]',
        'card["decoder"]["as_shipped"]',
    ),
    tasks("blank_gpt", "clues on the left", 'corpus.cells("right")', 'corpus.cells("left")'),
    planted(
        "C31",
        "error",
        "the held-out size leaks into the fit",
        LAW,
        LAW_FIT,
        "law = scaling.fit(sizes, losses)",
    ),
    planted(
        "C31",
        "error",
        "a floor of 1.1, whatever the data say",
        LAW,
        LAW_FIT,
        LAW_FIT.replace(")", ", floor=1.1)"),
    ),
    planted(
        "C31", "no_floor", "a floor after all", LAW, NO_FLOOR, NO_FLOOR.replace(", floor=0", "")
    ),
    planted("C31", "live", "a model that was not trained", LAW, "", "", untrained=True),
    planted(
        "C31",
        "live",
        "the next size's loss",
        LAW,
        'if r["width"] == width',
        'if r["width"] == 20',
    ),
    planted(
        "C31", "error", "a prediction that is too high", LAW, '"error": -error', '"error": error'
    ),
    planted(
        "C31",
        "no_floor",
        "one error low, the other high",
        LAW,
        "error_no_floor / error",
        "-error_no_floor / error",
    ),
    planted(
        "C31",
        "floors",
        "no size is left out",
        LAW,
        "scaling.leave_one_out(sizes, losses)",
        "dict.fromkeys(sizes, law)",
    ),
    planted(
        "C32",
        "route",
        "one route in the logit",
        EMERGENCE,
        "foretold(exact8, scale, first)",
        'foretold(exact8, "logit", first)',
    ),
    planted(
        "C32",
        "link",
        "the logarithm on both scales",
        EMERGENCE,
        "through_p(scale, first)),",
        'through_p("log", first)),',
    ),
    planted(
        "C32",
        "hit",
        "the smallest model is still there",
        EMERGENCE,
        "x, y = np.log(ladder[first:]), there(seen[first:])",
        "x, y = np.log(ladder), there(seen)",
    ),
    planted(
        "C32",
        "closest",
        "the largest model leaks into the line",
        EMERGENCE,
        "extended(x[:-1], y[:-1], x[-1])",
        "extended(x, y, x[-1])",
    ),
    planted(
        "E60",
        "six",
        "the forward pass alone",
        COMPUTE,
        '(6 * run["parameters"]',
        '(2 * run["parameters"]',
    ),
    planted(
        "E60",
        "counted",
        "attention of half the window",
        COMPUTE,
        "(scaling.READ + scaling.WRITTEN)",
        "scaling.READ / 2",
    ),
    planted("E60", "wanted", "D = 2 N", COMPUTE, "/ (6 * 20)", "/ (6 * 2)"),
    planted(
        "E60",
        "tokens",
        "the largest model's own tokens",
        COMPUTE,
        'longer[0]["taught"] / longer[0]',
        'largest[0]["taught"] / largest[0]',
    ),
    planted(
        "E60",
        "gain",
        "a run of fewer FLOPs",
        COMPUTE,
        'results.load("compute")["runs"]',
        '[r for r in runs["decoder"] if r["width"] == 64]',
    ),
    planted(
        "E61",
        "base",
        "the tuned model in place of the base",
        ASSISTANT,
        '"base": found["base"][0]',
        '"base": found["tuned"][0]',
    ),
    planted(
        "E61",
        "chance",
        "the words of both languages in one count",
        ASSISTANT,
        "(one.task, one.lang) == (task, lang)",
        "one.task == task",
    ),
    planted(
        "E61",
        "answered",
        "the withheld task in place of the taught",
        ASSISTANT,
        "if task != assistant.WITHHELD",
        "if task == assistant.WITHHELD",
    ),
    planted(
        "E61",
        "fourth",
        "a task that was taught",
        ASSISTANT,
        'run["exact"][assistant.WITHHELD], run',
        'run["exact"]["time"], run',
    ),
    planted(
        "E61",
        "forgotten",
        "what the base writes",
        ASSISTANT,
        '"forgotten": found["tuned"][2]',
        '"forgotten": found["base"][2]',
    ),
    planted(
        "E61",
        "loss",
        "the loss of the base on both sides",
        ASSISTANT,
        'found["tuned"][3] /',
        'found["base"][3] /',
    ),
    planted(
        "E61",
        "kept",
        "questions alone",
        ASSISTANT,
        'found["mixed"][2]',
        'found["tuned"][2]',
    ),
    planted(
        "E61",
        "mixed",
        "the base in place of the mixed",
        ASSISTANT,
        'found["mixed"][0]',
        'found["base"][0]',
    ),
    planted(
        "E62",
        "wins_before",
        "right answers alone in place of the first model",
        PREFERENCE,
        'found["before", ""][1].mean()',
        'found["chosen", "wins"][1].mean()',
    ),
    *(
        planted("E62", quantity, "a model that was not tuned", PREFERENCE, UNTUNED, "values * 0")
        for quantity in (
            "chosen",
            "rejected",
            "right_careful",
            "right_near",
            "wins_near",
            "wins_more",
            "valid_more",
            "control",
            "control_wins",
        )
    ),
    *(
        planted("E62", quantity, "a rate that right answers chose", PREFERENCE, RULE, BY_RIGHT)
        for quantity in ("right", "chosen", "rejected", "lost", "valid_more")
    ),
    *(
        planted("E62", quantity, "a rate that wins chose", PREFERENCE, RULE, BY_WINS)
        for quantity in ("right_careful", "control_lost")
    ),
]
