"""The site's pages from executed notebooks, without Node.js."""

import _thread
import gzip
import importlib
import io
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import filelock
import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from places import ROOT

from course_tools.checks import npm, testing
from course_tools.checks.processes import CommandFailed
from course_tools.prose import glossary
from course_tools.site import __main__ as command
from course_tools.site import audit, executed, frame, kept, lighter, pdf, project, target, words
from course_tools.site.__main__ import main, serve
from course_tools.site.live import places, quizzes, widgets
from course_tools.site.pages import Page, page
from course_tools.site.triad import page as triad
from helpers.display.figures import figure_html as drawn
from helpers.language import say
from helpers.language.say import COMPLETE


def shown(**data):
    return new_output("display_data", data={name.replace("_", "/"): x for name, x in data.items()})


def prose(source, key="why"):
    return new_markdown_cell(source, id=key)


def code(source, *outputs, key="sum", **metadata):
    return new_code_cell(source, id=key, outputs=list(outputs), metadata=metadata)


def converted(*cells):
    return page(new_notebook(cells=[prose("# 題\n\n前書き", "title"), *cells]), "ja", "01_a")


def text_of(*cells):
    return converted(*cells).markdown(0)


# --- pages ------------------------------------------------------------------------------------


def test_the_title_is_the_pages_and_headings_keep_their_cells_key():
    made = converted(prose("## 和を求める\n\n足します。"))
    assert made.title == "題" and "# 題" not in made.markdown(0)
    assert "## 和を求める { #c-why }" in made.markdown(0)
    assert [(one.anchor, one.heading, one.text.strip()) for one in made.found] == [
        ("_top", "題", "前書き"),
        ("c-why", "和を求める", "足します。"),
    ]


def test_each_heading_of_a_cell_has_an_anchor_of_its_own():
    made = converted(
        prose("## 和\n\n足します。\n\n### 差\n\n引きます。\n\n### 積"), prose("## 商", "end")
    )
    assert re.findall(r"\{ #([\w-]+) \}", made.markdown(0)) == [
        "c-why", "c-why-2", "c-why-3", "c-end",
    ]  # fmt: skip
    assert [one.anchor for one in made.found] == ["_top", "c-why", "c-why-2", "c-why-3", "c-end"]


@pytest.mark.parametrize("lang", COMPLETE)
def test_no_anchor_of_a_lesson_is_there_twice(lang):
    for file in sorted((ROOT / "notebooks" / lang).glob("*.ipynb")):
        made = page(nbformat.read(file, as_version=4), lang, file.stem)
        ids = re.findall(r'\{ #(\S+) \}|<div id="(c-[^"]*)"', made.markdown(0))
        anchors = ["".join(one) for one in ids]
        assert len(anchors) == len(set(anchors)) > 10, file
        assert {one.anchor for one in made.found} <= {"_top", *anchors}


def test_prose_without_a_heading_has_its_cells_key_too():
    made = converted(prose("足します。"), prose("引きます。\n\n## 差", "less"))
    assert '<div id="c-why"></div>\n\n足します。' in made.markdown(0)
    assert "c-less" in made.markdown(0) and '<div id="c-less">' not in made.markdown(0)


def test_what_looks_like_a_heading_in_a_fence_stays():
    assert "\n# 1 行目\n" in text_of(prose("```\n# 1 行目\n```"))


def test_a_formula_alone_in_its_line_is_set_apart_and_no_other():
    made = text_of(prose("$$a$$\n\n> $$b_1$$\n\n和は$$c$$、$d$"))
    assert "\n\n$$\na\n$$\n\n> $$\n> b_1\n> $$\n\n和は$$c$$、$d$" in made


def test_links_lead_to_pages_and_those_to_sheets_to_where_these_are_to_be_had():
    link = "[02](02_block.ipynb)と[演習](../../exercises/ja/01_a/exercise_01_a.ipynb)"
    assert text_of(prose(link)).endswith("[02](../02_block/)と[演習](../edition/)")
    sheet = '<a href="../../exercises/ja/01_a/exercise_01_a.ipynb">4問中0問</a>'
    made = text_of(code("x", shown(text_html=f'<a href="02_block.ipynb">02</a>{sheet}')))
    assert '<a href="../02_block/">02</a><a href="../edition/">4問中0問</a></div>' in made


def test_set_up_is_left_out_and_folded_code_is_named_by_its_title():
    hidden = {"jupyter": {"source_hidden": True}}
    title = "# @title 図を描く（コードは開かずに、Shift+Enter）\nx = 1"
    made = text_of(code("secret = 1", key="course"), code(title, **hidden))
    assert "secret" not in made and "<summary>図を描く</summary>" in made and "x = 1" in made


def test_each_kind_of_output_is_there_and_nothing_in_it_is_markup():
    stream = new_output("stream", name="stdout", text="a < b\n\n1_000 *2*\n")
    made = text_of(code("x", stream, shown(text_plain="<Figure>"), shown(text_html="<p>和</p>")))
    assert "a &lt; b&#10;&#10;1_000 *2*</pre>" in made
    assert "&lt;Figure&gt;</pre>" in made
    assert '<div class="out shown not-content"><p>和</p></div>' in made


def test_what_passes_while_a_cell_runs_is_left_out():
    bar = '<div lang="ja"><progress max="4" value="4" aria-hidden="true"></progress> 4/4</div>'
    words_ = say.catalogue("environment")["screen_waiting"].values()
    passing = [bar, *(f'<p lang="ja" role="status">{one}</p>' for one in words_)]
    lasting = '<p lang="ja" role="status">書き出しました。</p>'
    made = text_of(code("x", *(shown(text_html=one) for one in (*passing, lasting))))
    assert made.count("<p lang") == 1 and "progress" not in made and "書き出しました" in made


def test_raw_html_has_no_blank_line_and_tables_scroll_in_a_box():
    made = text_of(code("x", shown(text_html="<p>1</p>\n\n<table><tr></tr></table>\n \n<p>2</p>")))
    block = made[made.index('<div class="out') :]
    assert not re.search(r"\n\s*\n", block)
    assert '<div class="wide" tabindex="0"><table><tr></tr></table></div>' in block
    made = text_of(prose("前\n\n| a |\n|---|\n| 1 |\n\n後"))
    assert '<div class="wide" tabindex="0">\n\n| a |\n|---|\n| 1 |\n\n</div>\n\n後' in made


@pytest.mark.parametrize("call", ["predict.compare(guess, 2)", "predict.choose(guess, x, 'a')"])
def test_a_measured_value_opens_only_after_a_field_for_the_guess(call):
    made = text_of(code(f"guess = None\n{call}", shown(text_html="<p>測定値：2</p>")))
    field, opened = made.index("<input"), made.index("<summary>" + words.text("compare", "ja"))
    assert field < opened < made.index("測定値：2") < made.index("</details>")
    assert "<input" not in text_of(code("x", shown(text_html="<p>測定値：2</p>")))


# --- the workflow -----------------------------------------------------------------------------

PAGES = ROOT / ".github/workflows/pages.yml"
LONG = re.compile(r'^ALL = bool\(os\.environ\.get\("TRIAD_ALL"\)\)', re.MULTILINE)


def not_published_untried(workflow):
    """What is wrong with the order of a workflow: long tests of the site, builds, the upload."""
    steps = yaml.safe_load(workflow)["jobs"]["site"]["steps"]
    said = [f"{one.get('uses', '')} {one.get('run', '')}" for one in steps]
    upload = next(n for n, one in enumerate(said) if "upload-pages-artifact" in one)
    here = sorted(Path(__file__).parent.glob("test_*.py"))
    long = [one for one in here if LONG.search(one.read_text(encoding="utf-8"))]
    tried = [one for one, step in zip(said[:upload], steps, strict=False)
             if "start.py test" in one and step.get("env", {}).get("TRIAD_ALL") == "1"]  # fmt: skip
    missing = [one.name for one in long if f"site/{one.name}" not in " ".join(tried)]
    builds = [one for one in said[:upload] if "start.py site site" in one]
    bounds = [one for one in builds if "--within" in one]
    wrong = [] if len(bounds) == len(builds) == 2 else ["two builds with bounds"]
    return missing + wrong + ([] if "--audit" in builds[-1] else ["the audit"])


def test_a_push_publishes_nothing_that_the_long_tests_did_not_try():
    workflow = PAGES.read_text(encoding="utf-8")
    assert not_published_untried(workflow) == []
    for what, instead, said in (
        ("tests/course_tools/site/test_triad_parity.py", "", "test_triad_parity.py"),
        ('TRIAD_ALL: "1"', 'OTHER: "1"', "test_live_pages.py"),
        ("--within 60", "", "two builds with bounds"),
        ("--audit", "", "the audit"),
    ):
        assert workflow.count(what) == 1
        assert said in not_published_untried(workflow.replace(what, instead))


# --- figures ----------------------------------------------------------------------------------


def png(colour, width):
    written = io.BytesIO()
    Image.new("RGB", (width, 20), colour).save(written, "PNG")
    return written.getvalue()


PAPERS = {"white": (255, 255, 255), "#111": (17, 17, 17)}


@pytest.mark.parametrize("narrow", [False, True])
def test_a_figure_has_a_lossless_file_for_each_kind_of_page(narrow):
    day, night = ((png(paper, 40), png(paper, 20 if narrow else 40)) for paper in PAPERS)
    made = converted(code("x", shown(text_html=drawn(day, night, "和の図"))))
    shown_, text = made.pictures, made.markdown(0)
    assert len(shown_) == 2 + 2 * narrow and "base64" not in text and "content:" not in text
    pictures = re.findall(r'<picture class="(dark|light)">(.*?)</picture>', text)
    assert [kind for kind, _ in pictures] == ["dark", "light"]
    for (_, inside), paper in zip(pictures, ("#111", "white"), strict=True):
        assert 'alt="和の図"' in inside and 'loading="lazy"' in inside
        [wide] = re.findall(r'src="../../figures/([^"]*)"', inside)
        small = re.findall(r'media="\(max-width: 480px\)" srcset="../../figures/([^"]*)"', inside)
        assert len(small) == narrow
        for file, width in zip([wide, *small], (40, 20), strict=False):
            image = Image.open(io.BytesIO(shown_[file])).convert("RGB")
            assert (image.width, image.getpixel((3, 3))) == (width, PAPERS[paper])
    assert re.search(r'<img[^>]* height="10"[^>]* width="20"', text), "in pixels of the page"


def test_a_colour_of_code_is_said_once_a_page():
    page = '<head></head><span style="--0:#f00;--1:#00f">a</span><span style="--0:#f00;--1:#00f">'
    made = lighter.lighter(page)
    assert made.count("#f00") == 1 and made.count('class="ink-0"') == 2
    assert ".ink-0{--0:#f00;--1:#00f}</style></head>" in made
    assert lighter.lighter("<head></head><p>") == "<head></head><p>"


# --- the frame --------------------------------------------------------------------------------


def test_each_language_has_a_beginning_and_every_term_that_a_lesson_explains(tmp_path):
    lesson = Page("ja", "02_block", "題")
    made = frame.pages(ROOT, [converted(), lesson])
    terms = [term for term in glossary.terms(ROOT / "lessons/glossary.tsv") if term.cell]
    for lang in COMPLETE:
        assert made[f"{lang}/terms.md"].count("\n| ") == len(terms) + 2 > 100
        assert all(term.means[lang] in made[f"{lang}/terms.md"] for term in terms)
    assert "| [レッスン02](../02_block/#c-ffn) |" in made["ja/terms.md"]
    assert "| 第 02 課 |" in made["zh-tw/terms.md"]
    for lang in COMPLETE:
        assert f"(./{lang}/)" in made["index.md"]
        assert "python start.py" in made[f"{lang}/edition.md"]
    assert "[01 題](./01_a/)" in made["ja/index.md"] and "題" not in made["zh-tw/index.md"]


def test_every_page_of_the_menu_has_a_place_of_its_own():
    for lang in COMPLETE:
        made = [made for file, made in frame.pages(ROOT, []).items() if file.startswith(f"{lang}/")]
        heads = [json.loads(one.split("---")[1]) for one in (*made, triad.markdown(lang, []))]
        places = [order for one in heads if (order := one["sidebar"].get("order"))]
        assert len(places) == len(set(places)) == 4


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """The steps of the command, which only say that they were taken, in a project of their own."""
    done = []

    def says(name):
        return lambda *_: done.append(name)

    monkeypatch.setattr(testing, "SITE", tmp_path / "work")
    monkeypatch.setattr(testing, "install_site", says("install"))
    monkeypatch.setattr(executed, "lessons", lambda files, root: done.append("run") or [])
    monkeypatch.setattr(widgets, "checked", says("check"))
    monkeypatch.setattr(project, "write", lambda work, pages, extra, at, live: done.append(at))
    monkeypatch.setattr(triad, "write", says("triad"))
    monkeypatch.setattr(project, "build", says("build"))
    monkeypatch.setattr(pdf, "write", lambda out, base, folder, pages: done.append(base))
    monkeypatch.setattr(audit, "told", lambda out, base, _: done.append(base) or ["a fault"])
    return done


@pytest.mark.parametrize("address, base", [("", "/"), ("https://a.example/course", "/course/")])
def test_the_command_builds_prints_and_audits_under_the_sites_address(
    tmp_path, steps, capsys, address, base
):
    out = tmp_path / "site"
    words = [str(out), "--lesson", "none", "--address", address, "--pdf", str(tmp_path), "--audit"]
    assert main(words) == 1
    assert steps == ["install", "run", "check", address, "triad", "build", base, base]
    said = capsys.readouterr()
    assert f"0 lessons are in {out}, for {address or 'the top of a host'}" in said.out
    assert ("--address URL" in said.err) == (not address)


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """quick(names): the command, where Astro makes files of these names, and no lesson runs."""
    monkeypatch.setattr(testing, "SITE", tmp_path / "work")
    monkeypatch.setattr(testing, "install_site", lambda: None)
    monkeypatch.setattr(executed, "lessons", lambda files, root: [])
    monkeypatch.setattr(places, "files", lambda *_: [])
    monkeypatch.setattr(triad, "write", lambda *_: None)
    monkeypatch.setattr(project, "node", lambda *_: "node")

    def built(*made, fails=False):
        def step(title, command, cwd):
            dist = command[-1]
            shutil.rmtree(dist, ignore_errors=True)
            for name in made:
                (dist / name).parent.mkdir(parents=True, exist_ok=True)
                (dist / name).write_text(name, encoding="utf-8")
            if fails:
                raise CommandFailed("astro build: failed.")

        monkeypatch.setattr(project, "step", step)
        return lambda out, *words: main([str(out), "--lesson", "none", *words])

    return built


def files(out):
    """{path: content} of a folder, without what a site's own marks say."""
    found = {f.relative_to(out).as_posix(): f.read_bytes() for f in out.rglob("*") if f.is_file()}
    return {name: found[name] for name in found.keys() - {target.MARK, target.BARE}}


def test_a_site_replaces_an_earlier_one_and_nothing_else(tmp_path, quick):
    out = tmp_path / "site"
    assert quick("index.html", "ja/a.html")(out) == 0
    assert (out / target.BARE).read_bytes() == b""
    (out / ".git").mkdir()
    (out / ".git/HEAD").write_bytes(b"ref")
    assert quick("index.html", "en/b.html")(out) == 0
    assert files(out) == {
        "index.html": b"index.html",
        "en/b.html": b"en/b.html",
        ".git/HEAD": b"ref",
    }
    (out / "ja").write_bytes(b"mine")
    before = files(out)
    assert quick("index.html", "ja/a.html")(out) == 1
    assert files(out) == before


def test_a_build_that_fails_half_way_leaves_the_earlier_site(tmp_path, quick):
    out = tmp_path / "site"
    assert quick("index.html", "ja/a.html")(out) == 0
    before = files(out)
    assert quick("index.html", fails=True)(out) == 1
    assert files(out) == before


def test_a_move_that_is_interrupted_is_made_good_by_the_next_site(tmp_path, quick, monkeypatch):
    out, move = tmp_path / "site", shutil.move
    assert quick("index.html", "ja/a.html")(out) == 0
    monkeypatch.setattr(shutil, "move", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        quick("index.html", "en/b.html")(out)
    monkeypatch.setattr(shutil, "move", move)
    assert quick("index.html", "en/b.html")(out) == 0
    assert files(out) == {"index.html": b"index.html", "en/b.html": b"en/b.html"}


@pytest.mark.parametrize(
    "name", ["docs", "my", ".", "..", "notebooks/ja", ".git", "my/site", "tests/x"]
)
def test_no_site_is_written_to_a_folder_of_the_course(quick, monkeypatch, capsys, name):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(testing, "install_site", lambda: pytest.fail("it began to build"))
    assert quick("index.html")(name) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{name} is a folder of the course, holds one or lies in one; nothing")
    assert "Expected: a folder that is new, empty, or" in said and "start.py site site" in said


def test_every_folder_of_the_course_is_known_as_one():
    git = ["git", "-C", ROOT, "ls-files"]
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("no git")
    names = subprocess.run(git, capture_output=True, encoding="utf-8", check=True).stdout.split(
        "\n"
    )
    folders = {name.partition("/")[0] for name in names if "/" in name and name[0] != "."}
    assert len(folders) > 8 and folders <= set(target.COURSE)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert {"my", "courses", "rehearsal"} <= set(re.findall(r"^(\w+)/$", ignored, re.M))


def test_no_site_is_written_over_other_files(tmp_path, quick, capsys):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_bytes(b"years of work")
    assert quick("index.html")(out) == 1
    assert files(out) == {"chapter.txt": b"years of work"}
    assert f"{out} has files in it, and no {target.MARK}" in capsys.readouterr().err
    assert quick("index.html")(out / "chapter.txt") == 1
    assert "is a file" in capsys.readouterr().err


def test_a_mark_cannot_lead_out_of_its_folder(tmp_path, quick):
    out = tmp_path / "site"
    assert quick("index.html")(out) == 0
    (tmp_path / "mine").write_bytes(b"x")
    with (out / target.MARK).open("a", encoding="utf-8") as mark:
        mark.write("../mine\n..\n.\n\n")
    assert quick("index.html")(out) == 0
    assert (tmp_path / "mine").read_bytes() == b"x" and (out / "index.html").is_file()


def test_what_building_took_and_weighs_is_said_and_has_a_bound(
    tmp_path, quick, capsys, monkeypatch
):
    out, before = tmp_path / "site", command.spent()
    sum(n * n for n in range(10**6))
    assert command.spent() > before
    times = iter([1.0, 8.0, 1.0, 8.0])
    monkeypatch.setattr(command, "spent", lambda: next(times))
    assert quick("index.html")(out, "--within", "8") == 0
    assert "0.0 MB, as hosts send it 0.0 MB; 7 s of processors' time" in capsys.readouterr().out
    assert quick("index.html")(out, "--within", "6") == 1


def test_a_site_is_shown_on_this_machine_until_ctrl_c(tmp_path, quick, monkeypatch, capsys):
    got = {}

    def wait(seconds):
        address = capsys.readouterr().out.split("\n")[-2].split()[0]
        for name, head in (("packed", {"Accept-Encoding": "gzip"}), ("plain", {})):
            asked = urllib.request.Request(address, headers=head)
            with urllib.request.urlopen(asked) as answer:
                got[name] = answer.headers["Content-Encoding"], answer.read()
        got["address"] = address
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=wait))
    out, words = tmp_path / "site", ["--serve", "--address", "https://a.example/course"]
    assert quick("ja/index.html")(out, *words) == 130
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/course/ja/", got["address"])
    assert got["plain"] == (None, b"ja/index.html")
    assert got["packed"][0] == "gzip" and gzip.decompress(got["packed"][1]) == got["plain"][1]
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(got["address"])


def test_a_lesson_with_a_bank_must_have_its_quiz_on_its_page(monkeypatch, tmp_path, quick, capsys):
    right = ['<triad-quiz data-lang="ja" data-lesson="01_attention">…</triad-quiz>']
    assert quizzes.has_bank("01_attention") and not quizzes.has_bank("01_a")
    places.checked({("ja", "01_attention"): right, ("ja", "01_a"): []})
    for wrong in ([], right * 2, [right[0].replace("01_", "02_")]):
        with pytest.raises(widgets.Asleep, match="ja/01_attention: "):
            places.checked({("ja", "01_attention"): wrong})
    cell = code("LESSON = '01_attention'\nQuiz(LESSON)", shown(text_html="<p>問1</p>"))
    silent = page(new_notebook(cells=[prose("# 題", "title"), cell]), "ja", "01_attention")
    monkeypatch.setattr(command, "lessons", lambda *_: [silent])
    monkeypatch.setattr(widgets, "checked", lambda *_: None)
    assert quick("index.html")(tmp_path / "site") == 1
    assert 'Quiz("01_attention")' in capsys.readouterr().err


def test_of_two_commands_at_once_one_waits_while_the_other_installs_and_while_it_builds(
    tmp_path, monkeypatch, steps
):
    def slowly(step, name):
        def done(*words):
            step(*words)
            time.sleep(0.2)
            steps.append(f"{name} ended")

        return done

    monkeypatch.setattr(testing, "install_site", slowly(testing.install_site, "install"))
    monkeypatch.setattr(project, "build", slowly(project.build, "build"))
    with ThreadPoolExecutor(2) as both:
        words = [str(tmp_path / "site"), "--lesson", "none", "--address", "at"]
        assert [*both.map(main, [words, words])] == [0, 0]
    installs = [step for step in steps if step.startswith("install")]
    assert installs == ["install", "install ended"] * 2
    shared = ["check", "at", "triad", "build", "build ended"]
    assert [step for step in steps if step in shared] == shared * 2


def test_a_lesson_that_does_not_run_stops_the_command(tmp_path, monkeypatch, steps, capsys):
    def stop(files, root):
        raise executed.NotExecuted("not executed: ja/01_a.ipynb")

    monkeypatch.setattr(executed, "lessons", stop)
    assert main([str(tmp_path)]) == 1 and steps == ["install"]
    with project.alone(testing.SITE).acquire(timeout=0.1):
        pass  # the next command does not wait
    assert "not executed: ja/01_a.ipynb" in capsys.readouterr().err


def test_every_text_of_the_site_is_there_in_every_language():
    assert all(words.text(name, lang) for name in words.catalogue() for lang in COMPLETE)


def test_the_project_holds_pages_figures_and_what_a_search_reads(tmp_path):
    made = converted(prose("## 和"))
    made.pictures["x.webp"] = b"x"
    project.write(tmp_path, [made], {"ja/index.md": "…"}, "https://a.example/course/")
    assert (tmp_path / "src/content/docs/ja/01_a.md").is_file()
    assert (tmp_path / "public/figures/x.webp").read_bytes() == b"x"
    found = json.loads((tmp_path / "public/search-ja.json").read_text(encoding="utf-8"))
    assert [(one["page"], one["heading"]) for one in found] == [("01_a", "題"), ("01_a", "和")]
    told = json.loads((tmp_path / "site.json").read_text(encoding="utf-8"))
    assert (told["site"], told["base"]) == ("https://a.example", "/course/")
    assert [*told["locales"]] == list(COMPLETE)


def test_of_two_builds_in_one_project_the_second_waits(tmp_path):
    other = project.alone(tmp_path / "work")
    with project.alone(tmp_path / "work"), pytest.raises(filelock.Timeout):
        other.acquire(timeout=0.1)
    with other.acquire(timeout=0.1):
        assert other.is_locked


def test_a_page_that_is_gone_does_not_stay(tmp_path):
    project.write(tmp_path, [converted()], {}, "")
    project.write(tmp_path, [], {}, "")
    assert not (tmp_path / "src/content/docs/ja/01_a.md").exists()


def test_what_astro_keeps_stays_until_its_configuration_changes(tmp_path, monkeypatch):
    store = tmp_path / "work/node_modules/.astro/data-store.json"
    sources = shutil.copytree(project.SOURCES, tmp_path / "sources")
    monkeypatch.setattr(project, "SOURCES", sources)

    def stays(address=""):
        project.write(tmp_path / "work", [], {}, address)
        there = store.exists()
        store.write_text("as rendered now", encoding="utf-8")
        return there

    assert [stays(), stays(), stays("https://a.example/x/"), stays("https://a.example/x/")] == [
        False, True, False, True,
    ]  # fmt: skip
    with (sources / "astro.config.mjs").open("a", encoding="utf-8") as config:
        config.write("// changed")
    assert [stays("https://a.example/x/"), stays("https://a.example/x/")] == [False, True]


def test_what_is_kept_is_made_again_when_what_it_needs_changes(tmp_path):
    made = []

    def asked(*needs):
        def make():
            made.append(needs)
            return {"a.bin": b"-".join(needs)}

        return kept.files("thing", needs, make, tmp_path)

    assert asked(b"1", b"2") == asked(b"1", b"2") == {"a.bin": b"1-2"}
    assert asked(b"12", b"") == {"a.bin": b"12-"} and made == [(b"1", b"2"), (b"12", b"")]
    [folder] = (tmp_path / executed.FOLDER).iterdir()
    (folder / kept.WHOLE).unlink()  # as when a run is interrupted
    assert asked(b"12", b"") == {"a.bin": b"12-"} and len(made) == 3


def test_of_each_name_the_newest_is_kept_and_nothing_of_what_failed(tmp_path):
    def asked(name, need, make=lambda: {"a.bin": b"x"}):
        return kept.files(name, [need], make, tmp_path)

    for name, need in (("thing", b"1"), ("thing-too", b"1"), ("thing", b"2")):
        asked(name, need)
    there = tmp_path / executed.FOLDER
    names = [f"thing-{kept.digest([b'2'])}", f"thing-too-{kept.digest([b'1'])}"]
    assert sorted(one.name for one in there.iterdir()) == sorted(names)
    with pytest.raises(ZeroDivisionError):
        asked("thing", b"3", lambda: {"a.bin": bytes(1 // 0)})
    assert asked("thing", b"3") == {"a.bin": b"x"}


@pytest.fixture
def computed(tmp_path, monkeypatch):
    """What torch would compute for the triad page: how often it was asked, in a course's copy."""
    times = []
    made = SimpleNamespace(files=lambda: times.append(1) or {"x": b"x"})
    package = importlib.import_module("course_tools.site.triad")
    monkeypatch.setattr(package, "computed", made, raising=False)
    monkeypatch.setitem(sys.modules, f"{package.__name__}.computed", made)
    monkeypatch.setattr(kept.files, "__defaults__", (tmp_path,))
    monkeypatch.setattr(triad, "ROOT", tmp_path)
    folder = shutil.copytree(Path(triad.__file__).parent, tmp_path / "triad")
    monkeypatch.setattr(triad, "__file__", str(folder / "page.py"))
    return times


@pytest.mark.parametrize(
    "file", ["src/helpers/models/checkpoints/a.bin", "constraints.txt", "triad/weights.py"]
)
def test_the_triad_pages_numbers_are_computed_again_when_what_they_need_changes(
    tmp_path, computed, file
):
    changed = tmp_path / file
    changed.parent.mkdir(parents=True, exist_ok=True)
    for content in ("1", "1", "2", "2"):
        changed.write_text(content, encoding="utf-8")
        assert triad.numbers.__wrapped__() == {"x": b"x"}
    assert len(computed) == 2


def test_without_npm_or_a_new_node_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(npm.NoNode, match="npm is not there"):
        npm.install(project.SOURCES, tmp_path / "work", "npm install")
    with pytest.raises(npm.NoNode, match=r"22\.12 or newer"):
        project.node(tmp_path)


@pytest.mark.timeout(60)
def test_a_signal_that_interrupts_no_wait_ends_what_is_served(tmp_path):
    """As one that comes when the wait is just about to begin."""
    threading.Timer(0.2, _thread.interrupt_main).start()
    assert serve(tmp_path, "/") == 130
