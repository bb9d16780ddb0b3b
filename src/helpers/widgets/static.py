"""What every text to read shares."""

import html
import re

CODE = re.compile(r"`([^`]+)`")


def rich(text: str) -> str:
    """Escaped HTML; `code` as <code>."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))
