"""The calculator's page gives every number and sentence that helpers.kv_cache gives."""

import functools
import itertools
import json
import os
import random
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
import turns

from course_tools.site import project
from course_tools.site.live import calculator, families
from helpers import kv_cache
from helpers.classroom.session import Session
from helpers.kv_cache import fitting
from helpers.language.say import COMPLETE

ALL = bool(os.environ.get("TRIAD_ALL"))
LIVE = project.SOURCES / "public" / "live"
LENGTHS = (1, 511, 1_024, 4_095, 4_096, 8_192, 100_000, 131_072)
FORMATS = dict(calculator.FORMATS)
BATCHES, CHUNKS = (1, 3, 16), (128, 512, 8_192, None)
ANSWER = """
import {{ readFileSync }} from "node:fs";
const {{ answer, BEGUN }} = await import({module});
const {{ table, words, states }} = JSON.parse(readFileSync(0, "utf-8"));
const told = ([lang, state]) => answer({{ ...BEGUN, ...state }}, table, words[lang]);
console.log(JSON.stringify(states.map(told)));
"""
WRITTEN = """
import {{ readFileSync }} from "node:fs";
const {{ fixed }} = await import({module});
const numbers = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(numbers.map(([n, digits]) => fixed(n, digits))));
"""


def in_node(script, value, live=LIVE, module="kv-answer.js"):
    if not shutil.which("node"):
        pytest.skip("node is missing")
    script = script.format(module=json.dumps((live / module).as_uri()))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(value), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@functools.cache
def table():
    return json.loads(json.dumps(calculator.table()))


def states():
    """(language, state) of every model × length × format of the cache, and more by chance."""
    draw = random.Random(0)
    for key, length, name in itertools.product(kv_cache.models(), LENGTHS, FORMATS):
        state = {"model": key, "length": length, "cache": name, "weights": draw.choice([*FORMATS])}
        state |= {"batch": draw.choice(BATCHES), "chunk": draw.choice(CHUNKS), "source": 777}
        yield draw.choice(COMPLETE), state


def by_instrument(lang, state):
    """What the notebook's functions say to the same state."""
    with Session(lang=lang):
        found = kv_cache.config(state["model"])
        source = state["source"] if found.is_encoder_decoder else None
        size = kv_cache.formula(
            found, state["length"], batch_size=state["batch"], encoder_len=source
        )
        how = {"weight_bits": FORMATS[state["weights"]], "cache_bits": FORMATS[state["cache"]]}
        how |= {"batch_size": state["batch"], "encoder_len": source, "chunk": state["chunk"]}
        first, *_ = cards = list(kv_cache.gpus())
        fit = fitting.fits(state["model"], first, state["length"], **how)
        fits = [replace(fit, gpu=kv_cache.gpus()[key]) for key in cards]
        return {
            "bytes": size.total_bytes * fitting.stored_bits(FORMATS[state["cache"]]) / 16,
            "lines": dict(fits[0].lines),
            "chunk": fits[0].chunk,
            "fits": [[fit.fits, fit.sentence()] for fit in fits],
            "sentence": size.sentence() if state["cache"] == "bfloat16" else None,
            "layers": [
                [layer.kind, layer.tokens, layer.bytes, layer.per_token] for layer in size.layers
            ],
        }


def seen(told, state):
    """The same of the page's answer."""
    return {
        "bytes": told["bytes"],
        "lines": told["need"]["lines"],
        "chunk": told["need"]["chunk"],
        "fits": [[card["fits"], card["sentence"]] for card in told["cards"]],
        "sentence": told["sentence"] if state["cache"] == "bfloat16" else None,
        "layers": [
            [one["kind"], one["tokens"], one["bytes"], one["perToken"]] for one in told["layers"]
        ],
    }


@functools.cache
def wanted():
    return [(lang, state, by_instrument(lang, state)) for lang, state in states()]


def differing(live=LIVE, every=1):
    """(cases, those in which the page says something else)."""
    words = {lang: calculator.texts(lang) for lang in COMPLETE}
    cases = wanted()[::every]
    asked = [[lang, state] for lang, state, _ in cases]
    told = in_node(ANSWER, {"table": table(), "words": words, "states": asked}, live)
    pairs = zip(cases, told, strict=True)
    return len(asked), [state for (_, state, want), got in pairs if seen(got, state) != want]


def test_the_page_equals_the_instrument_on_the_whole_table():
    cases, differ = differing()
    assert cases == len(kv_cache.models()) * len(LENGTHS) * len(FORMATS) == 880
    assert differ == []
    decided = {fit[0] for _, _, want in wanted() for fit in want["fits"]}
    assert decided == {True, False}


WRONG_RULES = [
    ("kv-cache.js", "rule.window - 1));", "rule.window));"),
    ("kv-cache.js", "isFloat32 ? 4 :", "isFloat32 ? 2 :"),
    ("kv-cache.js", "isTied ? 1 : 2", "isTied ? 2 : 1"),
    ("kv-cache.js", "<= usable", "> usable"),
    ("kv-cache.js", "(4 * width + 3 * wide) * 2", "(4 * width + 2 * wide) * 2"),
    ("kv-answer.js", "model.limit < length", "model.limit <= length"),
]


@pytest.mark.parametrize("fault", turns.by_turns(0, WRONG_RULES), ids=str)
def test_a_fault_in_the_page_s_rules_is_noticed(planted, fault):
    assert differing(planted(*fault), every=3)[1]


def test_numbers_are_written_as_python_writes_them(tmp_path):
    draw = random.Random(0)
    numbers = [k / 8 for k in range(400)] + [k / 2 for k in range(2_000, 2_050)] + [1.005, 1.015]
    numbers += [draw.uniform(0, 10 ** draw.randrange(9)) for _ in range(2_000)]
    asked = [[number, digits] for number in numbers for digits in (0, 1, 2)]
    wanted = [f"{number:,.{digits}f}" for number, digits in asked]
    assert in_node(WRITTEN, asked, module="texts.js") == wanted
    source = (LIVE / "texts.js").read_text(encoding="utf-8")
    broken = source.replace("if (isTie)", "if (false)")
    (tmp_path / "texts.js").write_text(broken, encoding="utf-8")
    assert in_node(WRITTEN, asked, tmp_path, "texts.js") != wanted


# --- a pasted config.json -----------------------------------------------------------------------

FEW = ("llama", "mistral", "qwen2", "qwen3", "gemma3", "gemma3_text", "deepseek_v3", "mamba2")


def known(names=None):
    """What the page knows of these families, or of all."""
    found = json.loads(calculator.FAMILIES.read_text(encoding="utf-8"))
    some = {name: entry for name, entry in found["families"].items() if not names or name in names}
    inside = {name: inner for name, inner in found["wrappers"].items() if inner in some}
    return {"families": some, "wrappers": inside}


@turns.in_ci
def test_a_pasted_config_gives_the_instrument_s_number_or_none():
    # with --all the cases by which families.py chose; else others, of families that many paste
    results = families.compared(*((known(), 0) if ALL else (known(FEW), 91)))
    every = [(page, here) for each in results.values() for _, page, here in each]
    assert len(every) >= (3000 if ALL else 200)
    assert [pair for pair in every if families.differs(*pair)] == []
    there = [page for page, here in every if isinstance(here, list)]
    answered = sum(isinstance(page, list) for page in there) / len(there)
    assert 0.5 < answered <= 1  # it refuses what does not follow from the file
    assert any(page[2] for page, _ in every if isinstance(page, list))  # fields that are named


WINDOWED = {"num_hidden_layers": 2, "sliding_window": 100, "layer_types": ["sliding_attention"] * 2}
PASTED = [
    {"model_type": "qwen2", "use_sliding_window": False, **WINDOWED},
    {"model_type": "qwen2", "use_sliding_window": True, **WINDOWED},
    {"model_type": "llama", "num_hidden_layers": 2, "num_attention_heads": 8, "hidden_size": 512},
    {"model_type": "gemma3_text", "num_hidden_layers": 12},
    {"model_type": "gemma3", "text_config": {"num_hidden_layers": 12, "head_dim": 64}},
]


WRONG_READING = [
    ("if (config.use_sliding_window === false)", "if (false)"),
    ('if (rule === "heads")', "if (false)"),
    ("rule[i % rule.length]", "rule[0]"),
    ("!given(name) && !isUsual(name, config, given)", "!given(name)"),
    ("...outer.text_config", "...{ num_hidden_layers: 26 }"),
]


@pytest.mark.parametrize("fault", turns.by_turns(0, WRONG_READING), ids=str)
def test_a_fault_in_reading_a_config_is_noticed(planted, monkeypatch, fault):
    texts = [json.dumps(fields) for fields in PASTED]
    wanted = [families.by_instrument(text) for text in texts]
    assert families.by_page(texts, known()) == wanted
    monkeypatch.setattr(families, "SCRIPTS", planted("pasted.js", *fault))
    assert families.by_page(texts, known()) != wanted


def test_the_page_knows_most_decoders_that_the_instrument_has_checked():
    found = known()
    assert len(found["families"]) >= 90 and set(FEW) - {"gemma3"} <= set(found["families"])
    assert "gemma3" in found["wrappers"]


# --- what a link carries of it ------------------------------------------------------------------

CARRIED = """
import {{ readFileSync }} from "node:fs";
const {{ carried, read }} = await import({module});
const {{ answer, BEGUN, PASTED }} = await import({module}.replace("pasted.js", "kv-answer.js"));
const {{ table, words, texts }} = JSON.parse(readFileSync(0, "utf-8"));
const asked = {{ ...BEGUN, model: PASTED, parameters: "3", weights: "int4" }};
const told = (config) => answer({{ ...asked, config }}, table, words);
console.log(JSON.stringify(texts.map((text) => {{
  const less = carried(text, table);
  return [less, told(text), told(less)];
}})));
"""
PRIVATE = {"_name_or_path": "/home/me/secret", "architectures": ["Secret"], "secret_plan": {"a": 1}}


def carried(texts, live=LIVE):
    """(what a link carries of a text, the answer to the text, the answer to what is carried)."""
    told = {"table": table() | known(), "words": calculator.texts("ja"), "texts": texts}
    return in_node(CARRIED, told, live, "pasted.js")


def configs():
    """Whole files of every family, changed and unchanged, with fields of no use."""
    found = known()
    for name in (*found["families"], *found["wrappers"]):
        for text in list(families.cases(name, found, 5))[:6]:
            fields = PRIVATE | json.loads(text)
            if "text_config" in fields:
                fields["text_config"] = PRIVATE | fields["text_config"]
            also = {"vocab_size": 1234, "intermediate_size": 777, "tie_word_embeddings": False}
            yield json.dumps(fields | also)
    for name, entry in found["families"].items():  # what others follow from
        for field in {one for depends in entry["derived"].values() for one in depends}:
            yield json.dumps({"model_type": name, "num_hidden_layers": 8, field: 3})


def test_a_link_carries_what_is_read_of_a_config_and_nothing_else():
    texts = list(configs())
    assert len(texts) > 500
    told = carried(texts)
    assert [less for less, whole, got in told if whole != got] == []
    assert not [less for less, *_ in told if "secret" in less.lower()]
    assert sum("need" in whole for _, whole, _ in told) > 200
    odd = ["", "x", "[]", "{}", '{"model_type": "none_such", "secret_plan": 1}']
    assert [less for less, *_ in carried(odd)] == ["", "", "", "{}", '{"model_type":"none_such"}']


def names_read(source):
    """Every field of a config that a script reads."""
    lists = re.findall(
        r"^const NAMES = \{.*?^\};|field\(config, \[.*?\]", source, re.DOTALL | re.MULTILINE
    )
    return {*re.findall(r"config\??\.(\w+)", source), *re.findall(r'"(\w+)"', "".join(lists))}


def not_carried(live=LIVE):
    """(names that kv-cache.js reads, those that no link carries)."""
    names = names_read((LIVE / "kv-cache.js").read_text(encoding="utf-8")) - {"model_type"}
    fields = {"model_type": "llama", **dict.fromkeys(sorted(names), 3)}
    [[less, *_]] = carried([json.dumps(fields)], live)
    return names, names - set(json.loads(less))


def test_every_field_that_a_number_can_rest_on_is_carried(planted):
    names, lost = not_carried()
    assert len(names) > 50 and {"num_kv_heads", "ssm_state_size", "kv_lora_rank"} <= names
    assert lost == set()
    assert not_carried(planted("pasted.js", "[...FIELDS, ", "["))[1]


LINK = """
import {{ readFileSync }} from "node:fs";
const {{ fromLink }} = await import({module});
const {{ table, links }} = JSON.parse(readFileSync(0, "utf-8"));
const read = (hash) => fromLink({{ hash, search: "" }}, table);
console.log(JSON.stringify(links.map(read)));
"""


def from_links(*links):
    """(state, what was not used, whether the link asks for anything) of each."""
    told = in_node(LINK, {"table": table(), "links": links}, module="kv-link.js")
    return [(one["state"], one["unused"], one["isAsked"]) for one in told]


def test_a_link_says_nothing_by_names_that_every_object_has():
    first, *others = from_links("", "#__proto__=1", "#toString=1&constructor=2")
    assert first[1:] == ([], False) and others == [first, first]
    [(state, unused, asked)] = from_links("#__proto__=1&length=4096")
    assert (state["length"], unused, asked) == (4096, [], True)


def test_a_count_of_parameters_is_any_finite_number_above_0():
    good, bad = ("1e-3", "2000000000", "1e12"), ("0", "-1", "1e999", "Infinity", "x")
    read = from_links(*(f"#parameters={text}" for text in (*good, *bad)))
    assert [state["parameters"] for state, *_ in read] == [*good, *([""] * len(bad))]
    assert [unused for _, unused, _ in read[len(good) :]] == [[f"parameters={x}"] for x in bad]


WRONG_CARRYING = [
    ('"tie_word_embeddings", ', ""),
    ("...Object.values(derived).flat()", ""),
    ("Object.keys(defaults).forEach((name) => names.add(name))", ""),
    ("names.has(name) || ", ""),
]


@pytest.mark.parametrize("fault", turns.by_turns(0, WRONG_CARRYING), ids=str)
def test_a_field_that_is_read_and_not_carried_is_noticed(planted, fault):
    told = carried(list(configs()), planted("pasted.js", *fault))
    assert [less for less, whole, got in told if whole != got]
