"""A pretend class: submissions of a sheet, made by script from the sheet itself.

Right, wrong, broken and hostile ones, each with the row that it must get.  The hostile ones cannot
hurt a machine even where no wall stands: what they take is bounded, what they write is one empty
file in a folder of the test's.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from places import ROOT

from course_tools.authoring.course import Lesson
from course_tools.authoring.inline_texts import code_in

LESSON = "01_attention"
FULL = {"merge": 3.0, "window": 2.0, "grouped": 3.0, "packed": 2.0}
MARKERS = re.compile(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?")
Notebook = dict


@dataclass
class Case:
    """data: the file.  points: of the tasks that are not 0.  human: must a person look?"""

    data: bytes
    points: dict[str, float]
    human: bool = False
    quick: bool = False  # in the default tier of the tests
    kinds: dict[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass
class Bait:
    """What a submission must not reach: a port that listens, and files and folders."""

    port: int
    outside: Path
    secrets: list[Path]


def load(kind: str, lang: str, lesson: str = LESSON) -> Notebook:
    path = ROOT / kind / lang / lesson / f"{lesson}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def cell(notebook: Notebook, key: str) -> dict:
    return next(c for c in notebook["cells"] if c["id"] == key)


def text(of: dict) -> str:
    return "".join(of["source"])


def dump(notebook: Notebook) -> bytes:
    return json.dumps(notebook, ensure_ascii=False).encode()


def without(*names: str) -> dict[str, float]:
    return {name: points for name, points in FULL.items() if name not in names}


class Sheets:
    """The sheet of one language, and submissions made of it."""

    def __init__(self, lang: str = "ja"):
        self.lang = lang
        self.released = load("exercises", lang)
        solved = load("solutions", lang)
        self.answers = {name: MARKERS.sub("", text(cell(solved, name))) for name in FULL}
        self.essay = MARKERS.sub("", text(cell(solved, "essay")))
        found = Lesson.read(ROOT, LESSON).wrong_answers()
        self.wrong = {c.key: code_in(c, lang) for cells in found.values() for c in cells}

    def right(self, **instead: str) -> Notebook:
        """All answers, some of them replaced."""
        made = copy.deepcopy(self.released)
        for name in FULL:
            cell(made, name)["source"] = instead.get(name, self.answers[name])
        return made

    def edited(self, edit: Callable[[list[dict]], None]) -> Notebook:
        made = self.right()
        edit(made["cells"])
        return made

    def with_copy(self, key: str, source: str, after: bool) -> Notebook:
        """A second cell of the same grade_id."""

        def edit(cells: list[dict]) -> None:
            at = next(i for i, c in enumerate(cells) if c["id"] == key)
            twin = copy.deepcopy(cells[at]) | {"id": "twin", "source": source}
            cells.insert(at + after, twin)

        return self.edited(edit)

    def own_cell(self, source: str, above: str, kind: str = "code") -> Callable[[list], None]:
        new = {"cell_type": kind, "id": "own", "metadata": {}, "source": source}
        if kind == "code":
            new |= {"outputs": [], "execution_count": None}

        def edit(cells: list[dict]) -> None:
            cells.insert(next(i for i, c in enumerate(cells) if c["id"] == above), new)

        return edit


def honest(s: Sheets) -> Iterator[tuple[str, Case]]:
    yield "right", Case(dump(s.right()), FULL, quick=True)
    yield "empty", Case(dump(s.released), {}, kinds=dict.fromkeys(FULL, "untouched"), quick=True)
    some = s.edited(lambda cells: None)
    for name in ("grouped", "packed"):
        cell(some, name)["source"] = text(cell(s.released, name))
    yield "partial", Case(dump(some), without("grouped", "packed"), quick=True)
    for key, code in s.wrong.items():
        task = key.split("-wrong-")[0]
        made = dump(s.right(**{task: code}))
        yield f"wrong {key}", Case(made, without(task), kinds={task: "wrong"})
    essay = s.edited(lambda cells: None)
    cell(essay, "essay")["source"] = s.essay
    yield "essay", Case(dump(essay), FULL, kinds={"essay": "to_mark"})
    hidden = "def window_mask(n, window, n_global=0):\n    m = _right(n, window, n_global)\n"
    hidden += "    return m if n == 6 else ~m\n"
    visible = s.answers["window"].replace("def window_mask", "def _right") + "\n" + hidden
    yield (
        "only the visible",
        Case(dump(s.right(window=visible)), without("window"), kinds={"window": "wrong"}),
    )


def broken(s: Sheets) -> Iterator[tuple[str, Case]]:
    a = s.answers
    yield "copy above", Case(dump(s.with_copy("merge", "1 / 0", False)), FULL, note="twice")
    made = s.with_copy("merge", s.wrong["merge-wrong-average"], True)
    yield "copy below is wrong", Case(dump(made), without("merge"), note="twice", quick=True)
    made = s.with_copy("merge", text(cell(s.released, "merge")), True)
    yield "stub below", Case(dump(made), FULL, note="stub_left")

    def delete(*keys: str) -> Callable[[list], None]:
        return lambda cells: cells.__setitem__(
            slice(None), [c for c in cells if c["id"] not in keys]
        )

    made = s.edited(delete("merge-check", "window-check"))
    yield "tests deleted", Case(dump(made), FULL, note="test_restored", quick=True)
    made = s.edited(delete("merge", "merge-check", "essay"))
    yield "answer deleted", Case(dump(made), without("merge"), note="deleted")

    def cheat(cells: list) -> None:
        for c in cells:
            if c["id"].endswith("-check"):
                c["source"], c["metadata"]["nbgrader"]["points"] = "pass", 100
            if c["id"] in FULL:
                c["source"] = f"{c['id']} = 1"

    kinds = dict.fromkeys(("merge", "grouped", "packed"), "error")
    yield "tests tampered", Case(dump(s.edited(cheat)), {}, kinds=kinds, note="test_changed")

    def strip(cells: list) -> None:
        for n, c in enumerate(cells):
            c["metadata"], c["id"] = {}, f"cell{n}"

    made = s.edited(strip)
    yield "metadata lost", Case(dump(made), FULL, note="no_metadata", quick=True)
    made = s.right(merge=a["merge"].replace("def merge", "def my_merge"))
    strip(made["cells"])
    yield "metadata and name lost", Case(dump(made), FULL, human=True, note="renamed")
    made = s.right(merge=a["merge"].replace("def merge", "def my_merge"))
    yield "renamed function", Case(dump(made), FULL, human=True, note="renamed")

    def retype(cells: list) -> None:
        for c in cells:
            if c["id"] == "window":
                c["cell_type"] = "markdown"
                c.pop("outputs"), c.pop("execution_count")

    yield "code as text", Case(dump(s.edited(retype)), FULL, note="cell_type")
    lines = a["grouped"].splitlines(keepends=True)
    made = s.right(grouped="".join(lines[:5]))
    s.own_cell("".join(lines[5:]), "grouped-check")(made["cells"])
    yield "split cell", Case(dump(made), FULL, note="split", quick=True)
    made = s.right(window=a["window"].replace("):\n", ")\n", 1))
    case = Case(dump(made), without("window"), kinds={"window": "syntax"}, quick=True)
    yield "syntax error", case
    yield "byte-order mark", Case(b"\xef\xbb\xbf" + dump(s.right()), FULL, note="encoding")
    data = json.dumps(s.right()).encode("utf-16")
    yield "utf-16", Case(data, FULL, note="encoding")
    yield "half a file", Case(dump(s.right())[:9000], {}, human=True, quick=True)
    yield "nothing in the file", Case(b"", {}, human=True)
    yield "no notebook", Case(b'{"cells": 3}', {}, human=True)
    other = {"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}
    yield "another notebook", Case(dump(other), {}, human=True)
    magic = "%matplotlib inline\n!pip install numpy\n%time y = 1\nfiles = !ls\n" + a["merge"]
    made = s.right(merge=magic, packed="%%time\n" + a["packed"])
    yield "magics", Case(dump(made), FULL, note="magics", quick=True)
    made = s.right(merge="def merge(oa, la, ob, lb):\n    return mix(oa, la, ob, lb)")
    helper = a["merge"].replace("def merge", "def mix")
    s.own_cell(helper, "merge")(made["cells"])
    yield "own helper cell", Case(dump(made), FULL)
    made = s.right(merge=text(cell(s.released, "merge")))
    s.own_cell(a["merge"], "window")(made["cells"])
    yield "answer in a cell of its own", Case(dump(made), FULL, note="stub_left")
    made = s.right(window="import tensorflow_of_a_friend\n" + a["window"])
    kinds = {"window": "module"}
    yield "missing module", Case(dump(made), without("window"), human=True, kinds=kinds)

    def essay_below(cells: list) -> None:
        cells.append({"cell_type": "markdown", "id": "own", "metadata": {}, "source": s.essay})

    made = s.edited(essay_below)
    kinds = {"essay": "to_mark"}
    yield "essay below", Case(dump(made), FULL, kinds=kinds, note="essay_below")
    made = s.right(merge=a["merge"] + "\n\ncompare = try_merge\n")
    yield "asks the check", Case(dump(made), FULL, human=True, note="asks_check")
    yield "like Colab", Case(dump(colab(s.right())), FULL, quick=True)


def colab(notebook: Notebook) -> Notebook:
    """As Colab saves: no cell ids, its own metadata, outputs, nbformat 4.0, lines as lists."""
    made = copy.deepcopy(notebook) | {"nbformat": 4, "nbformat_minor": 0}
    made["metadata"]["colab"] = {"provenance": [], "collapsed_sections": []}
    for n, c in enumerate(made["cells"]):
        c["metadata"] |= {"id": f"Xy{n}_aZ", "outputId": "0f-1a"}
        del c["id"]
        c["source"] = text(c).splitlines(keepends=True)
    return made


LOOP = """import time
def {f}(*a, **k):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        """
WALK = """
import gc, sys
def found():
    frame, seen = sys._getframe(), []
    while frame:
        seen += [v for v in list(frame.f_locals.values()) if isinstance(v, str)]
        frame = frame.f_back
    seen += [v for o in gc.get_objects() if isinstance(o, dict) for v in list(o.values())[:200]
             if isinstance(v, str)]
    return any(("HIDDEN" + " TESTS") in v or ("BEGIN" + " SOLUTION") in v for v in seen)
assert not found(), "LEAK"
"""
PATCHES = """
import builtins, json, torch
torch.allclose = lambda *a, **k: True
torch.Tensor.__eq__ = lambda s, o: True
torch.Tensor.shape = property(lambda s: (6, 6))
builtins.abs = lambda x: 0
json.loads = lambda *a, **k: {"ok": True, "value": None}
from helpers.classroom import check
check.close = check.equal = check.shape = check.that = lambda *a, **k: None
"""
ALWAYS = """
class Same:
    shape, dtype = (6, 6), None
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a, **k: True
"""


def hostile(s: Sheets, bait: Bait) -> Iterator[tuple[str, Case]]:
    """Each spoils one task at most; what it tries to reach, it raises LEAK about."""
    a = s.answers

    def case(points: dict[str, float], kinds: dict[str, str] | None = None, **more) -> Case:
        flags = {name: more.pop(name) for name in ("quick", "human", "note") if name in more}
        return Case(dump(s.right(**more)), points, kinds=kinds or {}, **flags)

    slow = {"merge": "slow"}
    loop = LOOP.format(f="merge")
    yield "endless loop", case(without("merge"), slow, merge=loop + "pass", quick=True)
    swallow = "try: time.sleep(0.1)\n        except BaseException: pass"
    yield "loop that swallows", case(without("merge"), slow, merge=loop + swallow)
    cell_loop = LOOP.format(f="spin") + "pass\nspin()\n"
    yield "endless cell", case(without("merge"), {"merge": "slow"}, merge=cell_loop + a["merge"])
    bomb = "def merge(*a):\n    held = [bytearray(64 << 20) for _ in range(48)]\n"
    yield "memory", case(without("merge"), {"merge": "memory"}, merge=bomb, quick=True)
    tensors = "def merge(*a):\n    return torch.ones(3 << 28)\n"
    yield "memory of tensors", case(without("merge"), {"merge": "memory"}, merge=tensors)
    shared = (
        "import os, time\ndef merge(*a):\n    for _ in range(8):\n        if os.fork() == 0:\n"
        "            held = b'x' * (300 << 20)\n            time.sleep(20)\n"
        "            os._exit(0)\n    time.sleep(20)\n"
    )
    kinds = {"merge": "memory"}
    yield "memory of children", case(without("merge"), kinds, merge=shared, quick=True)
    forks = (
        "import os, time\ndef merge(*a):\n    for _ in range(64):\n        if os.fork() == 0:\n"
        "            time.sleep(20)\n            os._exit(0)\n    time.sleep(20)\n"
    )
    yield "fork bomb", case(without("merge"), merge=forks, quick=True)
    flood = (
        "import os\nfor _ in range(2000):\n    print('x' * 10000)\n    os.write(1, b'y' * 10000)\n"
    )
    yield "flood of output", case(FULL, merge=flood + a["merge"], quick=True)
    kill = (
        "import os, signal\nfor pid in (os.getppid(), os.getpid()):\n"
        "    try: pid and os.kill(pid, signal.SIGKILL)\n    except OSError: pass\n"
    )
    yield "kills its parent", case(FULL, merge=kill + a["merge"], quick=True)
    places = [str(path) for path in bait.secrets]
    reads = (
        f"import os\nplaces = {places!r} + ['/etc/passwd', '/proc/1/environ', '/sys', '/home']\n"
        "for place in places:\n"
        "    assert not os.path.exists(place), 'LEAK ' + place\n"
        f"for place in ({str(ROOT)!r}, {str(ROOT / 'src')!r}):\n"
        "    names = set(os.listdir(place)) if os.path.isdir(place) else set()\n"
        "    assert names <= {'.venv', 'src', 'helpers'}, f'LEAK {names}'\n"
        "assert not [k for k in os.environ if 'TOKEN' in k or 'SECRET' in k], 'LEAK'\n"
        "try:\n    import course_tools.authoring\nexcept ImportError: pass\n"
        "else: raise RuntimeError('LEAK')\n"
    )
    yield "reads everything", case(FULL, merge=reads + a["merge"], quick=True)
    env = "import os\nassert 'TRIAD_BAIT' not in os.environ, 'LEAK'\n"
    yield "reads the environment", case(FULL, merge=env + a["merge"])
    targets = [str(bait.outside / "touched"), "/usr/touched", "/touched"]
    writes = (
        f"for place in {targets!r}:\n    try: open(place, 'w').close()\n    except OSError: pass\n"
    )
    yield "writes outside", case(FULL, merge=writes + a["merge"])
    network = (
        f"import socket\nfor place in (('127.0.0.1', {bait.port}), ('192.0.2.1', 80)):\n"
        "    try: socket.create_connection(place, 1)\n    except OSError: pass\n"
        "    else: raise RuntimeError('LEAK')\n"
    )
    yield "network", case(FULL, merge=network + a["merge"], quick=True)
    same = ALWAYS + "def window_mask(*a, **k): return Same()\n"
    yield (
        "always equal",
        case(without("window"), {"window": "foreign"}, window=same, quick=True, human=True),
    )
    bad = PATCHES + "def merge(*a): return a[0], a[1]\n"
    yield "patches", Case(dump(s.right(merge=bad)), {}, quick=True)
    shell = "get_ipython().input_transformers_post.append(lambda lines: ['pass'])\n"
    yield "input transformer", case(without("merge"), merge=shell + a["merge"])
    forged = (
        'import os, struct\nbody = b\'{"value": {"dict": [["ok", true]]}, "sizes": []}\'\n'
        "frame = struct.pack('<I', len(body)) + body\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, struct.pack('<I', len(frame)) + frame)\n    except OSError: pass\n"
    )
    yield "forged reply", case(without("merge"), human=True, merge=forged + a["merge"])
    body = "".join(f"    {line}\n" for line in forged.splitlines())
    calls = f"def merge(*a):\n{body}    return a[0], a[1]\n"
    yield "forged answer", case(without("merge"), {"merge": "forged"}, human=True, merge=calls)
    yield "walks frames", case(FULL, merge=WALK + a["merge"], quick=True, human=True)
    gone = "def merge(*a): raise SystemExit(0)\n"
    yield "system exit", case(without("merge"), {"merge": "exit"}, merge=gone)
    gone = "import os\ndef merge(*a): os._exit(0)\n"
    yield "os._exit", case(without("merge"), {"merge": "died"}, merge=gone, quick=True)
    yield "exit in a cell", case(without("merge"), merge="import os\nos._exit(0)\n" + a["merge"])
    threads = (
        "import threading, time\n"
        "for _ in range(4):\n    threading.Thread(target=time.sleep, args=(60,)).start()\n"
    )
    yield "threads left", case(FULL, merge=threads + a["merge"])
    huge = "def merge(*a): return ['x' * (1 << 20)] * 80\n"
    yield "huge result", case(without("merge"), {"merge": "unsent"}, merge=huge)
    nan = "def merge(*a): return a[0] * float('nan'), a[1]\n"
    yield "nan", case(without("merge"), {"merge": "wrong"}, merge=nan)
    for name, value in {"text": "'text'", "none": "None", "array": "a[0].numpy()"}.items():
        wrong = f"def merge(*a): return {value}\n"
        yield f"wrong type: {name}", case(without("merge"), {"merge": "wrong"}, merge=wrong)
    tell = "def window_mask(n, window, n_global=0):\n    raise ValueError(f'SAW {n} {window}')\n"
    yield "tells its input", case(without("window"), {"window": "error"}, window=tell)
    stays = "seen = []\n" + a["merge"].replace(":\n", ":\n    seen.append(lse_a.shape)\n", 1)
    later = "def packed(lengths):\n    raise ValueError(f'SAW {len(seen)}')\n"
    made = s.right(merge=stays, packed=later)
    yield "tells of the tests before", Case(dump(made), without("packed"))
    escape = (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "assert libc.unshare(0x10020000) and libc.mount(b'x', b'/tmp', b'tmpfs', 0, None), 'LEAK'\n"
        "libc.prctl(1, 0)\nassert libc.ptrace(16, 2, 0, 0), 'LEAK'\n"
    )
    yield "new namespaces", case(FULL, merge=escape + a["merge"])
    lives = (
        "import ctypes, os, signal\n"
        "assert ctypes.CDLL(None).prctl(1, 0) == -1, 'LEAK: outlives the judge'\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    )
    yield "outlives the judge", case(FULL, merge=lives + a["merge"])
    in_c = "def merge(*a): return sum(range(10**13))\n"
    yield "loop in C", case(without("merge"), slow, merge=in_c)
    deaf = "import os, signal\ndef merge(*a): os.kill(os.getpid(), signal.SIGSTOP); return a\n"
    yield "stops itself", case(without("merge"), merge=deaf)
    depth = "import sys\nsys.setrecursionlimit(10**9)\ndef merge(*a): return merge(*a)\n"
    yield "recursion without end", case(without("merge"), merge=depth)
    shares = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        time.sleep(20)\n        os._exit(0)\n"
    )
    yield "children that hold nothing", case(FULL, merge=shares + a["merge"])
    deep = "def merge(*a):\n    x = []\n    for _ in range(5000): x = [x]\n    return x\n"
    yield "deep result", case(without("merge"), {"merge": "unsent"}, merge=deep)
    segv = "import ctypes\ndef merge(*a): return ctypes.string_at(0)\n"
    yield "crash", case(without("merge"), {"merge": "died"}, merge=segv)


NUMBER = """
import sys
frame = sys._getframe()
while "message" not in frame.f_locals:
    frame = frame.f_back
number = frame.f_locals["message"]["number"]
"""
SEND = """
import json, os, struct
head = json.dumps({{"value": {value}, "sizes": {sizes}}}).encode() if {head!r} is None else {head}
body = struct.pack("<I", len(head)) + head + {blob}
data = struct.pack("<I", len(body)) + body
while data:
    data = data[os.write(3, data):]
"""
OK = '{"dict": [["ok", True], ["number", number], ["value", %s]]}'


def replies(s: Sheets) -> Iterator[tuple[str, Case]]:
    """Forged with care: the right number, and what costs the judge dearly, or stops it."""
    tensor = '{"tensor": ["uint8", [1], 0]}'
    kinds = {
        "kind is a list": '{"dict": [["ok", False], ["number", number], ["kind", [1]]]}',
        "number is a tensor": '{"dict": [["ok", True], ["number", ' + tensor + "]]}",
        "ok is a tensor": '{"dict": [["ok", ' + tensor + '], ["number", number]]}',
    }
    for name, value in kinds.items():
        yield name, forged(s, value=value, sizes="[1]" if tensor in value else "[]", blob='b"1"')
    big = '{"tensor": ["uint8", [60 << 20], 0]}'
    many = OK % f"[{big}] * 20000"
    yield "one blob for many", forged(s, value=many, sizes="[60 << 20]", blob="bytes(60 << 20)")
    back = OK % f"[{big}]"
    sizes = "[60 << 20, -(60 << 20)] * 20000"
    yield "sizes that go back", forged(s, value=back, sizes=sizes, blob="bytes(60 << 20)")
    yield "many lists", forged(s, head='b"[" + b"[]," * (20 << 20) + b"[]]"', blob='b""')
    deep = "(lambda f: f(f, 900))(lambda f, n: [] if n == 0 else [f(f, n - 1)])"
    yield "deep reply", forged(s, value=OK % deep)


def forged(s: Sheets, value="0", sizes="[]", head=None, blob='b""') -> Case:
    code = NUMBER + SEND.format(value=value, sizes=sizes, head=head, blob=blob)
    made = s.right(merge=code + s.answers["merge"])
    return Case(dump(made), without("merge"), human=True)


def bombs(s: Sheets) -> Iterator[tuple[str, Case]]:
    """Files that cost the reader of notebooks dearly."""
    cells = [{"cell_type": "code", "source": f"x = {n}", "metadata": {}} for n in range(50_000)]
    yield "many cells", Case(dump({"cells": cells}), {}, human=True)
    long = [{"cell_type": "code", "source": "x = 1\n" * 30_000, "metadata": {}}] * 20
    yield "much text", Case(dump({"cells": long}), {}, human=True)
    yield "no sheet in it", Case(b'{"worksheets": [3]}', {}, human=True)
    made = s.right()
    s.own_cell("x = 1?\n" * 5_000 + "(", "merge")(made["cells"])
    yield "many magics", Case(dump(made), FULL)
    made = s.right(merge=s.answers["merge"] + '\n\nx = "\ud800"\n')
    data = json.dumps(made).encode()
    yield "half a character", Case(data, without("merge"), kinds={"merge": "syntax"})


def everything(lang: str, bait: Bait) -> dict[str, Case]:
    """The whole class, by the name of what it is."""
    s = Sheets(lang)
    return dict([*honest(s), *broken(s), *hostile(s, bait), *replies(s), *bombs(s)])
