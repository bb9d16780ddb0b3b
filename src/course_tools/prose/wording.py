"""Words that the course does not use: the second name of a thing, and calques of another language.

The table is data: wording.toml.  A good sentence may be allowed by name, with a reason.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.language.say import COMPLETE

from ..authoring.problems import Problem, stop_at
from ..authoring.sentences import VALUE, around, sentences
from ..authoring.texts import Text

TABLE = Path(__file__).with_suffix(".toml")
FIELDS = {"say", "never", "why", "allowed"}
ALLOWED = {"text", "why"}


@dataclass(frozen=True)
class Wording:
    """What is said, and the pattern of what is never said in its place.

    allowed: the texts (FILE:KEY) where it is a good sentence
    """

    lang: str
    say: str
    never: re.Pattern[str]
    why: str
    allowed: frozenset[str]


def read(path: Path = TABLE) -> list[Wording]:
    """Return the table, language by language.  LessonError for a row that is not whole."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    stop_at(_faults(path.name, table))
    return [_wording(lang, row) for lang, rows in table.items() for row in rows]


def _wording(lang: str, row: Mapping[str, Any]) -> Wording:
    allowed = frozenset(one["text"] for one in row.get("allowed", []))
    return Wording(lang, row["say"], re.compile(row["never"]), row["why"], allowed)


def problems(texts: Iterable[Text], wordings: Iterable[Wording]) -> Iterator[Problem]:
    """Yield what is never said, but for the texts that are allowed by name."""
    wordings = list(wordings)
    for text in texts:
        mine = [one for one in wordings if one.lang == text.lang and name(text) not in one.allowed]
        for offset, line in sentences(text):
            for one in mine:
                for hit in one.never.finditer(line):
                    what = f"{hit[0].replace(VALUE, '{…}')} in 「{around(line, *hit.span())}」"
                    yield text.problem(offset, what, f"{one.say}: {one.why} ({TABLE.name})")


def name(text: Text) -> str:
    """Name a text as the table does, such as 01_attention/quiz.toml:q1.text."""
    return f"{'/'.join(Path(text.file).parts[-2:])}:{text.key}"


def _faults(file: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    if missing := set(COMPLETE) - table.keys():
        yield Problem(file, "-", f"nothing for {sorted(missing)}", "write what is never said")
    for rows in table.values():
        for row in rows:
            yield from _row_faults(file, row)


def _row_faults(file: str, row: Mapping[str, Any]) -> Iterator[Problem]:
    key = str(row.get("say", "-"))
    allowed = row.get("allowed", [])
    named = all(set(one) == ALLOWED and all(one.values()) for one in allowed)
    if not FIELDS - {"allowed"} <= row.keys() <= FIELDS or not named:
        remedy = f"give {sorted(FIELDS)}; allowed: {sorted(ALLOWED)} each, or none"
        yield Problem(file, key, f"has {sorted(row)}", remedy)
        return
    try:
        found = re.search(row["never"], key)
    except re.error as error:
        yield Problem(file, key, f"cannot read {row['never']!r}: {error}", "mend the pattern")
        return
    if found:
        yield Problem(file, key, f"{row['never']} finds {key}", "say what the pattern leaves alone")
