"""The course on one screen: each lesson with its progress, each claim with its verdict."""

import functools
import json
import math
from collections.abc import Collection
from importlib import resources

from ..display.markup import Html
from ..display.show import Link, fragment, table
from ..language import say
from . import claims, progress, records, session
from .sheets import sheet_file


def show() -> None:
    """Show a table of all lessons, and the next step in one sentence."""
    work = progress.work()
    lessons = course()["lesson"]
    header = [say.text("overview", w) for w in ("lesson", "seconds", "mib", "quiz", "sheet")]
    rows, plain = table(header, [_row(entry, work) for entry in lessons])
    lines = [say.text("overview", "measured"), next_step(lessons, work)]
    body = map(Html("<p>{}</p>").format, lines)
    fragment(Html("").join([rows, *body]), "\n".join([plain, *lines]))


def claims_table() -> None:
    """Show the claims of the lessons that the student finished, and how many are open.

    One row a claim: a claim of two lessons has one verdict, and what each lesson found stands there
    once that lesson is finished.  The course's own claims, which the page does not make, stand in a
    table below.  Of lessons not finished nothing is told that they let predict.
    """
    work, lessons = progress.work(), [e for e in course()["lesson"] if _pages(e["name"])]
    done = [entry["name"] for entry in course()["lesson"] if is_finished(entry, work)]
    header = [say.text("overview", w) for w in ("claim", "page", "verdict", "found", "lesson")]
    rows = [_claim_row(claim, done) for claim in sorted(_found_in()) if _is_open_to(claim, done)]
    to_come = [_open_row(entry) for entry in lessons if entry["name"] not in done]
    counts = {"all": len(_found_in()), "shown": len(rows)}
    lines = [say.text("overview", "claims_shown", **counts)]
    parts = [table([*header, say.text("overview", "again")], rows)] if rows else []
    if ours := [row for lesson in done for row in _our_rows(lesson)]:
        parts.append(
            table([say.text("overview", w) for w in ("claim", "ours", "found", "lesson")], ours)
        )
    if to_come:
        parts.append(table([say.text("overview", w) for w in ("lesson", "to_measure")], to_come))
    body = Html("").join([*map(Html("<p>{}</p>").format, lines), *(part for part, _ in parts)])
    fragment(body, "\n".join([*lines, *(text for _, text in parts)]))


def is_finished(entry: dict, work: records.Work) -> bool:
    """Has the student solved every question of the lesson's quiz?"""
    return not _open_questions(entry, work.get(entry["name"], records.LessonWork()))


@functools.cache
def course() -> dict:
    """Read helpers/data/course.json: {"requires": {name: range}, "lesson": [{name, title, …}]}."""
    source = resources.files("helpers") / "data" / "course.json"
    return json.loads(source.read_text(encoding="utf-8"))


def next_step(lessons: list[dict], work: records.Work) -> str:
    """Say what to do now: the first thing in the order of the lessons that is not done."""
    for entry in lessons:
        kept = work.get(entry["name"], records.LessonWork())
        names = {"number": number(entry), "title": say.choose(entry["title"])}
        questions, tasks = len(_open_questions(entry, kept)), len(_open_tasks(entry, kept))
        if not (kept.quiz or kept.tasks or entry["name"] == session.current().lesson):
            return say.text("overview", "next_lesson", **names)
        if questions:
            return say.text("overview", "next_quiz", **names, left=questions)
        if tasks:
            return say.text("overview", "next_sheet", **names, left=tasks)
    return say.text("overview", "finished")


def number(entry: dict) -> str:
    """Return the number of a lesson, such as "03"."""
    return entry["name"].split("_")[0]


def lesson_link(entry: dict, text: str = "{number} {title}") -> Link:
    """Name a lesson, with a link that leads from a notebook of notebooks/LANG/; none on Colab.

    text: with places for the lesson's number and title
    """
    return _link(
        f"{entry['name']}.ipynb",
        text.format(number=number(entry), title=say.choose(entry["title"])),
    )


def _row(entry: dict, work: records.Work) -> list[str]:
    """Make a lesson's row.

    Its links lead from a notebook of notebooks/LANG/; on Colab there is no such folder.
    """
    name, kept = entry["name"], work.get(entry["name"], records.LessonWork())
    sheet = f"../../{sheet_file('exercises', say.language(), name)}"
    passed = _count(entry["tasks"], _open_tasks(entry, kept))
    return [
        lesson_link(entry),
        say.text("overview", "about_seconds", n=math.ceil(entry["seconds"])),
        say.text("overview", "about_mib", n=math.ceil(entry["mib"])),
        _count(entry["quiz"], _open_questions(entry, kept)),
        _link(sheet, passed) if entry["tasks"] else passed,
    ]


def _count(all: Collection[str], open: Collection[str]) -> str:
    if not all:
        return "–"
    return say.text("overview", "count", done=len(all) - len(open), total=len(all))


def _link(href: str, text: str) -> Link:
    return Link.to("" if progress.on_colab() else href, text)


def _open_questions(entry: dict, kept: records.LessonWork) -> list[str]:
    return [q for q in entry["quiz"] if q not in kept.quiz or not kept.quiz[q].solved]


def _open_tasks(entry: dict, kept: records.LessonWork) -> list[str]:
    return [task for task in entry["tasks"] if task not in kept.tasks]


def _pages(lesson: str) -> list[str]:
    """List the page's claims that a lesson measures, not the course's own."""
    return [name for name, entry in claims.of_lesson(lesson).items() if not claims.is_ours(entry)]


def _our_rows(lesson: str) -> list[list[str]]:
    """Make the rows of the course's own claims in a lesson."""
    ours = {n: entry for n, entry in claims.of_lesson(lesson).items() if claims.is_ours(entry)}
    link = _link(f"{lesson}.ipynb", lesson.split("_")[0])
    return [[n, say.choose(e["ours"]), say.choose(e["found"]), link] for n, e in ours.items()]


def _found_in() -> dict[str, list[str]]:
    """Return {claim of the page: the lessons that measure it, in their order}."""
    found: dict[str, list[str]] = {}
    for entry in course()["lesson"]:
        for claim in _pages(entry["name"]):
            found.setdefault(claim, []).append(entry["name"])
    return found


def _is_open_to(claim: str, done: Collection[str]) -> bool:
    return any(lesson in done for lesson in _found_in()[claim])


def _claim_row(claim: str, done: Collection[str]) -> list[str]:
    lessons = _found_in()[claim]
    first = claims.of_lesson(lessons[0])[claim]
    links = [_link(f"{lesson}.ipynb", lesson.split("_")[0]) for lesson in lessons]
    return [
        claim,
        say.choose(first["page"]),
        say.text("claims", first["verdict"]),
        " ".join(_what_was_found(claim, lesson, done) for lesson in lessons),
        links[0],
        links[1] if len(links) > 1 else "–",
    ]


def _what_was_found(claim: str, lesson: str, done: Collection[str]) -> str:
    """Say what a lesson found for a claim, with the lesson's number where two lessons did."""
    where = lesson.split("_")[0]
    if lesson not in done:
        return say.text("overview", "still_open", number=where)
    found = say.choose(claims.of_lesson(lesson)[claim]["found"])
    if len(_found_in()[claim]) == 1:
        return found
    return say.text("overview", "found_there", number=where, found=found)


def _open_row(entry: dict) -> list[str]:
    return [
        lesson_link(entry),
        say.text("overview", "claims_count", n=len(_pages(entry["name"]))),
    ]
