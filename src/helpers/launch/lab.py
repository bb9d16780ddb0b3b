"""Open the course in JupyterLab: python -m helpers.launch.lab = start.py lab

The lessons and sheets of one language are copied into my/, where nothing is ever overwritten.
Arguments after -- are JupyterLab's.
"""

import argparse
import errno
import os
import socket
import sys
import urllib.parse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .. import stopping
from ..language import say
from .delivery import course_files, deliver, write_json

ROOT = Path(__file__).resolve().parents[3]
AGAIN = "then run the same command again."
CAUSES = {  # what the system says -> what to do
    errno.ENOSPC: f"The disk is full: make room, {AGAIN}",
    **dict.fromkeys(
        (errno.EPERM, errno.EACCES, errno.EROFS),
        f"Writing is not allowed: put the course into a folder of your own, {AGAIN}",
    ),
}

OTHER = "Run it again; if it stays, delete .venv and run it again (my/ is not touched)."


class CannotOpen(Exception):
    """JupyterLab was not started; the message says why and what to do."""


def main(argv: Sequence[str]) -> int:
    """Deliver the files, then become JupyterLab."""
    end = list(argv).index("--") if "--" in argv else len(argv)
    wanted = parser().parse_args(argv[:end])
    try:
        flags = prepare(ROOT, wanted)
        print("JupyterLab starts; your files are in my/. Ctrl-C here ends it.", flush=True)
        os.chdir(ROOT / "my")
    except CannotOpen as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}. {CAUSES.get(error.errno or 0, OTHER)}", file=sys.stderr)
        return 1
    return become_jupyterlab([*flags, *argv[end + 1 :]])


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser(
        "start.py lab",
        usage="start.py [lab] [OPTIONS] [-- JUPYTER'S ARGUMENTS]",
        description=(__doc__ or "").partition("\n\n")[2],
        allow_abbrev=False,
    )
    made.add_argument(
        "--lang", choices=say.LANGUAGES, help="default: the system's, else the first of these"
    )
    made.add_argument("--no-browser", action="store_true", help="only print the address")
    made.add_argument("--port", type=port, help="this port and no other")
    return made


def port(text: str) -> int:
    """Read a port number of the command line."""
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535")
    return int(text)


def prepare(course: Path, wanted: argparse.Namespace) -> list[str]:
    """Deliver and set up all that JupyterLab reads; return its flags."""
    lang = wanted.lang or say.of_the_system()
    deliver(course, lang, course / "my")
    prepare_kernels(Path(sys.prefix))
    if wanted.port:
        require_free(wanted.port)
    return flags(course, lang, wanted.port, wanted.no_browser)


def flags(course: Path, lang: str, port: int | None, no_browser: bool) -> list[str]:
    """Return JupyterLab's flags for the first lesson of LANG."""
    lessons = [name for name in course_files(course, lang) if name.parts[0] == "notebooks"]
    first = "".join("/tree/" + urllib.parse.quote(name.as_posix()) for name in lessons[:1])
    made = [f"--ServerApp.root_dir={course / 'my'}", f"--LabApp.default_url=/lab{first}"]
    made += [f"--LabApp.app_settings_dir={settings(course, lang)}", "--LabApp.news_url=None"]
    made += ["--ServerApp.answer_yes=True"]  # one Ctrl-C is enough
    made += ["--no-browser"] if no_browser else []
    made += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"] if port else []
    return made + (["--allow-root"] if is_root() else [])


def become_jupyterlab(flags: Sequence[str]) -> int:
    """Run JupyterLab in this process: no signal has to be handed on."""
    from jupyterlab.labapp import LabApp  # an extra that the lessons do without

    LabApp.launch_instance(list(flags))
    return 0


# --- what JupyterLab reads --------------------------------------------------------------------


def settings(course: Path, lang: str) -> Path:
    """Make a folder of JupyterLab defaults; the user's own settings stay as they are, and win."""
    folder = course / "my" / ".lab-settings" / lang
    news = {"fetchNews": "false", "checkForUpdates": False}
    shown_in = {"locale": say.DECLARED[lang]["jupyterlab"]}
    defaults = {
        "@jupyterlab/translation-extension:plugin": shown_in,
        "@jupyterlab/apputils-extension:notification": news,
    }
    write_json(folder / "overrides.json", defaults)
    return folder


def prepare_kernels(environment: Path) -> None:
    """Make new kernels name a forgotten cell in the student's language."""
    extensions = {"IPKernelApp": {"extensions": ["helpers.classroom.kernel"]}}
    with suppress(OSError):  # somebody else's .venv: helpers.begin does it later
        write_json(environment / "etc" / "ipython" / "ipython_kernel_config.json", extensions)


def require_free(number: int) -> None:
    """Raise CannotOpen if another program listens on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", number)) == 0:
            raise CannotOpen(
                f"Port {number} is in use: end what runs there, or name another --port."
            )


def is_root() -> bool:
    """Is this process root's?"""
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    try:
        with stopping.in_order():  # from here on JupyterLab's own handlers hold
            ended = main(sys.argv[1:])
    except KeyboardInterrupt as stopped:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        ended = stopping.status(stopped)
    sys.exit(ended)
