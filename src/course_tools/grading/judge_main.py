"""A judge's own program: it answers on standard output what it is asked on standard input.

A question is a pickled (function, *arguments), an answer the pickled (True, value) or
(False, exception).  Both come from the command that grades, never from a student's process.
"""

import os
import pickle
import signal
import sys
from typing import BinaryIO

from .sandbox import jail


def main() -> None:
    """Answer until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's matter, which ends this
    if sys.platform == "linux":
        jail.end_with_parent()
    jail.leave_no_core()  # hidden tests and submissions are in its memory
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints is no answer
    while True:
        try:
            question = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        _send(answers, answer(question))


def answer(question: bytes) -> bytes:
    """Return the pickled result of a pickled question."""
    try:
        function, *arguments = pickle.loads(question)
        return pickle.dumps((True, function(*arguments)))
    except Exception as error:
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    """Return the pickled exception; one that does not come back as it was, as its words."""
    try:
        made = pickle.dumps((False, error))
        pickle.loads(made)
        return made
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))


def _send(answers: BinaryIO, made: bytes) -> None:
    pickle.dump(made, answers)
    answers.flush()


if __name__ == "__main__":
    main()
