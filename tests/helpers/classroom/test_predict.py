"""A guess beside the measurement: any input is answered, none raises, none is told early."""

import pytest

from helpers.classroom import predict
from helpers.language import say

OPTIONS = {"a": "2倍", "b": "16倍", "c": "256倍"}


@pytest.fixture(autouse=True)
def no_guess_from_outside(monkeypatch):
    monkeypatch.delenv("TRIAD_GUESS", raising=False)


def shown(capsys, function, *arguments) -> str:
    function(*arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("lang", "guess", "words"),
    [
        ("ja", 4, ["予想：4倍", "測定値：16倍", "0.25"]),
        ("ja", 4.5, ["4.5倍"]),
        ("ja", "１２", ["予想：12倍", "0.75"]),
        ("ja", "12万", ["予想：120,000倍"]),
        ("ja", "三十", ["予想：30倍", "1.88"]),
        ("ja", "8倍", ["予想：8倍", "0.50"]),
        ("ja", "?", ["測定値：16倍"]),
        ("ja", "？", ["測定値：16倍"]),
        ("zh-tw", "十六", ["◎ 預測得很準", "16倍"]),
        ("zh-tw", 15.5, ["◎ 預測得很準"]),
        ("zh-tw", 12, ["預測：12倍"]),
    ],
)
def test_a_guess_is_read_and_compared(lang, guess, words, capsys):
    say.use(lang)
    out = shown(capsys, predict.compare, guess, 16.0, "倍")
    assert [s for s in words if s not in out] == []


@pytest.mark.parametrize(
    ("lang", "guess", "words"),
    [
        ("ja", None, "まだ予想が書かれていません"),
        ("ja", True, "True"),
        ("ja", "たくさん", "数として読めませんでした"),
        ("ja", -5, "0より小さくなりません"),
        ("ja", float("nan"), "nan"),
        ("zh-tw", None, "還沒有寫下預測"),
        ("zh-tw", [16], "沒辦法讀成數字"),
        ("zh-tw", "-5", "不會小於 0"),
    ],
)
def test_without_a_guess_the_measured_value_stays_hidden(lang, guess, words, capsys):
    say.use(lang)
    out = shown(capsys, predict.compare, guess, 17.25, "倍")
    assert words in out
    assert "17.25" not in out


def test_only_a_near_guess_is_praised(capsys):
    say.use("ja")
    for guess, praised in [(16, True), (16.7, True), (15.3, True), (17, False), (15, False)]:
        assert ("◎" in shown(capsys, predict.compare, guess, 16.0)) is praised


def test_where_the_measured_value_is_negative_a_guess_may_be(capsys):
    say.use("ja")
    assert "測定値：-2" in shown(capsys, predict.compare, -3, -2.0)


def test_a_run_without_a_student_sees_the_value(monkeypatch, capsys):
    monkeypatch.setenv("TRIAD_GUESS", "?")
    assert "16" in shown(capsys, predict.compare, None, 16.0)
    assert "b" in shown(capsys, predict.choose, None, OPTIONS, "b")


@pytest.mark.parametrize(
    ("lang", "guess", "words", "told"),
    [
        ("ja", None, "まだ選ばれていません", False),
        ("ja", "d", "'d'という選択肢はありません", False),
        ("ja", 2, "2という選択肢はありません", False),
        ("ja", "?", "測定値：b（16倍）", True),
        ("ja", "Ｂ", "◎ 予想どおりです", True),
        ("zh-tw", "a", "預測：a（2倍）　實測的結果：b（16倍）", True),
    ],
)
def test_choose(lang, guess, words, told, capsys):
    say.use(lang)
    out = shown(capsys, predict.choose, guess, OPTIONS, "b")
    assert words in out
    assert ("16倍" in out) is told


def test_a_measurement_that_picks_no_option_is_a_fault_of_the_lesson():
    with pytest.raises(KeyError):
        predict.choose("a", OPTIONS, "d")


def test_large_numbers_keep_their_digits(capsys):
    assert "268,435,456" in shown(capsys, predict.compare, 268_435_456, 268_435_456)


def test_a_measured_zero_has_no_ratio(capsys):
    say.use("ja")
    assert "予想÷測定値：-" in shown(capsys, predict.compare, 1, 0.0)
