"""What the course remembers of a student between sessions, in a folder of the student's own.

A random id, the answers to quizzes, the tasks that passed.  Nothing here raises into a notebook.

    progress.export()               # one file in the current folder: to keep, or to move machines
    progress.load("triad-….json")   # add what such a file holds
"""

import contextlib
import functools
import os
import re
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import filelock
import platformdirs

from ..display import show
from ..display.markup import Html
from ..files import write_whole
from ..language import say
from . import records, session

ID_FORM = re.compile(r"[0-9a-f]{32}")
PATIENCE = 5.0  # seconds to wait for another kernel, which needs milliseconds


def data_dir() -> Path:
    """Return the student's own folder: the session's home, $TRIAD_HOME or the platform's place.

    It is not created here.
    """
    home = session.current().home or os.environ.get("TRIAD_HOME")
    return Path(home or platformdirs.user_data_dir("transformer-triad", appauthor=False))


def student_id() -> str:
    """Return the student's 32 random hexadecimal digits, the same in every session.

    They say nothing about the person.
    Where the folder cannot be written, or the file holds something else, the id lives as long
    as the process.  Raises nothing: no lesson may stop because of it.
    """
    try:
        return _kept_id(data_dir() / "student_id")
    except (OSError, RuntimeError, ValueError):  # read-only, no home folder, no id in the file
        return id_in_memory()


# --- what a student did -----------------------------------------------------------------


def work() -> records.Work:
    """Return everything that is kept, by lesson."""
    return _changed(None)


def answers(lesson: str) -> dict[str, records.Answer]:
    """Return the kept answers of one lesson's quiz, by question."""
    return work().get(lesson, records.LessonWork()).quiz


def answered(lesson: str, question: str, given: tuple[str, ...] | str, right: bool) -> None:
    """Count one judged answer."""

    def count(old: records.Answer) -> records.Answer:
        at_once = old.at_once or (right and old.tries == 0)
        reached = replace(old, tries=old.tries + 1, solved=old.solved or right, at_once=at_once)
        now = records.now()
        begun = reached if old.tries else replace(reached, first=given, since=now)
        return replace(begun, given=given, when=now)

    _change_answer(lesson, question, count)


def hinted(lesson: str, question: str) -> None:
    """Keep that the hint of a question was asked for."""
    _change_answer(lesson, question, lambda old: replace(old, hinted=True))


def taken_back(lesson: str, question: str) -> None:
    """Keep that the answer to a question was taken back."""

    def clear(old: records.Answer) -> records.Answer:
        return replace(old, given=(), when=records.now()) if old.given else old

    _change_answer(lesson, question, clear)


def passed(task: str) -> None:
    """Keep when a task of the current lesson's sheet first passed its checks."""

    lesson = session.current().lesson

    def note(work: records.Work) -> None:
        work.setdefault(lesson, records.LessonWork()).tasks.setdefault(task, records.now())

    if lesson:
        _changed(note)


def _change_answer(
    lesson: str, question: str, change: Callable[[records.Answer], records.Answer]
) -> None:
    def edit(work: records.Work) -> None:
        quiz = work.setdefault(lesson, records.LessonWork()).quiz
        quiz[question] = change(quiz.get(question, records.Answer()))

    _changed(edit)


# --- one file to take along -------------------------------------------------------------


def export(path: str | os.PathLike | None = None) -> None:
    """Write everything to one file, by default triad-progress-DATE-TIME.json in this folder."""
    target = Path(path or ".").expanduser().absolute()
    if target.is_dir():
        target /= f"triad-progress-{datetime.now():%Y%m%d-%H%M%S}.json"
    try:
        text = records.dumps(work(), student_id())
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        _tell(say.text("progress", "exists", file=target))
    except OSError as error:
        _tell(say.text("progress", "not_exported", file=target, reason=_reason(error)))
    else:
        colab = say.text("progress", "download") if on_colab() else ""
        _tell(say.text("progress", "exported", file=target, short=target.name) + colab)


def load(path: str | os.PathLike) -> None:
    """Add what an exported file holds; nothing that is here already is lost."""
    try:
        other = records.loads(Path(path).expanduser().read_bytes())
    except OSError as error:
        _tell(say.text("progress", "not_read", file=path, reason=_reason(error)))
    except records.TooNew:
        _tell(say.text("progress", "too_new", file=path))
    except records.NotOurs:
        _tell(say.text("progress", "not_ours", file=path))
    else:
        _changed(lambda work: work.update(records.merged(work, other)))
        counts = {
            "answers": sum(len(kept.quiz) for kept in other.values()),
            "tasks": sum(len(kept.tasks) for kept in other.values()),
        }
        _tell(say.text("progress", "loaded", **counts))


def reset() -> None:
    """Begin a new record, and set the old one aside: progress.load brings it back."""
    try:
        file = data_dir() / "progress.json"
        with locked(file):
            aside = _set_aside(file, "old") if file.exists() else None
    except (OSError, RuntimeError) as error:
        _tell(say.text("progress", "not_reset", reason=_reason(error)))
        return
    session.current().unsaved = None
    name = "reset" if aside else "nothing_kept"
    _tell(say.text("progress", name, **({"file": aside.as_posix()} if aside else {})))


def on_colab() -> bool:
    """Does this Python run on Colab?"""
    return "google.colab" in sys.modules


# --- on disk ----------------------------------------------------------------------------


def _changed(edit: Callable[[records.Work], None] | None) -> records.Work:
    """Return the record after `edit` (None: unchanged), kept on disk or else in memory."""
    now = session.current()
    try:
        file = data_dir() / "progress.json"
        with locked(file):
            work = records.merged(_on_disk(file), now.unsaved or {})
            if edit:
                edit(work)
            if edit or now.unsaved:
                write_whole(file, records.dumps(work, student_id()))
        now.unsaved = None
        return work
    except records.TooNew:
        _tell_once("newer", file=file)
    except (OSError, RuntimeError) as error:  # read-only, full, locked; no home folder
        _tell_once("in_memory", reason=_reason(error))
    if now.unsaved is None:
        now.unsaved = _readable()
    if edit:
        edit(now.unsaved)
    return now.unsaved


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let one process at a time change the record.

    A lock that its process died with is free.  OSError if it waits.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(file.with_suffix(".lock"), timeout=PATIENCE)
    with warnings.catch_warnings():  # a disk without flock gets a lock file, with a warning
        warnings.simplefilter("ignore")
        lock.acquire(poll_interval=0.01)
    try:
        yield
    finally:
        lock.release()


def _on_disk(file: Path) -> records.Work:
    """Read the kept record; set a file that holds none aside, with a message."""
    if not file.exists():
        return {}
    try:
        return records.loads(file.read_bytes())
    except records.NotOurs:
        aside = _set_aside(file, "broken")
        _tell(say.text("progress", "broken", file=aside))
        return {}


def _readable() -> records.Work:
    """Read the kept record of a folder that can be read but not written."""
    try:
        return records.loads((data_dir() / "progress.json").read_bytes())
    except (OSError, RuntimeError, records.NotOurs, records.TooNew):
        return {}


def _set_aside(file: Path, why: str) -> Path:
    """Rename to progress.WHY-DATE.json, or …-DATE-2.json: never onto another file."""
    stem = f"{file.stem}.{why}-{datetime.now():%Y-%m-%d}"
    n, target = 1, file.with_name(f"{stem}.json")
    while target.exists():
        n += 1
        target = file.with_name(f"{stem}-{n}.json")
    return file.rename(target)


def _kept_id(file: Path) -> str:
    """Read the id, or write a new one.

    Mode "x": of two kernels that start at once, one wins.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as new:
                new.write(id_in_memory())
        except FileExistsError:
            pass
    kept = file.read_text(encoding="utf-8").strip()
    if not ID_FORM.fullmatch(kept):
        raise ValueError(f"{file} holds {kept[:40]!r}, expected 32 hexadecimal digits")
    return kept


@functools.cache
def id_in_memory() -> str:
    """Return a student's id that ends with this process."""
    return uuid.uuid4().hex


# --- messages ---------------------------------------------------------------------------


def _tell(message: str) -> None:
    show.fragment(Html('<p role="status">{}</p>').format(message), message)


def _tell_once(name: str, **values: object) -> None:
    shown = session.current().shown_once
    if name not in shown:
        shown.add(name)
        _tell(say.text("progress", name, **values))


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
