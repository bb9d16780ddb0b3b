"""The self-check of lesson 08's argument, its model answers, and the lesson's own cells."""

import json
import sys
import types
from functools import partial

import lesson_cells
import pytest
import turns
import whole_course
from broken_costs import FAULTS, with_fault
from places import ROOT

import model_answers
from course_tools.edition import leaks, student_edition
from helpers import bottleneck
from helpers.bottleneck.review import numbers
from helpers.bottleneck.scenario import given_numbers, known_numbers
from helpers.classroom import claims
from helpers.classroom.sheets import sheet_file
from helpers.language import say

reviewing = sys.modules["helpers.bottleneck.review"]  # the package's name is the function
LESSON = "08_bottleneck_challenge"
EXAMPLE = "0230"  # the scenario of the model answers


def notebook(kind: str, lang: str) -> list[dict]:
    lesson = f"notebooks/{lang}/{LESSON}.ipynb"
    path = ROOT / (lesson if kind == "notebooks" else sheet_file(kind, lang, LESSON))
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(params=say.COMPLETE)
def lang(request):
    say.use(request.param)
    return request.param


def answer(lang: str, step: int) -> str:
    """The corrected model answer, as the instructor's copy has it."""
    return model_answers.of_step(step, lang)[1]


# --- numbers of a text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "text", "want"),
    [
        ("ja", "１，２３４．５ TFLOPsと0.5秒", [(1234.5, "TFLOPs"), (0.5, "s")]),
        ("ja", "3万トークン、2.33倍、12.2GiB", [(30_000, "tokens"), (2.33, "×"), (12.2, "GiB")]),
        ("ja", "2.5ミリ秒、48 GiB", [(0.0025, "s"), (48, "GiB")]),
        ("ja", "14 %、１４％", [(0.14, "×"), (0.14, "×")]),
        ("zh-tw", "10萬個詞元，16.3 ms", [(100_000, "tokens"), (0.0163, "s")]),
        ("zh-tw", "239 毫秒，0.27 倍，5 GFLOPs", [(0.239, "s"), (0.27, "×"), (0.005, "TFLOPs")]),
        ("zh-tw", "寫 1 個詞元，1 秒", [(1, "s")]),
        ("zh-tw", "1 PFLOPs、2 GB", [(1000, "TFLOPs"), (2e9 / 2**30, "GiB")]),
        ("zh-tw", "3 tflops、4 TFLOP", [(3, "TFLOPs"), (4, "TFLOPs")]),
        ("ja", "33.9兆FLOPs、3.4×10^13 FLOPs", [(33.9, "TFLOPs"), (34, "TFLOPs")]),
        ("ja", "計算は33.9兆で、33.9兆回の計算", [(33.9, "TFLOPs"), (33.9, "TFLOPs")]),
        ("zh-tw", "運算只要 33.9 兆，33.9 兆次", [(33.9, "TFLOPs"), (33.9, "TFLOPs")]),
        ("ja", "33.9万、33.9億回", []),
        ("ja", "7分の1、百分の一、約4割", [(1 / 7, "×"), (0.01, "×"), (0.4, "×")]),
        ("ja", "半分になり、14パーセント、3.5ギガバイト", [(0.5, "×"), (0.14, "×"), (3.26, "GiB")]),
        ("ja", "半分以下、割り算、4割り、部分の1つ", []),
        ("zh-tw", "33.9 兆 FLOPs，7 分之 1", [(33.9, "TFLOPs"), (1 / 7, "×")]),
        (
            "zh-tw",
            "百分之 14、百分之十四、4 成、一半",
            [(0.14, "×"), (0.14, "×"), (0.4, "×"), (0.5, "×")],
        ),
        ("zh-tw", "不到一半、一成不變的第二十三分店、3 成果", []),
        ("ja", "8人、16回、28層、レッスン07、3 GBps、L40Sで", []),
    ],
)
def test_numbers_with_units_are_read(lang, text, want):
    say.use(lang)
    found = [(number.value, number.unit) for number in numbers(text)]
    assert found == [(pytest.approx(value, rel=1e-3), unit) for value, unit in want]


def test_every_number_of_the_bench_is_recognised_and_a_wrong_one_is_not(lang):
    drawn = bottleneck.scenario(EXAMPLE)
    words = {"tokens": "トークン" if lang == "ja" else "個詞元", "×": "倍"}
    known = [(n.label, n.value, n.unit) for n in known_numbers(drawn) + given_numbers(drawn)]
    for label, value, unit in known:
        if not value:  # nothing shared
            continue
        shown = f"{value:,.4g}" if value < 10_000 else f"{value:,.0f}"
        [cited] = bottleneck.review(1, None, f"{shown} {words.get(unit, unit)}", drawn).cited
        assert cited.agrees, (label, shown, unit)
        wrong = bottleneck.review(1, None, f"{value * 1.3:.9f} {words.get(unit, unit)}", drawn)
        base = {"ms": ("s", 1e-3), "GFLOPs": ("TFLOPs", 1e-3)}
        name, factor = base.get(unit, (unit, 1))
        others = [v * base.get(u, (u, 1))[1] for _, v, u in known if base.get(u, (u, 1))[0] == name]
        near = [v for v in others if abs(v / (value * factor) - 1.3) < 0.02]
        assert near or not wrong.cited[0].agrees, (label, unit)


def test_a_right_number_with_a_wrong_unit_is_told(lang):
    drawn = bottleneck.scenario(EXAMPLE)
    cache = {q.name: q for q in drawn.bench()}["cache"].decoder
    right, wrong = bottleneck.review(1, None, f"{cache:.3f} GiB {cache:.3f} GB", drawn).cited
    assert right.agrees and not wrong.agrees


def cited(text: str, code: str = EXAMPLE) -> list[reviewing.Cited]:
    return list(bottleneck.review(1, None, text, bottleneck.scenario(code)).cited)


def test_a_number_may_be_written_in_another_unit_or_multiplied(lang):
    """651.7 ms, 8 % and 2 × 0.6517 s are as right as 0.6517 s."""
    drawn = bottleneck.scenario(EXAMPLE)
    bench = {q.name: q for q in drawn.bench()}
    first, cache = bench["first"].decoder, bench["cache"].decoder
    for text in (
        f"{1e3 * first:.1f} ms",
        f"{first:.4f} s",
        f"{2 * first:.3f} s",
        f"{100 * bench['first'].ratio:.1f} %",
        f"{cache * 1024:.0f} MiB",
        f"{2 * cache:.1f} GiB",
        f"{512 * bench['write'].decoder:.0f} GFLOPs",
        f"{2 * bench['last_part'].decoder:.0f} TFLOPs",
    ):
        [found] = cited(text)
        assert found.agrees and not found.is_given, text


@pytest.mark.parametrize("number", ["0 s", "0 %", "0 GiB", "0 ms", "3 s", "3 GiB"])
def test_a_single_digit_agrees_only_within_five_percent(lang, number):
    """0 s is no rounding of 0.09 s, nor 3 s of 2.749 s."""
    assert [c.agrees for c in cited(number)] == [""]


NONSENSE = {
    "ja": "バナナは0秒で0倍おいしい。読むキャッシュが届く一方、限界は青い空の下で踊る猫である。"
    + "にゃー" * 20,
    "zh-tw": "香蕉 0 秒就好吃 0 倍。讀快取送達以後，不過品質的限制是在藍天下跳舞的貓。" + "喵" * 80,
}
REPEATED = {
    "ja": "98,304トークンを1秒で読み、512トークンの要約を書き、48 GBに収めます。" + "あ" * 80,
    "zh-tw": "1 秒讀 98,304 個詞元，寫 512 個詞元的摘要，放進 48 GB。" + "啊" * 80,
}


@pytest.mark.parametrize("texts", [NONSENSE, REPEATED], ids=["nonsense", "repeated"])
def test_neither_zeros_nor_the_tasks_own_numbers_are_an_argument(lang, texts):
    found = bottleneck.review(1, "decoder", texts[lang], bottleneck.scenario(EXAMPLE))
    assert found.missing == ["too_short", "few_numbers"]
    assert {c.is_given for c in found.cited} == {texts is REPEATED}
    given = say.text("bottleneck", "agrees_with_given", label="").strip()
    assert (given in repr(found)) == (texts is REPEATED)


def test_a_ratio_is_shown_with_its_direction(lang):
    drawn = bottleneck.scenario(EXAMPLE)
    ratio = {q.name: q for q in drawn.bench()}["growing"].ratio
    names = [say.text("bottleneck", name) for name in ("decoder", "encoder_decoder")]
    [less], [more] = cited(f"{ratio:.4f}x"), cited(f"{1 / ratio:.3f}x")
    assert "÷".join(names) in less.agrees and "÷".join(names) not in more.agrees
    assert "÷".join(names[::-1]) in more.agrees and "÷".join(names[::-1]) not in less.agrees


SWAPPED = {
    "ja": "エンコーダー・デコーダー型の最後の部分を読む計算は235.9 TFLOPsで済む。"
    "デコーダー型のKVキャッシュは2.262 GiBと小さい。",
    "zh-tw": "編碼器－解碼器讀最後一段的運算只要 235.9 TFLOPs。"
    "decoder-only 的 KV 快取是 2.262 GiB，比較小。",
}
IN_PLACE = {
    "ja": "デコーダー型の最後の部分を読む計算は235.9 TFLOPsで済む。"
    "エンコーダー・デコーダー型は、KVキャッシュが2.262 GiBと小さく、"
    "書き終えるのは11.1秒に対して10.4秒で先になる。8.5%で済む。",
    "zh-tw": "decoder-only 讀最後一段的運算只要 235.9 TFLOPs。"
    "編碼器－解碼器的 KV 快取是 2.262 GiB，比較小，"
    "寫完是 10.4 秒，而不是 11.1 秒。只要 8.5%。",
}


def test_a_number_of_the_other_design_is_asked_about(lang):
    """Both numbers are of the table, but the wrong way round."""
    swapped = bottleneck.review(1, "decoder", SWAPPED[lang], bottleneck.scenario(EXAMPLE))
    assert [c.text for c in swapped.misplaced] == ["235.9 TFLOPs", "2.262 GiB"]
    names = [say.text("bottleneck", name) for name in ("decoder", "encoder_decoder")]
    asked = [line for line in swapped.lines() if "235.9 TFLOPs" in line]
    assert len(asked) == 1 and all(name in asked[0] for name in names)
    right = bottleneck.review(1, "decoder", IN_PLACE[lang], bottleneck.scenario(EXAMPLE))
    assert right.misplaced == [] and len(right.cited) == 5


@pytest.mark.parametrize("step", [1, 2])
def test_the_model_answers_have_every_number_in_its_place(lang, step):
    found = bottleneck.review(step, "decoder", answer(lang, step), bottleneck.scenario(EXAMPLE))
    assert found.misplaced == []


LISTED = {
    "ja": "読むキャッシュ届く一方限界 235.9 TFLOPs 2,778 TFLOPs" + "あ" * 80,
    "zh-tw": "讀快取送達不過限制 235.9 TFLOPs 2,778 TFLOPs" + "啊" * 80,
}
ONCE = {
    "ja": "16回に分けて届いても、デコーダー型は最後の部分を読むだけで済みます。",
    "zh-tw": "文件分 16 次送達，decoder-only 也只要讀最後一段的內容就可以了。",
}


def test_words_alone_or_one_sentence_twelve_times_are_no_argument(lang):
    drawn = bottleneck.scenario(EXAMPLE)
    listed = bottleneck.review(1, "decoder", LISTED[lang], drawn)
    assert listed.missing == ["too_short"] and len(listed.open) == 5
    repeated = bottleneck.review(1, "decoder", ONCE[lang] * 12, drawn)
    assert repeated.missing == ["too_short", "few_numbers"]
    assert repeated.open == ("cache", "other_side", "limits")


@pytest.mark.parametrize(
    ("lang", "written", "meant"),
    [
        ("ja", "decoder-only", "decoder"),
        ("ja", "デコーダー型", "decoder"),
        ("ja", "エンコーダー・デコーダー型", "encoder_decoder"),
        ("ja", "Encoder-Decoder", "encoder_decoder"),
        ("zh-tw", "decoder only", "decoder"),
        ("zh-tw", "編碼器－解碼器", "encoder_decoder"),
        ("zh-tw", "encoder_decoder", "encoder_decoder"),
    ],
)
def test_a_choice_may_be_written_as_the_course_writes_it(lang, written, meant):
    say.use(lang)
    found = bottleneck.review(1, written, "", bottleneck.scenario(EXAMPLE))
    assert found.choice == meant and "unknown_choice" not in found.missing


@pytest.mark.parametrize("written", ["T5", "", 3])
def test_any_other_choice_is_answered_in_the_list(lang, written):
    found = bottleneck.review(1, written, "", bottleneck.scenario(EXAMPLE))
    assert found.missing[0] == "unknown_choice"
    assert repr(written) in found.lines()[0] and "encoder_decoder" in found.lines()[0]


# --- an attempt --------------------------------------------------------------------------------


def test_an_empty_attempt_lacks_everything(lang):
    empty = bottleneck.review(1, None, "\n", bottleneck.scenario(EXAMPLE))
    assert empty.missing == ["no_choice", "too_short", "few_numbers"]
    assert "None" not in repr(empty) and empty.cited == ()


def test_the_model_answers_cite_only_numbers_of_the_bench_and_leave_nothing_out(lang):
    for step, fewest in ((1, 8), (2, 0)):
        text = answer(lang, step)
        found = bottleneck.review(step, "decoder", text, bottleneck.scenario(EXAMPLE))
        assert found.missing == [] and found.open == ()
        assert len(found.cited) >= fewest
        assert [c.text for c in found.cited if not c.agrees] == []


@pytest.mark.parametrize(("step", "asked"), [(1, 300), (2, 200)])
def test_a_model_answer_is_about_as_long_as_what_is_asked(lang, step, asked):
    text = answer(lang, step).replace("\n", "")
    assert 0.8 * asked < len(text) <= 1.3 * asked


def test_the_model_answer_says_what_the_bench_shows(lang):
    """Each comparison of its text, and all numbers that it rests on."""
    drawn = bottleneck.scenario(EXAMPLE)
    bench = {q.name: q for q in drawn.bench()}
    first, everyone = bench["first"], bench["first_all"]
    assert first.decoder <= drawn.target < first.encoder_decoder
    assert drawn.target < everyone.decoder < everyone.encoder_decoder
    assert bench["update"].encoder_decoder < bench["update"].decoder
    assert bench["update_all"].decoder < bench["update_all"].encoder_decoder
    assert bench["held"].decoder < drawn.room
    text = answer(lang, 1)
    rests_on = [first.decoder, first.encoder_decoder, everyone.decoder, everyone.encoder_decoder]
    rests_on += [bench["update"].decoder, bench["update"].encoder_decoder]
    rests_on += [bench["update_all"].decoder, bench["update_all"].encoder_decoder]
    assert [x for x in rests_on if f"{x:#.3g}" not in text] == []


def test_on_another_scenario_the_model_answer_is_found_out(lang):
    found = bottleneck.review(1, "decoder", answer(lang, 1), bottleneck.scenario("0000"))
    assert sum(not c.agrees for c in found.cited) >= 5


def test_the_pages_own_answer_is_no_attempt(lang):
    page = model_answers.of_step(1, lang)[0]
    found = bottleneck.review(1, "decoder", page, bottleneck.scenario(EXAMPLE))
    assert "few_numbers" in found.missing and "growth" in found.open and "limits" in found.open


# --- the answer after an attempt ---------------------------------------------------------------


def test_the_answer_waits_for_an_attempt(lang, capsys):
    drawn = bottleneck.scenario(EXAMPLE)
    bottleneck.model_answer(bottleneck.review(1, "decoder", "", drawn))
    before = capsys.readouterr().out
    assert "TFLOPs" not in before and before.strip()
    bottleneck.model_answer(bottleneck.review(1, "decoder", answer(lang, 1), drawn))
    after = capsys.readouterr().out
    assert answer(lang, 1).splitlines()[0] in after and model_answers.of_step(1, lang)[0] in after


def test_the_student_edition_says_who_has_the_answer(lang, capsys, monkeypatch):
    drawn = bottleneck.scenario(EXAMPLE)
    done = bottleneck.review(1, "decoder", answer(lang, 1), drawn)
    monkeypatch.setitem(sys.modules, "model_answers", None)  # as if there were no such file
    bottleneck.model_answer(done)
    assert capsys.readouterr().out.strip() == say.text("bottleneck", "instructor_has_it")
    monkeypatch.undo()
    bottleneck.model_answer(done)
    assert say.text("bottleneck", "corrected") in capsys.readouterr().out


def test_no_model_answer_stands_in_a_file_of_students():
    paths = [p for p in student_edition.members(ROOT) if p.suffix not in leaks.BINARY]
    about = [p for p in paths if "bottleneck" in p.as_posix()]
    assert len(about) > 10
    assert [str(leak) for leak in leaks.find(whole_course.course(), about)] == []


# --- the lesson's cells ------------------------------------------------------------------------


run = partial(lesson_cells.run, LESSON, "designs-guess", "designs-code")


@pytest.mark.parametrize("lang", turns.languages(8), indirect=True)
def test_the_bench_of_the_lesson_holds(lang):
    scope = run("reading-code", "writing-code", "c26", lang=lang)
    assert scope["counted"][scope["deep"], 8_192] > 2 * scope["counted"][scope["pair"], 8_192]


@turns.in_ci
@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("cross cache forgotten", "writing-code"),
        ("K without V", "writing-code"),
        ("encoder counted twice", "reading-code"),
        ("encoder counted twice", "growing-flops"),
    ],
)
def test_a_fault_in_a_formula_stops_the_lesson(name, cell, monkeypatch):
    faulty: types.ModuleType = with_fault(*FAULTS[name])
    for formula in ("first_token_flops", "write_flops", "cache_bytes", "growing_flops"):
        monkeypatch.setattr(bottleneck, formula, vars(faulty)[formula])
    with pytest.raises(AssertionError):
        run(cell)


STATES = ("growing-states", "c28")


def test_a_leaking_mask_would_stop_the_lesson(monkeypatch):
    """The encoder in the decoder's place: old states change, and an exact bound always raises."""
    run(*STATES)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TRIAD_STRICT", "")
    causal = "states(decoder, text)[:, :48], states(decoder, other_end)[:, :48]"
    with pytest.raises(claims.ClaimError, match="C28"):
        run(*STATES, change=(causal, causal.replace("decoder", "encoder")))


def test_the_kinds_of_cache_are_counted_in_what_the_models_return():
    scope = run(*STATES)
    assert [scope["kinds"](scope["models"][scope[x]]) for x in ("deep", "pair")] == [1, 2]
    with pytest.raises(claims.ClaimError, match="C28"):
        run(*STATES, change=(", cache.cross_attention_cache", ""))


def test_a_cache_in_the_peak_would_stop_the_lesson(monkeypatch):
    """The cache grows with the layers; what the lesson counts must not."""
    read = bottleneck.read

    def keeping(model, n, use_cache):
        return read(model, n)

    monkeypatch.setattr(sys.modules["helpers.bottleneck.running"], "read", keeping)
    with pytest.raises(AssertionError):
        run("memory-code")


def test_the_explorer_is_pressed(lang):
    scope = run(
        "explore-draw",
        "explore-code",
        lang=lang,
        change=("Explorer(\n", "explorer = Explorer(\n"),
    )
    explorer = scope["explorer"]
    at_once, often = explorer(updates=1), explorer(updates=32)
    assert at_once.picture.count("◎") == often.picture.count("◎") == 8 * 2
    assert at_once.sentence != often.sentence
    few_heads = explorer(kv_decoder=1).picture
    assert few_heads != at_once.picture
    last = {name: len(c.drawn()["texts"]) - 1 for name, c in explorer.controls.items()}
    explorer.hear({"action": "set", "request": "", "values": last})
    assert explorer.errors == [] and explorer.drawing.sentence != at_once.sentence
