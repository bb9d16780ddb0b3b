"""What was handed in, kept in OUT/handed_in: a second download may be without some students.

They keep their row, and are graded anew with the others when the course has changed.  A row is
dropped by deleting its file.
"""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from helpers.files import write_whole

from ..sheet import Sheet
from . import lms
from .entries import READ, SubmittedFile
from .submission import Submission

Files = Sequence[SubmittedFile]


class OtherSheet(Exception):
    """OUT holds what was handed in for another sheet.  The message says which."""


def exchange(
    out: Path, sheet: Sheet, students: Mapping[str, Files]
) -> dict[str, list[SubmittedFile]]:
    """Keep what these students handed in; return what others handed in before.  OtherSheet."""
    there = before(out, sheet)
    for name, files in students.items():
        path = out / "handed_in" / f"{Submission(name).safe}.json"
        data = _written(name, files, sheet)
        if not path.exists() or path.read_text(encoding="utf-8") != data:
            write_whole(path, data)
    return {name: files for name, files in there.items() if name not in students}


def before(out: Path, sheet: Sheet) -> dict[str, list[SubmittedFile]]:
    """Return everybody's files that OUT holds.  OtherSheet."""
    return dict(_kept(out / "handed_in", sheet))


def under_kept_names(out: Path, sheet: Sheet, students: Mapping[str, Files]) -> dict[str, Files]:
    """Return the same files, a student whom the LMS has renamed since under the name from before.

    The LMS' number tells that it is the same student: marks and results lie under that name.
    """
    before = {key: name for name, files in _kept(out / "handed_in", sheet) if (key := _key(files))}
    names = {name: before.get(_key(files), name) for name, files in students.items()}
    taken = Counter([*names.values(), *students])  # a name that is there belongs to who has it
    return {name if taken[names[name]] > 1 else names[name]: files
            for name, files in students.items()}  # fmt: skip


def _key(files: Files) -> str:
    return lms.key_of(files[0].path) if files else ""


def _kept(folder: Path, sheet: Sheet) -> Iterable[tuple[str, list[SubmittedFile]]]:
    for path in sorted(folder.glob("*.json")):
        table = json.loads(path.read_text(encoding="utf-8"))
        if (table["lesson"], table["lang"]) != (sheet.lesson, sheet.lang):
            raise OtherSheet(
                f"{folder.parent} holds grades of {table['lesson']} ({table['lang']}): "
                "choose another --out"
            )
        yield table["student"], [_file(entry) for entry in table["files"]]


def _written(student: str, files: Files, sheet: Sheet) -> str:
    entries = [
        {"path": str(file.path), "when": file.when, "problem": file.problem, "data": _text(file)}
        for file in files
    ]
    table = {"student": student, "lesson": sheet.lesson, "lang": sheet.lang, "files": entries}
    return json.dumps(table)


def _text(file: SubmittedFile) -> str:
    """Return the bytes of a notebook or of progress as text; of nothing else they are read."""
    data = b"" if file.problem or file.path.suffix.lower() not in READ else file.read()
    return base64.b64encode(zlib.compress(data)).decode() if data else ""


def _file(entry: Mapping) -> SubmittedFile:
    data = zlib.decompress(base64.b64decode(entry["data"])) if entry["data"] else b""
    path = PurePosixPath(entry["path"])
    return SubmittedFile(path, lambda: data, entry["when"], entry["problem"])
