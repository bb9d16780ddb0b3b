"""The state of the terminal: a fixed list of experiments, and the one that runs."""

import threading

from ... import experiments
from ...language import say
from ..base.messages import TerminalMessage
from ..base.state import State
from .run import ExperimentRun, RunResult
from .screen import MAX_ROWS, Line, wrapped


class TerminalState(State):
    """The named experiments (or all), run one at a time, each in a thread of its own."""

    def __init__(self, *names: str) -> None:
        super().__init__("terminal")
        self.experiments = experiments.all_of(names)
        self._language = say.language()
        self.options = [
            self.words["option"].format(name=one.name, title=one.title, n=one.seconds)
            for one in self.experiments
        ]
        self.current: ExperimentRun | None = None  # the one that goes on, or the last
        self._lock = threading.RLock()

    # --- as function calls --------------------------------------------------------------

    def run(self, name: str) -> RunResult:
        """Start an experiment and wait for its end; interrupting the kernel stops it."""
        self.start(name)
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.stop()
            raise

    def start(self, name: str) -> None:
        """Start an experiment.

        ValueError names the experiments that there are; RuntimeError if one is running.
        """
        if name not in self.names():
            raise ValueError(self.words["unknown"].format(got=name, known=", ".join(self.names())))
        with self._lock:
            if self.is_running():
                raise RuntimeError(self.words["busy"].format(stop=self.words["stop"]))
            self.current = ExperimentRun(name, self._language, self._prompt(name), self._went_on)
            self.current.start()

    def stop(self) -> RunResult | None:
        """End the running experiment, with all that it started; None if none ever ran."""
        if self.current is None:
            return None
        self.current.stop()
        return self.wait()

    def wait(self, seconds: float | None = None) -> RunResult:
        """Wait for the end of the experiment.

        RuntimeError if no experiment has begun; TimeoutError if it has not ended by then.
        """
        if self.current is None:
            raise RuntimeError(self.words["nothing"])
        self.current.join(seconds)
        if self.current.is_alive():
            raise TimeoutError(self.sentence())
        return self._result(self.current)

    def names(self) -> list[str]:
        """Return the names of the experiments, in their order."""
        return [one.name for one in self.experiments]

    # --- for the views ------------------------------------------------------------------

    def is_running(self) -> bool:
        """Is an experiment running?"""
        return self.current is not None and not self.current.how and self.current.is_alive()

    def lines(self) -> list[Line]:
        """Return what the screen shows."""
        if self.current is not None:
            return self.current.screen.lines()
        return [wrapped("> " + self.words["ready"].format(run=self.words["run"]))]

    def place(self) -> int:
        """Return the list's place of the experiment that runs or ran last; 0 before any ran."""
        return self.names().index(self.current.experiment) if self.current else 0

    def seconds(self) -> int:
        """Return the seconds since the experiment began, or that it took; 0 before any ran."""
        return int(self.current.seconds) if self.current else 0

    def sentence(self) -> str:
        """Say how the experiment stands; nothing before the first run."""
        run = self.current
        if run is None:
            return ""
        if not run.how:
            return self.words["running"].format(name=run.experiment)
        values = {"seconds": f"{run.seconds:.1f}"}
        if run.how == "exit":
            return self.words["failed" if run.status else "ended"].format(
                status=run.status, **values
            )
        limits = {"limit": f"{run.limit:.0f}", "rows": f"{MAX_ROWS:,}"}
        return self.words[f"by_{run.how}"].format_map(values | limits)

    def act(self, message: TerminalMessage) -> None:
        """Run or stop, as a message asks; an experiment is named by its place in the list."""
        action, place = message["action"], message["place"]
        if action == "stop":
            if self.current is not None:
                self.current.stop()  # its thread does the rest, and the screen stays quick
        elif action != "run" or type(place) is not int or not 0 <= place < len(self.experiments):
            raise ValueError(f"action {action!r}, place {place!r}")
        elif not self.is_running():  # a second click
            self.start(self.experiments[place].name)
        self.changed()

    def changed(self) -> None:
        """Note that the state has changed; it is also called from the run's thread."""
        with self._lock:
            super().changed()

    # --- runs ---------------------------------------------------------------------------

    def _went_on(self) -> None:
        """Show what changed in the run, from the run's thread.

        Whatever fails here must not end that thread with the child alive.
        """
        try:
            if self.current and self.current.error:
                self.fail(self.current.error, "terminal, its run")
            self.changed()
        except Exception as error:
            self.fail(error, "terminal, drawing")

    def _prompt(self, name: str) -> str:
        """Return the command that does the same in a real terminal."""
        return f"$ python -m helpers.experiments {name} --lang {self._language}"

    def _result(self, run: ExperimentRun) -> RunResult:
        text = run.screen.text()
        return RunResult(run.experiment, run.status, run.how, run.seconds, text, self.sentence())
