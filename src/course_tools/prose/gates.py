"""All language gates in one place."""

from collections.abc import Iterable

from ..authoring.problems import Problem
from . import glossary, ja, markdown, zh_tw
from .ja import textlint
from .texts import Text

__all__ = ["problems", "textlint"]


def problems(texts: Iterable[Text], forms: Iterable[glossary.Form]) -> list[Problem]:
    """What the gates find that need no other program.  ValueError if there is nothing to read."""
    texts, forms = list(texts), list(forms)
    if not forms or {text.lang for text in texts} != {"ja", "zh-tw"}:
        raise ValueError(f"{len(texts)} texts and {len(forms)} forbidden forms: nothing to check")
    return [
        *zh_tw.problems(texts),
        *ja.plain_forms(texts),
        *markdown.problems(texts),
        *glossary.problems(texts, forms),
    ]
