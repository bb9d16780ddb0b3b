"""The decoder of lesson 06 that reads a prompt, and the pair of task and language it never saw."""

import json
from functools import cache

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from helpers import results
from helpers.models import encoder_decoder, prompted
from helpers.results import prompted as long_run

TOKENIZER = prompted.TOKENIZER


@cache
def examples():
    return prompted.examples(400)


def small():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 1, "num_key_value_heads": 1, "initializer_range": 0.5}
    ids = {"pad_token_id": TOKENIZER.pad_token_id, "eos_token_id": TOKENIZER.eos_token_id}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(TOKENIZER), **sizes, **heads, **ids)).eval()


def test_only_one_pair_is_withheld():
    every = {(e.task, e.lang) for e in encoder_decoder.examples(400)}
    assert {(e.task, e.lang) for e in examples()} == every - {prompted.WITHHELD}
    assert prompted.WITHHELD in every


def parts(texts):
    """Every character and every two characters side by side."""
    return {text[at : at + n] for text in texts for n in (1, 2) for at in range(len(text) - n + 1)}


def withheld_targets(n=100):
    test = prompted.asked(n, seed=99, split="test")
    return {e.target for e in test if (e.task, e.lang) == prompted.WITHHELD}


def test_all_that_the_withheld_answers_are_made_of_is_written_elsewhere():
    """The planted fault was real: how they end stood in no answer of the training."""
    wanted, taught = withheld_targets(), prompted.examples(2000)
    assert parts(wanted) <= parts(e.target for e in taught)
    assert not wanted & {e.target for e in taught}
    retold = set(prompted.retold(prompted.asked(2000, 0, "train")))
    assert not parts(wanted) <= parts(e.target for e in taught if e not in retold)


def test_each_summary_is_retold_in_the_other_language():
    asked = prompted.asked(5, 0, "train")
    into_chinese, into_japanese = prompted.retold(asked)[:2]
    ja, zh = (
        next(e.target for e in asked if (e.task, e.lang) == ("summary", la))
        for la in ("ja", "zh-tw")
    )
    assert into_chinese.source.endswith(ja) and into_chinese.target == zh
    assert into_japanese.source.endswith(zh) and into_japanese.target == ja
    assert len(prompted.retold(asked)) == 10


def test_all_parts_of_the_withheld_pair_are_taught():
    """The planted fault was real: its prompt was a word that training never showed."""
    task, lang = prompted.WITHHELD
    assert any(e.task == task for e in examples()) and any(e.lang == lang for e in examples())
    known = set("".join(e.source for e in examples()))
    wanted = [e for e in prompted.asked(400, 0, "train") if (e.task, e.lang) == (task, lang)]
    assert set("".join(e.source for e in wanted)) <= known
    assert len({e.source.split("：")[0] for e in wanted}) == 1
    assert any(e.source.startswith(wanted[0].source.split("：")[0]) for e in examples())


def test_only_the_answer_is_taught():
    batch = prompted.next_batch(examples(), size=4)()
    for ids, mask, labels in zip(
        *(batch[k] for k in ("input_ids", "attention_mask", "labels")), strict=True
    ):
        taught = labels != -100
        assert torch.equal(labels[taught], ids[taught]) and not (taught & (mask == 0)).any()
        source = TOKENIZER.decode(ids[~taught & (mask == 1)], skip_special_tokens=True)
        target = TOKENIZER.decode(ids[taught], skip_special_tokens=True)
        plain = {(e.source.replace(" ", ""), e.target) for e in examples()}
        assert (source.replace(" ", ""), target) in plain
        assert ids[taught][-1] == TOKENIZER.eos_token_id


def test_the_loss_is_that_of_the_answer_alone():
    """By hand: the mean of -log p of each of the answer's tokens after its true predecessors."""
    model, batch = small(), prompted.next_batch(examples(), size=3)()
    with torch.no_grad():
        out = model(**batch)
    p = out.logits[:, :-1].log_softmax(-1)
    taught = batch["labels"][:, 1:]
    wanted = [-p[n, t, taught[n, t]] for n, t in (taught != -100).nonzero().tolist()]
    assert out.loss.item() == pytest.approx(torch.stack(wanted).mean().item(), rel=1e-5)


def test_answers_of_any_length_are_those_of_one_question_alone():
    model = small()
    sources = [e.source for e in examples()[:6]]
    assert len({len(TOKENIZER(s).input_ids) for s in sources}) > 1
    alone = [prompted.answer(model, [source])[0] for source in sources]
    assert prompted.answer(model, sources) == alone and any(alone)


def test_the_mark_is_the_share_of_whole_answers(monkeypatch):
    test = prompted.asked(20, seed=99, split="test")
    told = {e.source: e.target if e.lang == "ja" else "?" for e in test}
    told |= {e.source: e.target for e in prompted.retold(test)}
    monkeypatch.setattr(prompted, "answer", lambda _, sources: [told[s] for s in sources])
    marked = long_run.marked(None, 20)
    assert set(marked["exact"].values()) == {0.0, 1.0}
    assert all(share == key.endswith(" ja") for key, share in marked["exact"].items())
    assert {row["answer"] for row in marked["withheld"]} == {"?"}
    assert all(row["translated"] == row["target"] for row in marked["withheld"])
    japanese = [e.target for e in test if (e.task, e.lang) == ("summary", "ja")]
    assert [row["japanese"] for row in marked["withheld"]] == japanese


def test_the_shipped_runs_have_every_seed_and_every_task():
    shipped = results.load("prompted")
    assert [run["seed"] for run in shipped["runs"]] == list(long_run.SEEDS)
    assert shipped["withheld"] == list(prompted.WITHHELD)
    asked = {f"{e.task} {e.lang}" for e in encoder_decoder.examples(40, seed=99, split="test")}
    for run in shipped["runs"]:
        assert set(run["exact"]) == asked and len(run["withheld"]) == shipped["test_items"]
        assert {row["target"] for row in run["withheld"]} == withheld_targets()
        right = [w["target"] == w["answer"] for w in run["withheld"]]
        assert run["exact"][" ".join(prompted.WITHHELD)] == sum(right) / len(right)


def test_each_seed_is_kept_as_soon_as_it_is_there(tmp_path, monkeypatch):
    path, seen = tmp_path / "prompted.json", []

    def run(seed, flops):
        seen.append(len(json.loads(path.read_text(encoding="utf-8"))["runs"]) if seed else 0)
        return {"seed": seed, "exact": {}}

    monkeypatch.setattr(long_run, "run", run)
    long_run.main(path)
    assert seen == [0, 1, 2]
