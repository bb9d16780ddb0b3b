"""The common part of every view in plain HTML.

Semantic HTML without style or script: it must survive GitHub's and nbviewer's cleaning.
"""

import html
import re

CODE = re.compile(r"`([^`]+)`")


def rich(text: str) -> str:
    """Escape a text as HTML, with `code` as <code>."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


def section(lang: str, *parts: str) -> str:
    """Wrap the parts in a section of this language."""
    return f'<section lang="{lang}">{"".join(parts)}</section>'
