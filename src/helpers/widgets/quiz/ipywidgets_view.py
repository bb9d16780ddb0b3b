"""The quiz built from stock ipywidgets, judged as everywhere.

Its radio buttons are those of ipywidgets: in JupyterLab the arrow keys leave them; Tab, Space and
the mouse work.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import get_args

import ipywidgets

from ...display.markup import Html
from ..base.html_view import rich
from ..base.ipywidgets_view import DESCRIBED, WIDE, IpywidgetsView, heading, spoken, trouble_html
from ..base.messages import QuizAction, QuizMessage
from .html_view import html_origin
from .kinds import Given, Question
from .state import QuizState


class QuizIpywidgetsView(IpywidgetsView):
    """The quiz's view of stock ipywidgets.

    note: one sentence above the questions, such as why this view is shown
    """

    def __init__(self, quiz: QuizState, note: str = "") -> None:
        self._quiz = quiz
        self.rows = {
            q.id: QuestionBox(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1)
        }
        self.score, self.trouble = ipywidgets.HTML(), ipywidgets.HTML()
        head = heading(quiz.lang, quiz.words["title"], note)
        boxes = [row.box for row in self.rows.values()]
        self.box = ipywidgets.VBox([head, *boxes, self.score, self.trouble])
        self.refresh()

    def refresh(self) -> None:
        """Draw all questions, the score and trouble anew."""
        for row in self.rows.values():
            row.refresh()
        self.score.value = spoken(self._quiz.lang, rich(self._quiz.score().text))
        self.trouble.value = spoken(self._quiz.lang, trouble_html(self._quiz))


class QuestionBox:
    """One question: its control, its buttons, and the reply to the answer."""

    def __init__(self, quiz: QuizState, question: Question, n: int) -> None:
        self._quiz, self._id = quiz, question.id
        text = Html("<p><b>{}</b> {}<br><small>{}{}</small></p>").format(
            rich(quiz.words["number"].format(n=n)),
            rich(question.text),
            rich(question.instruction(quiz.words)),
            html_origin(quiz.origin(question.id)),
        )
        texts = [choice.text for choice in quiz.shown(question.id)]
        self.control = CONTROLS[question.drawn()["control"]](texts, quiz.words["answer"])
        self.buttons = {action: self._button(action) for action in get_args(QuizAction)}
        self.feedback, self.hint = ipywidgets.HTML(), ipywidgets.HTML()
        row = ipywidgets.HBox(list(self.buttons.values()))
        head = ipywidgets.HTML(spoken(quiz.lang, text))
        parts = [head, *self.control.widgets, row, self.hint, self.feedback]
        self.box = ipywidgets.VBox(parts)
        self._drawn: object = None

    def _button(self, action: QuizAction) -> ipywidgets.Button:
        button = ipywidgets.Button(description=self._quiz.words[action])
        button.on_click(partial(self._pressed, action))
        return button

    def _pressed(self, action: QuizAction, _: ipywidgets.Button) -> None:
        if action == "retry":
            self._drawn = None  # also takes away what was chosen but never checked
        value = self.control.read() if action == "check" else ""
        self._quiz.hear(QuizMessage(action=action, question=self._id, value=value))

    def refresh(self) -> None:
        """Draw only what changed: what is being typed into another question stays."""
        attempt = self._quiz.attempt(self._id)
        if self._drawn != attempt.given:
            self.control.write(attempt.given, self._quiz.places(self._id))
            self._drawn = attempt.given
        self.hint.value = spoken(self._quiz.lang, rich(self._quiz.told_hint(self._id)))
        result = attempt.result.text if attempt.result else ""
        self.feedback.value = spoken(self._quiz.lang, rich(result).replace("\n", Html("<br>")))


# --- controls ---------------------------------------------------------------------------


class Control(ABC):
    """The control of a question.

    texts: of the choices   name: of a text to type
    """

    widgets: list[ipywidgets.Widget]

    @abstractmethod
    def __init__(self, texts: Sequence[str], name: str) -> None: ...

    @abstractmethod
    def read(self) -> list[int] | str:
        """Return the places of what is chosen, or what is typed."""

    @abstractmethod
    def write(self, given: Given, places: list[int]) -> None:
        """Show an answer; places: of the chosen choices."""


class RadioControl(Control):
    """A control that takes one choice."""

    def __init__(self, texts: Sequence[str], name: str) -> None:
        options = [(_unmarked(text), place) for place, text in enumerate(texts)]
        layout = ipywidgets.Layout(**WIDE)
        self.widgets = [ipywidgets.RadioButtons(options=options, index=None, layout=layout)]

    def read(self) -> list[int]:
        """Return the place of the choice, if there is one."""
        place = self.widgets[0].index
        return [] if place is None else [place]

    def write(self, given: Given, places: list[int]) -> None:
        """Choose what was given."""
        self.widgets[0].index = places[0] if places else None


class CheckboxControl(Control):
    """A control that takes any number of choices."""

    def __init__(self, texts: Sequence[str], name: str) -> None:
        layout = ipywidgets.Layout(**WIDE)
        shared = {"value": False, "indent": False, "style": DESCRIBED, "layout": layout}
        self.widgets = [
            ipywidgets.Checkbox(description=_unmarked(text), **shared) for text in texts
        ]

    def read(self) -> list[int]:
        """Return the places of the choices."""
        return [place for place, box in enumerate(self.widgets) if box.value]

    def write(self, given: Given, places: list[int]) -> None:
        """Choose what was given."""
        for place, box in enumerate(self.widgets):
            box.value = place in places


class TextControl(Control):
    """A control to type into."""

    def __init__(self, texts: Sequence[str], name: str) -> None:
        layout = ipywidgets.Layout(**WIDE)
        self.widgets = [ipywidgets.Text(description=name, style=DESCRIBED, layout=layout)]

    def read(self) -> str:
        """Return what is typed."""
        return self.widgets[0].value

    def write(self, given: Given, places: list[int]) -> None:
        """Show what was given."""
        self.widgets[0].value = given if isinstance(given, str) else ""


CONTROLS: dict[str, type[Control]] = {
    "radio": RadioControl,
    "checkbox": CheckboxControl,
    "text": TextControl,
}


def _unmarked(text: str) -> str:
    """Remove the marks of code: a label of ipywidgets is plain text."""
    return text.replace("`", "")
