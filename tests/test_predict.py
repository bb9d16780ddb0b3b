"""A student's estimate beside the measurement: any input is answered, none raises."""

import pytest

from helpers import predict, say


@pytest.mark.parametrize(
    ("lang", "guess", "shown"),
    [
        ("ja", 4, ["予想：4倍", "測定値：16倍", "0.25"]),
        ("ja", 4.5, ["4.5倍"]),
        ("ja", None, ["まだ書かれていません", "16倍"]),
        ("ja", "16", ["'16'", "数ではありません"]),
        ("ja", True, ["True", "数ではありません"]),
        ("zh-tw", None, ["還沒有寫", "16倍"]),
        ("zh-tw", [16], ["[16]", "不是數字"]),
    ],
)
def test_compare(lang, guess, shown, capsys):
    say.use(lang)
    predict.compare(guess, 16.0, "倍")
    out = capsys.readouterr().out
    assert [s for s in shown if s not in out] == []


def test_large_numbers_keep_their_digits(capsys):
    predict.compare(268_435_456, 268_435_456)
    assert "268,435,456" in capsys.readouterr().out


def test_a_measured_zero_has_no_ratio(capsys):
    say.use("ja")
    predict.compare(1, 0.0)
    assert "予想÷測定値：-" in capsys.readouterr().out
