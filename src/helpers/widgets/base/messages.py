"""The messages between a view in the browser (screen.js) and Python, each declared once.

The browser sends a Message.  Python sets the traits of an AnywidgetView; where a trait is a table,
its type is one of the *Shown below.  data-answered, an attribute of an explorer's element, repeats
ExplorerShown's request: a test reads there that its own question is answered.
"""

from typing import Any, Literal, NotRequired, TypedDict

# --- browser → Python -------------------------------------------------------------------


class Alive(TypedDict):
    """A message sent once, as soon as the script runs, even if the cell is not in view."""

    action: Literal["alive"]


QuizAction = Literal["check", "hint", "retry"]
TerminalAction = Literal["run", "stop"]


class QuizMessage(TypedDict):
    """A student's action in the quiz.

    value: with "check" what is chosen (places on screen) or typed; else "".
    """

    action: QuizAction
    question: str
    value: list[int] | str


class TerminalMessage(TypedDict):
    """A student's action in the terminal.

    place: with "run" the experiment's place in the list; else null.
    """

    action: TerminalAction
    place: int | None


class ExplorerMessage(TypedDict):
    """A student's change of an explorer.

    request: comes back when it is answered   values: {control: raw value}, of all controls
    """

    action: Literal["set"]
    request: str
    values: dict[str, Any]


Message = Alive | QuizMessage | TerminalMessage | ExplorerMessage

# --- Python → browser -------------------------------------------------------------------

Trouble = list[str]  # [sentence for the student, technical line], or [] without a failure


class QuestionControl(TypedDict):
    """The control of a question.

    A text has a keyboard (as HTML's inputmode names it) and a unit, which is shown behind it.
    """

    control: Literal["radio", "checkbox", "text"]
    keyboard: NotRequired[Literal["decimal", "text"]]
    unit: NotRequired[str]


class QuestionShown(QuestionControl):
    """A question as the browser gets it: nothing of it depends on the answer.

    origin: where a question of a review comes from, else ""   href: a link there, or ""
    choices: texts in this student's order
    """

    id: str
    number: str
    text: str
    note: str
    origin: str
    href: str
    choices: list[str]


class AttemptShown(TypedDict):
    """An attempt as the browser gets it.

    given: places of the chosen choices on screen, or what was typed.  hint: "" until asked for.
    right: null = not judged   headline: "" = no answer   details: pairs of heading and reason
    The quiz sends {question's id: AttemptShown} and a "turn" that always differs, so that the
    browser also hears of an answer that changed nothing.
    """

    given: list[int] | str
    right: bool | None
    headline: str
    details: list[list[str]]
    hint: str


class ControlDrawn(TypedDict):
    """What a control's drawing needs.

    texts: of a range's or list's values   unit: of a number   known: words that may be typed
    """

    kind: Literal["range", "select", "check", "number", "text"]
    texts: NotRequired[list[str]]
    unit: NotRequired[str]
    known: NotRequired[list[str]]


class ControlShown(ControlDrawn):
    """A control of an explorer as the browser gets it."""

    name: str
    label: str


class ExplorerShown(TypedDict):
    """An explorer's drawing as the browser gets it.

    notes: {control: what is refused}; "" = of all together   request: the one answered here
    """

    request: str
    raw: dict[str, Any]
    notes: dict[str, str]
    picture: str
    sentence: str
