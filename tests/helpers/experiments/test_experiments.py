"""The course's experiments: each runs in both languages, and says what it should when it fails."""

import contextlib
import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import processes
import psutil
import pytest
import torch
import turns

from helpers import experiments
from helpers.display import monospace
from helpers.experiments import EXPERIMENTS, Experiment, attention
from helpers.experiments.__main__ import main
from helpers.instruments import sharpness
from helpers.language import say

STRICT = ("-X", "warn_default_encoding", "-W", "always::EncodingWarning")
SRC = Path(experiments.__file__).parents[2]


@pytest.fixture(autouse=True)
def language():
    yield
    say.use("ja")


def complaints(stderr: str) -> str:
    """All but the encoding warnings of packages."""
    return re.sub(r".*(site-packages|lib.python).*EncodingWarning.*\n(  .*\n)*", "", stderr)


def child(*words: str, command=("-m", "helpers.experiments"), **options):
    """python -m helpers.experiments, with the console of another code page."""
    env = os.environ | {"PYTHONPATH": str(SRC), "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    options = {"capture_output": True, "encoding": "utf-8", "env": env} | options
    return subprocess.run([sys.executable, *STRICT, *command, *words], timeout=600, **options)


# Each command as `python -m` runs it, all in one process: to import torch takes longer than they.
ONE_BY_ONE = """
import runpy, sys
_, lang, *names = sys.argv
for name in names:
    sys.argv[1:] = [name, "--lang", lang]
    try:
        runpy.run_module("helpers.experiments", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            print(f"\\f{end.code or 0}\\f", end="", file=stream, flush=True)
"""


@cache
def ran(lang: str) -> dict[str, tuple[int, str, str]]:
    """{experiment: (status, what it printed, what it complained of)}"""
    done = child(lang, *EXPERIMENTS, command=["-c", ONE_BY_ONE])
    shown, complained = (text.split("\f") for text in (done.stdout, done.stderr))
    assert done.returncode == 0 and len(shown) == len(complained) == 2 * len(EXPERIMENTS) + 1
    statuses, complained = map(int, shown[1::2]), map(complaints, complained[::2])
    each = zip(statuses, shown[::2], complained, strict=False)  # behind the last there is nothing
    return dict(zip(EXPERIMENTS, each, strict=True))


# --- each of them -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("lang", turns.by_turns(0, say.LANGUAGES))
def test_an_experiment_runs_in_each_language_within_80_columns(lang, name):
    status, shown, complained = ran(lang)[name]
    assert (status, complained) == (0, "")
    say.use(lang)
    title, *lines = shown.splitlines()
    assert title == f"# {EXPERIMENTS[name].title}" and len(lines) > 3
    table = [line for line in lines if "  " in line.strip()]
    assert max(map(monospace.columns, table)) <= 80
    assert not re.search(r"[{}]", shown)


@turns.in_ci
def test_titles_and_prose_of_both_languages_differ_but_not_the_numbers():
    numbers = []
    for lang in say.LANGUAGES:
        _, shown, _ = ran(lang)["scaling-by-d_k"]
        numbers.append(re.findall(r"\d+\.\d+", shown))
    assert numbers[0] == numbers[1] and len(numbers[0]) == 4 * 6


def test_attention_by_hand_is_measured_and_not_recited(capsys, monkeypatch):
    """Another formula, and a mask that leaks: the experiment fails."""
    attention.by_hand()
    assert capsys.readouterr().out.count("：0.0\n") == 3
    monkeypatch.setattr(attention, "gap_to_torch", lambda *_: 0.1)
    with pytest.raises(AssertionError):
        attention.by_hand()
    monkeypatch.undo()

    def leaky(q, k, v):
        return [attention.attend(x, k.tolist(), v.tolist())[1] for x in q.tolist()]

    monkeypatch.setattr(attention, "causal_outputs", leaky)
    with pytest.raises(AssertionError):
        attention.by_hand()


def test_online_softmax_is_measured_and_not_recited(monkeypatch):
    attention.online(n=4096, tile=256)
    monkeypatch.setattr(attention.math, "exp", lambda x: 1.0)  # the old sums are not rescaled
    with pytest.raises(AssertionError):
        attention.online(n=4096, tile=256)


def test_entropy_and_bytes_by_another_way():
    weights = torch.rand(7, 32).softmax(-1)
    want = torch.distributions.Categorical(weights).entropy().mean() / torch.log(torch.tensor(2.0))
    assert sharpness.bits(weights) == pytest.approx(want.item(), rel=1e-5)
    assert sharpness.bits(torch.eye(4)) == 0.0


def test_the_environment_that_lacks_something_fails(monkeypatch, capsys):
    from helpers.classroom import environment
    from helpers.experiments.environment import report

    lines = [environment.Line("torch", False, "detail"), environment.Line("x", None, "y")]
    monkeypatch.setattr(environment, "lines", lambda: iter(lines))
    with pytest.raises(SystemExit) as end:
        report()
    assert end.value.code == 1 and "FAIL" in capsys.readouterr().out


# --- the command ------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--list"], []])
def test_the_list_names_all_and_runs_none(words, capsys, monkeypatch):
    monkeypatch.setattr(experiments, "run", None)
    for lang in say.LANGUAGES:
        assert main([*words, "--lang", lang]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == list(EXPERIMENTS)
        say.use(lang)
        assert all(one.title in line for one, line in zip(EXPERIMENTS.values(), lines, strict=True))


@pytest.mark.parametrize("lang", say.LANGUAGES)
def test_an_unknown_name_is_told_with_what_there_is(lang, capsys):
    assert main(["no-such", "--lang", lang]) == 2
    message = capsys.readouterr().err
    assert "no-such" in message and all(name in message for name in EXPERIMENTS)


def test_every_experiment_has_a_title_in_both_languages_and_no_other_has():
    titles = {n.removeprefix("title_") for n in say.catalogue("experiments") if n[:6] == "title_"}
    assert titles == set(EXPERIMENTS)


def test_a_new_experiment_is_one_function_and_its_title(monkeypatch, capsys):
    """The promise of the package's docstring, with the function that raises."""
    monkeypatch.setitem(EXPERIMENTS, "attention", Experiment("attention", "attention:planted", 1))
    monkeypatch.setattr(attention, "planted", lambda: print("算"), raising=False)
    assert experiments.run("attention") == 0
    assert capsys.readouterr().out.endswith("\n算\n")
    monkeypatch.setattr(attention, "planted", lambda: 1 / 0)
    assert experiments.run("attention") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_list_is_light_to_import():
    code = "import sys, helpers.experiments; print({'torch', 'matplotlib'} & set(sys.modules))"
    env = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout == "set()\n"


# --- it ends with its parent ------------------------------------------------------------------

FOREVER = """
import sys, time
from helpers.experiments.parent import end_with_stdin
if "watch" in sys.argv:
    end_with_stdin()
import subprocess
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(grandchild.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize(
    "watch", turns.by_turns(0, [True, False]), ids=["watched", "planted: nobody watches"]
)
def test_closing_stdin_ends_the_experiment_and_what_it_started(watch):
    words = [sys.executable, "-c", FOREVER, *(["watch"] if watch else [])]
    env = os.environ | {"PYTHONPATH": str(SRC)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with processes.started(words, env=env, start_new_session=True, **pipes) as process:
        family = [psutil.Process(process.pid), psutil.Process(int(process.stdout.readline()))]
        process.stdin.close()
        if watch:
            processes.until(lambda: living(family) == [])
        else:
            time.sleep(1.5)
        left = living(family)
        for p in left:
            p.kill()
    assert left == ([] if watch else family)


def living(family):
    """Those that have not ended: in a container nobody may reap what was orphaned."""
    left = []
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
    return left


@turns.in_ci
def test_a_watched_experiment_ends_normally_while_stdin_stays_open():
    read, write = os.pipe()
    try:
        done = child("attention", "--until-stdin-closes", "--lang", "ja", stdin=read)
    finally:
        os.close(read)
        os.close(write)
    assert (done.returncode, complaints(done.stderr)) == (0, "")
