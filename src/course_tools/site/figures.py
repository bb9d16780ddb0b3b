"""Pictures of a page as files: a notebook's data becomes lossless WebP, named by its hash."""

import base64
import hashlib
import io
import re

from PIL.PngImagePlugin import PngImageFile

from helpers.display.figures import DARK_PAGES
from helpers.display.svg import NARROW_PAGE
from helpers.files import write_whole

from ..command import ROOT
from . import executed

DATA = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
# what helpers.display.figures shows: rules that put other pictures in the place of the first
FIGURE = re.compile(r"<style>([^<]*)</style>(<figure[^>]*>)(<img [^>]*>)")
FOLDER = "figures"
KEPT = ROOT / executed.FOLDER / FOLDER
FROM_A_PAGE = f"../../{FOLDER}/"  # a page is LANGUAGE/LESSON/
DARK = ':root[data-theme="dark"]'  # as Starlight marks a dark page
Files = dict[str, bytes]  # name -> content


def as_files(fragment: str) -> tuple[str, Files]:
    """Return the HTML with addresses in place of data, and {file name: content}."""
    found: Files = {}
    shown = FIGURE.sub(lambda match: _pictures(match, found), fragment)
    shown = DATA.sub(lambda match: _address(match[1], found), shown)
    return shown.replace(DARK_PAGES[0], DARK), found


def _pictures(match: re.Match, found: Files) -> str:
    """Return a figure with a picture for light pages and one for dark, of which one is loaded.

    Each has a second source for narrow pages where the figure was drawn for them, too.
    """
    rules, figure, image = match.groups()
    night, *narrow = DATA.findall(rules)
    paper = re.findall(r"background: (#\w+)", rules)[0]
    dark = _picture("dark", image.replace("white", paper), [night, *narrow[1:]], found)
    light = _picture("light", image, [*DATA.findall(image), *narrow[:1]], found)
    return figure + dark + light


def _picture(kind: str, image: str, pngs: list[str], found: Files) -> str:
    wide, *narrow = pngs
    size = int(re.findall(r' width="(\d+)"', image)[0])
    x, y = _pixels(wide)
    image = DATA.sub(lambda _: _address(wide, found), re.sub(r' class="[^"]*"', "", image))
    image = image.replace("<img ", f'<img loading="lazy" height="{round(size * y / x)}" ')
    source = "".join(
        f'<source media="(max-width: {NARROW_PAGE}px)" srcset="{_address(png, found)}" '
        'width="{}" height="{}">'.format(*_pixels(png))
        for png in narrow
    )
    return f'<picture class="{kind}">{source}{image}</picture>'


def _pixels(png: str) -> tuple[int, int]:
    return PngImageFile(io.BytesIO(base64.b64decode(png))).size


def _address(png: str, found: Files) -> str:
    name, content = as_webp(base64.b64decode(png))
    found[name] = content
    return FROM_A_PAGE + name


def as_webp(png: bytes) -> tuple[str, bytes]:
    """Return (name, content): the same pixels, about a third of the bytes.

    They are kept beside the executed lessons, because to squeeze takes longer than all the rest.
    """
    name = f"{hashlib.sha256(png).hexdigest()[:12]}.webp"
    kept = KEPT / name
    if not kept.is_file():
        written = io.BytesIO()
        PngImageFile(io.BytesIO(png)).save(written, "WEBP", lossless=True, quality=100, method=2)
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, written.getvalue())
    return name, kept.read_bytes()
