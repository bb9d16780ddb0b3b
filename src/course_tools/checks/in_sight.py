"""No answer in sight: python -m course_tools.checks.in_sight

Every function that a student can see is put in place of each task's stub and
tried against the check that the sheet shows; what passes there is judged.  Seen are the functions
of the sheet, of helpers, torch and math, and of all lessons; nested ones and methods that need no
object too, with their arguments also in another order.  Rc 1 if one passes.
"""

import ast
import contextlib
import copy
import functools
import importlib
import inspect
import io
import itertools
import json
import math
import os
import re
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from helpers.classroom import check, progress, session
from helpers.classroom.session import Session
from helpers.language import say

from .. import command
from ..authoring import syntax_trees
from ..edition import leaks
from ..grading import judge, sheet
from ..grading.sandbox import ForkServer, jail
from ..grading.sheet import Sheet, Task
from ..grading.submissions import matching, notebook

TIMERS = {
    signal.ITIMER_VIRTUAL: 1.0,
    signal.ITIMER_REAL: 20.0,
}  # seconds of one trial: busy, in all
MEMORY = 4 << 30  # bytes that all trials may take
REACH = ("sheet", "helpers", "all")
REORDERED = 3  # arguments at most that are tried in every order; 1 more with --reach all
LIBRARIES = ("torch", "torch.nn.functional", "math")
# what would change this process, or end it
Order = tuple[int, ...]  # which of the stub's arguments stands where
RISKY = r"_|set_|save|load|seed|manual_seed|compile|init_|import_|fork|wait|from_file|use_|export"
RISKY += r"|fbgemm|cudnn|miopen|mkldnn|quantized|thread|autocast|classproperty|typename|hub"
NOT_RUN = {"make_checkpoints", "__main__", "runner", "lab"}  # helpers that start something
LITERAL = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.BinOp)


@dataclass(frozen=True)
class Candidate:
    """A function that a student can see, and code that makes it as `seen`."""

    place: str
    name: str
    function: Callable[..., Any] = field(compare=False)
    code: str = field(compare=False)


@dataclass(frozen=True)
class Found:
    """A task that SEEN answers: with its arguments in ORDER it passes the check that is shown."""

    lesson: str
    lang: str
    task: str
    seen: str
    order: Order
    points: float  # what the judge gives for it

    def __str__(self) -> str:
        asked = f"{self.lesson} ({self.lang}), {self.task}"
        return f"{asked}: {self.seen}{list(self.order)} passes the check; {self.points:g} points"


class TooLong(BaseException):
    """A trial took its time; no `except Exception` of a check takes it for an answer's error."""


# --- what a student sees ----------------------------------------------------------------------


def seen_in(root: Path, made: Sheet, reach: str) -> list[Candidate]:
    """Return every function once, however often it is written down."""
    found: dict[str, Candidate] = {}
    for one in _every(root, made, reach):
        found.setdefault(re.sub(r"\s+", " ", one.code), one)
    return list(found.values())


def _every(root: Path, made: Sheet, reach: str) -> Iterator[Candidate]:
    yield from of_code("the sheet", [part.released for part in made.of("code", "test")])
    if reach != "sheet":
        yield from _everywhere(root)
    if reach == "all":
        for path in sorted(root.glob(f"notebooks/{made.lang}/*.ipynb")):
            yield from of_code(path.stem, leaks.code_of(path, path.read_text(encoding="utf-8")))


@functools.cache
def _everywhere(root: Path) -> list[Candidate]:
    """Return what every sheet may use, in every language."""
    found: list[Candidate] = []
    for path in sorted((root / "src" / "helpers").rglob("*.py")):
        if path.stem not in NOT_RUN:
            name = ".".join(path.relative_to(root / "src").with_suffix("").parts)
            found += of_module(name.removesuffix(".__init__"))
    return [*found, *(one for name in LIBRARIES for one in of_library(name))]


def of_code(place: str, cells: Iterable[str]) -> Iterator[Candidate]:
    """Yield functions of cells, with what the cells import, define and set to plain values."""
    trees_ = [ast.parse(cell) for cell in cells]
    around: list[str] = []
    scope: dict[str, Any] = {}
    for node in (node for tree in trees_ for node in tree.body):
        plain = isinstance(node, ast.Assign) and isinstance(node.value, LITERAL)
        if plain or isinstance(node, sheet.DEFINITIONS):
            with contextlib.suppress(Exception):
                exec(ast.unparse(node), scope)
                around.append(ast.unparse(node))
    for function in (f for tree in trees_ for f in syntax_trees.functions_of(tree)):
        yield from _lifted(place, function, dict(scope), "\n".join(around))


def of_module(name: str) -> Iterator[Candidate]:
    """Yield the functions that a module defines in its source, but for `main`."""
    module = importlib.import_module(name)
    scope = f"import {name}\nscope = dict(vars({name}))"
    for function in syntax_trees.functions_of(ast.parse(inspect.getsource(module))):
        if function.name == "main":
            continue
        yield from _lifted(name, function, dict(vars(module)), scope)


def of_library(name: str) -> Iterator[Candidate]:
    """Yield what a library offers to call, without classes and what is risky to try."""
    module = importlib.import_module(name)
    for called in sorted(dir(module)):
        function = getattr(module, called)
        if re.match(RISKY, called) or not callable(function) or isinstance(function, type):
            continue
        yield Candidate(name, called, function, f"import {name}\nseen = {name}.{called}")


def _lifted(place: str, node: ast.FunctionDef, scope: dict, around: str) -> Iterator[Candidate]:
    """Yield a function as one at the top level, without a `self` that it never uses."""
    of = copy.copy(node)
    of.decorator_list, of.args = [], copy.deepcopy(node.args)
    first = of.args.args[0].arg if of.args.args else ""
    inside = (n.id for n in ast.walk(ast.Module(of.body, [])) if isinstance(n, ast.Name))
    if first == "self" and "self" not in inside:
        of.args.args.pop(0)
    source = ast.unparse(of)
    with contextlib.suppress(Exception):
        exec(source, scope)
        inner = "scope" if around.startswith("import helpers") else "globals()"
        made = f"exec({source!r}, {inner})\nseen = {inner}[{of.name!r}]"
        yield Candidate(place, node.name, scope[of.name], f"{around}\n{made}")


# --- trials -----------------------------------------------------------------------------------


class Bench:
    """An open sheet; one stub at a time is replaced, and the check below it run."""

    def __init__(self, made: Sheet):
        self.sheet = made
        self.scopes: dict[str, dict[str, Any]] = {}
        self.first: dict[str, list[Any]] = {}  # the arguments of the check's first call
        scope: dict[str, Any] = {"__name__": "in_sight"}
        for part in made.parts:
            if part.kind == "answer":
                exec(part.released, scope)
                self.scopes[part.key] = dict(scope)
            elif part.kind in ("code", "test"):
                exec(part.released, scope)
        self.tasks = [task for task in made.tasks if not task.essay and task.tests]
        self.codes = {
            t.name: [compile(p.released, p.key, "exec") for p in t.tests] for t in self.tasks
        }
        self.stubs = {
            t.name: inspect.signature(self.scopes[t.name][t.functions[0]]) for t in self.tasks
        }
        for task in self.tasks:
            self.first[task.name] = self._first(task)

    def _first(self, task: Task) -> list[Any]:
        kept: list[list[Any]] = []

        def record(*args: Any) -> None:
            kept.append(copy.deepcopy(list(args)))
            raise NotImplementedError

        self.run(task, record, tuple(range(len(self.stubs[task.name].parameters))))
        return kept[0]

    def run(self, task: Task, function: Callable[..., Any], order: Order) -> bool:
        """Tell whether the function passes the check that is shown."""
        stub = self.stubs[task.name]

        def answer(*args: Any, **named: Any) -> Any:
            given = stub.bind(*args, **named)
            given.apply_defaults()
            values = list(given.arguments.values())
            return function(*(values[i] for i in order))

        found = session.current().results
        found.clear()
        scope = self.scopes[task.name] | {task.functions[0]: answer}
        for code in self.codes[task.name]:
            exec(code, scope)
        return all(r.status == "right" for r in found.values()) and bool(found)

    def passes(self, task: Task, one: Candidate, order: Order) -> bool:
        """Tell whether a candidate passes a task's check in time, whatever it raises."""
        try:
            with _in_time():
                first = copy.deepcopy(self.first[task.name])
                one.function(*(first[i] for i in order))  # what does not even take them is out
                return self.run(task, one.function, order)
        except (Exception, TooLong, SystemExit):
            return False

    def solved(self, task: Task) -> bool:
        """Tell whether the model answer passes."""
        scope = dict(self.scopes[task.name])
        exec(self.sheet.by_key[task.name].source, scope)
        order = tuple(range(len(self.stubs[task.name].parameters)))
        return self.passes(task, Candidate("", "", scope[task.functions[0]], ""), order)

    def orders(self, task: Task, one: Candidate, most: int) -> Iterator[Order]:
        """Yield the orders that the stub's arguments may be meant in; fewer if it takes fewer."""
        wanted = list(self.stubs[task.name].parameters)
        n = len(wanted)
        names, least, top = _takes(one.function, n)
        found = [tuple(range(k)) for k in range(max(1, least), n + 1) if k <= top]
        if names and set(names) <= set(wanted):
            found.append(tuple(map(wanted.index, names)))
        if n <= most and least <= n <= top:
            found += itertools.permutations(range(n))
        yield from dict.fromkeys(found)


def _takes(function: Callable[..., Any], n: int) -> tuple[list[str], int, float]:
    """Return a function's parameters, and how many it takes at least and at most; C tells none."""
    try:
        given = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return [], n, n
    places = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in places if p.default is p.empty]
    top = math.inf if any(p.kind is p.VAR_POSITIONAL for p in given) else len(places)
    return [p.name for p in places], len(needed), top


def survivors(
    made: Sheet, every: Sequence[Candidate], most: int
) -> list[tuple[Task, Candidate, Order]]:
    """Return each task with what passes its check.  Each is tried in a process of its own."""
    bench = Bench(made)
    found: list[tuple[Task, Candidate, Order]] = []
    for task in bench.tasks:
        passed = _apart(functools.partial(_tried, bench, task, every, most))
        found += [(task, every[number], tuple(order)) for number, order in passed]
    return found


def _tried(
    bench: Bench, task: Task, every: Sequence[Candidate], most: int
) -> list[tuple[int, Order]]:
    """Return what passes, and in which order.  RuntimeError if the model answer then does not."""
    passed = []
    for number, one in enumerate(every):
        orders = bench.orders(task, one, most)
        order = next((o for o in orders if bench.passes(task, one, o)), None)
        passed += [] if order is None else [(number, order)]
    if not bench.solved(task):
        raise RuntimeError(f"after all trials of {task.name} its model answer does not pass either")
    return passed


def _apart(work: Callable[[], Any]) -> Any:
    """Return what WORK returns, as JSON; whatever it does to its process is gone with it."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")  # not a pipe: what is tried may close it
        pid = os.fork()
        if pid == 0:
            try:
                torch.set_num_threads(1)  # a fork has none of its parent's threads
                said = {"value": work()}
            except BaseException as error:
                said = {"error": f"{type(error).__name__}: {error}"}
            answer.write_text(json.dumps(said), encoding="utf-8")
            os._exit(0)
        os.waitpid(pid, 0)
        ended = {"error": "the process ended"}
        said = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else ended
    if "error" in said:
        raise RuntimeError(said["error"])
    return said["value"]


def submission(made: Sheet, task: Task, one: Candidate, order: Order) -> matching.Matched:
    """Return a sheet in which nothing is answered but the task, by the function that is seen."""
    stub = ast.parse(made.by_key[task.name].source).body
    head = next(node for node in stub if isinstance(node, ast.FunctionDef))
    names = [arg.arg for arg in head.args.args]
    call = f"    return seen({', '.join(names[i] for i in order)})"
    code = f"{one.code}\ndef {head.name}({ast.unparse(head.args)}):\n{call}\n"
    cells = []
    for part in made.parts:
        source = code if part.key == task.name else part.released
        kind = "code" if part.kind in ("code", "answer", "test") else "markdown"
        cells.append({"cell_type": kind, "id": part.key, "metadata": {}, "source": source})
    read, _ = notebook.read(json.dumps({"cells": cells}).encode())
    return matching.match(read, made)


def find(
    root: Path, lesson: str, lang: str, reach: str, every: list[Candidate] | None = None
) -> list[Found]:
    """Return every task that something in sight answers, and what the judge gives for it."""
    made = sheet.read(root, lesson, lang)
    with _harmless(lang):
        every = seen_in(root, made, reach) if every is None else every
        passed = survivors(made, every, REORDERED + (reach == "all"))
    if not passed:
        return []
    found = []
    with ForkServer(imports=made.imports) as server:
        for task, one, order in passed:
            verdict = judge.judge(made, submission(made, task, one, order), server)
            points = verdict.outcomes[task.name].points
            found.append(Found(lesson, lang, task.name, f"{one.place}: {one.name}", order, points))
    return found


# --- this process -----------------------------------------------------------------------------


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = {number: signal.signal(number, stop) for number in (signal.SIGVTALRM, signal.SIGALRM)}
    for timer, seconds in TIMERS.items():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer in TIMERS:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _harmless(lang: str) -> Iterator[None]:
    """Show nothing, keep nothing, and bound the memory of what is tried."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for redirect in (contextlib.redirect_stdout, contextlib.redirect_stderr):
            stack.enter_context(redirect(io.StringIO()))
        for of, name in ((progress, "passed"), (check, "_display")):
            stack.enter_context(mock.patch.object(of, name))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(jail.bounded(MEMORY))
        stack.enter_context(Session(lang=lang, home=Path(folder)))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def main(argv: list[str] | None = None) -> int:
    """Try the sheets that the command line names; 1 if a task has an answer in sight."""
    parser = command.parser("in_sight", __doc__)
    parser.add_argument("--lesson", help="default: every lesson that has a sheet")
    command.add_lang(parser, say.COMPLETE)
    parser.add_argument("--reach", choices=REACH, default="all", help="whose functions are tried")
    wanted = parser.parse_args(argv)
    torch.set_num_threads(1)
    status = 0
    for lang in [wanted.lang] if wanted.lang else say.COMPLETE:
        folders = sorted((wanted.root / "solutions" / lang).iterdir())
        for lesson in [wanted.lesson] if wanted.lesson else [f.name for f in folders if f.is_dir()]:
            status |= tell(wanted.root, lesson, lang, wanted.reach)
    return status


def tell(root: Path, lesson: str, lang: str, reach: str) -> int:
    """Try one sheet and print what was found; 1 if a task has an answer in sight."""
    made = sheet.read(root, lesson, lang)
    with _harmless(lang):
        every = seen_in(root, made, reach)
    found = find(root, lesson, lang, reach, every)
    tasks = sum(not task.essay for task in made.tasks)
    print(f"{lesson} ({lang}): {tasks} tasks, {len(every)} functions tried, {len(found)} pass")
    print(*found, sep="\n", end="\n" if found else "")
    return int(bool(found))


if __name__ == "__main__":
    command.run(main)
