"""The file format of a student's work, and how two versions of it are merged."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

COURSE, FORMAT = "transformer-triad", 1
KINDS: dict[str, tuple[type, ...]] = {
    "given": (str, list),
    "tries": (int,),
    "solved": (bool,),
    "at_once": (bool,),
    "hinted": (bool,),
    "when": (str,),
}
LATER: dict[str, tuple[type, ...]] = {"first": (str, list), "since": (str,)}  # may be missing
# What lessons were called before 02_block came between: a student's record may still say so.
RENAMED = {
    "02_encoder": "03_encoder",
    "03_decoder": "04_decoder",
    "04_encoder_decoder": "05_encoder_decoder",
    "05_decoder_dominance": "06_decoder_dominance",
    "06_kv_cache": "07_kv_cache",
    "07_bottleneck_challenge": "08_bottleneck_challenge",
}
T = TypeVar("T")


class NotOurs(ValueError):
    """The file is damaged, or not a record of this course."""


class TooNew(ValueError):
    """A later version of the course wrote the file."""


@dataclass(frozen=True)
class Answer:
    """A student's answer to one question of a quiz.

    given: ids of choices, or the text of a number; () = taken back.
    tries: answers judged.  solved, at_once: right so far, right at the first try.  when: the UTC
    time of `given`.  first, since: the first answer that was judged, and its time; a record from
    before they were kept has none.
    """

    given: tuple[str, ...] | str = ()
    tries: int = 0
    solved: bool = False
    at_once: bool = False
    hinted: bool = False
    when: str = ""
    first: tuple[str, ...] | str = ()
    since: str = ""


@dataclass(frozen=True)
class Guess:
    """What a reader of the site wrote as the prediction of one cell, and when, in UTC."""

    given: str
    when: str


@dataclass
class LessonWork:
    """A student's work on one lesson.

    quiz: {question: Answer}.  tasks: {task that passed its checks: when it first did}.
    guesses: {cell: Guess}; only the site keeps them, and a record from before has none.
    """

    quiz: dict[str, Answer] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    guesses: dict[str, Guess] = field(default_factory=dict)


Work = dict[str, LessonWork]  # by the lesson's name


def now() -> str:
    """Return the time in UTC to the microsecond; a later one is greater as text, too."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def dumps(work: Work, student: str) -> str:
    """Write the work as JSON.

    student: the random id, the only thing about a person in the file.
    """
    lessons = {name: asdict(lesson) for name, lesson in work.items()}
    table = {"course": COURSE, "format": FORMAT, "student": student, "lesson": lessons}
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def loads(data: bytes) -> Work:
    """Read what dumps wrote; raise NotOurs or TooNew for anything else."""
    try:
        table = json.loads(data.decode("utf-8-sig"))  # an editor may have added the mark
        if table["course"] != COURSE:
            raise NotOurs(f"course is {table['course']!r}, expected {COURSE!r}")
        if table["format"] > FORMAT:
            raise TooNew(f"format {table['format']}, expected {FORMAT} at most")
        return _by_todays_name({n: _lesson(entry) for n, entry in table["lesson"].items()})
    except TooNew:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotOurs(f"{type(error).__name__}: {error}") from error


def merged(one: Work, other: Work) -> Work:
    """Merge two versions of a student's work into one.

    The order does not matter, and merging the same twice changes nothing.
    """
    return _union(one, other, _both_lessons)


def _by_todays_name(work: Work) -> Work:
    """Join what a lesson's old name and its new one hold."""
    joined: Work = {}
    for name, lesson in work.items():
        joined = merged(joined, {RENAMED.get(name, name): lesson})
    return joined


def _lesson(entry: dict[str, Any]) -> LessonWork:
    quiz = {id: _answer(answer) for id, answer in entry["quiz"].items()}
    if not all(isinstance(when, str) for when in entry["tasks"].values()):
        raise NotOurs("a task without its time")
    guesses = {cell: _guess(guess) for cell, guess in entry.get("guesses", {}).items()}
    return LessonWork(quiz, dict(entry["tasks"]), guesses)


def _guess(entry: dict[str, Any]) -> Guess:
    return Guess(*(_checked(entry[name], name, (str,)) for name in ("given", "when")))


def _answer(entry: dict[str, Any]) -> Answer:
    there = {name: kinds for name, kinds in LATER.items() if name in entry}
    values = {name: _checked(entry[name], name, kinds) for name, kinds in (KINDS | there).items()}
    return Answer(**values)


def _checked(value: Any, name: str, kinds: tuple[type, ...]) -> Any:
    """Return a field's value, a list of ids as a tuple.  NotOurs where it is something else."""
    listed = isinstance(value, list)
    if type(value) not in kinds or (listed and not all(isinstance(id, str) for id in value)):
        raise NotOurs(f"{name} is {value!r}")
    return tuple(value) if listed else value


def _both_lessons(one: LessonWork, other: LessonWork) -> LessonWork:
    quiz = _union(one.quiz, other.quiz, _both_answers)
    guesses = _union(one.guesses, other.guesses, _newer_guess)
    return LessonWork(quiz, _union(one.tasks, other.tasks, min), guesses)


def _newer_guess(one: Guess, other: Guess) -> Guess:
    return max(one, other, key=lambda guess: (guess.when, guess.given))


def _both_answers(one: Answer, other: Answer) -> Answer:
    """Keep the newer answer, and whatever was reached in either."""
    newer = max(one, other, key=lambda answer: (answer.when, repr(answer.given)))
    begun = [answer for answer in (one, other) if answer.since]
    older = min(begun, key=lambda answer: (answer.since, repr(answer.first)), default=newer)
    return Answer(
        newer.given,
        max(one.tries, other.tries),
        one.solved or other.solved,
        one.at_once or other.at_once,
        one.hinted or other.hinted,
        newer.when,
        older.first,
        older.since,
    )


def _union(one: dict[str, T], other: dict[str, T], both: Callable[[T, T], T]) -> dict[str, T]:
    return one | {k: both(one[k], v) if k in one else v for k, v in other.items()}
