"""teaching.lock: the lesson's words of which a guide speaks, as they were when somebody read both.

A line:  KIND.KEY HASH   of a section (its heading, its guesses), a question, a task, a claim
"""

import re
from collections.abc import Iterator, Sequence

from ..authoring.problems import Problem, stop_at
from ..authoring.reading import read_file
from .guide import Prepared

LOCK = "teaching.lock"
LINE = re.compile(r"\S+ [0-9a-f]{12}")


def problems(one: Prepared) -> Iterator[Problem]:
    """Yield the entries that are stale: the lesson changed what they speak about."""
    locked = _locked(one)
    for name, now in one.anchors.hashes().items():
        if locked.get(name) != now:
            what = "the lesson's words changed" if name in locked else "was never confirmed"
            remedy = f"read both, then: python start.py shelf --confirm {one.lesson.name}:{name}"
            yield one.guide.problem([name], what, remedy)


def confirm(lessons: Sequence[Prepared], wanted: Sequence[str]) -> int:
    """Lock what is named, LESSON:KIND or LESSON:KIND.KEY; how many.  LessonError if unknown."""
    done = 0
    for word in wanted:
        name, _, key = word.partition(":")
        found = [one for one in lessons if one.lesson.name == name]
        chosen = [x for one in found for x in one.anchors.hashes() if f"{x}.".startswith(f"{key}.")]
        if not chosen:
            remedy = "write LESSON:KIND.KEY, as python start.py shelf --check names it"
            stop_at([Problem(name, key or "-", "no such entry", remedy)])
        _write(found[0], chosen)
        done += len(chosen)
    return done


def _write(one: Prepared, chosen: Sequence[str]) -> None:
    now = one.anchors.hashes()
    locked = _locked(one) | {name: now[name] for name in chosen}
    lines = [f"{name} {locked[name]}\n" for name in now if name in locked]
    file = one.course.root / "lessons" / one.lesson.name / LOCK
    file.write_text("".join(lines), encoding="utf-8", newline="\n")


def _locked(one: Prepared) -> dict[str, str]:
    file = f"lessons/{one.lesson.name}/{LOCK}"
    if not (one.course.root / file).exists():
        return {}
    lines = read_file(one.course.root, file)[0].splitlines()
    remedy = "remove the line, then confirm the entry again"
    stop_at(
        Problem(file, "-", f"cannot read {x!r}", remedy) for x in lines if not LINE.fullmatch(x)
    )
    return dict(line.split() for line in lines)
