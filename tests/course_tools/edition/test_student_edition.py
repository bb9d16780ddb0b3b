"""The student edition: what belongs in it, no answers; every lesson runs from it alone."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import turns
import whole_course
from places import ROOT

from course_tools.authoring.course import Course
from course_tools.edition import leaks, student_edition
from helpers.language import say

TOP_LEVEL = {
    "LICENSE",
    "LICENSE-CC-BY-4.0.txt",
    "README.md",
    "constraints.txt",
    "environment.yml",
    "exercises",
    "notebooks",
    "pyproject.toml",
    "src",
    "start.py",
}
MAY_BE = {"README.ja.md", "README.zh-tw.md", "docs"}


@pytest.fixture(scope="module")
def leaked() -> list[leaks.Leak]:
    """What leaks into the edition of this tree; to look for it takes seconds."""
    return leaks.find(whole_course.course(), student_edition.members(ROOT))


@pytest.fixture(scope="module")
def edition(tmp_path_factory, leaked) -> Path:
    """The unpacked edition of this tree."""
    folder = tmp_path_factory.mktemp("the student 山田")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaks, "find", lambda *_: leaked)
        student_edition.write(folder / "out.zip", whole_course.course())
    with zipfile.ZipFile(folder / "out.zip") as archive:
        archive.extractall(folder)
    return folder / "transformer-triad"


def test_it_holds_what_students_need_and_nothing_else(edition):
    assert {p.name for p in edition.parent.iterdir()} == {"out.zip", edition.name}
    top = {p.name for p in edition.iterdir()}
    assert top - MAY_BE == TOP_LEVEL
    assert {p.name for p in (edition / "src").iterdir()} == {"helpers"}
    for folder in ("notebooks", "exercises"):
        there = {p.name for p in (edition / folder).iterdir()}
        assert set(say.COMPLETE) <= there <= set(say.LANGUAGES)
    held_back = {"solutions", "lessons", "tests", "course_tools", "__pycache__", ".git", ".ci"}
    assert not [p for p in edition.rglob("*") if p.name in held_back]


def test_every_lesson_and_sheet_is_in_it(edition):
    for pattern in ("notebooks/*/*.ipynb", "exercises/*/*/*.ipynb"):
        ours = {p.relative_to(ROOT) for p in ROOT.glob(pattern)}
        assert ours and {p.relative_to(edition) for p in edition.glob(pattern)} == ours


def test_pictures_of_the_readme_are_in_it(edition):
    for readme in edition.glob("README*.md"):
        pictures = re.findall(r"docs/[\w./-]+\.svg", readme.read_text(encoding="utf-8"))
        assert [p for p in pictures if not (edition / p).is_file()] == []
    documents = {p.suffix for p in edition.glob("docs/*")}  # those of developers lead nowhere here
    assert documents <= {".svg"}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


SMALL = {
    "start.py": "",
    "notebooks/ja/01_山田.ipynb": '{"cells": []}',
    "src/helpers/language/say.py": "",
    "src/helpers/__pycache__/say.pyc": "",
    "src/helpers/.DS_Store": "",
    "src/course_tools/checks/offline.py": "",
    "solutions/ja/01.ipynb": "{}",
    "my/notebooks/ja/01.ipynb": "{}",
    "notes.txt": "",
}
BELONG = ["notebooks/ja/01_山田.ipynb", "src/helpers/language/say.py", "start.py"]


def names(root: Path) -> list[str]:
    return [p.as_posix() for p in student_edition.members(root)]


def test_outside_git_the_files_that_there_are(tmp_path):
    assert names(tree(tmp_path, SMALL)) == BELONG


def test_in_git_only_what_is_tracked_and_all_of_it(tmp_path):
    root = tree(tmp_path, SMALL | {"src/helpers/draft.py": ""})
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", *BELONG, "notes.txt", "solutions"], check=True)
    assert names(root) == BELONG
    (root / "start.py").unlink()
    with pytest.raises(student_edition.NotWritten, match=r"start\.py"):
        names(root)


def test_an_edition_without_lessons_is_refused(tmp_path):
    with pytest.raises(student_edition.NotWritten, match=r"start\.py build"):
        names(tree(tmp_path, {"start.py": "", "src/helpers/language/say.py": ""}))


@pytest.fixture
def course_copy(tmp_path):
    """Sources and what they make, in git, as far as the builder reads and writes."""
    for name in ("lessons", "notebooks", "exercises", "solutions", "src/helpers/data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    return tmp_path


@turns.in_ci
def test_a_course_in_step_with_its_sources_can_be_packed(course_copy):
    student_edition.require_built(Course.read(course_copy))


@turns.in_ci
def test_notebooks_behind_their_sources_are_not_packed(course_copy):
    notebook = course_copy / "notebooks/ja/01_attention.ipynb"
    notebook.write_text(notebook.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(student_edition.NotWritten, match=r"notebooks/ja/01_attention\.ipynb"):
        student_edition.require_built(Course.read(course_copy))


def test_a_file_that_git_does_not_know_is_not_left_out_in_silence(course_copy):
    (course_copy / "src/helpers/new.py").write_text("", encoding="utf-8")
    with pytest.raises(student_edition.NotWritten, match=r"new\.py"):
        student_edition.require_built(Course.read(course_copy))


def test_equal_files_give_equal_bytes_and_utf8_names(tmp_path):
    outs = []
    for name in ("a", "b"):
        root = tree(tmp_path / name, SMALL)
        os.utime(root / "start.py", (0, 1_000_000_000 + len(outs)))
        (root / "start.py").chmod(0o600 if name == "a" else 0o755)
        outs.append(tmp_path / f"{name}.zip")
        student_edition.write(outs[-1], Course.read(root))
    assert outs[0].read_bytes() == outs[1].read_bytes()
    with zipfile.ZipFile(outs[0]) as archive:
        assert archive.namelist() == [f"transformer-triad/{name}" for name in BELONG]


def test_an_existing_file_is_kept_unless_forced(tmp_path, capsys):
    course = ["--root", str(tree(tmp_path / "course", SMALL))]
    out = tmp_path / "out.zip"
    out.write_bytes(b"mine")
    assert student_edition.main([str(out), *course]) == 1
    assert out.read_bytes() == b"mine" and "--force" in capsys.readouterr().err
    assert student_edition.main([str(out), "--force", *course]) == 0
    assert zipfile.is_zipfile(out)
    assert student_edition.main([str(tmp_path / "no folder" / "out.zip"), *course]) == 1


# --- no answers -------------------------------------------------------------------------------


def test_every_sheet_has_secrets_to_look_for():
    """Else the next test passes on nothing."""
    sheets = [lesson.sheet for lesson in whole_course.course().lessons if lesson.sheet]
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("lessons/*/exercise.py"))
    assert files and [sheet.file for sheet in sheets] == files
    for sheet in sheets:
        secrets = leaks.secrets(sheet)
        assert len(secrets.lines) >= 10 and len(secrets.answers) >= 2, sheet.file


def test_no_model_answer_and_no_hidden_test_is_in_the_edition(leaked):
    assert [str(leak) for leak in leaked] == []


def test_a_solved_notebook_would_be_seen():
    solutions = [p.relative_to(ROOT) for p in ROOT.glob("solutions/*/*/*.ipynb")]
    course = whole_course.course()
    assert solutions
    found = Counter(leak.file for leak in leaks.find(course, solutions))
    assert [solution for solution in solutions if found[solution] < 10] == []


SHEET = '''\
# %% key="task"
import torch
def merge(a, b, scale):
    """A public line that is long enough."""
    ### BEGIN SOLUTION
    share = torch.sigmoid(a - b)  # in (0, 1)
    return share * a.exp() + (1 - share) * b.exp() / scale
    ### END SOLUTION

# %% key="check"
given = merge(torch.zeros(3), torch.ones(3), 2)
### BEGIN HIDDEN TESTS
given = merge(torch.zeros(3), torch.ones(3), 2)
secret = merge(torch.full((5,), 7.0), torch.ones(5), 3)
### END HIDDEN TESTS

# %% [markdown] key="essay" lang="ja"
# 記述
# ### BEGIN SOLUTION
# 計算量が系列長に比例するという点は誤りです。メモリの話です。
# ### END SOLUTION

# %% key="wrong-one" wrong="merge"
def merge(a, b, scale):
    share = torch.sigmoid(a - b)
    return share * a.exp() + (1 - share) * b.exp()
'''


def notebook(*lines: str) -> str:
    """A notebook with one code cell, stored as Jupyter stores it."""
    cell = {"cell_type": "code", "source": [f"{line}\n" for line in lines]}
    return json.dumps({"cells": [cell]})


CLEAN = {
    "src/helpers/a.py": "def f(a, b):\n    return a.exp() + b.exp()\n",
    "notebooks/ja/01.ipynb": notebook("given = merge(torch.zeros(3), torch.ones(3), 2)"),
}
OTHER_NAMES = """
def mix(left, right, by):
    "A docstring, and a statement before."
    n = 3
    w = torch.sigmoid(left - right)
    return w * left.exp() + (1 - w) * right.exp() / by
"""
METHOD = """
class Mix:
    def f(self, p, q, s):
        if p:
            w: float = 1
            z = torch.sigmoid(p-q)
            return z*p.exp() + (1-z)*q.exp()/s
"""
ESSAY = "計算量が系列長に比例するという点は誤りです。メモリの話です。"
PLANTED = {
    "a line": ("src/helpers/a.py", "def f(a, b):\n    share = torch.sigmoid( a-b )\n"),
    "a comment": ("src/helpers/a.py", "x = 1  # share = torch.sigmoid(a - b)\n"),
    "other names": ("src/helpers/a.py", OTHER_NAMES),
    "a method in a branch": ("src/helpers/a.py", METHOD),
    "a message": (
        "src/helpers/language/messages/a.toml",
        "[x]\nja = 'share = torch.sigmoid(a - b)'\n",
    ),
    "a model essay": ("src/helpers/data/a.json", json.dumps({"why": {"ja": ESSAY}})),
    "a hidden test": (
        "notebooks/ja/01.ipynb",
        notebook("%matplotlib inline", "secret = merge(torch.full((5,), 7.0), torch.ones(5), 3)"),
    ),
    "other names in a notebook": (
        "notebooks/ja/01.ipynb",
        notebook("!ls", *OTHER_NAMES.splitlines()),
    ),
}


@pytest.fixture
def course(tmp_path) -> Path:
    return tree(tmp_path, {"lessons/01_x/exercise.py": SHEET, **CLEAN})


def found_in(root: Path) -> list[str]:
    files = [p.relative_to(root) for p in root.rglob("*") if p.is_file()]
    members = [p for p in files if p.parts[0] != "lessons"]
    return [str(leak) for leak in leaks.find(Course.read(root), members)]


def test_what_the_sheet_shows_is_no_leak(course):
    assert found_in(course) == []


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_leak_is_found(course, fault):
    name, text = PLANTED[fault]
    tree(course, {name: text})
    (leak,) = {line.split(" holds ")[0] for line in found_in(course)}
    assert leak == name


def test_a_leaking_edition_is_not_written(course, tmp_path):
    tree(course, {"src/helpers/b.py": PLANTED["a line"][1]})
    with pytest.raises(student_edition.NotWritten, match=r"helpers/b\.py holds"):
        student_edition.write(tmp_path / "out.zip", Course.read(course))
    assert not (tmp_path / "out.zip").exists()


# --- it works alone ---------------------------------------------------------------------------

# The default tier runs every notebook of this tree already, and the edition holds the same files:
# here one short lesson, which reads the progress store, and what loads tables and shipped models.
ALL = os.environ.get("TRIAD_ALL")
LANGUAGES = list(say.COMPLETE) if ALL else ["ja"]
LESSONS = [] if ALL else ["00"]  # []: all
LOADS = """
import helpers
from helpers import kv_cache
from helpers.models import decoder, encoder, encoder_decoder
for module in (encoder, decoder, encoder_decoder):
    print(type(module.load()).__name__)
print(len(kv_cache.models()))
print(helpers.__file__)
"""


def test_all_that_a_lesson_imports_and_reads_is_in_it_byte_for_byte(edition):
    for kind in (".py", ".toml", ".json", ".safetensors", ".otf", ".js", ".css", ".ipynb"):
        pattern = "notebooks/*/*" if kind == ".ipynb" else "src/helpers/**/*"
        ours = [str(path.relative_to(ROOT)) for path in ROOT.glob(pattern + kind)]
        same, *others = filecmp.cmpfiles(ROOT, edition, ours, shallow=False)
        assert same and others == [[], []], kind


def alone(edition: Path, *words: str) -> str:
    """What a Python prints that reaches no module of this tree and no network."""
    env = os.environ | {"PYTHONPATH": str(edition / "src")}
    offline = [sys.executable, str(ROOT / "src" / "course_tools" / "checks" / "offline.py"), "--"]
    command = [*offline, sys.executable, "-P", *words]
    done = subprocess.run(command, cwd=edition, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_lesson_runs_from_the_edition_alone_without_a_network(edition, lang):
    said = alone(edition, "-m", "helpers.launch.runner", *LESSONS, "--lang", lang)
    there = [p.stem for p in (edition / "notebooks" / lang).glob("*.ipynb")]
    ran = [name for name in there if f"{name} ({lang}): " in said]
    assert len(ran) == len(LESSONS or there) >= 1


@turns.in_ci
def test_tables_and_shipped_models_load_from_the_edition_alone(edition):
    *models, count, place = alone(edition, "-c", LOADS).splitlines()
    assert models == ["BertForMaskedLM", "GPT2LMHeadModel", "T5ForConditionalGeneration"]
    assert int(count) > 20 and Path(place).is_relative_to(edition)
