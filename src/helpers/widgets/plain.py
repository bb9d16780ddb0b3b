"""What every plain twin shares: stock ipywidgets, 7.7 and 8 alike."""

from typing import Any

import ipywidgets

from .static import rich

VIEW = "application/vnd.jupyter.widget-view+json"
WIDE = {"width": "auto", "max_width": "100%"}


def bundle(box: ipywidgets.Widget) -> tuple[dict[str, Any], dict[str, Any]]:
    return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}, {}


def spoken(lang: str, inner: str) -> str:
    """HTML that a screen reader announces when it changes, with its language; "" stays ""."""
    return f'<div lang="{lang}" role="status">{inner}</div>' if inner else ""


def trouble_html(trouble: tuple[str, str] | None, summary: str) -> str:
    """A failure as (sentence, technical line): the line folded; "" without one."""
    if not trouble:
        return ""
    sentence, line = map(rich, trouble)
    folded = f"<summary>{rich(summary)}</summary><code>{line}</code>"
    return f"<p>{sentence}</p><details>{folded}</details>"
