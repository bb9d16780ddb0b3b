"""Models of the hub: the shapes that repositories have, and every way in which fetching fails."""

import json
import os
import re
import shutil
import socket

import pytest
import stand_in_hub
import torch
import transformers
import turns
from networks import network
from tiny_models import CHARACTERS, models, tokenizer

from helpers.language import say
from helpers.models import real
from helpers.models.real import entries, folders, hub, listing

LANGUAGES = ("ja", "zh-tw")
NAME = "owner/model"
VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *CHARACTERS,
    *("##" + c for c in CHARACTERS),
]


def put(server, files=(), model="bert", name=NAME):
    """A repository with a model's weights and config.json, its tokenizer, and other files."""
    folder, (made, tokens) = server.root / name, models()[model]
    made.save_pretrained(folder)
    tokens.save_pretrained(folder)
    for file, content in dict(files).items():
        (folder / file).write_text(content, encoding="utf-8")
    return folder


def same(found, expected):
    theirs = expected.state_dict()
    assert found.state_dict().keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in found.state_dict().items())


def refused(reason, call=lambda: real.load(NAME)):
    """The sentence of a refusal, which IPython shows alone."""
    with pytest.raises(real.Unavailable) as caught:
        call()
    assert caught.value.reason == reason
    [line] = caught.value._render_traceback_()
    assert line == str(caught.value) and "\n" not in line and "{" not in line
    return line


# --- shapes -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama", "t5"])
def test_tokenizer_json_and_safetensors(server, name):
    put(server, model=name)
    model, tokens = real.load(NAME), real.load(NAME, "tokenizer")
    made, _ = models()[name]
    same(model, made)
    assert type(model) is type(made)
    assert not model.training
    assert model.dtype == torch.float32
    assert model.config._attn_implementation == "eager"
    assert tokens("猫が庭").input_ids == tokenizer(ends=name == "bert")("猫が庭").input_ids


def test_modernbert_in_shards(server):
    config = transformers.ModernBertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, intermediate_size=64, num_hidden_layers=3,
        num_attention_heads=4, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2,
        sep_token_id=3,
    )  # fmt: skip
    made = transformers.ModernBertForMaskedLM(config).eval()
    made.save_pretrained(server.root / NAME, max_shard_size="20KB")
    assert len(list((server.root / NAME).glob("*.safetensors"))) > 1
    same(real.load(NAME), made)


def test_vocabulary_and_pickle_alone(server):
    """As ckiplab's: pytorch_model.bin, vocab.txt and the name of a tokenizer's class."""
    settings = {"do_lower_case": False, "tokenizer_class": "BertTokenizerFast"}
    files = {"vocab.txt": "\n".join(VOCABULARY), "tokenizer_config.json": json.dumps(settings)}
    folder, (made, _) = put(server, files), models()["bert"]
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    torch.save(made.state_dict(), folder / "pytorch_model.bin")
    same(real.load(NAME), made)
    assert real.load(NAME, "tokenizer").tokenize("がで庭") == ["が", "##で", "庭"]


def test_safetensors_are_preferred_and_nothing_else_is_fetched(server):
    folder = put(server, {"flax_model.msgpack": "x", "README.md": "x", "evil.py": "x"})
    shutil.copy(folder / "model.safetensors", folder / "pytorch_model.bin")
    real.load(NAME)
    asked = {file for file, _ in server.files_asked()}
    assert asked == {"config.json", "model.safetensors"} | (asked & {"generation_config.json"})


@pytest.mark.parametrize("lang", turns.by_turns(0, LANGUAGES))
def test_pieces_without_tokenizer_json_need_the_extra(server, lang, monkeypatch):
    """As rinna's: spiece.model and T5Tokenizer."""
    say.use(lang)
    settings = json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": 0})
    folder = put(server, {"spiece.model": "x", "tokenizer_config.json": settings}, "gpt2")
    (folder / "tokenizer.json").unlink()
    monkeypatch.setattr(folders, "_is_there", lambda module: module != "sentencepiece")
    line = refused("needs_extra", lambda: real.load(NAME, "tokenizer"))
    assert "python start.py real" in line and "sentencepiece" in line and "protobuf" not in line
    assert "model.safetensors" not in {file for file, _ in server.files_asked()}
    same(real.load(NAME), models()["gpt2"][0])  # the model needs no tokenizer


def test_pieces_with_the_extra(server, tmp_path):
    spm = pytest.importorskip("sentencepiece", reason="of the extra real")
    pytest.importorskip("google.protobuf", reason="of the extra real")
    (tmp_path / "text").write_text("猫が庭で眠る\n犬が走る\n黒い猫\n" * 20, encoding="utf-8")
    spm.SentencePieceTrainer.train(
        input=str(tmp_path / "text"), model_prefix=str(tmp_path / "spiece"), vocab_size=25,
        character_coverage=1.0, minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    settings = json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "eos_token": "</s>"})
    folder = put(server, {"tokenizer_config.json": settings}, "t5")
    (folder / "tokenizer.json").unlink()
    shutil.copy(tmp_path / "spiece.model", folder)
    tokens = real.load(NAME, "tokenizer")
    ids = tokens("猫が庭で眠る", add_special_tokens=False).input_ids
    plain = spm.SentencePieceProcessor(str(tmp_path / "spiece.model"))
    assert tokens.convert_ids_to_tokens(ids) == plain.encode("猫が庭で眠る", out_type=str)


@pytest.mark.parametrize("lang", turns.by_turns(1, LANGUAGES))
def test_mecab_needs_packages(server, lang, monkeypatch):
    """As tohoku-nlp's: BertJapaneseTokenizer."""
    say.use(lang)
    settings = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}
    folder = put(server, {"tokenizer_config.json": json.dumps(settings), "vocab.txt": "x"})
    (folder / "tokenizer.json").unlink()
    monkeypatch.setattr(folders, "_is_there", lambda module: False)
    line = refused("needs_packages", lambda: real.load(NAME, "tokenizer"))
    assert "%pip install fugashi unidic-lite" in line


# --- what is asked ----------------------------------------------------------------------


def test_no_token_is_sent_and_nobody_else_is_asked(server):
    put(server)
    real.load(NAME)
    real.load(NAME, "tokenizer")
    asked = [path for path, _, _ in server.asked]
    files = [path for path in asked if re.fullmatch(rf"/{NAME}/resolve/[0-9a-f]{{40}}/.*", path)]
    assert asked == [f"/api/models/{NAME}/revision/main", *files]
    assert len(files) == len(set(files)), "nothing twice"
    assert {token for _, _, token in server.asked} == {None}


def test_size_and_licence_are_said_before_anything_is_fetched(server, capsys, monkeypatch):
    folder = put(server)
    said = []
    monkeypatch.setattr(hub, "_get_all", lambda *_: said.append(capsys.readouterr().out) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        real.load(NAME)
    size = sum((folder / file).stat().st_size for file in ("config.json", "model.safetensors"))
    assert f" {size / 1e6:.2g} MB" in said[0].replace("。", " ") and "mit" in said[0]
    assert server.files_asked() == []


def test_what_was_fetched_is_used_without_a_request(server, capsys):
    put(server)
    assert not real.available(NAME)
    first = real.load(NAME)
    assert real.available(NAME) and not real.available(NAME, "tokenizer")
    server.asked.clear()
    server.status = 503
    capsys.readouterr()
    same(real.load(NAME), first)
    assert server.asked == [] and capsys.readouterr() == ("", "")


def test_a_changed_repository_does_not_change_what_is_here(server):
    folder = put(server)
    first = real.load(NAME)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    same(real.load(NAME), first)


def test_names_that_lead_elsewhere_are_left_out(tmp_path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    said = stand_in_hub.listing(tmp_path)
    for name in ("../a.bin", "/b.model", "c/vocab.txt"):
        said["siblings"].append({"rfilename": name, "size": 1, "blobId": "x"})
    assert [file.name for file in listing.read(said).files] == ["config.json"]
    with pytest.raises(ValueError, match="expected 40"):
        listing.read(said | {"sha": "../../x"})


@pytest.mark.parametrize("had", [0, 3_000])
def test_progress_counts_every_byte_once(server, home, monkeypatch, had):
    folder, told = put(server), []
    if had:
        server.cuts = [10**6, had, 0, 0, 0]
        refused("broken_off")
    monkeypatch.setattr(hub, "MB", 1)
    monkeypatch.setattr(hub, "CHUNK", 1_000)
    monkeypatch.setattr(hub.Meter, "show", lambda meter, done, _="": told.append(done))
    monkeypatch.setattr(hub.Meter, "__exit__", lambda meter, *_: told.append(meter._pace.steps))
    real.load(NAME, at_most_mb=1e9)
    files = ["model.safetensors"] if had else ["config.json", "model.safetensors"]
    assert told == sorted(told) and len(told) > 5
    assert told[-2] == told[-1] == sum(size_of(server, file) for file in files)
    assert told[0] == had + 1_000 if had else told[0] <= 1_000
    assert folder.is_dir()


# --- the table --------------------------------------------------------------------------

FETCHED = [entry.name for entry in entries.entries().values() if not entry.package]


def differences(entry, found):
    """What a line of the table says otherwise than the hub."""
    files = {file.name: file.bytes for role in ("model", "tokenizer") for file in found.of(role)}
    told = {"licence": found.licence, "MB": sum(files.values()) / 1e6}
    said = {"licence": entry.licence.lower(), "MB": pytest.approx(entry.mb, rel=0.15)}
    return {name: told[name] for name in told if said[name] != told[name]}


@network
@pytest.mark.parametrize("name", FETCHED)
def test_the_table_says_what_the_hub_says(name, home):
    entry = real.entry(name)
    try:
        found = hub._ask(entry.repository, entry.revision)
    except real.Unavailable as why:
        if why.reason != "no_network":
            raise
        pytest.skip(str(why))
    assert differences(entry, found) == {}
    assert entry.revision in (found.commit, "main"), f"pin {found.commit}"


def test_a_wrong_line_of_the_table_would_be_seen(server):
    folder = put(server)
    size = sum(path.stat().st_size for path in folder.iterdir())
    found = listing.read(stand_in_hub.listing(folder))
    right = {"licence": "MIT", "bytes": size}
    for wrong in ({}, {"licence": "Apache-2.0"}, {"bytes": 2 * size}):
        entry = entries.Entry(**vars(real.entry("bert-zh")) | right | wrong)
        assert len(differences(entry, found)) == len(wrong)


# --- what fails -------------------------------------------------------------------------


def down(server, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")


def missing(server, monkeypatch):
    shutil.rmtree(server.root / NAME)


def set_to(name, value):
    return lambda server, monkeypatch: setattr(server, name, value)


FAULTS = {
    "no_network": (down, "127.0.0.1"),
    "not_found": (missing, NAME),
    "hub_failed": (set_to("status", 503), "503"),
    "not_the_hub": (set_to("page", True), "Please log in"),
    "gated": (set_to("gated", True), NAME),
    "damaged": (set_to("changed", True), "config.json"),
    "too_large": (
        lambda server, patch: patch.setattr(real.doors.load, "__defaults__", ("model", 0.01)),
        "0",
    ),
    "no_space": (lambda server, patch: patch.setattr(hub, "_free", lambda: 10_000), "MB"),
}


@pytest.mark.parametrize("lang", turns.by_turns(1, LANGUAGES))
@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_is_one_sentence_and_is_over_when_its_cause_is(server, reason, lang, monkeypatch):
    say.use(lang)
    put(server)
    break_it, told = FAULTS[reason]
    before = dict(vars(server))
    with monkeypatch.context() as patch:
        break_it(server, patch)
        line = refused(reason)
    assert told in line
    vars(server).update(before)
    put(server)
    same(real.load(NAME), models()["bert"][0])


@pytest.mark.parametrize("lang", turns.by_turns(2, LANGUAGES))
def test_more_than_was_allowed_is_not_fetched(server, lang):
    say.use(lang)
    put(server)
    line = refused("too_large", lambda: real.load(NAME, at_most_mb=0.001))
    assert "0.001 MB" in line and "at_most_mb" in line
    assert server.files_asked() == []
    same(real.load(NAME, at_most_mb=1), models()["bert"][0])


def test_files_that_are_refused_are_gated(server):
    put(server)
    server.forbidden = True
    assert NAME in refused("gated")


def size_of(server, file="model.safetensors"):
    return (server.root / NAME / file).stat().st_size


def parts(home):
    return {path.name: path.stat().st_size for path in home.rglob("*.part")}


def test_a_connection_that_breaks_again_and_again_goes_on_where_it_broke(server):
    put(server)
    server.cuts = [10**6] * len(["config.json"]) + [3_000, 3_000, 3_000]
    real.load(NAME)
    ranges = [r for file, r in server.files_asked() if file == "model.safetensors"]
    assert ranges[:4] == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]


@pytest.mark.parametrize("lang", turns.by_turns(3, LANGUAGES))
def test_half_a_file_is_kept_and_the_next_call_asks_for_the_rest(server, home, lang):
    say.use(lang)
    put(server)
    server.cuts = [10**6, 3_000, 0, 0, 0]
    line = refused("broken_off")
    assert "model.safetensors" in line
    assert parts(home) == {"model.safetensors.part": 3_000}
    assert not real.available(NAME)
    server.asked.clear()
    same(real.load(NAME), models()["bert"][0])
    assert server.files_asked() == [("model.safetensors", "bytes=3000-")]
    assert parts(home) == {}


def test_a_hub_that_ignores_the_range_sends_everything_again(server, home):
    put(server)
    server.cuts = [10**6, 3_000, 0, 0, 0]
    refused("broken_off")
    server.deaf = True
    same(real.load(NAME), models()["bert"][0])


def test_a_hub_that_ignores_the_range_and_breaks_off_each_time_is_given_up(server):
    put(server)
    server.deaf = True
    server.cuts = [10**6, *[3_000, 2_000] * 50]
    refused("broken_off")
    assert len(server.cuts) > 90


@turns.in_ci
def test_a_hub_that_says_nothing_more_is_not_waited_for(server, home, monkeypatch):
    put(server)
    server.stall = 60.0
    with monkeypatch.context() as patch:
        patch.setattr(hub, "PATIENCE_S", 3.0)
        patch.setattr(hub, "TRIES", 1)
        refused("broken_off")
    assert parts(home) == {"config.json.part": size_of(server, "config.json") // 2}
    server.stall = 0
    same(real.load(NAME), models()["bert"][0])


def test_a_damaged_half_is_thrown_away(server, home):
    put(server)
    server.cuts = [10**6, 3_000, 0, 0, 0]
    refused("broken_off")
    [part] = home.rglob("*.part")
    part.write_bytes(b"x" * 3_000)
    assert "model.safetensors" in refused("damaged")
    assert parts(home) == {}
    same(real.load(NAME), models()["bert"][0])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is full")
@pytest.mark.parametrize("lang", turns.by_turns(4, LANGUAGES))
def test_a_disk_that_fills_up(server, home, lang):
    say.use(lang)
    folder = put(server)
    place = hub.folder(NAME) / stand_in_hub.commit(folder)
    place.mkdir(parents=True)
    (place / "model.safetensors.part").symlink_to("/dev/full")
    assert str(home) in refused("no_space")
    assert (place / "config.json").exists()
    (place / "model.safetensors.part").unlink()
    same(real.load(NAME), models()["bert"][0])


# --- folders ----------------------------------------------------------------------------


def changed_config(**fields):
    def change(folder):
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | fields), encoding="utf-8")

    return change


BROKEN_FOLDERS = {
    "no_config": (lambda folder: (folder / "config.json").unlink(), "config.json"),
    "no_architecture": (changed_config(architectures=["NoSuchModel"]), "NoSuchModel"),
    "needs_code": (changed_config(architectures=["Own"], auto_map={"AutoModel": "own.Own"}), "Own"),
    "other_weights": (changed_config(num_hidden_layers=3), "layer.2"),
    "not_loaded": (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "Error"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("reason", BROKEN_FOLDERS)
def test_a_folder_that_is_no_model(tmp_path, reason, lang):
    say.use(lang)
    folder = tmp_path / "模型 モデル"
    models()["bert"][0].save_pretrained(folder)
    same(real.load(folder), models()["bert"][0])
    break_it, told = BROKEN_FOLDERS[reason]
    break_it(folder)
    assert told in refused(reason, lambda: real.load(folder))


def test_no_code_of_a_folder_is_run(tmp_path):
    models()["bert"][0].save_pretrained(tmp_path)
    changed_config(architectures=["Own"], auto_map={"AutoModel": "own.Own"})(tmp_path)
    (tmp_path / "own.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    refused("needs_code", lambda: real.load(tmp_path))
    assert not os.path.exists("ran")


def test_another_architecture_than_the_table_says(tmp_path):
    models()["bert"][0].save_pretrained(tmp_path)
    with pytest.raises(real.Unavailable, match=r"BertForMaskedLM.*LlamaForCausalLM"):
        folders.model(tmp_path, "x", "LlamaForCausalLM")


@pytest.mark.parametrize("name", ["nothing", "a/b/c", "owner/na me"])
def test_a_name_that_is_none(server, name):
    refused("no_entry" if "/" not in name else "no_repository", lambda: real.load(name))
    assert server.asked == []
