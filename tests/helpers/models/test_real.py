"""Real models out of installed packages, their stand-ins, and how the packages are installed."""

import ctypes
import hashlib
import json
import os
import re
import struct
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
import weight_files

from helpers import any_model
from helpers.language import say
from helpers.models import real
from helpers.models.real import __main__ as tool
from helpers.models.real import e5, entries, filling, folders, gguf, packages, smollm2

LANGUAGES = ("ja", "zh-tw")
PACKAGED = ("smollm2", "e5")
TEXTS = ("注意力機制", "大規模言語モデルは、", "The cat sat on the mat.", "１２ 3.14")


def refused(reason, call):
    with pytest.raises(real.Unavailable) as caught:
        call()
    assert caught.value.reason == reason
    [line] = caught.value._render_traceback_()
    assert "\n" not in line and "{" not in line
    return line


def equal(found, expected):
    theirs = expected.state_dict()
    assert found.state_dict().keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in found.state_dict().items())


# --- the table --------------------------------------------------------------------------


@pytest.mark.parametrize("name", entries.entries())
def test_an_entry_is_complete(name):
    entry = real.entry(name)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.repository)
    assert hasattr(transformers, entry.architecture)
    assert entry.source.startswith("https://") and re.fullmatch(r"\d{4}-\d\d-\d\d", entry.date)
    assert entry.licence and entry.task and entry.asked and 10 < entry.mb < 2_000
    assert set(entry.needs) <= set(folders.PIECES.values())
    assert re.fullmatch(r"main|[0-9a-f]{40}", entry.revision)
    if entry.package:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256) and entry.version and entry.answers


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_unknown_name_is_answered_with_those_there_are(lang):
    say.use(lang)
    line = refused("no_entry", lambda: real.entry("smol"))
    assert "smol" in line and all(name in line for name in entries.entries())
    with pytest.raises(ValueError, match="tokeniser"):
        real.load("e5", "tokeniser")


# --- files ------------------------------------------------------------------------------


def test_every_form_of_numbers_is_read_as_its_formula_says(tmp_path):
    rng = np.random.default_rng(0)
    d, m = rng.normal(size=(2, 4)).astype("<f2")
    q8 = rng.integers(-128, 128, (4, 32)).astype("i1")
    q4 = rng.integers(0, 16, (4, 32))
    eight = b"".join(a.tobytes() + b.tobytes() for a, b in zip(d, q8, strict=True))
    four = b"".join(
        struct.pack("<ee", a, b) + bytes(int(row[i]) + 16 * int(row[i + 16]) for i in range(16))
        for a, b, row in zip(d, m, q4, strict=True)
    )
    half = rng.normal(size=(3, 5)).astype("<f2")
    tensors = {"a": (8, (2, 64), eight), "b": (3, (2, 64), four), "c": (1, (3, 5), half.tobytes())}
    file = gguf.GgufFile(weight_files.gguf(tmp_path / "x", {"k": ["v"], "n": 3, "f": 0.5}, tensors))
    assert file.says == {"k": ["v"], "n": 3, "f": 0.5} and file.names == ["a", "b", "c"]
    want = {
        "a": [[float(s) * int(x) for x in row] for s, row in zip(d, q8, strict=True)],
        "b": [[float(s) * int(x) + float(t) for x in r] for s, t, r in zip(d, m, q4, strict=True)],
        "c": half.tolist(),
    }
    for name, numbers in want.items():
        got = file.tensor(name)
        assert got.dtype == torch.float32
        expected = torch.tensor(numbers).reshape(got.shape)
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-6)


def test_a_llama_goes_into_the_file_and_comes_out(tmp_path):
    made, tokens = real.stand_in("smollm2"), real.stand_in("smollm2", "tokenizer")
    path = weight_files.llama(tmp_path / "x.gguf", made, tokens)
    found = smollm2.model(path)
    equal(found, made)
    ids = torch.arange(12)[None]
    with torch.no_grad():
        torch.testing.assert_close(found(ids).logits, made(ids).logits)
    assert not found.training and found.lm_head.weight is found.model.embed_tokens.weight
    other = smollm2.tokenizer(path)
    talk = [{"role": "user", "content": "猫"}]
    for text in (*TEXTS, other.apply_chat_template(talk, tokenize=False)):
        assert other(text).input_ids == tokens(text).input_ids
        assert other.decode(other(text).input_ids) == text


def test_rows_in_llama_cpps_order_would_be_seen(tmp_path, monkeypatch):
    made, tokens = real.stand_in("smollm2"), real.stand_in("smollm2", "tokenizer")
    monkeypatch.setattr(weight_files, "as_llama_cpp", lambda weight, heads: weight)
    found = smollm2.model(weight_files.llama(tmp_path / "x.gguf", made, tokens))
    with pytest.raises(AssertionError):
        equal(found, made)


def test_a_bert_goes_into_the_file_and_comes_out(tmp_path):
    config = transformers.BertConfig(
        vocab_size=400, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, pad_token_id=1,
    )  # fmt: skip
    made = transformers.BertModel(config, add_pooling_layer=False).eval()
    for p in made.parameters():
        torch.nn.init.normal_(p)
    tokens = real.stand_in("e5", "tokenizer")
    pieces = json.loads(tokens.backend_tokenizer.to_str())["model"]["vocab"]
    read = weight_files.e5(tmp_path / "x.bin", made, [tuple(p) for p in pieces], (0, 2, 1, 3))
    found = e5.model(tmp_path / "x.bin")
    got = dict(weight_files._bert_tensors(found))
    assert got.keys() == read.keys() and not found.training
    for name, numbers in read.items():
        np.testing.assert_array_equal(got[name], numbers, err_msg=name)
    other = e5.tokenizer(tmp_path / "x.bin")
    assert [other(text).input_ids for text in TEXTS] == [tokens(text).input_ids for text in TEXTS]


@pytest.mark.parametrize("read", [gguf.GgufFile, e5.E5File])
def test_another_file_is_none(tmp_path, read):
    (tmp_path / "x").write_bytes(b"PK\3\4" + bytes(100))
    with pytest.raises(ValueError, match="expected"):
        read(tmp_path / "x")


# --- packages ---------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package with the file of an entry; gives the entry and the file."""
    monkeypatch.setattr(packages, "CHECKED", {})
    monkeypatch.syspath_prepend(tmp_path)
    info = tmp_path / "tiny_weights-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1\n")
    file = tmp_path / "tiny_weights/w.bin"
    file.parent.mkdir()
    file.write_bytes(b"weights")
    values = {"package": "tiny-weights", "version": "1", "file": "tiny_weights/w.bin", "bytes": 7}
    fields = vars(real.entry("e5")) | values
    return entries.Entry(**fields | {"sha256": hashlib.sha256(b"weights").hexdigest()}), file


def test_a_package_is_found_and_not_run(package):
    entry, file = package
    (file.parent / "__init__.py").write_text("raise SystemExit('ran')")
    assert packages.checked(entry) == file


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_wrong_with_a_package_is_said(package, lang, monkeypatch):
    say.use(lang)
    entry, file = package
    file.write_bytes(b"weighty")
    line = refused("wrong_hash", lambda: packages.checked(entry))
    assert "w.bin" in line and entry.sha256[:12] in line and "python start.py real" in line
    file.write_bytes(b"half")
    line = refused("wrong_size", lambda: packages.checked(entry))
    assert re.search(r"\b4\b.*\b7\b", line) or ("4" in line and "7" in line)
    file.unlink()
    refused("wrong_size", lambda: packages.checked(entry))
    gone = entries.Entry(**vars(entry) | {"package": "nobody-has-this"})
    line = refused("no_package", lambda: packages.checked(gone))
    assert (
        "nobody-has-this" in line and "python start.py real" in line and packages.path(gone) is None
    )


# --- stand-ins --------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKAGED)
def test_a_stand_in_is_of_the_same_class(name, monkeypatch):
    monkeypatch.setenv("TRIAD_REAL", "stand-in")
    made, tokens = real.load(name), real.load(name, "tokenizer")
    assert real.available(name)
    assert type(made).__name__ == real.entry(name).architecture
    assert not made.training and made.dtype == torch.float32
    equal(made, real.stand_in(name))
    ids = tokens(TEXTS[0], return_tensors="pt").input_ids
    assert ids.max() < made.config.vocab_size == len(tokens)
    with torch.no_grad():
        weights = made(ids, output_attentions=True).attentions
    assert len(weights) == made.config.num_hidden_layers and weights[0].size(-1) == ids.size(1)


def test_a_llama_shares_keys_as_the_real_one_does():
    config = real.stand_in("smollm2").config
    assert config.num_attention_heads == 3 * config.num_key_value_heads


# --- memory -----------------------------------------------------------------------------


@pytest.mark.skipif(
    not hasattr(ctypes.pythonapi, "malloc_trim"), reason="the C library is not glibc"
)
def test_what_was_dropped_in_small_pieces_is_given_back():
    pieces = [bytes(1000) for _ in range(100_000)]
    among_them = pieces[::1000]
    del pieces
    kept = resident()
    filling.give_back()
    assert among_them and kept - resident() > 5e7


def resident():
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# --- pieces -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_are_the_texts_own_bytes(text):
    tokens = real.stand_in("smollm2", "tokenizer")
    split = real.split(tokens, text)
    assert b"".join(split) == text.encode()
    assert len(split) == len(tokens(text).input_ids)


def test_each_digit_is_a_token_of_its_own():
    before = real.stand_in("smollm2", "tokenizer").backend_tokenizer.pre_tokenizer
    assert [word for word, _ in before.pre_tokenize_str("2026")] == ["2", "0", "2", "6"]


def test_part_of_a_character_is_shown_as_bytes():
    split = real.split(real.stand_in("smollm2", "tokenizer"), "龘")
    assert " ".join(map(real.shown, split)) == "E9 BE 98"
    assert real.shown("猫 ".encode()) == "猫 "


def test_a_space_of_unigram_and_a_rest_of_wordpiece():
    assert (
        b"".join(real.split(real.stand_in("e5", "tokenizer"), "猫 犬")).decode().split()[0] == "猫"
    )
    words = transformers.BertTokenizerFast(
        vocab={w: n for n, w in enumerate(["[UNK]", "a", "##b"])}
    )
    assert real.split(words, "ab") == [b"a", b"b"]


# --- start.py real ----------------------------------------------------------------------


@pytest.fixture
def pip(monkeypatch):
    """No package is whole; pip writes what it is told, and its command line is kept."""
    seen = SimpleNamespace(commands=[], says="", there=False)

    def run(command, **_):
        seen.commands.append(command)
        seen.there = not seen.says
        return subprocess.CompletedProcess(command, bool(seen.says), None, seen.says)

    def checked(entry):
        if not seen.there:
            raise real.refusals.refuse("no_package", name="x", package=entry.package, mb="1")

    monkeypatch.setattr(tool.subprocess, "run", run)
    monkeypatch.setattr(tool.packages, "checked", checked)
    return seen


@pytest.mark.parametrize("lang", LANGUAGES)
def test_size_and_licence_stand_before_anything_is_installed(pip, lang, capsys):
    assert tool.main(["--list", "--lang", lang]) == 0
    out = capsys.readouterr().out
    for name in PACKAGED:
        entry = real.entry(name)
        assert f"{entry.mb:.0f} MB | {entry.licence}" in out and entry.package in out
    for entry in entries.entries().values():
        [line] = [line for line in out.splitlines() if entry.repository in line]
        assert entry.licence in line and f"{entry.mb:,.0f} MB" in line
        assert all(need in line for need in entry.needs)
        pinned = entry.revision[:12] if entry.revision != "main" else say.text("real", "newest")
        assert entry.package or line.rstrip().endswith(pinned)
    assert pip.commands == []


def test_the_packages_come_without_their_engines(pip):
    assert tool.main([]) == 0
    [command] = pip.commands
    pins = [f"{real.entry(name).package}=={real.entry(name).version}" for name in PACKAGED]
    assert command[-2:] == pins and {"--no-deps", "--only-binary=:all:"} <= set(command)
    assert tool.main([]) == 0
    assert len(pip.commands) == 1, "what is here is not installed again"


SAID = {
    "no_index": "WARNING: Retrying (Retry(total=4)) …\nERROR: No matching distribution found for x",
    "no_space": "ERROR: Could not install packages: [Errno 28] No space left on device",
    "pip_failed": "ERROR: something else\n",
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", SAID)
def test_what_pip_cannot_do_is_one_sentence(pip, reason, lang, capsys):
    pip.says = SAID[reason]
    assert tool.main(["--lang", lang]) == 1
    [line] = capsys.readouterr().err.splitlines()
    with pytest.raises(real.Unavailable) as caught:
        tool.install([real.entry("e5")])
    assert caught.value.reason == reason
    assert ("something else" in line) == (reason == "pip_failed")


def test_a_disk_without_room_is_told_before(pip, monkeypatch, capsys):
    monkeypatch.setattr(tool.shutil, "disk_usage", lambda place: SimpleNamespace(free=10**6))
    assert tool.main([]) == 1
    assert pip.commands == [] and "340 MB" in capsys.readouterr().err


# --- the real packages ------------------------------------------------------------------


def needs(name):
    there = packages.path(real.entry(name)) is not None
    return [
        pytest.mark.skipif(not os.environ.get("TRIAD_ALL"), reason="long: start.py test --all"),
        pytest.mark.skipif(not there, reason=f"needs {name}'s package: python start.py real"),
    ]


def both(function):
    parameters = [pytest.param(name, marks=needs(name)) for name in PACKAGED]
    return pytest.mark.parametrize("name", parameters)(function)


SIZES = {"smollm2": 134_515_008, "e5": 117_505_920}


@both
def test_the_real_weights(name):
    """What was published: SmolLM2's 134.5 M and e5's 117.65 M, less its pooler's 147,840."""
    entry, made, tokens = real.entry(name), real.load(name), real.load(name, "tokenizer")
    assert type(made).__name__ == entry.architecture
    assert sum(p.numel() for p in made.parameters()) == SIZES[name]
    assert [f.holds for f in any_model.findings(made) if f.holds is not None].count(False) == 0
    assert answer(made, tokens, entry)


@torch.no_grad()
def answer(model, tokens, entry):
    """Is the answer the one that entries.toml says: the next words, or the nearest sentence?"""
    if entry.task == "text-generation":
        ids = tokens(entry.asked, return_tensors="pt").input_ids
        return entry.answers[0] in tokens.decode(
            model.generate(ids, max_new_tokens=5, do_sample=False)[0]
        )
    others = ["株価が大きく下がった。", "我們昨天在圖書館讀書。", "The meeting is on Monday."]
    texts = [f"query: {text}" for text in (entry.asked, *entry.answers, *others)]
    rows = [
        model(tokens(t, return_tensors="pt").input_ids).last_hidden_state.mean(1) for t in texts
    ]
    near = torch.nn.functional.cosine_similarity(rows[0], torch.cat(rows[1:]))
    return near.argmax() == 0
