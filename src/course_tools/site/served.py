"""A built site on this machine, under the path that its address has."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOWHERE = "/there is no such file"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder below a base, in silence: what is asked outside of the base is not there."""

    def __init__(self, *args: object, base: str, **options: object) -> None:
        self.base = base
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        inside = path.startswith(self.base)
        return super().translate_path("/" + path.removeprefix(self.base) if inside else NOWHERE)

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
