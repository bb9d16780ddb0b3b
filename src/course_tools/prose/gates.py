"""All language gates in one place."""

from collections.abc import Iterable

from helpers.language.say import COMPLETE

from ..authoring.problems import Problem
from ..authoring.texts import Text
from . import glossary, ja, markdown, wording, zh_tw
from .ja import textlint

__all__ = ["problems", "textlint"]

OWN = {"ja": ja.plain_forms, "zh-tw": zh_tw.problems}  # what a language's own gate finds


def problems(texts: Iterable[Text], forms: Iterable[glossary.Form]) -> list[Problem]:
    """Return what the gates find that need no other program.

    ValueError if there is nothing to read, or a complete language has no gate of its own.
    """
    texts, forms = list(texts), list(forms)
    if not forms or set(COMPLETE) - {text.lang for text in texts}:
        raise ValueError(f"{len(texts)} texts and {len(forms)} forbidden forms: nothing to check")
    if missing := set(COMPLETE) - set(OWN):
        raise ValueError(f"no gate for {sorted(missing)}: write one, enter it in gates.OWN")
    return [
        *(problem for own in OWN.values() for problem in own(texts)),
        *markdown.problems(texts),
        *glossary.problems(texts, forms),
        *wording.problems(texts, wording.read()),
    ]
