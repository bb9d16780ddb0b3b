"""helpers.display.charts: what a figure of the lessons gets from each helper."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.display import charts, figures


@pytest.fixture(autouse=True)
def style():
    figures.use("ja")
    yield
    plt.close("all")


def labels_of(ticks) -> list[str]:
    return [tick.get_text() for tick in ticks]


def test_a_frame_names_the_axes_and_makes_only_the_asked_ones_logarithmic():
    _, (left, right) = plt.subplots(1, 2)
    charts.frame(left, "長さ", "損失", log="x", ylim=(0, 2))
    charts.frame(right, log="xy")
    assert (left.get_xlabel(), left.get_ylabel(), left.get_ylim()) == ("長さ", "損失", (0, 2))
    assert (left.get_xscale(), left.get_yscale()) == ("log", "linear")
    assert (right.get_xscale(), right.get_yscale()) == ("log", "log")


def test_ticks_are_labelled_as_written_in_prose_or_by_their_names():
    _, axes = plt.subplots(1, 3)
    for ax, ticks in zip(axes, ([1024, 2048], [0.5, 1.0], {0: "a", 1: "b"}), strict=True):
        charts.frame(ax, ticks=ticks)
    found = [labels_of(ax.get_xticklabels()) for ax in axes]
    assert found == [["1,024", "2,048"], ["0.5", "1"], ["a", "b"]]


def test_a_logarithmic_axis_shows_the_named_ticks_only():
    _, ax = plt.subplots()
    charts.frame(ax, log="x", ticks=[1, 20, 300])
    assert len(ax.get_xticks(minor=True)) == 0


def test_lines_are_named_and_differ():
    _, ax = plt.subplots()
    charts.lines(ax, [1, 2], {"a": [1, 2], "b": [2, 1]}, markevery=1)
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert [line.get_markevery() for line in ax.lines] == [1, 1]


def test_the_spread_reaches_from_the_lowest_to_the_highest_run():
    runs = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 8.0]])
    mean, away = charts.spread(runs)
    assert mean.tolist() == [3, 6]
    assert (mean - away[0]).tolist() == [1, 5] and (mean + away[1]).tolist() == [6, 8]


def test_levels_lie_across_their_bars():
    _, ax = plt.subplots()
    figures.bars(ax, ["A", "B"], {"a": [0.1, 0.2]})
    charts.levels(ax, [0.3, 0.4], "上限", linestyle=":")
    (first, second) = ax.collections[-1].get_segments()
    assert first.tolist() == [[-0.46, 0.3], [0.46, 0.3]]
    assert second.tolist() == [[0.54, 0.4], [1.46, 0.4]]
    assert ax.collections[-1].get_label() == "上限"


def test_equal_dots_of_a_group_stand_side_by_side():
    _, ax = plt.subplots()
    charts.dots(ax, [[2, 2], [4]], "気分", "o", offset=-0.3)
    (line,) = ax.lines
    assert line.get_xdata() == pytest.approx([-0.3, -0.24, 0.7])
    assert list(line.get_ydata()) == [2, 2, 4] and line.get_fillstyle() == "none"


def test_masks_stand_side_by_side_with_numbers_from_1_or_names():
    two = {"全体": np.ones((2, 3), bool), "因果": np.tril(np.ones((3, 3), bool))}
    fig = charts.masks(two, "キー", "クエリ", size=(6, 3))
    assert [ax.get_title() for ax in fig.axes] == list(two)
    assert {(ax.get_xlabel(), ax.get_ylabel()) for ax in fig.axes} == {("キー", "クエリ")}
    assert labels_of(fig.axes[0].get_yticklabels()) == ["1", "2"]
    assert labels_of(fig.axes[0].get_xticklabels()) == ["1", "2", "3"]
    assert fig.axes[0].get_legend() is None
    one = {"": np.ones((1, 2), bool)}
    named = charts.masks(one, "", "", (3, 3), ["行"], ["a", "b"], legend=True)
    assert labels_of(named.axes[0].get_xticklabels()) == ["a", "b"]
    assert named.axes[0].get_legend() is not None


# as the lessons have written them by hand
BY_HAND = {
    " 、。": "a 0.50、0.12。b 1.00、2.00",
    "：、。": "a：0.50、0.12。b：1.00、2.00",
    " ／、": "a 0.50／0.12、b 1.00／2.00",
}


@pytest.mark.parametrize("marks", BY_HAND)
@pytest.mark.parametrize("kind", [list, tuple, np.array, torch.tensor])
def test_what_is_drawn_is_listed_with_its_names(marks, kind):
    rows = {"a": kind([0.5, 0.125]), "b": kind([1.0, 2.0])}
    assert charts.listed(rows, marks=marks) == BY_HAND[marks]


def test_a_row_may_have_one_value_and_a_form_of_its_own():
    shares = {"動詞": 0.98765, "時の語": torch.tensor(0.5), "主題": np.float64(1)}
    assert charts.listed(shares, marks=" 、、") == "動詞 0.99、時の語 0.50、主題 1.00"
    assert charts.listed({1024: [0.98765]}, ".4f", "：、。") == "1024：0.9877"
    assert charts.listed({}) == ""


def test_a_wrong_number_of_marks_is_refused():
    with pytest.raises(ValueError):
        charts.listed({"a": 1.0}, marks="、。")
