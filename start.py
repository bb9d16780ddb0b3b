"""Set up the course "Transformer triad", and hand on.   python start.py [COMMAND] …   (--help)

Standard library only. The grammar is Python 3.8's, so that an old Python can say what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import importlib.util
import io
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
NODE = VENV / "node"  # what the tests use of npm's packages
STAMP = VENV / "set-up.json"  # written last: a set-up that did not end leaves none
GIB_NEEDED = 2
HEARTBEAT_S = 15
END_S = 20  # for a child's own way out, on a busy machine
# PyTorch's public index of CPU builds: an option that is probed first, never required
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"


class Failure(Exception):
    """An error whose message says what went wrong and what to do."""


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
    r"No matching distribution found for torch": "PyTorch has no package for this system and "
    "Python (it has some for Linux, Windows on x86-64, macOS 14 on Apple silicon). Use Colab.",
}


def remedy(text: str) -> str:
    """Return what to do about a failure whose log says TEXT."""
    general = "Run it again; if it stays, delete .venv and run it again (my/ is not touched)."
    return next((words for cause, words in CAUSES.items() if re.search(cause, text)), general)


# --- other programs ---------------------------------------------------------------------------


def venv_python() -> Path:
    """Return the path of .venv's Python, which may not be there yet."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextlib.contextmanager
def running(command: list, **options) -> Iterator[subprocess.Popen]:
    """Start a child that never outlives this process, at whatever moment a signal comes."""
    process = None
    try:
        with kept_back():
            process = subprocess.Popen([str(word) for word in command], **options)
        yield process
    finally:
        if process:
            end(process)


@contextlib.contextmanager
def kept_back() -> Iterator[None]:
    """Let signals wait for the end of the block: the child that starts in it has to be known."""
    came = []
    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    handlers = {number: signal.getsignal(number) for number in numbers}
    raising = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in raising:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def end(process: subprocess.Popen) -> None:
    """End the child in order, and at once where it does not listen, or a signal comes again."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(END_S)
    except BaseException as reason:
        process.kill()
        process.wait()
        if not isinstance(reason, subprocess.TimeoutExpired):
            raise


def call(command: list) -> int:
    """Run COMMAND in the foreground, with this tree's helpers and .venv's programs; its status."""
    path = os.pathsep.join([str(venv_python().parent), os.environ.get("PATH", "")])
    ours = {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
    ours.update(JUPYTER_PREFER_ENV_PATH="1", TRIAD_NODE=str(NODE), PATH=path)
    with running(command, env={**os.environ, **ours}) as child:
        try:
            while waiting(child):
                pass
            status = child.returncode
        except KeyboardInterrupt:  # the terminal told the child too: let it end by itself
            try:
                status = child.wait(END_S) or 130
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                status = 130
    return status if status >= 0 else 128 - status


def step(title: str, command: list) -> None:
    """Run COMMAND with signs of life (on a terminal its own); Failure shows the log's end."""
    print(title, "…")
    terminal, started = sys.stdout.isatty(), time.monotonic()
    env = {**os.environ, "PYTHONUTF8": "1"}
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
    """Wait for the child as long as a sign of life takes; True if it still runs."""
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
        STAMP.write_text(json.dumps(stamp), encoding="utf-8")  # half a file is none
    build = "cpu" if "+cpu" in (installed_torch() or "") else "cuda"
    if sys.platform == "linux" and torch in {"cpu", "cuda"} - {build}:
        print(f"torch {installed_torch()} is there and is kept; delete .venv to get another build.")


def venv_version() -> str | None:
    """Return version of .venv's Python; None where there is none that runs and has pip."""
    probe = "import pip, sys; print(*sys.version_info[:3], sep='.')"
    try:
        done = subprocess.run([venv_python(), "-I", "-c", probe], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.decode().strip()


def fingerprint(version: str | None) -> str:
    """Hash what pip reads: not comments, nor the [tool] tables, which `publish` writes."""
    project = text_of("pyproject.toml").split("\n[tool.")[0]
    lines = (project + text_of("constraints.txt")).splitlines()
    said = [re.sub(r"(^|\s)#.*", "", line) for line in lines]
    parts = [*filter(str.strip, said), str(version)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def text_of(name: str) -> str:
    """Return the text of one of the course's own files."""
    return (ROOT / name).read_text(encoding="utf-8")


def check_machine() -> None:
    """Raise Failure (or OSError, for a read-only folder) before anything is changed."""
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
    """Make .venv anew, without touching another tree's that a link leads to."""
    if VENV.is_symlink():  # another tree's: leave its content alone
        VENV.unlink()
    elif VENV.exists():
        print(".venv does not work: it is made anew.")
    step("Making .venv", [sys.executable, "-m", "venv", "--clear", VENV])


def install(extras: set[str], torch: str) -> None:
    """Install the course with EXTRAS into .venv, after removing what an interruption left half."""
    for info in site_packages("*.dist-info"):
        if not (info / "INSTALLER").exists():  # pip writes it last: here it was interrupted,
            shutil.rmtree(info)  # and would take the half package for a whole one
    names = ",".join(sorted(extras))
    pip = [venv_python(), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    course = ["-c", "constraints.txt", "-e", f".[{names}]", *torch_index(torch)]
    step(f"Installing the course [{names}], minutes the first time", [*pip, *course])


def site_packages(pattern: str) -> list[Path]:
    """Return the paths in .venv's site-packages that match PATTERN."""
    folders = [*VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages"]
    return [path for folder in folders for path in folder.glob(pattern)]


def installed_torch() -> str | None:
    """Return version and build (2.13.0+cpu) of .venv's torch, if it is the pinned one."""
    pin = re.search(r"^torch==([^\s+]+)", text_of("constraints.txt"), re.MULTILINE)
    versions = [path.name[6 : -len(".dist-info")] for path in site_packages("torch-*.dist-info")]
    return next((v for v in versions if pin and v.split("+")[0] == pin.group(1)), None)


def torch_index(choice: str) -> list[str]:
    """Return pip's options for the smaller CPU build: on Linux, where it is wanted and in reach."""
    wanted = choice == "cpu" or (choice == "auto" and not has_nvidia())
    if sys.platform != "linux" or not wanted or installed_torch():
        return []
    if reachable(CPU_WHEELS + "/torch/"):
        return ["--extra-index-url", CPU_WHEELS]
    print("PyTorch's index of CPU builds is out of reach: pip's configuration chooses the build.")
    return []


def has_nvidia() -> bool:
    """Tell whether this machine has an NVIDIA driver."""
    driver = ["/proc/driver/nvidia", "/usr/lib/wsl/lib/libcuda.so.1", "/usr/lib64/libcuda.so.1"]
    driver += [f"/usr/lib/{cpu}-linux-gnu/libcuda.so.1" for cpu in ("x86_64", "aarch64")]
    return bool(shutil.which("nvidia-smi")) or any(map(os.path.exists, driver))


def reachable(url: str, seconds: float = 3) -> bool:
    """Tell whether URL opens in time; in a child, because a look-up of a name has no time limit."""
    probe = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).close()"
    command = [sys.executable, "-c", probe, url]
    with contextlib.suppress(subprocess.TimeoutExpired):
        return not subprocess.run(command, capture_output=True, timeout=seconds).returncode
    return False


def read_json(path: Path) -> dict:
    """Return the object in PATH; {} where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


# --- commands ---------------------------------------------------------------------------------


class Command(NamedTuple):
    """A tool of the course: its module, with the first of its arguments where they are fixed."""

    tool: str
    help: str
    more: tuple = ()  # extras beside those of its package

    @property
    def is_there(self) -> bool:
        """The student edition leaves course_tools out."""
        return (ROOT / "src" / self.tool.partition(".")[0]).is_dir()

    @property
    def extras(self) -> set[str]:
        """The extras of pyproject.toml that the tool needs."""
        own = {"lab"} if self.tool.startswith("helpers.") else {"lab", "test"}
        return own.union(self.more)


@functools.lru_cache
def commands() -> dict[str, Command]:
    """Return every command, out of pyproject.toml; Failure where that is damaged."""
    import tomllib  # not in the Python that is too old, to which main() says so

    try:
        rows = tomllib.loads(text_of("pyproject.toml"))["tool"]["triad"]["commands"].items()
        return {name: Command(tool, line, tuple(more)) for name, (tool, line, *more) in rows}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Failure(f"pyproject.toml is damaged ({error!r}): take the course's again.") from error


def offered() -> dict[str, Command]:
    """Return the commands that this edition of the course has."""
    return {name: command for name, command in commands().items() if command.is_there}


def parser() -> argparse.ArgumentParser:
    """Make the parser of what start.py itself reads; each command reads the rest."""
    lines = [f"  {name:<12} {command.help}" for name, command in offered().items()]
    top = argparse.ArgumentParser(
        "start.py",
        usage="start.py [COMMAND] [--torch BUILD] [ARGUMENTS OF THE COMMAND]",
        description="The course Transformer triad: set it up, open it, check it.\n\ncommands:\n"
        + "\n".join(lines),
        epilog="COMMAND --help shows the options of a command, once the course is set up.\n"
        "Each command first sets up .venv where needed. All are safe to run again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    top.add_argument(
        "--torch", choices=("auto", "cpu", "cuda", "keep"), default="auto",
        help="Linux, first set-up: which build; auto: CUDA if there is an NVIDIA driver, else "
        "CPU where its index is in reach; keep: as pip is configured",
    )  # fmt: skip
    return top


def chosen(name: str) -> Command:
    """Return the command of this name; end with the reason where there is none."""
    if name not in commands():
        parser().error(f"no command {name} (commands: {', '.join(offered())})")
    if not commands()[name].is_there:
        raise Failure(f"{name} is not in the student edition (no src/course_tools).")
    return commands()[name]


def run(arguments: list[str]) -> int:
    """Set up the course and run a command, JupyterLab where none is named; its exit status."""
    if arguments[:1] in (["-h"], ["--help"]):
        parser().print_help()
        return 0
    named = bool(arguments) and not arguments[0].startswith("-")
    name, *words = arguments if named else ["lab", *arguments]
    command, end = chosen(name), words.index("--") if "--" in words else len(words)
    options, rest = parser().parse_known_args(words[:end])
    if not {"-h", "--help"} & set(rest):
        set_up(command.extras, options.torch)
    elif not venv_version():
        parser().print_help()
        print(f"\nAfter the first set-up (python start.py) {name} --help shows its options.")
        return 0
    # -P: nothing in the caller's folder, which stays the working folder, is taken for a module
    return call([venv_python(), "-P", "-m", *command.tool.split(), *rest, *words[end:]])


def stop(*_: object) -> None:
    """End this process in order; SIGTERM once more does not disturb that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def main(arguments: list[str]) -> int:
    """Run the words of the command line on a machine that can run the course; the exit status."""
    if sys.version_info < MINIMUM:
        this = platform.python_version()
        needs = f"The course needs Python 3.11 or newer; this is Python {this} ({sys.executable})."
        print(needs, file=sys.stderr)
        return 1
    for stream in (sys.stdout, sys.stderr):  # a console of another code page shows "?"
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    signal.signal(signal.SIGTERM, stop)  # so that running() ends the child
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
