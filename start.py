"""Set up, open and check the course "Transformer triad".   python start.py [COMMAND] …   (--help)

Standard library only. The grammar is Python 3.8's, so that an old Python can say what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import io
import itertools
import json
import locale
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
NODE = VENV / "node"  # what the tests use of npm's packages
STAMP = VENV / "set-up.json"  # written last: a set-up that did not end leaves none
MY = ROOT / "my"
DELIVERED = MY / ".versions.json"
GIB_NEEDED = 2
HEARTBEAT_S = 15
# PyTorch's public index of CPU builds: an option that is probed first, never required
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
# what the tests use of the system's, by any of these names, and the packages that bring it: a
# browser, and the outer wall around student code
PROGRAMS = {
    ("chromium", "chromium-browser", "google-chrome", "chrome"): ["chromium", "fonts-noto-cjk"],
    ("bwrap",): ["bubblewrap"],
}
# Ubuntu 24.04 keeps user namespaces, which isolate student code, from what has no AppArmor profile
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


class Failure(Exception):
    """What went wrong and what to do, in words for the person at the keyboard."""


VENV_HINT = (
    "This Python cannot make virtual environments (module venv or ensurepip is missing). On Debian "
    f"or Ubuntu: sudo apt install python3.{sys.version_info[1]}-venv. Else install python.org's."
)
CAUSES = {  # what the system, venv or pip writes -> what to do
    r"Errno 28|No space left|WinError 112|not enough space": "The disk is full (look at "
    f"{tempfile.gettempdir()} too): make room, then run the same command again.",
    r"Errno (1|13|30)\b|Permission denied|Read-only file system|WinError 5\b": "Writing is not "
    "allowed: put the course into a folder of your own, then run the same command again.",
    r"ensurepip is not available|No module named '?ensurepip": VENV_HINT,
    r"NewConnectionError|NameResolutionError|getaddrinfo failed|Max retries exceeded|Retrying \("
    r"|(Connect|Read)Timeout|ProxyError|[Nn]ame or service not known|Network is unreachable": "No "
    "network: pip cannot reach the package index. Set-up needs it once. Check connection or proxy, "
    "then run the same command again.",
    r"EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED": "npm cannot reach its registry: check "
    "connection or proxy, then run the same command again.",
    r"No matching distribution found for torch": "PyTorch has no package for this system and "
    "Python (it has some for Linux, Windows on x86-64, macOS 14 on Apple silicon). Use Colab.",
}


def remedy(text: str) -> str:
    general = "Run it again; if it stays, delete .venv and run it again (my/ is not touched)."
    return next((words for cause, words in CAUSES.items() if re.search(cause, text)), general)


# --- other programs ---------------------------------------------------------------------------


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextlib.contextmanager
def running(command: list, **options) -> Iterator[subprocess.Popen]:
    """A child that never outlives this process."""
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def call(command: list, cwd: Path | None = None, **variables: str) -> int:
    """Exit status of COMMAND in the foreground, with this tree's helpers and .venv's programs."""
    path = os.pathsep.join([str(venv_python().parent), os.environ.get("PATH", "")])
    ours = {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
    ours["JUPYTER_PREFER_ENV_PATH"] = "1"
    ours["TRIAD_NODE"] = str(NODE)
    with running(command, cwd=cwd, env={**os.environ, **ours, "PATH": path, **variables}) as child:
        try:
            status = child.wait()
        except KeyboardInterrupt:  # the terminal told the child too: let it end by itself
            try:
                status = child.wait(20)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                status = 130
    return status if status >= 0 else 128 - status


def step(title: str, command: list, **variables: str) -> None:
    """Run COMMAND with signs of life (on a terminal its own); Failure shows the log's end."""
    print(title, "…")
    terminal, started = sys.stdout.isatty(), time.monotonic()
    env = {**os.environ, "PYTHONUTF8": "1", **variables}
    env.pop("PYTHONPATH", None)  # what lies there would look installed to pip
    with tempfile.TemporaryFile() as log:
        out = None if terminal else log
        with running(command, cwd=ROOT, env=env, stdout=out, stderr=log) as child:
            while waiting(child):
                if not terminal:
                    print(f"  … still at it, {time.monotonic() - started:.0f} s")
        if child.returncode:
            log.seek(0)
            text = log.read().decode("utf-8", "replace")
            end = "".join(f"  | {line}\n" for line in text.strip().splitlines()[-12:])
            raise Failure(f"{end}{title}: failed. {remedy(text)}")
    print(f"  done, {time.monotonic() - started:.0f} s")


def waiting(child: subprocess.Popen) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(HEARTBEAT_S)
    return child.poll() is None


# --- set-up -----------------------------------------------------------------------------------


def set_up(extras: set[str], torch: str = "auto") -> None:
    """Make .venv hold the course with EXTRAS; where its stamp says that it does, do nothing."""
    version, stamp = venv_version(), read_json(STAMP)
    have = set(stamp.get("extras", []))
    if not (version and extras <= have and stamp.get("hash") == fingerprint(version)):
        check_machine()
        STAMP.unlink(missing_ok=True)
        if not version:
            make_venv()
        install(extras | have, torch)
        stamp = {"hash": fingerprint(venv_version()), "extras": sorted(extras | have)}
        write_json(STAMP, stamp)
    kind = {"cpu": True, "cuda": False}.get(torch)
    if sys.platform == "linux" and kind not in (None, "+cpu" in (installed_torch() or "")):
        print(f"torch {installed_torch()} is there and is kept; delete .venv to get another build.")


def venv_version() -> str | None:
    """Version of .venv's Python; None where there is none that runs and has pip."""
    probe = "import pip, sys; print(*sys.version_info[:3], sep='.')"
    try:
        done = subprocess.run([venv_python(), "-I", "-c", probe], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.decode().strip()


def fingerprint(version: str | None) -> str:
    """Of what pip reads: not of comments, nor of the [tool] tables, which `publish` writes."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\n[tool.")[0]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [re.sub(r"(^|\s)#.*", "", line) for line in (project + constraints).splitlines()]
    parts = [*filter(str.strip, lines), str(version)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def check_machine() -> None:
    """Failure (or OSError, for a read-only folder) before anything is changed."""
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise Failure(
            "PyTorch has no packages for this Python: it is one for Intel Macs, and those ended "
            "with PyTorch 2.2. On an Apple-silicon Mac install the arm64 Python; on an Intel Mac "
            "use Google Colab or another computer."
        )
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Failure(VENV_HINT)
    with tempfile.TemporaryFile(dir=ROOT):
        pass
    free = shutil.disk_usage(ROOT).free / 2**30
    if free < GIB_NEEDED and not installed_torch():
        raise Failure(
            f"Only {free:.1f} GiB are free where the course lies ({ROOT}); set-up needs about "
            f"{GIB_NEEDED} GiB. Make room, then run the same command again."
        )


def make_venv() -> None:
    if VENV.is_symlink():  # another tree's: leave its content alone
        VENV.unlink()
    elif VENV.exists():
        print(".venv does not work: it is made anew.")
    step("Making .venv", [sys.executable, "-m", "venv", "--clear", VENV])


def install(extras: set[str], torch: str) -> None:
    for info in site_packages("*.dist-info"):
        if not (info / "INSTALLER").exists():  # pip writes it last: here it was interrupted,
            shutil.rmtree(info)  # and would take the half package for a whole one
    names = ",".join(sorted(extras))
    pip = [venv_python(), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    course = ["-c", "constraints.txt", "-e", f".[{names}]", *torch_index(torch)]
    step(f"Installing the course [{names}], minutes the first time", [*pip, *course])


def site_packages(pattern: str) -> list[Path]:
    folders = [*VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages"]
    return [path for folder in folders for path in folder.glob(pattern)]


def installed_torch() -> str | None:
    """Version and build (2.13.0+cpu) of .venv's torch, if it is the one that is pinned."""
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pin = re.search(r"^torch==([^\s+]+)", constraints, re.MULTILINE)
    versions = [path.name[6 : -len(".dist-info")] for path in site_packages("torch-*.dist-info")]
    return next((v for v in versions if pin and v.split("+")[0] == pin.group(1)), None)


def torch_index(choice: str) -> list[str]:
    """pip's options for the smaller CPU build: on Linux, where it is wanted and within reach."""
    wanted = choice == "cpu" or (choice == "auto" and not has_nvidia())
    if sys.platform != "linux" or not wanted or installed_torch():
        return []
    if reachable(CPU_WHEELS + "/torch/"):
        return ["--extra-index-url", CPU_WHEELS]
    print("PyTorch's index of CPU builds is out of reach: pip's configuration chooses the build.")
    return []


def has_nvidia() -> bool:
    folders = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")
    driver = [Path("/proc/driver/nvidia"), Path("/usr/lib/wsl/lib/libcuda.so.1")]
    driver += [Path(folder, "libcuda.so.1") for folder in folders]
    return bool(shutil.which("nvidia-smi")) or any(path.exists() for path in driver)


def reachable(url: str, seconds: float = 3) -> bool:
    """True if URL opens in time; in a child, because looking up a name knows no time limit."""
    probe = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).close()"
    command = [sys.executable, "-c", probe, url]
    with contextlib.suppress(subprocess.TimeoutExpired):
        return not subprocess.run(command, capture_output=True, timeout=seconds).returncode
    return False


# --- files that are read again the next time --------------------------------------------------


def read_json(path: Path) -> dict:
    """The object in PATH; {} where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: dict) -> None:
    write_whole(path, json.dumps(value, indent=1, sort_keys=True).encode())


def write_whole(path: Path, data: bytes) -> None:
    """An interruption leaves no half file of this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)


# --- lab --------------------------------------------------------------------------------------


def default_language() -> str:
    names = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    if sys.platform == "win32":
        import ctypes

        ui = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        names.append(locale.windows_locale.get(ui))
    return language_of(next(filter(None, names), ""))


def languages() -> dict[str, dict]:
    """What src/helpers/language/languages.toml declares, in its order."""
    import tomllib  # not above: a Python without it has to come as far as its message

    return tomllib.loads((ROOT / "src/helpers/language/languages.toml").read_text(encoding="utf-8"))


def language_of(locale_name: str) -> str:
    """The complete language of a system with this locale, else the first one."""
    name = locale_name.replace("-", "_").lower()
    complete = {x: entry for x, entry in languages().items() if not entry.get("draft")}
    spoken = (x for x, entry in complete.items() if name.startswith(tuple(entry["systems"])))
    return next(spoken, next(iter(complete)))


def course_files(lang: str) -> list[Path]:
    """Lessons and sheets of LANG, relative to the course's folder."""
    found = [*ROOT.glob(f"notebooks/{lang}/*.ipynb"), *ROOT.glob(f"exercises/{lang}/**/*")]
    names = (path.relative_to(ROOT) for path in found if path.is_file())
    return sorted(name for name in names if ".ipynb_checkpoints" not in name.parts)


def deliver(lang: str) -> None:
    """Copy into my/ what is absent there. What was delivered is kept, so news come only once."""
    delivered = read_json(DELIVERED)
    for name in course_files(lang):
        data = (ROOT / name).read_bytes()
        version = hashlib.sha256(data).hexdigest()
        if delivered.get(name.as_posix()) != version or not (MY / name).exists():
            deliver_file(MY / name, data)
            delivered[name.as_posix()] = version
            write_json(DELIVERED, delivered)


def deliver_file(target: Path, data: bytes) -> None:
    """Never overwrites: to another version in TARGET's place, DATA is put beside."""
    names = names_beside(target)
    there = list(itertools.takewhile(Path.exists, names))
    if data in [path.read_bytes() for path in there]:
        return
    free = names_beside(target)[len(there)]
    write_whole(free, data)
    print("A newer version, beside yours:" if there else "New:", free.relative_to(ROOT).as_posix())


def names_beside(target: Path) -> list[Path]:
    """NAME.ipynb, NAME.new.ipynb, NAME.new2.ipynb, …"""
    marks = ["", ".new", *(f".new{n}" for n in range(2, 1000))]
    return [target.with_name(target.stem + mark + target.suffix) for mark in marks]


def lab_settings(lang: str) -> Path:
    """A folder of JupyterLab defaults; the user's own settings stay as they are, and win."""
    folder = MY / ".lab-settings" / lang
    news = {"fetchNews": "false", "checkForUpdates": False}
    settings = {
        "@jupyterlab/translation-extension:plugin": {"locale": languages()[lang]["jupyterlab"]},
        "@jupyterlab/apputils-extension:notification": news,
    }
    write_json(folder / "overrides.json", settings)
    return folder


def prepare_kernels() -> None:
    """In a new kernel, a cell that needs a forgotten one says so in the student's language."""
    extensions = {"IPKernelApp": {"extensions": ["helpers.classroom.kernel"]}}
    with contextlib.suppress(OSError):  # somebody else's .venv: helpers.begin does it later
        write_json(VENV / "etc" / "ipython" / "ipython_kernel_config.json", extensions)


def lab(options: argparse.Namespace, rest: list[str]) -> int:
    lang = options.lang or default_language()
    deliver(lang)
    prepare_kernels()
    lessons = [name for name in course_files(lang) if name.parts[0] == "notebooks"]
    first = "".join("/tree/" + urllib.parse.quote(name.as_posix()) for name in lessons[:1])
    flags = [f"--ServerApp.root_dir={MY}", f"--LabApp.app_settings_dir={lab_settings(lang)}"]
    flags += [f"--LabApp.default_url=/lab{first}", "--LabApp.news_url=None"]
    flags += ["--ServerApp.answer_yes=True"]  # one Ctrl-C is enough
    flags += ["--no-browser"] if options.no_browser else []
    if options.port:
        require_free(options.port)
        flags += [f"--ServerApp.port={options.port}", "--ServerApp.port_retries=0"]
    flags += ["--allow-root"] if is_root() else []
    print("JupyterLab starts; your files are in my/. Ctrl-C here ends it.")
    return call([venv_python(), "-m", "jupyterlab", *flags, *rest], cwd=MY)


def require_free(number: int) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", number)) == 0:
            raise Failure(f"Port {number} is in use: end what runs there, or name another --port.")


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


# --- test and the other tools -----------------------------------------------------------------


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """pytest's exit status; not 0 either where no test ran. Default paths: pyproject.toml.

    The network is closed, but for the tests marked `network`: --all runs them first, on their own.
    """
    if os.environ.get("CI"):
        prepare_system()
    install_node()
    offline = [venv_python(), "-m", "course_tools.offline", "--"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(options.junitxml or Path(folder, "report.xml")).resolve()
        if options.all:
            beside = report.with_suffix(".network.xml")
            parts = [pytest([], beside, ["-m", "network", *rest], TRIAD_ALL="1")]
            if parts[0].status not in (2, 130):  # interrupted, or a file of tests is broken
                closed = ["-m", "not network", *rest]
                parts.append(pytest(offline, report, closed, TRIAD_ALL="1"))
        else:
            parts = [pytest(offline, report, rest)]
    passed, failed = sum(part.passed for part in parts), sum(part.failed for part in parts)
    skipped = sum(part.skipped for part in parts)
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")  # alone on its line
    wrong = [part.status for part in parts if part.status not in (0, 5)]  # 5: no test there
    return wrong[0] if wrong else (0 if passed + failed else 5)


class Tests(NamedTuple):
    """What one call of pytest gave."""

    status: int
    passed: int
    failed: int
    skipped: int


def pytest(before: list, report: Path, arguments: list[str], **variables: str) -> Tests:
    report.unlink(missing_ok=True)
    command = [*before, venv_python(), "-m", "pytest", "--nbval-lax", f"--junitxml={report}"]
    parallel = ["-n", min(4, os.cpu_count() or 1), "--dist", "loadfile"]
    status = call([*command, *parallel, *arguments], cwd=ROOT, **variables)
    passed, failed, skipped = counts(report)
    if status not in (0, 5) and not failed:
        failed = 1  # pytest itself did not end well: a last line without failure would be untrue
    return Tests(status, passed, failed, skipped)


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed (or in error) and skipped tests of a JUnit report; zeros where none is."""
    try:
        tests = ElementTree.parse(report).iter("testcase")
        cases = [{child.tag for child in case} for case in tests]
    except (OSError, ElementTree.ParseError):
        return 0, 0, 0
    failed = sum(not case.isdisjoint({"failure", "error"}) for case in cases)
    skipped = sum(case.isdisjoint({"failure", "error"}) and "skipped" in case for case in cases)
    return len(cases) - failed - skipped, failed, skipped


def prepare_system() -> None:
    """For the tests, under CI only: a person's machine gets nothing outside .venv."""
    sudo = [] if is_root() else [shutil.which("sudo"), "-n"]
    if sys.platform != "linux" or None in sudo:
        return
    missing = {names[0]: PROGRAMS[names] for names in PROGRAMS if not any(map(shutil.which, names))}
    steps = {}
    if apt := missing and shutil.which("apt-get"):
        steps[f"CI without {' and '.join(missing)}: apt-get update"] = [apt, "update"]
        install = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "install", "-y"]
        for name, packages in missing.items():
            steps[f"apt-get install {name}"] = [*install, "--no-install-recommends", *packages]
    if RESTRICTED.is_file() and RESTRICTED.read_text(encoding="ascii").strip() != "0":
        setting = f"kernel.{RESTRICTED.name}=0"
        steps["CI: user namespaces for everybody, until the next start"] = ["sysctl", "-w", setting]
    for title, command in steps.items():
        try:
            step(title, [*sudo, *command])
        except Failure as failure:
            print(failure)


def install_node() -> None:
    """textlint and axe-core in .venv/node.  Without them their tests skip, and under CI fail."""
    source, stamp = ROOT / "tools" / "node", NODE / "installed"  # the stamp is written last
    lock = (source / "package-lock.json").read_bytes()
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    npm = shutil.which("npm")
    if not npm:
        print("npm is not there (it comes with Node.js, 20.18 or newer): what needs it is skipped.")
        return
    NODE.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(source / name, NODE / name)
    command = [npm, "ci", "--prefix", NODE, "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        step("npm ci: textlint, axe-core", command)
        stamp.write_bytes(lock)
    except Failure as failure:
        print(failure)


def tool(*module: str) -> Callable[[argparse.Namespace, list[str]], int]:
    # -P: nothing in the caller's folder, which stays the working folder, is taken for a module
    return lambda options, rest: call([venv_python(), "-P", "-m", *module, *rest])


class Command(NamedTuple):
    run: Callable[[argparse.Namespace, list[str]], int]
    authors: bool  # needs what the student edition leaves out
    arguments: str  # passed on to the tool
    help: str


COMMANDS = {
    "lab": Command(lab, False, "[-- JUPYTER'S ARGUMENTS]",
                   "open the course in JupyterLab (also without any command)"),
    "test": Command(test, True, "[PYTEST'S ARGUMENTS]", "run the tests"),
    "run": Command(tool("helpers.launch.runner"), False, "[NAME ...] [--lang LANGUAGE] [--list]"
                   " [--record FOLDER]",
                   "run lessons, without a browser, or experiments; exit 1 if one fails"),
    "build": Command(tool("course_tools.authoring", "build"), True, "[--check]",
                     "notebooks, sheets, solutions, data from lessons/; --check only compares"),
    "confirm": Command(tool("course_tools.authoring", "confirm"), True, "LESSON:KEY ...",
                       "say that you have read these pairs of texts in both languages"),
    "translate": Command(tool("course_tools.authoring", "translate"), True,
                         "LANGUAGE LESSON ...|shared",
                         "make places for the texts of a language that is a draft"),
    "publish": Command(tool("course_tools.publish"), True, "[--students URL] [--repository URL]",
                       "set the course's addresses, for Colab and the READMEs, and build"),
    "student-zip": Command(tool("course_tools.student_edition"), True, "OUT.zip [--force]",
                           "write the student edition"),
    "release": Command(tool("course_tools.grading.release"), True,
                       "[--lang LANGUAGE] [--lesson NN_NAME] [--courses FOLDER]",
                       "put sheets into nbgrader's course folders: courses/LANGUAGE"),
    "grade": Command(tool("course_tools.grading"), True,
                     "SUBMISSIONS --lesson NN_NAME --lang LANGUAGE --out OUT [--jobs N]"
                     " [--seconds S] [--courses FOLDER] [--unsafe]",
                     "grade a class: a table, feedback for each student, a report"),
    "mark": Command(tool("course_tools.grading.mark"), True,
                    "--lang LANGUAGE [--courses FOLDER] [--no-browser] [--port N]",
                    "open nbgrader's formgrader, where essays are marked"),
    "bench": Command(tool("course_tools.bench"), True, "[--set-up] [--junitxml FILE] [--note TEXT]",
                     "measure build, tests, first figure, answers: benchmarks/RESULTS.md"),
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="start.py",
        description="The course Transformer triad: set it up, open it, check it.",
        epilog="Each command first sets up .venv where needed. All are safe to run again.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, _, arguments, words) in COMMANDS.items():
        usage = f"start.py {name} [OPTIONS] {arguments}"
        one = commands.add_parser(
            name, help=words, description=words, usage=usage, allow_abbrev=False
        )
        one.add_argument(
            "--torch", choices=("auto", "cpu", "cuda", "keep"), default="auto",
            help="Linux, first set-up: which build; auto: CUDA if there is an NVIDIA driver, else "
            "CPU where its index is in reach; keep: as pip is configured",
        )  # fmt: skip
        if name == "lab":
            one.add_argument(
                "--lang", choices=languages(), help="default: the system's, else the first of these"
            )
            one.add_argument("--no-browser", action="store_true", help="only print the address")
            one.add_argument("--port", type=port, help="this port and no other")
        if name == "test":
            one.add_argument("--all", action="store_true", help="the long tests too")
            one.add_argument("--junitxml", "--junit-xml", metavar="FILE", help="keep the report")
    return top


def port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def run(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in {*COMMANDS, "-h", "--help"}:
        arguments = ["lab", *arguments]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    top = parser()
    if {"-h", "--help"} & set(arguments[1:end]):
        return explain(arguments[0])
    options, unknown = top.parse_known_args(arguments[:end])
    if options.command == "lab" and unknown:
        top.error(f"unknown: {' '.join(unknown)} (commands: {', '.join(COMMANDS)})")
    command = COMMANDS[options.command]
    known = re.findall(r"--[\w-]+", command.arguments)
    strange = [w for w in unknown if w.startswith("-") and w.split("=")[0] not in known]
    if strange and command.run not in (lab, test):
        top.error(f"{options.command} takes no {strange[0]}: {command.arguments}")
    if command.authors and not (ROOT / "src" / "course_tools").is_dir():
        raise Failure(f"{options.command} is not in the student edition (no src/course_tools).")
    set_up({"lab", "test"} if command.authors else {"lab"}, options.torch)
    return command.run(options, [*unknown, *arguments[end + 1 :]])


def explain(name: str) -> int:
    """The command's help, and, of a tool, its own: that needs the course to be set up."""
    with contextlib.suppress(SystemExit):
        parser().parse_args([name, "--help"])
    if COMMANDS[name].run in (lab, test):
        return 0
    if not venv_version():
        print("\nAfter the first set-up (python start.py) this also explains the other options.")
        return 0
    print(flush=True)
    return COMMANDS[name].run(argparse.Namespace(), ["--help"])


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM:
        this = platform.python_version()
        needs = f"The course needs Python 3.11 or newer; this is Python {this} ({sys.executable})."
        print(needs, file=sys.stderr)
        return 1
    for stream in (sys.stdout, sys.stderr):  # a console of another code page shows "?"
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that running() ends the child
    try:
        return run(arguments)
    except Failure as failure:
        print(failure, file=sys.stderr)
    except OSError as error:
        print(f"{error}. {remedy(str(error))}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
