"""The terminal: its screen, its child and how it ends, both views, what happens when it breaks."""

import html
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import turns
from fake_loop import FakeLoop

from helpers.experiments import EXPERIMENTS
from helpers.language import say
from helpers.widgets import Terminal
from helpers.widgets.terminal import child, run
from helpers.widgets.terminal.anywidget_view import TerminalAnywidgetView
from helpers.widgets.terminal.ipywidgets_view import TerminalIpywidgetsView
from helpers.widgets.terminal.screen import MAX_BYTES, MAX_ROWS, Screen, shown, wrapped

SRC = Path(child.__file__).parents[3]
SCRIPTS = {  # what runs in the place of an experiment
    "quick": "print('一行目'); print('done')",
    "fails": "print('before')\nraise ValueError('なぜ')",
    "forever": "import time\nprint('begun')\nwhile True: time.sleep(0.05); print('.', end='')",
    "silent": "import time\ntime.sleep(60)",
    "flood": "while True: print('x' * 70)",
    "no newline": "while True: print('字', end='')",
    "anew": "for i in range(10**9): print(f'\\r{i:9}', end='')",
    "colours": "print('\\033[1;31m赤\\033[0m<b>&\\tx\\033]0;title\\007')",
    "stubborn": "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf'); time.sleep(60)",
    "grandchild": "import subprocess, sys\n"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(p.pid); p.wait()",
    "leaves one": "import subprocess, sys\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nprint('bye')",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
}
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)


@pytest.fixture
def script(monkeypatch):
    """script("flood"): what the experiment "attention" runs from now on, in a real child."""

    def use(name):
        words = [sys.executable, "-u", "-c", SCRIPTS.get(name, name)]
        monkeypatch.setattr(child, "command", lambda *_: words)

    return use


@pytest.fixture(params=turns.by_turns(1, ["ja", "zh-tw"]))
def terminal(request):
    say.use(request.param)
    made = Terminal()
    yield made
    made.stop()
    say.use("ja")
    assert made.errors == []


def alive(pid):
    """Not a zombie: in a container nobody may reap what was orphaned."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text(encoding="utf-8").split(") ")[1][0] != "Z"
    except OSError:
        return False


def until(true, seconds=120.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def seen(terminal):
    return "\n".join("".join(row) for line in terminal.lines() for row in line)


# --- the screen -------------------------------------------------------------------------


def texts(screen):
    return ["".join("".join(row) for row in line) for line in screen.lines()]


def test_80_columns_hold_40_wide_characters():
    rows = wrapped("字" * 40 + "a")
    assert rows == [["", "字" * 40], ["a"]]
    assert wrapped("a" + "字" * 40) == [["a", "字" * 39], ["", "字"]]  # none is divided
    assert wrapped("x" * 161) == [["x" * 80], ["x" * 80], ["x"]]
    assert wrapped("a字b") == [["a", "字", "b"]] and wrapped("") == [[""]]


def test_combining_marks_take_no_column():
    assert wrapped("か\u3099" * 40) == [["", "か\u3099" * 40]]
    assert wrapped("e\u0301" * 80) == [["e\u0301" * 80]]


@pytest.mark.parametrize(
    "line, looks",
    [
        ("\x1b[31mred\x1b[0m", "red"), ("\x1b[38;5;9mx\x1b[K", "x"), ("\x1b]0;t\x07x", "x"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"), ("\x1b(Bx\x1b7", "x"),
        ("x\x1b[3", "x"),
        ("10%\r20%", "20%"), ("10%\r", "10%"), ("x\r\r", "x"), ("a\tb", "a       b"),
        ("字\tb", "字      b"), ("|\b/\b-", "-"), ("\x00\x07a\x7f\x9b", "a"), ("\u202eabc", "abc"),
    ],
)  # fmt: skip
def test_orders_to_a_terminal_leave_only_text(line, looks):
    assert shown(line) == looks


def test_bytes_may_be_cut_anywhere():
    data = "\x1b[31m日本語\x1b[0m\r\n10%\r99%\n\x1b[1mé".encode()
    whole = Screen()
    whole.feed(data)
    for size in (1, 2, 3, 7):
        screen = Screen()
        for i in range(0, len(data), size):
            screen.feed(data[i : i + size])
        assert screen.lines() == whole.lines()
    assert texts(whole) == ["日本語", "99%", "é"] and whole.text() == "日本語\n99%\né"


def test_what_is_no_utf8_does_not_end_the_screen():
    screen = Screen("$ prompt")
    screen.feed(b"\xff\xfe ok\n\xe6\x97")
    screen.feed(b"", final=True)
    assert texts(screen) == ["$ prompt", "�� ok", "�"] and screen.text() == "�� ok\n�"


def test_a_line_drawn_anew_does_not_grow():
    screen = Screen()
    for i in range(1000):
        screen.feed(f"\r{i}".encode())
    assert texts(screen) == ["999"] and len(screen._open) < 10


@pytest.mark.parametrize(
    "piece", turns.by_turns(3, [b"x\n", b"x" * 81 + b"\n", b"x" * 999, "字".encode() * 999])
)
def test_the_screen_is_full_at_its_limit_of_rows(piece):
    screen = Screen("$")
    while not screen.full:
        screen.feed(piece)
    rows = [row for line in screen.lines() for row in line]
    assert MAX_ROWS - 1 <= len(rows) <= MAX_ROWS
    screen.feed(piece * 10)
    assert [row for line in screen.lines() for row in line] == rows


def test_the_screen_is_full_at_its_limit_of_bytes():
    screen = Screen()
    for _ in range(MAX_BYTES // 1000):
        screen.feed(b"\r" + b"x" * 999)
    assert not screen.full
    screen.feed(b"\r" + b"x" * 999)
    assert screen.full and texts(screen) == ["x" * 999]


# --- a run, as function calls -----------------------------------------------------------


def test_a_real_experiment(terminal):
    result = terminal.run("environment")
    assert (result.name, result.how) == ("environment", "exit")
    say.use(terminal._language)
    assert result.text.startswith(f"# {EXPERIMENTS['environment'].title}\n")
    assert terminal.words["ended"].split("{")[0] + f"{result.status}" in f"{result!r}" or (
        result.status == 1  # what the machine lacks is its own affair
    )
    assert "$ python -m helpers.experiments environment --lang" in seen(terminal)
    assert result.text.splitlines()[1] in seen(terminal)


def test_status_and_text_of_what_ends(terminal, script):
    script("quick")
    result = terminal.run("attention")
    assert (result.status, result.how, result.text) == (0, "exit", "一行目\ndone")
    assert f"{result!r}" == f"一行目\ndone\n{terminal.sentence()}"
    script("fails")
    result = terminal.run("attention")
    assert result.status == 1 and result.text.startswith("before\nTraceback")
    assert "ValueError: なぜ" in seen(terminal)
    assert terminal.sentence().startswith(terminal.words["failed"].split("{")[0] + "1")


@POSIX
def test_a_signal_is_told_as_a_shell_does(script):
    script("killed")
    assert Terminal().run("attention").status == 128 + 9


def test_output_is_there_before_the_end_and_stop_ends_it(terminal, script):
    script("forever")
    terminal.start("attention")
    assert until(lambda: "begun" in seen(terminal)) and terminal.is_running()
    more = len(seen(terminal))
    assert until(lambda: len(seen(terminal)) > more)
    pid = terminal.current.child.pid
    with pytest.raises(RuntimeError, match=terminal.words["stop"]):
        terminal.start("attention")
    with pytest.raises(TimeoutError):
        terminal.wait(0.1)
    result = terminal.stop()
    assert (result.how, result.status) == ("stop", None) and not alive(pid)
    assert not terminal.is_running() and terminal.stop() == result
    assert terminal.sentence().startswith(terminal.words["by_stop"].split("{")[0])


@pytest.mark.parametrize("name", ["flood", "no newline", "anew"])
def test_a_flood_ends_at_the_limit_and_says_so(terminal, script, name):
    script(name)
    result = terminal.run("attention")
    assert (result.how, result.status) == ("output", None)
    assert "1,000" in terminal.sentence() and "MiB" in terminal.sentence()
    assert len(seen(terminal).encode()) < 1000 * 81 * 3
    assert not alive(terminal.current.child.pid)


@pytest.mark.parametrize("name", ["silent", "forever"])
def test_what_does_not_end_is_ended_in_time(script, monkeypatch, name):
    monkeypatch.setattr(run, "limit_seconds", lambda name: 0.7)
    script(name)
    terminal = Terminal()
    result = terminal.run("attention")
    assert (result.how, result.status) == ("seconds", None) and result.seconds > 0.7
    assert not alive(terminal.current.child.pid)


def test_every_experiment_has_time_enough_and_an_end():
    limits = [run.limit_seconds(name) for name in EXPERIMENTS]
    assert all(
        10 * EXPERIMENTS[n].seconds < x < 600 for n, x in zip(EXPERIMENTS, limits, strict=True)
    )


def test_colours_and_markup(terminal, script):
    script("colours")
    assert terminal.run("attention").text == "赤<b>&  x"


@POSIX
def test_what_does_not_want_to_end_is_killed(script, monkeypatch):
    monkeypatch.setattr(child, "GRACE_SECONDS", 0.3)
    script("stubborn")
    terminal = Terminal()
    terminal.start("attention")
    assert until(lambda: "deaf" in seen(terminal))
    assert terminal.stop().how == "stop" and not alive(terminal.current.child.pid)


@POSIX
def test_stop_ends_what_the_child_started(script):
    script("grandchild")
    terminal = Terminal()
    terminal.start("attention")
    assert until(lambda: re.search(r"^\d+$", seen(terminal), re.MULTILINE))
    pid = int(re.search(r"^(\d+)$", seen(terminal), re.MULTILINE)[1])
    assert alive(pid)
    terminal.stop()
    assert until(lambda: not alive(pid))


def test_a_child_that_leaves_something_behind_does_not_hold_the_terminal(script):
    script("leaves one")
    result = Terminal().run("attention")
    assert (result.how, result.status, result.text) == ("exit", 0, "bye") and result.seconds < 50


def test_interrupting_the_kernel_stops_the_experiment(script, monkeypatch):
    script("forever")
    terminal = Terminal()
    wait = Terminal.wait
    calls = []

    def interrupted(self, seconds=None):
        calls.append(seconds)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return wait(self, seconds)

    monkeypatch.setattr(Terminal, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        terminal.run("attention")
    assert not terminal.is_running() and not alive(terminal.current.child.pid)


def test_two_terminals_do_not_disturb_each_other(script):
    script("forever")
    first = Terminal("attention")
    first.start("attention")
    script("quick")
    assert Terminal("attention").run("attention").status == 0
    assert first.is_running()
    first.stop()


# --- a fixed list, no shell -------------------------------------------------------------


@pytest.mark.parametrize("name", ["no-such", "attention; ls", "--list", "", "../attention"])
def test_only_names_of_the_list_reach_a_command_line(terminal, name):
    with pytest.raises(ValueError, match="attention"):
        terminal.run(name)
    with pytest.raises(ValueError, match="attention"):
        child.command(name, "ja")
    with pytest.raises(ValueError, match="attention"):
        Terminal(name)
    assert terminal.current is None


def test_a_terminal_of_some_experiments_runs_no_other(terminal):
    some = Terminal("attention", "n-squared")
    assert some.names() == ["attention", "n-squared"] and len(some.options) == 2
    with pytest.raises(ValueError, match="attention, n-squared"):
        some.run("environment")


def test_the_child_is_this_python_without_a_shell(monkeypatch):
    asked = {}

    class Popen(subprocess.Popen):
        def __init__(self, words, **options):
            asked.update(words=words, **options)
            super().__init__(words, **options)

    monkeypatch.setattr(child.subprocess, "Popen", Popen)
    Terminal().run("environment")
    assert asked["words"][0] == sys.executable and "environment" in asked["words"]
    assert not asked.get("shell") and asked["env"]["PYTHONPATH"].startswith(str(SRC))


def test_a_students_own_file_is_not_taken_for_a_package(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('mine')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert Terminal().run("n-squared").status == 0


# --- when the kernel ends ---------------------------------------------------------------

KERNEL = """
import sys, time
from helpers.experiments import EXPERIMENTS
from helpers.widgets import Terminal
from helpers.widgets.terminal import child
script = {script!r}
child.command = lambda *_: [sys.executable, "-u", "-c", script]
terminal = Terminal()
terminal.start("attention")
print(terminal.current.child.pid, flush=True)
{then}
"""
WATCHES = "from helpers.experiments.parent import end_with_stdin\nend_with_stdin()\n"
SILENT = "import time\nwhile True: time.sleep(0.05)"  # one that prints ends at a broken pipe


def kernel(script, then):
    code = KERNEL.format(script=script, then=then)
    env = os.environ | {"PYTHONPATH": str(SRC)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code], env=env, **pipes)
    return process, int(process.stdout.readline())


@POSIX
@pytest.mark.parametrize(
    "watches", turns.by_turns(0, [True, False]), ids=["as it is", "planted: no watch"]
)
def test_a_kernel_that_is_killed_leaves_no_endless_child(watches):
    process, pid = kernel((WATCHES if watches else "") + SILENT, "time.sleep(60)")
    assert alive(pid)
    time.sleep(1)
    process.kill()
    process.communicate(timeout=60)
    gone = until(lambda: not alive(pid), 120 if watches else 1)
    if not gone:
        os.kill(pid, signal.SIGKILL)
    assert gone is watches


def test_every_experiment_watches_its_standard_input():
    assert all("--until-stdin-closes" in child.command(n, "ja") for n in EXPERIMENTS)


FORGET = "import atexit; atexit.unregister(child.end_all)"


@POSIX
@pytest.mark.parametrize(
    "then", turns.by_turns(0, ["", FORGET]), ids=["as it is", "planted: not at exit"]
)
def test_a_kernel_that_ends_ends_its_child_and_says_nothing(then):
    process, pid = kernel(SILENT, f"time.sleep(0.5)\n{then}")
    out, err = process.communicate(timeout=300)
    gone = until(lambda: not alive(pid), 1 if then else 120)
    if not gone:
        os.kill(pid, signal.SIGKILL)
    assert (process.returncode, out, err, gone) == (0, "", "", not then)


# --- both views -------------------------------------------------------------------------


def live(terminal):
    assert isinstance(terminal.view, TerminalAnywidgetView)
    return terminal.view


def plain(terminal):
    return terminal.show_plain()


class Panel:
    """A student at the anywidget view: what its screen.js sends."""

    def __init__(self, terminal):
        self.view = live(terminal)

    def press(self, action, place=None):
        self.view._handle_custom_msg({"action": action, "place": place}, [])

    def status(self):
        return self.view.sentence

    def screen(self):
        return "\n".join("".join(row) for line in self.view.lines for row in line)

    def allowed(self):
        return {"run"} if not self.view.running else {"stop"}

    def trouble(self):
        return " ".join(self.view.trouble)


class Twin:
    """The same student at the plain view: real controls of ipywidgets."""

    def __init__(self, terminal):
        self.view = plain(terminal)

    def press(self, action, place=None):
        if place is not None:
            self.view.select.value = place
        self.view.buttons[action].click()

    def status(self):
        return _text(self.view.status.value)

    def screen(self):
        return _text(self.view.screen.value.replace("</div><div>", "\n"))

    def allowed(self):
        return {action for action, button in self.view.buttons.items() if not button.disabled}

    def trouble(self):
        return self.status()


def _text(text):
    return html.unescape(re.sub("<[^>]+>", "", text))


VIEWS = pytest.mark.parametrize("view", [Panel, Twin])


@VIEWS
def test_a_view_before_while_and_after_a_run(terminal, script, view):
    student = view(terminal)
    assert terminal.words["ready"].format(run=terminal.words["run"]) in student.screen()
    assert student.screen().startswith("> Ready.") and student.status() == ""
    assert student.allowed() == {"run"}
    script("forever")
    student.press("run", 1)
    assert until(lambda: "begun" in student.screen())
    assert student.allowed() == {"stop"} and "attention" in student.status()
    if view is Panel:
        student.press("run", 0)  # a second click, in a page that does not yet know
    assert terminal.current.experiment == "attention"
    student.press("stop")
    assert until(lambda: student.allowed() == {"run"})
    assert student.status() == terminal.sentence() != ""
    script("colours")
    student.press("run", 2)
    terminal.wait()
    assert until(lambda: student.status() == terminal.sentence())
    assert (
        "赤<b>&" in student.screen() and "<b>" not in str(getattr(student.view, "screen", ""))[:0]
    )
    assert "scaling-by-d_k" in student.screen() and "begun" not in student.screen()


@VIEWS
def test_every_experiment_of_the_list_can_be_chosen(terminal, script, view):
    student = view(terminal)
    script("quick")
    for place, name in enumerate(EXPERIMENTS):
        student.press("run", place)
        assert terminal.wait().name == name
        assert until(
            lambda name=name: f" {name} " in student.screen() and "done" in student.screen()
        )


@VIEWS
def test_a_call_changes_the_view(terminal, script, view):
    student = view(terminal)
    script("quick")
    result = terminal.run("n-squared")
    assert result.text in student.screen() and student.status() == result.sentence
    if view is Panel:
        assert student.view.place == list(EXPERIMENTS).index("n-squared")


def test_the_plain_view_is_escaped_and_aligned(script):
    script("print('<script>alert(1)</script>日本語 <b>')")
    terminal = Terminal()
    view = plain(terminal)
    terminal.run("attention")
    assert "<script" not in view.screen.value and "&lt;script&gt;" in view.screen.value
    assert 'width: 6ch; letter-spacing: calc(2ch - 1em)">日本語' in view.screen.value


def test_a_flood_does_not_flood_the_browser(script, monkeypatch):
    """Redraws keep their distance, and are fewer than the chunks that come."""
    drawn = []
    script("import time\nfor i in range(300): print('x' * 70); time.sleep(0.005)")
    terminal = Terminal()
    monkeypatch.setattr(terminal, "changed", lambda: drawn.append(time.monotonic()))
    result = terminal.run("attention")
    assert result.status == 0 and 3 < len(drawn) < 10 * result.seconds + 4


@pytest.mark.parametrize("place", [-1, 99, None, "attention", True, [0]])
def test_what_no_panel_sends_is_refused_and_told(place, caplog):
    terminal = Terminal()
    student = Panel(terminal)
    with caplog.at_level(logging.ERROR):
        student.press("run", place)
    assert terminal.current is None and [type(e) for e in terminal.errors] == [ValueError]
    assert terminal.words["error"] in student.trouble() and "ValueError" in student.trouble()
    student.press("stop")  # an action that is one
    assert student.trouble() == ""


@VIEWS
def test_a_child_that_cannot_start_is_told(view, monkeypatch, caplog):
    terminal = Terminal()
    student = view(terminal)
    monkeypatch.setattr(child, "command", lambda *_: ["/no/such/python"])
    with caplog.at_level(logging.ERROR):
        student.press("run", 0)
    assert terminal.words["error"] in student.trouble()
    assert "FileNotFoundError" in student.trouble() and student.allowed() == {"run"}


@pytest.mark.parametrize("broken", ["screen", "view"])
def test_a_thread_that_fails_leaves_no_child(script, monkeypatch, caplog, broken):
    script("forever")
    terminal = Terminal()
    live(terminal)
    target = (Screen, "feed") if broken == "screen" else (terminal.view, "refresh")
    monkeypatch.setattr(*target, lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.ERROR):
        terminal.start("attention")
        pid = terminal.current.child.pid
        assert until(lambda: terminal.errors)
    assert isinstance(terminal.errors[0], ZeroDivisionError)
    monkeypatch.undo()
    terminal.stop()
    assert not alive(pid) and not terminal.is_running()


def test_no_thread_is_left(script):
    script("quick")
    before = threading.active_count()
    for _ in range(3):
        Terminal().run("attention")
    assert until(lambda: threading.active_count() <= before, 3)


# --- display, static views --------------------------------------------------------------


def test_every_root_carries_its_language(terminal):
    lang = {"ja": "ja", "zh-tw": "zh-Hant-TW"}[say.language()]
    assert terminal.html().startswith(f'<section lang="{lang}">')
    assert live(terminal).lang == lang
    view = plain(terminal)
    roots = [view.box.children[0].value, view.screen.value, view.status.value]
    assert all(value.startswith(f'<div lang="{lang}"') for value in roots if value)


def test_static_views_hold_the_list_and_no_script(terminal):
    page, text = terminal.html(), repr(terminal)
    for name, one in EXPERIMENTS.items():
        assert name in page and one.title in page and name in text
    assert not re.search("style|script|onclick", page) and "TERMINAL" in page and "80x24" in page
    assert 'terminal.run("environment")' in text
    data, _ = terminal._repr_mimebundle_()
    assert (data["text/html"], data["text/plain"]) == (page, text)


def test_switch_forces_the_plain_twin(terminal, monkeypatch):
    monkeypatch.setenv("TRIAD_WIDGETS", "plain")
    data, _ = terminal._repr_mimebundle_()
    assert isinstance(terminal.view, TerminalIpywidgetsView)
    assert terminal.view.box.model_id in str(data["application/vnd.jupyter.widget-view+json"])


def test_silence_brings_the_plain_twin_and_the_run_goes_on(terminal, script, monkeypatch):
    loop, updates = FakeLoop(), []
    module = "helpers.widgets.base.widget."
    monkeypatch.setattr(module + "running_loop", lambda: loop)
    handle = type("Handle", (), {"display_id": "d1"})
    monkeypatch.setattr(module + "display", lambda *_, **__: handle)
    monkeypatch.setattr(module + "update_display", lambda data, **kw: updates.append(kw))
    terminal._ipython_display_()
    script("forever")
    terminal.start("attention")
    loop.run(9.4)
    assert updates == []
    loop.run(30)
    assert [kw["display_id"] for kw in updates] == ["d1"] and loop.planned == []
    view = terminal.view
    assert terminal.words["plain_note"] in view.box.children[0].value
    assert until(lambda: "begun" in view.screen.value)
    view.buttons["stop"].click()
    assert terminal.wait().how == "stop"


def test_an_answering_front_end_keeps_the_anywidget_view(terminal, monkeypatch):
    loop = FakeLoop()
    module = "helpers.widgets.base.widget."
    monkeypatch.setattr(module + "running_loop", lambda: loop)
    monkeypatch.setattr(module + "display", lambda *_, **__: type("H", (), {"display_id": "d"}))
    terminal._ipython_display_()
    terminal.view._handle_custom_msg({"action": "alive"}, [])
    loop.run(60)
    assert isinstance(terminal.view, TerminalAnywidgetView) and loop.planned == []


def test_messages_of_a_thread_reach_the_front_end_of_a_kernel(monkeypatch):
    """A cell shows the terminal and ends; what the child then prints comes as comm messages."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    script = "import time; print('一'); time.sleep(.4); print('二')"
    cells = [
        "import sys\nfrom helpers.widgets import Terminal\n"
        "from helpers.widgets.terminal import child\n"
        f"child.command = lambda *_: [sys.executable, '-u', '-c', {script!r}]\n"
        "terminal = Terminal()\nterminal",
        "terminal.start('attention')",
        "import asyncio\nwhile terminal.is_running(): await asyncio.sleep(0.1)\n"
        "await asyncio.sleep(1)",  # the last message is on its way
        "print(terminal.wait().status, terminal.errors)",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = nbclient.NotebookClient(nb, timeout=600, kernel_name="python3")
    client.execute()
    kinds = [[o.output_type for o in cell.outputs] for cell in nb.cells]
    assert kinds == [["display_data"], [], [], ["stream"]]
    assert nb.cells[3].outputs[0].text == "0 []\n"
    states = json.dumps(list(client.widget_state.values()), ensure_ascii=False)
    assert "二" in states  # the front end's own copy of the state
