"""The language gates over the real course, and each gate over planted faults."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest
import turns
import whole_course
from places import ROOT

from course_tools.authoring import texts
from course_tools.authoring.course import Course
from course_tools.authoring.problems import LessonError
from course_tools.authoring.texts import Text
from course_tools.prose import gates, glossary, ja
from helpers.world import corpus, moods

NODE = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv/node"))
MESSAGES = "src/helpers/language/messages/check.toml"
SPACED = Text("planted.py", "space", "ja", "これは GPU のメモリです。", 7)


@pytest.fixture(scope="module")
def course():
    return texts.of_course(whole_course.course().whole())


@pytest.fixture(scope="module")
def forms():
    return glossary.read(ROOT / "lessons/glossary.tsv")


@pytest.fixture(scope="session")
def node():
    if not (NODE / "installed").is_file() or not shutil.which("node"):
        why = f"no textlint in {NODE}: Node.js and npm are missing, or npm ci failed"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return NODE


# --- the course -------------------------------------------------------------------------------


def test_no_page_of_a_language_is_left_out(course):
    pages = {p for lang in ("ja", "zh-tw") for p in ROOT.glob(f"*.{lang}.md")}
    pages |= {p for lang in ("ja", "zh-tw") for p in ROOT.glob(f"docs/**/*.{lang}.md")}
    names = {page.relative_to(ROOT).as_posix() for page in pages}
    assert len(names) >= 4 and names <= {text.file for text in course}


def test_the_course_passes_every_gate(course, forms):
    faults = gates.problems(course, forms)
    assert not faults, "\n".join(map(str, faults))


@turns.in_ci
def test_the_mini_world_passes_every_gate(forms, node):
    """Each pattern, in all its words and two numbers; stories and names too."""
    drawn = [event for event, _ in corpus.events() if event.number in (None, 1)][::7]
    rng = random.Random(0)
    said = []
    for lang in ("ja", "zh-tw"):
        said += [(lang, corpus.sentence(event, lang).text) for event in drawn]
        said += [(lang, corpus.draw_story(rng).text(lang)) for _ in range(200)]
        said += [(lang, corpus.draw_story(rng).summary(lang)) for _ in range(100)]
        said += [(lang, corpus.draw_named(rng, lang).text) for _ in range(100)]
        said += [(lang, mood.text(lang)) for mood in moods.EVERY]
        said += [(lang, moods.unlabelled(rng, lang)) for _ in range(50)]
    assert len(said) > 1500
    world = [Text("lexicon.toml", str(n), lang, words, 1) for n, (lang, words) in enumerate(said)]
    assert not gates.problems(world, forms)
    assert not gates.textlint(world, node)
    wrong = [Text("lexicon.toml", "-", "zh-tw", said[-1][1].replace("。", "."), 1), world[0]]
    assert gates.problems(wrong, forms)


@turns.in_ci
def test_textlint_finds_nothing_but_what_is_planted(course, node):
    found = gates.textlint([*course, SPACED], node)
    planted = [problem for problem in found if problem.file == "planted.py:7"]
    assert [problem.key for problem in planted] == ["space"] * len(planted) != []
    faults = [problem for problem in found if problem not in planted]
    assert not faults, "\n".join(map(str, faults))


def test_every_kind_of_text_is_read(course):
    kinds = {(Path(text.file).name, text.lang) for text in course}
    names = ["lesson.py", "exercise.py", "quiz.toml", "claims.toml", "stubs.toml", "check.toml"]
    assert {(name, lang) for name in names for lang in ("ja", "zh-tw")} <= kinds
    files = {text.file for text in course}
    lines = {name: (ROOT / name).read_text(encoding="utf-8").split("\n") for name in files}
    for text in course:
        first = text.words.strip().split("\n")[0][:10].split("{")[0].split('"')[0]
        near = "\n".join(lines[text.file][text.line - 1 : text.line + 3])
        assert first in near.replace("\\\\", "\\"), f"{text.file}:{text.line}: {first}"


# --- where the texts are ----------------------------------------------------------------------

LESSON = """\
# %% [markdown] key="why" lang="ja"
# # 題
#
# {ja}

# %% [markdown] key="why" lang="zh-tw"
# # 標題
#
# {zh}

# %% key="sum"
#| ja: 和
#| zh-tw: 總和
label = T(ja="合計", zh_tw="總和")
print(f"{{label}}", T(ja=f"{{label:.2f}}個", zh_tw=f"{{label:.2f}} 個"))
"""
BANK = """
[[question]]
id = "q1"
text = {ja = "いくつですか。", zh_tw = "是多少？"}
[[question.choice]]
id = "a"
why = {ja = "違います。", zh_tw = "不對。"}
[[question.mistake]]
why = {ja = "まだです。", zh_tw = "還沒。"}
"""


@pytest.fixture
def small(tmp_path):
    """A course of one lesson; give its prose: small(ja, zh)"""

    def write(ja="数えます。", zh="數一數。"):
        for name, source in {
            "lessons/01_a/lesson.py": LESSON.format(ja=ja, zh=zh),
            "lessons/01_a/quiz.toml": BANK,
            "lessons/set_up.py": '# %% key="set-up"\nx = 1\n',
            "lessons/stubs.toml": '[code]\nja = "# 書きます"\nzh_tw = "# 寫這裡"\n',
            MESSAGES: '[right]\nja = "正解です。"\nzh_tw = "答對了。"\n',
        }.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(source, encoding="utf-8")
        return tmp_path

    return write


def texts_of(root):
    return texts.of_course(Course.read(root).whole())


def test_places(small):
    found = {(t.key, t.lang): (t.line, t.words) for t in texts_of(small())}
    assert found["why", "zh-tw"] == (7, "# 標題\n\n數一數。")
    assert found["sum.1", "ja"] == (12, "和")
    assert found["sum.2", "zh-tw"] == (14, "總和")
    assert found["sum.3", "ja"] == (15, "{label}個")
    assert found["q1.text", "ja"] == (4, "いくつですか。")
    assert found["q1.a.why", "zh-tw"] == (7, "不對。")
    assert found["q1.mistake.1.why", "ja"] == (9, "まだです。")
    assert found["right", "zh-tw"] == (3, "答對了。")


def test_a_fault_is_told_with_file_line_key_and_remedy(small, forms):
    [problem] = gates.problems(texts_of(small(zh="放進內存。")), forms)
    assert str(problem).startswith("lessons/01_a/lesson.py:9:why: 內存 in 「放進內存。」")
    assert problem.remedy.endswith("記憶體")


@pytest.mark.parametrize("broken", ['ja = "正解です。"\nzh_tw = ""', 'ja = "正解です。"'])
def test_an_empty_message_is_red(small, broken):
    root = small()
    file = root / MESSAGES
    file.write_text(f"[right]\n{broken}\n", encoding="utf-8")
    with pytest.raises(LessonError, match=r"check.toml:right: .*\n.*none empty"):
        texts_of(root)


def test_nothing_to_read_is_no_success(forms, course):
    for found, known in (([], forms), ([SPACED], forms), (course, [])):
        with pytest.raises(ValueError, match="nothing to check"):
            gates.problems(found, known)


# --- planted faults ---------------------------------------------------------------------------


def findings(lang, words, forms, markdown=True, quoted=False):
    """What the gates say of these words; a harmless text of the other language is beside them."""
    here = Text("a.py", "k", lang, words, 1, markdown, quoted)
    other = {"ja": "zh-tw", "zh-tw": "ja"}[lang]
    return [p.what for p in gates.problems([here, Text("b.py", "k", other, "x", 1)], forms)]


FAULTS = {
    "a Simplified glyph": ("zh-tw", "結果會显示出來。", "显 is not written"),
    "another variant": ("zh-tw", "這裡爲什麼不同？", "爲 is not written"),
    "a Mainland term": ("zh-tw", "需要很多內存。", "內存"),
    "a half-width comma": ("zh-tw", "先猜,再執行。", "half-width ,"),
    "a half-width comma and a space": ("zh-tw", "先猜, 再執行。", "half-width ,"),
    "a half-width full stop": ("zh-tw", "先猜再執行.", "half-width ."),
    "half-width brackets": ("zh-tw", "詞元(token) 有 3 個。", "half-width ("),
    "a half-width question mark": ("zh-tw", "是多少?", "half-width ?"),
    "curly quotes": ("zh-tw", "這叫做“查詢”。", "quotation mark"),
    "no space before Latin": ("zh-tw", "使用GPU 計算。", "no space"),
    "no space after a digit": ("zh-tw", "有 3個詞元。", "no space"),
    "no space beside code": ("zh-tw", "把`mask` 設成真。", "no space"),
    "no space beside a formula": ("zh-tw", "除以$d_k$ 之後。", "no space"),
    "no space in bold": ("zh-tw", "看**KV** 快取。", "no space"),
    "a space before a comma": ("zh-tw", "先用 GPU ，再看。", "a space beside"),
    "a space after a comma": ("zh-tw", "先猜， 再執行。", "a space beside"),
    "words for tokens": ("ja", "10万単語の文書です。", "万単語"),
    "decoder for special use": ("ja", "これはデコーダ専用です。", "デコーダ専用"),
    "no long vowel": ("ja", "エンコーダの出力です。", "エンコーダ in"),
    "a long vowel too many": ("ja", "メモリーが必要です。", "メモリー"),
    "plain form": ("ja", "これは行列である。次も見ます。", "not です・ます"),
    "bold that does not render": ("zh-tw", "這裡要**注意：**次數不同。", "literal **"),
    "bold beside a bracket": ("ja", "これは**「注意」**です。", "literal **"),
    "an unpaired dollar": ("ja", "値は$n^2です。", "literal $"),
    "bold in plain text": ("ja", "値は**2**です。", "literal **"),
    "a power in plain text": ("zh-tw", "與 n^2 成正比。", "literal ^"),
    "a power outside of a formula": ("ja", "n^2に比例します。", "literal ^"),
    "a hard wrap": ("ja", "1行目です。\n2行目です。", "several lines"),
    "a hard wrap in a list": ("ja", "- 1行目です。\n  2行目です。", "several lines"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted(name, forms):
    lang, words, what = FAULTS[name]
    found = findings(lang, words, forms, markdown="in plain text" not in name)
    assert any(what in one for one in found), found


GOOD = {
    "zh-tw": [
        "台灣的台北、分布、占 3 成。",
        "在記憶體內存放演算法；平均值是 0.5。",
        "softmax 函數（softmax）：`x`、$n^2$，以及 [文件](a.html)。",
        "| 詞元 | token |\n|---|---|\n| 鍵 | `k` |",
        "1. 先猜\n2. 再執行，**注意**：看 12.2 GiB。",
        "```\n内存,显示\n```",
        "> 这是内存,原文。",
        "最大的是：{looked}。有{n}個，共 {n} 個。",
        "大約 1,048,576 個位元組，比例是 3/4。",
    ],
    "ja": [
        "**注意**：エンコーダーのメモリは24 GiBです。",
        "`**kwargs`は $a_1$ と $b_1$ の値です（2節）。",
        "- 学習が進まない\n- 値が0になる",
        "| 結果 | 同じではない。 |\n|---|---|",
        "重みの合計が1になる",
        "> デコーダ専用モデルである。",
    ],
}  # fmt: skip


def test_the_pages_own_words_are_shown_without_signs_of_tex_too(forms):
    words = "Attention(Q, K, V) = softmax(QK^T / √d_k) V"
    assert findings("ja", words, forms, markdown=False, quoted=True)
    assert not findings("ja", words.replace("^T", "ᵀ"), forms, markdown=False, quoted=True)


@pytest.mark.parametrize(("lang", "words"), [(x, words) for x in GOOD for words in GOOD[x]])
def test_no_false_finding(lang, words, forms):
    assert findings(lang, words, forms) == []


def test_the_pages_own_words_are_left_alone(forms):
    assert findings("zh-tw", "内存,显示", forms, quoted=True) == []


# --- glossary ---------------------------------------------------------------------------------


def test_doubtful_forms_are_listed_and_not_red(forms):
    text = Text("a.py", "k", "zh-tw", "也支持這個函數。", 3)
    found = [problem.what.split()[0] for problem in glossary.warnings([text], forms)]
    assert sorted(found) == ["函數", "支持"]
    assert not list(glossary.problems([text], forms))


def test_no_term_of_the_glossary_is_forbidden_by_it(forms):
    terms = glossary.terms(ROOT / "lessons/glossary.tsv")
    written, means = (
        [Text("glossary.tsv", en, lang, one, 1) for en, said in rows for lang, one in said.items()]
        for rows in ([(t.en, t.written) for t in terms], [(t.en, t.means) for t in terms])
    )
    assert len(written) > 500
    assert [str(problem) for problem in glossary.problems(written, forms)] == []
    assert [str(problem) for problem in gates.problems(means, forms)] == []


def test_a_wrong_form_of_a_term_is_found_in_a_meaning(forms):
    wrong = [Text("glossary.tsv", "VRAM", lang, words, 1)
             for lang, words in (("ja", "GPUのメモリー。"), ("zh-tw", "GPU 的內存。"))]  # fmt: skip
    assert len(gates.problems(wrong, forms)) == 2


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("en\tja\tzh-tw\n", "has the columns"),
        ("{head}\n", "has the columns"),
        ("{head}\n{term}\t\t\t{assumed}\t\t內存記憶體\t\n", "cannot read '內存記憶體'"),
        ("{head}\nmemory\tメモリ\t\t\t\t{assumed}\t\t\t\n", "empty term"),
        ("{head}\n{term}\t\n", "another length"),
        ("{head}\n{term}\t\t\t\t\t\t\n", "explained is ''"),
        ("{head}\n{term}\t\t\tassumed: easy\t\t\t\n", "explained is 'assumed: easy'"),
        ("{head}\n{term}\t覚える所\t\t01_a:why\t\t\t\n", "means something in"),
        ("{head}\n{term}\t覚える所\t地方\t{assumed}\t\t\t\n", "means something in"),
    ],
)
def test_a_glossary_that_cannot_be_read_is_red(tmp_path, table, what):
    file = tmp_path / "glossary.tsv"
    row = {"term": "memory\tメモリ\t記憶體", "assumed": "assumed: computers"}
    table = table.format(head="\t".join(glossary.COLUMNS), **row)
    file.write_text(table, encoding="utf-8")
    with pytest.raises(LessonError, match=what):
        glossary.read(file)


# --- textlint ---------------------------------------------------------------------------------

BROKEN = {
    "no JSON": "{",
    "no rules": '{"rules": {}}',
    "a rule that is not there": '{"rules": {"no-such-rule": true}}',
    "rules that find nothing": '{"rules": {"preset-ja-spacing": true}}',
}


@pytest.mark.parametrize("name", turns.by_turns(2, BROKEN))
def test_a_broken_configuration_is_a_failure(node, tmp_path, name):
    rules = tmp_path / "textlint.json"
    rules.write_text(BROKEN[name], encoding="utf-8")
    with pytest.raises(ja.LinterError):
        gates.textlint([SPACED], node, rules)


def test_textlint_without_texts_is_a_failure(node):
    with pytest.raises(ja.LinterError, match="no text to read"):
        gates.textlint([], node)


def test_packages_of_npm_come_from_no_fixed_host():
    lock = json.loads((ROOT / "tools/node/package-lock.json").read_text(encoding="utf-8"))
    packages = [value for name, value in lock["packages"].items() if name]
    assert len(packages) > 100
    assert all("integrity" in package and "resolved" not in package for package in packages)
