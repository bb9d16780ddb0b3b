"""One sentence for each way in which a model cannot be had: got, expected, what to do."""

from ...language import say


class Unavailable(RuntimeError):
    """A model that cannot be loaded; nothing that was there before is lost.

    reason: the message's name    values: what it names, for code and tests
    """

    def __init__(self, message: str, reason: str, values: dict[str, object]) -> None:
        super().__init__(message)
        self.reason, self.values = reason, values

    def _render_traceback_(self) -> list[str]:
        """Return the sentence that IPython shows instead of a traceback through this package."""
        return [f"{self}"]


def refuse(reason: str, **values: object) -> Unavailable:
    """Make an Unavailable of a message in the student's language."""
    return Unavailable(say.text("real", reason, **values), reason, values)
