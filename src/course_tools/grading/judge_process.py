"""A judge in a process of its own, asked one question at a time.

The standard library alone, and nothing of the course: a cluster's worker gets this module from the
command, before it has any of the course (cluster/).
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading

PROGRAM = "course_tools.grading.judge_main"
HUNG_S = 900.0  # longer than any submission with the limits as they are, on a busy machine
END_S = 20.0  # for closing the fork server, on a busy machine


class JudgeEnded(Exception):
    """The process is gone.  asked: whether it was at work on a question."""

    def __init__(self, asked: bool):
        super().__init__("the process that grades has ended")
        self.asked = asked


class JudgeProcess:
    """A process that answers pickled questions; it is killed with the thread that started it.

    course: folder of helpers and course_tools; temporary: for its temporary files; errors: where
    its standard error goes, as subprocess.Popen takes it; hung_s: what no question takes
    """

    def __init__(
        self, course: str, temporary: str, errors: int | None = None, hung_s: float = HUNG_S
    ):
        self.hung_s = hung_s
        path = os.pathsep.join(filter(None, [course, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM],
            env=os.environ | {"PYTHONPATH": path, "TMPDIR": temporary},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )

    def ask(self, question: bytes) -> bytes:
        """Return the answer to a pickled (function, *arguments).  JudgeEnded, also if it hangs."""
        if self.process.poll() is not None:
            raise JudgeEnded(asked=False)
        hangs = threading.Timer(self.hung_s, self.process.kill)
        hangs.daemon = True
        hangs.start()
        try:
            return self._answer(question)
        finally:
            hangs.cancel()

    def _answer(self, question: bytes) -> bytes:
        process = self.process
        assert process.stdin and process.stdout
        try:
            pickle.dump(question, process.stdin)
            process.stdin.flush()
        except OSError:  # nobody reads
            raise JudgeEnded(asked=False) from None
        try:
            return pickle.load(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            self.process.kill()  # it says nothing more; the next question finds that it is gone
            self.process.wait()
            raise JudgeEnded(asked=True) from None

    def kill(self) -> None:
        """End the process at once; a question that it is at work on raises JudgeEnded."""
        self.process.kill()

    def close(self) -> None:
        """Let the process end by itself, and see to it that it does."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
