"""The READMEs say the same in three languages; what they and the other documents say is true.

A rule is a function that yields faults; each rule is tried on a planted fault too.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import house
import pytest
import small_course
import turns
from markdown_it import MarkdownIt
from places import ROOT

from course_tools.authoring import pairs
from course_tools.authoring.build import build
from course_tools.authoring.course import Course
from course_tools.edition import student_edition
from course_tools.makers import pictures
from helpers.experiments import EXPERIMENTS

READMES = ("README.md", "README.ja.md", "README.zh-tw.md")
DEPLOYMENT = tuple(f"docs/deployment{lang}.md" for lang in ("", ".ja", ".zh-tw"))
CONTRIBUTING = "CONTRIBUTING.md"
ARCHITECTURE, ENVIRONMENT = "docs/ARCHITECTURE.md", "docs/ENVIRONMENT.md"
TESTS, VOCABULARY = "docs/TESTS.md", "docs/VOCABULARY.md"
HOUSE = (ARCHITECTURE, ENVIRONMENT, TESTS, VOCABULARY, "SECURITY.md")  # for developers
# what start.py and the reader make: it is not in the repository
MADE = re.compile(
    r"(my/|courses/|\.executed/$|\.venv$|01_attention\.new\.ipynb$|OUT\.zip$|feedback\.zip$|benchmarks/RESULTS\.md$)"
)
PATH = re.compile(r"\.?[\w*-]+(?:[./][\w*-]+)*(?:/|\.(?:py|md|toml|tsv|txt|yml|ipynb|zip))")
OURS = ("deploy", "docs", "exercises", "lessons", "notebooks", "solutions", "src", "tests")
DOTTED = re.compile(r"\b(?:helpers|course_tools)(?:\.\w+)+")
SHORT = re.compile(r"[a-z_]+(?:/[a-z_]+)+/?")  # a room or a module, below src/*
VARIABLE = re.compile(r"\bTRIAD_[A-Z_]+\b")
LANGUAGE = re.compile(
    r"((?<=README)|(?<=deployment))(\.ja|\.zh-tw)?(?=\.md$)|(?<=masks)(\.ja|\.zh-tw)?(?=\.svg$)"
)


@dataclass
class Document:
    """What stands in a Markdown text, each kind in its order."""

    headings: list[str]
    fences: list[tuple[str, str, str]]  # language, text, the words right above
    codes: list[str]
    links: list[str]
    images: list[tuple[str, str]]  # file, alternative text
    tables: list[list[str]]  # the first cell of each row

    def commands(self) -> list[str]:
        """In fences, then within sentences; without those that only name another Python."""
        fenced = [line for lang, text, _ in self.fences if lang in ("", "sh") for line in
                  text.splitlines()]  # fmt: skip
        return [*fenced, *(code for code in self.codes if code.startswith("python start.py"))]


def read(text: str) -> Document:
    document = Document([], [], [], [], [], [])
    above, in_row = "", False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "heading_open":
            document.headings.append(token.tag)
        if token.type == "fence":
            document.fences.append((token.info, token.content, above))
        if token.type == "table_open":
            document.tables.append([])
        if token.type == "tr_open":
            in_row = True
        if token.type == "inline":
            above = token.content
            if in_row:
                document.tables[-1].append(token.content)
                in_row = False
            read_inline(token.children or [], document)
    return document


def read_inline(tokens: list, document: Document) -> None:
    for token in tokens:
        if token.type == "code_inline":
            document.codes.append(token.content)
        if token.type == "link_open":
            document.links.append(token.attrs["href"])
        if token.type == "image":
            document.images.append((token.attrs["src"], token.content))


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- three languages, one content -------------------------------------------------------------


def unequal(texts: dict[str, str]) -> Iterator[str]:
    """What a page of the other languages has and the first has not, or in another order."""
    documents = {name: read(text) for name, text in texts.items()}
    english = next(iter(documents))
    first = documents.pop(english)
    for name, other in documents.items():
        for kind, ours, theirs in kinds(first, other):
            for here, there in zip([*ours, None], [*theirs, None], strict=False):
                if here != there:
                    yield f"{name}: {kind}: {there!r}, {english} has {here!r}"
                    break


def kinds(left: Document, right: Document) -> Iterator[tuple[str, list, list]]:
    """(kind, left's, right's) of everything that does not depend on the language."""
    for kind, of in {
        "headings": lambda d: d.headings,
        "commands": Document.commands,
        "links": lambda d: [LANGUAGE.sub("", link) for link in d.links],
        "images": lambda d: [LANGUAGE.sub("", file) for file, _ in d.images],
        "rows of a table": lambda d: [len(rows) for rows in d.tables],
        "code words": lambda d: sorted(d.codes),  # their order is the language's
    }.items():
        yield kind, of(left), of(right)


def unlinked(texts: dict[str, str]) -> Iterator[str]:
    """READMEs that do not lead to each of the others, or show another language's picture."""
    for name, text in texts.items():
        document = read(text)
        missing = set(texts) - {name} - set(document.links)
        yield from (f"{name}: no link to {other}" for other in sorted(missing))
        own = name.removeprefix("README").removesuffix(".md")
        if [file for file, _ in document.images if not file.endswith(f"masks{own}.svg")]:
            yield f"{name}: a picture of another language"


def without_lesson(texts: dict[str, str], root: Path = ROOT) -> Iterator[str]:
    """The first table lists every lesson by number, and no other."""
    numbers = sorted(path.parent.name[:2] for path in root.glob("lessons/*/lesson.py"))
    for name, text in texts.items():
        if read(text).tables[0][1:] != numbers:
            yield f"{name}: the table of lessons has {read(text).tables[0][1:]}, not {numbers}"


# --- what is named is there -------------------------------------------------------------------


def dead(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """Links, pictures and named files that lead nowhere; what a README links to, students have."""
    document = read(text)
    targets = [link for link in document.links if not link.startswith(("https://", "mailto:"))]
    targets += [file for file, _ in document.images]
    for target in targets:
        if not (root / Path(name).parent / target).exists():
            yield f"{name}: dead link {target}"
        elif name in READMES and not student_edition.belongs(Path(target)):
            yield f"{name}: {target} is not in the student edition"
    words = [word for line in document.commands() for word in shlex.split(line)]
    made = {file_of(above) for _, _, above in document.fences}  # by following the page
    for path in filter(is_path, [*document.codes, *words]):
        below = ["lessons/*"] + ["src/**"] * (name in HOUSE)
        places = [path] if "/" in path else [path, *(f"{folder}/{path}" for folder in below)]
        if path not in made and not any(list(root.glob(place)) for place in places):
            yield f"{name}: there is no {path}"
    yield from (f"{name}: {file} has no alternative text" for file, alt in document.images
                if not alt.strip())  # fmt: skip


def file_of(above: str) -> str:
    """The file that the words above a fence name first; "" where they name none."""
    return next(iter(re.findall(r"^`([^`]+)`", above)), "")


def is_path(word: str) -> bool:
    """A file or folder/, or a path in one of ours.  Not a placeholder, not what is made later."""
    path = PATH.fullmatch(word) or word.startswith(tuple(f"{f}/" for f in OURS))
    return bool(path) and not MADE.match(word) and "NN_" not in word


def without_module(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """Modules, named with dots or by a short path, that are not there."""
    for code in read(text).codes:
        for found in DOTTED.findall(code):
            if not defines(root / "src", found):
                yield f"{name}: there is no {found}"
        short = SHORT.fullmatch(code) and not is_path(code)
        places = (f"src/*/{code.rstrip('/')}{end}" for end in ("", ".py"))
        if short and not any(list(root.glob(place)) for place in places):
            yield f"{name}: there is no {code} below src"


def defines(src: Path, dotted: str) -> bool:
    """Is it a package, a module, or a word in the module that is named before the last dot?"""
    path, module = src / dotted.replace(".", "/"), src / dotted.rpartition(".")[0].replace(".", "/")
    files = [file for file in (module.with_suffix(".py"), module / "__init__.py") if file.is_file()]
    word = re.compile(rf"\b{path.name}\b")
    return (
        path.is_dir()
        or path.with_suffix(".py").is_file()
        or any(word.search(file.read_text(encoding="utf-8")) for file in files)
    )


def wrong_tree(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """What the tree of ARCHITECTURE.md has and the repository has not; rooms that it lacks."""
    paths = list(paths_of_tree(read(text).fences[0][1]))
    yield from (f"{name}: the tree has {p}" for p in paths if not (root / p).exists())
    named = {path.removesuffix("/").removesuffix(".py") for path in paths}
    for package in house.FLOORS:
        for room in sorted(house.rooms(root / "src", package)):
            if f"src/{package}/{room}" not in named:
                yield f"{name}: the tree lacks src/{package}/{room}"


def paths_of_tree(tree: str) -> Iterator[str]:
    """The paths of a tree: a level is two spaces, and two spaces end the names of a line."""
    folders: dict[int, str] = {}
    for line in tree.splitlines():
        level = (len(line) - len(line.lstrip())) // 2
        above = "".join(folders[n] for n in range(level))
        names = re.split(r" {2,}", line.strip())[0].split()
        folders[level] = names[-1]
        yield from (f"{above}{each}" for each in names)


def unlisted_tests(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """Files of tests, and of what they share, that TESTS.md does not name."""
    listed = {file for code in read(text).codes if is_path(code) for file in root.glob(code)}
    for file in sorted({*root.glob("tests/**/test_*.py"), *root.glob("tests/kit/*.py")} - listed):
        yield f"{name}: {file.relative_to(root).as_posix()} is not in it"


def unequal_variables(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """Variables that the code names and ENVIRONMENT.md does not, or the other way round."""
    files = [root / "start.py", *root.glob("src/**/*.py"), *root.glob("tests/**/*.py")]
    named = {word for file in files if file.name != "test_documents.py"
             for word in VARIABLE.findall(file.read_text(encoding="utf-8"))}  # fmt: skip
    for word in sorted(named ^ set(VARIABLE.findall(text))):
        yield f"{name}: {word} is named there or in the code, not in both"


# --- commands exist ---------------------------------------------------------------------------


def load_start(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("start_of_documents", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def course_start() -> ModuleType:
    """The course's own start.py; nobody changes what is in it."""
    return load_start(ROOT / "start.py")


# each tool as `python -m TOOL WORDS` runs it, all in one process: most of a start is imports
IN_TURN = """
import contextlib, io, json, runpy, sys

printed = {}
for command, (tool, *words) in json.loads(sys.argv[1]).items():
    sys.argv = [tool, *words]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_module(tool, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            assert not end.code, f"{command}: {end.code}"
    assert out.getvalue(), f"{command}: no word"
    printed[command] = out.getvalue()
print(json.dumps(printed))
"""


@cache
def help_of_tools() -> dict[str, str]:
    """{command: --help of the program that start.py hands its arguments to}"""
    start, called = load_start(ROOT / "start.py"), []
    start.venv_version = lambda: "3.11"
    start.call = called.append
    for command in start.commands():
        start.run([command, "--help"])
    words = [line[line.index("-m") + 1 :] for line in called]
    tools = dict(zip(start.commands(), words, strict=True))
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}
    command = [sys.executable, "-P", "-c", IN_TURN, json.dumps(tools)]
    done = subprocess.run(command, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_command_has_a_tool_that_explains_itself():
    commands = load_start(ROOT / "start.py").commands()
    assert len(commands) > 10
    for name in commands:
        assert help_of_tools()[name].startswith("usage: start.py"), name


def wrong_commands(name: str, text: str) -> Iterator[str]:
    own = set(re.findall(r"(?m)^\+\[([\w-]+)\]$", text))  # languages that the page declares
    for line in read(text).commands():
        words = shlex.split(line.removeprefix("sudo "))
        if words[:2] == ["python", "start.py"] and (fault := fault_of(words[2:], own)):
            yield f"{name}: {line}: {fault}"


def fault_of(words: list[str], own: set[str]) -> str | None:
    """Why start.py and its tools do not understand these words; None where they do.

    own: values that an option gets from the page itself.
    """
    start = course_start()
    if words[:1] == ["COMMAND"]:
        return next((f for c in start.commands() if (f := fault_of([c, *words[1:]], own))), None)
    if words == ["--help"]:
        return None
    if not words or words[0].startswith("-"):
        words = ["lab", *words]
    if words[0] not in start.commands():
        return f"no command {words[0]}"
    _, given = start.parser().parse_known_args(words[1:])
    said = help_of_tools()[words[0]]
    options = {word for word in given if word.startswith("-")}
    if wrong := options - set(re.findall(r"--[\w-]+", said)):
        return f"no option {sorted(wrong)}"
    other = set(other_values(given, said)) - own
    return f"its options have other values than {sorted(other)}" if other else None


def other_values(given: list[str], said: str) -> Iterator[str]:
    """What is given to an option whose help names all its values, and not this one."""
    for option, value in pairwise(given):
        values = re.search(rf"{option} \{{(.*?)\}}", said) if option.startswith("--") else None
        if values and value not in values[1].split(","):
            yield value


def unknown_lessons(name: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """`start.py run 07` where there is no lesson 08; CONTRIBUTING's own example excepted.

    `start.py run attention` where there is no such experiment.
    """
    made = {file_of(above) for _, _, above in read(text).fences}
    for line in read(text).commands():
        for number in re.findall(r"start\.py run (\d\d)", line):
            files = [str(path.relative_to(root)) for path in root.glob("lessons/*/lesson.py")]
            if not any(file.startswith(f"lessons/{number}_") for file in [*files, *made]):
                yield f"{name}: {line}: there is no lesson {number}"
        for word in re.findall(r"start\.py run ([a-z]\S*)", line):
            if word not in EXPERIMENTS:
                yield f"{name}: {line}: there is no experiment {word}"


def environments(name: str, text: str) -> Iterator[str]:
    [there] = re.findall(r"(?m)^name: (\S+)$", text_of("environment.yml"))
    for wanted in re.findall(r"conda activate (\S+)", text):
        if wanted != there:
            yield f"{name}: environment.yml makes {there}, not {wanted}"


def test_the_readmes_agree():
    texts = {name: text_of(name) for name in READMES}
    assert [*unequal(texts), *unlinked(texts), *without_lesson(texts)] == []


def test_the_pages_on_deployment_agree():
    assert [*unequal({name: text_of(name) for name in DEPLOYMENT})] == []


@pytest.mark.parametrize("name", [*READMES, CONTRIBUTING, *DEPLOYMENT])
def test_what_a_document_names_is_there(name):
    text = text_of(name)
    assert len(read(text).commands()) > 5
    rules = (dead, wrong_commands, unknown_lessons, environments)
    assert [fault for rule in rules for fault in rule(name, text)] == []


@pytest.mark.parametrize("name", HOUSE)
def test_what_a_document_for_developers_names_is_there(name):
    rules = [dead, without_module, wrong_commands]
    rules += [rule for of, rule in OF_ONE.items() if of == name]
    assert [fault for rule in rules for fault in rule(name, text_of(name))] == []


OF_ONE = {ARCHITECTURE: wrong_tree, TESTS: unlisted_tests, ENVIRONMENT: unequal_variables}


def together(rule: Callable[[dict[str, str]], Iterator[str]]) -> Callable[[str, str], list[str]]:
    """A rule on all READMEs as a rule on one of them."""
    return lambda name, text: list(rule({n: text_of(n) for n in READMES} | {name: text}))


FAULTS = [  # the rule, the README, what stands there, what is planted in its place, what is said
    (together(unequal), "README.ja.md", "\n### 学び方\n", "\n", "headings: 'h2'"),
    (together(unequal), "README.ja.md", "## コマンド一覧", "### コマンド一覧", "headings: 'h3'"),
    (together(unequal), "README.zh-tw.md", "run 01 --lang zh-tw\n", "run 01 --lang ja\n",
     "commands: 'python start.py run 01 --lang ja'"),
    (together(unequal), "README.zh-tw.md", "`python start.py test` *", "*", "commands: "),
    (together(unequal), "README.ja.md", "notebooks/ja/01", "notebooks/zh-tw/01", "links: "),
    (together(unequal), "README.zh-tw.md", "| `solutions/` * ", "| ", "code words: "),
    (together(unequal), "README.ja.md", "| `constraints.txt` ", "\n`constraints.txt` ", "rows"),
    (together(unlinked), "README.md", "README.ja.md", "README.md", "no link to README.ja.md"),
    (together(unlinked), "README.ja.md", "masks.ja.svg", "masks.svg", "another language"),
    (together(without_lesson), "README.ja.md", "| 01 |", "| 02 |", "lessons has "),
    (dead, "README.md", "(notebooks/ja/01", "(notebooks/ja/1", "dead link notebooks/ja/1_"),
    (dead, "README.md", "`CONTRIBUTING.md`", "[this](CONTRIBUTING.md)", "not in the student"),
    (dead, "README.md", "docs/masks", "docs/maske", "dead link docs/maske"),
    (dead, "README.md", "`src/helpers`", "`src/helper`", "there is no src/helper"),
    (dead, "README.md", "-f environment.yml", "-f conda.yml", "there is no conda.yml"),
    (dead, "README.ja.md", "![3つの型の", "![](docs/masks.ja.svg)![", "no alternative text"),
    (dead, CONTRIBUTING, "`lessons/stubs.toml`", "`lessons/stub.toml`", "no lessons/stub.toml"),
    (wrong_commands, "README.md", "start.py student-zip", "start.py zip", "no command zip"),
    (wrong_commands, "README.md", "`python start.py build`", "`python start.py bild`", "bild"),
    (wrong_commands, "README.md", "build --check", "build --compare", "['--compare']"),
    (wrong_commands, "README.md", "--no-browser", "--headless", "['--headless']"),
    (wrong_commands, "README.md", "start.py --lang ja", "start.py --lang en", "other values"),
    (wrong_commands, "README.md", "mark --lang ja", "mark --lang en", "other values"),
    (wrong_commands, "README.md", "COMMAND --help", "COMMAND --port 1", "['--port']"),
    (wrong_commands, CONTRIBUTING, "--record lessons", "--write lessons", "['--write']"),
    (unknown_lessons, "README.zh-tw.md", "run 01", "run 47", "no lesson 47"),
    (unknown_lessons, "README.ja.md", "run attention", "run attentive", "experiment attentive"),
    (dead, ARCHITECTURE, "(VOCABULARY.md)", "(WORDS.md)", "dead link WORDS.md"),
    (dead, ARCHITECTURE, "`src/helpers/kv_cache/models.toml`", "`src/helpers/models.toml`",
     "no src/helpers/models.toml"),
    (dead, "SECURITY.md", "`seccomp.py` |", "`secomp.py` |", "no secomp.py"),
    (dead, TESTS, "`tests/test_walls.py`", "`tests/test_wall.py`", "no tests/test_wall.py"),
    (without_module, ARCHITECTURE, "`kv_cache/configs`", "`kv_cache/config`", "kv_cache/config "),
    (without_module, ARCHITECTURE, "tools.makers.fonts", "tools.fonts", "tools.fonts"),
    (without_module, ENVIRONMENT, "`helpers.classroom.predict`", "`helpers.predict`", "s.predict"),
    (without_module, VOCABULARY, "`language/messages`", "`messages/say`", "messages/say"),
    (wrong_tree, ARCHITECTURE, "  hardware/ ", "  cards/ ", "has src/helpers/cards/"),
    (wrong_tree, ARCHITECTURE, "  hardware/ ", "  cards/ ", "lacks src/helpers/hardware"),
    (wrong_tree, ARCHITECTURE, "    sandbox/", "    jail/", "has src/course_tools/grading/jail/"),
    (unlisted_tests, TESTS, "`tests/test_floors.py`", "", "tests/test_floors.py is not in it"),
    (unlisted_tests, TESTS, "`tests/kit/places.py`", "", "tests/kit/places.py is not in it"),
    (unequal_variables, ENVIRONMENT, "`TRIAD_GUESS`", "`TRIAD_GUESSES`", "TRIAD_GUESS is"),
    (unequal_variables, ENVIRONMENT, "`TRIAD_GUESS`", "`TRIAD_GUESSES`", "TRIAD_GUESSES is"),
    (wrong_commands, TESTS, "start.py test --all", "start.py test --long", "['--long']"),
    (lambda name, text: unequal({n: text_of(n) for n in DEPLOYMENT} | {name: text}), DEPLOYMENT[2],
     "limits.cpu 2", "limits.cpu 3", "commands: "),
    (wrong_commands, DEPLOYMENT[1], "start.py collect", "start.py gather", "no command gather"),
    (dead, DEPLOYMENT[0], "`deploy/jupyter_server_config.py`", "`deploy/config.py`", "config.py"),
    (environments, "README.ja.md", "activate transformer-triad", "activate triad", "not triad"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "name", "there", "planted", "said"), FAULTS)
def test_a_planted_fault_is_found(rule, name, there, planted, said):
    text = text_of(name)
    assert there in text
    assert said in "\n".join(rule(name, text.replace(there, planted, 1)))


# --- the picture ------------------------------------------------------------------------------


def test_the_pictures_are_those_of_the_script():
    for name, picture in pictures.pictures().items():
        assert text_of(name) == picture, f"run: python -m course_tools.makers.pictures ({name})"


def test_the_picture_says_as_much_in_every_language():
    words = pictures.WORDS
    assert len({frozenset(w) for w in words.values()}) == 1 and len(words) == len(READMES)
    assert all(text.strip() for texts in words.values() for text in texts.values())


# --- CONTRIBUTING.md works --------------------------------------------------------------------


class Follower:
    """Does what a page shows, block after block, in a copy of the repository."""

    def __init__(self, root: Path):
        self.root = root
        self.start = load_start(root / "start.py")
        self.start.set_up = lambda *_: None  # the copy needs no .venv: this Python has it all
        self.start.venv_python = lambda: Path(sys.executable)

    def follow(self, page: str) -> None:
        for lang, text, above in read(page).fences:
            if lang == "sh":
                for line in text.splitlines():
                    self.run(line)
            elif lang == "diff":
                self.git("apply", stdin=text)
            else:
                path = self.root / file_of(above)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

    def run(self, line: str) -> None:
        words = shlex.split(line)
        if words[:2] == ["python", "start.py"]:
            assert self.start.run(words[2:]) == 0, line
        else:
            assert words[0] == "git", f"{line}: no way to run this here"
            self.git(*words[1:])

    def git(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(["git", *words], cwd=self.root, input=stdin.encode(),
                              capture_output=True)  # fmt: skip
        assert done.returncode == 0, f"git {words}: {done.stderr.decode()}"
        return done.stdout.decode()


def lessons_left_out() -> list[str]:
    """Patterns of all but the lesson that the page edits: each of its commands reads them all."""
    names = sorted(path.name for path in ROOT.glob("lessons/[0-9]*"))
    others = [name for name in names if name != small_course.LESSON]
    return [] if os.environ.get("TRIAD_ALL") else [f"*{name}*" for name in others]


@pytest.fixture(scope="module")
def known_to_git(tmp_path_factory) -> Path:
    """A copy of the repository with one lesson, all of it added to git."""
    copy = tmp_path_factory.mktemp("known") / "copy"
    names = (".git", ".venv", "my", "node_modules", "__pycache__", ".*_cache", "*.zip", "tests")
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*names, *lessons_left_out()))
    for name, text in build(Course.read(copy)).items():
        (copy / name).write_bytes(text.encode())
    made = Follower(copy)
    made.git("init", "--quiet")
    made.git("add", "--all")
    return copy


@pytest.fixture
def follower(known_to_git, tmp_path, monkeypatch) -> Follower:
    """In a copy under a path with a space and Chinese characters, known to git."""
    copy = shutil.copytree(known_to_git, tmp_path / "山田 桌面")
    monkeypatch.chdir(copy)
    return Follower(copy)


@turns.in_ci
def test_contributing_works_step_by_step(follower):
    course = Course.read(follower.root).whole()
    unread = [problem.remedy.split()[-1] for problem in pairs.problems(course)]
    pairs.confirm(course, unread)  # the page has to answer for its own pairs only
    follower.follow(text_of(CONTRIBUTING))
    sentence = re.findall(r"(?m)^\+# (.*)$", text_of(CONTRIBUTING))[:2]
    lessons = [follower.root / f"notebooks/{lang}/01_attention.ipynb" for lang in ("ja", "zh-tw")]
    for words, lesson in zip(sentence, lessons, strict=True):
        assert words in lesson.read_text(encoding="utf-8")
    assert (follower.root / "notebooks/zh-tw/90_example.ipynb").is_file()
    measured = follower.root / "lessons/90_example/measured.toml"
    assert "mib = 0" not in measured.read_text(encoding="utf-8")
    english = (follower.root / "notebooks/en/90_example.ipynb").read_text(encoding="utf-8")
    assert "# Example: a sum" in english and "TODO" not in english
    assert [path.name for path in follower.root.glob("notebooks/en/*")] == ["90_example.ipynb"]
    state = follower.root / "lessons/90_example/pairs.lock"
    assert {len(line.split()) for line in state.read_text(encoding="utf-8").splitlines()} == {4}
    assert answered_in_every_view(follower.root) == ["True", "False", "True", "[]"]
    told = run_there(follower.root, READ_BY_TEACHERS)
    assert told == ["('sum',)", "()", "sum", "True", "()", "frozenset()"]


ANSWERS = """
from helpers.widgets import Quiz

quiz = Quiz("90_example")
quiz.view.refresh()
quiz.hear({"action": "check", "question": "q2", "value": "ＳＵＭ"})  # as its script reports it
print(quiz.view.attempts["q2"]["right"])
plain = quiz.show_plain().rows["q2"]
plain.control.widgets[0].value = "max"
plain.buttons["check"].click()
print(quiz.attempt("q2").result.right)
print("英単語で答えましょう。" in quiz.html())
print(quiz.errors)
"""


READ_BY_TEACHERS = """
import sys
from pathlib import Path
from course_tools.authoring.course import Lesson
from course_tools.grading import items
from course_tools.grading.graded import Graded
from course_tools.teaching.anchors import Anchors
from helpers.classroom.records import Answer, LessonWork

asked = Anchors(Lesson.read(Path(sys.argv[1]), "90_example")).questions["q2"]
print(asked.right, asked.wrong, asked.choices["sum"]["ja"], asked.is_typed)
work = {"90_example": LessonWork({"q2": Answer((), 1, False, False, False, "max", "max", "a")})}
[_, item] = items.of_quiz([Graded("s", "s", work, {}, {}, (), ())], "90_example")
print(item.wrong, item.given["s"])
"""


def answered_in_every_view(root: Path) -> list[str]:
    """The example's question of the new kind: what the three views of the quiz say."""
    return run_there(root, ANSWERS)


def run_there(root: Path, code: str) -> list[str]:
    """The words that a program prints, run with the copy's packages."""
    env = os.environ | {"PYTHONPATH": f"{root / 'src'}", "TRIAD_HOME": f"{root / 'home'}"}
    done = subprocess.run([sys.executable, "-c", code, root], env=env | {"PYTHONUTF8": "1"},
                          capture_output=True, encoding="utf-8")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


BROKEN = {
    "a command that fails": "```sh\npython start.py build --check\n```\n",
    "a command that nothing runs": "```sh\nrm -r lessons\n```\n",
    "an edit of what is not there": "```diff\n--- a/lessons/set_up.py\n+++ b/lessons/set_up.py\n"
    "@@ -1 +1 @@\n-nothing of the kind\n+something\n```\n",
}


@pytest.mark.parametrize("page", BROKEN.values(), ids=list(BROKEN))
def test_a_page_that_does_not_work_is_found(follower, page):
    (follower.root / "notebooks/ja/01_attention.ipynb").unlink()
    with pytest.raises(AssertionError):
        follower.follow(page)


def knowing(root: Path) -> set[str]:
    """The files that CONTRIBUTING.md's command finds: those that know the languages."""
    [line] = [line for line in read(text_of(CONTRIBUTING)).commands() if "git grep -l" in line]
    return set(Follower(root).git(*shlex.split(line)[1:]).split())


def unlisted(text: str, found: set[str]) -> Iterator[str]:
    """Files that the table of "Add a language" does not name, and rows that name no such file."""
    rows = [row.strip("`") for row in read(text).tables[-1][1:]]
    for name in sorted(found):
        if not any(Path(name).match(row) for row in rows):
            yield f"{CONTRIBUTING}: {name} knows the languages and is not in the table"
    for row in rows:
        if not any(Path(name).match(row) for name in found):
            yield f"{CONTRIBUTING}: {row} is in the table and knows no language"


def test_every_file_that_knows_the_languages_is_listed(follower):
    found = knowing(follower.root)
    assert "src/helpers/language/languages.toml" in found
    assert list(unlisted(text_of(CONTRIBUTING), found)) == []
    assert list(unlisted(text_of(CONTRIBUTING), found | {"src/helpers/new.py"})) != []
    assert list(unlisted(text_of(CONTRIBUTING), found - {"pyproject.toml"})) != []
