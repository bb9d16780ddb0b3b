"""A widget that shows one line: whether this front end runs the course's widgets."""

from pathlib import Path

import anywidget
import traitlets
from IPython.display import display, update_display

from ..language import say
from .handshake import SilenceWatch, running_loop
from .markup import Html


class Probe(anywidget.AnyWidget):
    """A widget whose code in the front end sends one message as soon as it runs."""

    _esm = Path(__file__).parent / "probe.js"
    text = traitlets.Unicode().tag(sync=True)
    lang = traitlets.Unicode().tag(sync=True)
    heard = False


def ask(waiting: str, answered: str, silent: str) -> bool:
    """Show `waiting`, and in its place `answered`, or `silent` after handshake.SILENCE.

    False, and nothing shown, where no kernel runs that could hear.  Without a front end (nbclient)
    nothing is printed and nothing fails.
    """
    loop = running_loop()
    if loop is None:
        return False
    lang, probe = say.html_lang(), Probe(text=waiting, lang=say.html_lang())
    found = probe._repr_mimebundle_()
    data, metadata = found if isinstance(found, tuple) else (found or {}, {})
    handle = display(data | _status(waiting, lang), metadata=metadata, raw=True, display_id=True)

    def settle(text: str) -> None:
        if handle:
            update_display(_status(text, lang), raw=True, display_id=handle.display_id)

    def hear(*_: object) -> None:
        if not probe.heard:
            probe.heard = True
            settle(answered)

    probe.on_msg(hear)
    SilenceWatch(lambda: probe.heard, lambda: settle(silent), loop)
    return True


def _status(text: str, lang: str) -> dict[str, str]:
    """Return the line as HTML, the same for every front end."""
    body = str(Html('<p lang="{}" role="status">{}</p>').format(lang, text))
    return {"text/html": body, "text/plain": text}
