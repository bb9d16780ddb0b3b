"""A built site on this machine, under the path that its address has, packed as hosts send it."""

import functools
import gzip
import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# what hosts pack, and how
SQUEEZED = {*(".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".txt", ".xml")}
LEVEL = 6
NOWHERE = "/there is no such file"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below a base, in silence: what is asked outside of the base is not there."""

    def __init__(self, *args: object, base: str, **options: object) -> None:
        self.base = base
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        inside = path.startswith(self.base)
        return super().translate_path("/" + path.removeprefix(self.base) if inside else NOWHERE)

    def send_head(self) -> Any:
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if self.path.partition("?")[0].endswith("/") else file
        packs = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (packs and file.suffix in SQUEEZED and file.is_file()):
            return super().send_head()
        packed = gzip.compress(file.read_bytes(), LEVEL)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", f"{len(packed)}")
        self.end_headers()
        return io.BytesIO(packed)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(out: Path, base: str = "/") -> Iterator[str]:
    """Serve the folder from a thread; give its address, which ends with the base."""
    handler = functools.partial(_Handler, directory=str(out), base=base)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{base}"
        finally:
            server.shutdown()
