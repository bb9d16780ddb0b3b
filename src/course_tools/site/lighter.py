"""Built pages made lighter: a colour of code is said once in a page, not at each of its words."""

import re
from pathlib import Path

COLOURS = re.compile(r' style="(--0:[^"]*)"')  # as Expressive Code writes them, for dark and light
WORD = ".expressive-code .ec-line span[class^=ink-]"
RULES = f"{WORD}{{color:var(--0)}}:root[data-theme=light] {WORD}{{color:var(--1)}}"


def pages(out: Path) -> None:
    """Make every page of a built site lighter."""
    for file in out.rglob("*.html"):
        file.write_text(lighter(file.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def lighter(page: str) -> str:
    """Return a page that says its colours in one style sheet."""
    names: dict[str, str] = {}

    def named(match: re.Match) -> str:
        return f' class="{names.setdefault(match[1], f"ink-{len(names)}")}"'

    body = COLOURS.sub(named, page)
    rules = RULES + "".join(f".{name}{{{colours}}}" for colours, name in names.items())
    return body.replace("</head>", f"<style>{rules}</style></head>", 1) if names else page
