"""The session of this process: the lesson, how strict it is, and what is not on disk yet.

helpers.begin sets the lesson and the language of the current session; claims, check and progress
read it.

    with Session(lang="ja", strict="", home=folder):  # the grader, a test
        ...  # afterwards the session before it is current again, with its language

A process has one, whatever the thread: a widget's callback may run in another thread, and a cell
in another context than the cell before, and all of them belong to the same student.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..language import say
from . import records


@dataclass(frozen=True)
class Result:
    """The result of a task: its status is "right", "wrong", "error" or "not_yet"."""

    task: str
    status: str
    detail: str = ""
    hint: str = ""


@dataclass
class Session:
    """One student's work in one process.

    lang: the language from its start on; None: the one that is set already
    strict: which misses raise ("claims", "tasks", "claims,tasks" or ""); None: TRIAD_STRICT's
    home: the folder for progress; None: TRIAD_HOME's, or the platform's place
    """

    lesson: str = ""
    lang: str | None = None
    strict: str | None = None
    home: Path | None = None
    results: dict[str, Result] = field(default_factory=dict)  # by task
    unsaved: records.Work | None = None  # the whole record, while the disk does not take it
    shown_once: set[str] = field(default_factory=set)  # messages that are not shown again
    _before: list[tuple["Session", str]] = field(default_factory=list, repr=False)

    def is_strict(self, kind: str) -> bool:
        """Does a miss of this kind raise?

        kind: "claims" or "tasks".
        """
        strict = os.environ.get("TRIAD_STRICT", "") if self.strict is None else self.strict
        return kind in strict

    def __enter__(self) -> "Session":
        """Make this session the current one.

        ValueError if lang is no language of the course.
        """
        global _current
        before = (_current, say.language())
        say.use(say.language() if self.lang is None else self.lang)
        self._before.append(before)
        _current = self
        return self

    def __exit__(self, *_: object) -> None:
        """Make the session before this one current again.

        RuntimeError if a later one has not ended.
        """
        global _current
        if _current is not self:
            names = f"{_current.lesson!r} has not ended; it began within that of {self.lesson!r}"
            raise RuntimeError(f"the session of {names} and must end first")
        _current, lang = self._before.pop()
        say.use(lang)


_current = Session()


def current() -> Session:
    """Return the session that every helper reads."""
    return _current


def begin(lesson: str, lang: str) -> None:
    """Set lesson and language of the current session; what it remembers of a student stays."""
    say.use(lang)
    _current.lesson = lesson
