"""The map of the lessons and the table of claims: built from the sources, filled by the student."""

import json
import re
import tomllib
from html.parser import HTMLParser

import pytest
import whole_course
from places import ROOT

from course_tools.authoring.build import build
from course_tools.authoring.contents import contents
from course_tools.authoring.course import Course
from course_tools.authoring.problems import LessonError
from helpers.classroom import overview, progress, records, session
from helpers.display import show
from helpers.language import say

LANGUAGES = {"ja": "ja", "zh-tw": "zh_tw"}
FOLDERS = sorted(path.parent for path in ROOT.glob("lessons/*/lesson.py"))


@pytest.fixture(autouse=True)
def student(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "home"))
    say.use("ja")


@pytest.fixture
def shown(monkeypatch):
    """(HTML, text) of everything that is displayed."""
    fragments = []
    monkeypatch.setattr(overview, "fragment", lambda *both: fragments.append(both))
    return fragments


class Table(HTMLParser):
    """Rows of cells, and {text: href} of the links."""

    def __init__(self, html: str):
        super().__init__()
        self.rows, self.links, self._href, self._in_cell = [], {}, None, False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True
        elif tag == "a":
            self._href = dict(attrs)["href"]

    def handle_endtag(self, tag):
        self._href = None if tag == "a" else self._href
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._in_cell:
            self.rows[-1][-1] += data
        if self._href:
            self.links[data] = self._href


# --- the compiled table -----------------------------------------------------------------


def test_every_lesson_of_the_course_is_in_it():
    built = json.loads(contents(whole_course.course()))
    assert [entry["name"] for entry in built["lesson"]] == [folder.name for folder in FOLDERS]
    for entry, folder in zip(built["lesson"], FOLDERS, strict=True):
        bank = tomllib.loads((folder / "quiz.toml").read_text(encoding="utf-8"))
        assert entry["quiz"] == [q["id"] for q in bank["question"]] and entry["quiz"]
        source = (folder / "lesson.py").read_text(encoding="utf-8")
        assert all(f"# # {title}\n" in source for title in entry["title"].values())
        assert entry["seconds"] > 0 and entry["mib"] > 0
    tasks = {entry["name"]: entry["tasks"] for entry in built["lesson"]}
    assert tasks["01_attention"] == {"merge": 3, "window_mask": 2, "grouped": 3, "packed": 2}


def test_the_ranges_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requires = json.loads(contents(whole_course.course()))["requires"]
    assert requires.pop("python") == project["requires-python"]
    assert [name + want for name, want in requires.items()] == project["dependencies"]
    assert len(requires) >= 7


@pytest.mark.parametrize("first_line", ["# text", "# ## small"])
def test_a_lesson_without_a_title_is_a_fault(tmp_path, first_line):
    folder = tmp_path / "lessons/09_sample"
    folder.mkdir(parents=True)
    (folder / "measured.toml").write_text("seconds = 1\nmib = 1\n", encoding="utf-8")
    (folder / "quiz.toml").write_text("question = []\n", encoding="utf-8")
    cells = [f'# %% [markdown] key="a" lang="{lang}"\n{first_line}\n' for lang in LANGUAGES]
    (folder / "lesson.py").write_text("\n".join(cells), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    with pytest.raises(LessonError, match=r"09_sample/lesson.py:a: no title"):
        build(Course.read(tmp_path))


# --- the map ----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_map_says_what_was_measured_and_what_is_done(shown, lang):
    say.use(lang)
    entry = next(e for e in overview.course()["lesson"] if e["name"] == "01_attention")
    progress.answered("01_attention", entry["quiz"][0], ("a",), True)
    progress.answered("01_attention", entry["quiz"][1], ("a",), False)
    progress.answered("01_attention", "a question that was removed", ("a",), True)
    session.current().lesson = "01_attention"
    progress.passed("merge")
    progress.passed("a task that was removed")
    overview.show()
    table, text = Table(shown[0][0]), shown[0][1]
    row = next(r for r in table.rows if r[0].startswith("01 "))
    numbers = [re.findall(r"\d+", cell) for cell in row[1:]]
    sizes = sorted([f"{len(entry['quiz'])}", "1"]), sorted([f"{len(entry['tasks'])}", "1"])
    assert (sorted(numbers[2]), sorted(numbers[3])) == sizes
    assert int(numbers[0][0]) >= entry["seconds"] and int(numbers[1][0]) >= entry["mib"]
    assert row[0] == f"01 {entry['title'][LANGUAGES[lang]]}"
    assert text.splitlines()[: len(table.rows)] == [" | ".join(r) for r in table.rows]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_link_leads_to_a_notebook(shown, lang):
    say.use(lang)
    finish("01_attention")
    overview.show()
    overview.claims_table()
    links = [link for html, _ in shown for link in Table(html).links.values()]
    assert len(links) > len(FOLDERS)
    for link in links:
        target = (ROOT / "notebooks" / lang / link).resolve().relative_to(ROOT)
        assert target.parts[:2] in (("notebooks", lang), ("exercises", lang))
        assert (ROOT / target).is_file()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_and_its_sheet_are_two_names_on_the_tabs_of_jupyterlab(lang):
    lessons = {path.name for path in ROOT.glob(f"notebooks/{lang}/*.ipynb")}
    sheets = {path.name for path in ROOT.glob(f"exercises/{lang}/*/*.ipynb")}
    assert len(lessons) == len(FOLDERS)
    assert len(sheets) == len([*ROOT.glob("lessons/*/exercise.py")])
    assert not lessons & sheets


def test_on_colab_there_are_no_links_that_lead_nowhere(shown, monkeypatch):
    monkeypatch.setattr(progress, "on_colab", lambda: True)
    overview.show()
    overview.claims_table()
    assert all(Table(html).rows and not Table(html).links for html, _ in shown)


ENTRIES = [
    {"name": "00_a", "title": {"ja": "零", "zh_tw": "零"}, "quiz": ["q1"], "tasks": {}},
    {"name": "01_b", "title": {"ja": "一", "zh_tw": "一"}, "quiz": ["q1", "q2"], "tasks": {"t": 1}},
]
DONE = records.Answer(("a",), 1, True)
OPEN = records.Answer(("a",), 1, False)
FIRST = {"q1": DONE}
STEPS = [
    ({}, "", "next_lesson", "00", None),
    ({}, "00_a", "next_quiz", "00", 1),
    ({"00_a": ({"q1": OPEN}, {})}, "", "next_quiz", "00", 1),
    ({"00_a": (FIRST, {})}, "00_a", "next_lesson", "01", None),
    ({"00_a": (FIRST, {}), "01_b": ({"q2": DONE}, {})}, "", "next_quiz", "01", 1),
    ({"00_a": (FIRST, {}), "01_b": ({"q1": DONE, "q2": DONE}, {})}, "", "next_sheet", "01", 1),
]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kept, here, message, number, left", STEPS)
def test_next_step_is_the_first_that_is_open(kept, here, message, number, left, lang):
    say.use(lang)
    session.current().lesson = here
    work = {name: records.LessonWork(*parts) for name, parts in kept.items()}
    title = {"00": "零", "01": "一"}[number]
    values = {"number": number, "title": title} | ({"left": left} if left else {})
    assert overview.next_step(ENTRIES, work) == say.text("overview", message, **values)


def test_after_the_last_step_the_course_says_so():
    quiz = {"q1": DONE, "q2": DONE}
    work = {e["name"]: records.LessonWork(quiz, {"t": "2026"}) for e in ENTRIES}
    assert overview.next_step(ENTRIES, work) == say.text("overview", "finished")


# --- the claims -------------------------------------------------------------------------

DECLARED = {
    f.parent.name: tomllib.loads(f.read_text(encoding="utf-8"))
    for f in sorted(ROOT.glob("lessons/*/claims.toml"))
}
CLAIMS, OURS = (
    {
        lesson: {name: e for name, e in entries.items() if ("ours" in e) is ours}
        for lesson, entries in DECLARED.items()
    }
    for ours in (False, True)
)
CLAIMS = {lesson: entries for lesson, entries in CLAIMS.items() if entries}  # 09: none of the page


def finish(lesson: str) -> None:
    entry = next(e for e in overview.course()["lesson"] if e["name"] == lesson)
    for question in entry["quiz"]:
        progress.answered(lesson, question, ("a",), True)


def claims_shown(shown, lang) -> tuple[list[list[str]], list[list[str]], str]:
    """The rows of claims, those of lessons still open, and all text."""
    say.use(lang)
    shown.clear()
    overview.claims_table()
    ((html, text),) = shown
    rows = [row for row in Table(html).rows if re.fullmatch(r"C\d\d", row[0])]
    return rows, [row for row in Table(html).rows if re.match(r"\d\d ", row[0])], text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_the_first_day_nothing_is_told_but_how_many_claims_a_lesson_measures(shown, lang):
    rows, to_come, text = claims_shown(shown, lang)
    assert rows == [] and [row[0][:2] for row in to_come] == [name[:2] for name in CLAIMS]
    for (_, count), claims in zip(to_come, CLAIMS.values(), strict=True):
        assert re.findall(r"\d+", count) == [str(len(claims))]
        told = [e[part][LANGUAGES[lang]] for e in claims.values() for part in ("page", "found")]
        assert not [words for words in told if words in text]
    assert str(len(set().union(*CLAIMS.values()))) in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_finished_lesson_shows_verdict_and_findings_and_no_other_does(shown, lang):
    finish("03_encoder")
    progress.answered("04_decoder", "q1", ("a",), True)
    rows, to_come, text = claims_shown(shown, lang)
    assert [row[:4] for row in rows] == [
        [claim, entry["page"][LANGUAGES[lang]], say.text("claims", entry["verdict"]),
         entry["found"][LANGUAGES[lang]]]
        for claim, entry in sorted(CLAIMS["03_encoder"].items())
    ]  # fmt: skip
    assert "03" not in [row[0][:2] for row in to_come] and len(to_come) == len(CLAIMS) - 1
    others = [e["found"][LANGUAGES[lang]] for e in CLAIMS["04_decoder"].values()]
    assert not [found for found in others if found in text]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_claim_of_two_lessons_has_one_row_and_says_what_each_found(shown, lang):
    first, second = (CLAIMS[name]["C05"]["found"][LANGUAGES[lang]] for name in TWICE["C05"])
    finish("01_attention")
    rows, _, _ = claims_shown(shown, lang)
    (row,) = (row for row in rows if row[0] == "C05")
    assert first in row[3] and second not in row[3] and "05" in row[3]
    assert row[4:] == ["01", "05"]
    finish("05_encoder_decoder")
    rows, _, _ = claims_shown(shown, lang)
    (row,) = (row for row in rows if row[0] == "C05")
    assert first in row[3] and second in row[3] and row[4:] == ["01", "05"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_after_the_last_lesson_every_claim_stands_in_one_row(shown, lang):
    for lesson in CLAIMS:
        finish(lesson)
    rows, to_come, _ = claims_shown(shown, lang)
    assert [row[0] for row in rows] == sorted(set().union(*CLAIMS.values())) and not to_come


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_courses_own_claims_stand_apart_once_their_lesson_is_finished(shown, lang):
    def ours() -> list[list[str]]:
        ((html, _),) = shown
        return [row[:3] for row in Table(html).rows if re.fullmatch(r"E\d\d", row[0])]

    claims_shown(shown, lang)
    assert ours() == [] and OURS["02_block"]
    finish("02_block")
    rows, _, _ = claims_shown(shown, lang)
    assert [row[0] for row in rows] == sorted(CLAIMS["02_block"])
    assert ours() == [
        [name, entry["ours"][LANGUAGES[lang]], entry["found"][LANGUAGES[lang]]]
        for name, entry in OURS["02_block"].items()
    ]


TWICE = {
    claim: lessons
    for claim in set().union(*CLAIMS.values())
    if len(lessons := [name for name in CLAIMS if claim in CLAIMS[name]]) > 1
}


@pytest.mark.parametrize("claim", sorted(TWICE))
def test_a_claim_of_two_lessons_has_one_verdict_and_two_findings(claim):
    entries = [CLAIMS[lesson][claim] for lesson in TWICE[claim]]
    assert len({entry["verdict"] for entry in entries}) == 1
    assert len({entry["found"]["ja"] for entry in entries}) == len(entries)


def test_a_link_is_escaped_and_reads_as_its_text():
    html, plain = show.table(["<a>"], [[show.Link.to('x"y', "<b>")], ["<c>"]])
    assert '<a href="x&quot;y">&lt;b&gt;</a>' in html and "<b>" not in html and "<c>" not in html
    assert plain == "<a>\n<b>\n<c>"
