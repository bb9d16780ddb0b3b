"""The pages of a marker, and what they send back; of HTTP it knows nothing.

Every value goes through Jinja's escaping (markupsafe): what a student wrote is text.
"""

import functools
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from helpers.classroom.sheets import sheet_file
from helpers.language import say

from .. import messages
from ..sheet import read
from . import agreement, desk
from .bank import LONGEST, MOST, Bank
from .desk import FIRST, SECOND, Changed, Desk, Essay, Mark, Overtaken
from .rubric import EssayTask, essays

KEYS = (("Enter", "enter"), ("↑ ↓", "step"), ("n  p", "next"), ("u", "unmarked"), ("c", "comment"),
        ("b  1–9", "bank"), ("t", "text"), ("s", "save"), ("Esc", "boxes"),
        ("Ctrl+Enter", "anywhere"))  # fmt: skip
IN_SCRIPT = ("saved", "changed", "overtaken", "gone", "not_saved", "not_a_number")


class Refused(Exception):
    """What a page sent cannot be taken.  The message says why."""


@dataclass(frozen=True)
class Marking:
    """One marker at one language's essays.

    lang: of the students; page_lang: of the page; lesson: only this one, "" for all
    """

    root: Path
    courses: Path
    lang: str
    page_lang: str
    marker: str = FIRST
    lesson: str = ""

    @functools.cached_property
    def desk(self) -> Desk:
        """The answers and marks."""
        return Desk(self.courses / self.lang, self.marker)

    @functools.cached_property
    def bank(self) -> Bank:
        """The comment bank."""
        return Bank(self.courses)

    @property
    def tasks(self) -> dict[tuple[str, str], EssayTask]:
        """The essays of all sheets in the gradebook: {(lesson, task): what was asked}."""
        file = self.courses / self.lang / "gradebook.db"
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as book:
            names = [name for (name,) in book.execute("SELECT name FROM assignment ORDER BY name")]
        found = {}
        for lesson in names if not self.lesson else [self.lesson]:
            sheet = self.root / sheet_file("solutions", self.lang, lesson)
            if sheet.exists():  # else it is no lesson's any more
                asked = _essays(self.root, lesson, self.lang, sheet.stat().st_mtime_ns)
                found.update({(lesson, task): one for task, one in asked.items()})
        return found

    # --- pages --------------------------------------------------------------------------------

    def overview(self) -> str:
        """Return the page that lists every answer and whether it waits."""
        listed = [self._listed(lesson, task) for lesson, task in self.tasks]
        sheets = [sheet for sheet in listed if sheet["essays"]]
        waiting = sum(sheet["waiting"] for sheet in sheets)
        return self._page("overview", sheets=sheets, waiting=waiting)

    def essay(self, lesson: str, task: str, id: str) -> str:
        """Return the page of one answer.  Gone, KeyError."""
        asked, found = self.tasks[lesson, task], self.desk.essays(lesson, task)
        ids = [one.id for one in found]
        if id not in ids:
            raise desk.Gone
        place, count = ids.index(id), len(ids)
        one, own = found[place], found[place].marks.get(self.marker)
        boxes = self._by_criterion(asked, one)
        values = {"lesson": lesson, "task": asked, "essay": one, "place": place + 1, "count": count}
        values |= {"bank": list(self._inserts(lesson)), "keys": KEYS}
        values |= self._points(one, boxes) | {"criteria": list(self._boxes(asked, one, boxes))}
        values["comment"] = one.comment if self.marker == FIRST else own.comment if own else ""
        known = {"lesson": lesson, "task": task, "id": id, "used": own.used if own else ()}
        known |= {"answer": one.version, "revision": one.revision}
        values["save"] = json.dumps(known)
        values["previous"] = url(lesson, task, ids[place - 1])
        values["next"] = url(lesson, task, ids[(place + 1) % count])
        values["unmarked"] = url(lesson, task, id).replace("/answer?", "/next?")
        return self._page("essay", **values)

    def following(self, lesson: str, task: str, id: str) -> str:
        """Return the address of the next answer that waits: after this one, then from the start."""
        order = list(self.tasks)
        at = order.index((lesson, task)) if (lesson, task) in order else 0
        for n, (of, name) in enumerate([*order[at:], *order[:at], *order[at : at + 1]]):
            for one in self.desk.essays(of, name):
                if one.state != "marked" and one.id != id and (n or one.id > id):
                    return url(of, name, one.id)
        return "/"

    def comments(self) -> str:
        """Return the page of the comment bank."""
        named = {f"mark_lang_{say.key(lang)}": lang for lang in say.LANGUAGES}
        languages = [(say.key(lang), say.LANGUAGES[lang], self._say(name))
                     for name, lang in named.items()]  # fmt: skip
        lessons = sorted({lesson for lesson, _ in self.tasks})
        known = {"uses": desk.uses(self.courses), "languages": languages, "lessons": lessons}
        return self._page("bank", bank=self.bank.comments(), **known)

    def agreement(self) -> str:
        """Return the page that says how far the two markers agree, and where not."""
        tasks = [self._agreed(lesson, task) for lesson, task in self.tasks]
        return self._page("agreement", tasks=[one for one in tasks if one])

    # --- what is sent back --------------------------------------------------------------------

    def save(self, sent: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Keep a mark; return HTTP's status and what the page needs.  Refused, Gone, KeyError."""
        lesson, task, id = (str(sent[name]) for name in ("lesson", "task", "id"))
        mark = self._mark(sent, lesson, self.tasks[lesson, task])
        try:
            made = self.desk.save(lesson, task, id, mark, str(sent["revision"]))
        except (Changed, Overtaken) as conflict:
            now = self.desk.essay(lesson, task, id)
            told = {"conflict": type(conflict).__name__.lower(), "text": now.text}
            given = now.given if self.marker == FIRST else None
            return 409, {**told, "answer": now.version, "revision": now.revision, "given": given}
        return 200, {"revision": made.revision, "state": made.state}

    def put_comment(self, sent: Mapping[str, Any]) -> None:
        """Add, change or remove a comment of the bank.  Refused."""
        id = str(sent.get("id", ""))
        try:
            if sent.get("remove"):
                self.bank.remove(id)
            else:
                texts = {str(key): str(text) for key, text in dict(sent["texts"]).items()}
                self.bank.put(str(sent.get("lesson", "")), texts, id)
        except (ValueError, TypeError, KeyError):
            raise Refused(self._say("mark_bank_refused", n=LONGEST, most=MOST)) from None

    # --- their parts --------------------------------------------------------------------------

    def _listed(self, lesson: str, task: str) -> dict[str, Any]:
        """Return one task's answers for the overview, with how many wait."""
        found = self.desk.essays(lesson, task)
        listed = [{"state": one.state, "url": url(lesson, task, one.id)} for one in found]
        waits = [one["url"] for one in listed if one["state"] != "marked"]
        known = {"lesson": lesson, "task": task, "essays": listed, "waiting": len(waits)}
        return known | {"next": waits[0] if waits else ""}

    def _points(self, one: Essay, boxes: list[str]) -> dict[str, str | None]:
        """Return the sum of the boxes, and points that were given as a whole."""
        whole = one.given if self.marker == FIRST and not any(boxes) else None
        total = f"{sum(map(float, boxes)):g}" if all(boxes) else "–"
        return {"total": total, "whole": None if whole is None else f"{whole:g}"}

    def _mark(self, sent: Mapping[str, Any], lesson: str, asked: EssayTask) -> Mark:
        """Return what a page sent as a mark; a comment of the bank is used if its text is there."""
        given, comment = sent["points"], str(sent["comment"]).strip()
        if len(comment) > 10 * LONGEST or len(given) != len(asked.criteria):
            raise Refused("another rubric, or too long")
        for points, criterion in zip(given, asked.criteria, strict=True):
            number = isinstance(points, int | float) and not isinstance(points, bool)
            if points is not None and not (number and 0 <= points <= criterion.points):
                raise Refused(f"{points}: expected 0 to {criterion.points:g}")
        there = {one.id: one.text(self.lang) for one in self.bank.comments(lesson)}
        used = [id for id in map(str, sent["used"]) if there.get(id) and there[id] in comment]
        points = tuple(None if p is None else float(p) for p in given)
        return Mark(points, comment, tuple(used), str(sent["answer"]))

    def _by_criterion(self, asked: EssayTask, one: Essay) -> list[str]:
        """Return what stands in the boxes: what this marker gave last, where that still counts."""
        own = one.marks.get(self.marker)
        stays = own and len(own.points) == len(asked.criteria)
        if self.marker == FIRST and own and own.total != one.given:
            stays = stays and own.total is None and one.given is None  # else: given in Formgrader
        points = own.points if own and stays else (None,) * len(asked.criteria)
        return ["" if given is None else f"{given:g}" for given in points]

    def _boxes(self, asked: EssayTask, one: Essay, given: list[str]) -> Iterator[dict]:
        """Yield each criterion; the second marker's points only once the first has decided."""
        second = one.marks.get(SECOND)
        shown = (
            self.marker == FIRST and one.state == "marked" and all(given)
            and second is not None and second.total is not None and second.answer == one.version
            and len(second.points) == len(given)
        )  # fmt: skip
        for n, criterion in enumerate(asked.criteria):
            by_second = f"{second.points[n]:g}" if second and shown else None
            known = {"text": criterion.text, "points": criterion.points}
            yield known | {"given": given[n], "second": by_second}

    def _inserts(self, lesson: str) -> Iterator[dict]:
        """Yield the comments as they are inserted, and as the marker reads them."""
        uses = desk.uses(self.courses)
        for one in self.bank.comments(lesson):
            own = self.page_lang if self.page_lang in say.LANGUAGES else self.lang
            lang = next(x for x in (own, self.lang, *say.LANGUAGES) if one.text(x))
            shown = {"shown": one.text(lang), "shown_lang": say.LANGUAGES[lang]}
            yield {"id": one.id, "text": one.text(self.lang), "uses": uses[one.id], **shown}

    def _agreed(self, lesson: str, task: str) -> dict | None:
        """Return the rows of one task's agreement; None where no answer has both marks."""
        asked, found = self.tasks[lesson, task], self.desk.essays(lesson, task)
        both = [(n, one, *marks) for n, one in enumerate(found, 1) if (marks := pair(one))]
        if not both:
            return None
        rows = []
        for n, criterion in enumerate(asked.criteria if len(asked.criteria) > 1 else ()):
            pairs = [(a.points[n], b.points[n]) for *_, a, b in both
                     if len(a.points) == len(b.points) == len(asked.criteria)]  # fmt: skip
            rows.append(self._row(criterion.text, say.LANGUAGES[self.lang], pairs))
        whole = [(a.total or 0.0, b.total or 0.0) for *_, a, b in both]
        tag = say.LANGUAGES.get(self.page_lang, self.page_lang)
        rows.append(self._row(self._say("mark_whole"), tag, whole))
        apart = sorted(zip(both, whole, strict=True), key=lambda one: -abs(one[1][0] - one[1][1]))
        differ = [{"url": url(lesson, task, one.id), "place": n, "first": x, "second": y}
                  for (n, one, *_), (x, y) in apart if x != y]  # fmt: skip
        return {"lesson": lesson, "task": task, "rows": rows, "differ": differ, "count": len(found)}

    def _row(self, name: str, tag: str, pairs: list) -> dict[str, str]:
        made = agreement.agreement(pairs)
        if made is None:
            return dict.fromkeys(("n", "exact", "kappa", "bias"), "–") | {"name": name, "lang": tag}
        kappa = self._say("mark_too_few") if made.too_few else "–"
        if made.kappa is not None and not made.too_few:
            kappa = f"{made.kappa:.2f}".replace("-", "−")
        known = {"name": name, "lang": tag, "n": f"{made.n}", "exact": f"{made.exact:.0%}"}
        bias = f"{made.bias:+.2f}" if round(made.bias, 2) else "0"
        return known | {"kappa": kappa, "bias": bias.replace("-", "−")}

    def _say(self, name: str, **values: object) -> str:
        return messages.text(name, self.page_lang, values)

    def _page(self, template: str, **values: object) -> str:
        words = {f"mark_{n}": messages.catalogue()[f"mark_{n}"][say.key(self.page_lang)]
                 for n in IN_SCRIPT}  # fmt: skip
        known = {"t": self._say, "marker": self.marker, "words": json.dumps(words)}
        known["html_lang"] = say.LANGUAGES.get(self.page_lang, self.page_lang)
        known["students_lang"] = say.LANGUAGES[self.lang]
        return _templates().get_template(f"{template}.html").render(**known, **values)


def pair(one: Essay) -> tuple[Mark, Mark] | None:
    """Return both markers' marks of the text that counts now; None where one is missing."""
    first, second = one.marks.get(FIRST), one.marks.get(SECOND)
    if not (first and second) or one.state != "marked" or first.total != one.given:
        return None
    done = second.total is not None and first.answer == second.answer == one.version
    return (first, second) if done else None


def url(lesson: str, task: str, id: str) -> str:
    """Return the address of an answer's page."""
    return "/answer?" + urlencode({"lesson": lesson, "task": task, "id": id})


@functools.lru_cache(100)
def _essays(root: Path, lesson: str, lang: str, _: int) -> dict[str, EssayTask]:
    return essays(read(root, lesson, lang))


@functools.cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("templates")
    made = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=False)  # fmt: skip
    made.filters["number"] = lambda value: Markup("{}").format(f"{value:g}")
    return made
