"""The common part of every view made with stock ipywidgets (7.7 and 8 alike).

It is for front ends that lack anywidget's code.
"""

import ipywidgets

from ...display.markup import Html
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
    inner = Html("<h3>{}</h3>").format(rich(title))
    inner += Html("<p>{}</p>").format(rich(note)) if note else Html()
    return ipywidgets.HTML(spoken(lang, inner))


def spoken(lang: str, inner: Html) -> Html:
    """Return HTML that a screen reader announces when it changes, in its language; "" stays ""."""
    whole = Html('<div lang="{}" role="status">{}</div>')
    return whole.format(lang, inner) if inner else Html()


def trouble_html(state: State) -> Html:
    """Return the failure of the last action, its technical line folded; "" without one."""
    trouble = state.trouble()
    if not trouble:
        return Html()
    sentence, line = map(rich, trouble)
    whole = Html("<p>{}</p><details><summary>{}</summary><code>{}</code></details>")
    return whole.format(sentence, rich(state.words["error_detail"]), line)
