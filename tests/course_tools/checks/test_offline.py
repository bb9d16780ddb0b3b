"""checks.offline: the network is closed, loopback is not, the command is not disturbed."""

import errno
import os
import subprocess
import sys

import pytest

from course_tools.checks import offline

REACH_OUT = """
import errno, os, socket
with socket.socket() as s:
    s.settimeout(5)
    code = s.connect_ex(("192.0.2.1", 80))  # a documentation address: nobody lives there
print(os.environ["TRIAD_NETWORK"], errno.errorcode.get(code, code))
"""
LOOPBACK = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    with socket.create_connection(server.getsockname(), timeout=2) as client:
        server.accept()[0].sendall(b"hello")
        print(client.recv(5).decode(), [name for _, name in socket.if_nameindex()])
"""


def run_offline(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "course_tools.checks.offline", "--", *command],
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )


def permitted() -> bool:
    try:
        offline.rehearse()
    except OSError:
        return False
    return True


needs_namespace = pytest.mark.skipif(not permitted(), reason="no network namespaces here")


@needs_namespace
def test_nothing_outside_can_be_reached():
    done = run_offline(sys.executable, "-c", REACH_OUT)
    assert done.stdout.split() == ["closed", "ENETUNREACH"]
    assert done.stderr == ""


@needs_namespace
def test_loopback_works_and_is_the_only_interface():
    done = run_offline(sys.executable, "-c", LOOPBACK)
    assert done.stdout.startswith("hello ['lo'")
    assert "eth" not in done.stdout


@needs_namespace
def test_the_command_keeps_its_user_and_its_files(tmp_path):
    code = "import os, sys; open(sys.argv[1], 'w').close(); print(os.getuid(), os.getgid())"
    done = run_offline(sys.executable, "-c", code, str(tmp_path / "山田 1"))
    assert done.stdout.split() == [str(os.getuid()), str(os.getgid())]
    assert (tmp_path / "山田 1").stat().st_uid == os.getuid()


@needs_namespace
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become a user")
def test_an_ordinary_user_is_closed_in_too():
    code = f"""
import ctypes, errno, fcntl, os, socket, sys, time
from course_tools.checks import offline
os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: a process that gave up root may not see its maps
try:
    offline.rehearse(); offline.close_network()
except OSError as error:
    sys.exit(f"refused: {{error}}")
os.environ["TRIAD_NETWORK"] = "closed"
print(os.getuid(), os.getgid())
{REACH_OUT}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    if "refused" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.stdout.split() == ["65534", "65534", "closed", "ENETUNREACH"], done.stderr


def test_the_exit_status_is_the_commands():
    assert run_offline(sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert run_offline("no-such-command-here").returncode == 127
    assert run_offline().returncode == 2


def test_where_it_is_not_permitted_one_line_says_so(monkeypatch, capsys):
    def refuse() -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    ran = []
    monkeypatch.setenv("TRIAD_NETWORK", "")
    monkeypatch.setattr(offline, "close_network", refuse)
    monkeypatch.setattr(offline, "run", lambda command: ran.append(command) or 0)
    assert offline.main(["--", "command", "argument"]) == 0
    assert ran == [["command", "argument"]]
    assert os.environ["TRIAD_NETWORK"] == "open"
    assert capsys.readouterr().err.count("\n") == 1
