"""The comment bank: comments that are written once, in each language, and inserted by a key.

    courses/comments.json    [{"id", "lesson", "texts": {"ja": …, "zh_tw": …}}]

It is shared by the courses of all languages.  How often a comment is used is no counter that could
drift: it is counted in the marks that hold it (`desk.uses`).
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock

from helpers.files import write_whole
from helpers.language import say

LONGEST = 2_000  # characters of one text
MOST = 500  # comments


@dataclass(frozen=True)
class BankComment:
    """One comment in one or more languages.  lesson: "" for all of them."""

    id: str
    lesson: str
    texts: Mapping[str, str]

    def text(self, lang: str) -> str:
        """Return the text that a student of this language reads; "" if there is none."""
        return self.texts.get(say.key(lang), "")


class Bank:
    """The file of the bank.  Two who write at once do not undo each other."""

    def __init__(self, courses: Path):
        self.file = courses / "comments.json"

    def comments(self, lesson: str | None = None) -> list[BankComment]:
        """Return the comments for a lesson, or all, in the order in which they were added."""
        if not self.file.exists():
            return []
        made = [BankComment(**entry) for entry in json.loads(self.file.read_text("utf-8"))]
        return [one for one in made if lesson is None or one.lesson in ("", lesson)]

    def put(self, lesson: str, texts: Mapping[str, str], id: str = "") -> str:
        """Add a comment, or change that with this id; return its id.  ValueError."""
        keys = {say.key(lang) for lang in say.LANGUAGES}
        whole = {k: " ".join(v.split()) for k, v in texts.items() if k in keys and v.strip()}
        if not whole or max(map(len, whole.values())) > LONGEST:
            raise ValueError(f"a comment has 1 to {LONGEST} characters in at least one language")
        new = BankComment(id or secrets.token_hex(4), lesson, whole)
        with self._locked():
            there = self.comments()
            if id and id not in {one.id for one in there}:
                raise ValueError(f"no comment {id}")
            kept = [new if one.id == id else one for one in there]
            kept += [] if id else [new]
            if len(kept) > MOST:
                raise ValueError(f"more than {MOST} comments")
            self._write(kept)
        return new.id

    def remove(self, id: str) -> None:
        """Take a comment out of the bank; where it was used, its text stays."""
        with self._locked():
            self._write([one for one in self.comments() if one.id != id])

    def _locked(self) -> filelock.BaseFileLock:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.file.with_name(".comments.lock"), timeout=20)

    def _write(self, kept: list[BankComment]) -> None:
        entries = [asdict(one) for one in kept]
        write_whole(self.file, json.dumps(entries, ensure_ascii=False, indent=1) + "\n")
