"""The common part of every view made with stock ipywidgets (7.7 and 8 alike).

It is for front ends that lack anywidget's code.
"""

import ipywidgets

from .html_view import rich
from .state import State
from .view import Bundle

VIEW = "application/vnd.jupyter.widget-view+json"
WIDE = {"width": "auto", "max_width": "100%"}
DESCRIBED = {"description_width": "initial"}


class IpywidgetsView:
    """A view made with stock ipywidgets; a subclass fills box and draws changes in refresh()."""

    box: ipywidgets.Widget

    def mimebundle(self) -> Bundle:
        """Return data and metadata for IPython's display."""
        return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}}, {}


def heading(lang: str, title: str, note: str) -> ipywidgets.HTML:
    """Return the title, and below it one sentence, such as why this view is shown."""
    inner = f"<h3>{rich(title)}</h3>" + (f"<p>{rich(note)}</p>" if note else "")
    return ipywidgets.HTML(spoken(lang, inner))


def spoken(lang: str, inner: str) -> str:
    """Return HTML that a screen reader announces when it changes, in its language; "" stays ""."""
    return f'<div lang="{lang}" role="status">{inner}</div>' if inner else ""


def trouble_html(state: State) -> str:
    """Return the failure of the last action, its technical line folded; "" without one."""
    trouble = state.trouble()
    if not trouble:
        return ""
    sentence, line = map(rich, trouble)
    folded = f"<summary>{rich(state.words['error_detail'])}</summary><code>{line}</code>"
    return f"<p>{sentence}</p><details>{folded}</details>"
