"""start.py, copied to a folder with spaces and Chinese characters, with a pip that pretends."""

import ast
import errno
import functools
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest
from places import ROOT

LANGUAGES = (ROOT / "src/helpers/language/languages.toml").read_text(encoding="utf-8")
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


@pytest.fixture
def start(tmp_path, monkeypatch):
    """start.py as a module, copied into a small course of its own; nothing here needs a network."""
    root = tmp_path / "山田" / "my folder 桌面"
    write(root / "pyproject.toml", "[project]\n")
    write(root / "constraints.txt", "numpy==2\ntorch==2.13.0\n")
    for lang in ("ja", "zh-tw"):
        write(root / f"notebooks/{lang}/01_attention.ipynb", f"lesson {lang}")
        write(root / f"notebooks/{lang}/02_encoder.ipynb", f"second {lang}")
        write(root / f"exercises/{lang}/01_attention/01_attention.ipynb", f"sheet {lang}")
    write(root / "src/course_tools/offline.py", "import subprocess, sys\n"
          "sys.exit(subprocess.call(sys.argv[sys.argv.index('--') + 1:]))\n")  # fmt: skip
    shutil.copy(ROOT / "start.py", root)
    write(root / "src/helpers/language/languages.toml", LANGUAGES)
    spec = importlib.util.spec_from_file_location("start_copy", root / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("CI", "LC_ALL", "LC_MESSAGES", "LANG", "FAKE_PIP", "TRIAD_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module.signal, "signal", lambda *_: None)  # main() is called in-process
    monkeypatch.setattr(module, "reachable", lambda url: False)
    write(root / "tools/node/package.json", "{}")
    write(root / "tools/node/package-lock.json", "locked")
    monkeypatch.setattr(module, "install_node", functools.partial(without_npm, module.install_node))
    return module


def without_npm(install_node):
    """Nothing here may install packages of npm; test_node_* say how it would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "which", lambda name: None)
        install_node()


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


# --- language ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("zh_TW.UTF-8", "zh-tw"),
        ("zh-TW", "zh-tw"),
        ("zh_Hant_TW", "zh-tw"),
        ("zh-Hant", "zh-tw"),
        ("zh_HK.UTF-8", "zh-tw"),
        ("ja_JP.UTF-8", "ja"),
        ("zh_CN.UTF-8", "ja"),
        ("C.UTF-8", "ja"),
        ("", "ja"),
    ],
)
def test_language_of_a_locale(start, name, lang):
    assert start.language_of(name) == lang


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a language of its own behind LANG")
def test_language_order(start, monkeypatch):
    assert start.default_language() == "ja"
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert start.default_language() == "zh-tw"
    monkeypatch.setenv("LC_MESSAGES", "ja_JP.UTF-8")
    assert start.default_language() == "ja"
    monkeypatch.setenv("LC_ALL", "zh_TW")
    assert start.default_language() == "zh-tw"


# --- copies in my/ ----------------------------------------------------------------------------

LESSON = "notebooks/ja/01_attention.ipynb"


def texts(start):
    """{name: text} of all that lies in my/, without what is hidden"""
    files = (p for p in start.MY.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(start.MY).as_posix(): p.read_text(encoding="utf-8") for p in files}


def test_first_delivery_mirrors_one_language(start, capsys):
    write(start.ROOT / "notebooks/ja/.ipynb_checkpoints/old.ipynb", "x")
    write(start.ROOT / "exercises/ja/01_attention/.ipynb_checkpoints/old.ipynb", "x")
    start.deliver("ja")
    assert texts(start) == {
        LESSON: "lesson ja",
        "notebooks/ja/02_encoder.ipynb": "second ja",
        "exercises/ja/01_attention/01_attention.ipynb": "sheet ja",
    }
    assert f"New: my/{LESSON}" in capsys.readouterr().out


def test_second_delivery_changes_and_says_nothing(start, capsys):
    start.deliver("ja")
    write(start.MY / LESSON, "my own work")
    before = texts(start)
    capsys.readouterr()
    start.deliver("ja")
    assert texts(start) == before
    assert capsys.readouterr().out == ""


def test_newer_versions_lie_beside_and_are_told_once(start, capsys):
    start.deliver("ja")
    write(start.MY / LESSON, "my own work")
    expected = {"notebooks/ja/01_attention.ipynb": "my own work"}
    for mark, text in ((".new", "second edition"), (".new2", "third"), (".new3", "fourth")):
        write(start.ROOT / LESSON, text)
        capsys.readouterr()
        start.deliver("ja")
        expected[f"notebooks/ja/01_attention{mark}.ipynb"] = text
        told = capsys.readouterr().out.splitlines()
        assert told == [f"A newer version, beside yours: my/notebooks/ja/01_attention{mark}.ipynb"]
        start.deliver("ja")
        assert capsys.readouterr().out == ""
    assert {
        k: v for k, v in texts(start).items() if "01_attention" in k and k[0] == "n"
    } == expected


def test_a_students_own_file_of_the_new_name_is_kept(start):
    start.deliver("ja")
    write(start.MY / "notebooks/ja/01_attention.new.ipynb", "notes of mine")
    write(start.ROOT / LESSON, "second edition")
    start.deliver("ja")
    now = texts(start)
    assert now["notebooks/ja/01_attention.new.ipynb"] == "notes of mine"
    assert now["notebooks/ja/01_attention.new2.ipynb"] == "second edition"


@pytest.mark.parametrize("rubbish", ["{", "[1]", '{"notebooks/ja/01_attention.ipynb": 5}', None])
def test_a_corrupt_versions_file_loses_nothing(start, rubbish, capsys):
    start.deliver("ja")
    write(start.MY / LESSON, "my own work")
    if rubbish is None:
        start.DELIVERED.write_bytes(b"\xff\xfe\x00")
    else:
        write(start.DELIVERED, rubbish)
    capsys.readouterr()
    start.deliver("ja")
    now = texts(start)
    assert now[LESSON] == "my own work"
    assert now.pop("notebooks/ja/01_attention.new.ipynb") == "lesson ja"
    assert len(now) == 3, "files that were not edited need no second copy"
    assert json.loads(start.DELIVERED.read_text(encoding="utf-8")).keys() == now.keys()


def test_a_deleted_file_comes_again(start):
    start.deliver("ja")
    (start.MY / LESSON).unlink()
    start.deliver("ja")
    assert texts(start)[LESSON] == "lesson ja"


def test_an_interrupted_copy_leaves_no_half_notebook(start, monkeypatch):
    monkeypatch.setattr(start.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        start.deliver("ja")
    assert not list(start.MY.rglob("*.ipynb"))


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
    with (start.ROOT / name).open("a", encoding="utf-8") as file:
        file.write("six==1.17.0\n")
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
    monkeypatch.setattr(start, "HEARTBEAT_S", 0.1)
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
    spec = importlib.util.spec_from_file_location("start_here", ROOT / "start.py")
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
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
    """What would be set up and called: {"extras": …, "words": …, "variables": …}"""
    seen = {}
    monkeypatch.setattr(
        start, "set_up", lambda extras, torch: seen.update(extras=extras, torch=torch)
    )

    def call(command, cwd=None, **variables):
        seen.update(words=[str(word) for word in command], cwd=cwd, variables=variables)
        return 7

    monkeypatch.setattr(start, "call", call)
    return seen


@pytest.mark.parametrize(
    ("arguments", "extras", "words"),
    [
        ("run 01 --lang ja --list", {"lab"}, "-P -m helpers.launch.runner 01 --lang ja --list"),
        ("build --check", {"lab", "test"}, "-P -m course_tools.authoring build --check"),
        ("confirm 01:a b", {"lab", "test"}, "-P -m course_tools.authoring confirm 01:a b"),
        ("student-zip --torch cpu 山", {"lab", "test"}, "-P -m course_tools.student_edition 山"),
    ],
)  # fmt: skip
def test_tools_get_their_arguments(start, called, arguments, extras, words):
    assert start.main(arguments.split()) == 7
    assert called["extras"] == extras
    assert called["words"] == [str(start.venv_python()), *words.split()]
    assert called["torch"] == ("cpu" if "cpu" in arguments else "auto")


def test_lab(start, called):
    assert (
        start.main(["--lang", "zh-tw", "--no-browser", "--port", "8899", "--", "--ip=0.0.0.0"]) == 7
    )
    words = called["words"]
    assert called["extras"] == {"lab"}
    assert words[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={start.MY}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks/zh-tw/01_attention.ipynb" in words
    assert {"--no-browser", "--ServerApp.port=8899", "--ServerApp.port_retries=0"} <= set(words)
    assert words[-1] == "--ip=0.0.0.0"
    assert "notebooks/zh-tw/01_attention.ipynb" in texts(start)
    [option] = [word for word in words if "app_settings_dir" in word]
    overrides = Path(option.partition("=")[2]) / "overrides.json"
    settings = json.loads(overrides.read_text(encoding="utf-8"))
    assert settings["@jupyterlab/translation-extension:plugin"] == {"locale": "zh_TW"}
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    kernels = start.VENV / "etc" / "ipython" / "ipython_kernel_config.json"
    loaded = json.loads(kernels.read_text(encoding="utf-8"))["IPKernelApp"]["extensions"]
    assert (
        loaded == ["helpers.classroom.kernel"]
        and (ROOT / "src/helpers/classroom/kernel.py").is_file()
    )


def test_lab_opens_also_where_the_environment_cannot_be_written(start, called, monkeypatch):
    monkeypatch.setattr(start, "VENV", start.STAMP)  # a file is no folder
    start.STAMP.parent.mkdir(parents=True, exist_ok=True)
    start.STAMP.write_text("{}", encoding="utf-8")
    assert start.main(["--lang", "ja"]) == 7


@pytest.mark.parametrize("root", [True, False])
def test_lab_without_a_word_and_as_root(start, called, monkeypatch, root):
    monkeypatch.setattr(start, "is_root", lambda: root)
    assert start.main([]) == 7
    assert ("--allow-root" in called["words"]) == root
    assert "--no-browser" not in called["words"]
    assert not any("ServerApp.port" in word for word in called["words"])


def test_an_unknown_word_is_no_argument_of_jupyter(start, called, capsys):
    with pytest.raises(SystemExit) as end:
        start.main(["biuld"])
    assert end.value.code == 2
    assert "biuld" in capsys.readouterr().err
    assert not called


@pytest.mark.parametrize("words", ["build --compare", "run 01 --langs=ja", "confirm a:b -x"])
def test_an_unknown_option_of_a_tool_is_found_before_set_up(start, called, capsys, words):
    with pytest.raises(SystemExit) as end:
        start.main(words.split())
    assert end.value.code == 2
    assert f"{words.split()[0]} takes no -" in capsys.readouterr().err
    assert not called


def test_help_of_a_tool_explains_its_own_options_too(start, called, capsys, monkeypatch):
    assert start.main(["build", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--torch" in said and "After the first set-up" in said and not called
    monkeypatch.setattr(start, "venv_version", lambda: "3.11")
    assert start.main(["build", "--help"]) == 7
    assert called["words"][-3:] == ["course_tools.authoring", "build", "--help"]
    assert start.main(["test", "--help"]) == 0


@pytest.mark.parametrize("command", ["test", "build", "student-zip"])
def test_the_student_edition_says_what_it_has_not(start, called, capsys, command):
    shutil.rmtree(start.ROOT / "src/course_tools")
    assert start.main([command]) == 1
    assert capsys.readouterr().err.count("student edition") == 1
    assert not called


def test_children_see_this_tree_and_utf8(start, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    report = tmp_path / "seen.json"
    code = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    assert start.call([sys.executable, "-c", code, report], TRIAD_ALL="1") == 0
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


# --- test: the closing line -------------------------------------------------------------------

STAND_IN = """
def pytest_addoption(parser): parser.addoption("--nbval-lax", action="store_true")
"""
PASS = "def test_a(): pass\n"
MIXED = """
import pytest
@pytest.fixture
def broken(): raise OSError("in set-up")
@pytest.fixture
def late():
    yield
    raise OSError("in tear-down")
def test_good(): pass
def test_bad(): assert 0
def test_error(broken): pass
def test_late(late): pass
@pytest.mark.skip(reason="no")
def test_skip(): pass
@pytest.mark.xfail(reason="known")
def test_known(): assert 0
"""


@pytest.fixture
def quick(start, monkeypatch):
    """A course whose tests are real, and run fast; the arguments for it."""
    options = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\nmarkers = ["network"]\n'
    write(start.ROOT / "pyproject.toml", options)
    write(start.ROOT / "conftest.py", STAND_IN)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each costs half a second
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")
    monkeypatch.delenv("TRIAD_NETWORK", raising=False)
    monkeypatch.setattr(start, "venv_python", lambda: Path(sys.executable))
    monkeypatch.setattr(start, "set_up", lambda *_: None)
    return ["-n", "0", "-p", "no:cacheprovider"]


@pytest.mark.parametrize(
    ("source", "arguments", "line", "status"),
    [
        (PASS, [], "1 passed, 0 failed, 0 skipped", 0),
        (MIXED, [], "1 passed, 3 failed, 2 skipped", 1),
        ("import nothing_there\n", [], "0 passed, 1 failed, 0 skipped", 2),
        ("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n", [],
         "0 passed, 0 failed, 1 skipped", 5),
        (PASS, ["-k", "nothing"], "0 passed, 0 failed, 0 skipped", 5),
        ("import os\ndef test_a(): os._exit(3)\n", [], "0 passed, 1 failed, 0 skipped", 3),
        (PASS, ["absent.py"], "0 passed, 1 failed, 0 skipped", 4),
    ],
    ids=["pass", "mixed", "import", "all skipped", "none", "crash", "typo"],
)  # fmt: skip
def test_closing_line(start, quick, capfd, source, arguments, line, status):
    write(start.ROOT / "tests/test_it.py", source)
    assert start.main(["test", *quick, *arguments]) == status
    assert capfd.readouterr().out.splitlines()[-1] == line


def test_pytest_gets_its_arguments_offline(start, called):
    assert start.main(["test", "tests/test_a.py", "-k", "not b", "--all"]) == 7
    words = called["words"]
    assert words[1:4] == ["-m", "course_tools.offline", "--"]
    assert words[4:7] == [str(start.venv_python()), "-m", "pytest"]
    assert words[-3:] == ["tests/test_a.py", "-k", "not b"]
    assert "--nbval-lax" in words
    assert words[words.index("--dist") + 1] == "loadfile"
    assert 1 <= int(words[words.index("-n") + 1]) <= 4
    assert called["variables"] == {"TRIAD_ALL": "1"}
    assert called["cwd"] == start.ROOT


TWO_PARTS = """
import os, pytest
@pytest.mark.network
def test_fetch(): assert "TRIAD_NETWORK" not in os.environ and os.environ["TRIAD_ALL"]
@pytest.mark.network
def test_other(): assert 0
def test_long(): assert os.environ["TRIAD_ALL"]
"""


@pytest.mark.parametrize(
    ("source", "line", "status"),
    [
        (TWO_PARTS, "2 passed, 1 failed, 0 skipped", 1),
        (TWO_PARTS.replace("assert 0", "pass"), "3 passed, 0 failed, 0 skipped", 0),
        (PASS, "1 passed, 0 failed, 0 skipped", 0),
        ("import pytest\n@pytest.mark.network\ndef test_a(): pass\n",
         "1 passed, 0 failed, 0 skipped", 0),
        ("", "0 passed, 0 failed, 0 skipped", 5),
    ],
    ids=["network red", "both", "no network", "only network", "none"],
)  # fmt: skip
def test_all_adds_the_tests_that_need_a_network(start, quick, capfd, source, line, status):
    write(start.ROOT / "tests/test_it.py", source)
    assert start.main(["test", "--all", *quick]) == status
    assert capfd.readouterr().out.splitlines()[-1] == line


def test_an_interruption_ends_both_parts(start, called, monkeypatch):
    seen = []
    monkeypatch.setattr(start, "call", lambda command, **_: seen.append(command) or 2)
    assert start.main(["test", "--all"]) == 2
    assert len(seen) == 1


def test_an_old_report_is_not_read_again(start, called, tmp_path, capsys):
    write(tmp_path / "r.xml", "<testsuite><testcase/><testcase/></testsuite>")
    assert start.main(["test", f"--junitxml={tmp_path / 'r.xml'}"]) == 7
    assert capsys.readouterr().out.endswith("0 passed, 1 failed, 0 skipped\n")


@pytest.mark.parametrize(
    ("ci", "root", "chromium", "steps"),
    [("1", True, None, 3), ("1", True, "/x", 0), ("1", False, None, 0), ("", True, None, 0)],
)
def test_programs_only_under_ci_as_root(start, called, monkeypatch, ci, root, chromium, steps):
    seen = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.setattr(start, "is_root", lambda: root)
    programs = {"apt-get": "/apt-get", "chromium": chromium, "bwrap": chromium}
    monkeypatch.setattr(start.shutil, "which", programs.get)
    monkeypatch.setattr(start, "step", lambda title, command, **_: seen.append(command))
    start.main(["test"])
    assert len(seen) == steps
    assert all("/apt-get" in command[:3] for command in seen)


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
        "python", "pip", "pip:", "-c constraints.txt", "-e .[lab,test]",
    ]  # fmt: skip


# --- test: npm's packages ---------------------------------------------------------------------


@pytest.fixture
def npm(start, monkeypatch):
    """install_node with a pretended npm; gives the commands that it would run."""
    seen = []
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/{name}")
    monkeypatch.setattr(start, "step", lambda title, command: seen.append(command))
    return seen


def test_node_packages_are_those_of_the_lock_and_come_once(start, npm):
    install_node = start.install_node.args[0]
    install_node()
    install_node()
    [command] = npm
    assert command[:4] == ["/npm", "ci", "--prefix", start.VENV / "node"]
    assert "--ignore-scripts" in command
    assert (start.NODE / "package-lock.json").read_text(encoding="utf-8") == "locked"
    write(start.ROOT / "tools/node/package-lock.json", "a newer lock")
    install_node()
    assert len(npm) == 2


def test_node_is_tried_again_after_a_failure(start, npm, monkeypatch, capsys):
    def fail(title, command):
        npm.append(command)
        raise start.Failure("no network")

    monkeypatch.setattr(start, "step", fail)
    install_node = start.install_node.args[0]
    install_node()
    install_node()
    assert len(npm) == 2
    assert "no network" in capsys.readouterr().out


def test_node_without_npm_is_said_and_changes_nothing(start, capsys):
    start.install_node()
    assert "Node.js" in capsys.readouterr().out
    assert not start.NODE.exists()


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


@pytest.mark.parametrize("text", ["0", "99999", "-1", "abc", "８８８８８８"])
def test_a_port_that_is_none_is_refused(start, capsys, text):
    with pytest.raises(SystemExit):
        start.run(["lab", "--port", text])
    assert "is no port" in capsys.readouterr().err


def test_a_busy_port_is_named(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(start.Failure, match="in use"):
            start.require_free(taken.getsockname()[1])


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("setting", ["1\n", "0\n", None])
def test_under_ci_the_system_is_made_ready_to_isolate_student_code(
    start, monkeypatch, tmp_path, root, setting
):
    """GitHub's Ubuntu has a browser and sudo, no bubblewrap, and restricts user namespaces."""
    calls, there = [], {"google-chrome", "apt-get", "sudo"}
    if setting:
        write(tmp_path / "proc/restricted", setting)
    monkeypatch.setattr(start, "RESTRICTED", tmp_path / "proc/restricted")
    monkeypatch.setattr(start, "step", lambda title, command: calls.append(command))
    monkeypatch.setattr(start, "is_root", lambda: root)
    monkeypatch.setattr(start.sys, "platform", "linux")
    monkeypatch.setattr(start.shutil, "which", lambda name: name if name in there else None)
    start.prepare_system()
    assert [command[:2] == ["sudo", "-n"] for command in calls] == [not root] * len(calls)
    words = [" ".join(command) for command in calls]
    assert any("install" in w and "bubblewrap" in w for w in words)
    assert not [w for w in words if "chromium" in w]
    assert ("sysctl -w kernel.restricted=0" in words[-1]) is (setting == "1\n")


def test_without_sudo_nothing_of_the_system_is_touched(start, monkeypatch):
    monkeypatch.setattr(start, "step", lambda *_: pytest.fail("ran something"))
    monkeypatch.setattr(start, "is_root", lambda: False)
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    start.prepare_system()
