"""What an LMS makes of the files that it gets back: the rules of its own importers, written anew.

Moodle: mod/assign/feedback/offline/importgradeslib.php and locallib.php, feedback/file/
importziplib.php.  Canvas: lib/gradebook_importer.rb, infer_comment_context_from_filename in
app/models/abstract_assignment.rb.  All were read on 2026-11-29.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

HIDDEN_USER = "参加者"  # Moodle takes away as many bytes, whatever they are


def moodle_grades(data: bytes, most: float) -> dict[str, float]:
    """{participant: grade}, of the rows that Moodle takes."""
    text = data.decode("utf-8").removeprefix("\ufeff")
    heads, *rows = csv.reader(io.StringIO(text, newline=""))
    at, found = heads.index("評点"), {}
    assert heads.index("ID") == 0 and "最終更新日時 (評定)" in heads
    for row in rows:
        participant = row[0].encode()[len(HIDDEN_USER.encode()) :].decode()
        if row[at] != "" and 0 <= float(row[at]) <= most:
            found[participant] = float(row[at])
    return found


def moodle_files(data: bytes, participants: set[str]) -> dict[str, dict[str, bytes]]:
    """{participant: {file: content}}; a file that Moodle cannot place is left out, as there."""
    found: dict[str, dict[str, bytes]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            while parts:
                info = parts.pop(0).split("_", 4)
                if len(info) < 5 or not info[1].isdecimal() or info[1] not in participants:
                    continue
                assert info[2:4] == ["assignsubmission", "file"]
                rest = "/".join([info[4], *parts]).lstrip("/")
                found.setdefault(info[1], {})[rest] = archive.read(name)
                break
    return found


def canvas_grades(data: bytes, assignment: str) -> dict[str, str]:
    """{user: what stands in the assignment's column}, of the rows that are students."""
    heads, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert "Student" in heads[0] and "ID" in heads[1] and "Section" in heads
    at = next(n for n, head in enumerate(heads) if head.endswith(f"({assignment})"))
    students = [row for row in rows if "Points Possible" not in row[0] and row[1]]
    return {row[1]: row[at].strip() for row in students}


def canvas_files(
    data: bytes, attachments: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, bytes]]:
    """{user: (name of the file that the student sees, content)}.  attachments: {id: (user, name)}.

    A file that Canvas ignores is left out, as there.
    """
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path in archive.namelist():
            name = PurePosixPath(path).name
            numbers = [word for word in name.split("_") if word.isdecimal() and word.isascii()]
            user, attachment = [*numbers, "", ""][:2]
            if name.startswith("._") or attachments.get(attachment, ("", ""))[0] != user:
                continue
            found[user] = (attachments[attachment][1], archive.read(path))
    return found
