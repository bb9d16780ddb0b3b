"""The drawing of an explorer."""

from dataclasses import dataclass

from ..base.html_view import rich


@dataclass(frozen=True, repr=False)
class Drawing:
    """A drawing at some values, SVG or HTML, and a sentence that says the same."""

    picture: str
    sentence: str
    lang: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        body = f'{self.picture}<p class="sentence">{rich(self.sentence)}</p>'
        return {"text/html": f'<div lang="{self.lang}">{body}</div>', "text/plain": self.sentence}

    def __repr__(self) -> str:
        return self.sentence
