"""The terminal panel of a lesson: a fixed list of experiments to run, and what they print."""

import threading

from .. import experiments
from ..language import say
from .face import Face, Faced
from .terminal_plain import PlainFace
from .terminal_run import Result, Run
from .terminal_screen import MAX_ROWS, Line, wrapped
from .terminal_static import as_html, as_text


class Terminal(Faced):
    """Runs the named experiments (or all) in this Python, one at a time.

    Display it, or call run, start, stop, wait: one state.  Nothing that is typed reaches a command
    line: a name is looked up in helpers.experiments.EXPERIMENTS.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.experiments = experiments.all_of(names)
        self.lang, self._language = say.html_lang(), say.language()
        self.words = {name: say.choose(both) for name, both in say.catalogue("terminal").items()}
        self.options = [
            self.words["option"].format(name=one.name, title=one.title, n=one.seconds)
            for one in self.experiments
        ]
        self._run: Run | None = None
        self._lock = threading.RLock()

    # --- as function calls --------------------------------------------------------------

    def run(self, name: str) -> Result:
        """Start an experiment and wait for its end; interrupting the kernel stops it."""
        self.start(name)
        try:
            return self.wait()
        except KeyboardInterrupt:
            self.stop()
            raise

    def start(self, name: str) -> None:
        """ValueError names the experiments that there are; RuntimeError if one is running."""
        if name not in self.names():
            raise ValueError(self.words["unknown"].format(got=name, known=", ".join(self.names())))
        with self._lock:
            if self.is_running():
                raise RuntimeError(self.words["busy"].format(stop=self.words["stop"]))
            self._run = Run(name, self._language, self._prompt(name), self._changed)
            self._run.start()

    def stop(self) -> Result | None:
        """End the experiment that runs, with all that it started; None if none ever ran."""
        if self._run is None:
            return None
        self._run.stop()
        return self.wait()

    def wait(self, seconds: float | None = None) -> Result:
        """RuntimeError if no experiment has begun; TimeoutError if it has not ended by then."""
        if self._run is None:
            raise RuntimeError(self.words["nothing"])
        self._run.join(seconds)
        if self._run.is_alive():
            raise TimeoutError(self.sentence())
        return self._result(self._run)

    def names(self) -> list[str]:
        return [one.name for one in self.experiments]

    def html(self) -> str:
        """The list of experiments, without a kernel or a script."""
        return as_html(self)

    def __repr__(self) -> str:
        return as_text(self)

    # --- for the faces ------------------------------------------------------------------

    def live_face(self) -> Face:
        from .terminal_live import LiveFace

        return LiveFace(self)

    def plain_face(self, note: str = "") -> Face:
        return PlainFace(self, note)

    def is_running(self) -> bool:
        return self._run is not None and not self._run.how and self._run.is_alive()

    def lines(self) -> list[Line]:
        """What the screen shows."""
        if self._run is not None:
            return self._run.screen.lines()
        return [wrapped("> " + self.words["ready"].format(run=self.words["run"]))]

    def place(self) -> int:
        """Of the experiment that runs or ran last, in the list."""
        return self.names().index(self._run.experiment) if self._run else 0

    def seconds(self) -> int:
        return int(self._run.seconds) if self._run else 0

    def sentence(self) -> str:
        """How it stands, in words; nothing before the first run."""
        run = self._run
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

    def hear(self, action: str, place: object = None) -> None:
        """An action on screen; an experiment is named by its place in the list.  Never raises: a
        failure is shown in the student's language, kept in errors, and logged."""
        try:
            self._failed = None
            self._act(action, place)
        except Exception as error:
            self._fail(error, f"terminal, action {action!r}")
        self._refresh()

    def trouble(self) -> tuple[str, str] | None:
        """If the last action failed: a sentence for the student and a technical line."""
        return (self.words["error"], self._technical()) if self._failed else None

    def _act(self, action: str, place: object) -> None:
        if action == "alive":
            self._alive = True
        elif action == "stop":
            if self._run is not None:
                self._run.stop()  # its thread does the rest, and the screen stays quick
        elif action != "run" or type(place) is not int or not 0 <= place < len(self.experiments):
            raise ValueError(f"action {action!r}, place {place!r}")
        elif not self.is_running():  # a second click
            self.start(self.experiments[place].name)

    def _refresh(self) -> None:
        """Also from the run's thread."""
        with self._lock:
            super()._refresh()

    # --- runs ---------------------------------------------------------------------------

    def _changed(self) -> None:
        """From the run's thread: whatever fails here must not end it with the child alive."""
        try:
            if self._run and self._run.error:
                self._fail(self._run.error, "terminal, its run")
            self._refresh()
        except Exception as error:
            self._fail(error, "terminal, drawing")

    def _prompt(self, name: str) -> str:
        """The command that does the same in a real terminal."""
        return f"$ python -m helpers.experiments {name} --lang {self._language}"

    def _result(self, run: Run) -> Result:
        text = run.screen.text()
        return Result(run.experiment, run.status, run.how, run.seconds, text, self.sentence())
