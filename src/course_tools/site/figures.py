"""Pictures of a page as files: a notebook's data becomes lossless WebP, named by its hash."""

import base64
import hashlib
import io
import re

from PIL.PngImagePlugin import PngImageFile

from helpers.display.figures import DARK_PAGES

DATA = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
FOLDER = "figures"
FROM_A_PAGE = f"../../{FOLDER}/"  # a page is LANGUAGE/LESSON/
DARK = ':root[data-theme="dark"]'  # as Starlight marks a dark page


def as_files(fragment: str) -> tuple[str, dict[str, bytes]]:
    """Return the HTML with addresses in place of data, and {file name: content}."""
    found: dict[str, bytes] = {}

    def replaced(match: re.Match) -> str:
        name, content = as_webp(base64.b64decode(match[1]))
        found[name] = content
        return FROM_A_PAGE + name

    shown = DATA.sub(replaced, fragment)
    return shown.replace(DARK_PAGES[0], DARK).replace("<img ", '<img loading="lazy" '), found


def as_webp(png: bytes) -> tuple[str, bytes]:
    """Return (name, content): the same pixels, about a third of the bytes."""
    written = io.BytesIO()
    PngImageFile(io.BytesIO(png)).save(written, "WEBP", lossless=True, quality=50, method=2)
    return f"{hashlib.sha256(png).hexdigest()[:12]}.webp", written.getvalue()
