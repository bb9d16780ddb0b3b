"""A site of two small lessons in every language, built by Astro: every kind of cell and output."""

import io
import os
import shutil
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from places import ROOT

from course_tools.site import frame, project
from course_tools.site.live import calculator
from course_tools.site.pages import Page, page
from course_tools.site.triad import page as triad
from helpers.display import figures, show
from helpers.language.say import COMPLETE

NAMES = ("90_small", "91_other")
PROSE = {
    "ja": (
        "小さなレッスン",
        "和を求める",
        "2つの数の和は$a + b$です。因果マスクも使います。",
        "残り",
    ),
    "zh-tw": ("小小的一課", "求總和", "兩個數字的和是 $a + b$，也會用到因果遮罩。", "其餘"),
}
CLASSES = ["", "BertLayer", "GPT2Block", "T5Block", "LlamaDecoderLayer"]
NORMS = ["LayerNorm", "LayerNorm", "T5LayerNorm", "LlamaRMSNorm"]
HIDDEN = {"jupyter": {"source_hidden": True}}


def picture(colour: str, size: tuple[int, int]) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


def shown(**data: str) -> dict:
    return new_output("display_data", data={f"text/{name}": text for name, text in data.items()})


def lesson(lang: str, name: str) -> Page:
    """Prose, formulas, a figure, tables wide and full, a prediction, folded code, printed words."""
    title, heading, prose, rest = PROSE[lang]
    day, night = ((picture(c, (1400, 800)), picture(c, (700, 900))) for c in ("white", "#111"))
    drawn = figures.figure_html(day, night, f"{heading}：{rest}")
    head = "".join(f"<th>{n} {heading}</th>" for n in range(20))
    table = f"<table><thead><tr>{head}</tr></thead><tbody></tbody></table>"
    names = f"{show.table(CLASSES, [[prose, *NORMS]])[0]}"
    told = new_output("stream", name="stdout", text="1 + 1 = 2\n" + "x" * 300 + "\n")
    fold = f"# @title {rest}\nfor number in range(3):\n    draw(number, {'1234567890' * 9})"
    other = next(one for one in NAMES if one != name)
    cells = [
        new_markdown_cell(f"# {title}", id="title"),
        new_markdown_cell(f"## {heading}\n\n{prose}\n\n$$\\sum_i x_i = 4$$", id="why"),
        new_code_cell("print(1 + 1)", id="sum", outputs=[told]),
        new_code_cell(fold, id="draw", metadata=HIDDEN, outputs=[shown(html=drawn)]),
        new_code_cell("show.table(x)", id="table", outputs=[shown(html=table)]),
        new_code_cell("show.tabulate(x)", id="words", outputs=[shown(html=names)]),
        new_markdown_cell(f"## {rest}\n\n[{other}]({other}.ipynb)", id="rest"),
        new_code_cell(
            "guess = None\npredict.compare(guess, 4)",
            id="guess",
            outputs=[shown(html=f"<p>{rest}：4</p>")],
        ),
    ]
    return page(new_notebook(cells=cells), lang, name)


def pages() -> list[Page]:
    return [lesson(lang, name) for lang in COMPLETE for name in NAMES]


def build(folder: Path, packages: Path, address: str) -> Path:
    """Have Astro build it with the packages of another project; return the site's folder."""
    work, out = folder / "work", folder / "site"
    work.mkdir()
    modules = "node_modules"
    shutil.copytree(packages / modules, work / modules, copy_function=os.link, symlinks=True)
    write(work, pages(), address)
    project.build(work, out)
    return out


def write(work: Path, made: list[Page], address: str) -> None:
    """Write what Astro builds of these lessons."""
    project.write(work, made, frame.pages(ROOT, made), address, calculator.files())
    triad.write(work, made)
