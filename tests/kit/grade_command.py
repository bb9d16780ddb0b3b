"""`start.py grade` as a command of its own, on sheet 01: started, stopped, waited for, read."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from places import ROOT
from sample_class import LESSON

LANG = "ja"
TASKS = ("merge", "window", "grouped", "packed")
STILL_S = 900.0  # without a new row or word: then it hangs, however slow the machine is


class Command:
    """The command on a class, in a folder of its own."""

    def __init__(self, folder: Path, handed: Path, cluster: str = "", **environment: str):
        self.out, words = folder / "out", ["--lesson", LESSON, "--lang", LANG, "--out"]
        self.words = [sys.executable, "-P", "-m", "course_tools.grading", handed, *words, self.out]
        self.words += ["--courses", folder / "courses", "--jobs", "2", "--report-lang", "en"]
        self.words += ["--cluster", cluster] if cluster else []
        self.env = os.environ | {"PYTHONPATH": str(ROOT / "src"), **environment}
        self.log = folder / "said"
        folder.mkdir(exist_ok=True)

    def start(self) -> subprocess.Popen:
        """Start it; what is waited for is waited for this run."""
        with self.log.open("ab") as said:
            self.running = subprocess.Popen(
                [str(word) for word in self.words], env=self.env, stdout=said, stderr=said
            )
        return self.running

    def run(self) -> int:
        """Run it to its end."""
        self.start()
        return self.wait()

    def wait(self) -> int:
        """Return how it has ended."""
        self.until(lambda: self.running.poll() is not None)
        return self.running.returncode

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until it is so, for as long as rows or words are added."""
        since, last = time.monotonic(), (0, 0)
        while not true():
            assert self.running.poll() is None or true(), self.said()
            now = self.kept(), self.log.stat().st_size
            since, last = (since, last) if now == last else (time.monotonic(), now)
            assert time.monotonic() - since < STILL_S, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        """All that it has said, in all its runs."""
        return self.log.read_text("utf-8")

    def verdicts(self) -> dict[str, int]:
        """{file of a verdict: when it was written}."""
        return {
            file.name: file.stat().st_mtime_ns for file in (self.out / "results").glob("*.json")
        }

    def kept(self) -> int:
        """How many verdicts are kept."""
        return len(self.verdicts())

    def table(self) -> dict[str, dict[str, str]]:
        """{student: the row}, one each."""
        text = (self.out / "grades.csv").read_text("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        key, *_ = rows[0]
        assert len({row[key] for row in rows}) == len(rows)
        return {row[key]: row for row in rows}

    def points(self) -> dict[str, float]:
        """Everybody's points of the tests; 0 where nobody knows them yet."""
        return {who: sum(float(row[t] or 0) for t in TASKS) for who, row in self.table().items()}

    def pages(self) -> dict[str, bytes]:
        """The table and every page of feedback, as they lie there."""
        files = [self.out / "grades.csv", *sorted((self.out / "feedback").iterdir())]
        return {file.name: file.read_bytes() for file in files}
