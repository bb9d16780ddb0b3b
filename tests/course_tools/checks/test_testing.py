"""course_tools.checks.testing: what pytest is given, the closing line, what a machine needs."""

import os
import shutil
import sys

import pytest
import turns

from course_tools.checks import npm as npm_packages
from course_tools.checks import processes, testing

STAND_IN = """
def pytest_addoption(parser): parser.addoption("--nbval-lax", action="store_true")
"""
PASS = "def test_a(): pass\n"
MIXED = """
import pytest
@pytest.fixture
def broken(): raise OSError("in set-up")
@pytest.fixture
def late():
    yield
    raise OSError("in tear-down")
def test_good(): pass
def test_bad(): assert 0
def test_error(broken): pass
def test_late(late): pass
@pytest.mark.skip(reason="no")
def test_skip(): pass
@pytest.mark.xfail(reason="known")
def test_known(): assert 0
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course of its own; nothing here needs a network, and nothing comes from npm."""
    root = tmp_path / "山田" / "my folder 桌面"
    write(root / "tools/node/package.json", "{}")
    write(root / "tools/node/package-lock.json", "locked")
    for name in ("CI", "TRIAD_ALL", "TRIAD_NETWORK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(testing, "ROOT", root)
    monkeypatch.setattr(processes, "ROOT", root)
    monkeypatch.setattr(testing, "NODE", root / ".venv" / "node")
    return root


@pytest.fixture
def quick(course, monkeypatch):
    """A course whose tests are real, and run fast; the arguments for it."""
    options = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\nmarkers = ["network"]\n'
    write(course / "pyproject.toml", options)
    write(course / "conftest.py", STAND_IN)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each costs half a second
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")
    monkeypatch.setattr(testing, "install_node", lambda: None)
    return ["-n", "0", "-p", "no:cacheprovider"]


@pytest.fixture
def called(course, monkeypatch):
    """What would be called: {"words": …, "cwd": …, "env": …}"""
    seen = {}

    def status_of(command, cwd, env):
        seen.update(words=[str(word) for word in command], cwd=cwd, env=env)
        return 7

    monkeypatch.setattr(testing, "status_of", status_of)
    monkeypatch.setattr(testing, "install_node", lambda: None)
    return seen


# --- the closing line -------------------------------------------------------------------------


CLOSING = {
    "pass": (PASS, [], "1 passed, 0 failed, 0 skipped", 0),
    "mixed": (MIXED, [], "1 passed, 3 failed, 2 skipped", 1),
    "import": ("import nothing_there\n", [], "0 passed, 1 failed, 0 skipped", 2),
    "all skipped": ("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n", [],
                    "0 passed, 0 failed, 1 skipped", 5),
    "none": (PASS, ["-k", "nothing"], "0 passed, 0 failed, 0 skipped", 5),
    "crash": ("import os\ndef test_a(): os._exit(3)\n", [], "0 passed, 1 failed, 0 skipped", 3),
    "typo": (PASS, ["absent.py"], "0 passed, 1 failed, 0 skipped", 4),
}  # fmt: skip


@pytest.mark.parametrize("case", turns.by_turns(1, CLOSING.values()), ids=CLOSING)
def test_closing_line(course, quick, capfd, case):
    source, arguments, line, status = case
    write(course / "tests/test_it.py", source)
    assert testing.main([*quick, *arguments]) == status
    assert capfd.readouterr().out.splitlines()[-1] == line


def test_pytest_gets_its_arguments_offline(course, called):
    assert testing.main(["tests/test_a.py", "-k", "not b", "--all"]) == 7
    words = called["words"]
    assert words[:4] == [sys.executable, "-m", "course_tools.checks.offline", "--"]
    assert words[4:7] == [sys.executable, "-m", "pytest"]
    assert words[-3:] == ["tests/test_a.py", "-k", "not b"]
    assert "--nbval-lax" in words
    assert words[words.index("--dist") + 1] == "loadfile"
    assert 1 <= int(words[words.index("-n") + 1]) <= 4
    assert "--no-loadscope-reorder" in words
    assert called["env"] == testing.ONE_THREAD | os.environ | {"TRIAD_ALL": "1"}
    assert "TRIAD_ALL" not in os.environ
    assert called["cwd"] == course


def test_processes_have_one_thread_unless_the_environment_says_otherwise(called, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    testing.main([])
    assert called["env"]["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    testing.main([])
    assert called["env"]["OMP_NUM_THREADS"] == "2"


TWO_PARTS = """
import os, pytest
@pytest.mark.network
def test_fetch(): assert "TRIAD_NETWORK" not in os.environ and os.environ["TRIAD_ALL"]
@pytest.mark.network
def test_other(): assert 0
def test_long(): assert os.environ["TRIAD_ALL"]
"""


OTHER_PARTS = {
    "both": (TWO_PARTS.replace("assert 0", "pass"), "3 passed, 0 failed, 0 skipped", 0),
    "no network": (PASS, "1 passed, 0 failed, 0 skipped", 0),
    "only network": ("import pytest\n@pytest.mark.network\ndef test_a(): pass\n",
                     "1 passed, 0 failed, 0 skipped", 0),
    "none": ("", "0 passed, 0 failed, 0 skipped", 5),
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "line", "status"),
    [
        pytest.param(TWO_PARTS, "2 passed, 1 failed, 0 skipped", 1, id="network red"),
        *(pytest.param(*case, id=name, marks=turns.in_ci) for name, case in OTHER_PARTS.items()),
    ],
)
def test_all_adds_the_tests_that_need_a_network(course, quick, capfd, source, line, status):
    write(course / "tests/test_it.py", source)
    assert testing.main(["--all", *quick]) == status
    assert capfd.readouterr().out.splitlines()[-1] == line


def test_an_interruption_ends_both_parts(course, called, monkeypatch):
    seen = []
    monkeypatch.setattr(testing, "status_of", lambda command, **_: seen.append(command) or 2)
    assert testing.main(["--all"]) == 2
    assert len(seen) == 1


def test_an_old_report_is_not_read_again(course, called, tmp_path, capsys):
    write(tmp_path / "r.xml", "<testsuite><testcase/><testcase/></testsuite>")
    assert testing.main([f"--junitxml={tmp_path / 'r.xml'}"]) == 7
    assert capsys.readouterr().out.endswith("0 passed, 1 failed, 0 skipped\n")


def test_its_own_options_are_told_from_pytests(called, capsys):
    assert testing.main(["-k", "not b", "--", "--all"]) == 7
    assert called["words"][-3:] == ["-k", "not b", "--all"]
    assert "TRIAD_ALL" not in called["env"]
    with pytest.raises(SystemExit) as end:
        testing.main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert "--all" in said and "--junitxml" in said and "PYTEST'S ARGUMENTS" in said


# --- programs of the system -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ci", "root", "chromium", "steps"),
    [("1", True, None, 3), ("1", True, "/x", 0), ("1", False, None, 0), ("", True, None, 0)],
)
def test_programs_only_under_ci_as_root(called, monkeypatch, ci, root, chromium, steps):
    seen = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(testing.sys, "platform", "linux")
    monkeypatch.setattr(testing, "is_root", lambda: root)
    programs = {"apt-get": "/apt-get", "chromium": chromium, "bwrap": chromium}
    monkeypatch.setattr(testing.shutil, "which", programs.get)
    monkeypatch.setattr(testing, "step", lambda title, command, **_: seen.append(command))
    testing.main([])
    assert len(seen) == steps
    assert all("/apt-get" in command[:3] for command in seen)


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("setting", ["1\n", "0\n", None])
def test_under_ci_the_system_is_made_ready_to_isolate_student_code(
    monkeypatch, tmp_path, root, setting
):
    """GitHub's Ubuntu has a browser and sudo, no bubblewrap, and restricts user namespaces."""
    calls, there = [], {"google-chrome", "apt-get", "sudo"}
    if setting:
        write(tmp_path / "proc/restricted", setting)
    monkeypatch.setattr(testing, "RESTRICTED", tmp_path / "proc/restricted")
    monkeypatch.setattr(testing, "step", lambda title, command: calls.append(command))
    monkeypatch.setattr(testing, "is_root", lambda: root)
    monkeypatch.setattr(testing.sys, "platform", "linux")
    monkeypatch.setattr(testing.shutil, "which", lambda name: name if name in there else None)
    testing.prepare_system()
    assert [command[:2] == ["sudo", "-n"] for command in calls] == [not root] * len(calls)
    words = [" ".join(command) for command in calls]
    assert any("install" in w and "bubblewrap" in w for w in words)
    assert not [w for w in words if "chromium" in w]
    assert ("sysctl -w kernel.restricted=0" in words[-1]) is (setting == "1\n")


def test_the_long_tests_get_what_they_alone_need(monkeypatch):
    monkeypatch.setattr(testing.shutil, "which", {"apt-get": "/apt-get"}.get)
    words = " ".join(" ".join(c) for c in testing.missing_programs(testing.LONG).values())
    assert "slurmctld" in words and "postgresql" in words and "bubblewrap" not in words
    usual = " ".join(" ".join(c) for c in testing.missing_programs().values())
    assert "slurmctld" not in usual and "bubblewrap" in usual


def test_without_sudo_nothing_of_the_system_is_touched(monkeypatch):
    monkeypatch.setattr(testing, "step", lambda *_: pytest.fail("ran something"))
    monkeypatch.setattr(testing, "is_root", lambda: False)
    monkeypatch.setattr(testing.shutil, "which", lambda name: None)
    testing.prepare_system()


# --- npm's packages ---------------------------------------------------------------------------


@pytest.fixture
def npm(course, monkeypatch):
    """install_node with a pretended npm; gives the commands that it would run."""
    seen = []
    monkeypatch.setattr(testing.shutil, "which", lambda name: f"/{name}")
    monkeypatch.setattr(npm_packages, "step", lambda title, command: seen.append(command))
    return seen


def test_node_packages_are_those_of_the_lock_and_come_once(course, npm):
    testing.install_node()
    testing.install_node()
    [command] = npm
    assert command[:4] == ["/npm", "ci", "--prefix", testing.NODE]
    assert "--ignore-scripts" in command
    assert (testing.NODE / "package-lock.json").read_text(encoding="utf-8") == "locked"
    write(course / "tools/node/package-lock.json", "a newer lock")
    testing.install_node()
    assert len(npm) == 2


def test_node_is_tried_again_after_a_failure(course, npm, monkeypatch, capsys):
    def fail(title, command):
        npm.append(command)
        raise testing.CommandFailed("no network")

    monkeypatch.setattr(npm_packages, "step", fail)
    testing.install_node()
    testing.install_node()
    assert len(npm) == 2
    assert "no network" in capsys.readouterr().out


def test_node_without_npm_is_said_and_changes_nothing(course, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    testing.install_node()
    assert "Node.js" in capsys.readouterr().out
    assert not testing.NODE.exists()


# --- other programs ---------------------------------------------------------------------------


def test_a_step_shows_that_it_lives_and_how_long_it_took(capsys, monkeypatch):
    monkeypatch.setattr(processes, "LIFE_SIGN_S", 0.02)
    processes.step("Sleeping", [sys.executable, "-c", "import time; time.sleep(0.5)"])
    first, *signs, last = capsys.readouterr().out.splitlines()
    assert first == "Sleeping …" and last.startswith("  done, ")
    assert len(signs) >= 2 and all("Sleeping: " in sign for sign in signs)


def test_a_step_that_fails_shows_the_end_of_its_log(capsys):
    code = "print(*range(99), sep='\\n', flush=True); raise SystemExit('npm ERR! EAI_AGAIN')"
    with pytest.raises(processes.CommandFailed) as failure:
        processes.step("Installing", [sys.executable, "-c", code])
    said = str(failure.value).splitlines()
    assert said[-2:] == ["  | npm ERR! EAI_AGAIN", "Installing: failed."]
    assert len(said) == processes.LAST_LINES + 1


def test_no_child_stays_behind():
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(KeyboardInterrupt), processes.running(command) as child:
        raise KeyboardInterrupt
    assert child.poll() is not None


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(9)", 9), ("", 0)])
def test_the_status_is_the_childs(code, status):
    assert processes.status_of([sys.executable, "-c", code]) == status


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to end a process with")
def test_a_child_that_a_signal_ends_gives_what_a_shell_gives():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert processes.status_of([sys.executable, "-c", code]) == 128 + 15
