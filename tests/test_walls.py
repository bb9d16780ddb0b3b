"""The walls of the house, and what every file keeps to.  Each rule is tried on a planted fault too.

A rule is a function from a source folder (src/) to a list of faults; an empty list is good.
"""

import ast
import io
import json
import os
import re
import shutil
import string
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import house
import pytest
import turns
from places import ROOT

from helpers.language import say

SRC = ROOT / "src"
CJK = "\u3041-\u30ff\u3105-\u312f\u3400-\u9fff\uf900-\ufaff"  # kana, bopomofo, ideographs
NUMBER_WORDS = (
    "千万萬億亿兆〇零一二兩两三四五六七八九十百"  # a helper reads these as it reads digits
)


def helper_files(src: Path, *suffixes: str) -> list[Path]:
    return sorted(p for p in (src / "helpers").rglob("*") if p.suffix in suffixes)


def trees(src: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in helper_files(src, ".py"):
        yield path, house.parsed(path.read_text(encoding="utf-8"))


# --- helpers stand alone ----------------------------------------------------------------------


LEADS_OUT = re.compile(r"\bcourse_tools\b|^(lessons|solutions)$|\b(lessons|solutions)/")


def reaches_out(src: Path) -> list[str]:
    """Imports of course_tools; strings (no docstrings) that lead there, to lessons/, solutions/."""
    faults = []
    for path, tree in trees(src):
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            names.append(getattr(node, "module", None) or "")
            text = node.value if isinstance(node, ast.Constant) and id(node) not in docs else ""
            if any(name.split(".")[0] in ("course_tools", "lessons", "tests") for name in names):
                faults.append(f"{path.name}:{node.lineno}: imports {names}")
            if isinstance(text, str) and LEADS_OUT.search(text):
                faults.append(f"{path.name}:{node.lineno}: {text!r}")
    return faults


IMPORT = re.compile(r"(import|from) ")


def test_importing_helpers_is_light():
    """Also: under -W error::EncodingWarning, reading messages and data included."""
    code = (
        "import helpers; helpers.begin('01_attention', 'ja'); "
        "helpers.language.say.catalogue('claims')"
    )
    strict = "-X", "warn_default_encoding", "-W", "error::EncodingWarning"
    loaded = house.loaded(code, SRC, *strict)
    assert "helpers" in loaded
    assert loaded & house.HEAVY == set()


def test_lesson_01_never_imports_transformers():
    """Nor anything that would: 163 MB of memory against 297 (transformers takes seconds, too)."""
    notebook = json.loads((ROOT / "notebooks/ja/01_attention.ipynb").read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    imports = [line for cell in code for line in cell.splitlines() if IMPORT.match(line)]
    assert any("torch" in line for line in imports)
    loaded = house.loaded("; ".join(imports), SRC)
    assert "torch" in loaded and "transformers" not in loaded


def test_a_heavy_import_would_be_seen():
    assert house.loaded("import helpers, numpy", SRC) & house.HEAVY == {"numpy"}


# --- words stand in messages/ -----------------------------------------------------------------


def words_in_code(src: Path) -> list[str]:
    """A character that only a ja or zh-TW text has: in a string, or a word of them in a comment."""
    faults = []
    for path in helper_files(src, ".py"):
        source = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            is_comment = token.type == tokenize.COMMENT
            found = re.search(f"[{CJK}]{{2,}}" if is_comment else f"[{CJK}]", number_free(token))
            if found:
                faults.append(f"{path.name}:{token.start[0]}: {found[0]}")
    for path in helper_files(src, ".js", ".css"):
        found = re.findall(f"[{CJK}]+", path.read_text(encoding="utf-8"))
        faults += [f"{path.name}: {word}" for word in found]
    return faults


def number_free(token: tokenize.TokenInfo) -> str:
    return re.sub(f"[{NUMBER_WORDS}]", "", token.string)


def catalogues(src: Path) -> dict[str, dict]:
    files = sorted((src / "helpers" / "language" / "messages").glob("*.toml"))
    return {p.stem: tomllib.loads(p.read_text(encoding="utf-8")) for p in files}


def tools_catalogues(src: Path) -> dict[str, dict]:
    """What tools say, to instructors and on pages, some of it in English too."""
    names = {"messages.toml", "words.toml"}
    files = (path for path in (src / "course_tools").rglob("*.toml") if path.name in names)
    return {f"{p.parent.name}/{p.stem}": tomllib.loads(p.read_text("utf-8")) for p in files}


def unequal_messages(src: Path) -> list[str]:
    """Every complete language there, none empty, in all of them the same placeholders."""
    faults = []
    wanted = {say.key(x) for x in say.COMPLETE}
    known = {say.key(x) for x in say.LANGUAGES} | {"en"}
    for module, messages in (catalogues(src) | tools_catalogues(src)).items():
        for name, texts in messages.items():
            there = {lang for lang, text in texts.items() if text != say.TODO}
            if not wanted <= there <= known or not all(text.strip() for text in texts.values()):
                faults.append(f"{module}.toml [{name}]: has {sorted(there)}, or one is empty")
            elif len({frozenset(placeholders(texts[lang])) for lang in there}) > 1:
                faults.append(f"{module}.toml [{name}]: the placeholders differ")
    return faults


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def wrong_calls(src: Path) -> list[str]:
    """say.text("module", "name", key=…) and words["name"].format(key=…) against the catalogues."""
    known, faults = catalogues(src), []
    for path, tree in trees(src):
        for module, name, keywords in message_uses(tree):
            places = [known.get(module, {})] if module else list(known.values())
            found = [placeholders(place[name]["ja"]) for place in places if name in place]
            if not found:
                faults.append(f"{path.name}: no message {module or ''} {name}")
            elif keywords is not None and keywords not in found:
                faults.append(f"{path.name}: {name} takes {found}, gets {keywords}")
    return faults


def message_uses(tree: ast.Module) -> Iterator[tuple[str, str, set[str] | None]]:
    """(module or "", name, keywords) of each use whose name is written out; ** counts as None."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("words"):
            yield from (("", name, None) for name in literals(node.slice))
        if not isinstance(node, ast.Call):
            continue
        called, keywords = ast.unparse(node.func), {k.arg for k in node.keywords}
        given = None if None in keywords else keywords
        if called == "say.text" and len(node.args) == 2:
            (module,) = literals(node.args[0])
            yield from ((module, name, given) for name in literals(node.args[1]))
        if match := re.search(r"words\['(\w+)'\]\.format$", called):
            yield "", match[1], given


def literals(node: ast.expr) -> list[str]:
    """The strings that an expression may be: "a", or "a" if … else "b"; else unknown."""
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def unused_messages(src: Path) -> list[str]:
    """A name that is no string in a helper (or begins like one: f"do_{kind}"), nor in its JS."""
    nodes = [node for _, tree in trees(src) for node in ast.walk(tree)]
    used = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    first = [n.values[0] for n in nodes if isinstance(n, ast.JoinedStr) and n.values]
    stems = {n.value for n in first if isinstance(n, ast.Constant) and n.value.endswith("_")}
    for path in helper_files(src, ".js"):
        used |= set(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    names = [(module, name) for module, x in catalogues(src).items() for name in set(x) - used]
    return [f"{m}.toml [{name}]" for m, name in names if not name.startswith(tuple(stems))]


def test_every_message_can_be_shown():
    """No placeholder has the name of a parameter of say.text."""
    for module, messages in catalogues(SRC).items():
        for name, both in messages.items():
            values = dict.fromkeys(placeholders(both["ja"]), 1)
            assert say.text(module, name, **values)


# --- files say how they are encoded -----------------------------------------------------------


def unencoded(src: Path) -> list[str]:
    faults = []
    for path in sorted(src.rglob("*.py")):
        for node in ast.walk(house.parsed(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and opens_text(node):
                faults.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    return faults


def opens_text(call: ast.Call) -> bool:
    """open() or a path's open, read_text, write_text without encoding, and not of bytes."""
    if ast.unparse(call.func) in ("os.open", "webbrowser.open"):  # a descriptor, an address
        return False
    name = ast.unparse(call.func).split(".")[-1]
    values = [*call.args, *(k.value for k in call.keywords if k.arg == "mode")]
    modes = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    binary = name == "open" and any(re.fullmatch(r"[rwax]\+?b\+?|[rwax]?b\+?", m) for m in modes)
    named = any(k.arg in ("encoding", None) for k in call.keywords)
    return name in ("open", "read_text", "write_text") and not named and not binary


# --- each rule holds here, and is seen to fail ------------------------------------------------


def names_twice(src: Path) -> list[str]:
    """Classes of one package that share a name: who looks for one finds two things."""
    places: dict[tuple[str, str], list[str]] = {}
    for path in sorted(src.rglob("*.py")):
        place = path.relative_to(src)
        for node in ast.walk(house.parsed(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in SHARED:
                places.setdefault((place.parts[0], node.name), []).append(f"{place}:{node.lineno}")
    return [f"{name}: {found}" for (_, name), found in places.items() if len(found) > 1]


def own_parsers(src: Path) -> list[str]:
    """Commands of course_tools that make a parser of their own instead of command.parser."""
    files = sorted((src / "course_tools").rglob("*.py"))
    return [
        f"{path.name}: its own parser"
        for path in files
        if "ArgumentParser(" in path.read_text(encoding="utf-8") and path.name not in PARSERS
    ]


PARSERS = {"command.py", "testing.py"}  # the second hands on to pytest what it does not know

# One meaning in two rooms: a request is refused, and the message says what may be asked for.
# Students see the name in a traceback, and lesson 07 catches kv_cache.Refused.
SHARED = {"Refused"}


RULES: list[Callable[[Path], list[str]]] = [
    reaches_out,
    words_in_code,
    unequal_messages,
    wrong_calls,
    unused_messages,
    unencoded,
    names_twice,
    own_parsers,
]
MESSAGE = '[hello]\nja = "{n}\u500b"\nzh_tw = "{n} \u500b"\n'
SOUND = {
    "course_tools/a.py": "class Cell: ...\n",
    "helpers/b/a.py": "class Cell: ...\nclass Refused(ValueError): ...\n",
    "helpers/c/a.py": "class Refused(ValueError): ...\n",
    "helpers/a.py": '"""lessons/"""\nfrom . import say\nsay.text("a", "hello", n=1)\n# 3 \u500b\n',
    "helpers/a.js": "const label = words.hello;\n",
    "helpers/language/messages/a.toml": MESSAGE,
}
PLANTED = [
    (reaches_out, "helpers/b.py", "from course_tools import leaks\n"),
    (reaches_out, "helpers/b.py", "def f():\n    import course_tools.edition.leaks as x\n"),
    (reaches_out, "helpers/b.py", 'import importlib\nimportlib.import_module("course_tools.x")\n'),
    (reaches_out, "helpers/b.py", 'path = root / "lessons" / name\n'),
    (reaches_out, "helpers/b.py", 'path = f"{root}/lessons/{name}"\n'),
    (reaches_out, "helpers/b.py", 'path = Path("solutions", lang, name)\n'),
    (reaches_out, "helpers/b.py", 'path = f"solutions/{lang}"\n'),
    (words_in_code, "helpers/b.py", 'label = "\u79d2"\n'),
    (words_in_code, "helpers/b.py", 'label = f"{n} \u3053"\n'),
    (words_in_code, "helpers/b.py", "x = 1  # \u7cfb\u5217\u9577\n"),
    (words_in_code, "helpers/widgets/b.js", 'button.textContent = "\u7b54";\n'),
    (unequal_messages, "helpers/language/messages/b.toml", '[hello]\nja = "x"\n'),
    (unequal_messages, "helpers/language/messages/b.toml", '[hello]\nja = "x"\nzh_tw = " "\n'),
    (unequal_messages, "helpers/language/messages/b.toml", '[hello]\nja = "{n}"\nzh_tw = "{m}"\n'),
    (unequal_messages, "course_tools/site/words.toml", '[hello]\nja = "{n}"\nzh_tw = "{m}"\n'),
    (wrong_calls, "helpers/b.py", 'say.text("a", "goodbye")\n'),
    (wrong_calls, "helpers/b.py", 'say.text("b", "hello", n=1)\n'),
    (wrong_calls, "helpers/b.py", 'say.text("a", "hello", m=1)\n'),
    (wrong_calls, "helpers/b.py", 'say.text("a", "hello" if x else "goodbye", n=1)\n'),
    (wrong_calls, "helpers/b.py", 'quiz.words["hello"].format()\n'),
    (wrong_calls, "helpers/b.py", 'quiz.words["goodbye"]\n'),
    (unused_messages, "helpers/language/messages/b.toml", MESSAGE.replace("hello", "goodbye")),
    (unencoded, "helpers/b.py", "open(name)\n"),
    (unencoded, "course_tools/b.py", 'path.write_text("x")\n'),
    (unencoded, "course_tools/b.py", 'path.open("a")\n'),
    (own_parsers, "course_tools/b/c.py", "made = argparse.ArgumentParser('c')\n"),
    (names_twice, "course_tools/b/c.py", "class Cell:\n    pass\n"),
    (names_twice, "course_tools/b.py", "def f():\n    class Cell: ...\n"),
]


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule):
    assert len(helper_files(SRC, ".py")) > 5 and catalogues(SRC)
    assert rule(SRC) == []


@pytest.fixture
def sound(tmp_path) -> Path:
    for name, text in SOUND.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_finds_nothing_in_a_sound_house(rule, sound):
    assert rule(sound) == []


@pytest.mark.parametrize("rule, name, text", PLANTED)
def test_the_rule_sees_a_planted_fault(rule, name, text, sound):
    (sound / name).parent.mkdir(parents=True, exist_ok=True)
    (sound / name).write_text(text, encoding="utf-8")
    assert len(rule(sound)) == 1


# --- tools ------------------------------------------------------------------------------------

PYTHON = [*(p for d in ("src", "tests") for p in (ROOT / d).rglob("*.py")), *ROOT.glob("*.py")]
TOOLS = {
    "ruff check": ["ruff", "check", *PYTHON],
    "ruff format": ["ruff", "format", "--check", *PYTHON],
    "mypy": ["mypy", SRC / "helpers", SRC / "course_tools", ROOT / "start.py"],
}
# mypy keeps what it has read; a run with other settings, as by hand or with --all, would read all
# anew if they shared it.
KEPT = ROOT / ".mypy_cache" / ("all" if os.environ.get("TRIAD_ALL") else "default")
# To read the types of transformers is half of mypy's time; with --all it does.
UNREAD = """
[[tool.mypy.overrides]]
module = "transformers.*"
follow_imports = "skip"
"""


def run_tool(command: list) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).parent
    tool = shutil.which(command[0], path=os.pathsep.join([str(beside), os.environ["PATH"]]))
    if tool is None and not os.environ.get("CI"):
        pytest.skip(f"{command[0]} is not installed")
    assert tool, f"{command[0]} is not installed"
    words = [tool, *map(str, command[1:])]
    return subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8")


def settings(name: str, folder: Path) -> list:
    """The option that names the tool's settings: pyproject.toml's."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    copy = folder / "pyproject.toml"
    copy.write_text(text + ("" if os.environ.get("TRIAD_ALL") else UNREAD), encoding="utf-8")
    if name == "mypy":
        return ["--config-file", copy, "--cache-dir", KEPT]
    return ["--config", ROOT / "pyproject.toml"]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[turns.in_ci] if name == "mypy" else []) for name in TOOLS]
)
def test_tool_is_content(name, tmp_path):
    done = run_tool([*TOOLS[name], *settings(name, tmp_path)])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", TOOLS)
def test_tool_sees_a_planted_fault(name, tmp_path):
    faulty = tmp_path / "faulty.py"
    faulty.write_text("import os\ndef f( x: int ) -> str:\n    return x\n", encoding="utf-8")
    words = [word for word in TOOLS[name] if not isinstance(word, Path)]
    done = run_tool([*words, *settings(name, tmp_path), faulty])
    assert done.returncode == 1, done.stdout + done.stderr
