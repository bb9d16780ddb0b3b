"""The quiz built from stock ipywidgets (7.7 and 8), for front ends that lack anywidget's code.

The same judgement as the live face.  Its radio buttons are those of ipywidgets: in JupyterLab the
arrow keys leave them; Tab, Space and the mouse work.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets

from .plain import WIDE, bundle, spoken, trouble_html
from .quiz_static import instruction
from .static import rich

if TYPE_CHECKING:
    from .quiz import Quiz
    from .quiz_bank import Question


class PlainFace:
    """note: one sentence above the questions, such as why this face is shown."""

    def __init__(self, quiz: "Quiz", note: str = "") -> None:
        self._quiz = quiz
        self.rows = {
            q.id: PlainQuestion(quiz, q, n) for n, q in enumerate(quiz.questions.values(), 1)
        }
        self.score, self.trouble = ipywidgets.HTML(), ipywidgets.HTML()
        title = f"<h3>{rich(quiz.words['title'])}</h3>" + (f"<p>{rich(note)}</p>" if note else "")
        head = ipywidgets.HTML(spoken(quiz.lang, title))
        boxes = [row.box for row in self.rows.values()]
        self.box = ipywidgets.VBox([head, *boxes, self.score, self.trouble])
        self.refresh()

    def refresh(self) -> None:
        for row in self.rows.values():
            row.refresh()
        self.score.value = spoken(self._quiz.lang, rich(self._quiz.score().text))
        trouble = trouble_html(self._quiz.trouble(), self._quiz.words["error_detail"])
        self.trouble.value = spoken(self._quiz.lang, trouble)

    def mimebundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return bundle(self.box)


class PlainQuestion:
    def __init__(self, quiz: "Quiz", question: "Question", n: int) -> None:
        self._quiz, self._id = quiz, question.id
        number = rich(quiz.words["number"].format(n=n))
        note = rich(instruction(quiz, question))
        text = f"<p><b>{number}</b> {rich(question.text)}<br><small>{note}</small></p>"
        self.controls = _controls(quiz, question)
        self.buttons = {action: self._button(action) for action in ("check", "hint", "retry")}
        self.feedback, self.hint = ipywidgets.HTML(), ipywidgets.HTML()
        row = ipywidgets.HBox(list(self.buttons.values()))
        head = ipywidgets.HTML(spoken(quiz.lang, text))
        self.box = ipywidgets.VBox([head, *self.controls, row, self.hint, self.feedback])
        self._drawn: object = None

    def _button(self, action: str) -> ipywidgets.Button:
        button = ipywidgets.Button(description=self._quiz.words[action])
        button.on_click(partial(self._pressed, action))
        return button

    def _pressed(self, action: str, _: ipywidgets.Button) -> None:
        if action == "retry":
            self._drawn = None  # also takes away what was chosen but never checked
        self._quiz.hear(self._id, action, self.given() if action == "check" else "")

    def given(self) -> list[int] | str:
        """What is chosen on screen: places of choices, or the text of the number."""
        first = self.controls[0]
        if isinstance(first, ipywidgets.Text):
            return first.value
        if isinstance(first, ipywidgets.RadioButtons):
            return [] if first.index is None else [first.index]
        return [place for place, box in enumerate(self.controls) if box.value]

    def refresh(self) -> None:
        """Only what changed: what is being typed into another question stays."""
        attempt = self._quiz.attempt(self._id)
        if self._drawn != attempt.given:
            self._set(attempt.given)
            self._drawn = attempt.given
        hint = self._quiz.questions[self._id].hint if attempt.hinted else ""
        self.hint.value = spoken(self._quiz.lang, rich(hint))
        result = attempt.result.text if attempt.result else ""
        self.feedback.value = spoken(self._quiz.lang, rich(result).replace("\n", "<br>"))

    def _set(self, given: tuple[str, ...] | str) -> None:
        first = self.controls[0]
        places = [n for n, c in enumerate(self._quiz.shown(self._id)) if c.id in given]
        if isinstance(first, ipywidgets.Text):
            first.value = given if isinstance(given, str) else ""
        elif isinstance(first, ipywidgets.RadioButtons):
            first.index = places[0] if places else None
        else:
            for place, box in enumerate(self.controls):
                box.value = place in places


def _controls(quiz: "Quiz", question: "Question") -> list[ipywidgets.Widget]:
    layout, style = ipywidgets.Layout(**WIDE), {"description_width": "initial"}
    if question.kind == "numeric":
        name = quiz.words["answer"]
        return [ipywidgets.Text(description=name, style=style, layout=layout)]
    texts = [choice.text.replace("`", "") for choice in quiz.shown(question.id)]
    if question.kind == "single":
        options = [(text, place) for place, text in enumerate(texts)]
        return [ipywidgets.RadioButtons(options=options, index=None, layout=layout)]
    shared = {"value": False, "indent": False, "layout": layout}
    return [ipywidgets.Checkbox(description=text, style=style, **shared) for text in texts]
