"""The server of the marking page: this machine alone, and only who has the token.

It is the standard library's, and not a widget: a page of its own has all keys to itself, no kernel
and no notebook server that may run code, and a policy under which no script but ours runs.
"""

import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import desk
from .views import Marking, Refused

HOST = "127.0.0.1"
LONGEST = 1_000_000  # bytes of a request
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
FILES = {"/marking.css": "text/css", "/marking.js": "text/javascript"}


class MarkingServer(ThreadingHTTPServer):
    """Serves one marker's pages until it is shut down."""

    daemon_threads = True  # a browser keeps connections open on which it says nothing
    block_on_close = False

    def __init__(self, marking: Marking, port: int = 0):
        self.marking, self.token = marking, secrets.token_urlsafe(24)
        self.saving = threading.Lock()  # what is being saved is saved before the command ends
        super().__init__((HOST, port), Handler)

    @property
    def origin(self) -> str:
        """The address without the token."""
        return f"http://{HOST}:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """The address that opens the pages."""
        return f"{self.origin}/?token={self.token}"

    def serve(self) -> None:
        """Answer requests until an exception ends it, such as that of a signal."""
        try:
            self.serve_forever(poll_interval=0.1)
        finally:
            self.server_close()
            self.saving.acquire()


class Handler(BaseHTTPRequestHandler):
    """One request.  Nothing is answered without the token, not even that there is no such page."""

    server: MarkingServer
    server_version, sys_version = "marking", ""
    timeout = 30  # seconds for a connection that says nothing

    def do_GET(self) -> None:
        """Answer with a page, or a file of ours."""
        place = urlsplit(self.path)
        asked = dict(parse_qsl(place.query))
        if self._is_ours() and self._fits(asked.get("token", "")):
            kept = f"{self._cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
            return self._send(303, b"", "text/plain", {"Set-Cookie": kept, "Location": "/"})
        if not self._is_known():
            return self._send(403, b"no token", "text/plain")
        self._answer(lambda: self._get(place.path, asked))

    def do_POST(self) -> None:
        """Keep what a page of ours sends."""
        size = self.headers.get("Content-Length", "")
        data = self.rfile.read(int(size)) if size.isdigit() and int(size) <= LONGEST else None
        if data is None:
            self.close_connection = True
        ours = self.headers.get("Origin") == self.server.origin
        plain = self.headers.get("Content-Type", "").partition(";")[0] == "application/json"
        if data is None or not (ours and plain and self._is_known()):
            return self._send(403, b"refused", "text/plain")
        self._answer(lambda: self._post(self.path, data))

    def _get(self, path: str, asked: dict[str, str]) -> None:
        marking, key = self.server.marking, (asked.get("lesson", ""), asked.get("task", ""))
        if path in FILES:
            data = Path(__file__).with_name(path[1:]).read_bytes()
            return self._send(200, data, FILES[path])
        if path == "/next":
            after = marking.following(*key, asked.get("id", ""))
            return self._send(303, b"", "text/plain", {"Location": after})
        pages: dict[str, Callable[[], str]] = {"/": marking.overview, "/bank": marking.comments}
        pages["/answer"] = lambda: marking.essay(*key, asked["id"])
        if marking.marker == desk.FIRST:  # a second marker is blind
            pages["/agreement"] = marking.agreement
        self._send(200, pages[path]().encode("utf-8", "replace"), "text/html")

    def _post(self, path: str, data: bytes) -> None:
        with self.server.saving:
            self._kept(path, json.loads(data))

    def _kept(self, path: str, sent: Any) -> None:
        if not isinstance(sent, dict):
            raise Refused("expected an object")
        if path == "/bank":
            self.server.marking.put_comment(sent)
            return self._json(200, {})
        if path != "/save":
            raise KeyError(path)
        self._json(*self.server.marking.save(sent))

    def _answer(self, answer: Callable[[], None]) -> None:
        """Answer; what goes wrong is an answer, too, and ends nothing."""
        try:
            answer()
        except (KeyError, desk.Gone):
            self._json(404, {"reason": "there is no such answer"})
        except (Refused, ValueError, TypeError) as reason:
            self._json(400, {"reason": str(reason)})
        except (OSError, sqlite3.Error) as reason:  # a full disk, a gradebook that is locked
            self._json(503, {"reason": str(reason)})

    @property
    def _cookie(self) -> str:
        return f"marking-{self.server.server_address[1]}"

    def _is_ours(self) -> bool:
        """Tell whether the request names this server: another site's name may lead here, too."""
        return self.headers.get("Host") == urlsplit(self.server.origin).netloc

    def _is_known(self) -> bool:
        try:
            kept = SimpleCookie(self.headers.get("Cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return self._is_ours() and kept is not None and self._fits(kept.value)

    def _fits(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.server.token.encode())

    def _json(self, status: int, data: dict[str, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        self._send(status, text, "application/json")

    def _send(
        self, status: int, data: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        heads = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": f"{len(data)}"}
        heads |= {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
        heads |= {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", **(more or {})}
        for name, value in heads.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing of each request."""
