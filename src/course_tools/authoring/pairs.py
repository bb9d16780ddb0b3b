"""pairs.lock: what somebody has read in every language, as a hash of each text of a lesson.

A line:  FILE/KEY HASH HASH …   in the order of the languages; "-", or no more, where one has none
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from helpers.language.say import LANGUAGES

from .course import LOCK, Course, Lesson
from .problems import Problem, stop_at
from .texts import Text, of_lesson

LINE = re.compile(r"\S+/\S+( [0-9a-f]{12}| -)* [0-9a-f]{12}$")
NONE = "-"
Pair = dict[str, Text]  # {language: text}


def problems(course: Course) -> list[Problem]:
    """Return every pair that is not as it was confirmed."""
    return [problem for lesson in course.lessons for problem in _of_lesson(lesson)]


def confirm(course: Course, wanted: list[str]) -> list[Text]:
    """Lock the named pairs as they are now, and tell which.  LessonError for an unknown name.

    LESSON:KEY or, after such a one, KEY of the same lesson; a cell's key stands for all its pairs.
    """
    done: list[Text] = []
    for name, keys in _sorted_out(course, wanted).items():
        lesson = next(lesson for lesson in course.lessons if lesson.name == name)
        pairs, locked = _pairs(lesson), _confirmed(lesson)
        chosen = [name for name in pairs if any(_names(key, name) for key in keys)]
        locked |= {name: _hashes(pairs[name]) for name in chosen}
        lines = [f"{name} {' '.join(locked[name])}\n" for name in pairs if name in locked]
        path = course.root / "lessons" / lesson.name / LOCK
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
        done += [text for name in chosen for text in pairs[name].values()]
    return done


def _of_lesson(lesson: Lesson) -> Iterator[Problem]:
    locked = _confirmed(lesson)
    for name, pair in _pairs(lesson).items():
        now, before = _hashes(pair), locked.get(name)
        if now != before:
            yield next(iter(pair.values())).problem(
                0,
                _what(now, before),
                f"read {_and(pair)}, then: python start.py confirm {lesson.name}:{name}",
            )


def _what(now: tuple[str, ...], before: tuple[str, ...] | None) -> str:
    if before is None:
        return "this pair was never confirmed"
    both = zip_longest(LANGUAGES, now, before, fillvalue=NONE)
    changed = [lang for lang, a, b in both if a != b]
    which = f"only {changed[0]}" if len(changed) == 1 else _and(changed)
    return f"{which} changed since the pair was confirmed"


def _and(languages: Iterable[str]) -> str:
    return " and ".join(languages)


def _pairs(lesson: Lesson) -> dict[str, Pair]:
    """Return {FILE/KEY: {language: text}} in the order of the sources.  LessonError if faulty."""
    stop_at(lesson.faults())
    pairs: dict[str, Pair] = {}
    for text in of_lesson(lesson):
        pairs.setdefault(f"{Path(text.file).stem}/{text.key}", {})[text.lang] = text
    if not pairs:
        stop_at([Problem(lesson.name, "-", "the lesson has no text", "write it or remove it")])
    return pairs


def _hashes(pair: Pair) -> tuple[str, ...]:
    """Return a hash for each language; what is missing at the end leaves none."""
    there = max(n for n, lang in enumerate(LANGUAGES, 1) if lang in pair)
    return tuple(_hash(pair.get(lang)) for lang in list(LANGUAGES)[:there])


def _hash(text: Text | None) -> str:
    return hashlib.sha256(text.words.encode()).hexdigest()[:12] if text else NONE


def _confirmed(lesson: Lesson) -> dict[str, tuple[str, ...]]:
    """Return {FILE/KEY: hashes} of pairs.lock.  LessonError names each line that is none."""
    lines = lesson.confirmed.splitlines()
    place, remedy = f"lessons/{lesson.name}/{LOCK}", "remove the line, then confirm the pair again"
    wrong = [x for x in lines if not LINE.match(x) or len(x.split()) - 1 > len(LANGUAGES)]
    stop_at(Problem(place, "-", f"cannot read {x!r}", remedy) for x in wrong)
    return {name: tuple(hashes) for name, *hashes in map(str.split, lines)}


def _sorted_out(course: Course, wanted: list[str]) -> dict[str, list[str]]:
    """Return {lesson: keys} of words LESSON:KEY, or KEY of the lesson named before."""
    lessons = {lesson.name: lesson for lesson in course.lessons}
    there: dict[str, Iterable[str]] = {}  # pairs of the named lessons; others may have faults
    found: dict[str, list[str]] = {}
    lesson = ""
    for word in wanted:
        lesson, key = word.split(":", 1) if ":" in word else (lesson, word)
        if lesson in lessons and lesson not in there:
            there[lesson] = _pairs(lessons[lesson])
        if not any(_names(key, name) for name in there.get(lesson, ())):
            remedy = "write LESSON:FILE/KEY, as python start.py build --check names it"
            stop_at([Problem(lesson or "-", key, "no such pair", remedy)])
        found.setdefault(lesson, []).append(key)
    return found


def _names(key: str, name: str) -> bool:
    """Tell whether a key names this pair, or the cell that it stands in."""
    return name == key or name.startswith(f"{key}.")
