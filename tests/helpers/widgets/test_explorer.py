"""Explorers: every control on both views, the same seen by call and by sight, what breaks is told.

Neither torch nor numpy: this file also runs under Colab's old ipywidgets.
"""

import html
import itertools
import json
import logging
import math
import re

import pytest
from fake_loop import FakeLoop

from helpers.display.svg import heat_map, ink_on, shade, short
from helpers.language import say
from helpers.widgets import (
    AttentionExplorer,
    BlockExplorer,
    Check,
    Explorer,
    LensExplorer,
    Number,
    Range,
    Refused,
    SamplingExplorer,
    Select,
    SoftmaxExplorer,
    Text,
    attention_view,
    knows,
)
from helpers.widgets.base.anywidget_view import sources
from helpers.widgets.base.ipywidgets_view import VIEW
from helpers.widgets.explorer.anywidget_view import ExplorerAnywidgetView
from helpers.widgets.explorers import softmax
from helpers.widgets.explorers.attention import mask_kind
from helpers.widgets.explorers.block import POSITIONS
from helpers.widgets.explorers.distribution import entropy, filtered

LANGUAGES = ["ja", "zh-tw"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "学生 home"))
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)


@pytest.fixture(params=LANGUAGES, autouse=True)
def lang(request):
    say.use(request.param)
    yield request.param
    say.use("ja")


def told(**values):
    """A drawing that shows the values it was called with."""
    shown = html.escape(json.dumps(values, ensure_ascii=False), quote=False)
    return f"<p>{shown}</p>", f"`{shown}`"


CONTROLS = (
    Range("size", "大きさ <b>", [1, 2, 4, 8], 4, unit=" px"),
    Select("mask", "マスク", {"全体": "full", "因果": "causal"}),
    Check("scaled", "割る"),
    Number("seed", "シード", 3, 0, 200_000, whole=True),
    Text("text", "文", "猫 犬", knows({"猫", "犬", "鳥"}), ["猫", "犬", "鳥"]),
)
# raw values as the browser sends them, and what draw must get
PRESSED = {
    "size": [(0, 1), (3, 8)],
    "mask": [(1, "causal")],
    "scaled": [(True, True)],
    "seed": [("１２", 12), ("12万", 120_000), ("12萬", 120_000), ("1,024", 1024), (" 7 ", 7)],
    "text": [("鳥", "鳥"), ("猫  鳥", "猫  鳥")],
}
CASES = [(name, *pair) for name, pairs in PRESSED.items() for pair in pairs]


class Screen:
    """A student at the anywidget view: what its screen.js sends."""

    def __init__(self, explorer):
        self.explorer, self.view = explorer, explorer.view
        assert isinstance(self.view, ExplorerAnywidgetView)
        self.asked = 0

    def press(self, **raw):
        self.asked += 1
        values = self.view.view["raw"] | raw
        message = {"action": "set", "request": f"me:{self.asked}", "values": values}
        self.view._handle_custom_msg(message, [])
        assert self.view.view["request"] == f"me:{self.asked}"

    def seen(self):
        return self.view.view["picture"], self.view.view["sentence"]

    def notes(self):
        return "".join(self.view.view["notes"].values())

    def trouble(self):
        return "".join(self.view.trouble)


class Twin:
    """The same student at the plain view: real controls of ipywidgets."""

    def __init__(self, explorer):
        self.explorer, self.view = explorer, explorer.show_plain()

    def press(self, **raw):
        for name, value in raw.items():
            row = self.view.rows[name]
            setattr(row, "index" if hasattr(row, "index") else "value", value)

    def seen(self):
        picture, _, sentence = self.view.picture.value.rpartition("<p>")
        sentence = sentence.removesuffix("</p></div>").replace("<code>", "`")
        return picture.partition(">")[2], sentence.replace("</code>", "`")

    def notes(self):
        return html.unescape(re.sub("<[^>]+>", "", self.view.notes.value))

    def trouble(self):
        return html.unescape(re.sub("<[^>]+>", "", self.view.trouble.value))


VIEWS = pytest.mark.parametrize("view", [Screen, Twin])


@pytest.fixture
def explorer():
    return Explorer("題 <b>", told, *CONTROLS)


# --- controls ---------------------------------------------------------------------------


def test_every_kind_of_control_is_pressed():
    assert set(PRESSED) == {control.name for control in CONTROLS}
    assert {type(control) for control in CONTROLS} == {Range, Select, Check, Number, Text}


@VIEWS
@pytest.mark.parametrize("name, raw, value", CASES)
def test_a_pressed_control_is_drawn_as_the_call_draws_it(explorer, view, name, raw, value):
    student = view(explorer)
    before = student.seen()
    student.press(**{name: raw})
    called = explorer(**{name: value})
    assert (explorer.drawing.picture, explorer.drawing.sentence) == (
        called.picture,
        called.sentence,
    )
    picture, sentence = student.seen()
    assert (picture, html.unescape(sentence)) == (called.picture, called.sentence)
    assert student.seen() != before and explorer.errors == [] and student.notes() == ""
    assert json.dumps(value, ensure_ascii=False) in called.sentence


@VIEWS
@pytest.mark.parametrize(
    "name, raw",
    [("seed", "x"), ("seed", "1.5"), ("seed", "-1"), ("seed", ""), ("seed", "300000"),
     ("text", "猫 龍"), ("text", "  ")],
)  # fmt: skip
def test_what_a_control_cannot_take_is_said_and_the_picture_stays(explorer, view, name, raw):
    student = view(explorer)
    before = explorer.drawing
    student.press(**{name: raw})
    assert explorer.drawing is before and explorer.errors == []
    assert student.notes() == explorer.notes[name] != ""
    assert raw.strip() in student.notes() or "龍" in student.notes()
    student.press(**{name: PRESSED[name][0][0]})
    assert student.notes() == "" and explorer.drawing is not before


def test_an_unknown_word_is_named_and_a_known_one_is_not(explorer):
    problem = knows({"猫"})("猫 龍 虎 龍")
    assert "「龍」、「虎」" in problem and "猫" not in problem
    assert knows("ab", list)("ba") == "" and "「c」" in knows("ab", list)("abc")


@pytest.mark.parametrize(
    "values", [{"size": 9}, {"size": 3.5}, {"mask": "no"}, {"seed": "7"}, {"text": "龍"},
               {"text": 3}, {"scaled": 2}, {"sizes": 1}]
)  # fmt: skip
def test_a_call_says_which_values_there_are(explorer, values):
    with pytest.raises(Refused) as refused:
        explorer(**values)
    (got,) = values.values()
    assert str(got) in str(refused.value) or "sizes" in str(refused.value)
    wanted = {"size": "8", "mask": "因果", "seed": "200000", "text": "", "scaled": "True"}
    assert wanted.get(next(iter(values)), "size、mask") in str(refused.value)


def test_a_call_takes_what_lies_between_the_steps(explorer):
    assert '"size": 3' in explorer(size=3).sentence
    assert '"mask": "causal"' in explorer(mask="因果").sentence


def test_a_call_leaves_the_screen_alone(explorer):
    student = Screen(explorer)
    before = student.seen()
    explorer(size=8)
    assert student.seen() == before


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Explorer("題", told),
        lambda: Explorer("題", told, Check("a", "A"), Check("a", "B")),
        lambda: Range("a", "A", [1]),
        lambda: Range("a", "A", [2, 1]),
        lambda: Range("a", "A", [1, 2], 3),
        lambda: Select("a", "A", []),
        lambda: Explorer("題", told, Text("a", "A", "龍", knows({"猫"}))),
    ],
)
def test_a_wrong_declaration_is_an_error_at_once(wrong):
    with pytest.raises(ValueError):
        wrong()


# --- when something breaks --------------------------------------------------------------


def broken(n):
    return told(n=n) if n == 1 else 1 / 0


@VIEWS
def test_a_failure_in_draw_is_told_and_kept_and_goes_away(view, caplog):
    explorer = Explorer("題", broken, Range("n", "n", [1, 2]))
    student = view(explorer)
    with caplog.at_level(logging.ERROR):
        student.press(n=1)
    assert [type(error) for error in explorer.errors] == [ZeroDivisionError]
    assert "ZeroDivisionError" in caplog.text
    assert explorer.words["error"] in student.trouble()
    assert "ZeroDivisionError: division by zero (test_explorer.py, line" in student.trouble()
    student.press(n=0)
    assert student.trouble() == "" and len(explorer.errors) == 1 and student.seen()[0]


def test_the_technical_line_is_folded_in_the_plain_twin():
    explorer = Explorer("題", broken, Range("n", "n", [1, 2]))
    student = Twin(explorer)
    student.press(n=1)
    folded = re.search("<details>.*</details>", student.view.trouble.value)[0]
    assert "ZeroDivisionError" in folded
    assert "ZeroDivisionError" not in student.view.trouble.value.replace(folded, "")
    assert student.view.picture.value == ""  # it would not belong to these values


def test_a_failure_at_the_first_values_is_the_cells():
    with pytest.raises(ZeroDivisionError):
        Explorer("題", lambda n: 1 / 0, Range("n", "n", [1, 2]))


@VIEWS
def test_draw_may_refuse_values_that_do_not_go_together(view):
    def draw(n):
        if n == 2:
            raise Refused("no two")
        return told(n=n)

    explorer = Explorer("題", draw, Range("n", "n", [1, 2, 3]))
    student = view(explorer)
    before = explorer.drawing
    student.press(n=1)
    assert student.notes() == "no two" and explorer.drawing is before and explorer.errors == []
    student.press(n=2)
    assert student.notes() == "" and explorer.drawing is not before


def test_a_message_that_makes_no_sense_is_kept_as_an_error(explorer):
    student = Screen(explorer)
    for message in ({"action": "set"}, {"values": {"size": 99}}, {"values": {"no": 1}}):
        student.view._handle_custom_msg(message, [])
    assert len(explorer.errors) == 3 and explorer.trouble()


# --- to read ----------------------------------------------------------------------------


def test_static_html_shows_the_first_values_and_the_picture(explorer, lang):
    Screen(explorer).press(size=0)
    page, seen = explorer.html(), explorer()
    assert page.startswith(f'<section lang="{say.html_lang()}">')
    assert seen.picture in page and "題 &lt;b&gt;" in page and "<b>" not in page
    for value in ("4 px", "全体", "3", "猫 犬", explorer.words["off"], explorer.words["live_note"]):
        assert value in page
    assert "<script" not in page and "data-lm" not in page


def test_every_bundle_has_something_to_read(explorer):
    for data in (explorer._repr_mimebundle_()[0], explorer(size=8)._repr_mimebundle_()):
        assert "<p>" in data["text/html"] and data["text/plain"]
    data, _ = explorer._repr_mimebundle_()
    assert VIEW in data and (data["text/html"], data["text/plain"]) == (
        explorer.html(), repr(explorer),
    )  # fmt: skip
    assert "explorer(size=4)" in repr(explorer) and explorer().sentence in repr(explorer)


def test_every_root_carries_its_language(explorer):
    lang = say.html_lang()
    assert Screen(explorer).view.lang == lang
    view = explorer.show_plain("note")
    for text in (view.box.children[0].value, view.picture.value):
        assert text.startswith(f'<div lang="{lang}"')
    assert f'<div lang="{lang}">' in explorer()._repr_mimebundle_()["text/html"]


def test_the_anywidget_view_knows_all_that_the_script_draws(explorer):
    view = Screen(explorer).view
    kinds = {c["name"]: c["kind"] for c in view.controls}
    assert list(kinds.values()) == ["range", "select", "check", "number", "text"]
    known = re.search("const KINDS = {(.*)}", sources("explorer")[0])[1]
    assert set(kinds.values()) == set(re.findall(r"(\w+):", known))
    assert set(view.words) == set(ExplorerAnywidgetView.screen_words)


def test_switch_forces_the_plain_twin(explorer, monkeypatch):
    monkeypatch.setenv("TRIAD_WIDGETS", "plain")
    data, _ = explorer._repr_mimebundle_()
    assert explorer.view.box.model_id in str(data[VIEW])


def test_silence_brings_the_plain_twin_with_a_reason(explorer, monkeypatch):
    loop, shown = FakeLoop(), []
    handle = type("Handle", (), {"display_id": "d1"})
    monkeypatch.setattr("helpers.widgets.base.widget.running_loop", lambda: loop)
    monkeypatch.setattr("helpers.widgets.base.widget.display", lambda *_, **__: handle)
    monkeypatch.setattr(
        "helpers.widgets.base.widget.update_display", lambda data, **_: shown.append(data)
    )
    explorer._ipython_display_()
    loop.run(9)
    assert shown == []
    loop.run(9)
    assert explorer.words["plain_note"] in explorer.view.box.children[0].value
    assert shown[0]["text/html"] == explorer.html()


def test_an_answering_front_end_keeps_the_anywidget_view(explorer, monkeypatch):
    loop = FakeLoop()
    monkeypatch.setattr("helpers.widgets.base.widget.running_loop", lambda: loop)
    explorer._ipython_display_()
    explorer.view._handle_custom_msg({"action": "alive"}, [])
    loop.run(60)
    assert isinstance(explorer.view, ExplorerAnywidgetView) and loop.planned == []


# --- every explorer of ours -------------------------------------------------------------

WEIGHTS = [[[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0], [0.5, 0.5]]]] * 2  # (2 layers, 2 heads, 2, 2)
MAKES = itertools.product((2, 8, 16), ("pre", "post", "none"), (True, False), POSITIONS.values())
GRID = [
    {
        "experiment": "grid",
        "switches": {"depth": depth, "norm": norm, "residual": residual, "position": position},
        "steps": 10,
        "rate": 0.01,
        "seed": 0,
        "accuracy": 0.9 - n / 100,
        "losses": [2.0, 1.0 - n / 100],
    }
    for n, (depth, norm, residual, position) in enumerate(MAKES)
]
OURS = {
    "block": lambda: BlockExplorer(GRID),
    "softmax": SoftmaxExplorer,
    "lens": lambda: LensExplorer.of([[3.0, 2.0, 1.0], [0.0, 2.0, 1.0]], "abc"),
    "sampling": lambda: SamplingExplorer.of([3.0, 2.0, 1.0, 0.0], "abcd"),
    "attention": lambda: AttentionExplorer.of(WEIGHTS, ["猫", "<犬>"]),
    "cross": lambda: AttentionExplorer.of(WEIGHTS, ["q", "r"], ["猫", "犬"]),
}


def last_raw(control):
    """Another raw value than the first one, of any control."""
    drawn = control.drawn()
    if "texts" in drawn:
        return len(drawn["texts"]) - 1 - (control.start() == len(drawn["texts"]) - 1)
    return {"check": not control.start(), "number": "7", "text": ""}[drawn["kind"]]


@VIEWS
@pytest.mark.parametrize("name", OURS)
def test_every_control_of_ours_changes_what_is_seen(view, name):
    explorer = OURS[name]()
    for control in explorer.controls.values():
        student = view(OURS[name]())
        before = student.explorer.drawing
        student.press(**{control.name: last_raw(control)})
        assert student.explorer.errors == [] and student.explorer.notes == {}
        value = control.read(last_raw(control))
        assert student.explorer.drawing == explorer(**{control.name: value})
        assert student.explorer.drawing.sentence != before.sentence or name == "attention"


@pytest.mark.parametrize("name", OURS)
def test_pictures_of_ours_have_cells_that_say_what_they_show(name):
    picture = OURS[name]().drawing.picture
    cells = re.findall(r'data-cell="(\d+),(\d+)"><title>([^<]+)</title>', picture)
    assert ("0", "0") in {cell[:2] for cell in cells} and all(says for *_, says in cells)
    assert picture.count("<svg") == 1 and "<犬>" not in picture


def test_softmax_explorer_tells_what_scaling_does():
    """The variance of q·k is d_k: without the division softmax tends to one key."""
    raw, scaled = (
        [max(softmax.weights(1024, s, seed)) for seed in range(20)] for s in (False, True)
    )
    assert sum(raw) / 20 > 0.8 and sum(scaled) / 20 < 0.4
    for d_k in (1, 64, 1024):
        weights = softmax.weights(d_k, True, 3)
        assert len(weights) == 16 and abs(sum(weights) - 1) < 1e-12
    assert softmax.weights(1, True) == softmax.weights(1, False)
    assert (
        "16" in SoftmaxExplorer().drawing.sentence
        and "1,024" in SoftmaxExplorer()(d_k=1024).sentence
    )


# --- trained blocks ---------------------------------------------------------------------


def changed(**new):
    """The run of eight blocks with everything, and what differs from it."""
    return GRID[len(GRID) // 3] | new


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_block_explorer_shows_the_best_of_the_rates(lang):
    say.use(lang)
    worse, better = changed(rate=0.01, accuracy=0.3), changed(rate=0.003, accuracy=0.97)
    other = changed(switches={"depth": 2})  # norm, residual and position at their defaults
    for runs in ([worse, better, other], [other, better, worse]):
        sentence = BlockExplorer(runs)(depth=8).sentence
        assert "0.97" in sentence and "0.003" in sentence and "0.3" not in sentence
    assert BlockExplorer([better, other])(depth=2, position="none").sentence
    with pytest.raises(Refused, match="pre-norm"):
        BlockExplorer([better, other])(depth=2)


def test_the_block_explorer_opens_with_what_ships():
    explorer = BlockExplorer()
    assert explorer.drawing.picture.count("<circle") == 20
    assert explorer(residual=False).sentence != explorer.drawing.sentence


def test_a_loss_that_is_no_number_breaks_the_line_and_is_said():
    losses = [2.0, 9.0, None, None]
    runs = [changed(losses=losses), changed(switches={"depth": 2})]
    drawing = BlockExplorer(runs)(depth=8)
    assert len(re.findall("<circle", drawing.picture)) == 4
    assert drawing.picture.count(say.text("svg", "point_none", label="")) == 2
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawing.picture)]
    assert heights[1] == heights[2] < heights[0]  # above the top: drawn there
    diverged = {"ja": "発散", "zh-tw": "發散"}[say.language()]
    whole = BlockExplorer([changed(losses=[2.0, 1.0]), runs[1]])(depth=8)
    assert diverged in drawing.sentence and diverged not in whole.sentence


# --- sampling ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "k, p, kept", [(0, 1.0, 4), (2, 1.0, 2), (0, 0.6, 1), (0, 0.65, 2), (3, 0.5, 1)]
)
def test_filtered_keeps_the_fewest_that_reach_the_share(k, p, kept):
    """e³ : e² : e¹ : 1 = .644 .237 .087 .032"""
    result = filtered([1.0, 3.0, 0.0, 2.0], top_k=k, top_p=p)
    assert sum(x > 0 for x in result) == kept and abs(sum(result) - 1) < 1e-12
    assert result.index(max(result)) == 1


def test_a_share_that_is_reached_exactly_is_enough():
    assert filtered([0.0, 0.0], top_p=0.5) == [1.0, 0.0]


def test_temperature_sharpens_and_flattens():
    bits = [entropy(filtered([0.0, 1.0, 2.0, 3.0], t)) for t in (0.1, 0.5, 1.0, 3.0, 1000.0)]
    assert bits == sorted(bits) and bits[0] < 0.01 and abs(bits[-1] - 2) < 1e-5
    assert entropy([0.5, 0.5]) == 1 and entropy([1.0, 0.0]) == 0


def test_sampling_sentence_and_marks():
    seen = SamplingExplorer.of([3.0, 2.0, 1.0, 0.0], "abcd")(top_k=2)
    for number in ("88.1%", "4", "2", "「a」", "0.644", "0.731"):
        assert number in seen.sentence
    assert seen.picture.count("→ ×") == 2 == seen.picture.count("stroke-dasharray")
    with pytest.raises(ValueError, match=r"3.*4"):
        SamplingExplorer.of([3.0, 2.0, 1.0, 0.0], "abc")


def test_many_tokens_are_summed_up():
    seen = SamplingExplorer.of([float(-n) for n in range(40)], [f"t{n}" for n in range(40)]).drawing
    assert seen.picture.count("data-cell") == 15 and "25" in seen.sentence


# --- attention --------------------------------------------------------------------------


def uniform(allowed):
    return [[a / sum(row) for a in row] for row in allowed]


SHAPES = {
    "full": [[1, 1, 1]] * 3,
    "causal": [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
    "prefix": [[1, 1, 0], [1, 1, 0], [1, 1, 1]],
    "other": [[1, 0, 1], [1, 1, 0], [1, 1, 1]],
}


@pytest.mark.parametrize("kind", SHAPES)
def test_the_kind_is_read_off_the_zeros_and_said(kind):
    weights = uniform(SHAPES[kind])
    assert mask_kind(weights) == kind
    _, sentence = attention_view(weights, "abc", "abc")
    assert (f"（{kind}）" in sentence) == (kind != "other")
    zeros = sum(w == 0 for row in weights for w in row)
    assert f"{zeros}" in sentence or kind == "full"


def test_a_nearly_zero_weight_is_not_a_mask():
    weights = uniform([[1, 1e-12], [1, 1]])
    assert mask_kind(weights) == "full" and short(1e-12) == "0" and short(0.0) == "×"


def test_cross_is_told_apart():
    weights = uniform([[1, 1, 1]] * 2)
    assert mask_kind(weights, cross=True) == "cross"
    picture, sentence = attention_view(weights, ["x", "y"], "abc", cross=True)
    assert "（cross）" in sentence and picture.count("data-cell") == 6


def test_the_largest_weight_is_that_of_a_query_with_a_choice():
    _, sentence = attention_view(
        [[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 0.97, 0.03]], "abc", "xyz"
    )
    assert "「c」" in sentence and "「y」" in sentence and "0.970" in sentence


def test_weights_and_tokens_must_fit():
    with pytest.raises(ValueError, match=r"\(1, 2\).*\(1, 3\)"):
        attention_view([[0.5, 0.5]], "a", "abc")


def test_a_heat_map_has_its_numbers_thrice():
    """In the cell, in its label, in a table for those who cannot see it."""
    picture = heat_map([[0.25, 0.75]], ["q"], ["<k>", "犬"], "名")
    assert ">.25</text>" in picture and "0.250" in picture.split("<details>")[0]
    assert '<th scope="row">q</th><td>0.250</td><td>0.750</td>' in picture
    assert '<th scope="col">&lt;k&gt;</th>' in picture


def test_many_cells_leave_the_numbers_to_the_labels():
    n = 40
    picture = heat_map([[1 / n] * n] * n, ["x"] * n, ["x"] * n, "名")
    assert (
        ">.03</text>" not in picture.split("<details>")[0] and picture.count("data-cell") == n * n
    )


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_number_can_be_read_on_its_cell():
    """WCAG 2.2: 4.5 : 1.  Larger weights are darker."""
    inks = {"#000": 0.0, "#fff": 1.0}
    last = math.inf
    for weight in (n / 200 for n in range(201)):
        ground = luminance(shade(weight))
        light, dark = sorted((ground, inks[ink_on(weight)]), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
        assert ground <= last
        last = ground
