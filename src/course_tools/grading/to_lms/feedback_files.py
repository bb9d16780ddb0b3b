"""The students' pages in one zip file, named as the LMS takes them back.

Moodle ("Upload multiple feedback files in a zip"): a folder for each student, called
NAME_NUMBER_assignsubmission_file_; it is split at underscores, and the number says whose it is
(mod/assign/feedback/file/importziplib.php, read 2026-11-29).  Moodle before 4.1 wants the last
underscore, later ones take it.

Canvas, NTU COOL ("Upload Submissions"): the first two numbers between underscores are the student
and the file that was handed in; the comment gets this file under the name of that one
(infer_comment_context_from_filename in app/models/abstract_assignment.rb, read 2026-11-29).  So a
page goes back as a notebook where a notebook was handed in, and in a zip file where it was one.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import PurePosixPath

from ..marks import Grade
from ..messages import Note
from ..reports import feedback
from ..roster import Class
from ..submissions import lms

PAGE = "feedback.html"


def packed(
    key: str, grades: Iterable[Grade], people: Class, walls: bool
) -> tuple[bytes, list[tuple[str, Note]]]:
    """Return the zip file, and who is not in it and why."""
    made: dict[str, bytes] = {}
    left_out: list[tuple[str, Note]] = []
    for grade in grades:
        entry = _moodle(grade, people, walls) if key == "moodle" else _canvas(grade, walls)
        if entry:
            made[entry[0]] = entry[1]
        else:
            left_out.append((grade.graded.student, ("lms_no_page", {})))
    return _zipped(made), left_out


def _moodle(grade: Grade, people: Class, walls: bool) -> tuple[str, bytes] | None:
    who = people.of(grade.graded)
    found = lms.format_of(PurePosixPath(grade.graded.file or "-"))
    if not who.lms_id or not found or found.key != "moodle":
        return None
    name = "".join(" " if c in '_/\\:*?"<>|' else c for c in who.name or who.id)
    folder = f"{name.strip(' .') or 'student'}_{who.lms_id}_assignsubmission_file_"
    return f"{folder}/{PAGE}", feedback.page(grade, walls).encode("utf-8", "replace")


def _canvas(grade: Grade, walls: bool) -> tuple[str, bytes] | None:
    path = PurePosixPath(grade.graded.file or "-")
    found, page = lms.format_of(path), feedback.page(grade, walls).encode("utf-8", "replace")
    if not found or found.key != "canvas":
        return None
    if len(path.parts) > 1:  # what Canvas packs lies in no folder: it was a zip file
        return f"{path.parts[0]}.zip", _zipped({PAGE: page})
    if path.suffix.lower() != ".ipynb":
        return None
    return path.name, _as_notebook(feedback.body(grade, walls))


def _as_notebook(body: str) -> bytes:
    """Return a notebook of one cell that shows a page: one line, in which no Markdown is left."""
    source = body.replace("\n", "&#10;").replace("$", "&#36;")
    cell = {"cell_type": "markdown", "id": "feedback", "metadata": {}, "source": source}
    made = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "replace")


def _zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip file; the same files make the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()
