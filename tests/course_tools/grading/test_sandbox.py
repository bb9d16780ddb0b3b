"""What others see of the sandbox, and how little its own program loads."""

import os
import subprocess
import sys

import pytest
import turns
from places import ROOT

from course_tools.grading import sandbox
from course_tools.grading.sandbox import fork_server, isolation, jail

LOADED = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*sys.modules)"


def loaded(name: str) -> set[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", LOADED, name]
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True)
    return set(done.stdout.split())


def test_three_names_are_for_others():
    assert sandbox.__all__ == ["ForkServer", "Limits", "why_not"]
    assert sandbox.ForkServer is fork_server.ForkServer
    assert (sandbox.Limits, sandbox.why_not) == (jail.Limits, isolation.why_not)
    with pytest.raises(AttributeError, match="StudentProcess"):
        sandbox.StudentProcess  # noqa: B018


def test_the_sandbox_itself_is_light():
    assert loaded("course_tools.grading.sandbox") & {"torch", "numpy", "psutil", "helpers"} == set()


@turns.in_ci
def test_the_fork_servers_program_loads_no_part_of_the_judge():
    """It runs beside student code: only what crosses, the inner wall and the system calls."""
    ours = {name for name in loaded(fork_server.PROGRAM) if name.startswith("course_tools")}
    package = "course_tools.grading.sandbox"
    parts = {f"{package}.{name}" for name in ("server_main", "codec", "jail", "seccomp")}
    assert ours == {"course_tools", "course_tools.grading", package, *parts}


def test_what_bubblewrap_shows_and_allows_is_written_down():
    """Nothing of the course but helpers and the grader's own package; no network, no privileges."""
    words = list(isolation.behind_bubblewrap("bwrap"))
    shown = {words[i + 1] for i, word in enumerate(words) if word == "--ro-bind"}
    course = {name for name in shown if name.startswith(f"{ROOT}/src")}
    tools = ROOT / "src/course_tools"
    own = {str(tools / "__init__.py"), str(tools / "grading"), str(ROOT / "src/helpers")}
    assert course == own and shown - own == set(isolation.readable_folders()) - own
    assert "--bind" not in words and "--share-net" not in words
    assert {"--unshare-all", "--die-with-parent", "--cap-drop"} <= set(words)
