"""What is left of a notebook that is read without a kernel: nbconvert's HTML, and what it lacks.

nbconvert's own scripts (require.js, MathJax, jQuery) come from other hosts; they are replaced by
empty ones.
"""

import re

from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from helpers.widgets.base.ipywidgets_view import VIEW

EMPTY = "data:text/javascript,"
SCRIPTS = ("require_js_url", "mathjax_url", "jquery_url", "mermaid_js_url")
NO_ALT = ("", "No description has been provided for this image")  # nbconvert's
WORDS = re.compile("[\u3041-\u30ff\u3400-\u9fff]{2,}")  # kana and ideographs


def as_html(notebook):
    return HTMLExporter(**dict.fromkeys(SCRIPTS, EMPTY)).from_notebook_node(notebook)[0]


def flat(text):
    return re.sub(r"\s+", "", text)


def missing(html, texts):
    """Those of TEXTS that the page does not show."""
    shown = flat(BeautifulSoup(html, "html.parser").body.get_text())
    return [text for text in texts if flat(text.replace("`", "")) not in shown]


def prose(notebook):
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [
        word for source in cells for word in WORDS.findall(re.sub(r"(?<=\])\(.*?\)", "", source))
    ]


def results(notebook):
    """The data of each output that is more than a stream of text."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [output.data for cell in cells for output in cell.outputs if "data" in output]


def blank(notebook, html):
    """Outputs that show nothing to read where no widget lives."""
    page = BeautifulSoup(html, "html.parser")
    areas = page.select(".jp-OutputArea-output")
    faults = [
        f"{VIEW} without HTML" for d in results(notebook) if VIEW in d and "text/html" not in d
    ]
    faults += [f"no text: {area}"[:200] for area in areas if not area.get_text().strip()]
    bare = [image for image in page.select("img") if image.get("alt", "").strip() in NO_ALT]
    return faults + [f"no alt: {image}"[:200] for image in bare]


def loaded(chromium, folder, html):
    """(addresses that the page asks other hosts for, outputs of no height); the network is shut."""
    file, outside = folder / "page.html", []
    file.write_text(html, encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1000, "height": 800})
    page.on("request", lambda r: r.url.startswith(("file:", "data:")) or outside.append(r.url))
    page.route(re.compile("^https?:"), lambda route: route.abort())
    page.goto(file.as_uri())
    flat = page.evaluate(
        """[...document.querySelectorAll(".jp-OutputArea-output")]
             .filter((n) => n.getBoundingClientRect().height < 10).map((n) => n.outerHTML)"""
    )
    page.close()
    return outside, flat
