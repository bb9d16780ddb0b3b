"""Where the course is installed: conda, Colab, an old ipywidgets, Windows' code pages and folders.

What asks the package index is marked `network`: only `start.py test --all` runs it.
"""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import turns
import yaml
from networks import network
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from places import BARE, ROOT

WIDGETS = "tests/helpers/widgets"
NO_PACKAGE = "test_a_students_own_file_is_not_taken_for_a_package"
FREEZE = ROOT / "tests" / "fixtures" / "colab-freeze.txt"
SET_UP = ("constraints.txt", "environment.yml", "pyproject.toml", "README.md")


def run(*command: object, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}  # hides nothing from pip
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=inherited | env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


# --- conda ------------------------------------------------------------------------------------


def conda_environment() -> tuple[list[str], list[str]]:
    """environment.yml's dependencies: conda's own, and pip's lines."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    *conda, pip = yaml.safe_load(text)["dependencies"]
    return conda, pip["pip"]


def set_up_words() -> list[str]:
    """What start.py gives pip to install everything that environment.yml names."""
    spec = importlib.util.spec_from_file_location("start_of_environments", ROOT / "start.py")
    assert spec and spec.loader
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    called: list[list] = []
    start.site_packages = lambda pattern: []
    start.step = lambda title, command: called.append(command)
    start.install({"lab", "test"}, "keep")
    return [str(word) for word in called[0]]


def test_conda_asks_pip_for_what_start_py_asks():
    _, lines = conda_environment()
    words = " ".join(lines).split()
    assert words and words == set_up_words()[-len(words) :]


def test_condas_python_is_one_that_is_tested():
    [python] = [line for line in conda_environment()[0] if line.startswith("python")]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    tested = yaml.safe_load(workflow)["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert python.split("=")[1] in tested


def steps(workflow: str) -> dict[str, list[str]]:
    """{job: the commands that it runs}"""
    jobs = yaml.safe_load(workflow)["jobs"].items()
    return {name: [step["run"] for step in job.get("steps", ()) if "run" in step]
            for name, job in jobs}  # fmt: skip  # a job may be another workflow


def without_weights(workflow: str) -> list[str]:
    """The jobs that run lesson 09 on the real weights (--all under CI) and do not install them."""
    long, install = "python start.py test --all", "python start.py real"
    return [
        job
        for job, commands in steps(workflow).items()
        if long in commands and install not in commands[: commands.index(long)]
    ]


def test_ci_installs_the_real_weights_before_the_tests_that_run_on_them():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert any("--all" in run for commands in steps(workflow).values() for run in commands)
    assert without_weights(workflow) == []
    planted = "\n".join(line for line in workflow.splitlines() if "start.py real" not in line)
    assert without_weights(planted) == ["long-tests"]


def dry_run(folder: Path, lines: list[str]) -> subprocess.CompletedProcess[str]:
    """conda's own call: the lines in a file beside environment.yml, and pip run there."""
    file = folder / "condaenv.x.requirements.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    options = ["-U", "-r", file, "--exists-action=b", "--dry-run", "--quiet"]
    return run(sys.executable, "-m", "pip", "install", *options, cwd=folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("course 桌面")
    for name in SET_UP:
        shutil.copy(ROOT / name, folder)
    (folder / "src/helpers").mkdir(parents=True)
    (folder / "src/helpers/__init__.py").touch()
    return folder


@network
def test_environment_yml_resolves_as_conda_calls_pip(project):
    done = dry_run(project, conda_environment()[1])
    assert done.returncode == 0, done.stderr


@network
@pytest.mark.parametrize("fault", ["pytest>=99", "-c absent.txt", "-e .[lab,test", "numpy<2"])
def test_lines_that_do_not_resolve_are_seen(project, fault):
    assert dry_run(project, [*conda_environment()[1], fault]).returncode != 0


# --- Colab ------------------------------------------------------------------------------------


def frozen() -> dict[str, str]:
    """{package: version} of Colab."""
    lines = FREEZE.read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def core() -> list[str]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["dependencies"]


def replaced(requirements: Iterable[str]) -> list[str]:
    """Requirements that Colab does not meet: pip would replace a package there, or add one."""
    there = frozen()
    wanted = [Requirement(text) for text in requirements]
    return [
        f"{one}: Colab has {there.get(canonicalize_name(one.name))}"
        for one in wanted
        if not one.specifier.contains(there.get(canonicalize_name(one.name), "0"), prereleases=True)
        or canonicalize_name(one.name) not in there
    ]


def imports(path: Path) -> Iterator[str]:
    """Top-level names of all absolute imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def unmet_imports(files: Iterable[Path]) -> set[str]:
    """Imports that neither Python nor Colab nor the course has."""
    known = {*sys.stdlib_module_names, "helpers", *(name.replace("-", "_") for name in frozen())}
    found = {name for path in files for name in imports(path)}
    assert found, "no file was read"
    return {name for name in found if name not in known and name.lower() not in known}


def helpers_on_colab() -> list[Path]:
    """All but launch: that is start.py's."""
    files = (ROOT / "src/helpers").rglob("*.py")
    return [path for path in files if path.parent.name != "launch"]


def test_colab_has_all_that_the_course_needs():
    assert len(frozen()) > 600 and len(core()) > 5
    assert replaced(core()) == []
    assert unmet_imports(helpers_on_colab()) == set()
    assert unmet_imports(ROOT.glob("lessons/*/*.py")) == set()


REPLACING = ["ipywidgets>=8", "transformers>=5.20", "torch>=2.12", "matplotlib<3.10", "nbval"]


@pytest.mark.parametrize("requirement", REPLACING)
def test_a_range_that_would_replace_a_colab_package_is_seen(requirement):
    assert len(replaced([*core(), requirement])) == 1


@turns.in_ci
def test_an_import_that_colab_has_not_is_seen(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import torch\ndef f():\n    from nbval.plugin import x\n", encoding="utf-8")
    assert unmet_imports([*helpers_on_colab(), path]) == {"nbval"}


@pytest.fixture(scope="module")
def colab(tmp_path_factory) -> Path:
    """The Python of an environment that looks like Colab to pip: names and versions, no code."""
    folder = tmp_path_factory.mktemp("colab")
    python = make_venv(folder)
    [site] = [Path(p) for p in run(python, "-c", SITE).stdout.split("\n") if p]
    for name, version in frozen().items():
        if name in ("pip", "setuptools"):
            continue
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(about, encoding="utf-8")
        (info / "RECORD").write_text("", encoding="utf-8")
        (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
    return python


SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def make_venv(folder: Path) -> Path:
    venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def installed_by(python: Path, requirements: list[str]) -> set[str]:
    """The packages that pip would install or replace."""
    options = ["--dry-run", "--quiet", "--report", "-"]
    done = run(python, "-m", "pip", "install", *options, *requirements)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    return {canonicalize_name(one["metadata"]["name"]) for one in report["install"]}


@network
def test_pip_would_replace_nothing_on_colab(colab):
    assert installed_by(colab, core()) == set()


@network
@pytest.mark.parametrize("requirement", ["ipywidgets>=8", "transformers>=5.20"])
def test_pip_would_replace_what_a_wrong_range_asks_for(colab, requirement):
    name = requirement.split(">")[0]
    assert name in installed_by(colab, [*core(), requirement])


# --- ipywidgets 7.7.1 and IPython 7.34, as on Colab -------------------------------------------

OLD = ("anywidget", "comm", "filelock", "ipykernel", "ipython", "ipywidgets", "markupsafe",
       "platformdirs")  # fmt: skip


@network
def test_the_widgets_work_under_colabs_ipywidgets_and_ipython(tmp_path):
    """Their tests with the versions that Colab has of all that the widgets import.

    What only torch can run is left out: the real experiments run elsewhere.
    """
    python = make_venv(tmp_path / "old")
    constraints = ["-c", FREEZE, *OLD, "nbclient", "nbformat", "pytest"]
    done = run(python, "-m", "pip", "install", "--quiet", *constraints)
    assert done.returncode == 0, done.stderr
    versions = "from importlib.metadata import version as v; print(v('ipywidgets'), v('ipython'))"
    assert run(python, "-c", versions).stdout.split() == ["7.7.1", "7.34.0"]
    pytest_words = ["-m", "pytest", "--noconftest", "-p", "no:cacheprovider", "-q"]
    done = run(
        python, *pytest_words,
        *(f"{WIDGETS}/test_{name}.py" for name in ("quiz", "explorer", "terminal")),
        f"--deselect={WIDGETS}/test_terminal.py::{NO_PACKAGE}",
        PYTHONPATH=str(ROOT / "src"), TRIAD_HOME=str(tmp_path / "home"), PYTEST_ADDOPTS="",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    [passed] = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) > 200 and "failed" not in done.stdout


# --- Windows' habits --------------------------------------------------------------------------

HOUSE = "山田 太郎/桌面 (1)"
TOOLS = {
    "start.py": ["start.py", "--help"],
    "run": ["-m", "helpers.launch.runner", "--list"],
    "experiments": ["-m", "helpers.experiments", "--list"],
    "an experiment": ["-m", "helpers.experiments", "n-squared"],
    "student-zip": ["-m", "course_tools.edition.student_edition", "学生版 桌.zip", "--force"],
}
if os.environ.get("TRIAD_ALL"):
    TOOLS["publish"] = ["-m", "course_tools.edition.publish", "--students", ""]
STRICT = ("-X", "warn_default_encoding", "-W", "always")


def run_tool(house: Path, words: list[str], console: str) -> subprocess.CompletedProcess[str]:
    """With the console of another code page, and a warning where a file is opened without one."""
    env = {"PYTHONPATH": str(house / "src"), "PYTHONUTF8": "0", "PYTHONIOENCODING": console}
    return run(sys.executable, *STRICT, *words, cwd=house, **env)


def faults(done: subprocess.CompletedProcess[str]) -> list[str]:
    """A failure, and encoding warnings that name a file of the course: packages have their own."""
    warnings = [line for line in done.stderr.splitlines() if "EncodingWarning" in line]
    ours = [line for line in warnings if "site-packages" not in line and "lib/python" not in line]
    return ours if done.returncode == 0 else [done.stdout + done.stderr]


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of the course in a folder with blanks, kanji and hanzi; its notebooks made there."""
    folder = tmp_path_factory.mktemp("house") / HOUSE
    for name in ("src", "lessons"):
        skip = shutil.ignore_patterns("__pycache__", "data")
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for name in (*SET_UP, "start.py"):
        shutil.copy(ROOT / name, folder)
    done = run_tool(folder, ["-m", "course_tools.authoring", "build"], "cp932")
    assert faults(done) == [] and done.stdout
    return folder


PAGES = {"ja": "cp932", "zh-tw": "cp950"}


@turns.in_ci
@pytest.mark.parametrize(
    ("tool", "console"),
    [(tool, PAGES[lang]) for n, tool in enumerate(TOOLS) for lang in turns.languages(n)],
)
def test_tools_speak_to_a_console_of_another_code_page(house, tool, console):
    done = run_tool(house, TOOLS[tool], console)
    assert faults(done) == [] and done.stdout


@turns.in_ci
@pytest.mark.parametrize("line", ["open(__file__).close()", "print('\\u684c')"])
def test_a_tool_that_does_not_is_seen(house, line):
    """No encoding; a character that cp932 has not."""
    (house / "planted.py").write_text(line, encoding="utf-8")
    assert len(faults(run_tool(house, ["planted.py"], "cp932"))) == 1


def test_the_build_is_the_same_there(house):
    names = {path.relative_to(house) for path in house.glob("notebooks/*/*.ipynb")}
    assert names and names == {p.relative_to(ROOT) for p in ROOT.glob("notebooks/*/*.ipynb")}
    for name in names:
        assert (house / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_first_cells_run_there(house):
    """As `python start.py` leaves them: in my/, in a kernel, with nothing on stderr."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    folder = house / "my/notebooks/zh-tw"
    folder.mkdir(parents=True)
    notebook = nbformat.read(house / "notebooks/zh-tw/01_attention.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    where = nbformat.v4.new_code_cell("print(helpers.__file__)")
    notebook.cells = [*code[:3], where]
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(
        notebook, timeout=600, resources=resources, extra_arguments=BARE
    ).execute()
    assert [out for cell in code[:3] for out in cell.outputs if out.get("name") == "stderr"] == []
    assert where.outputs[0].text.strip() == str(house.resolve() / "src/helpers/__init__.py")
