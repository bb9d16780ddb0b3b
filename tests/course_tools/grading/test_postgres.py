"""`--db URL`: a class's gradebook in a real PostgreSQL, the same as in SQLite (`--all`)."""

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from marked_class import MarkedClass, notebook
from nbgrader.api import Gradebook
from places import ROOT
from sample_class import FULL

from course_tools.grading import __main__ as grade
from course_tools.grading import options, release
from course_tools.grading.reports import scores
from course_tools.grading.reports.gradebook import NbgraderCourse, NotReleased

ALL = bool(os.environ.get("TRIAD_ALL"))
PLACES = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
PROGRAM = shutil.which("postgres", path=os.pathsep.join([*PLACES, os.environ["PATH"]]))
long = pytest.mark.skipif(not ALL, reason="long: start.py test --all")
installed = pytest.mark.skipif(
    not PROGRAM and not os.environ.get("CI"), reason="apt-get install postgresql"
)
RIGHT = dict.fromkeys(FULL, "RIGHT")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own; yield the address of a database for each language."""
    place = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    user, before = getpass.getuser(), []
    if user == "root":  # under which it does not run
        shutil.chown(place, "postgres")
        user, before = "postgres", ["runuser", "-u", "postgres", "--"]
    beside = Path(PROGRAM).resolve().parent

    def run(program: str, *words: str) -> None:
        command = [*before, str(beside / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd=place)

    run("initdb", "-D", f"{place}/data", "-A", "trust", "--no-sync")
    command = [*before, str(beside / "postgres"), "-D", f"{place}/data", "-k", str(place), "-h", ""]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=place)
    try:
        end = time.monotonic() + 60
        while not list(place.glob(".s.PGSQL.*")) and time.monotonic() < end:
            time.sleep(0.1)
        for name in ("triad_ja", "triad_zh-tw"):
            run("createdb", "-h", str(place), name)
        yield f"postgresql://{user}:secret@/triad_{{lang}}?host={place}"
    finally:
        run("pg_ctl", "stop", "-D", f"{place}/data", "-m", "fast")
        process.wait(30)
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgres://u:se@cret@h/{lang}", "dialects:postgres"),
        ("postgresql+psycopg2://u:se@cret@h/x", "needs psycopg2"),
        ("no address:se@cret@h", "parse"),
        ("postgresql://u:secret@127.0.0.1:1/x", "refused"),
        ("postgresql://u:se@cret@127.0.0.1:1/x", "cannot be used"),
        ("postgresql://u:se@cret@h:port/x", "cannot be used"),
        ("sqlite:///{folder}/text", "not a database"),
        ("sqlite:///{folder}/nowhere/x.db", "is not there"),
    ],
)
def test_a_database_that_cannot_be_is_said_so_before_anything_is_graded(
    tmp_path, monkeypatch, capsys, address, said
):
    made = MarkedClass(tmp_path)
    made.courses.mkdir()
    made.hand_in("s1", notebook(**RIGHT))
    (tmp_path / "text").write_text("no database " * 99, encoding="utf-8")
    monkeypatch.setattr(grade, "grade_class", lambda *_: pytest.fail("it was graded"))
    assert made.grade("--db", address.replace("{folder}", str(tmp_path))) == 1
    told = capsys.readouterr().err
    assert said in told and "--db takes" in told and told.count("\n") == 1
    assert "cret" not in told


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("postgresql://u:secret@h/x", False),
        ("postgresql://h/x?user=u&password=secret", False),
        ("sqlite:////x/y.db", True),
    ],
)
def test_a_databases_password_is_not_kept_with_the_options(tmp_path, address, kept):
    words = ["in", "--lesson", "01_attention", "--lang", "ja", "--out", "out", "--db", address]
    options.keep(grade.parser().parse_args(words), tmp_path)
    assert "secret" not in (tmp_path / options.FILE).read_text("utf-8")
    again = options.kept(tmp_path, ROOT, grade.parser())
    assert again.db == (address if kept else None) and again.lesson == "01_attention"


class InPostgres(MarkedClass):
    """A class whose course is made with --db."""

    address = ""

    def grade(self, *more: str, **options) -> int:
        self.courses.mkdir(parents=True, exist_ok=True)
        return super().grade(*more, **options)

    def book(self) -> Gradebook:
        return Gradebook(self.address.replace("{lang}", self.lang))


def taught(made: MarkedClass, *first: str) -> None:
    """Grade, mark, hand in anew, grade again."""
    made.hand_in("s1", notebook(**RIGHT, essay="an essay"), when=1e9)
    made.hand_in("s2", notebook(merge="RIGHT"), when=1e9)
    assert made.grade("--report-lang", "en", *first) == 0
    made.mark("s1", "essay", 3.5, 0.5)
    made.comment("s1", "essay", "くわしく")
    made.hand_in("s2", notebook(**RIGHT), when=1e9)
    assert made.grade("--report-lang", "en") == 0


@long
@installed
def test_a_gradebook_in_postgresql_is_the_same_and_is_found_again(server, tmp_path, capsys):
    usual, other = MarkedClass(tmp_path / "usual"), InPostgres(tmp_path / "other")
    other.address = server
    taught(usual)
    taught(other, "--db", server)
    table = (usual.out / "grades.csv").read_bytes()
    assert (other.out / "grades.csv").read_bytes() == table and usual.rows()["s1"]["points"] == "14"
    for student in ("s1", "s2"):
        assert other.page(student) == usual.page(student)
        assert other.kept(student) == usual.kept(student)
    assert not list(other.courses.rglob("*.db"))
    assert other.grade("--db", "sqlite:///elsewhere.db") == 1
    said = capsys.readouterr().err
    assert "names another database" in said or "leave out --db" in said
    assert "secret" not in said and "***" in said


@long
@installed
def test_a_mark_that_is_saved_while_the_grader_writes_waits(server, tmp_path):
    made = InPostgres(tmp_path)
    made.address = server
    taught(made, "--db", server)
    real, seen = scores._Rows.flush, []
    script = "import psycopg, sys; c = psycopg.connect(sys.argv[1]); k = c.cursor(); "
    script += "k.execute('update grade set manual_score = 1.0 where manual_score = 3.5'); "
    script += "c.commit()"

    def slow(rows):
        address = server.replace("{lang}", "ja")
        seen.append(subprocess.Popen([sys.executable, "-c", script, address]))
        time.sleep(1.5)
        assert seen[0].poll() is None  # it waits
        return real(rows)

    with mock.patch.object(scores._Rows, "flush", slow):
        assert made.grade() == 0
    assert seen[0].wait(120) == 0
    assert made.kept("s1")["given"]["essay"] == (1.0, 0.5)


def test_the_address_that_a_course_was_made_with_is_kept(tmp_path):
    """nbgrader's own option, in nbgrader's own file: its programs find it there, too."""
    made = NbgraderCourse(ROOT, tmp_path, "ja", "postgresql://u:secret@h/triad_{lang}")
    assert made.database == "postgresql://u:secret@h/triad_ja"
    made.folder.mkdir()
    made._configure()
    assert NbgraderCourse(ROOT, tmp_path, "ja").database == made.database
    with pytest.raises(NotReleased, match=r"names postgresql://u:\*\*\*@h/triad_ja"):
        _ = NbgraderCourse(ROOT, tmp_path, "ja", "sqlite:///other.db").database
    usual = NbgraderCourse(ROOT, tmp_path / "usual", "ja")
    before = usual.database
    usual.folder.mkdir(parents=True)
    usual._configure()
    again = NbgraderCourse(ROOT, tmp_path / "usual", "ja")
    assert again.database == before == f"sqlite:///{usual.folder}/gradebook.db"


def test_one_database_for_two_languages_is_refused(capsys):
    with pytest.raises(SystemExit):
        release.main(["--db", "sqlite:///one.db"])
    assert "each language has a database" in capsys.readouterr().err
