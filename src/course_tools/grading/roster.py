"""Who is who: a roster, and the names under which an LMS or a folder shows its people.

A person is known by the student number, which stays the same over the term; names and the numbers
of an LMS may change.  Nothing is guessed: where two people fit, or what is known contradicts
itself, nobody is taken, and it is said why.
"""

import itertools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from helpers.files import write_whole

from .csv_files import CsvFile, UnreadableTable, columns, spelled
from .graded import Graded
from .messages import Note
from .submissions import lms

LONGEST = 4  # words of a name whose order may differ


@dataclass(frozen=True)
class Person:
    """A row of the roster.  number: the student's; ids: it and all else that only this one has."""

    number: str
    name: str
    ids: frozenset[str]
    names: frozenset[str]


Index = dict[str, list[Person]]


@dataclass(frozen=True)
class Clues:
    """What a file or a row of a table says of whose it is."""

    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Who:
    """Whose a submission is.  id: the same over the term where the roster knows the person.

    lms_id: the LMS' number of the student, or of this student in this assignment
    """

    id: str
    name: str = ""
    lms_id: str = ""
    known: bool = True


@dataclass(frozen=True)
class Roster:
    """Everybody in the course."""

    people: tuple[Person, ...]
    faults: tuple[tuple[str, Note], ...] = ()  # what is odd in the file itself: who, what

    @classmethod
    def read(cls, path: Path) -> "Roster":
        """Read a roster: columns for number and name, perhaps for logins.  UnreadableTable."""
        file = CsvFile.read(path)
        known = columns()["roster"]
        places = {kind: file.columns(names) for kind, names in known.items()}
        if not (places["number"] and places["name"]):
            raise UnreadableTable(
                f"{path} has the columns {', '.join(file.heads)}; expected one for the student "
                f"number ({', '.join(known['number'])}) and one for the name "
                f"({', '.join(known['name'])})"
            )
        return cls(*_people(file, places))

    @cached_property
    def _indices(self) -> tuple[Index, Index]:
        by_id: Index = {}
        by_name: Index = {}
        for person in self.people:
            for index, keys in ((by_id, person.ids), (by_name, person.names)):
                for key in keys:
                    index.setdefault(key, []).append(person)
        return by_id, by_name

    def find(self, clues: Clues) -> Person | Note:
        """Return whom the clues mean, or why that is nobody."""
        by_id, by_name = self._indices
        ids, named = _fitting(by_id, clues.ids), _fitting(by_name, clues.names)
        if len(ids) > 1 or (not ids and len(named) > 1):
            fitting = ", ".join(p.number for p in (ids or named))
            return "who_several", {"people": fitting}
        if ids and named and ids[0] not in named:
            return "who_contradicts", {"one": ids[0].number, "other": named[0].number}
        found = ids or named
        return found[0] if found else ("who_unknown", {})


def _fitting(index: Index, keys: Iterable[str]) -> list[Person]:
    """Return those whom any of the keys means, by their number."""
    found = {person.number: person for key in keys for person in index.get(key, ())}
    return [found[number] for number in sorted(found)]


def _people(
    file: CsvFile, places: Mapping[str, list[int]]
) -> tuple[tuple[Person, ...], tuple[tuple[str, Note], ...]]:
    """Return the people of a roster, and what is odd in it."""
    rows: dict[str, list[int]] = {}
    for row in range(1, len(file.rows)):
        number = _tidy(file.cell(row, places["number"][0]))
        rows.setdefault(number, []).append(row)
    faults: list[tuple[str, Note]] = []
    if lost := rows.pop("", []):
        faults.append(("–", ("roster_no_number", {"n": len(lost)})))
    seen = Counter(
        key for n in rows for key in {spelled(c) for c in _ids(file, rows[n], places)} if key
    )
    people = []
    for number, of in rows.items():
        names = [" ".join(file.cell(r, p).split()) for r in of for p in places["name"]]
        names = list(dict.fromkeys(filter(None, names)))
        keys = {spelled(c) for c in _ids(file, of, places)}
        ids = frozenset(key for key in keys if key and seen[key] == 1)
        forms = frozenset(form for name in names for form in name_forms(name))
        people.append(Person(number, names[0] if names else "", ids, forms))
        if len(of) > 1:
            faults.append((number, ("roster_twice", {"n": len(of), "names": ", ".join(names)})))
    return tuple(people), (*faults, *_namesakes(people))


def _ids(file: CsvFile, rows: Iterable[int], places: Mapping[str, list[int]]) -> list[str]:
    """Return what rows say beside the name."""
    return [file.cell(r, p) for r in rows for kind in ("number", "also") for p in places[kind]]


def _namesakes(people: Iterable[Person]) -> Iterator[tuple[str, Note]]:
    """Yield those who have one name: only their numbers tell them apart."""
    numbers: dict[str, list[str]] = {}
    for person in people:
        numbers.setdefault(person.name, []).append(person.number)
    for name, of in numbers.items():
        if name and len(of) > 1:
            yield name, ("roster_namesakes", {"people": ", ".join(of)})


def _tidy(text: str) -> str:
    """Return a student number as it is kept: Ｂ１２ ０１ is B1201."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def name_forms(name: str) -> set[str]:
    """Return a name as one word, in each order of its parts: "Wang, Ming", "Ming Wang"."""
    parts = re.split(r"[\s,、_]+", unicodedata.normalize("NFKC", name))
    words = [word for part in parts if (word := spelled(part))]
    orders = itertools.permutations(words) if len(words) <= LONGEST else [tuple(words)]
    return {"".join(order) for order in orders} - {""}


# --- clues ----------------------------------------------------------------------------------------


def clues_of(label: str, path: PurePosixPath, learned: Mapping[str, str]) -> Clues:
    """Return what a student's files say of whose they are.  learned: of earlier sheets.

    The number of an LMS is no student number, even where it looks like one.
    """
    parts = lms.parts(path)
    who = parts.get("who", label)
    ids = {spelled(word) for word in re.split(r"[^\w.@-]+|_", who)} - {""}
    ids |= {spelled(learned[key])} if (key := lms.key_of(path)) in learned else set()
    names = name_forms(who) | {spelled(word) for word in re.split(r"[_\s]+", who)}
    return Clues(frozenset(ids), frozenset(names - {""}))


def clues_of_row(file: CsvFile, row: int) -> Clues:
    """Return what a row of an LMS' table says of whose it is, in the columns that are known."""
    known = columns()["roster"]
    ids = {spelled(file.cell(row, p)) for kind in ("number", "also") for p in
           file.columns(known[kind])}  # fmt: skip
    names = {form for p in file.columns(known["name"]) for form in name_forms(file.cell(row, p))}
    return Clues(frozenset(ids - {""}), frozenset(names))


# --- a class beside its roster --------------------------------------------------------------------


@dataclass(frozen=True)
class Class:
    """The people of one sheet's submissions.

    who: by the name under which a submission was collected; found: what is to be said, of whom
    missing: who is in the roster and has handed in nothing
    """

    who: Mapping[str, Who]
    found: tuple[tuple[str, Note], ...] = ()
    missing: tuple[Who, ...] = ()
    learned: Mapping[str, str] = field(default_factory=dict)

    def of(self, graded: Graded) -> Who:
        """Return whose a submission is."""
        return self.who[graded.student]

    @property
    def twice(self) -> set[str]:
        """The ids that stand for more than one submission."""
        return {who for who, n in Counter(w.id for w in self.who.values()).items() if n > 1}


def without_roster(every: Iterable[Graded]) -> Class:
    """Return the class by the names of its files alone."""
    return Class({one.student: _by_file(one) for one in every})


def with_roster(
    every: Iterable[Graded], roster: Roster, learned: Mapping[str, str] | None = None
) -> Class:
    """Join submissions with the roster."""
    who: dict[str, Who] = {}
    found, learned = list(roster.faults), dict(learned or {})
    for one in every:
        path = PurePosixPath(one.file or "-")
        person = roster.find(clues_of(one.student, path, learned))
        if isinstance(person, Person):
            who[one.student] = Who(person.number, person.name, _by_file(one).lms_id)
            learned |= {key: person.number} if (key := lms.key_of(path)) else {}
        else:
            by_file = _by_file(one)
            who[one.student] = Who(by_file.id, by_file.name, by_file.lms_id, known=False)
            found.append((one.student, person))
    labels: dict[str, list[str]] = {}
    for label, of in who.items():
        labels.setdefault(of.id, []).append(label)
    found += [
        (n, ("who_twice", {"names": ", ".join(of)})) for n, of in labels.items() if len(of) > 1
    ]
    missing = tuple(Who(p.number, p.name) for p in roster.people if p.number not in labels)
    found += [(f"{one.id} {one.name}", ("who_missing", {})) for one in missing]
    return Class(who, tuple(found), missing, learned)


def _by_file(one: Graded) -> Who:
    parts = lms.parts(PurePosixPath(one.file or "-"))
    return Who(one.student, parts.get("who", ""), parts.get("number", ""))


# --- what was learned -----------------------------------------------------------------------------


def read_learned(courses: Path) -> dict[str, str]:
    """Return which number of an LMS was whose in earlier sheets: {"canvas:4021": "B12901001"}."""
    file = courses / "people.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def keep_learned(courses: Path, learned: Mapping[str, str]) -> None:
    """Keep which number of an LMS is whose: the name beside it may change."""
    if learned != read_learned(courses):
        text = json.dumps(dict(sorted(learned.items())), ensure_ascii=False, indent=1)
        write_whole(courses / "people.json", text + "\n")
