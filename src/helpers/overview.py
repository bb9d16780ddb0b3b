"""The course on one screen: lessons and how far the student is; the page's claims and ours."""

import functools
import html
import json
import math
from collections.abc import Collection, Iterator
from importlib import resources

from . import progress, records, say
from .show import Link, fragment, table


def show() -> None:
    """A table of all lessons, and the next step in one sentence."""
    work = progress.work()
    lessons = course()["lesson"]
    header = [say.text("overview", w) for w in ("lesson", "seconds", "mib", "quiz", "sheet")]
    rows, plain = table(header, [_row(entry, work) for entry in lessons])
    lines = [say.text("overview", "measured"), next_step(lessons, work)]
    body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    fragment(rows + body, "\n".join([plain, *lines]))


def claims_table() -> None:
    """Every claim that the lessons measure: the page's words, our verdict, what we found."""
    header = [say.text("overview", w) for w in ("claim", "page", "verdict", "found", "lesson")]
    rows: list[list[str]] = sorted(_claims(), key=lambda row: (row[0], row[-1]))
    fragment(*table(header, rows))


@functools.cache
def course() -> dict:
    """helpers/data/course.json: {"requires": {name: range}, "lesson": [{name, title, …}]}."""
    source = resources.files(__package__) / "data" / "course.json"
    return json.loads(source.read_text(encoding="utf-8"))


def next_step(lessons: list[dict], work: records.Work) -> str:
    """What to do now: the first thing in the order of the lessons that is not done."""
    for entry in lessons:
        kept = work.get(entry["name"], records.Lesson())
        names = {"number": number(entry), "title": say.choose(entry["title"])}
        questions, tasks = len(_open_questions(entry, kept)), len(_open_tasks(entry, kept))
        if not (kept.quiz or kept.tasks or entry["name"] == progress.lesson()):
            return say.text("overview", "next_lesson", **names)
        if questions:
            return say.text("overview", "next_quiz", **names, left=questions)
        if tasks:
            return say.text("overview", "next_sheet", **names, left=tasks)
    return say.text("overview", "finished")


def number(entry: dict) -> str:
    return entry["name"].split("_")[0]


def _row(entry: dict, work: records.Work) -> list[str]:
    """Links lead from a notebook of notebooks/LANG/; on Colab there is no such folder."""
    name, kept = entry["name"], work.get(entry["name"], records.Lesson())
    sheet = f"../../exercises/{say.language()}/{name}/{name}.ipynb"
    passed = _count(entry["tasks"], _open_tasks(entry, kept))
    return [
        _link(f"{name}.ipynb", f"{number(entry)} {say.choose(entry['title'])}"),
        say.text("overview", "about_seconds", n=math.ceil(entry["seconds"])),
        say.text("overview", "about_mib", n=math.ceil(entry["mib"])),
        _count(entry["quiz"], _open_questions(entry, kept)),
        _link(sheet, passed) if entry["tasks"] else passed,
    ]


def _count(all: Collection[str], open: Collection[str]) -> str:
    if not all:
        return "–"
    return say.text("overview", "count", done=len(all) - len(open), total=len(all))


def _link(href: str, text: str) -> str:
    return text if progress.on_colab() else Link.to(href, text)


def _open_questions(entry: dict, kept: records.Lesson) -> list[str]:
    return [q for q in entry["quiz"] if q not in kept.quiz or not kept.quiz[q].solved]


def _open_tasks(entry: dict, kept: records.Lesson) -> list[str]:
    return [task for task in entry["tasks"] if task not in kept.tasks]


def _claims() -> Iterator[list[str]]:
    folder = resources.files(__package__) / "data" / "claims"
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            claims = json.loads(file.read_text(encoding="utf-8"))
            yield from _claim_rows(claims.pop("lesson"), claims)


def _claim_rows(lesson: str, claims: dict) -> Iterator[list[str]]:
    for claim, entry in claims.items():
        page, found = say.choose(entry["page"]), say.choose(entry["found"])
        verdict = say.text("claims", entry["verdict"])
        yield [claim, page, verdict, found, _link(f"{lesson}.ipynb", lesson.split("_")[0])]
