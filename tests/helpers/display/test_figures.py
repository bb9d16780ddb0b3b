"""Figures: every glyph there, without the system's fonts; readable in grey; a text equivalent."""

import base64
import functools
import importlib.util
import io
import itertools
import os
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import turns
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from places import ROOT

matplotlib.use("agg")

import matplotlib.pyplot as plt

from course_tools.makers import fonts
from helpers.display import figures
from helpers.language import say

plt.switch_backend("agg")  # pyplot looks for IPython now, not while a test pretends to be in one
pytestmark = pytest.mark.filterwarnings("error")

OWN_FONTS = Path(matplotlib.get_data_path())
MESSAGES = ROOT / "src" / "helpers" / "language" / "messages" / "figures.toml"
DEJAVU = OWN_FONTS / "fonts" / "ttf" / "DejaVuSans.ttf"
WORDS = {"ja": "注意の重み（学習後）、系列長", "zh-tw": "注意力權重（訓練後），序列長度"}
KANA = re.compile("[\u3041-\u30ff]")


@pytest.fixture(autouse=True)
def without_system_fonts(monkeypatch):
    """Only the fonts that matplotlib brings along; style, language and figures put back after."""
    known = font_manager.fontManager.ttflist
    own = [font for font in known if OWN_FONTS in Path(font.fname).parents]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    before = say.language()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever another file's tests have set
        yield
    plt.close("all")
    say.use(before)


@pytest.fixture(params=turns.by_turns(1))
def lang(request):
    say.use(request.param)
    figures.use()
    return request.param


def font_path(lang: str) -> Path:
    return figures.FONTS / figures.TYPEFACES[lang][1]


@functools.cache
def characters_of(path: Path) -> frozenset[str]:
    font = TTFont(path)
    return frozenset(chr(code) for code, glyph in font.getBestCmap().items() if glyph != ".notdef")


def luminance(color) -> np.ndarray:
    """WCAG 2.2 relative luminance of sRGB values from 0 to 1, last axis R G B (A)."""
    rgb = np.asarray(matplotlib.colors.to_rgba_array(color))[..., :3]
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
        0.2126, 0.7152, 0.0722,
    ]  # fmt: skip


def contrast(one, other) -> float:
    dark, light = sorted((luminance(one).item(), luminance(other).item()))
    return (light + 0.05) / (dark + 0.05)


def pixels(fig) -> np.ndarray:
    fig.canvas.draw()
    return np.asarray(fig.canvas.buffer_rgba())


def pixel(fig, ax, column: float, row: float) -> float:
    """Luminance of the drawn pixel at data coordinates."""
    image = pixels(fig)
    x, y = ax.transData.transform((column, row))
    return luminance(image[image.shape[0] - 1 - int(y), int(x)] / 255).item()


# ---- the fonts -----------------------------------------------------------------------------


def jis_kanji() -> set[str]:
    """JIS X 0208 rows 16 to 84: levels 1 and 2."""
    cells = (bytes([0xA0 + row, 0xA0 + cell]) for row in range(16, 85) for cell in range(1, 95))
    return set("".join(cell.decode("euc_jp", "ignore") for cell in cells))


def big5_level_1() -> set[str]:
    """Big5 A440 to C67E."""
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    cells = (bytes([lead, trail]) for lead in range(0xA4, 0xC7) for trail in trails)
    return set("".join(cell.decode("big5", "ignore") for cell in cells if cell <= b"\xc6\x7e"))


def code_points(*ranges: tuple[int, int]) -> set[str]:
    return {chr(code) for first, last in ranges for code in range(first, last + 1)}


REQUIRED = {
    "JIS X 0208 level 1 and 2": jis_kanji(),
    "Big5 level 1": big5_level_1(),
    "ASCII, Latin-1": code_points((0x20, 0x7E), (0xA0, 0xFF)),
    "Greek": code_points((0x391, 0x3A1), (0x3A3, 0x3A9), (0x3B1, 0x3C9)),
    "kana": code_points((0x3041, 0x3096), (0x30A1, 0x30FE)),
    "full-width forms": code_points((0xFF01, 0xFF5E)),
    "box drawing": code_points((0x2500, 0x254B)),
    "punctuation": set("、。，．・：；？！ー—…「」『』（）【】〈〉《》〜～々〆‥’“”"),
    "arrows, operators": set("←↑→↓⇒⇔±×÷−≈≠≦≧≤≥∞∝√∑∏∫∂∇∈∋⊂⊃∪∩∧∨∀∃∴∵"),
    "shapes": set("■□▲△▼▽●○◎◆◇★☆✓"),
}
FROM_DEJAVU = set("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉₊₋ⁿᵀ≒⊙⊤")  # Noto Sans CJK lacks most of these


@pytest.mark.parametrize("lang", say.COMPLETE)
@pytest.mark.parametrize("name", REQUIRED)
def test_font_holds_the_standard_characters(lang, name):
    missing = REQUIRED[name] - characters_of(font_path(lang))
    assert not missing, f"{font_path(lang).name} lacks {''.join(sorted(missing))}"


def test_code_tables_are_whole():
    assert len(jis_kanji()) == 6355 and len(big5_level_1()) == 5401


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_sub_and_superscripts_can_be_drawn(lang):
    assert characters_of(font_path(lang)) | characters_of(DEJAVU) >= FROM_DEJAVU


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_font_holds_every_character_of_the_course(lang):
    course = {c for c in fonts.course_characters(ROOT) if not c.isspace()}
    messages = set(MESSAGES.read_text(encoding="utf-8"))
    assert {c for c in messages if not c.isspace()} <= course
    drawable = characters_of(font_path(lang)) | characters_of(DEJAVU)
    missing = "".join(sorted(course - drawable))
    assert not missing, (
        f"{font_path(lang).name} lacks {missing}: run `python -m course_tools.makers.fonts` again "
        "(after `pip install -e .[fonts]`); if it is still missing, use another character"
    )


def outline(lang: str, character: str) -> list:
    font, pen = TTFont(font_path(lang)), DecomposingRecordingPen(None)
    font.getGlyphSet()[font.getBestCmap()[ord(character)]].draw(pen)
    return pen.value


@pytest.mark.parametrize("character", "骨直注")
def test_faces_have_the_shapes_of_their_country(character):
    assert outline("ja", character) and outline("zh-tw", character)
    assert outline("ja", character) != outline("zh-tw", character)


def test_faces_share_the_outlines_that_do_not_differ():
    """So the test above sees shapes of a country, and not two different designs."""
    assert outline("ja", "一") == outline("zh-tw", "一") != []


@pytest.mark.parametrize("lang", say.COMPLETE)
def test_font_has_its_own_name_and_keeps_its_licence(lang):
    names = TTFont(font_path(lang))["name"]
    assert names.getDebugName(1) == names.getDebugName(4) == figures.TYPEFACES[lang][0]
    assert names.getDebugName(6) == font_path(lang).stem
    assert "Adobe" in names.getDebugName(0) and "SIL Open Font License" in names.getDebugName(13)
    assert font_path(lang).stat().st_size < 4e6
    licence = (figures.FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert names.getDebugName(0) in licence and "SIL OPEN FONT LICENSE Version 1.1" in licence


@pytest.mark.skipif(os.environ.get("TRIAD_ALL") != "1", reason="TRIAD_ALL=1 runs it")
@pytest.mark.skipif(
    importlib.util.find_spec("noto_cjk_sans_otc") is None, reason="pip install -e .[fonts]"
)
@pytest.mark.parametrize("lang", say.COMPLETE)
def test_fonts_are_made_again_to_the_byte(lang, tmp_path):
    made = fonts.make(figures.TYPEFACES[lang][0], tmp_path)
    assert made.name == figures.TYPEFACES[lang][1]
    same = made.read_bytes() == font_path(lang).read_bytes()
    assert same, "run `python -m course_tools.makers.fonts` again"


# ---- use -----------------------------------------------------------------------------------


def test_each_language_draws_with_its_own_face(lang):
    other = "zh-tw" if lang == "ja" else "ja"
    chosen = font_manager.findfont(font_manager.FontProperties())
    assert Path(chosen) == font_path(lang) != font_path(other)
    drawn = {}
    for name in (lang, other):
        figures.use(name)
        fig = plt.figure(figsize=(1, 1))
        fig.text(0.2, 0.2, "骨", size=40)
        drawn[name] = pixels(fig)
    assert (drawn[lang] != drawn[other]).any()


def test_use_twice_registers_once(lang):
    figures.use(lang)
    names = [font.name for font in font_manager.fontManager.ttflist]
    assert names.count(figures.TYPEFACES[lang][0]) == 1


def test_use_refuses_a_language_that_the_course_does_not_have(lang):
    with pytest.raises(ValueError, match=r"'xx'.*'ja', 'zh-tw'"):
        figures.use("xx")


def test_texts_minus_signs_and_formulas_draw_without_a_warning(lang, caplog):
    fig, ax = plt.subplots()
    ax.plot([-2, -1, 0], [-1e-3, 1, 2], label=WORDS[lang])
    ax.set(title=WORDS[lang], xlabel=f"{WORDS[lang]} $\\sqrt{{d_k}}$", ylabel="QKᵀ")
    ax.legend()
    fig.savefig(io.BytesIO())
    assert "−2.00" in {label.get_text() for label in ax.get_xticklabels()}
    assert not caplog.records


@pytest.mark.parametrize("draw", ["bar", "scatter", "step", "loglog", "fill_between", "stem"])
def test_line_cycle_suits_every_kind_of_plot(lang, draw):
    fig, ax = plt.subplots()
    getattr(ax, draw)([1, 2, 3], [1.0, 10.0, 100.0], label=WORDS[lang])
    ax.legend()
    assert figures.draw_png(fig).startswith(b"\x89PNG")


# Machado et al. 2009, severity 1; rows act on linear RGB.
COLOUR_VISION = {
    "normal": np.eye(3),
    "protan": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deutan": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritan": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9309, 0.1476], [0.0047, 0.6914, 0.3039]],
}


def oklab(color: str, vision) -> np.ndarray:
    """Ottosson 2020: OKLab of a colour as seen by one kind of colour vision."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lms = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
    lab = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
    return np.array(lab) @ np.cbrt(np.array(lms) @ np.clip(np.array(vision) @ linear, 0, 1))


def test_lines_differ_in_colour_for_everyone_and_in_shape(lang):
    cycle = plt.rcParams["axes.prop_cycle"].by_key()
    for shape in ("marker", "linestyle"):
        assert len(set(cycle[shape])) == len(cycle["color"]) >= 5
    assert min(contrast(color, "white") for color in cycle["color"]) >= 3
    for vision in COLOUR_VISION.values():
        seen = [oklab(color, vision) for color in cycle["color"]]
        distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(distances) > 0.07  # 0.02 is a just noticeable difference


# ---- show ----------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser finds: attributes by tag, text by tag."""

    def __init__(self, source: str):
        super().__init__()
        self.attributes, self.texts, self.open = {}, {}, []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.attributes[tag] = dict(attrs)
        self.open.append(tag)

    def handle_endtag(self, tag):
        del self.open[self.open.index(tag) :]

    def handle_data(self, data):
        self.texts[self.open[-1]] = data


@pytest.fixture
def bundles(monkeypatch):
    """The mimebundles that a notebook would get."""
    shown = []
    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    return shown


def test_shown_figure_has_its_text_equivalent(lang, bundles):
    description = f'{WORDS[lang]} <b>"0.5" & x'
    fig, ax = plt.subplots()
    ax.set_title(WORDS[lang])
    assert figures.show(fig, description) is None
    (bundle,) = bundles
    page = Page(bundle["text/html"])
    assert bundle["text/plain"] == description
    assert page.attributes["img"]["alt"] == page.texts["p"] == description
    assert page.texts["summary"] == {"ja": "図の説明", "zh-tw": "圖的文字說明"}[lang]
    assert page.attributes["figure"]["lang"] == {"ja": "ja", "zh-tw": "zh-Hant-TW"}[lang]
    assert "b" not in page.attributes
    assert plt.get_fignums() == []


def test_shown_png_is_sharp_and_opaque_white_for_dark_themes(lang, bundles, tmp_path):
    figures.show(plt.subplots()[0], WORDS[lang])
    image = Page(bundles[0]["text/html"]).attributes["img"]
    kind, data = image["src"].split(",")
    (tmp_path / "figure.png").write_bytes(base64.b64decode(data))
    drawn = plt.imread(tmp_path / "figure.png")
    assert kind == "data:image/png;base64"
    assert drawn.shape[1] // 2 == int(image["width"])
    assert (drawn[0, 0] == 1).all()


# --- dark paper, narrow pages -----------------------------------------------------------------


@pytest.fixture
def phones(monkeypatch):
    """As when the site draws."""
    monkeypatch.setenv("TRIAD_NARROW", "1")


def pictures(page: str) -> list[np.ndarray]:
    """What takes the picture's place: on dark pages, and on narrow ones, light and dark."""
    found = re.findall(r'content: url\("data:image/png;base64,([^"]+)"\)', page)
    return [plt.imread(io.BytesIO(base64.b64decode(png))) for png in found]


def panels(count=1, size=(8, 4)):
    """A figure of bars side by side, whose groups have long names."""
    fig, axes = plt.subplots(1, count, figsize=size, sharey=True, squeeze=False)
    for ax in axes.flat:
        ax.bar(range(4), [1, 2, 3, 4])
        ax.set_xticks(range(4), ["regularisation loss"] * 4)
    axes[0, 0].set_ylabel("y")
    return fig


def heat_map():
    fig, ax = plt.subplots(figsize=(9, 6))
    figures.matrix(ax, np.eye(9, 15), list("abcdefghi"), list("abcdefghijklmno"))
    return fig


PAGE = 400 - 32  # pixels of a picture on a page of 400
WIDE = {"one": panels, "three": lambda: panels(3, (11, 3.4)), "heat map": heat_map}


@turns.in_ci
@pytest.mark.parametrize("wide", WIDE.values(), ids=WIDE)
def test_on_a_page_of_400_pixels_labels_are_9_pixels_high(lang, bundles, monkeypatch, phones, wide):
    ems = figures.LARGEST_TEXT * 100 / 72  # pixels, of the labels of a heat map; others are larger
    figures.show(wide(), WORDS[lang])
    _, small, night = pictures(bundles[0]["text/html"])
    for drawn in (small, night):
        assert ems * PAGE / (drawn.shape[1] / figures.PIXEL_RATIO) >= 9
    monkeypatch.setattr(figures, "NARROW", 99)
    figures.show(wide(), WORDS[lang])
    page = bundles[1]["text/html"]
    assert len(pictures(page)) == 1  # as it would be without: too small to read
    assert ems * PAGE / int(Page(page).attributes["img"]["width"]) < 8


def test_a_figure_that_is_narrow_is_drawn_once_for_all_pages(lang, bundles, phones):
    figures.show(plt.subplots(figsize=(figures.NARROW, 3))[0], WORDS[lang])
    assert len(pictures(bundles[0]["text/html"])) == 1
    assert "@media" not in bundles[0]["text/html"]


def test_a_figure_without_room_on_a_narrow_page_keeps_its_wide_picture(lang, bundles, phones):
    """Beside labels as wide as the page, constrained_layout leaves nothing."""
    fig, ax = plt.subplots(figsize=(11, 3))
    ax.barh(range(2), [1, 2])
    ax.set_yticks(range(2), ["regularisation loss" * 5] * 2)
    figures.show(fig, WORDS[lang])
    assert "@media" not in bundles[0]["text/html"]


def test_a_lesson_is_not_kept_waiting_for_pictures_of_phones(lang, bundles):
    figures.show(panels(), WORDS[lang])
    assert len(pictures(bundles[0]["text/html"])) == 1  # the dark one


def labels(ax):
    return [label.get_window_extent() for label in ax.get_xticklabels()]


def test_on_a_narrow_page_panels_stand_one_below_the_other_each_with_its_labels():
    fig = panels(3, (15, 3.4))
    with figures.narrowed(fig):
        fig.draw_without_rendering()
        boxes = [ax.get_position() for ax in fig.axes]
        assert all(one.y0 > other.y1 for one, other in itertools.pairwise(boxes))
        assert len({round(box.x0, 6) for box in boxes}) == 1
        for ax in fig.axes:
            assert ax.get_ylabel() == "y" and all(t.get_visible() for t in ax.get_yticklabels())
            assert ax.yaxis.get_tick_params()["labelleft"]


def test_labels_that_would_touch_are_slanted_on_a_narrow_page_only():
    fig = panels()
    fig.draw_without_rendering()
    before = pixels(fig)
    touching = [one.x1 > other.x0 for one, other in itertools.pairwise(labels(fig.axes[0]))]
    assert not any(touching)
    with figures.narrowed(fig):
        assert {t.get_rotation() for t in fig.axes[0].get_xticklabels()} == {30}
    assert {t.get_rotation() for t in fig.axes[0].get_xticklabels()} == {0}
    assert (pixels(fig) == before).all()


def test_labels_of_two_lines_do_not_meet_on_a_narrow_page():
    """As they would, slanted: eleven pairs of bars have them in lesson 03."""
    fig, ax = plt.subplots(figsize=(9, 3))
    ax.set_xticks(range(11), ["verb\nshort", "time word\nall"] * 5 + ["verb\nlong"])
    with figures.narrowed(fig):
        fig.draw_without_rendering()
        assert {t.get_rotation() for t in ax.get_xticklabels()} == {90}
        assert all(one.x1 < other.x0 for one, other in itertools.pairwise(labels(ax)))
    assert {t.get_rotation() for t in ax.get_xticklabels()} == {0}


def test_numbers_of_a_heat_map_fit_the_cells_of_a_narrow_page():
    fig = heat_map()
    sizes = [text.get_size() for text in fig.axes[0].texts]
    with figures.narrowed(fig):
        fig.draw_without_rendering()
        cell = fig.axes[0].get_window_extent().width / 15
        assert max(t.get_window_extent().width for t in fig.axes[0].texts) < cell
    assert [text.get_size() for text in fig.axes[0].texts] == sizes


def test_words_beside_a_heat_map_without_numbers_keep_their_size():
    fig, ax = plt.subplots(figsize=(9, 6))
    figures.matrix(ax, np.eye(15, 23), fmt=None)
    word = ax.annotate("word", (3, 3), size=9)
    with figures.narrowed(fig):
        assert word.get_size() == 9


def test_on_dark_pages_another_picture_takes_its_place(lang, bundles, phones):
    fig, ax = plt.subplots()
    ax.plot([1, 2], label=WORDS[lang])
    ax.legend()
    figures.show(fig, WORDS[lang])
    page = bundles[0]["text/html"]
    name = Page(page).attributes["img"]["class"]
    assert all(f"{dark} img.{name}" in page for dark in figures.DARK_PAGES)
    for night in (pictures(page)[0], pictures(page)[2]):
        assert night[0, 0, :3] == pytest.approx([figures.NIGHT] * 3, abs=0.005)
    assert "background: #111111 !important" in page


def test_texts_and_lines_are_legible_on_both_papers(lang):
    texts = ["black", figures.GREY]
    lines = [*figures.LINES.by_key()["color"], figures.DARK, "grey"]
    assert min(contrast(c, "white") for c in texts) >= 4.5
    assert min(contrast(figures.at_night(c), "#111111") for c in texts) >= 4.5
    assert min(contrast(c, "white") for c in lines) >= 3
    assert min(contrast(figures.at_night(c), "#111111") for c in lines) >= 3


def test_the_colours_of_data_stay_in_the_dark(lang):
    """Darker is more, on dark paper too, and a number keeps its contrast to its cell."""
    fig, (left, right) = plt.subplots(1, 2)
    image = figures.matrix(left, [[0.0, 1.0]], [WORDS[lang]], ["a", "b"])
    figures.mask(right, [[True, False]])
    inks = [text.get_color() for text in left.texts]
    marks = [mark.get_edgecolor().tolist() for mark in right.collections]
    legend = [line.get_color() for line in right.get_legend().findobj(Line2D)]
    before = image.to_rgba(image.get_array())
    figures.darken(fig)
    assert (image.to_rgba(image.get_array()) == before).all()
    assert [text.get_color() for text in left.texts] == inks
    assert [mark.get_edgecolor().tolist() for mark in right.collections] == marks
    assert [line.get_color() for line in right.get_legend().findobj(Line2D)] == legend
    labels = [*left.get_xticklabels(), *left.get_yticklabels(), *right.get_legend().get_texts()]
    assert min(contrast(label.get_color(), "#111111") for label in labels) >= 4.5


def test_lines_in_the_same_place_are_each_seen(lang, tmp_path):
    """Every one of the five has pixels of its colour."""
    fig, ax = plt.subplots()
    for n in range(5):
        ax.plot([0, 1, 2, 3], [0, 1, 1, 2], label=f"{n}")
    ax.grid(visible=False)
    (tmp_path / "lines.png").write_bytes(figures.draw_png(fig))
    drawn = plt.imread(tmp_path / "lines.png")[..., :3]
    for color in figures.LINES.by_key()["color"][:4]:  # the fifth is black, as the axes are
        near = np.abs(drawn - to_rgba(color)[:3]).max(-1) < 0.02
        assert near.sum() > 100, color
    plt.close(fig)


def test_plain_python_prints_the_description(lang, capsys):
    figures.show(plt.subplots()[0], f"{WORDS[lang]}\n")
    assert capsys.readouterr().out == f"{WORDS[lang]}\n"


@pytest.mark.parametrize("description", ["", " \n", None])
def test_no_description_is_an_error(lang, description, bundles):
    with pytest.raises(figures.FigureError, match=r"figures\.show\(fig, ") as error:
        figures.show(plt.subplots()[0], description)
    assert bool(KANA.search(str(error.value))) == (lang == "ja")
    assert bundles == [] and plt.get_fignums() == []


PLACES = {
    "title": lambda ax, text: ax.set_title(text),
    "tick label": lambda ax, text: ax.set_xticks([0], [text]),
    "legend": lambda ax, text: (ax.plot([0], [0], label=text), ax.legend()),
    "annotation": lambda ax, text: ax.annotate(text, (0, 0)),
    "figure": lambda ax, text: ax.figure.suptitle(text),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("character", ["한", "🦊", "𠮷"])
def test_character_without_a_glyph_is_an_error_that_names_it(lang, place, character, bundles):
    fig, ax = plt.subplots()
    PLACES[place](ax, f"{WORDS[lang]}{character}")
    with pytest.raises(figures.MissingGlyph) as error:
        figures.show(fig, WORDS[lang])
    message = str(error.value)
    assert f"{character}（U+{ord(character):04X}）" in message and "makers.fonts" in message
    assert not set(WORDS[lang][:3]) & set(re.findall("(.)（U", message))
    assert figures.TYPEFACES[lang][0] in message and bool(KANA.search(message)) == (lang == "ja")
    assert bundles == [] and plt.get_fignums() == []


def test_without_use_the_cjk_characters_are_missing(bundles):
    fig, ax = plt.subplots()
    ax.set_title("骨")
    with pytest.raises(figures.MissingGlyph, match=r"骨（U\+9AA8）.*figures\.use\(\)"):
        figures.show(fig, "骨")


def without_glyph(source: Path, character: str, target: Path) -> None:
    font = TTFont(source, recalcBBoxes=False)  # not of all glyphs, which takes seconds
    for table in font["cmap"].tables:
        table.cmap.pop(ord(character), None)
    font.save(target)


def test_a_glyph_taken_out_of_a_font_is_seen(lang, bundles, monkeypatch, tmp_path):
    broken = tmp_path / figures.TYPEFACES[lang][1]
    without_glyph(font_path(lang), "注", broken)
    own = [font for font in font_manager.fontManager.ttflist if "Triad" not in font.name]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(figures, "FONTS", tmp_path)
    figures.use(lang)
    assert jis_kanji() - characters_of(broken) == big5_level_1() - characters_of(broken) == {"注"}
    fig, ax = plt.subplots()
    ax.set_title(WORDS[lang])
    with pytest.raises(figures.MissingGlyph, match="注（") as error:
        figures.show(fig, WORDS[lang])
    assert str(error.value).count("（U+") == 1


@pytest.mark.parametrize(
    ("text", "style", "warned"),
    [("$\\mathrm{注}$", {}, "does not have a glyph"), ("0", {"family": "Nowhere"}, "Nowhere")],
)
def test_every_other_warning_is_an_error_too(lang, bundles, text, style, warned, capfd):
    fig = plt.figure()
    fig.text(0.5, 0.5, text, **style)
    with pytest.raises(figures.FigureError, match=warned):
        figures.show(fig, WORDS[lang])
    assert bundles == [] and capfd.readouterr().err == ""


class Warns(Artist):
    """Warns whenever it is drawn."""

    def __init__(self, category: type[Warning]):
        super().__init__()
        self.category = category

    def draw(self, renderer):
        warnings.warn("from the drawing", self.category, stacklevel=1)


def test_warning_while_drawing_is_an_error_but_a_deprecation_is_not(lang, bundles):
    fig = plt.figure()
    fig.add_artist(Warns(DeprecationWarning))
    figures.show(fig, WORDS[lang])
    fig.add_artist(Warns(UserWarning))
    with pytest.raises(figures.FigureError, match="from the drawing"):
        figures.show(fig, WORDS[lang])
    assert len(bundles) == 1


# ---- matrix and mask -----------------------------------------------------------------------


def test_matrix_writes_each_number_in_readable_ink(lang):
    values = np.linspace(-1, 1, 48).reshape(6, 8)
    fig, ax = plt.subplots()
    image = figures.matrix(ax, values, rows=list("注意力權重値"), columns=list("abcdefgh"))
    expected = [f"{value:.2f}".replace("-", "−") for value in values.flat]
    assert [text.get_text() for text in ax.texts] == expected
    for text, value in zip(ax.texts, values.flat, strict=True):
        assert contrast(text.get_color(), image.cmap(image.norm(value))) >= 4.5
        column, row = text.get_position()
        assert values[int(row), int(column)] == value
    assert [label.get_text() for label in ax.get_yticklabels()] == list("注意力權重値")
    assert figures.draw_png(fig)


def test_matrix_is_readable_in_grey(lang):
    fig, ax = plt.subplots()
    figures.matrix(ax, np.arange(9.0).reshape(3, 3))
    corners = [pixel(fig, ax, column - 0.35, row - 0.35) for row in range(3) for column in range(3)]
    assert (np.diff(corners) < 0).all()


def test_colours_of_a_matrix_are_even_in_lightness():
    greys = luminance(figures.COLORMAP(np.linspace(0, 1, 11)))
    lightness = 116 * np.cbrt(greys) - 16  # CIE L*, above its linear foot
    steps = -np.diff(lightness)
    assert steps.min() > 0 and steps.max() / steps.min() < 1.1


def test_matrix_draws_minus_infinity_and_nan_in_white(lang):
    fig, ax = plt.subplots()
    figures.matrix(ax, [[0.5, -np.inf], [np.nan, 1.0]], fmt="{:.1f}")
    assert [text.get_text() for text in ax.texts] == ["0.5", "−∞", "nan", "1.0"]
    assert pixel(fig, ax, 0.65, -0.35) == pixel(fig, ax, -0.35, 0.65) == 1
    assert figures.draw_png(fig)


@pytest.mark.parametrize(("shape", "fmt"), [((3, 3), None), ((60, 60), "{:.2f}")])
def test_colour_bar_where_numbers_would_not_be_read(lang, shape, fmt):
    fig, ax = plt.subplots()
    figures.matrix(ax, np.arange(np.prod(shape)).reshape(shape), fmt=fmt)
    assert list(ax.texts) == [] and len(fig.axes) == 2
    assert figures.draw_png(fig)


def test_numbers_fit_their_cells(lang):
    fig, ax = plt.subplots()
    figures.matrix(ax, np.full((8, 8), -123.456), fmt="{:.1f}")
    fig.canvas.draw()
    cell = np.diff(ax.transData.transform([(0, 0), (1, 1)])[:, 0]).item()
    assert max(text.get_window_extent().width for text in ax.texts) < cell


def test_long_column_labels_do_not_touch(lang):
    _, ax = plt.subplots()
    figures.matrix(ax, np.eye(8), columns=[WORDS[lang][:6]] * 8)
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {45}


def test_matrix_takes_tensors_of_every_kind(lang):
    torch = pytest.importorskip("torch")
    _, ax = plt.subplots()
    weights = torch.tensor([[0.25, 0.75]], dtype=torch.bfloat16, requires_grad=True)
    figures.matrix(ax, weights)
    figures.mask(plt.subplots()[1], torch.ones(2, 2).tril().bool())
    assert [text.get_text() for text in ax.texts] == ["0.25", "0.75"]


def test_figures_import_no_torch():
    code = "import sys, helpers.display.figures; sys.exit('torch' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_mask_is_readable_without_colour(lang):
    allowed = np.tril(np.ones((4, 4), bool))
    fig, ax = plt.subplots()
    figures.mask(ax, allowed, rows=list("注意重み"), columns=list("注意重み"))
    for (row, column), may_look in np.ndenumerate(allowed):
        mark, ground = (pixel(fig, ax, column + d, row + d) for d in (0, 0.4))
        assert (mark > 0.9 and ground < 0.2) if may_look else (mark < 0.2 and ground == 1)
    visible, hidden = ax.collections
    assert len(visible.get_paths()[0].vertices) != len(hidden.get_paths()[0].vertices)
    assert contrast("white", figures.DARK) >= 4.5 and contrast("white", figures.GREY) >= 4.5


def test_mask_says_what_its_marks_mean(lang):
    fig, (with_legend, without) = plt.subplots(1, 2)
    figures.mask(with_legend, [[True, False]])
    figures.mask(without, [[True, False]], legend=False)
    meanings = {"ja": ["参照できる", "参照できない"], "zh-tw": ["看得到", "看不到"]}
    texts = [text.get_text() for text in with_legend.get_legend().get_texts()]
    assert texts == meanings[lang] and without.get_legend() is None
    assert figures.draw_png(fig)


@pytest.mark.parametrize(
    ("helper", "arguments", "named"),
    [
        (figures.matrix, {"values": [1.0, 2.0]}, r"\(2,\)"),
        (figures.matrix, {"values": np.zeros((0, 3))}, r"\(0, 3\)"),
        (figures.matrix, {"values": np.eye(2), "rows": ["a"]}, r"1.*`rows`.*2"),
        (figures.matrix, {"values": np.eye(2), "columns": list("abc")}, r"3.*`columns`.*2"),
        (figures.mask, {"allowed": np.eye(2)}, "float64.*`True`"),
        (figures.mask, {"allowed": np.ones(3, bool)}, r"\(3,\)"),
        (figures.mask, {"allowed": np.eye(2) > 0, "columns": ["a"]}, r"1.*`columns`.*2"),
    ],
)
def test_wrong_shapes_are_named_in_the_students_language(lang, helper, arguments, named):
    with pytest.raises(figures.FigureError, match=named) as error:
        helper(plt.subplots()[1], **arguments)
    assert bool(KANA.search(str(error.value))) == (lang == "ja")


def test_bars_are_told_apart_by_hatching_and_stand_at_their_values(lang):
    fig, ax = plt.subplots()
    series = {"a": [0.2, 1.0], "b": [0.5, 0.0]}
    around = {"a": [(0.1, 0.4), (0.9, 1.0)], "b": [(0.4, 0.6), (0.0, 0.1)]}
    figures.bars(ax, ["x", "y"], series, around, levels=[0.3, 0.7], level_name="level")
    first, second = ([bar for bar in ax.patches if bar.get_height() in series[s]] for s in series)
    assert {bar.get_hatch() for bar in first} != {bar.get_hatch() for bar in second}
    assert [bar.get_height() for bar in ax.patches] == [0.2, 1.0, 0.5, 0.0]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    assert [round(x) for x in centres] == [0, 1, 0, 1]
    stems = [c.get_segments() for c in ax.collections if len(c.get_segments()) == 2][:2]
    ends = [end for (_, low), (_, high) in stems[0] for end in (low, high)]
    assert ends == pytest.approx([0.1, 0.4, 0.9, 1.0])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(names) == ["a", "b", "level"]
    assert figures.draw_png(fig)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"series": {"a": [1.0]}}, "1.*2"),
        ({"series": {}}, "0.*3"),
        ({"series": {name: [0, 0] for name in "abcd"}}, "4.*3"),
        ({"levels": [1.0, 2.0, 3.0]}, "3.*2"),
        ({"intervals": {"a": [(0, 1)]}}, "1.*2"),
    ],
)
def test_bars_of_another_number_are_named(lang, changes, named):
    arguments = {"groups": ["x", "y"], "series": {"a": [0.0, 1.0]}} | changes
    with pytest.raises(figures.FigureError, match=named) as error:
        figures.bars(plt.subplots()[1], **arguments)
    assert bool(KANA.search(str(error.value))) == (lang == "ja")
