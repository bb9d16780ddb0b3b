"""A hub of local folders, with every way in which a real one fails: serving(root) as hub.

root/owner/name/files    hub.asked: (path, Range, Authorization) of every request
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = 5_000  # bytes from which a file is kept apart, with a SHA-256


@dataclass
class Hub:
    """What a test may change while the hub serves.

    status: every answer is this failure   page: HTML in place of the list
    cuts: bytes after which the next files' connections end, one after the other
    stall: seconds without a byte, after half of a file and wherever the rest of one is asked for
    gated: the list says so   forbidden: files are refused   deaf: Range is ignored
    changed: bytes of every file are others than the list says
    gone: revisions that there are no more; any other commit that is asked for has the same files
    """

    root: Path
    address: str = ""
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    status: int = 0
    cuts: list[int] = field(default_factory=list)
    stall: float = 0.0
    page: bool = False
    gated: bool = False
    forbidden: bool = False
    deaf: bool = False
    changed: bool = False
    gone: set[str] = field(default_factory=set)
    closing: threading.Event = field(default_factory=threading.Event)

    def files_asked(self) -> list[tuple[str, str | None]]:
        """(file, Range) of the requests for files."""
        return [(p.rpartition("/")[2], r) for p, r, _ in self.asked if "/resolve/" in p]


@contextlib.contextmanager
def serving(root: Path) -> Iterator[Hub]:
    hub = Hub(root)
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def commit(folder: Path) -> str:
    made = hashlib.sha1()
    for path in sorted(folder.iterdir()):
        made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()


def listing(folder: Path, gated: bool = False, revision: str = "main") -> dict:
    """What api/models/OWNER/NAME/revision/REVISION?blobs=true answers."""
    siblings = [_sibling(path) for path in sorted(folder.iterdir())]
    tags = ["transformers", "license:mit"]
    return {
        "sha": commit(folder) if revision == "main" else revision,
        "siblings": siblings, "tags": tags,
        "gated": "manual" if gated else False,
    }  # fmt: skip


def _sibling(path: Path) -> dict:
    data = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    found = {"rfilename": path.name, "size": len(data), "blobId": git}
    if len(data) > LARGE:
        found |= {"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}}
    return found


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        first = len(body)
        if "Accept_Ranges" in headers and self.hub.cuts:
            first = self.hub.cuts.pop(0)
        elif "Accept_Ranges" in headers and self.hub.stall:
            first = 0 if code == 206 else len(body) // 2
        self.wfile.write(body[:first])
        if first < len(body) and self.hub.stall:
            self.hub.closing.wait(self.hub.stall)
        self.close_connection = True

    def do_GET(self) -> None:
        path, hub = unquote(urlsplit(self.path).path), self.hub
        hub.asked.append((path, self.headers["Range"], self.headers["Authorization"]))
        if hub.status:
            return self.answer(hub.status)
        if hub.page:
            return self.answer(200, b"<html>Please log in to the school's network</html>")
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
            return self.list(hub.root / found[1], found[2])
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self.file(hub.root / found[1] / found[3])
        return self.answer(404)

    def list(self, folder: Path, revision: str) -> None:
        if not folder.is_dir():  # to nobody in particular, the real one says 401
            return self.answer(401, b"{}", X_Error_Code="RepoNotFound")
        if revision in self.hub.gone:
            return self.answer(404, b"{}", X_Error_Code="RevisionNotFound")
        return self.answer(200, json.dumps(listing(folder, self.hub.gated, revision)).encode())

    def file(self, path: Path) -> None:
        if self.hub.forbidden:
            return self.answer(403, b"", X_Error_Code="GatedRepo")
        data = path.read_bytes()
        data = data[::-1] if self.hub.changed else data
        if self.headers["Range"] and not self.hub.deaf:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            return self.answer(206, data[start:], Accept_Ranges="bytes")
        return self.answer(200, data, Accept_Ranges="bytes")
