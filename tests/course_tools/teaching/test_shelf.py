"""The teacher's shelf is in step with the lessons, and a guide that does not fit is refused.

Every rule is tried on a planted fault: the text of a guide, a lesson or a syllabus, changed.
"""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import turns
import whole_course
from places import ROOT

from course_tools.authoring.problems import LessonError
from course_tools.prose import gates, glossary
from course_tools.site.executed import NotExecuted
from course_tools.teaching import guide, inline, lock, pages, rules, slides, syllabus, words
from course_tools.teaching.__main__ import different, files, known, main, of_syllabus
from course_tools.teaching.anchors import Anchors
from course_tools.teaching.guide import Guide
from helpers.language.say import COMPLETE

NODE = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node"))


@pytest.fixture(scope="module")
def course():
    return whole_course.course().whole()


@pytest.fixture(scope="module")
def lessons(course):
    return guide.prepared(course)


@pytest.fixture(scope="module")
def made(course, lessons):
    return files(course, lessons)


def said(problems):
    return "\n".join(map(str, problems))


# --- the shelf as it stands -----------------------------------------------------------------------


def test_the_shelf_is_in_step_with_the_lessons(course, lessons, made):
    assert not said([*rules.problems(lessons), *of_syllabus(course, lessons)])
    assert different(ROOT, made) == ([], [])


def test_every_lesson_has_a_guide_or_is_named(course, lessons):
    there = {one.lesson.name for one in lessons if not one.guide.faults}
    assert there | set(guide.UNWRITTEN) == {lesson.name for lesson in course.lessons}
    assert not there & set(guide.UNWRITTEN)


def test_each_page_stands_in_each_language(lessons, made):
    for one in lessons:
        for lang in words.LANGUAGES:
            assert pages.plan_file(lang, one.lesson.name) in made
    assert len(made) == len(words.LANGUAGES) * (2 + 2 * len(lessons))


def test_a_plan_holds_each_wrong_choice_and_each_task(lessons, made):
    for one in lessons:
        page = made[pages.plan_file("ja", one.lesson.name)]
        for name, question in one.anchors.questions.items():
            assert question.wrong, f"{one.lesson.name} {name} has no wrong answer"
            for choice in question.wrong:
                assert pages.cell(question.choices[choice]["ja"]) in page
                assert one.guide.get("question", name, "thinks", choice, lang="ja") in page
        for task in one.anchors.tasks.values():
            assert pages.cell(task.text["ja"]) in page


def test_links_of_the_pages_lead_somewhere(made):
    for file, text in made.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text) if file.endswith(".md") else ():
            path = (ROOT / file).parent.joinpath(target).resolve()
            assert path.relative_to(ROOT).as_posix() in made, f"{file}: {target}"


def texts_of(course, lessons):
    found = [text for one in lessons for text in one.guide.texts()]
    return found + syllabus.read(lessons[0]).texts()


def test_the_prose_passes_the_gates(course, lessons):
    forms = glossary.read(ROOT / "lessons/glossary.tsv")
    texts = [text for text in texts_of(course, lessons) if text.lang in COMPLETE]
    assert not said(gates.problems(texts, forms))
    spoilt = replace(texts[0], lang="zh-tw", words="把 GPU 的数据, 拿來用。")
    assert gates.problems([*texts, spoilt], forms)


@turns.in_ci
def test_the_japanese_passes_textlint(course, lessons):
    if not (NODE / "installed").is_file() or not shutil.which("node"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no textlint in {NODE}")
    assert not said(gates.textlint(texts_of(course, lessons), NODE))


def test_every_text_has_the_line_it_stands_in(lessons):
    for one in lessons:
        lines = one.guide.text.split("\n")
        for text in one.guide.texts():
            first = text.words.split("\n")[0].replace('"', '\\"')
            assert first in lines[text.line - 1], f"{text.file}:{text.line} {text.key}"


# --- planted faults -------------------------------------------------------------------------------

GUIDE_FAULTS = [
    ("[section.qkv]", "[section.qkw]", "section.qkw.heading: the lesson has no such key", "qkv"),
    ("[section.qkv]", "[section.qkw]", "section.qkv.heading: is missing", 'write heading = "…"'),
    ("\n28 = {en", "\n27 = {en", "question.q6.thinks.27: the lesson has no such key", "thinks.28"),
    ("\n28 = {en", "\n27 = {en", "question.q6.thinks.28: is missing", "thinks = {en"[10:]),
    ("[task.merge]", "[task.merged]", "task.merge.difficulty: is missing", "difficulty = 5"),
    ("[claim.E11]", "[claim.E12]", "claim.E11.found: is missing", 'found = "…"'),
    ("sink = ", "sunk = ", "section.train.predict.sunk: the lesson has no such key", "sink"),
    ("\nminutes = 12\ndo", "\nminutes = 11\ndo", "the minutes of the sections sum to 89", "90"),
    ("minutes = 15\n\n[task.w", "minutes = 16\n\n[task.w", "tasks sum to 61", "the sheet says 60"),
    ("difficulty = 2", "difficulty = 6", "task.window_mask.difficulty: is 6", "write 1 to 5"),
    ('section = "qkv"', 'section = "qkw"', "asked.1.section: no section qkw", "name one of title"),
    ("minutes = 2\ndo", "minutes = 2\npoint", "has 2 minutes and no do", "section.page.do"),
    ("minutes = 0\ncut", "minutes = 0\ndo", "has 0 minutes and no cut", "section.next.cut"),
    ('4 = {en = "Mixes', '4 = {en = "Mixes 混', "holds 混 in English", "thinks.4"),
    ("4は分散です。", "13は分散です。", "unequal number: ja alone has 13", "make them equal"),
    ("その行は`nan`に", "その行は`inf`に", "unequal code: ja alone has `inf`", "make them equal"),
    ("4は分散です。", "$4$ は分散です。", "holds a formula between $", "√"),
    ('zh_tw = "留到第 02 課再講。"', 'zh_tw = "TODO"', "is not written in zh_tw", "heads.cut"),
    ("heading = \"Turning", "heading = \"\" # \"Turning", "heading: is '', not written", "…"),
    ("minutes = 8\n", 'minutes = "8"\n', "minutes: is '8'", "write 5"),
    ("goal = {en", "gaol = {en", "gaol: the lesson has no such key", "perhaps to goal"),
    ("[section.title]", "[section.title", "no TOML", "mend the line"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "planted", "what", "remedy"), GUIDE_FAULTS)
def test_a_fault_of_a_guide_is_named(lessons, there, planted, what, remedy):
    one = next(one for one in lessons if one.lesson.name == "01_attention")
    assert there in one.guide.text
    wrong = Guide.of(one.guide.file, one.guide.text.replace(there, planted, 1))
    problems = said(rules.problems([replace(one, guide=wrong)]))
    assert "lessons/01_attention/teaching.toml:" in problems
    assert what in problems and remedy in problems


def without(text, start, end):
    first = text.index(start)
    return text[:first] + text[text.index(end, first + 1) :]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: without(text, "[[asked]]", "[task.merge]"), "0 questions that students ask"),
        (lambda text: _without_lines(text, "point = "), "0 sections have a point"),
        (lambda text: _without_lines(text, "cut = "), "nothing can be cut"),
        (lambda text: _swapped(text), "follow the lesson's order"),
        (lambda text: text.replace("minutes = 20", "minutes = 0"), "is predicted in 0 minutes"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(lessons, change, what):
    one = next(one for one in lessons if one.lesson.name == "01_attention")
    changed = change(one.guide.text)
    wrong = replace(one, guide=Guide.of(one.guide.file, changed))
    assert what in said(rules.problems([wrong]))


def _without_lines(text, start):
    return "\n".join(line for line in text.split("\n") if not line.startswith(start))


def _swapped(text):
    first, second, third = (text.index(f"[section.{x}]") for x in ("page", "tokens", "qkv"))
    return text[:first] + text[second:third] + text[first:second] + text[third:]


def test_no_prediction_in_a_plan_is_refused(lessons):
    one = next(one for one in lessons if one.lesson.name == "01_attention")
    kept, inside = [], False
    for line in one.guide.text.split("\n"):
        inside = line.endswith(".predict]") or (inside and not line.startswith("["))
        kept += [] if inside else [line]
    wrong = replace(one, guide=Guide.of(one.guide.file, "\n".join(kept)))
    assert "nothing is predicted together" in said(rules.problems([wrong]))


@pytest.mark.parametrize(
    ("file", "there", "planted", "stale"),
    [
        ("quiz", "3つのキーに対する", "4つのキーに対する", "question.q1"),
        ("quiz", "value = 160", "value = 150", "question.q1"),
        ("claims", "式どおりに書いた関数", "式で書いた関数", "claim.C05"),
        ("lesson", "スコアは全部で何個", "スコアは何個", "section.scores-guess"),
        ("sheet", "スライディングウィンドウのマスク |", "窓のマスク |", "task.window_mask"),
    ],
)
def test_an_entry_is_stale_when_the_lesson_changes(lessons, file, there, planted, stale):
    one = next(one for one in lessons if one.lesson.name == "01_attention")
    source = getattr(one.lesson, file)
    assert there in source.text
    changed = type(source).of(source.file, source.text.replace(there, planted))
    anchors = Anchors(replace(one.lesson, **{file: changed}))
    problems = said(lock.problems(replace(one, anchors=anchors)))
    assert f"teaching.toml:{stale}: the lesson's words changed" in problems
    assert f"--confirm 01_attention:{stale}" in problems
    assert problems.count("changed") == 1


def test_what_is_confirmed_is_no_longer_stale(tmp_path, lessons):
    one = next(one for one in lessons if one.lesson.name == "01_attention")
    (tmp_path / "lessons" / "01_attention").mkdir(parents=True)
    fresh = replace(one, course=replace(one.course, root=tmp_path))
    everything = len(one.anchors.hashes())
    assert len(list(lock.problems(fresh))) == everything
    assert lock.confirm([fresh], ["01_attention:question.q1", "01_attention:task"]) == 6
    left = said(lock.problems(fresh))
    assert "question.q1:" not in left and "task." not in left
    assert len(list(lock.problems(fresh))) == everything - 6
    with pytest.raises(LessonError, match="no such entry"):
        lock.confirm([fresh], ["01_attention:question.q"])
    (tmp_path / "lessons/01_attention/teaching.lock").write_text("question.q1\n", encoding="utf-8")
    with pytest.raises(LessonError, match="cannot read"):
        list(lock.problems(fresh))


def test_a_lesson_that_is_wrongly_named_as_unwritten_is_told(lessons, monkeypatch):
    monkeypatch.setattr(guide, "UNWRITTEN", ("01_attention", "77_gone"))
    problems = said(rules.problems(lessons[:1]))
    assert "lessons/01_attention:-: is named as unwritten" in problems and "77_gone" in problems


def test_a_page_changed_by_hand_and_one_without_source_are_told(tmp_path, made):
    for file, text in made.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert different(tmp_path, made) == ([], [])
    first = next(iter(made))
    (tmp_path / first).write_text("x", encoding="utf-8")
    (tmp_path / pages.FOLDER / "ja" / "old.md").write_text("x", encoding="utf-8")
    assert different(tmp_path, made) == ([first], [f"{pages.FOLDER}/ja/old.md"])


SYLLABUS_FAULTS = [
    ('weeks = 4', 'weeks = 5', "has courses of [5, 8, 15] weeks"),
    ('weeks = 4', 'weeks = 5', "lists 4 weeks"),
    ("sheets = 40, essays = 25", "sheets = 41, essays = 25", "summing to 100"),
    ("quizzes = 10", "quiz = 10", "give sheets, essays, quizzes, exams"),
    ('lessons = ["03", "04", "05"]', 'lessons = ["03", "04"]', "lesson ['05'] is in no week"),
    ('lessons = ["03", "04", "05"]', 'lessons = ["03", "03", "04", "05"]', "lesson ['03'] twice"),
    ('lessons = ["06", "07"]', 'lessons = ["06", "07", "10"]', "there is no lesson ['10']"),
    ('sheets = ["01"]', 'sheets = ["01", "03"]', "sheets ['03'] before the lesson"),
    ('exam = ["01", "02", "03"]', 'exam = ["01", "05"]', "exam ['05'] before the lesson"),
    ('exam = ["01", "02", "03"]', 'exam = ["00", "01"]', "an exam on ['00'], which has no"),
    ("exam = [", "quiz = [", "exams count and there is none"),
    ("2人1組で議論", "20人1組で議論", "unequal number: ja alone has 20"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "planted", "what"), SYLLABUS_FAULTS)
def test_a_fault_of_a_syllabus_is_named(course, lessons, there, planted, what):
    read = syllabus.read(lessons[0])
    assert there in read.text
    wrong = Guide.of(read.file, read.text.replace(there, planted, 1))
    assert what in said(syllabus.problems(wrong, known(course)))


# --- what is shown --------------------------------------------------------------------------------


def test_a_formula_is_shown_with_scripts():
    assert inline.line("$d_k = 256$ と $\\frac{1}{4}$、`x`") == (
        "<i>d</i><sub><i>k</i></sub> = 256 と 1/4、<code>x</code>"
    )
    assert inline.line("$10^{12}$") == "10<sup>12</sup>"
    assert inline.block("a\n- b\n- c") == "<p>a</p>\n<ul><li>b</li><li>c</li></ul>"
    assert inline.line("√d_kは`d_k`") == "√<i>d</i><sub><i>k</i></sub>は<code>d_k</code>"
    assert inline.line("1 < 2 & <b>") == "1 &lt; 2 &amp; &lt;b&gt;"
    with pytest.raises(LessonError, match="cannot show the formula"):
        inline.line("$\\int x$")


def test_a_deck_has_each_heading_claim_figure_and_guess(lessons):
    for one in lessons:
        drawn = {
            cell: slides.Picture("AAAA", f"figure {cell}")
            for section in one.anchors.sections.values()
            for cell in section.figures
        }
        deck = slides.deck(one, drawn, "zh-tw")
        assert deck.count("<figure>") == len(drawn)
        shown = [name for x in one.anchors.sections.values() for name in x.claims]
        assert deck.count(words.text("found", "zh-tw")) == len(shown)
        for name in one.anchors.sections:
            for cell in pages.predicted(one, name):
                asked = pages.asks(one, name, cell, "zh-tw").split("\n")[0]
                assert inline.line(asked) in deck


def executed(*fragments):
    outputs = [nbformat.v4.new_output("display_data", {"text/html": x}) for x in fragments]
    cells = [nbformat.v4.new_code_cell("figures.show(fig, …)", outputs=[x]) for x in outputs]
    for n, cell in enumerate(cells):
        cell.id = f"figure-{n}"
    return nbformat.v4.new_notebook(cells=cells)


def test_the_picture_on_white_is_taken_with_its_words():
    night = "<style>.x img { content: url(data:image/png;base64,BBBB) }</style>"
    shown = night + '<img class="x" src="data:image/png;base64,AAAA" alt="a &quot;b&quot;">'
    found = slides.pictures(executed(shown, "<p>no picture</p>"))
    assert found == {"figure-0": slides.Picture("AAAA", 'a "b"')}


def test_slides_are_written_from_executed_lessons(tmp_path, monkeypatch):
    ran = []

    def lessons(notebooks, root):
        ran.extend(path.relative_to(root / "notebooks").as_posix() for path in notebooks)
        made = executed('<img src="data:image/png;base64,AAAA" alt="x">')
        made.cells[0].id = "masks-figure"
        return [made] * len(notebooks)

    monkeypatch.setattr("course_tools.site.executed.lessons", lessons)
    assert not main(["slides", str(tmp_path), "--lesson", "01", "--figures", "zh-tw"])
    assert ran == ["zh-tw/01_attention.ipynb", "ja/01_attention.ipynb"]  # each once
    for lang in words.LANGUAGES:
        text = (tmp_path / f"01_attention.{lang}.html").read_text(encoding="utf-8")
        assert "base64,AAAA" in text


def test_slides_of_a_lesson_that_does_not_run_are_not_written(tmp_path, monkeypatch, capsys):
    def fails(notebooks, root):
        raise NotExecuted("not executed: ja/01_attention.ipynb")

    monkeypatch.setattr("course_tools.site.executed.lessons", fails)
    assert main(["slides", str(tmp_path), "--lesson", "01", "--lang", "ja"]) == 1
    assert "01_attention" in capsys.readouterr().err and not list(tmp_path.iterdir())
