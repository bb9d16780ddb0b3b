"""The state of a widget: it hears the student's actions and tells failures, and knows no screen."""

import logging
import os
import traceback
from typing import Any

from ...language import say
from .messages import Message

log = logging.getLogger(__name__)


class State:
    """The state of a widget, with its words in the language of `say` at this moment.

    A subclass acts: act(message) does what the student asks for and calls changed().
    errors: exceptions of callbacks, which no cell could raise   alive: a browser has answered
    """

    def __init__(self, messages: str) -> None:
        """Read the words; messages: their catalogue, such as "quiz"."""
        self.lang = say.html_lang()
        self.words = {name: say.choose(both) for name, both in say.catalogue(messages).items()}
        self.errors: list[Exception] = []
        self.alive = False
        self._failed: Exception | None = None

    def act(self, message: Any) -> None:
        """Do what a message asks for; a subclass says which of base.messages it takes."""
        raise NotImplementedError

    def changed(self) -> None:
        """Note that the state has changed; a widget draws it anew."""

    def hear(self, message: Message) -> None:
        """Act on a message from the screen, and never raise.

        A failure is shown in the student's language, kept in errors, and logged with its
        traceback.
        """
        try:
            if message["action"] == "alive":
                self.alive = True
                return
            self._failed = None
            self.act(message)
        except Exception as error:
            self.fail(error, f"{type(self).__name__}, message {message}")
            self.changed()

    def fail(self, error: Exception, doing: str) -> None:
        """Keep a callback's failure: to be shown, in errors, and logged with its traceback."""
        self._failed = error
        self.errors.append(error)
        log.error("%s failed", doing, exc_info=error)

    def failure_sentence(self) -> str:
        """Say in one sentence for the student that the program failed."""
        return self.words["error"]

    def trouble(self) -> tuple[str, str] | None:
        """Return a sentence for the student and a technical line, if the last action failed."""
        if self._failed is None:
            return None
        place = traceback.extract_tb(self._failed.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}, line {place.lineno}"
        return self.failure_sentence(), f"{type(self._failed).__name__}: {self._failed} ({where})"
