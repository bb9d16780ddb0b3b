"""start.py, copied to a folder with spaces and Chinese characters, with a pip that pretends."""

import ast
import errno
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path
from types import SimpleNamespace

import processes
import psutil
import pytest
from places import ROOT

PIP = """
import os, pathlib, sys
here = pathlib.Path(__file__).parents[1]
with open(pathlib.Path(sys.prefix, "pip.log"), "a", encoding="utf-8") as log:
    print(*sys.argv[1:], file=log)
if os.environ.get("FAKE_PIP"):
    sys.exit(os.environ["FAKE_PIP"])
torch = here / "torch-2.13.0+cpu.dist-info"
torch.mkdir(exist_ok=True)
(torch / "INSTALLER").write_text("pip", encoding="utf-8")
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def load(path):
    """A start.py as a module."""
    spec = importlib.util.spec_from_file_location("start_copy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def start(tmp_path, monkeypatch):
    """start.py as a module, copied into a small course of its own; nothing here needs a network."""
    root = tmp_path / "山田" / "my folder 桌面"
    tables = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\n[tool.triad.commands]")
    write(root / "pyproject.toml", "[project]\n\n[tool.triad.commands]" + tables[1])
    write(root / "constraints.txt", "numpy==2\ntorch==2.13.0\n")
    for package in ("helpers", "course_tools"):
        write(root / f"src/{package}/__init__.py", "")
    shutil.copy(ROOT / "start.py", root)
    module = load(root / "start.py")
    for name in ("FAKE_PIP", "TRIAD_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)  # main() is called in-process
    monkeypatch.setattr(module, "reachable", lambda url: False)
    return module


@pytest.fixture
def fake_venv(start, monkeypatch):
    """Set-up makes a real .venv with a pretended pip; gives the list of pip's command lines."""

    def make():
        venv.EnvBuilder(with_pip=False, clear=True, symlinks=os.name != "nt").create(start.VENV)
        folder = start.VENV / "Lib/site-packages"
        if os.name != "nt":
            [folder] = start.VENV.glob("lib/python*/site-packages")
        write(folder / "pip/__init__.py", "")
        write(folder / "pip/__main__.py", PIP)

    monkeypatch.setattr(start, "make_venv", make)
    monkeypatch.setattr(start.platform, "machine", lambda: "arm64")
    log = start.VENV / "pip.log"
    return lambda: log.read_text(encoding="utf-8").splitlines() if log.exists() else []


# --- set-up -----------------------------------------------------------------------------------


def test_set_up_once_then_nothing(start, fake_venv, capsys):
    start.set_up({"lab"})
    [line] = fake_venv()
    assert line.split()[0] == "install"
    assert "-c constraints.txt -e .[lab]" in line
    assert "Installing" in capsys.readouterr().out
    start.set_up({"lab"})
    assert len(fake_venv()) == 1
    assert capsys.readouterr().out == ""


def test_extras_only_grow(start, fake_venv):
    start.set_up({"lab"})
    start.set_up({"lab", "test"})
    start.set_up({"lab"})
    start.set_up({"test"})
    assert [line.split()[-1] for line in fake_venv()] == [".[lab]", ".[lab,test]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_file_installs_again_all_extras(start, fake_venv, name):
    start.set_up({"lab", "test"})
    path = start.ROOT / name
    path.write_text("six==1.17.0\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    start.set_up({"lab"})
    assert [line.split()[-1] for line in fake_venv()] == [".[lab,test]"] * 2


def test_another_python_version_installs_again(start, fake_venv, monkeypatch):
    start.set_up({"lab"})
    monkeypatch.setattr(start, "venv_version", lambda: "3.99.0")
    start.set_up({"lab"})
    assert len(fake_venv()) == 2


def test_failure_leaves_no_stamp_and_the_next_run_repairs(start, fake_venv, monkeypatch):
    start.set_up({"lab"})
    monkeypatch.setenv("FAKE_PIP", "boom")
    with pytest.raises(start.Failure, match="boom"):
        start.set_up({"lab", "test"})
    assert not start.STAMP.exists()
    monkeypatch.delenv("FAKE_PIP")
    start.set_up({"lab", "test"})
    assert start.read_json(start.STAMP)["extras"] == ["lab", "test"]


def test_a_half_installed_package_is_seen_as_missing(start, fake_venv):
    start.set_up({"lab"})
    whole = start.site_packages("torch-*")[0]
    half = whole.with_name("numpy-2.dist-info")
    write(half / "METADATA", "pip was killed before INSTALLER")
    start.STAMP.unlink()
    start.set_up({"lab"})
    assert not half.exists()
    assert whole.exists()


@pytest.mark.parametrize("damage", ["python", "pip"])
def test_a_broken_venv_is_made_anew(start, fake_venv, damage):
    start.set_up({"lab"})
    if damage == "python":
        start.venv_python().unlink()
    else:
        shutil.rmtree(start.site_packages("pip")[0])
    assert start.venv_version() is None
    start.set_up({"lab"})
    assert start.venv_version() == ".".join(map(str, sys.version_info[:3]))
    assert len(fake_venv()) == 1, "its log was cleared with it"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_linked_venv_is_used_and_a_broken_one_is_only_unlinked(start, fake_venv, monkeypatch):
    start.set_up({"lab"})
    other = start.VENV.rename(start.ROOT.parent / "other")
    start.VENV.symlink_to(other)
    start.set_up({"lab"})
    assert len(fake_venv()) == 1, "the link's stamp holds here too"
    (other / "bin/python").unlink()
    monkeypatch.undo()  # the true make_venv, but no true venv
    monkeypatch.setattr(start, "step", lambda title, command: None)
    start.make_venv()
    assert not start.VENV.exists()
    assert (other / "pip.log").exists()


def test_signs_of_life(start, capsys, monkeypatch):
    monkeypatch.setattr(start, "HEARTBEAT_S", 0.02)
    start.step("Sleeping", [sys.executable, "-c", "import time; time.sleep(0.5)"])
    out = capsys.readouterr().out
    assert out.startswith("Sleeping …")
    assert out.count("still at it") >= 2
    assert re.search(r"done, \d+ s", out)


def test_no_child_stays_behind(start):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(KeyboardInterrupt), start.running(command) as child:
        raise KeyboardInterrupt
    assert child.poll() is not None


# --- what cannot be done ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("OSError: [WinError 112] There is not enough space on the disk: '桌面'", "disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(\n"
         "ERROR: No matching distribution found for torch==2.13.0", "No network"),
        ("error: NameResolutionError: Failed to resolve", "No network"),
        ("ERROR: [Errno 13] Permission denied: 'x'", "Writing is not allowed"),
        ("ERROR: No matching distribution found for torch==2.13.0", "PyTorch has no package"),
        ("The virtual environment was not created: ensurepip is not available", "-venv"),
        ("ERROR: ResolutionImpossible", "delete .venv"),
    ],
)  # fmt: skip
def test_pips_failures_in_plain_words(start, fake_venv, monkeypatch, capsys, said, told):
    monkeypatch.setenv("FAKE_PIP", said)
    assert start.main(["lab"]) == 1
    err = capsys.readouterr().err
    assert said.splitlines()[-1] in err, "the log's end is shown"
    assert re.search(told, err.splitlines()[-1])
    assert "Traceback" not in err


def refused(number):
    def raises(*args, **kwargs):
        raise OSError(number, os.strerror(number), "somewhere")

    return raises


def test_machines_that_cannot(start, fake_venv, monkeypatch, capsys):
    def x86():
        return "x86_64"

    patches = {
        "Intel Mac": [(start.sys, "platform", "darwin"), (start.platform, "machine", x86)],
        "-venv": [(start.importlib.util, "find_spec", lambda name: name != "ensurepip")],
        "Only 1.0 GiB": [(start.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**30))],
        "Writing is not allowed": [(start.tempfile, "TemporaryFile", refused(errno.EROFS))],
        "disk is full": [(start.tempfile, "TemporaryFile", refused(errno.ENOSPC))],
    }  # fmt: skip
    for words, changes in patches.items():
        with monkeypatch.context() as context:
            for change in changes:
                context.setattr(*change)
            assert start.main(["lab"]) == 1, words
        err = capsys.readouterr().err
        assert words in err
        assert len(err.splitlines()) == 1
    assert not start.VENV.exists(), "nothing was begun"


def test_little_space_is_enough_where_torch_is_there(start, fake_venv, monkeypatch):
    start.set_up({"lab"})
    monkeypatch.setattr(start.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**30))
    start.set_up({"lab", "test"})
    assert len(fake_venv()) == 2


def test_old_python_is_told(start, monkeypatch, capsys):
    monkeypatch.setattr(start.sys, "version_info", (3, 8, 10))
    assert start.main([]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_old_python_can_read_the_file():
    source = (ROOT / "start.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    assert tree.body[1].module == "__future__", "annotations are then never evaluated"
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {n.name for i in imports for n in i.names} | {getattr(i, "module", "") for i in imports}
    assert not names & {"tomllib", "graphlib", "zoneinfo"}, "younger than Python 3.8"


# --- torch ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "nvidia", "within_reach", "asks", "cpu"),
    [
        ("auto", False, True, True, True),
        ("auto", False, False, True, False),
        ("auto", True, True, False, False),
        ("cpu", True, True, True, True),
        ("cuda", False, True, False, False),
        ("keep", False, True, False, False),
    ],
)
def test_which_torch(start, monkeypatch, choice, nvidia, within_reach, asks, cpu):
    asked = []
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.setattr(start, "has_nvidia", lambda: nvidia)
    monkeypatch.setattr(start, "reachable", lambda url: asked.append(url) or within_reach)
    options = start.torch_index(choice)
    assert bool(asked) == asks
    assert options == (["--extra-index-url", start.CPU_WHEELS] if cpu else [])
    monkeypatch.setattr(start.sys, "platform", "darwin")
    assert start.torch_index("cpu") == []


def test_installed_torch_is_kept(start, fake_venv, monkeypatch, capsys):
    monkeypatch.setattr(start.sys, "platform", "linux")
    start.set_up({"lab"}, "keep")
    assert start.installed_torch() == "2.13.0+cpu"
    monkeypatch.setattr(start, "reachable", pytest.fail)
    assert start.torch_index("cpu") == []
    start.set_up({"lab"}, "cpu")
    assert "is kept" not in capsys.readouterr().out
    start.set_up({"lab"}, "cuda")
    assert "2.13.0+cpu is there and is kept" in capsys.readouterr().out
    write(start.ROOT / "constraints.txt", "torch==2.14.0\n")
    assert start.installed_torch() is None


def test_the_probe_ends_in_time(tmp_path):
    start = load(ROOT / "start.py")
    write(tmp_path / "index.html", "")
    assert start.reachable((tmp_path / "index.html").as_uri(), seconds=20)
    assert not start.reachable((tmp_path / "absent").as_uri(), seconds=20)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert not start.reachable(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=1)
        assert time.monotonic() - began > 0.9


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture
def called(start, monkeypatch):
    """What would be set up and called: {"extras": …, "torch": …, "words": …}"""
    seen = {}
    monkeypatch.setattr(
        start, "set_up", lambda extras, torch: seen.update(extras=extras, torch=torch)
    )

    def call(command):
        seen.update(words=[str(word) for word in command])
        return 7

    monkeypatch.setattr(start, "call", call)
    return seen


@pytest.mark.parametrize(
    ("arguments", "extras", "words"),
    [
        ("", {"lab"}, "helpers.launch.lab"),
        ("--lang ja -- --ip=0.0.0.0", {"lab"}, "helpers.launch.lab --lang ja -- --ip=0.0.0.0"),
        ("lab --port 8899", {"lab"}, "helpers.launch.lab --port 8899"),
        ("run 01 --lang zh-tw --list", {"lab"}, "helpers.launch.runner 01 --lang zh-tw --list"),
        ("real --list", {"lab", "real"}, "helpers.models.real --list"),
        ("build --check", {"lab", "test"}, "course_tools.authoring build --check"),
        ("confirm 01:a b", {"lab", "test"}, "course_tools.authoring confirm 01:a b"),
        ("test -n 0 --all a.py", {"lab", "test"}, "course_tools.checks.testing -n 0 --all a.py"),
        ("bench -- --torch cuda", {"lab", "test"}, "course_tools.checks.bench -- --torch cuda"),
        ("student-zip --torch cpu 山", {"lab", "test"},
         "course_tools.edition.student_edition 山"),
    ],
)  # fmt: skip
def test_tools_get_their_arguments(start, called, arguments, extras, words):
    assert start.main(arguments.split()) == 7
    assert called["extras"] == extras
    assert called["words"] == [str(start.venv_python()), "-P", "-m", *words.split()]
    assert called["torch"] == ("cpu" if "cpu" in arguments else "auto")


def test_an_unknown_word_is_no_argument_of_jupyter(start, called, capsys):
    with pytest.raises(SystemExit) as end:
        start.main(["biuld"])
    assert end.value.code == 2
    assert "biuld" in capsys.readouterr().err
    assert not called


def test_a_build_of_pytorch_that_is_none_is_refused(start, called, capsys):
    with pytest.raises(SystemExit) as end:
        start.main(["run", "--torch", "tpu"])
    assert end.value.code == 2
    assert "tpu" in capsys.readouterr().err
    assert not called


@pytest.mark.parametrize(
    "words", ["build --compare", "run 01 --langs=ja", "real --all", "confirm a:b -x"]
)
def test_an_unknown_option_is_refused_by_the_tool_itself(monkeypatch, capfd, words):
    """After set-up, by the true tool of this tree, which then does nothing else."""
    start, ready = load(ROOT / "start.py"), []
    monkeypatch.setattr(start, "set_up", lambda *given: ready.append(given))
    monkeypatch.setattr(start, "venv_python", lambda: Path(sys.executable))
    assert start.run(words.split()) == 2
    said = capfd.readouterr()
    [option] = [word for word in words.split() if word.startswith("-")]
    assert len(ready) == 1
    assert "usage: start.py" in said.err and option in said.err and "Traceback" not in said.err
    assert said.out == ""


def test_help_of_a_tool_is_its_own_once_that_can_run(start, called, capsys, monkeypatch):
    assert start.main(["build", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--torch" in said and "After the first set-up" in said and not called
    monkeypatch.setattr(start, "venv_version", lambda: "3.11")
    for name, command in start.commands().items():
        assert start.main([name, "--help"]) == 7
        assert called.pop("words")[2:] == ["-m", *command.tool.split(), "--help"]
        assert not called, "help sets nothing up"


@pytest.mark.parametrize("command", ["test", "build", "student-zip"])
def test_the_student_edition_says_what_it_has_not(start, called, capsys, command):
    shutil.rmtree(start.ROOT / "src/course_tools")
    assert start.main([command]) == 1
    assert capsys.readouterr().err.count("student edition") == 1
    assert not called


@pytest.mark.parametrize(
    "damage",
    [
        "no TOML",
        "[tool.triad]",
        "[tool.triad]\ncommands = 3",
        "[tool]\ntriad = 3",
        "[tool.triad.commands]\nlab = []",
        "[tool.triad.commands]\nlab = 3",
    ],
)
def test_a_damaged_table_of_commands_is_said(start, called, capsys, damage):
    write(start.ROOT / "pyproject.toml", damage)
    assert start.main(["lab"]) == 1
    said = capsys.readouterr().err
    assert "pyproject.toml is damaged" in said and "Traceback" not in said
    assert not called


def test_help_offers_what_is_there_with_a_line_each(start, capsys):
    assert start.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    offered = [line.split()[0] for line in lines if re.match(r"  \w", line)]
    assert offered == list(start.commands())
    shutil.rmtree(start.ROOT / "src/course_tools")
    assert start.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if re.match(r"  \w", line)] == ["lab", "run", "real"]


def test_children_see_this_tree_and_utf8(start, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    report = tmp_path / "seen.json"
    code = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    monkeypatch.setenv("TRIAD_ALL", "1")
    assert start.call([sys.executable, "-c", code, report]) == 0
    seen = json.loads(report.read_text(encoding="utf-8"))
    assert seen["PYTHONPATH"] == str(start.ROOT / "src")
    assert seen["PYTHONUTF8"] == seen["TRIAD_ALL"] == "1"
    assert seen["TRIAD_NODE"] == str(start.VENV / "node")
    assert seen["PATH"].startswith(str(start.venv_python().parent))
    assert start.call([sys.executable, "-c", "raise SystemExit(9)"]) == 9


COMMANDS = [
    [],
    ["lab"],
    ["test"],
    ["run"],
    ["build"],
    ["confirm"],
    ["publish"],
    ["student-zip"],
    ["grade"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "none")
def test_help_without_encoding_warnings(start, command):
    strict = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    words = [*strict, start.ROOT / "start.py", *command, "--help"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "--torch" in done.stdout or not command


@pytest.mark.parametrize("console", ["ascii", "cp932", "cp950"])
def test_a_console_of_another_code_page(start, console):
    code = (
        "import sys, start\n"
        "def set_up(*_):\n    print('é 桌 …')\n    raise start.Failure('é 桌: full')\n"
        "start.set_up = set_up\nsys.exit(start.main(['lab']))"
    )
    env = {**os.environ, "PYTHONIOENCODING": console, "PYTHONUTF8": "0"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, env=env, cwd=start.ROOT, timeout=600)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(b": full")
    assert b"Traceback" not in done.stderr


# --- the files that set-up reads --------------------------------------------------------------


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_direct_dependency_has_a_tested_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    pinned = {re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower() for pin in pins}
    wanted = [project()["dependencies"], *project()["optional-dependencies"].values()]
    words = [word for group in wanted for word in group]
    names = {re.match(r"[A-Za-z0-9_.-]+", word).group().lower() for word in words}
    assert names - pinned == {"transformer-triad"}


def test_conda_gives_python_and_pip_only():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    lines = re.findall(r"^ *- (.+)$", text, re.MULTILINE)
    assert [re.split("[=<>]", line)[0] for line in lines] == [
        "python",
        "pip",
        "pip:",
        "-c constraints.txt",
        "-e .[lab,test]",
    ]


def test_comments_and_addresses_ask_for_no_new_set_up(start):
    """Once it is set up no network is needed; what pip reads still counts."""
    before = start.fingerprint("3.11.7")
    for name, line in (
        ("constraints.txt", "# a comment\n\n"),
        ("pyproject.toml", '\n[tool.triad]\nstudents = "x"\n'),
    ):
        with (start.ROOT / name).open("a", encoding="utf-8") as file:
            file.write(line)
    assert start.fingerprint("3.11.7") == before
    with (start.ROOT / "constraints.txt").open("a", encoding="utf-8") as file:
        file.write("six==1.16.0\n")
    assert start.fingerprint("3.11.7") != before


# --- signals --------------------------------------------------------------------------------------

TOLD = """
import signal, subprocess, sys, start
real = subprocess.Popen

def popen(*words, **options):
    child = real(*words, **options)
    print(child.pid, flush=True)
    signal.raise_signal({how})
    return child

subprocess.Popen = popen
start.run = lambda _: start.call([sys.executable, "-c", {child!r}])
sys.exit(start.main([]))
"""
SLEEPS = "import time; time.sleep(60)"


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_command_starts_leaves_it_to_nobody(how):
    code = TOLD.format(how=int(how), child=SLEEPS)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command, pipes = [sys.executable, "-c", code], {"stdout": subprocess.PIPE, "text": True}
    with processes.started(command, env=env, stderr=subprocess.PIPE, **pipes) as process:
        out, err = process.communicate(timeout=50)
    assert process.returncode == 128 + how and "Traceback" not in err
    processes.until(lambda: not psutil.pid_exists(int(out)), 10)
