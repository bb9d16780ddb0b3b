"""Sheets of A4 paper as HTML files without any other file: hand-outs, exams, keys."""

import html
from collections.abc import Sequence

from . import words

STYLE = """
@page { size: A4; margin: 14mm 15mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 180mm; font-size: 10pt; line-height: 1.45; color: #111;
  background: #fff; }
h1 { font-size: 15pt; margin: 0 0 1.5mm; line-height: 1.25; }
h2 { font-size: 11pt; margin: 3.5mm 0 1mm; border-bottom: 0.3mm solid #1b6ca8; }
p, ul, ol { margin: 0 0 1.2mm; }
ul, ol { padding-left: 6mm; }
.who { display: flex; gap: 8mm; margin: 2mm 0; }
.who span { flex: 1; border-bottom: 0.2mm solid #555; }
.guess { display: flex; gap: 4mm; align-items: end; margin: 0 0 1.2mm; }
.guess > div { flex: 1; }
.guess > span { width: 34mm; height: 6mm; border-bottom: 0.2mm solid #555; }
.guess ul { margin: 0; list-style: none; padding-left: 3mm; }
.terms { columns: 2; column-gap: 6mm; font-size: 8pt; line-height: 1.35; }
.room { height: 34mm; }
code { font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 90%; }
"""


def page(title: str, lang: str, parts: Sequence[str]) -> str:
    """Return a whole file: its title as a heading, and what stands below it."""
    return f"""<!doctype html>
<html lang="{words.LANGUAGES[lang]}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>{STYLE}body {{ font-family: {words.fonts(lang)}; }}</style>
<h1>{html.escape(title)}</h1>
{chr(10).join(parts)}
</html>
"""


def who(lang: str) -> str:
    """Return the line for a student's name and number."""
    name, number = (words.text(x, lang) for x in ("name", "number"))
    return f'<div class="who"><span>{name}</span><span>{number}</span></div>'


def heading(name: str, lang: str) -> str:
    """Return the heading of a part."""
    return f"<h2>{html.escape(words.text(name, lang))}</h2>"
