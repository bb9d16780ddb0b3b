"""The set-up cell on Colab, on a laptop and lost; `start.py publish`, which gives it an address.

google.colab is pretended, the student edition is a bare repository made here, the network closed.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import nbformat
import pytest
import small_course
import turns
from places import BARE, ROOT
from small_course import LESSON

from course_tools.authoring import addresses
from course_tools.authoring.build import build
from course_tools.authoring.course import Course
from course_tools.edition import publish, student_edition

LANGUAGES = ("ja", "zh-tw")
needs_git = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("git"), reason="Colab is Linux with git"
)

# A machine where no course is installed, which is Colab or is not; then the cells, given as JSON.
HIDE = """
import sys, types
from pathlib import Path
sys.path[:] = [p for p in sys.path if not (Path(p) / "helpers").is_dir()]
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in f"{f} {f.__module__}"]
"""
COLAB = """
sys.modules["google.colab"] = types.ModuleType("google.colab")
"""
RUN = (
    f"""{HIDE}
import json
colab, cells = json.load(sys.stdin)
if colab:
    {COLAB.strip()}
"""
    + """
space = {"__name__": "__main__"}
for cell in cells:
    exec(compile(cell, "<cell>", "exec"), space)
"""
)
WHERE = "import helpers; print(helpers.__file__); print(helpers.language.say.language())"


def git(*words: object, cwd: Path) -> str:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *name, *map(str, words)]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True).stdout.decode()


@cache
def built(address: str) -> dict[str, str]:
    """The files of the lesson as they are built once this address is published."""
    both = {"students": address, "repository": ""}
    with mock.patch.object(addresses, "of", lambda project: both), TemporaryDirectory() as folder:
        return build(Course.read(small_course.copy(Path(folder))))


def cells(address: str, lang: str) -> dict[str, str]:
    """{id: source} of the lesson's code."""
    notebook = nbformat.reads(built(address)[f"notebooks/{lang}/{LESSON}.ipynb"], 4)
    return {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}


def both(address: str, lang: str) -> list[str]:
    """The two cells that set up: one finds or fetches the course, one begins the lesson."""
    return [cells(address, lang)[key] for key in ("course", "set-up")]


class Machine:
    """An empty working folder, and a home of its own."""

    def __init__(self, folder: Path):
        self.home, self.work = folder / "home", folder / "content 桌面"
        self.home.mkdir(parents=True)
        self.work.mkdir()
        self.course = self.home / ".cache" / "transformer-triad"
        self.helpers = self.course / "src" / "helpers" / "__init__.py"

    def run(
        self, *cells: str, colab: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        env = {"HOME": str(self.home), "USERPROFILE": str(self.home), "PYTHONUTF8": "1"}
        env |= {k: v for k, v in os.environ.items() if k in ("PATH", "SYSTEMROOT", "TRIAD_HOME")}
        offline = [sys.executable, str(ROOT / "src/course_tools/checks/offline.py"), "--"]
        return subprocess.run(
            [*offline, sys.executable, "-P", "-c", RUN],
            cwd=self.work,
            env=env | variables,
            input=json.dumps([colab, cells]),
            capture_output=True,
            encoding="utf-8",
            timeout=6000,
        )


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path / "山田")


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> str:
    """file:// address of a bare repository that holds the student edition."""
    folder = tmp_path_factory.mktemp("host 桌面")
    tree = folder / "tree"
    for path in student_edition.members(ROOT):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tree / path)
    git("init", "-q", cwd=tree)
    git("add", "--all", cwd=tree)
    git("commit", "-q", "-m", "edition", cwd=tree)
    git("commit", "-q", "--allow-empty", "-m", "second", cwd=tree)
    git("clone", "-q", "--bare", tree, "edition.git", cwd=folder)
    git("config", "uploadpack.allowFilter", "true", cwd=folder / "edition.git")
    return (folder / "edition.git").as_uri()


# --- on Colab ---------------------------------------------------------------------------------


@needs_git
def test_an_empty_folder_gets_a_shallow_sparse_clone_and_keeps_it(machine, edition):
    for lang in LANGUAGES:
        begin = both(edition, lang)
        done = machine.run(*begin, *begin, WHERE)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert done.stdout.splitlines()[-2:] == [str(machine.helpers), lang]
        # ja fetches once for two runs; zh-tw comes later and finds it there
        assert len(done.stdout.splitlines()) == (3 if lang == "ja" else 2)
    assert not list(machine.work.iterdir()), "the student's folder is left alone"
    folders = {path.name for path in machine.course.iterdir() if path.is_dir()}
    assert folders == {".git", "src"}
    assert git("rev-list", "--count", "HEAD", cwd=machine.course).strip() == "1"
    missing = git("rev-list", "--objects", "--missing=print", "HEAD", cwd=machine.course)
    assert missing.count("\n?") >= 2, "notebooks were not downloaded"


@turns.in_ci
@needs_git
@pytest.mark.parametrize("left", ["a killed clone", "an empty folder", "a half working tree"])
def test_half_a_clone_is_repaired(machine, edition, left):
    if left == "a killed clone":
        (machine.course / ".git").mkdir(parents=True)
        (machine.course / ".git/HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    elif left == "an empty folder":
        machine.course.mkdir(parents=True)
    else:
        git("clone", "-q", "--no-checkout", edition, machine.course, cwd=machine.home)
        (machine.course / "src").mkdir()
    done = machine.run(*both(edition, "ja"), WHERE)
    assert done.returncode == 0, done.stderr
    assert str(machine.course) in done.stdout
    assert [path.name for path in machine.course.parent.iterdir()] == [machine.course.name]


@turns.in_ci
@needs_git
def test_a_clone_that_is_killed_is_not_taken_for_a_whole_one(machine, edition, tmp_path):
    """git dies between the clone and the check-out of src."""
    dying = tmp_path / "bin" / "git"
    dying.parent.mkdir()
    script = (
        f'#!/bin/sh\ncase "$*" in *sparse-checkout*) exit 137;; esac\n{shutil.which("git")} "$@"\n'
    )
    dying.write_text(script, encoding="utf-8")
    dying.chmod(0o755)
    begin = both(edition, "ja")
    path = os.pathsep.join([str(dying.parent), os.environ["PATH"]])
    assert machine.run(*begin, PATH=path).returncode == 1
    assert not machine.course.exists()
    assert machine.run(*begin, WHERE).returncode == 0


@turns.in_ci
@needs_git
def test_a_clone_that_fails_once_is_tried_again_and_never_asks_for_a_name(
    machine, edition, tmp_path
):
    """git fails at its first call, and writes down what it may ask."""
    failing, calls = tmp_path / "bin" / "git", tmp_path / "calls"
    failing.parent.mkdir()
    script = (
        f'#!/bin/sh\necho "$GIT_TERMINAL_PROMPT" >> {calls}\n'
        f'[ "$(wc -l < {calls})" = 1 ] && exit 128\nexec {shutil.which("git")} "$@"\n'
    )
    failing.write_text(script, encoding="utf-8")
    failing.chmod(0o755)
    path = os.pathsep.join([str(failing.parent), os.environ["PATH"]])
    done = machine.run(*both(edition, "ja"), WHERE, PATH=path)
    assert done.returncode == 0, done.stderr
    assert set(calls.read_text(encoding="utf-8").split()) == {"0"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_seen_of_the_set_up_is_short_and_removes_nothing(lang):
    course, set_up = both("https://example.org/x.git", lang)
    assert course.splitlines()[0].startswith("# @title ") and "Shift+Enter" in course[:80]
    code = [x for x in set_up.splitlines() if x and not x.startswith("#")]
    assert len(code) == 3 and "rm " not in course + set_up


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The message of the one exception that ended the cells."""
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("Traceback") == 1, done.stderr
    return done.stderr.partition("RuntimeError: ")[2]


NO_ADDRESS = {"ja": "教材のアドレスがまだ設定されていない", "zh-tw": "教材還沒有設定網址"}
NO_COURSE = {"ja": "教材を取得できませんでした", "zh-tw": "無法下載教材"}
LOST = {"ja": "にも、その上のフォルダーにもありません", "zh-tw": "和它的上層資料夾裡，都找不到"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_an_address_the_cell_says_so(machine, lang):
    message = said(machine.run(*both("", lang)))
    assert NO_ADDRESS[lang] in message
    assert "python start.py publish --students URL" in message


WITHOUT = {  # what is missing: an address, a PATH, git's words
    "network": ("https://course.invalid/x.git", None, "course.invalid"),
    "repository": ("file:///nowhere/at/all.git", None, "does not appear to be a git repository"),
    "git": (None, "/bin-without-git", "git: .*not found"),
}


@turns.in_ci
@needs_git
@pytest.mark.parametrize(
    ("lang", "address", "path", "words"),
    [(lang, *one) for n, one in enumerate(WITHOUT.values()) for lang in turns.languages(n)],
    ids=[f"{lang}-no {what}" for n, what in enumerate(WITHOUT) for lang in turns.languages(n)],
)
def test_where_git_fails_its_words_are_shown(
    machine, edition, tmp_path, lang, address, path, words
):
    if path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("sh", "rm", "mv"):
            (folder / name).symlink_to(shutil.which(name))
        path = str(folder)
    begin = both(address or edition, lang)
    message = said(machine.run(*begin, PATH=path or os.environ["PATH"]))
    assert NO_COURSE[lang] in message
    assert re.search(words, message)
    assert machine.run(*both(edition, lang), WHERE).returncode == 0


@turns.in_ci
@needs_git
def test_the_first_cells_of_the_lesson_run_with_the_clone_alone(machine, edition):
    """Figures take their fonts from the clone."""
    lesson = cells(edition, "zh-tw")
    first = [*both(edition, "zh-tw"), lesson["imports"]]
    assert "figures.use(LANG)" in first[-1]
    font = (
        "import matplotlib, helpers.display.figures\nprint(matplotlib.rcParams['font.family'][0])"
    )
    done = machine.run(*first, font, WHERE)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    *_, family, file, lang = done.stdout.splitlines()
    assert family == "Triad Sans TC"
    assert (file, lang) == (str(machine.helpers), "zh-tw")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_cell_installs_nothing(lang):
    source = "".join(both("https://example.org/x.git", lang))
    assert "git clone" in source
    for word in ("pip", "conda", "apt", "torch", "numpy", "ipywidgets", "transformers"):
        assert not re.search(rf"\b{word}\b", source)


# --- elsewhere --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_notebook_that_lost_its_course_says_what_to_do(machine, lang):
    message = said(machine.run(*both("", lang), colab=False))
    assert LOST[lang] in message
    assert str(machine.work.resolve()) in message and "`python start.py`" in message


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_laptop_the_course_above_is_found_and_nothing_is_fetched(machine, lang):
    shutil.copytree(ROOT / "src/helpers", machine.work / "src/helpers")
    machine.work = machine.work / "my" / "notebooks" / lang
    machine.work.mkdir(parents=True)
    begin = both("file:///nowhere/at/all.git", lang)
    done = machine.run(*begin, *begin, WHERE, colab=False)
    assert done.returncode == 0, done.stderr
    there = machine.work.resolve().parents[2] / "src/helpers/__init__.py"
    assert done.stdout.splitlines()[-2:] == [str(there), lang]
    assert not machine.course.exists()


def test_a_kernel_shows_the_message_and_one_place_in_the_cell(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    sources = [HIDE + COLAB, cells("", "ja")["course"]]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    resources = {"metadata": {"path": str(tmp_path)}}
    with pytest.raises(nbclient.exceptions.CellExecutionError):
        nbclient.NotebookClient(
            notebook, timeout=600, resources=resources, extra_arguments=BARE
        ).execute()
    [error] = notebook.cells[1].outputs
    shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    assert NO_ADDRESS["ja"] in error.evalue
    assert len(re.findall(r"(?m)^-+> \d+ ", shown)) == 1 and "During handling" not in shown
    assert len(shown.splitlines()) < 20


# --- publish ----------------------------------------------------------------------------------

README = "# Course\n\n<!-- badges -->\n<!-- /badges -->\n\nEnd\n"
GITHUB = "https://github.com/school/triad.git"
LINK = "https://colab.research.google.com/github/school/triad/blob/main"


@pytest.fixture
def small(tmp_path) -> Path:
    """Sources of one lesson, with READMEs that have a place for links, and one that has not."""
    root = small_course.copy(tmp_path / "山田 桌面")
    for name, text in {"README.md": README, "README.ja.md": README, "README.zh-tw.md": "x"}.items():
        (root / name).write_text(text, encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in addresses.NAMES:
        project = publish.with_address(project, name, "")
    (root / "pyproject.toml").write_bytes(project.encode())
    assert publish.main(["--root", str(root)]) == 0
    return root


def everything(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def run_publish(root: Path, *words: str) -> int:
    return publish.main(["--root", str(root), *words])


def test_publish_and_take_back(small, capsys):
    before = everything(small)
    repository = "https://example.org/course"
    assert run_publish(small, "--students", GITHUB, "--repository", repository + "/") == 0
    said = capsys.readouterr().out
    assert "changed: pyproject.toml" in said and "changed: README.md" in said
    assert f"students: {GITHUB}" in said and f"repository: {repository}" in said
    after = everything(small)
    said = tomllib.loads(after["pyproject.toml"].decode())["tool"]["triad"]
    assert said | {"students": GITHUB, "repository": repository, "site": ""} == said
    lines = [text["pyproject.toml"].decode().splitlines() for text in (before, after)]
    assert sum(old != new for old, new in zip(*lines, strict=True)) == 2, "comments are kept"
    assert after["README.zh-tw.md"] == b"x"
    assert run_publish(small) == 0
    assert everything(small) == after, "run again, it changes nothing"
    assert run_publish(small, "--students", "", "--repository", "") == 0
    assert everything(small) == before


def test_notebooks_of_students_get_a_link_and_the_address(small):
    run_publish(small, "--students", GITHUB)
    made = everything(small)
    names = [name for name in made if name.endswith(".ipynb")]
    assert len(names) >= 6
    for name in names:
        first, *rest = nbformat.reads(made[name].decode(), 4).cells
        words = "Google Colabで開く" if "/ja/" in name else "在 Google Colab 開啟"
        link = f"\n\n[{words}]({LINK}/{name})\n\n"
        assert (link in first.source) == (not name.startswith("solutions"))
        assert first.source.startswith("# ") and "<img" not in first.source
        [course] = [cell.source for cell in rest if cell.id == "course"]
        assert f'"{GITHUB}"' in course


def test_the_readmes_get_the_repositorys_address():
    """In the real ones: the instructor who has the student edition finds the whole course."""
    for readme in ROOT.glob("README*.md"):
        text = readme.read_text(encoding="utf-8")
        made = publish.with_line(text, "repository", "<https://example.org/course>")
        assert made.count("\n\n<!-- repository -->\n<https://example.org/course>\n<!-- /rep") == 1
        assert publish.with_line(made, "repository", "") == publish.with_line(
            text, "repository", ""
        )


def test_the_readmes_get_a_link_for_each_lesson_and_language(small):
    run_publish(small, "--students", GITHUB)
    text = (small / "README.ja.md").read_text(encoding="utf-8")
    assert text.startswith("# Course\n\n<!-- badges -->\n[")
    assert text.endswith(")\n<!-- /badges -->\n\nEnd\n")
    for name in (p.relative_to(small).as_posix() for p in small.glob("notebooks/*/*.ipynb")):
        assert f"]({LINK}/{name})" in text
    assert text.count("](https://") == len(list(small.glob("notebooks/*/*.ipynb"))) >= 2


TABLE = """
| lesson | subject | read it without running it |
|---|---|---|
| 01 | x | [ja](notebooks/ja/01_attention.ipynb) · [zh](notebooks/zh-tw/01_attention.ipynb) |

See `notebooks/ja/01_attention.ipynb` and [it](notebooks/ja/01_attention.ipynb).
"""


def test_the_table_of_lessons_leads_to_the_sites_pages_and_back_to_the_notebooks(small, capsys):
    readme = small / "README.md"
    readme.write_text(README + TABLE, encoding="utf-8")
    before = everything(small)
    for site in ("https://school.github.io/triad", "https://triad.example.org"):
        assert run_publish(small, "--students", GITHUB, "--site", f"{site}/") == 0
        text = readme.read_text(encoding="utf-8")
        assert f"[ja]({site}/ja/01_attention/) · [zh]({site}/zh-tw/01_attention/) |" in text
        assert "[it](notebooks/ja/01_attention.ipynb)" in text, "the table alone"
        assert f"]({LINK}/notebooks/ja/" in text, "links to Colab stay"
        assert f"site: {site}\n" in capsys.readouterr().out
    assert run_publish(small, "--students", "", "--site", "") == 0
    assert everything(small) == before


def test_the_real_readmes_have_a_link_for_each_lesson_that_publish_finds():
    lessons = sorted(path.stem for path in ROOT.glob("notebooks/ja/*.ipynb"))
    for readme in ROOT.glob("README*.md"):
        made = publish.with_pages(readme.read_text(encoding="utf-8"), "https://a.example")
        for lang in ("ja", "zh-tw"):
            found = re.findall(rf"\]\(https://a\.example/{lang}/(\w+)/\)", made)
            assert found == lessons


def test_an_address_that_colab_cannot_open_gives_no_link(small, capsys):
    before = everything(small)
    assert run_publish(small, "--students", "https://git.example.org/a/b.git") == 0
    assert "no links to it" in capsys.readouterr().out
    assert everything(small)["README.md"] == before["README.md"]
    assert "colab.research" not in str(everything(small)[f"notebooks/ja/{LESSON}.ipynb"])


WRONG = [
    "http://github.com/a/b",
    "github.com/a/b",
    "https://github.com",
    "https://user:password@github.com/a/b",
    "https://github.com/a/b c",
    "https://github.com/a/b'; rm -rf ~; '",
    'https://github.com/a/"b',
    "https://github.com/a/b)",
    "https://github.com/a/b?x=1",
    "https://github.com/a/b\nc",
    "--upload-pack=x",
]


def test_a_wrong_address_changes_nothing(small, capsys):
    before = everything(small)
    for name, url in itertools.product(addresses.NAMES, WRONG):
        if name == "site" and url == "https://github.com":
            continue  # a site may stand at a host's root
        assert run_publish(small, f"--{name}={url}") == 1
        assert "no address that students can" in capsys.readouterr().err
    assert everything(small) == before


def test_a_course_that_cannot_be_built_keeps_its_old_address(small, capsys):
    source = small / f"lessons/{LESSON}/lesson.py"
    source.write_text(source.read_text(encoding="utf-8").replace("6 個詞元", "7 個詞元"), "utf-8")
    before = everything(small)
    assert run_publish(small, "--students", GITHUB) == 1
    assert "fault" in capsys.readouterr().err
    assert everything(small) == before


def test_a_missing_line_is_named(small, capsys):
    project = small / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace('students = ""', "")
    project.write_text(text + '[tool.other]\nstudents = "mine"\n', encoding="utf-8")
    before = everything(small)
    assert run_publish(small, "--students", GITHUB) == 1
    assert 'no line students = "…" in [tool.triad]' in capsys.readouterr().err
    assert everything(small) == before
