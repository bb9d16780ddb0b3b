"""Small broken sources: each must fail with a message that names file, key and remedy."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

import jupytext
import nbformat
import pytest
import small_course
import turns
import whole_course
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from places import ROOT
from traitlets.config import Config

from course_tools.authoring import __main__ as command
from course_tools.authoring import inline_texts, notebooks, rules
from course_tools.authoring.build import build, compare
from course_tools.authoring.course import Course, Lesson
from course_tools.authoring.data import Table
from course_tools.authoring.parity import differences
from course_tools.authoring.percent import cells_of
from course_tools.authoring.problems import LessonError, stop_at
from course_tools.authoring.source import Source
from helpers.language.say import COMPLETE as LANGUAGES

PROSE = """\
# %% [markdown] key="why" lang="ja"
# 長さを2倍にすると、`n`は`8,192`になります。$n^2$ です。

# %% [markdown] key="why" lang="zh-tw"
# 長度變成 2 倍，`n` 就是 `8,192`。$n^2$。
"""
CODE = """
# %% key="sum"
#| ja: 和
#| zh-tw: 總和
label = T(ja="合計", zh_tw="總和")
print(f"{label} {1 + 1}")
"""
TASK = """
# %% key="double" task="double"
def double(x):
    ### BEGIN SOLUTION
    return x + x
    ### END SOLUTION
"""
SHOWN = """
# %% key="double-check" points=1
def twice(x):
    return 2 * x


with check.task("double"):
    check.that(double(2) == 4, hint=T(ja="2倍です。", zh_tw="是 2 倍。"))
    ### BEGIN HIDDEN TESTS
    check.that(double(3) == 6, hint=T(ja="2倍です。", zh_tw="是 2 倍。"))
    ### END HIDDEN TESTS
"""
FAULTS = {
    "a check's function that takes what the task takes": (TASK + SHOWN, "double-check", "store"),
    "a check's function that holds the model answer": (
        TASK + SHOWN.replace("twice(x)", "twice(n, x)").replace("2 * x", "x + x"),
        "double-check",
        "move it to the hidden tests",
    ),
    "missing language": (PROSE.split("\n\n")[0], "why", 'lang="zh-tw" right below'),
    "missing ja": (PROSE.split("\n\n")[1], "why", 'lang="ja" right above'),
    "languages in the wrong order": ("\n\n".join(reversed(PROSE.split("\n\n"))), "why", "below"),
    "key used twice": (PROSE + CODE + CODE, "sum", "a key of its own"),
    "no key": ("# %%\nx = 1\n", "", "give it key="),
    "key that is no id": (CODE.replace('"sum"', '"Sum of all"'), "Sum of all", "small letters"),
    "prose and code share a key": (PROSE + CODE.replace('"sum"', '"why"'), "why", "rename"),
    "prose without language": ("# %% [markdown] key='why'\n# text\n", "why", "lang="),
    "code with a language": (CODE.replace("sum", 'sum" lang="ja', 1), "sum", "remove lang"),
    "empty cell": (PROSE + '\n# %% key="x"\n', "x", "write it or remove it"),
    "near-miss comment": (CODE.replace("#| ja", "# | ja"), "sum", "write it as  #| ja"),
    "unknown language": (CODE.replace("#| zh-tw", "#| zh"), "sum", "write it as  #| ja"),
    "comment without its twin": (CODE.replace("#| zh-tw: 總和\n", ""), "sum", "#| zh-tw"),
    "T without a language": (CODE.replace(', zh_tw="總和"', ""), "sum", 'T(ja="…", zh_tw="…")'),
    "T of code": (CODE.replace('zh_tw="總和"', "zh_tw=2"), "sum", "give strings"),
    "T inside an f-string": ("# %% key=\"sum\"\nf\"{T(ja='a', zh_tw='b')}\"\n", "sum", "around it"),
    "unequal code": (
        '# %% key="sum"\nx = y = 1\nT(ja=f"{x}", zh_tw=f"{y}")\n',
        "sum",
        "same {expressions}",
    ),
    "unequal number": (PROSE.replace("2 倍", "3 倍"), "why", "same in every language"),
    "unequal number in T": (CODE.replace('"總和"', '"總和 12.5"'), "sum", "same in every"),
    "unequal formula": (PROSE.replace("$n^2$。", "$n^3$。"), "why", "same in every language"),
    "unequal code span": (PROSE.replace("`n` 就", "`m` 就"), "why", "same in every language"),
    "unequal link": (PROSE.replace("$n^2$。", "$n^2$。[x](a.html)"), "why", "same in every"),
    "missing heading": (PROSE.replace("# 長さ", "# # 見出し\n#\n# 長さ"), "why", "same in every"),
    "no Python": ('# %% key="sum"\nx = = 1\n', "sum", "mend the code"),
    "solution after its markers": (
        TASK.replace("    ### END SOLUTION\n", "    ### END SOLUTION\n    return 2 * x\n"),
        "double",
        "move it between",
    ),
    "solution before its markers": (
        TASK.replace("    ### BEGIN", "    x = 2 * x\n    ### BEGIN"),
        "double",
        "move it between",
    ),
    "task without markers": (
        TASK.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", ""),
        "double",
        "between the two markers",
    ),
    "solution in a cell that is no task": (
        TASK.replace(' task="double"', ""),
        "double",
        "between the two markers",
    ),
    "hidden tests without an end": (
        SHOWN.replace("    ### END HIDDEN TESTS\n", ""),
        "double-check",
        "### END HIDDEN TESTS",
    ),
    "hidden tests in a cell that is no check": (
        SHOWN.replace(" points=1", ""),
        "double-check",
        "give it points",
    ),
    "an option that cannot be read": (
        CODE.replace('"sum"', '"sum" points=two'),
        "sum",
        "options as NAME=JSON",
    ),
    "a header with a title": (CODE.replace("# %%", "# %% Sums"), "", "options as NAME=JSON"),
    "a header of another kind": (PROSE.replace("[markdown]", "[raw]", 1), "why", "# %% [markdown]"),
    "code above the first header": ("x = 1\n" + CODE, "", "give it key="),
    "prose that is no comment": (PROSE.replace("# 長さ", "長さ"), "why", "begin each line with #"),
    "no cell": ("", "-", "start with # %%"),
}


@pytest.fixture
def source(tmp_path):
    """Write a source file and check it as the builder does."""

    def check(text: str):
        path = tmp_path / "09_sample" / "lesson.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        read = Source.read(tmp_path, "09_sample/lesson.py")
        stop_at([*read.faults, *rules.of_source(read)])
        return read.cells

    return check


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_file_key_and_remedy(name, source):
    text, key, remedy = FAULTS[name]
    with pytest.raises(LessonError) as caught:
        source(text)
    assert f"09_sample/lesson.py:{key}:" in str(caught.value)
    assert remedy in str(caught.value)


def test_a_function_of_hidden_tests_may_know_the_answer(source):
    twice, rest = SHOWN.split("\n\n\n", 1)
    hidden = re.sub("(?m)^(?=def|    return)", "    ", twice.split("\n", 2)[2])
    head = twice.split("\n", 2)[1]
    source(f"{TASK}\n{head}\n{rest.replace('TESTS', 'TESTS' + chr(10) + hidden, 1)}")
    asks = SHOWN.replace("return 2 * x", "return double(x)")
    source(TASK + asks)


def test_the_samples_without_a_fault_pass(source):
    assert [c.key for c in source(PROSE + CODE + TASK)] == ["why", "why", "sum", "double"]


@pytest.mark.parametrize(("label", "lang"), [("予想：", "ja"), ("預測：", "zh-tw")])
def test_a_guess_is_announced_by_its_label(tmp_path, label, lang):
    """One question loses its label in one language: that cell is named, and no other."""
    root = small_course.copy(tmp_path)
    assert not [*rules.lessons.of_course(Course.read(root))]
    file = root / "lessons" / small_course.LESSON / "lesson.py"
    source = file.read_text(encoding="utf-8")
    file.write_text(source.replace(label, "いくつ：", 1), encoding="utf-8")
    [problem] = rules.lessons.of_course(Course.read(root))
    assert problem.key and problem.what == f"no {label} in {lang} announces this guess"


def test_each_language_reads_plain_literals_and_plain_comments(source):
    cell = source(CODE)[0]
    assert inline_texts.code_in(cell, "ja").splitlines()[:2] == ["# 和", 'label = "合計"']
    assert inline_texts.code_in(cell, "zh-tw").splitlines()[:2] == ["# 總和", 'label = "總和"']


def test_several_calls_in_one_line_and_over_several_lines(source):
    cell = source(
        '# %% key="x"\nprint("漢", T(ja="一", zh_tw="壹"), T(ja="二", zh_tw="貳"))\n'
        'y = T(\n    ja="a" "b",\n    zh_tw="c"\n    "d",\n)\n'
    )[0]
    code = inline_texts.code_in(cell, "zh-tw")
    assert code.startswith('print("漢", "壹", "貳")')
    assert ast.literal_eval(code.split("y = ")[1]) == "cd"


@pytest.mark.parametrize(
    ("ja", "zh_tw"),
    [
        ("2つの出力", "兩個輸出"),
        ("3つの型", "三大架構"),
        ("1つずつ", "逐一"),
        ("系列長の2乗", "序列長度的平方"),
        ("１２．５倍", "12.5 倍"),
        ("> 10万単語", "> 10萬上下文，8 千"),
    ],
)
def test_number_words_and_quotes_of_the_page_are_equal(ja, zh_tw):
    assert not list(differences(ja, zh_tw))


@pytest.mark.parametrize(("ja", "zh_tw"), [("12.2倍", "12.5 倍"), ("2つ", "三個"), ("4", "")])
def test_other_numbers_are_not(ja, zh_tw):
    assert list(differences(ja, zh_tw))


def test_a_missing_language_in_toml_names_file_and_key(tmp_path):
    path = tmp_path / "09_sample" / "quiz.toml"
    path.parent.mkdir()
    path.write_text('[[question]]\ntext = {ja = "問い"}\n', encoding="utf-8")
    [fault] = Table.read(tmp_path, "09_sample/quiz.toml").faults
    assert str(fault).startswith("09_sample/quiz.toml:question[0].text: ")


def test_no_toml_names_the_file(tmp_path):
    path = tmp_path / "quiz.toml"
    path.write_text("[[question", encoding="utf-8")
    [fault] = Table.read(tmp_path, "quiz.toml").faults
    assert str(fault).startswith("quiz.toml:-: no TOML: ")


@pytest.fixture(scope="module")
def built():
    return build(whole_course.course())


@turns.in_ci
def test_a_second_build_gives_the_same_bytes(built):
    assert build(Course.read(ROOT)) == built


def test_committed_files_are_in_step(built):
    assert compare(ROOT, built) == ([], [])


def test_both_languages_have_every_file(built):
    of = {
        lang: {n.replace(f"/{lang}/", "/") for n in built if f"/{lang}/" in n} for lang in LANGUAGES
    }
    assert of["ja"] == of["zh-tw"] and len(of["ja"]) >= 3


def test_notebooks_hold_keys_and_no_outputs(built):
    for name, text in built.items():
        if not name.endswith(".ipynb"):
            continue
        notebook = nbformat.reads(text, 4)
        assert "widgets" not in notebook.metadata
        assert len({c.id for c in notebook.cells}) == len(notebook.cells)
        code = [c for c in notebook.cells if c.cell_type == "code"]
        assert code and not [c.id for c in code if c.outputs or c.execution_count]
        assert not [c.id for c in notebook.cells if "T(ja" in c.source or "{{" in c.source]
        assert sum(c.source.count("LANG = ") for c in code) == 1


def test_code_differs_only_in_words(built):
    """The syntax trees of both languages are equal once every string is blank."""
    for name in (n for n in built if "/ja/" in n and n.endswith(".ipynb")):
        assert shape(built[name]) == shape(built[name.replace("/ja/", "/zh-tw/")])


def shape(text: str) -> list[str]:
    trees = [ast.parse(c.source) for c in nbformat.reads(text, 4).cells if c.cell_type == "code"]
    for node in (n for tree in trees for n in ast.walk(tree)):
        if isinstance(node, ast.JoinedStr):
            expressions = [v for v in node.values if isinstance(v, ast.FormattedValue)]
            node.values = sorted(expressions, key=ast.dump)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return [ast.dump(tree) for tree in trees]


def test_sheets_hold_no_answer_and_no_hidden_test(built):
    for name in (n for n in built if n.startswith("exercises/")):
        for marker in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS"):
            assert marker not in built[name]
            assert marker in built[name.replace("exercises/", "solutions/")]
        assert "NotImplementedError" in built[name]


def test_graded_cells_carry_nbgraders_metadata(built):
    notebook = nbformat.reads(built["solutions/ja/01_attention/exercise_01_attention.ipynb"], 4)
    graded = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert sum(g.get("points", 0) for g in graded) == 14
    assert sum(g.solution for g in graded) == 5
    assert all(g.locked != g.solution and g.schema_version == 3 for g in graded)


@pytest.fixture
def copy(tmp_path):
    """Sources of one lesson, built."""
    small_course.copy(tmp_path)
    assert command.main(["build", "--root", str(tmp_path)]) == 0
    return tmp_path


def test_check_writes_nothing_and_names_edited_new_and_stale_files(copy, capsys):
    assert command.main(["build", "--check", "--root", str(copy)]) == 0
    edited = copy / "notebooks/ja/01_attention.ipynb"
    edited.write_text(edited.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (copy / "notebooks/zh-tw/01_attention.ipynb").unlink()
    (copy / "exercises/ja/99_old.ipynb").write_text("{}", encoding="utf-8")
    assert command.main(["build", "--check", "--root", str(copy)]) == 1
    said = capsys.readouterr().out
    for name in ("notebooks/ja/01_attention", "notebooks/zh-tw/01_attention", "99_old"):
        assert name in said
    assert not (copy / "notebooks/zh-tw/01_attention.ipynb").exists()


def test_build_mends_edited_new_and_stale_files(copy):
    (copy / "exercises/ja/99_old.ipynb").write_text("{}", encoding="utf-8")
    assert command.main(["build", "--root", str(copy)]) == 0
    assert command.main(["build", "--check", "--root", str(copy)]) == 0


def test_a_fault_writes_nothing_and_is_told(copy, capsys):
    lesson = copy / "lessons/01_attention/lesson.py"
    text = lesson.read_text(encoding="utf-8").replace("6 個詞元，分數", "7 個詞元，分數")
    lesson.write_text(text, encoding="utf-8")
    before = (copy / "notebooks/zh-tw/01_attention.ipynb").read_bytes()
    assert command.main(["build", "--root", str(copy)]) == 1
    assert "scores-guess" in capsys.readouterr().err
    assert (copy / "notebooks/zh-tw/01_attention.ipynb").read_bytes() == before


def test_no_lessons_is_a_fault(tmp_path):
    with pytest.raises(LessonError, match="no lesson found"):
        build(Course.read(tmp_path))


def test_compiled_data_is_the_source(built):
    bank = json.loads(built["src/helpers/data/quiz/01_attention.json"])
    assert bank["lesson"] == "01_attention"
    assert bank["question"] == Lesson.read(ROOT, "01_attention").quiz.table["question"]


def test_all_cells_of_a_file_are_read_in_order():
    cells = Lesson.read(ROOT, "01_attention").lesson.cells
    assert cells[0].key == cells[1].key == "title" and len(cells) > 60


# --- what is read, and by whom ------------------------------------------------------------------

READS = """
import collections, json, os, sys
read, top = collections.Counter(), os.path.realpath(sys.argv[1]) + os.sep


def hook(event, arguments):
    path = arguments[0] if event == "open" else None
    if isinstance(path, (str, os.PathLike)) and str(path).startswith(top):
        read[str(path)[len(top):].replace(os.sep, "/")] += 1


from course_tools.authoring.__main__ import main
sys.addaudithook(hook)
statuses = [main(["build", "--check", "--root", sys.argv[1]]) for _ in range(int(sys.argv[2]))]
print(json.dumps([statuses, read, sorted(sys.modules)]))
"""
SLOW = {"jupytext", "nbformat", "nbgrader", "nbconvert", "IPython", "ipywidgets", "torch"}
NOT_OURS = ("notebooks/", "exercises/", "solutions/", "src/helpers/data/")
SHELF = {
    "teaching.toml",
    "teaching.lock",
    "exam.toml",
    "syllabus.toml",
}  # start.py shelf reads them


def check_build(root, times=1):
    """(statuses, {file: how often it was read}, modules) of build --check in a new process."""
    command = [sys.executable, "-c", READS, str(root), str(times)]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def whole(built, tmp_path_factory):
    """Sources of every lesson, and what is built from them."""
    root = tmp_path_factory.mktemp("whole")
    shutil.copytree(ROOT / "lessons", root / "lessons")
    shutil.copy(ROOT / "pyproject.toml", root)
    for name, text in built.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


def test_a_build_reads_each_file_once_and_imports_nothing_slow(whole, built):
    [status], read, modules = check_build(whole)
    lessons = (p for p in whole.glob("lessons/**/*") if p.suffix in (".py", ".toml", ".lock"))
    ours = (path for path in lessons if path.name not in SHELF)
    wanted = {path.relative_to(whole).as_posix() for path in ours} | {"pyproject.toml"}
    compared = {name for name in read if name.startswith(NOT_OURS)}
    assert status == 0 and len(wanted) > 40 and compared == set(built)
    assert read.keys() == wanted | compared and set(read.values()) == {1}
    assert SLOW & set(modules) == set()


@turns.in_ci
def test_a_second_reading_would_be_seen(copy):
    assert set(check_build(copy, times=2)[1].values()) == {2}


def imports_prose(src) -> list[str]:
    """Modules of authoring that import the language gates, in any way."""
    faults = []
    for path in sorted((src / "course_tools/authoring").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [
                f"{getattr(node, 'module', None) or ''}.{alias.name}"
                for alias in getattr(node, "names", ())
                if isinstance(alias, ast.alias)
            ]
            if any("prose" in name.split(".") for name in names):
                faults.append(f"{path.name}:{node.lineno}: {names}")
    return faults  # fmt: skip


def test_authoring_never_imports_prose():
    assert imports_prose(ROOT / "src") == []


@pytest.mark.parametrize(
    "line",
    [
        "from ..prose.texts import Text",
        "from ..prose import gates",
        "from .. import prose",
        "import course_tools.prose.gates",
        "def f():\n    from course_tools.prose import gates",
        "if TYPE_CHECKING:\n    from ..prose.ja import x",
    ],
)
def test_an_import_of_prose_would_be_seen(tmp_path, line):
    place = tmp_path / "course_tools/authoring/rules"
    place.mkdir(parents=True)
    (place / "a.py").write_text(f"import ast\n{line}\n", encoding="utf-8")
    [fault] = imports_prose(tmp_path)
    assert fault.startswith("a.py:") and "prose" in fault


# --- the same as the tools of Jupyter -----------------------------------------------------------


def as_jupytext_reads(text):
    """(is it code?, key, language, source, other options) of each cell."""
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        options = {k: v for k, v in cell.metadata.items() if not k.startswith("lines_to_")}
        key, lang = options.pop("key"), options.pop("lang", None)
        yield cell.cell_type == "code", key, lang, cell.source, options


def as_we_read(text):
    for cell in cells_of("a.py", text):
        yield cell.is_code, cell.key, cell.lang, cell.source, cell.options


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("lessons/**/*.py")), ids=lambda f: f.relative_to(ROOT).as_posix()
)
def test_a_source_is_read_as_jupytext_reads_it(file):
    text = file.read_text(encoding="utf-8")
    assert list(as_we_read(text)) == list(as_jupytext_reads(text)) != []


def test_a_line_is_the_one_in_the_file():
    for lesson in whole_course.course().lessons:
        lines = lesson.lesson.text.split("\n")
        for cell in lesson.lesson.cells:
            assert lines[cell.line - 1].removeprefix("# ") == cell.source.split("\n")[0]


def test_a_notebook_is_written_as_nbformat_writes_it(built):
    for name, text in built.items():
        if name.endswith(".ipynb"):
            notebook = nbformat.reads(text, 4)
            nbformat.validate(notebook)
            assert text == nbformat.writes(notebook, indent=1) + "\n", name


def test_a_notebook_that_is_none_is_not_written(copy, monkeypatch):
    monkeypatch.setattr(notebooks, "FORMAT", {"nbformat": 4})
    before = {path: path.read_bytes() for path in copy.glob("notebooks/*/*.ipynb")}
    with pytest.raises(nbformat.ValidationError):
        command.main(["build", "--root", str(copy)])
    assert before == {path: path.read_bytes() for path in copy.glob("notebooks/*/*.ipynb")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sheet_is_cleared_as_nbgrader_clears_it(built, lang):
    stubs = {
        name: t[lang.replace("-", "_")] for name, t in whole_course.course().stubs.table.items()
    }
    config = Config()
    config.ClearSolutions.code_stub = {"python": stubs["code"]}
    config.ClearSolutions.text_stub = stubs["text"]
    names = [name for name in built if name.startswith(f"solutions/{lang}/")]
    assert len(names) >= 7
    for name in names:
        made = nbformat.reads(built[name], 4)
        for step in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
            made, _ = step.preprocess(made, {})
        sheet = built[name.replace("solutions/", "exercises/")]
        assert sheet == nbformat.writes(made, indent=1) + "\n"
