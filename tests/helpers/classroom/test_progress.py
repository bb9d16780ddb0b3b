"""Progress on disk: nothing is lost, whatever dies, waits, is damaged, or comes from elsewhere."""

import copy
import itertools
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import places
import pytest
from sample_bank import BANK, both

import helpers
from helpers import widgets
from helpers.classroom import check, progress, records
from helpers.language import say
from helpers.widgets.quiz import kinds
from helpers.widgets.quiz import state as quiz_state
from helpers.widgets.quiz.bank import questions

LANGUAGES = ["ja", "zh-tw"]
NOT_OURS = {
    "empty": b"",
    "half": b'{"course": "transformer-triad", "format": 1, "less',
    "not UTF-8": b"\xff\xfe{}",
    "no JSON object": b"[1, 2]",
    "another program's": b'{"format": 1, "lesson": {}}',
    "a number for a lesson": b'{"course": "transformer-triad", "format": 1, "lesson": {"a": 1}}',
    "format of no number": b'{"course": "transformer-triad", "format": "1", "lesson": {}}',
    "too deep": b"[" * 200_000,
    "a wrong answer record": json.dumps(
        {"course": "transformer-triad", "format": 1, "lesson": {"a": {"tasks": {}, "quiz": {
            "q1": {"given": [1], "tries": 1, "solved": True, "at_once": True, "hinted": False,
                   "when": ""}}}}}
    ).encode(),
}  # fmt: skip
TOO_NEW = b'{"course": "transformer-triad", "format": 2, "stars": 5}'


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A new student, in a session that remembers nothing."""
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "学生 home"))
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)
    helpers.begin("01_attention", "ja")
    return tmp_path / "学生 home"


def kept(home: Path) -> records.Work:
    return records.loads((home / "progress.json").read_bytes())


def plant(home: Path, data: bytes) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    (home / "progress.json").write_bytes(data)
    return home / "progress.json"


def start(code: str, **pipes) -> subprocess.Popen:
    """A fresh Python with these helpers."""
    lines = f"import os, signal\nfrom helpers.classroom import progress, records\n{code}"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", lines], env=env, encoding="utf-8", stdout=subprocess.PIPE, **pipes
    )


def run(code: str) -> str:
    process = start(code, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, "")
    return out


# --- what is kept -----------------------------------------------------------------------


def test_answers_hints_and_tasks_are_kept_and_counted(home):
    progress.answered("a", "q1", ("x",), False)
    progress.answered("a", "q1", ("y", "z"), True)
    progress.answered("a", "q2", "１２．５", True)
    progress.hinted("a", "q3")
    progress.passed("merge")
    work = kept(home)
    first = work["a"].quiz["q1"]
    assert (first.given, first.tries, first.solved, first.at_once) == (("y", "z"), 2, True, False)
    assert work["a"].quiz["q2"].given == "１２．５" and work["a"].quiz["q2"].at_once
    assert work["a"].quiz["q3"].hinted and work["a"].quiz["q3"].tries == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", work["01_attention"].tasks["merge"])
    assert progress.answers("a") == work["a"].quiz and progress.answers("b") == {}


def test_the_first_answer_stays_whatever_comes_after(home):
    progress.hinted("a", "q1")
    assert kept(home)["a"].quiz["q1"].first == ()
    progress.answered("a", "q1", ("x",), False)
    since = kept(home)["a"].quiz["q1"].since
    progress.answered("a", "q1", ("y",), True)
    progress.taken_back("a", "q1")
    after = kept(home)["a"].quiz["q1"]
    assert (after.first, after.since, after.given) == (("x",), since, ()) and since < after.when


def test_a_record_from_before_first_answers_were_kept_is_read_and_gets_none(home):
    entry = {"given": ["x"], "tries": 1, "solved": False, "at_once": False, "hinted": False,
             "when": "2026-01-01"}  # fmt: skip
    table = {"course": records.COURSE, "format": 1, "student": "",
             "lesson": {"a": {"quiz": {"q1": entry}, "tasks": {}}}}  # fmt: skip
    plant(home, json.dumps(table).encode())
    progress.answered("a", "q1", ("y",), True)
    after = kept(home)["a"].quiz["q1"]
    assert (after.first, after.since, after.tries) == ((), "", 2)
    for first in (["x", 1], 3, None):
        entry["first"] = first
        with pytest.raises(records.NotOurs):
            records.loads(json.dumps(table).encode())


def test_a_taken_back_answer_is_gone_and_its_credit_stays(home):
    progress.answered("a", "q1", ("x",), True)
    progress.taken_back("a", "q1")
    assert kept(home)["a"].quiz["q1"].given == () and kept(home)["a"].quiz["q1"].solved


def test_the_file_holds_nothing_about_the_person(home, monkeypatch):
    monkeypatch.setenv("USER", "山田太郎")
    progress.answered("a", "q1", ("x",), True)
    table = json.loads((home / "progress.json").read_text(encoding="utf-8"))
    assert set(table) == {"course", "format", "student", "lesson"}
    assert table["student"] == progress.student_id()
    answer = table["lesson"]["a"]["quiz"]["q1"]
    kept_of_it = {"given", "tries", "solved", "at_once", "hinted", "when", "first", "since"}
    assert set(answer) == kept_of_it
    assert "山田" not in str(table) and str(home) not in str(table)


def test_only_success_is_kept_and_only_within_a_lesson(home, capsys):
    with check.task("wrong"):
        check.that(False, "hint")
    with check.task("open"):
        raise NotImplementedError
    assert not (home / "progress.json").exists()
    helpers.begin("", "ja")
    with check.task("outside"):
        pass
    assert not (home / "progress.json").exists()
    helpers.begin("01_attention", "ja")
    with check.task("merge"):
        pass
    assert list(kept(home)["01_attention"].tasks) == ["merge"]


def test_a_task_keeps_the_date_of_its_first_success(home):
    progress.passed("merge")
    first = kept(home)["01_attention"].tasks["merge"]
    progress.passed("merge")
    assert kept(home)["01_attention"].tasks["merge"] == first


# --- merging ----------------------------------------------------------------------------

OLD = records.Answer(("a",), 3, True, False, False, "2026-01-01")
NEW = records.Answer((), 1, False, False, True, "2026-01-02")
GUESSES = {
    "sum": records.Guess("3", "2026-01-01"),
    "mean": records.Guess("12万", "2026-01-04"),
}
ONE = {
    "l": records.LessonWork({"q1": OLD, "q2": NEW}, {"t": "2026-01-05", "u": "2026-01-01"}, GUESSES)
}
TWO = {
    "l": records.LessonWork(
        {"q1": NEW, "q3": OLD}, {"t": "2026-01-03"}, {"sum": records.Guess("4", "2026-01-02")}
    ),
    "m": records.LessonWork({}, {"t": "2026-01-09"}),
}


def test_merging_keeps_all_and_does_not_depend_on_order_or_repetition():
    both_ways = records.merged(ONE, TWO)
    assert both_ways == records.merged(TWO, ONE) == records.merged(both_ways, ONE)
    assert both_ways["l"].quiz["q1"] == records.Answer((), 3, True, False, True, "2026-01-02")
    assert both_ways["l"].tasks == {"t": "2026-01-03", "u": "2026-01-01"}
    assert both_ways["l"].guesses == GUESSES | {"sum": records.Guess("4", "2026-01-02")}
    assert set(both_ways["l"].quiz) == {"q1", "q2", "q3"} and set(both_ways) == {"l", "m"}


def test_of_two_machines_the_first_answer_is_the_earlier_one():
    """Whatever the order in which three records are merged, and with one that has none."""
    given = [("3", ("b",), "2"), ("5", ("a",), "3"), ("4", (), "")]
    made = [records.Answer(("a",), 2, when=w, first=f, since=since) for w, f, since in given]
    works = [{"l": records.LessonWork({"q": answer})} for answer in made]
    for one, two, three in itertools.permutations(works):
        joined = records.merged(records.merged(one, two), three)["l"].quiz["q"]
        assert (joined.first, joined.since, joined.when) == (("b",), "2", "5")


def test_the_work_on_a_lesson_that_was_renamed_is_kept():
    lessons = {path.name for path in (places.ROOT / "lessons").iterdir() if path.is_dir()}
    assert set(records.RENAMED.values()) <= lessons and not set(records.RENAMED) & lessons
    before, after = {"02_encoder": ONE["l"]}, {"03_encoder": ONE["l"]}
    assert records.loads(records.dumps(before, "id").encode()) == after
    both_names = before | {"03_encoder": TWO["l"]}
    joined = records.merged(after, {"03_encoder": TWO["l"]})
    assert records.loads(records.dumps(both_names, "id").encode()) == joined


def test_what_is_written_is_read_again():
    assert records.loads(records.dumps(ONE, "id").encode()) == ONE
    assert records.loads(b"\xef\xbb\xbf" + records.dumps(ONE, "id").encode()) == ONE


def test_a_record_from_before_there_were_guesses_is_read_and_a_broken_guess_is_not():
    table = json.loads(records.dumps(ONE, "id"))
    table["lesson"]["l"]["guesses"]["sum"]["given"] = 3
    with pytest.raises(records.NotOurs, match="given is 3"):
        records.loads(json.dumps(table).encode())
    del table["lesson"]["l"]["guesses"]
    assert records.loads(json.dumps(table).encode())["l"].guesses == {}


# --- a process dies ---------------------------------------------------------------------

DEATHS = {  # where SIGKILL comes; a torn write comes with the kills at any moment below
    "before anything is written": "records.dumps = lambda *_: die()",
    "before it is on the disk": "os.fsync = lambda _: die()",
    "before it takes its place": "os.replace = lambda *_: die()",
    "with the lock in its hand": "progress.records.now = lambda: die()",
}
DIE = "def die(): os.kill(os.getpid(), signal.SIGKILL)\n"
needs_sigkill = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


@needs_sigkill
@pytest.mark.parametrize("where", DEATHS)
def test_a_killed_kernel_leaves_the_old_record_and_a_free_lock(home, where):
    progress.answered("a", "q1", ("x",), True)
    before = (home / "progress.json").read_bytes()
    death = start(f"{DIE}{DEATHS[where]}\nprogress.answered('a', 'q2', ('x',), True)")
    assert death.wait(60) < 0
    death.stdout.close()
    assert (home / "progress.json").read_bytes() == before
    progress.answered("a", "q3", ("x",), True)
    assert set(kept(home)["a"].quiz) == {"q1", "q3"}


@needs_sigkill
def test_what_was_said_to_be_kept_survives_a_kill_at_any_moment(home):
    code = (
        "for n in range(10**6):\n"
        "    progress.answered('a', f'{MARK}-{n}', ('x',), True); print(n, flush=True)"
    )
    for mark in range(4):
        process = start(code.replace("{MARK}", f"{mark}"))
        told = [int(process.stdout.readline()) for _ in range(5 + 7 * mark)][-1]
        process.kill()
        process.wait(60)
        process.stdout.close()
        quiz = kept(home)["a"].quiz
        assert {f"{mark}-{n}" for n in range(told + 1)} <= set(quiz)
    assert len(quiz) >= 5 + 12 + 19 + 26


def test_writing_in_place_would_be_seen(home):
    """The fault that the tests above must see: no second file, no replace."""
    progress.answered("a", "q1", ("x",), True)
    before = (home / "progress.json").read_bytes()
    in_place = (
        "progress.write_whole = lambda file, text: "
        "(file.write_text(text[:50], encoding='utf-8'), os._exit(1))\n"
        "progress.answered('a', 'q2', ('x',), True)"
    )
    with start(in_place) as process:
        process.wait(60)
    assert (home / "progress.json").read_bytes() != before


# --- two kernels ------------------------------------------------------------------------

SLOW = (
    "write = progress.write_whole\n"
    "progress.write_whole = lambda *x: (time.sleep(.002), write(*x))\n"
)
FIFTY = "for n in range(50): progress.answered('a', f'{MARK}-{n}', ('x',), True)\n"


def fifty_each(fault: str = "") -> set[str]:
    """What is kept after two processes wrote 50 answers each at once."""
    codes = [f"import time, contextlib\n{SLOW}{fault}" + FIFTY.replace("{MARK}", m) for m in "ab"]
    processes = [start(code, stderr=subprocess.PIPE) for code in codes]
    for process in processes:
        process.communicate(timeout=600)
        assert process.returncode == 0
    return set(progress.answers("a"))


def test_two_kernels_at_once_lose_nothing(home):
    assert fifty_each() == {f"{mark}-{n}" for mark in "ab" for n in range(50)}
    assert {path.name for path in home.iterdir()} - {"progress.lock"} == {
        "progress.json",
        "student_id",
    }


def test_without_the_lock_they_lose_answers(home):
    unlocked = (
        "progress.locked = lambda file: contextlib.nullcontext()\n"
        "os.makedirs(progress.data_dir(), exist_ok=True)\n"
    )
    assert len(fifty_each(unlocked)) < 100


def test_two_kernels_count_the_tries_of_one_question(home):
    once = "for _ in range(20): progress.answered('a', 'q1', ('x',), False)"
    processes = [start(once) for _ in "ab"]
    for process in processes:
        process.communicate(timeout=600)
    assert progress.answers("a")["q1"].tries == 40


# --- a file that is not ours ------------------------------------------------------------


def nothing_lost(home: Path, data: bytes) -> bool:
    """Are these bytes still in a file that was set aside?"""
    return data in [path.read_bytes() for path in home.glob("progress.broken-*.json")]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NOT_OURS)
def test_a_broken_file_is_set_aside_with_one_message(home, capsys, name, lang):
    say.use(lang)
    plant(home, NOT_OURS[name])
    assert progress.answers("a") == {}
    progress.answered("a", "q1", ("x",), True)
    assert nothing_lost(home, NOT_OURS[name]) and set(kept(home)["a"].quiz) == {"q1"}
    aside = next(home.glob("progress.broken-*.json"))
    out, err = capsys.readouterr()
    assert out == say.text("progress", "broken", file=aside) + "\n" and err == ""


def test_a_second_broken_file_does_not_replace_the_first(home, capsys):
    for data in (b"first", b"second", b"third"):
        plant(home, data)
        progress.work()
    assert all(nothing_lost(home, data) for data in (b"first", b"second", b"third"))


def test_overwriting_a_broken_file_would_be_seen(home, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_set_aside", lambda file, why: file)
    plant(home, b"first")
    progress.answered("a", "q1", ("x",), True)
    assert not nothing_lost(home, b"first")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_newer_record_is_not_touched(home, capsys, lang):
    say.use(lang)
    file = plant(home, TOO_NEW)
    progress.answered("a", "q1", ("x",), True)
    progress.passed("merge")
    assert file.read_bytes() == TOO_NEW and not list(home.glob("*broken*"))
    assert progress.answers("a")["q1"].solved  # as long as this kernel runs
    assert capsys.readouterr() == (say.text("progress", "newer", file=file) + "\n", "")


# --- a disk that refuses ----------------------------------------------------------------


def refuse(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress.os, "fsync", full)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_unwritable_folder_keeps_answers_in_memory(tmp_path, monkeypatch, capsys, lang):
    say.use(lang)
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "a file" / "below"))
    progress.answered("a", "q1", ("x",), False)
    progress.answered("a", "q1", ("y",), True)
    progress.passed("merge")
    assert progress.answers("a")["q1"].tries == 2 and progress.answers("a")["q1"].solved
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and "progress.export()" in out and err == ""
    progress.export(tmp_path / "rescued.json")
    rescued = records.loads((tmp_path / "rescued.json").read_bytes())
    assert rescued["a"].quiz["q1"].given == ("y",) and "merge" in rescued["01_attention"].tasks


def test_no_home_folder_at_all(monkeypatch, capsys):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(progress, "data_dir", nowhere)
    progress.answered("a", "q1", ("x",), True)
    progress.reset()
    assert progress.answers("a")["q1"].solved
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_full_disk_that_is_emptied_again_gets_everything(home, monkeypatch, capsys):
    progress.answered("a", "q1", ("x",), True)
    with monkeypatch.context() as full:
        refuse(full)
        progress.answered("a", "q1", ("y",), False)
        progress.answered("a", "q2", ("x",), True)
    assert set(kept(home)["a"].quiz) == {"q1"}
    run("progress.answered('a', 'q3', ('x',), True)")  # another kernel, meanwhile
    progress.hinted("a", "q4")
    quiz = kept(home)["a"].quiz
    assert set(quiz) == {"q1", "q2", "q3", "q4"}
    assert quiz["q1"].given == ("y",) and quiz["q1"].tries == 2


def test_a_lock_that_is_never_given_back_does_not_stop_a_lesson(home, monkeypatch, capsys):
    monkeypatch.setattr(progress, "PATIENCE", 0.1)
    progress.answered("a", "q1", ("x",), True)
    holder = start(
        "with progress.locked(progress.data_dir() / 'progress.json'):\n"
        "    print('held', flush=True); input()",
        stdin=subprocess.PIPE,
    )
    assert holder.stdout.readline() == "held\n"
    progress.answered("a", "q2", ("x",), True)
    assert (
        set(progress.answers("a")) == {"q1", "q2"} and "progress.export()" in capsys.readouterr()[0]
    )
    holder.communicate("\n", timeout=600)
    progress.work()
    assert set(kept(home)["a"].quiz) == {"q1", "q2"}


# --- one file to take along -------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_export_and_load_carry_everything_to_another_machine(tmp_path, monkeypatch, capsys, lang):
    say.use(lang)
    (tmp_path / "桌面").mkdir()
    monkeypatch.chdir(tmp_path / "桌面")
    progress.answered("a", "q1", ("x",), True)
    progress.passed("merge")
    here = progress.work()
    progress.export()
    (file,) = (tmp_path / "桌面").iterdir()
    assert re.fullmatch(r"triad-progress-\d{8}-\d{6}\.json", file.name)
    assert file.name in capsys.readouterr().out
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "elsewhere"))
    progress.answered("a", "q2", ("x",), True)
    progress.load(file.name)
    progress.load(file.name)  # twice is once
    assert set(progress.answers("a")) == {"q1", "q2"}
    assert progress.answers("a")["q1"] == here["a"].quiz["q1"]
    assert progress.work()["01_attention"] == here["01_attention"]
    assert capsys.readouterr().out.count(say.text("progress", "loaded", answers=1, tasks=1)) == 2


def test_export_overwrites_nothing_and_says_where_it_cannot_write(tmp_path, capsys):
    mine = tmp_path / "notes.ipynb"
    mine.write_text("mine", encoding="utf-8")
    progress.export(mine)
    progress.export(tmp_path / "no such folder" / "x.json")
    assert mine.read_text(encoding="utf-8") == "mine"
    first, second = capsys.readouterr().out.splitlines()
    assert first == say.text("progress", "exists", file=mine) and "FileNotFoundError" in second


@pytest.mark.parametrize("name", NOT_OURS)
def test_loading_a_foreign_file_changes_nothing(tmp_path, home, capsys, name):
    progress.answered("a", "q1", ("x",), True)
    before = (home / "progress.json").read_bytes()
    foreign = tmp_path / "foreign.json"
    foreign.write_bytes(NOT_OURS[name])
    progress.load(foreign)
    assert (home / "progress.json").read_bytes() == before
    assert foreign.read_bytes() == NOT_OURS[name]
    assert capsys.readouterr().out == say.text("progress", "not_ours", file=foreign) + "\n"


def test_loading_what_is_too_new_or_not_there(tmp_path, capsys):
    (tmp_path / "new.json").write_bytes(TOO_NEW)
    progress.load(tmp_path / "new.json")
    progress.load(tmp_path / "none.json")
    progress.load(tmp_path)
    new, none, folder = capsys.readouterr().out.splitlines()
    assert new == say.text("progress", "too_new", file=tmp_path / "new.json")
    assert "FileNotFoundError" in none and str(tmp_path) in folder


def test_reset_sets_the_record_aside_and_load_brings_it_back(home, capsys):
    progress.reset()
    progress.answered("a", "q1", ("x",), True)
    progress.reset()
    assert progress.answers("a") == {}
    (old,) = home.glob("progress.old-*.json")
    nothing, told = capsys.readouterr().out.splitlines()
    assert nothing == say.text("progress", "nothing_kept") and old.as_posix() in told
    progress.load(old)
    assert set(progress.answers("a")) == {"q1"}


def test_on_colab_the_export_says_to_download(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    progress.export(tmp_path / "x.json")
    assert say.text("progress", "download") in capsys.readouterr().out


# --- the quiz ---------------------------------------------------------------------------


@pytest.fixture
def bank(monkeypatch):
    """The bank of the lesson "sample", as if it were one of the course; tests may edit it."""
    edited = copy.deepcopy(BANK)
    monkeypatch.setattr(quiz_state, "read_bank", lambda _: edited)
    return edited


def state(quiz: widgets.Quiz) -> dict:
    return {id: vars(quiz.attempt(id)) for id in quiz.questions}


def work_through(quiz: widgets.Quiz) -> None:
    quiz.answer("q1", "a")
    quiz.answer("q1", "b")
    quiz.hint("q1")
    quiz.answer("q2", "１２．５")
    quiz.answer("q3", ["c", "a"])
    quiz.answer("q3", [])  # nothing chosen: shown, but neither judged nor kept


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_quiz_comes_back_as_it_was_left(bank, lang):
    say.use(lang)
    quiz = widgets.Quiz("sample")
    work_through(quiz)
    quiz.answer("q3", ["c", "a"])
    again = widgets.Quiz("sample")
    assert state(again) == state(quiz) and repr(again.score()) == repr(quiz.score())
    assert again.words["again"].format(n=2) in again.attempt("q1").result.headline
    assert again.score().right == 2 and again.score().at_once == 1 and again.errors == []


def test_a_retry_and_a_hint_come_back_too_and_no_other_secret(bank):
    quiz = widgets.Quiz("sample")
    quiz.answer("q1", "b")
    quiz.retry("q1")
    quiz.hint("q2")
    again = widgets.Quiz("sample")
    assert again.attempt("q1").result is None and again.score().right == 1
    shown = json.dumps(again.view.get_state(), default=str, ensure_ascii=False)
    assert set(re.findall(r"SECRET-[\w-]+?(?=・)", shown)) == {"SECRET-hint-2"}
    quiz.answer("q1", "a")
    again = widgets.Quiz("sample")
    shown = json.dumps(again.view.get_state(), default=str, ensure_ascii=False)
    assert set(re.findall(r"SECRET-[\w-]+?(?=・)", shown)) == {"SECRET-hint-2", "SECRET-why-a"}


def test_a_quiz_comes_back_in_another_language(bank):
    widgets.Quiz("sample").answer("q1", "a")
    say.use("zh-tw")
    result = widgets.Quiz("sample").attempt("q1").result
    assert result.details == (("", both("SECRET-why-a")["zh_tw"]),)


def test_a_restart_brings_back_the_real_quiz(home):
    code = (
        "import helpers, json; helpers.begin('01_attention', 'ja')\n"
        "from helpers.widgets import Quiz; quiz = Quiz('01_attention')\n"
    )
    run(code + "quiz.answer('q3', 'b'); quiz.hint('q2')")
    show = (
        "a, b = map(quiz.attempt, ('q3', 'q2'))\nprint(a.given, a.judged, a.result.right, b.hinted)"
    )
    assert run(code + show) == "('b',) 1 True True\n"


def test_another_bank_is_not_kept(home):
    quiz = widgets.Quiz("01_attention", bank=BANK)
    work_through(quiz)
    assert not (home / "progress.json").exists()


def gone(bank):
    del bank["question"][0]


def choice_gone(bank):
    bank["question"][0]["choice"] = bank["question"][0]["choice"][2:]


def numeric_becomes_choice(bank):
    bank["question"][1] = copy.deepcopy(bank["question"][0]) | {"id": "q2"}


def choice_becomes_numeric(bank):
    bank["question"][0] = copy.deepcopy(bank["question"][1]) | {"id": "q1"}


def several_become_one(bank):
    bank["question"][2] |= {"kind": "single"}


def unit_changes(bank):
    bank["question"][1]["unit"] = both("GiB")


EDITS = [
    (gone, None),
    (choice_gone, "q1"),
    (numeric_becomes_choice, "q2"),
    (choice_becomes_numeric, "q1"),
    (several_become_one, "q3"),
    (unit_changes, "q2"),
]


@pytest.mark.parametrize("edit, changed", EDITS)
def test_an_edited_bank_breaks_nothing_and_forgets_no_credit(bank, home, edit, changed):
    quiz = widgets.Quiz("sample")
    work_through(quiz)
    quiz.answer("q2", "12.2 倍")
    before, file = state(quiz), (home / "progress.json").read_bytes()
    edit(bank)
    again = widgets.Quiz("sample")
    assert again.errors == [] and (home / "progress.json").read_bytes() == file
    again._repr_mimebundle_()
    for id in again.questions:
        attempt = again.attempt(id)
        assert (attempt.judged, attempt.solved) == (before[id]["judged"], before[id]["solved"])
        if id == changed:
            assert attempt.given == () and attempt.result is None
        else:
            assert attempt.given and attempt.result.right


def test_a_corrected_key_judges_the_kept_answer_anew(bank):
    widgets.Quiz("sample").answer("q1", "a")
    for c in bank["question"][0]["choice"]:
        c["right"] = c["id"] == "a"
    assert widgets.Quiz("sample").attempt("q1").result.right


def test_a_failure_while_restoring_leaves_a_quiz_that_works(bank, monkeypatch, caplog):
    widgets.Quiz("sample").answer("q1", "a")
    with monkeypatch.context() as broken:
        broken.setattr(kinds.Single, "judge", lambda *_: 1 / 0)
        quiz = widgets.Quiz("sample")
    assert [type(error) for error in quiz.errors] == [ZeroDivisionError]
    assert quiz.trouble() and quiz.answer("q1", "b").right


@pytest.mark.parametrize("data", [NOT_OURS["half"], TOO_NEW])
def test_a_broken_or_newer_record_breaks_no_quiz(bank, home, data, capsys):
    plant(home, data)
    quiz = widgets.Quiz("sample")
    work_through(quiz)
    assert quiz.score().right == 2 and len(capsys.readouterr().out.splitlines()) == 1


def test_a_fit_is_judged_without_a_complaint():
    """fits() and judge() agree on what an answer can be."""
    words = {name: say.choose(both) for name, both in say.catalogue("quiz").items()}

    def fits(id, given):
        return questions(BANK)[id].fits(given, words)

    assert fits("q2", "12") and not fits("q2", ("a",))
    assert fits("q1", ("a",)) and not fits("q1", ("a", "b"))
    assert fits("q3", ("a", "b")) and not fits("q3", ("a", "z"))
    assert not fits("q1", "a")


def test_a_disk_without_flock_says_nothing_on_stderr(home, monkeypatch, recwarn):
    """Some network disks of hubs: filelock then warns, and uses a lock file."""
    real = progress.filelock.FileLock.acquire

    def warn(self, *args, **kwargs):
        warnings.warn("flock not supported on this filesystem", stacklevel=2)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(progress.filelock.FileLock, "acquire", warn)
    progress.answered("a", "q1", ("x",), True)
    assert kept(home)["a"].quiz["q1"].solved and len(recwarn) == 0
