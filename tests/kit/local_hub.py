"""A real JupyterHub on this machine: its own proxy, a server for each student, homes of their own.

    with LocalHub(folder, ["ann", "bob"]) as hub:
        hub.start_server("ann")

As root each student's server runs under a user id of its own, as on a hub that is run by root;
otherwise all have this process's.  Log-in is by name, without a password, on 127.0.0.1 alone.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
from places import ROOT

from course_tools.checks.lab_driver import free_port

FIRST_UID = 20_001
# Where this Python lies in a folder that only root may enter, the hub sees an open one in its
# place, with nothing in it but this Python: a mount that ends with the hub.
OPENED = """
set -e; closed=$1; python=$2; kept=$3; shift 3
mount --bind "$python" "$kept"
mount -t tmpfs -o mode=755 tmpfs "$closed"
mkdir -p "$python"
mount --bind "$kept" "$python"
exec "$@"
"""
STARTS_SECONDS = 120
CONFIG = '''
import os, stat
from pathlib import Path
from jupyterhub.spawner import SimpleLocalProcessSpawner

class OwnUid(SimpleLocalProcessSpawner):
    """A user id for each student, where the hub is root's; the home is closed to others."""

    def make_preexec_fn(self, name):
        def become():
            os.makedirs(self.home_dir, mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                uid = UIDS[name]
                os.chown(self.home_dir, uid, uid)
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            os.umask(0o077)
            os.chdir(self.home_dir)
        return become

    def move_certs(self, paths):
        return paths

UIDS = {uids}
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.command = {proxy}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = OwnUid
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.cmd = {server}
c.Spawner.environment = {environment}
c.Spawner.default_url = "/lab/tree/transformer-triad"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.poll_interval = 1
c.JupyterHub.services = [{{"name": "tests", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{"name": "tests", "services": ["tests"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "tokens", "shares"]}}]
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.log_level = "WARN"
'''


def closed_folder(path: Path) -> Path | None:
    """The outermost folder above PATH that other user ids may not enter."""
    above = [folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001]
    return above[0] if above else None


def proxy_program() -> list[str] | None:
    """The program configurable-http-proxy, of the tests' npm packages or the system's."""
    node = Path(os.environ.get("TRIAD_NODE", ROOT / ".venv" / "node"))
    script = node / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if script.is_file() and shutil.which("node"):
        return ["node", str(script)]
    system = shutil.which("configurable-http-proxy")
    return [system] if system else None


class LocalHub:
    """The hub, as a context: nothing of it runs afterwards."""

    def __init__(self, folder: Path, students: list[str], python: str = sys.executable):
        self.folder, self.students, self.python = folder, students, python
        self.homes, self.token = folder / "homes", secrets.token_hex(16)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "LocalHub":
        self.folder.chmod(0o711)  # other user ids pass through it
        self.homes.mkdir(mode=0o711)
        (self.folder / "jupyterhub_config.py").write_text(self._config(), encoding="utf-8")
        command = [*self._opened(), self.python, "-m", "jupyterhub"]
        command += ["-f", self.folder / "jupyterhub_config.py"]
        env = os.environ | {"CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16)}
        with (self.folder / "hub.log").open("wb") as log:
            out = {"stdout": log, "stderr": subprocess.STDOUT}
            self.process = subprocess.Popen(command, env=env, cwd=self.folder, **out)
        try:
            self._wait(lambda: self.api("") is not None, "the hub")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        left = [self.process.pid, *(p.pid for p in self.children())]
        for student in self.students:
            with contextlib.suppress(OSError):
                self.api(f"users/{student}/server", "DELETE")
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        for pid in left:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()

    def _opened(self) -> list:
        prefix = Path(sys.base_prefix).resolve()
        closed = closed_folder(prefix) if os.geteuid() == 0 else None
        if not closed:
            return []
        kept = self.folder / "python"
        kept.mkdir(mode=0o755)
        private = ["unshare", "--mount", "--propagation", "private"]
        return [*private, "bash", "-c", OPENED, "opened", closed, prefix, kept]

    def _config(self) -> str:
        settings = self.folder / "settings"
        settings.mkdir(mode=0o755)
        shutil.copy(ROOT / "deploy" / "jupyter_server_config.py", settings)
        page = settings / "labconfig" / "page_config.json"  # so that tests can drive the page
        page.parent.mkdir(mode=0o755)
        page.write_text('{"exposeAppInBrowser": true}', encoding="utf-8")
        ours = {"TRIAD_COURSE": str(ROOT), "PYTHONPATH": str(ROOT / "src")}
        ours |= {"JUPYTER_CONFIG_PATH": str(settings), "OMP_NUM_THREADS": "1"}
        ours |= {"HF_HUB_OFFLINE": "1", "PATH": os.environ["PATH"], "JUPYTER_PREFER_ENV_PATH": "1"}
        values = {"uids": {name: FIRST_UID + n for n, name in enumerate(self.students)}}
        values |= {"port": self.port, "hub_port": free_port(), "api_port": free_port()}
        values |= {"proxy": proxy_program(), "homes": self.homes, "folder": self.folder}
        server = [self.python, "-m", "jupyterhub.singleuser"]
        return CONFIG.format(**values, server=server, environment=ours, token=self.token)

    def log(self) -> str:
        """What hub, proxy and servers have said."""
        return (self.folder / "hub.log").read_text(encoding="utf-8", errors="replace")

    def api(self, path: str, method: str = "GET", body: dict | None = None) -> Any:
        """What the hub's REST API answers; None where it does not yet, or with nothing."""
        head = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        url, data = f"{self.base}/hub/api/{path}", json.dumps(body).encode() if body else None
        request = urllib.request.Request(url, data, head, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def start_server(self, student: str) -> float:
        """Start a student's server, and wait until it answers; seconds."""
        begun = time.monotonic()
        for way in ("", "/server"):
            with contextlib.suppress(urllib.error.HTTPError):  # the student is known already
                self.api(f"users/{student}{way}", "POST")
        self._wait(lambda: self.ready(student), f"{student}'s server")
        return time.monotonic() - begun

    def ready(self, student: str) -> bool:
        """Does the student's server run?"""
        servers = self.api(f"users/{student}")["servers"]
        return bool(servers.get("", {}).get("ready"))

    def children(self) -> list[psutil.Process]:
        """Everything that the hub has started: proxy, servers, kernels."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def everything(self) -> list[psutil.Process]:
        """The hub, and what it has started."""
        return [psutil.Process(self.process.pid), *self.children()]

    def of(self, student: str) -> dict[str, list[psutil.Process]]:
        """{"server": […], "kernel": […]} of one student."""
        found: dict[str, list[psutil.Process]] = {"server": [], "kernel": []}
        for process in self.children():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("JUPYTERHUB_USER") == student:
                    words = " ".join(process.cmdline())
                    kernel = re.search(r"ipykernel", words)
                    found["kernel" if kernel else "server"].append(process)
        return found

    def _wait(self, there: Any, what: str) -> None:
        end = time.monotonic() + STARTS_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if there():
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{what} did not start:\n{self.log()[-3000:]}")


class Kernel:
    """A notebook opened as JupyterLab does it: a session, then a web socket to its kernel."""

    def __init__(self, hub: LocalHub, student: str, notebook: str, token: str = ""):
        import websocket

        self._head = {"Authorization": f"token {token or hub.token}"}
        self._at = f"{hub.base}/user/{student}/api"
        kernel = {"path": notebook, "name": "x", "type": "notebook", "kernel": {"name": "python3"}}
        self.id = self._ask("sessions", kernel)["kernel"]["id"]
        address = f"{self._at}/kernels/{self.id}/channels".replace("http", "ws", 1)
        self._socket = websocket.create_connection(address, header=self._head, timeout=600)

    def _ask(self, path: str, body: dict) -> dict:
        head = self._head | {"Content-Type": "application/json"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self._at}/{path}", data, head, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def run(self, code: str) -> tuple[str, str]:
        """("ok" or the error's name, what was printed) of one cell."""
        number, text = secrets.token_hex(8), ""
        header = {"msg_id": number, "msg_type": "execute_request", "session": self.id}
        header |= {"username": "", "version": "5.3", "date": "2026-01-01T00:00:00Z"}
        asked = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}}
        self._socket.send(json.dumps(message | {"content": asked | {"user_expressions": {}}}))
        result, idle = "", False
        while not (result and idle):  # the reply overtakes what was printed
            got = self._socket.recv()
            answer = json.loads(got) if isinstance(got, str) else {}
            if answer.get("parent_header", {}).get("msg_id") != number:
                continue
            kind, content = answer["msg_type"], answer["content"]
            text += content["text"] if kind == "stream" else ""
            idle |= kind == "status" and content["execution_state"] == "idle"
            if kind == "execute_reply":
                result = content.get("ename", content["status"])
        return result, text

    def close(self) -> None:
        """Let the web socket go; the kernel runs on."""
        self._socket.close()
