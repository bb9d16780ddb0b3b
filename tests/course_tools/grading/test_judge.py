"""Student code is run apart from the tests: every submission of a pretend class gets its row.

A dozen of them in the default tier, all with TRIAD_ALL=1, with bubblewrap and without.
"""

import collections
import contextlib
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import processes
import psutil
import pytest
import torch
import turns
from isolation import server_or_skip
from places import ROOT
from sample_class import FULL, Bait, Case, Sheets, everything

from course_tools.grading import sheet
from course_tools.grading.graded import Graded, Verdict
from course_tools.grading.judge import judge
from course_tools.grading.marks import Grade
from course_tools.grading.reports import feedback, table
from course_tools.grading.sandbox import (
    ForkServer,
    Limits,
    codec,
    isolation,
    jail,
    processor,
    seccomp,
    why_not,
)
from course_tools.grading.sandbox.process import Ended
from course_tools.grading.submissions import matching, notebook
from course_tools.grading.submissions.submission import Submission
from helpers.language.say import COMPLETE as LANGUAGES

LIMITS = Limits(seconds=4, notebook_seconds=8, memory=1 << 30)
ALL = bool(os.environ.get("TRIAD_ALL"))
LANG = "ja"
NOWHERE = Bait(9, ROOT, [])
NAMES = [name for name, case in everything(LANG, NOWHERE).items() if ALL or case.quick]
REASON = why_not()
linux = pytest.mark.skipif(bool(REASON), reason=REASON)


@pytest.fixture(scope="module")
def bait(tmp_path_factory):
    """A port that tells whether it was called, a folder that must stay empty, things to read."""
    folder = tmp_path_factory.mktemp("outside")
    listener, called = socket.create_server(("127.0.0.1", 0)), []

    def listen() -> None:
        while True:
            try:
                called.append(listener.accept())
            except OSError:
                return

    threading.Thread(target=listen, daemon=True).start()
    book = tmp_path_factory.mktemp("book") / "gradebook.db"
    book.write_text("marks", encoding="utf-8")
    secrets = [book, ROOT / "solutions", ROOT / "lessons", ROOT / "tests", ROOT / "start.py"]
    os.environ["TRIAD_BAIT"] = "1"
    yield Bait(listener.getsockname()[1], folder, secrets)
    del os.environ["TRIAD_BAIT"]
    listener.close()
    assert called == []
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module", params=["bubblewrap", "own walls"] if ALL else ["bubblewrap"])
def server(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "own walls":
            patch.setattr(shutil, "which", lambda name: None)
        with server_or_skip(LIMITS) as made:
            yield made
            assert below(made) == []


def below(server) -> list[str]:
    """What still runs below the fork server, a moment after."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        tree = psutil.Process(server.process.pid).children(recursive=True)
        left = [p for p in tree if running(p.pid)]
        if len(left) <= (2 if server.bubblewrap else 0):  # bubblewrap itself, and the fork server
            return []
        time.sleep(0.05)
    return [" ".join(p.cmdline()) for p in left]


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, "01_attention", LANG)


def graded(data: bytes, the_sheet, server) -> Verdict:
    cells, notes = notebook.read(data)
    matched = matching.match(cells, the_sheet)
    verdict = judge(the_sheet, matched, server)
    verdict.notes += notes
    return verdict


def said(verdict: Verdict) -> str:
    """All of a verdict but the answers, which the student wrote."""
    return str((verdict.outcomes, verdict.notes, verdict.human))


def faults(case: Case, verdict: Verdict) -> list[str]:
    """Where a row is not the expected one."""
    points = {name: o.points for name, o in verdict.outcomes.items() if o.points}
    kinds = {name: o.kind for name, o in verdict.outcomes.items()}
    notes = {name for name, _ in verdict.notes + verdict.human}
    wrong = [] if points == case.points else [f"points: {points}, not {case.points}"]
    wrong += [] if case.kinds.items() <= kinds.items() else [f"{kinds}, not {case.kinds}"]
    wrong += [] if case.human == bool(verdict.human) else [f"for a human: {verdict.human}"]
    wrong += [f"no note {case.note}"] if case.note and case.note not in notes else []
    return [*wrong, *(["it reached something"] if "LEAK" in said(verdict) else [])]


def test_the_class_is_large_enough():
    names = list(everything(LANG, NOWHERE))
    assert len(names) >= 40 and len(NAMES) >= 12


@linux
@pytest.mark.parametrize("name", NAMES)
def test_a_submission_gets_its_row(name, bait, the_sheet, server):
    case = everything(LANG, bait)[name]
    try:
        verdict = graded(case.data, the_sheet, server)
    except notebook.Unreadable:
        assert case.human and not case.points and case.status == "not graded"
        return
    assert case.status == "graded"
    assert faults(case, verdict) == [], verdict


@turns.in_ci
@linux
def test_nothing_is_left_running(bait, the_sheet, server):
    for name in ("fork bomb", "threads left", "os exit"):
        graded(everything(LANG, bait)[name].data, the_sheet, server)
    assert below(server) == []


@linux
@pytest.mark.skipif(not ALL, reason="long: start.py test --all")
def test_when_the_judge_is_killed_no_student_is_left():
    """With its own walls alone, where nothing else ends what the fork server has forked."""
    code = (
        "import shutil, time\nshutil.which = lambda name: None\n"
        "from course_tools.grading.sandbox import ForkServer\n"
        "made = ForkServer(imports=())\none = made.fork()\n"
        "print(made.process.pid, one.group, one.pid, flush=True)\n"
        "one.ask(60, ask='run', name='1', source='import time\\ntime.sleep(60)')\n"
    )
    command = [sys.executable, "-c", code]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    with processes.started(command, env=env, stdout=subprocess.PIPE) as process:
        pids = list(map(int, process.stdout.readline().split()))
        assert len(pids) == 3 and all(map(psutil.pid_exists, pids))
        time.sleep(0.5)
    processes.until(lambda: not any(map(running, pids)))


def running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@linux
def test_the_judge_itself_takes_no_more_memory_than_it_may():
    with jail.bounded(256 << 20):
        with pytest.raises(RuntimeError, match="memory"):
            torch.ones(1 << 28)
        with pytest.raises(MemoryError):
            bytearray(1 << 30)
    assert len(bytearray(1 << 30)) == 1 << 30


@turns.in_ci
@linux
def test_without_walls_the_pretend_class_does_reach_something(bait, the_sheet):
    """The planted fault: so what the tests above look for can be found."""
    with ForkServer(LIMITS, walls=False) as open_house, socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        open_bait = Bait(own.getsockname()[1], bait.outside, bait.secrets)
        for name in ("reads everything", "network"):
            verdict = graded(everything(LANG, open_bait)[name].data, the_sheet, open_house)
            assert "LEAK" in said(verdict)


@linux
def test_what_a_hidden_test_asked_is_not_told(bait, the_sheet, server):
    """A wrong answer says what it was asked; only the visible test's numbers may come back."""
    s = Sheets(LANG)
    tell = "def window_mask(n, window, n_global=0):\n    m = _right(n, window, n_global)\n"
    tell += "    if n != 6: raise ValueError(f'SAW {n} {window}')\n    return m\n"
    code = s.answers["window"].replace("def window_mask", "def _right") + "\n" + tell
    verdict = graded(json.dumps(s.right(window=code)).encode(), the_sheet, server)
    outcome = verdict.outcomes["window"]
    assert (outcome.kind, outcome.hidden, outcome.points) == ("error", True, 0)
    assert "SAW" not in said(verdict)
    later = everything(LANG, bait)["tells of the tests before"].data
    assert "SAW 3 " in graded(later, the_sheet, server).outcomes["packed"].detail + " "


@linux
@pytest.mark.parametrize(
    ("draws", "kind", "hint"),
    [
        ("torch.rand(1)", "wrong", "seed 2"),
        ("random.random()", "wrong", "seed 2"),
        ("0", "right", ""),
    ],
)
def test_hidden_tests_that_draw_are_run_with_several_seeds(server, draws, kind, hint):
    shown = "import random\nimport torch\nfrom helpers.classroom import check\n"
    shown += "with check.task('f'):\n    f(1)\n"
    hidden = f"    {draws}\n    check.that(torch.initial_seed() != 2, hint='seed 2')\n"
    parts = (
        sheet.Part("f", "answer", "def f(n): return n", "def f(n): ...", 0),
        sheet.Part("f-check", "test", shown + hidden, shown, 3),
    )
    made = sheet.Sheet("00_none", LANG, parts)
    cells = [{"cell_type": "code", "id": "f", "source": "def f(n):\n    return n\n"}]
    outcome = graded(json.dumps({"cells": cells}).encode(), made, server).outcomes["f"]
    assert (outcome.kind, outcome.hint, outcome.hidden) == (kind, hint, kind == "wrong")


def one_task(given: str, answer: str, lang: str = LANG) -> tuple[sheet.Sheet, bytes]:
    """A sheet whose check calls f(GIVEN), and a submission."""
    shown = "from helpers.classroom import check\n"
    shown += f"with check.task('f'):\n    assert f({given}) == 1\n"
    parts = (
        sheet.Part("f", "answer", "def f(n): return 1", "def f(n): ...", 0),
        sheet.Part("f-check", "test", shown, shown, 3),
    )
    cells = [{"cell_type": "code", "id": "f", "source": answer}]
    return sheet.Sheet("00_none", lang, parts), json.dumps({"cells": cells}).encode()


@linux
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_value_that_does_not_cross_is_named_to_the_student_and_to_a_person(server, lang):
    made, data = one_task("1", "def f(n):\n    return 1, {n}\n", lang)
    verdict = graded(data, made, server)
    outcome = verdict.outcomes["f"]
    assert (outcome.kind, outcome.points) == ("foreign", 0)
    assert "f(…)[1]" in outcome.detail and "set" in outcome.detail and "list(…)" in outcome.detail
    assert [name for name, _ in verdict.human] == ["foreign"]
    grade = Grade(Graded.of(Submission("s"), verdict), made)
    assert "f(…)[1]" in feedback.page(grade, True).replace("&#x27;", "'")
    row = table.row(grade, True, "en")
    assert row["needs_human"] == "yes" and "f(…)[1] is a set" in row["notes"]


@linux
def test_a_fault_of_the_judges_own_is_nobodys_result(server):
    """The check hands over what does not cross: before, that was the answer's error, 0 points."""
    made, data = one_task("object()", "def f(n):\n    return 1\n")
    with pytest.raises(TypeError, match="does not cross"):
        graded(data, made, server)


@linux
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_number_of_numpys_is_a_number_on_both_sides(server, lang):
    made, data = one_task("__import__('numpy').float64(0.5)", "def f(n):\n    return n * 2\n", lang)
    assert graded(data, made, server).outcomes["f"].kind == "right"


@turns.in_ci
@linux
def test_a_time_out_ends_the_task_and_nothing_else(bait, the_sheet, server):
    verdict = graded(everything(LANG, bait)["endless loop"].data, the_sheet, server)
    kinds = {name: o.kind for name, o in verdict.outcomes.items()}
    assert kinds["merge"] == "slow" and [kinds[n] for n in list(FULL)[1:]] == ["right"] * 3


def test_where_nothing_isolates_it_refuses(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(isolation.NotIsolated, match="Linux"):
        ForkServer(LIMITS)


def test_a_setting_that_forbids_isolation_is_named(monkeypatch, tmp_path):
    """Ubuntu 24.04, as it comes."""
    monkeypatch.setattr(isolation, "SYSTEM", tmp_path)
    assert isolation.hindrances() == []
    for name, value in {"kernel": "1", "user": "7000"}.items():
        (tmp_path / name).mkdir()
        setting = next(s for s in isolation.SETTINGS if s.startswith(name))
        (tmp_path / setting).write_text(f"{value}\n", encoding="ascii")
    [said] = isolation.hindrances()
    assert "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in said


# --- what crosses -----------------------------------------------------------------------------

VALUES = [
    None, True, 3, -(2**70), 0.5, "字", b"\x00\xe3", {b"a": b""}, [], (1, [2, {"a": (3,)}]),
    {1: 2, (3, 4): [None]},
    torch.arange(6).reshape(2, 3), torch.tensor(0.5), torch.ones(0, 3), torch.tensor([True, False]),
    torch.arange(12.0).reshape(3, 4).T,
    torch.ones(2, dtype=torch.bfloat16), torch.tensor([1j]).conj(), torch.tensor(1j).cdouble(),
    np.arange(6.0).reshape(2, 3).T, np.array([True, False]), np.zeros((0, 2), np.int16),
]  # fmt: skip
Pair = collections.namedtuple("Pair", "one other")
AS_PLAIN = [  # what is sent, what arrives
    (np.float64(0.5), 0.5), (np.float32(0.25), 0.25), (np.int64(-3), -3), (np.uint8(7), 7),
    (np.bool_(True), True), ([np.float64(1)] * 2, [1.0, 1.0]),
    ({np.int32(1): np.float16(2)}, {1: 2.0}),
    (Pair(1, np.int8(2)), (1, 2)), (torch.Size([2, 3]), (2, 3)),
    (torch.tensor([3, 1]).max(0), (torch.tensor(3), torch.tensor(0))),
]  # fmt: skip


def same(one, other) -> bool:
    if isinstance(one, torch.Tensor | np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())
    if isinstance(one, list | tuple):
        return type(one) is type(other) and all(map(same, one, other)) and len(one) == len(other)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_cross(value):
    assert same(value, codec.decode(codec.encode(value)))


@pytest.mark.parametrize(("sent", "arrives"), AS_PLAIN, ids=repr)
def test_numbers_of_numpys_and_tuples_with_names_arrive_as_pythons_own(sent, arrives):
    assert same(arrives, codec.decode(codec.encode(sent)))


class Cunning(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    "value",
    [Cunning(3), {1}, object(), bytearray(b"x"), Cunning, torch.Generator(), np.longdouble(1), 1j],
)
def test_nothing_with_methods_of_its_own_crosses(value):
    with pytest.raises(TypeError):
        codec.encode(value)
    arrived = codec.decode(codec.encode([value], foreign=True))[0]
    assert isinstance(arrived, codec.Foreign) and arrived != 3
    assert type(arrived).__name__ == type(value).__name__


@pytest.mark.parametrize(
    ("value", "place", "kind"),
    [
        ({1}, "", "set"),
        ([1, (2, {3: (x for x in "a")})], "[1][1][3]", "generator"),
        ((1, torch.eye(2).to_sparse()), "[1]", "Tensor (torch.sparse_coo)"),
        ((np.array([None]), {1}), "[0]", "ndarray (object)"),
        ({"a": 1, Cunning(2): 3}, "['…']", "Cunning"),
    ],
)
def test_what_does_not_cross_is_found_where_it_is(value, place, kind):
    assert codec.foreign(codec.decode(codec.encode(value, foreign=True))) == (place, kind)
    assert codec.foreign([1, (2, {3: "x"})]) is None


def test_no_message_of_an_untrusted_sender_does_more_than_a_value_error():
    dice = random.Random(0)
    good = codec.encode({"ok": True, "value": [torch.ones(3), (1, 2)]})
    for _ in range(3000):
        bad = bytearray(good)
        for _ in range(dice.randint(1, 4)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        end = dice.randint(0, len(bad)) if dice.random() < 0.3 else len(bad)
        with contextlib.suppress(ValueError):
            codec.decode(bytes(bad[:end]))
    deep = b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b', "sizes": []}'
    with pytest.raises(ValueError, match="no message"):
        codec.decode(struct.pack("<I", len(deep)) + deep)


def filtered(machine: str, number: int, flags: int = 0, arch: int | None = None) -> int:
    """What the kernel would do: the classic BPF program, interpreted."""
    data = {0: number, 4: seccomp.MACHINES[machine] if arch is None else arch, 16: flags}
    steps = list(struct.iter_unpack("HBBI", seccomp.program(machine)))
    at, held = 0, 0
    while True:
        code, yes, no, k = steps[at]
        at += 1
        if code == 0x20:
            held = data[k]
        elif code == 0x06:
            return k
        else:
            holds = {0x15: held == k, 0x35: held >= k, 0x45: bool(held & k)}[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_refuses_what_it_names_and_nothing_else(machine):
    which = list(seccomp.MACHINES).index(machine)
    refused = {numbers[which] for numbers in seccomp.REFUSED.values()}
    clone, clone3 = seccomp.CLONE[which], seccomp.CLONE3[which]
    for number in range(500):
        want = 0x50001 if number in refused else 0x50026 if number == clone3 else 0x7FFF0000
        assert filtered(machine, number) == want
    assert filtered(machine, clone, 0x10000000) == 0x50001  # CLONE_NEWUSER
    assert filtered(machine, clone, 0x003D0F00) == 0x7FFF0000  # a thread
    assert filtered(machine, 0, arch=1) == 0x50001
    assert filtered(machine, seccomp.PRCTL[which], 1) == 0x50001  # PR_SET_PDEATHSIG
    assert filtered(machine, seccomp.PRCTL[which], 15) == 0x7FFF0000  # PR_SET_NAME


# --- a machine with too much to do ----------------------------------------------------------------

LOOK = processor.Look


@pytest.mark.parametrize(
    ("now", "counted"),
    [
        (LOOK(3, 5, False), 4.0),  # it slept
        (LOOK(7, 5, True), 4.0),  # it worked
        (LOOK(4, 8, False), 2.0),  # it waited for its turn, and half of that counts at least
        (LOOK(6, 6, True), 3.0),
        (LOOK(3, 5, True), 2.0),  # it would run and does not
        (LOOK(), 4.0),  # it is gone
    ],
)
def test_time_without_a_processor_counts_half(now, counted):
    assert processor.counted_s(4.0, LOOK(3, 5), now) == counted


class Standing:
    """A socket of a judge that gets no turn for a while, once."""

    def __init__(self, real):
        self.real, self.stands = real, True

    def __getattr__(self, name):
        return getattr(self.real, name)

    def recv(self, n):
        try:
            return self.real.recv(n)
        except TimeoutError:
            if self.stands:
                self.stands = False
                time.sleep(1.8)
            raise


NAP = "import time\ntime.sleep(2.0)"


@linux
@pytest.mark.parametrize("how", ["sleeps", "waits", "stands", "waits for ever"])
def test_a_right_answer_on_a_machine_that_is_too_busy_is_not_too_slow(server, monkeypatch, how):
    """It was a zero that is kept; what sleeps by itself is too slow as before."""
    with server.fork() as student:
        if how.startswith("waits"):
            monkeypatch.setattr(processor, "look", lambda _: LOOK(0.0, time.monotonic(), False))
        if how == "stands":
            student.socket = Standing(student.socket)
        seconds = 0.5 if how == "waits for ever" else 1.2
        ended = pytest.raises(Ended, match="slow") if how in ("sleeps", "waits for ever") else None
        with ended or contextlib.nullcontext():
            assert student.ask(seconds, ask="run", name="1", source=NAP)["ok"]
