"""The common part of every view in plain HTML.

Semantic HTML without style or script: it must survive GitHub's and nbviewer's cleaning.
"""

import re
from collections.abc import Iterable

from ...display.markup import Html

CODE = re.compile(r"`([^`]+)`")


def rich(text: str) -> Html:
    """Escape a text as HTML, with `code` as <code>."""
    return Html(CODE.sub(r"<code>\1</code>", str(Html.escape(text))))


def section(lang: str, *parts: Html) -> Html:
    """Wrap the parts in a section of this language."""
    return Html('<section lang="{}">{}</section>').format(lang, joined(parts))


def joined(parts: Iterable[str]) -> Html:
    """Put parts one after the other; what is not Html is escaped."""
    return Html("").join(parts)
