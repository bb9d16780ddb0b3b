"""The drawing of an explorer."""

from dataclasses import dataclass

from ...display.markup import Html
from ..base.html_view import rich


@dataclass(frozen=True, repr=False)
class Drawing:
    """A drawing at some values, SVG or HTML, and a sentence that says the same."""

    picture: str
    sentence: str
    lang: str

    def html(self) -> Html:
        """Return the picture as HTML: who draws it escapes what it says."""
        return Html(self.picture)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        whole = Html('<div lang="{}">{}<p class="sentence">{}</p></div>')
        shown = whole.format(self.lang, self.html(), rich(self.sentence))
        return {"text/html": str(shown), "text/plain": self.sentence}

    def __repr__(self) -> str:
        return self.sentence
