"""HTML whose texts are always escaped."""

import html

from markupsafe import Markup


class Html(Markup):
    """HTML whose {places} are filled by format.

    Text is escaped, what is Html stands as it is.
    Html("<p>{}</p>").format("a < b") is <p>a &lt; b</p>.  join and + escape in the same way.
    Characters are spelled as html.escape spells them.
    """

    @classmethod
    def escape(cls, text: object, /) -> "Html":
        """Escape a text; leave Html as it is."""
        if isinstance(text, cls):
            return text
        return cls(text) if hasattr(text, "__html__") else cls(html.escape(str(text)))
