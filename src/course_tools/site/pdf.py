"""Each lesson of the built site as a PDF, through the print style of its page and Chromium."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import audit
from .pages import Page
from .served import served

PAPER = {"format": "A4", "tagged": True, "outline": True, "display_header_footer": True,
         "margin": {"top": "16mm", "bottom": "18mm", "left": "15mm", "right": "15mm"},
         "header_template": "<span></span>"}  # fmt: skip
FOOTER = (
    '<p style="font-size: 7pt; width: 100%; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></p>'
)
LOADED = """Promise.all([...document.images].map((one) => {
  one.loading = "eager";
  return one.decode().catch(() => null);
}))"""


def write(out: Path, base: str, folder: Path, lessons: Iterable[Page]) -> None:
    """Write FOLDER/LANGUAGE/LESSON.pdf for each lesson of the site in OUT."""
    with audit.chromium() as chromium, served(out, base) as address:
        for lesson in lessons:
            target = folder / lesson.lang / f"{lesson.name}.pdf"
            target.parent.mkdir(parents=True, exist_ok=True)
            printed(chromium, f"{address}{lesson.lang}/{lesson.name}/", target)


def printed(chromium: Any, address: str, target: Path) -> None:
    """Print one page; pictures that a screen would load later are there."""
    page = chromium.new_page(color_scheme="light")
    page.goto(address, wait_until="load")
    page.evaluate(LOADED)
    page.pdf(path=target, footer_template=FOOTER, **PAPER)
    page.close()
