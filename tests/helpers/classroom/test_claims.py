"""Claims: bounds, what is shown, what raises and when, what the runner is told."""

import json

import pytest

from helpers import begin
from helpers.classroom import claim_tables, claims
from helpers.display import show
from helpers.language import say

LESSON = "01_attention"
C01 = {
    "mask_gap": 1e-7,
    "causal_leak": 0.0,
    "prefix_leak": 0.0,
    "prefix_inside": 0.5,
    "full_leak": 0.5,
}


@pytest.fixture(autouse=True)
def students_kernel(monkeypatch):
    """Not CI, not strict: as a student runs it."""
    for name in ("CI", "TRIAD_STRICT", "TRIAD_CLAIMS_LOG"):
        monkeypatch.delenv(name, raising=False)
    begin(LESSON, "ja")


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        ({"at_most": 1}, 1, True),
        ({"at_most": 1}, 1.001, False),
        ({"at_least": 1}, 0.999, False),
        ({"at_least": 1, "at_most": 2}, 1.5, True),
        ({"equals": 0}, 0.0, True),
        ({"equals": 0}, 1e-12, False),
        ({"at_most": 1}, float("nan"), False),
        ({"at_least": 1}, float("nan"), False),
        ({"equals": 0}, float("nan"), False),
    ],
)
def test_bounds(bound, value, holds):
    name = {"ja": "量", "zh_tw": "量"}
    assert claims.judge("C01", "gap", {"name": name} | bound, value).holds is holds


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (109_482_240, ".4g", "109,482,240"),
        (1e6, "g", "1,000,000"),
        (999_999, "g", "999999"),
        (1_234_567.5, ".4g", "1.235e+06"),
        (3e-6, "g", "3e-06"),
        (float("inf"), "g", "inf"),
    ],
)
def test_a_large_count_is_written_to_the_unit(value, form, shown):
    assert claims._number(value, form) == shown


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "ja",
            ["元のページ：", "判定：補足が必要", "わかったこと：", "○ 範囲内", "0 – 3e-06", "= 0"],
        ),
        (
            "zh-tw",
            ["原網頁：", "判定：需要補充", "我們實測的結果：", "○ 範圍內", "0 – 3e-06", "= 0"],
        ),
    ],
)
def test_page_measurement_and_verdict_are_shown(lang, words, capsys):
    begin(LESSON, lang)
    claims.check("C01", C01)
    shown = capsys.readouterr().out
    assert [w for w in words if w not in shown] == []


def test_a_claim_of_the_courses_own_says_so_and_has_no_verdict(capsys):
    begin("02_block", "ja")
    claims.check("E09", {"recurrent": 3.8, "attention": 1})
    shown = capsys.readouterr().out
    assert "この教材の主張E09" in shown and "主張（元のページにはありません）：" in shown
    assert "判定" not in shown and "元のページ：" not in shown


def test_outside_its_band_a_students_run_goes_on(capsys):
    claims.check("C01", C01 | {"full_leak": 0.0})
    assert "× 範囲外" in capsys.readouterr().out


def test_a_missed_exact_zero_always_raises():
    with pytest.raises(claims.ClaimError, match="因果マスク"):
        claims.check("C01", C01 | {"causal_leak": 1e-9})


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TRIAD_STRICT", "claims,tasks")])
def test_in_ci_and_in_the_runner_a_missed_band_raises(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    claims.check("C01", C01)
    with pytest.raises(claims.ClaimError):
        claims.check("C01", C01 | {"full_leak": 0.0})


def test_every_declared_quantity_must_be_measured():
    for measured in ({"causal_leak": 0.0}, C01 | {"other": 1.0}, 0.5):
        with pytest.raises(KeyError, match="causal_leak"):
            claims.check("C01", measured)


def test_an_unknown_claim_names_those_that_exist():
    with pytest.raises(KeyError, match="C04"):
        claims.check("C99", 1.0)


def test_the_log_holds_a_line_a_quantity_also_for_a_miss(monkeypatch, tmp_path):
    log = tmp_path / "主張.jsonl"
    monkeypatch.setenv("TRIAD_CLAIMS_LOG", str(log))
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    with pytest.raises(claims.ClaimError):
        claims.check("C01", C01 | {"full_leak": 0.0})
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {r["quantity"]: r["holds"] for r in rows} == {
        "mask_gap": True,
        "causal_leak": True,
        "prefix_leak": True,
        "prefix_inside": True,
        "full_leak": False,
    }
    assert {r["bound"] for r in rows} == {"0 – 3e-06", "= 0", "0.01 – 10"}
    assert {(r["lesson"], r["claim"]) for r in rows} == {(LESSON, "C01")}


@pytest.mark.parametrize("lang", ["ja", "zh-tw"])
@pytest.mark.parametrize("verdict", claim_tables.VERDICTS)
def test_a_verdict_has_a_colour_of_its_own_and_says_the_same(lang, verdict, monkeypatch):
    begin(LESSON, lang)
    shown = []
    monkeypatch.setattr(show, "fragment", lambda *both: shown.append(both))
    claims._display("C01", claims.declared("C01") | {"verdict": verdict}, [])
    [(body, text)] = shown
    said = say.text("claims", "verdict") + say.text("claims", verdict)
    assert text.splitlines()[1] == said and f">{said}</b>" in body
    used = {color for color in show.EDGES.values() if f"solid {color}" in body}
    assert used == {show.EDGES[claims.EDGES[verdict]]} and len(set(claims.EDGES.values())) == 3


def test_what_needs_real_weights_is_not_judged_on_a_stand_in(monkeypatch, capsys, tmp_path):
    begin("09_real_models", "ja")
    monkeypatch.setenv("TRIAD_CLAIMS_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    values = {
        "ratio": 1.0,  # of a random model: outside its bound
        "growth": 1.0,
        "small_ratio": 2.0,
    }
    monkeypatch.setenv("TRIAD_REAL", "stand-in")
    claims.check("E92", values)
    assert say.text("claims", "unjudged") in capsys.readouterr().out
    told = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert [row["holds"] for row in told] == [True, True, True]  # the runner has nothing to blame
    with pytest.raises(claims.ClaimError, match="E92"):  # what our own weights make is judged
        claims.check("E92", values | {"small_ratio": 9.0})
    monkeypatch.delenv("TRIAD_REAL")
    with pytest.raises(claims.ClaimError, match="E92"):
        claims.check("E92", values)
