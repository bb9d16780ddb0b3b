"""What a lesson gives when nbval runs it, kept for the site (TRIAD_KEEP=1): one run serves both.

    kept_runs.watch(item, root)     before each cell
    kept_runs.passed(item)          after each that passed: the last of them keeps the notebook

The kernel's messages become outputs through nbclient's own code, as when nbclient runs a notebook.
The run's own folder is shown as the one that a student has.
"""

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile

from course_tools.site import executed

STUDENTS = "~/.local/share/transformer-triad"  # helpers.classroom.progress.data_dir() on Linux


class Run:
    """One run of a notebook: its kernel's messages are heard beside nbval."""

    def __init__(self, file: IPyNbFile, root: Path):
        self.place = executed.place(file.path, root)  # of what runs now, whatever changes meanwhile
        self.client = NotebookClient(deepcopy(file.nb), record_timing=False)
        self.client.reset_execution_trackers()
        self.client.clear_before_next_output = False
        self.code = [n for n, cell in enumerate(file.nb.cells) if cell.cell_type == "code"]
        self.now, self.asked, self.good = 0, "", set[int]()
        self.home = os.environ["TRIAD_HOME"]
        self.kernel, self.execute = file.kernel, file.kernel.execute_cell_input
        self.hear = file.kernel.get_message
        self.kernel.execute_cell_input, self.kernel.get_message = self._executed, self._heard

    def _executed(self, source: str, allow_stdin: bool | None = None) -> str:
        self.asked = self.execute(source, allow_stdin)
        return self.asked

    def _heard(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        message = self.hear(stream, timeout)
        ours = stream == "iopub" and message["parent_header"].get("msg_id") == self.asked
        if ours and message["msg_type"] != "status":
            index = self.code[self.now]
            cell = self.client.nb.cells[index]
            self.client.process_message(message, cell, index)
            _join_last(cell.outputs)
        return message


def _join_last(outputs: list[NotebookNode]) -> None:
    """Make one of two pieces of printed text that follow each other, as front ends do."""
    printed = [one.name for one in outputs[-2:] if one.output_type == "stream"]
    if len(printed) == 2 and len(set(printed)) == 1:
        outputs[-2].text += outputs.pop().text


def watch(item: IPyNbCell, root: Path) -> None:
    """Hear what this cell will give."""
    if not hasattr(item.parent, "run"):
        item.parent.run = Run(item.parent, root)
    item.parent.run.now = item.cell_num


def passed(item: IPyNbCell) -> None:
    """Note that a cell passed; a notebook of which all passed is kept."""
    run = item.parent.run
    run.good.add(item.cell_num)
    if len(run.good) == len(run.code):
        executed.keep(run.place, of_a_student(run.client.nb, run.home))


def of_a_student(notebook: NotebookNode, home: str) -> NotebookNode:
    """Return the notebook as it would be in a student's folder."""
    told, written = (json.dumps(name)[1:-1] for name in (home, STUDENTS))
    return nbformat.reads(nbformat.writes(notebook).replace(told, written), as_version=4)
