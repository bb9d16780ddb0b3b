"""What lessons 03, 04 and 05 ask models of a stand-in hub with a network, and without one."""

import json
import re
import shutil
import socket

import lesson_cells
import pytest
import torch
import transformers
import turns
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as tokenizers
from transformers import PreTrainedTokenizerFast

from helpers.language import say
from helpers.models import real
from helpers.models.real import asking, folders, hub

LANGUAGES = ("ja", "zh-tw")
# what lies at the hub under these names: the shapes of the real repositories
SHAPES = {
    "sbintuitions/modernbert-ja-30m": "json",
    "ckiplab/bert-tiny-chinese": "vocabulary",
    "ckiplab/gpt2-tiny-chinese": "vocabulary",
    "rinna/japanese-gpt2-xsmall": "pieces",
    "retrieva-jp/t5-small-long": "pieces",
    "google/mt5-small": "pieces",
}
ASKED = {
    ("03_encoder", "ja"): "modernbert-ja",
    ("03_encoder", "zh-tw"): "bert-zh",
    ("04_decoder", "ja"): "gpt2-ja",
    ("04_decoder", "zh-tw"): "gpt2-zh",
    ("05_encoder_decoder", "ja"): "t5-ja",
    ("05_encoder_decoder", "zh-tw"): "mt5",
}
LETTERS = sorted(set(
    "昨日を読みました飲本の首都はです毎朝へ行きます昔々あるところに天我買了一書狗從前有個台灣的是早上喝然後去、。，"
))  # fmt: skip
SIZE = 500  # of a vocabulary: room for every tokenizer here


def put(server, name, architecture=""):
    """A repository of an entry: its class, small and random, and its kind of tokenizer."""
    entry = real.entry(name)
    folder = server.root / entry.repository
    folder.mkdir(parents=True)
    TOKENIZERS[SHAPES[entry.repository]](folder, entry.architecture)
    made = small(architecture or entry.architecture)
    made.save_pretrained(folder)
    if SHAPES[entry.repository] != "json":  # as these publish them: a pickle alone
        torch.save(made.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    return made


def small(architecture):
    kind = getattr(transformers, architecture)
    sizes = {"d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 2, "num_heads": 4}
    if "T5" not in architecture:
        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    transformers.set_seed(0)
    return kind(kind.config_class(vocab_size=SIZE, **sizes, **ids)).eval()


def as_json(folder, _):
    """As sbintuitions': tokenizer.json, and a mask of another name."""
    words = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "<mask>", *LETTERS])}
    core = Tokenizer(tokenizers.WordLevel(words, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    names = {"mask_token": "<mask>", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    PreTrainedTokenizerFast(tokenizer_object=core, **names).save_pretrained(folder)


def as_vocabulary(folder, _):
    """As ckiplab's: vocab.txt and the name of a class."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def as_pieces(folder, architecture):
    """As rinna's, retrieva's and google's: SentencePiece; mT5's marks are pieces with a space."""
    spm = pytest.importorskip("sentencepiece", reason="of the extra real")
    pytest.importorskip("google.protobuf", reason="of the extra real")
    (folder / "text").write_text("\n".join(LETTERS * 20), encoding="utf-8")
    marks = ["▁<extra_id_1>", "▁<extra_id_0>"] if architecture.startswith("MT5") else []
    spm.SentencePieceTrainer.train(
        input=str(folder / "text"), model_prefix=str(folder / "spiece"), vocab_size=400,
        minloglevel=2, character_coverage=1.0, hard_vocab_limit=False,
        user_defined_symbols=marks, pad_id=0, bos_id=1, eos_id=2, unk_id=3,
    )  # fmt: skip
    for name in ("text", "spiece.vocab"):
        (folder / name).unlink()
    extra = 2 if architecture == "T5ForConditionalGeneration" else 0
    settings = {"tokenizer_class": "T5Tokenizer", "extra_ids": extra, "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


TOKENIZERS = {"json": as_json, "vocabulary": as_vocabulary, "pieces": as_pieces}


def cell(lesson, lang, change=("network = False", "network = True")):
    """What the lesson's cell leaves in `answers`."""
    return lesson_cells.run(lesson, "network-ask", lang=lang, change=change)["answers"]


# --- the lessons' cells -----------------------------------------------------------------


@pytest.mark.parametrize(("lesson", "lang"), ASKED)
def test_a_lesson_asks_the_model_that_the_hub_has(server, lesson, lang, capfd):
    entry = real.entry(ASKED[lesson, lang])
    put(server, entry.name)
    capfd.readouterr()
    answers = cell(lesson, lang)
    count = {"fill-mask": [5, 5], "text-generation": [4], "spans": [1, 2]}[entry.task]
    assert [len(found) for found in answers] == count
    out, err = capfd.readouterr()
    assert err == ""
    fetching, answered = out.index("mit"), out.index(say.text("real", "column_answer"))
    assert out.index(entry.repository) < fetching < answered, "size and licence come first"
    server.status = 503
    asked = len(server.asked)
    assert cell(lesson, lang, ("", "")) == answers, "what is here needs no network"
    assert len(server.asked) == asked


@pytest.mark.parametrize(("lesson", "lang"), ASKED)
@pytest.mark.parametrize("there", [True, False])
def test_without_a_network_a_lesson_says_one_sentence_and_goes_on(
    server, lesson, lang, there, monkeypatch, capfd
):
    monkeypatch.setattr(folders, "_is_there", lambda module: there)
    entry = real.entry(ASKED[lesson, lang])
    assert cell(lesson, lang, ("", "")) == []
    out, err = capfd.readouterr()
    [line] = out.splitlines()
    assert entry.repository in line and f"{entry.mb:,.0f} MB" in line and entry.licence in line
    assert "network = True" in line
    assert [package in line for package in entry.needs] == [not there] * len(entry.needs)
    assert err == "" and server.asked == []


def down(server, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")


def set_to(name, value):
    return lambda server, monkeypatch: setattr(server, name, value)


def without_packages(server, monkeypatch):
    monkeypatch.setattr(folders, "_is_there", lambda module: False)


FAULTS = {
    "no_network": (down, "127.0.0.1"),
    "gated": (set_to("gated", True), "rinna/japanese-gpt2-xsmall"),
    "hub_failed": (set_to("status", 503), "503"),
    "no_space": (lambda server, patch: patch.setattr(hub, "_free", lambda: 0), "MB"),
    "needs_extra": (without_packages, "python start.py real"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", FAULTS)
def test_what_goes_wrong_is_a_sentence_and_no_exception(server, reason, lang, monkeypatch, capsys):
    say.use(lang)
    put(server, "gpt2-ja")
    break_it, told = FAULTS[reason]
    break_it(server, monkeypatch)
    raised = []
    refuse = asking.Unavailable.__init__
    monkeypatch.setattr(
        asking.Unavailable, "__init__", lambda self, *a: raised.append(a[1]) or refuse(self, *a)
    )
    assert real.ask("gpt2-ja", network=True) == []
    *_, line = capsys.readouterr().out.splitlines()
    assert raised == [reason] and told in line


def test_another_architecture_than_the_table_says_is_told(server, capsys):
    put(server, "bert-zh", architecture="GPT2LMHeadModel")
    assert real.ask("bert-zh", network=True) == []
    *_, line = capsys.readouterr().out.splitlines()
    assert "GPT2LMHeadModel" in line and "BertForMaskedLM" in line


def test_the_pinned_commit_is_asked_for_and_told_when_it_is_gone(server, capsys):
    put(server, "bert-zh")
    revision = real.entry("bert-zh").revision
    assert re.fullmatch(r"[0-9a-f]{40}", revision)
    real.load("bert-zh", "tokenizer")
    assert server.asked[0][0].endswith(f"/revision/{revision}")
    assert all(f"/resolve/{revision}/" in path for path, _, _ in server.asked[1:])
    server.gone.add(revision)
    shutil.rmtree(hub.folder("ckiplab/bert-tiny-chinese"))
    with pytest.raises(real.Unavailable) as caught:
        real.load("bert-zh")
    assert caught.value.reason == "no_revision" and revision[:12] in str(caught.value)
    assert type(real.load("ckiplab/bert-tiny-chinese")).__name__ == "BertForMaskedLM"


# --- what is answered -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert-zh", "modernbert-ja"])
def test_a_blank_gets_the_likeliest_words(server, name):
    made = put(server, name)
    [words] = real.ask(name, "我買了[MASK]書", network=True)
    tokens = real.load(name, "tokenizer")
    ids = tokens(f"我買了{tokens.mask_token}書", return_tensors="pt").input_ids
    [[row, place]] = (ids == tokens.mask_token_id).nonzero()
    with torch.no_grad():
        order = made(ids).logits[row, place].argsort(descending=True)[:5]
    assert words == [tokens.decode([index]).strip() for index in order]


@pytest.mark.parametrize("lang", turns.by_turns(1, LANGUAGES))
@pytest.mark.parametrize(("name", "mark"), [("bert-zh", "[MASK]"), ("t5-ja", "<extra_id_0>")])
def test_a_text_without_a_blank_is_told(server, name, mark, lang, capsys):
    say.use(lang)
    put(server, name)
    assert real.ask(name, "我買了書", network=True) == []
    *_, line = capsys.readouterr().out.splitlines()
    assert mark in line and "我買了書" in line


@pytest.mark.parametrize("name", ["gpt2-zh", "gpt2-ja"])
def test_a_text_is_written_on_from_its_open_end(server, name):
    made = put(server, name)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    [[greedy, *drawn]] = real.ask(name, "從前", network=True)
    assert torch.equal(torch.get_rng_state(), state), "what a lesson draws later stays as it was"
    tokens = real.load(name, "tokenizer")
    ids = tokens("從前", return_tensors="pt").input_ids[:, :-1]  # without [SEP] or </s>
    for _ in range(asking.WRITTEN):
        with torch.no_grad():
            ids = torch.cat([ids, made(ids).logits[:, -1:].argmax(-1)], 1)
        if ids[0, -1] == 2:
            break
    start = tokens("從前", return_tensors="pt").input_ids.size(1) - 1
    assert greedy == tokens.decode(ids[0, start:], skip_special_tokens=True).strip()
    assert len(drawn) == 3 and len(set(drawn)) > 1


@pytest.mark.parametrize("name", ["t5-ja", "mt5"])
def test_each_lost_span_gets_what_stands_behind_its_mark(server, name, monkeypatch):
    put(server, name)
    read = []

    def generate(model, tokens, ids, **_):
        read.append(ids[0])
        parts = [asking.spaced(tokens, f"<extra_id_{n}>{word}") for n, word in MARKED]
        return torch.tensor([i for part in parts for i in tokens(part).input_ids[:-1]] + [2])

    monkeypatch.setattr(asking, "_generate", generate)
    [spans] = real.ask(name, "毎朝<extra_id_0>を飲<extra_id_1>行", network=True)
    assert spans == ["日本", "首都へ"]
    tokens = real.load(name, "tokenizer")
    marks = [i for i in read[0].tolist() if "extra_id" in tokens.decode([i])]
    assert len(marks) == 2, "each mark is one token"
    assert tokens.unk_token_id not in marks


MARKED = [(0, "日本"), (1, "首都へ"), (0, "again")]


def test_e5_has_nothing_to_answer():
    with pytest.raises(ValueError, match=r"feature-extraction.*fill-mask"):
        real.ask("e5")
