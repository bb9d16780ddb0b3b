"""An old verdict is used again where nothing has changed that could change it, and only there."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
import turns
from places import ROOT

from course_tools.grading import sheet, verdicts
from course_tools.grading.graded import Graded, Outcome, Verdict
from course_tools.grading.sandbox import Limits
from course_tools.grading.submissions.submission import Submission

SRC = ROOT / "src"
SHEETS = sorted(folder.parent.name for folder in (ROOT / "lessons").glob("*/exercise.py"))
# every module of the course that a judge, a fork server or a sheet's own cells load
LOADED = """
import contextlib, importlib, sys
from course_tools.grading import classroom
from course_tools.grading.sandbox import ForkServer, server_main
for name in [*server_main.STANDARD, *sys.argv[1:]]:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
print(*{m.__file__ for m in sys.modules.values() if getattr(m, "__file__", None)}, sep="\\n")
"""
DATA = [
    "course_tools/grading/messages.toml",
    "helpers/language/languages.toml",
    "helpers/language/messages/check.toml",
    "helpers/models/checkpoints/*.safetensors",
]
PARTS = (sheet.Part("f", "answer", "def f(n): return n", "def f(n): ...", 3),)
SHEET = sheet.Sheet("00_none", "ja", PARTS)
VERDICT = Verdict(
    {"f": Outcome(0, 3, "wrong", "1 ≠ 2", "足す", True), "essay": Outcome(0, 4, "to_mark")},
    {"f": "def f(n): return '\ud83d'", "essay": None},
    [("twice", {"task": "f", "n": 2, "cell": 7})],
    [("renamed", {"task": "f"})],
)


def key(data: bytes = b"{}", of: sheet.Sheet = SHEET, limits: Limits = Limits(), walls=True) -> str:  # noqa: B008
    return verdicts.key_of(data, of, limits, walls)


@pytest.fixture(scope="module")
def loaded() -> list[Path]:
    imports = {name for lesson in SHEETS for name in sheet.read(ROOT, lesson, "ja").imports}
    ours = sorted(name for name in imports if name.partition(".")[0] == "helpers")
    env = os.environ | {"PYTHONPATH": str(SRC)}
    command = [sys.executable, "-c", LOADED, *ours]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True)
    found = [Path(line) for line in done.stdout.splitlines()]
    return sorted(path.relative_to(SRC) for path in found if path.is_relative_to(SRC))


@pytest.fixture
def copied(tmp_path) -> Path:
    left_out = shutil.ignore_patterns("__pycache__", "*.otf")
    return Path(shutil.copytree(SRC, tmp_path / "src", ignore=left_out))


def changes_nothing(src: Path, files: list[Path]) -> list[str]:
    """Those whose change leaves the digest what it was."""
    before, same = verdicts.digest.__wrapped__(src), []
    for file in files:
        whole = (src / file).read_bytes()
        (src / file).write_bytes(whole + b"\n#")
        same += [str(file)] if verdicts.digest.__wrapped__(src) == before else []
        (src / file).write_bytes(whole)
    return same


@turns.in_ci
def test_a_change_in_any_module_that_a_verdict_passes_through_changes_the_key(loaded, copied):
    """No list of them is kept: they are what a fresh process has loaded."""
    names = {path.as_posix() for path in loaded}
    known = {"judge", "sheet", "sandbox/codec", "sandbox/process", "sandbox/server_main"}
    known |= {"submissions/matching", "submissions/notebook", "submissions/copying", "messages"}
    assert {f"course_tools/grading/{name}.py" for name in known} <= names
    assert "course_tools/authoring/syntax_trees.py" in names and len(names) > 30
    assert changes_nothing(copied, loaded) == []


def test_a_change_in_what_they_read_changes_the_key(copied):
    files = [path.relative_to(copied) for name in DATA for path in copied.glob(name)]
    assert len(files) >= len(DATA)
    assert changes_nothing(copied, files) == []


def test_a_module_that_is_new_moved_or_gone_changes_the_key(copied):
    digest = verdicts.digest.__wrapped__
    before, module = digest(copied), copied / "course_tools/grading/submissions/copying.py"
    module.rename(module.with_name("likeness.py"))
    moved = digest(copied)
    module.with_name("likeness.py").unlink()
    assert len({before, moved, digest(copied)}) == 3


def test_what_is_only_shown_leaves_the_key(copied):
    styles = [path.relative_to(copied) for path in copied.rglob("*.css")]
    assert styles and changes_nothing(copied, styles) == list(map(str, styles))


def test_the_file_the_sheet_and_the_limits_change_the_key():
    hidden = replace(SHEET, parts=(replace(PARTS[0], source="def f(n): return 1"),))
    others = [key(b"{ }"), key(of=hidden), key(limits=Limits(seconds=6)), key(walls=False)]
    assert len({key(), *others}) == 5 and key() == key()


def test_another_version_of_a_package_or_of_python_changes_the_key(monkeypatch):
    class Newer(metadata.Distribution):
        def read_text(self, name):
            return "Name: torch\nVersion: 99\n"

        def locate_file(self, path):
            return path

    before, real = key(), metadata.distributions
    assert any(name.startswith("torch ") for name in verdicts.installed())
    try:
        verdicts.installed.cache_clear()
        monkeypatch.setattr(metadata, "distributions", lambda: [*real(), Newer()])
        newer = key()
        verdicts.installed.cache_clear()
        monkeypatch.setattr(metadata, "distributions", real)
        monkeypatch.setattr(sys, "version", "3.99")
        assert len({before, newer, key()}) == 3
    finally:
        verdicts.installed.cache_clear()


def test_what_was_imported_before_does_not_change_the_key():
    """setuptools puts the packages that it brings along on the path once it is imported."""
    code = "import sys; from course_tools.grading import verdicts; print(*verdicts.installed())"
    env = os.environ | {"PYTHONPATH": str(SRC)}
    said = [
        subprocess.run([sys.executable, "-c", before + code], env=env, capture_output=True).stdout
        for before in ("", "import setuptools; ")
    ]
    assert said[0] == said[1] and b"torch" in said[0]


def test_what_is_kept_is_what_was_found(tmp_path):
    one = Submission("佐藤 花子")
    verdicts.keep(tmp_path, one, "key", VERDICT)
    assert verdicts.load(tmp_path, one, "key") == VERDICT
    assert verdicts.load(tmp_path, one, "other key") is None
    assert verdicts.load(tmp_path, Submission("林"), "key") is None


@pytest.mark.parametrize("fault", ["", "[]", '{"key": "key"}', "no outcomes", "another field"])
def test_a_damaged_file_is_no_verdict(tmp_path, fault):
    one = Submission("s")
    verdicts.keep(tmp_path, one, "key", VERDICT)
    [file] = (tmp_path / "results").iterdir()
    kept = json.loads(file.read_text(encoding="utf-8"))
    if fault == "no outcomes":
        del kept["verdict"]["outcomes"]
    elif fault == "another field":
        kept["verdict"]["outcomes"]["f"]["mark"] = 3
    file.write_text(json.dumps(kept) if " " in fault and "{" not in fault else fault, "utf-8")
    assert verdicts.load(tmp_path, one, "key") is None


def test_a_graded_submission_has_what_was_noticed_when_it_was_collected_first():
    one = Submission("a b", notes=[("attempts", {"n": 2})], human=[("link", {"file": "x"})])
    graded = Graded.of(one, VERDICT)
    assert [name for name, _ in graded.notes] == ["attempts", "twice"]
    assert [name for name, _ in graded.human] == ["link", "renamed"]
    assert (graded.student, graded.safe, graded.decided) == ("a b", one.safe, True)
    assert not replace(graded, outcomes={"f": Outcome(0, 3, "ungraded")}).decided
