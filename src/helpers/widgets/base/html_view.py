"""What every text to read shares.

Semantic HTML without style or script: it must survive GitHub's and nbviewer's cleaning.
"""

import html
import re

CODE = re.compile(r"`([^`]+)`")


def rich(text: str) -> str:
    """Escaped HTML; `code` as <code>."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


def section(lang: str, *parts: str) -> str:
    return f'<section lang="{lang}">{"".join(parts)}</section>'
