"""The audit of a built site: a site of two small pages is clean, and each planted fault is red."""

import contextlib
import json
import os
import re
import tomllib

import pytest
import turns
from places import ROOT

from course_tools.site import apart, audit, links, slow
from course_tools.site.served import served
from helpers.language.say import COMPLETE, LANGUAGES

PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>題</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<link rel="alternate" hreflang="ja" href="https://a.example/ja/">
<link rel="alternate" hreflang="zh-Hant-TW" href="https://a.example/zh-tw/">
<style>:root { color-scheme: light dark } a { color: inherit }</style></head>
<body><main><h1 id="_top">題</h1><p id="c-sum">和は4です。</p>
<p><a href="../{other}/#c-sum">他</a> <a href="https://arxiv.org/abs/1706.03762">論文</a></p>
</main></body></html>"""
MAIN = "</main>"
SEEN = {  # what is added to a page, and what is said of it in these views
    '<img src="dot.svg">': ["light: axe: image-alt", "dark: axe: image-alt"],
    '<div style="width: 450px">x</div>': ["phone: sideways: 5"],
    '<img alt="x" src="https://pictures.invalid/x.png">': [
        "light: other host: https://pictures.invalid/x.png"
    ],
    '<img alt="x" src="gone.png">': [
        "light: missing: 404 /ja/gone.png",
        "light: picture: gone.png is broken",
    ],
    "<script>nothing()</script>": ["light: script: nothing is not defined"],
    '<p id="x"></p><script>x.textContent = "結果"</script>': ["without scripts: text: differs"],
    '<span class="katex-error">$x$</span>': ["without scripts: formula: one is not set"],
    "<script>addEventListener('load', () => setTimeout(() => {"
    " document.querySelector('main').style.marginTop = '400px' }, 50))</script>": [
        "phone: shift: 0."
    ],
}
PALE = """<style>@media (prefers-color-scheme: dark) {
html { background: #111; color: #eee } p { color: #333 } }</style>"""
# of lesson 01's quiz, exam and guide, as a page would show them: numbers drawn, words in bold
KEPT = {
    "quiz.toml": "<p>重みは何の割合で、<i>隠す実験</i>は何を調べるものだったでしょうか。</p>",
    "exam.toml": "<p>出力は2.1です。重みに<b>2点</b>、出力に2点を付けます。</p>",
    "teaching.toml": "<p>アテンションの式を手で<b>計算</b>し、各部品の役割を"
    "説明できるようになります。"
    "アテンション重みから言えることと、言えないことも区別します。</p>",
}
FOLDED = '<details><summary>x</summary><div style="width: 450px">x</div></details>'
LED = {  # what is put in place of what, and what is said of it
    "link": ("../{other}/#c-sum", "../nowhere/", "/ja/: link: ../nowhere/ leads nowhere"),
    "anchor": ("../{other}/#c-sum", "../{other}/#c-gone", "/ja/: link: ../zh-tw/#c-gone: no such"),
    "another anchor": (
        'id="c-sum"',
        'id="c-som"',
        "/ja/: language: zh-Hant-TW: anchors of one alone: c-so",
    ),
    "an anchor twice": ('id="_top"', 'id="c-sum"', "/ja/: id: c-sum is there 2 times"),
    "no other language": (
        '<link rel="alternate" hreflang="zh-Hant-TW" href="https://a.example/zh-tw/">',
        "",
        "/ja/: language: does not name zh-Hant-TW",
    ),
    "no language": ("https://a.example/zh-tw/", "https://a.example/en/", "/en/ is not there"),
    "one way": ('hreflang="ja"', 'hreflang="en"', "/zh-tw/ does not name this page"),
}


@pytest.fixture
def site(tmp_path):
    """site(what, instead): a folder of two pages, with this in the Japanese one"""

    def write(what="", instead=""):
        for lang, other in (("ja", "zh-tw"), ("zh-tw", "ja")):
            page = PAGE.replace(what, instead, 1) if lang == "ja" and what else PAGE
            (tmp_path / lang).mkdir(exist_ok=True)
            text = page.replace("{other}", other).replace("{lang}", lang)
            (tmp_path / lang / "index.html").write_text(text, encoding="utf-8")
            dot = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
            (tmp_path / lang / "dot.svg").write_text(dot, encoding="utf-8")
            (tmp_path / f"search-{lang}.json").write_text("[]", encoding="utf-8")
        return tmp_path

    return write


def found(chromium, out, base="/", pages=("ja/", "zh-tw/"), views=audit.VIEWS):
    with served(out, base) as address:
        return [*links.faults(out, base), *audit.looked(chromium, out, address, pages, views)]


def test_a_site_without_faults_has_none(site, chromium):
    assert found(chromium, site()) == []


@turns.in_ci
def test_a_site_may_stand_below_a_path(site, chromium):
    out = site()
    for page in out.glob("*/index.html"):
        text = page.read_text(encoding="utf-8").replace("a.example/", "a.example/course/")
        page.write_text(text, encoding="utf-8")
    assert found(chromium, out, "/course/") == []
    with served(out, "/course/") as address:
        outside = audit.look(chromium, address.replace("/course/", "/"), 400, "light")
    assert any("missing: 404" in fault for fault in outside.faults)


def test_each_planted_fault_is_found_and_said_of_its_view(site, chromium):
    faults = found(chromium, site(MAIN, "".join(SEEN) + MAIN), pages=("ja/",))
    for said in (words for each in SEEN.values() for words in each):
        assert [one for one in faults if f"/ja/ {said}" in one], (said, faults)
    assert not [one for one in faults if "light: sideways" in one]


@turns.in_ci
def test_what_is_pale_in_the_dark_alone_is_found(site, chromium):
    faults = found(chromium, site(MAIN, PALE + MAIN), pages=("ja/",), views=["light", "dark"])
    [fault] = faults
    assert fault.startswith("/ja/ dark: axe: color-contrast: ")


def test_what_is_folded_is_unfolded(site, chromium):
    [fault] = found(chromium, site(MAIN, FOLDED + MAIN), pages=("ja/",), views=["phone"])
    assert "phone: sideways: 5" in fault


@pytest.mark.parametrize("fault", LED)
def test_a_link_or_language_that_leads_nowhere_is_found(site, fault):
    what, instead, said = LED[fault]
    assert [one for one in links.faults(site(what, instead)) if said in one]


def test_pages_that_name_no_language_at_all_are_found(site):
    out = site()
    for file in out.glob("*/index.html"):
        text = re.sub('<link rel="alternate".*', "", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
    said = [f"/{lang}/: language: does not name {LANGUAGES[other]}"
            for lang in COMPLETE for other in COMPLETE]  # fmt: skip
    assert sorted(links.faults(out)) == sorted(said)


@pytest.fixture
def searched(site):
    """searched(anchor): a site of one lesson in which a search finds this anchor of it"""

    def write(anchor):
        out = site()
        for lang in COMPLETE:
            text = (out / lang / "index.html").read_text(encoding="utf-8")
            text = re.sub("(a.example|[.][.])/([a-z-]+)/", r"\1/\2/01_a/", text)
            (out / lang / "01_a").mkdir()
            (out / lang / "01_a/index.html").write_text(text.replace("../", "../../"), "utf-8")
        entry = {"page": "01_a", "anchor": anchor, "heading": "題", "text": ""}
        (out / "search-ja.json").write_text(json.dumps([entry]), encoding="utf-8")
        return out

    return write


def test_a_find_without_its_page_or_anchor_is_found(searched):
    out = searched("c-sum")
    assert list(links.faults(out)) == []
    for changed, where in (("c-gone", "01_a/#c-gone"), ("01_b", "01_b/#c-sum")):
        index = (out / "search-ja.json").read_text(encoding="utf-8")
        wrong = index.replace("c-sum" if changed == "c-gone" else "01_a", changed)
        (out / "search-ja.json").write_text(wrong, encoding="utf-8")
        assert list(links.faults(out)) == [f"/search-ja.json: {where} (題) is not there"]
        (out / "search-ja.json").write_text(index, encoding="utf-8")
    (out / "search-ja.json").unlink()
    assert list(links.faults(out)) == ["/search-ja.json: is not there"]


def test_a_lesson_that_is_not_there_is_found_even_where_nothing_is(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "chromium", contextlib.nullcontext)
    monkeypatch.setattr(audit.testing, "install_node", lambda: None)
    monkeypatch.setattr(audit, "looked", lambda *_, **__: [])
    lessons = audit.every_lesson(ROOT)
    assert len(lessons) == len(COMPLETE) * len([*(ROOT / "lessons").glob("[0-9]*")]) >= 20
    assert [f"/{one}: page: is not there" for one in lessons] == [
        *audit.faults(tmp_path, "/", lessons)
    ][:-2]
    assert audit.main([str(tmp_path)]) == 1


@turns.in_ci
def test_a_page_that_weighs_too_much_is_found(site, chromium):
    out = site(MAIN, "<img alt='x' src='big.png'></main>")
    (out / "ja/big.png").write_bytes(os.urandom(601_000))
    with (out / "ja/index.html").open("a", encoding="utf-8") as page:
        page.write(f"<!--{os.urandom(76_000).hex()}-->")  # of half its length, squeezed
    faults = found(chromium, out, pages=("ja/",), views=["light"])
    for said in ("/ja/: HTML: 8", "/ja/: page: 6", "/: median: 6"):
        assert [one for one in faults if said in one], faults


def test_the_triad_page_alone_may_weigh_more_and_has_its_bound_too(site):
    out = site()
    (out / "zh-tw").rename(out / "triad")
    assert [*audit._too_heavy(out, "triad/", 1_999_000)] == []
    for page, size, most in (("triad/", 2_001_000, 2000), ("ja/", 601_000, 600)):
        said = f"/{page}: page: {size // 1000} kB, at most {most}"
        assert [*audit._too_heavy(out, page, size)] == [said]


@turns.in_ci
def test_a_site_that_is_too_large_is_found(site, monkeypatch):
    monkeypatch.setattr(audit, "looked", lambda *_, **__: [])
    monkeypatch.setattr(audit, "chromium", lambda: served(site()))
    out = site()
    assert list(audit.faults(out)) == []
    with (out / "large.bin").open("wb") as file:
        file.truncate(audit.SITE_MB * audit.KB**2)
    assert list(audit.faults(out)) == [f"/: site: 20.0 MB, at most {audit.SITE_MB}"]


# --- what is kept back ------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEPT)
def test_what_teachers_or_a_quiz_keep_back_is_found_in_a_page_and_in_what_a_search_reads(
    site, name
):
    assert len(apart.pieces(ROOT / "lessons")) > 2500
    out = site(MAIN, KEPT[name] + MAIN)
    text = re.sub("<[^>]*>", "", KEPT[name])
    (out / "search-zh-tw.json").write_text(
        json.dumps([{"text": text}], ensure_ascii=False), "utf-8"
    )
    faults = [*apart.faults(out, ROOT / "lessons")]
    for file in ("ja/index.html", "search-zh-tw.json"):
        said = f"/{file}: kept back: 01_attention/{name}: "
        assert [one for one in faults if one.startswith(said)], faults


def test_of_every_question_of_a_quiz_something_is_looked_for():
    kept, asked = apart.pieces(ROOT / "lessons"), 0
    for file in sorted((ROOT / "lessons").glob("*/quiz.toml")):
        for one in tomllib.loads(file.read_text(encoding="utf-8"))["question"]:
            every = [one, *one.get("choice", []), *one.get("mistake", [])]
            told = [part[name] for part in every for name in apart.TOLD & part.keys()]
            for lang in ("ja", "zh_tw"):
                whole = [apart.squeezed(text[lang]) for text in told]
                found = {text for text in whole for piece in kept if piece in text}
                assert found, (file, one["id"], lang)
            asked += 1
    assert asked > 60


def test_what_a_quiz_shows_before_it_is_answered_is_not_kept_back(site):
    kept = apart.pieces(ROOT / "lessons")
    for file in sorted((ROOT / "lessons").glob("*/quiz.toml")):
        for one in tomllib.loads(file.read_text(encoding="utf-8"))["question"]:
            shown = [part["text"] for part in (one, *one.get("choice", []))]
            text = apart.squeezed("".join(both[lang] for both in shown for lang in both))
            assert not [piece for piece in kept if piece in text], (file, one["id"])


def test_of_every_exam_question_something_is_looked_for():
    kept = apart.pieces(ROOT / "lessons")
    files = sorted((ROOT / "lessons").glob("*/exam.toml"))
    assert len(files) > 5
    for file in files:
        for name, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for lang in entry["text"]:
                whole = apart.squeezed(entry["text"][lang] + "\n" + entry["solution"][lang])
                assert [piece for piece in kept if piece in whole], (file, name, lang)


def test_nothing_that_teachers_keep_back_is_taken_for_it(site):
    said = "<p>アテンションの式は、softmaxの中に内積があります。（2点）</p>"
    assert [*apart.faults(site(MAIN, said + MAIN), ROOT / "lessons")] == []


# --- a slow line and a slow computer ----------------------------------------------------------

BLOCKS = "<script>const end = performance.now() + 2600; while (performance.now() < end);</script>"
LATE = "<script src='late.js'></script>"
GROWS = """<p id="c-more" style="margin-top: 900px">下</p>
<p id="c-end" style="margin-bottom: 1200px; font-size: 200px">終了</p>
<script>addEventListener("load", () => setTimeout(() => {
document.querySelector("#c-more").style.paddingBottom = "300px" }, 300))</script>"""


def test_what_takes_too_long_or_moves_is_said_and_each_bound_has_two_sides():
    right, names = slow.Waited(3.9, 1.9, 0.09, 0.09), ("largest", "blocked", "shift:", "shift from")
    assert list(slow.too_slow(right)) == []
    [said] = slow.too_slow(right._replace(paint=0.0))
    assert said.endswith("the line is not slow")
    for name, field, value in zip(names, slow.Waited._fields, (4.1, 2.1, 0.11, 0.11), strict=True):
        [said] = slow.too_slow(right._replace(**{field: value}))
        assert said.startswith(name)


def test_what_is_slow_once_is_looked_at_again(monkeypatch):
    late, once = slow.Waited(5, 0, 0, 0), slow.Waited(1, 3, 0, 0)
    for each, n in (((late, late), 1), ((late, once), 0), ((once._replace(blocked=0),), 0)):
        seen = iter(each)
        monkeypatch.setattr(slow, "waited", lambda *_, seen=seen: next(seen))
        assert len(list(slow.faults(None, "/", ["ja/"]))) == n and not list(seen)


@turns.in_ci
def test_a_page_that_is_slow_by_itself_is_found(site, chromium):
    out = site(MAIN, BLOCKS + GROWS + MAIN)
    page = out / "zh-tw/index.html"
    late = page.read_text(encoding="utf-8").replace("</head>", f"{LATE}</head>")
    page.write_text(late, encoding="utf-8")
    (out / "zh-tw/late.js").write_text(f"'{os.urandom(600_000).hex()}'", encoding="utf-8")
    with served(out) as address:
        faults = list(slow.faults(chromium, address, ["ja/", "zh-tw/"]))
    said = {one.rpartition(":")[0] for one in faults} - {"/ja/ slow: largest paint"}
    assert said == {
        "/ja/ slow: blocked", "/ja/ slow: shift from the middle", "/zh-tw/ slow: largest paint",
    }, faults  # fmt: skip
