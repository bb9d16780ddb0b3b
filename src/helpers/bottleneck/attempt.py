"""Reads a student's argument: which of its numbers the bench knows, and what it leaves out.

It does not grade prose: whether the numbers support the choice is for a person to judge.
"""

import html
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from .. import say, show
from .scenario import Scenario, given_numbers, known_numbers

PARTS = {  # of the rubric, for each step
    1: ("reading", "cache", "growth", "other_side", "limits"),
    2: ("scaling", "tuning", "reports", "other_side", "limits"),
}
CHOICES = ("decoder", "encoder_decoder")
Labelled = list[tuple[str, float, str]]  # (label, value, unit)
FEWEST_NUMBERS = 2  # of the bench, in step 1
LOOSEST = 0.05  # of a number: a single digit, or 0, may not agree with half of the bench
SHORTEST = 80  # characters of an attempt
NUMBER = re.compile(r"(?<![A-Za-z\d])(?<!\d[.,])(\d[\d,]*(?:\.\d+)?)(\s*[\u4e07\u842c])?\s*")
UNITS = {  # as written -> (the one unit that such numbers are compared in, factor)
    "PFLOPs": ("TFLOPs", 1e3),
    "TFLOPs": ("TFLOPs", 1.0),
    "GFLOPs": ("TFLOPs", 1e-3),
    "TFLOP": ("TFLOPs", 1.0),
    "GFLOP": ("TFLOPs", 1e-3),
    "GiB": ("GiB", 1.0),
    "MiB": ("GiB", 2**-10),
    "GB": ("GiB", 1e9 / 2**30),
    "MB": ("GiB", 1e6 / 2**30),
    "ms": ("s", 1e-3),
    "s": ("s", 1.0),
    "B": ("B", 1.0),
    "x": ("×", 1.0),
    "%": ("×", 0.01),
}
NAMED = {  # units that have a word in each language
    "tokens": ("tokens", 1.0),
    "s": ("s", 1.0),
    "ms": ("s", 1e-3),
    "times": ("×", 1.0),
}


@dataclass(frozen=True)
class Cited:
    """A number of the text, with its unit, and what it agrees with ("" for nothing).

    is_given: the task says it, so it is no argument of one's own
    """

    text: str
    agrees: str
    is_given: bool = False


@dataclass(frozen=True)
class Review:
    """step, choice, text: what was written   cited: its numbers   open: rubric parts untouched"""

    step: int
    choice: str | None
    text: str
    cited: tuple[Cited, ...]
    open: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """What an attempt still needs before the model answer is shown; message names."""
        needs = {
            "no_choice": self.step == 1 and self.choice not in CHOICES,
            "too_short": len(self.text.strip()) < SHORTEST,
            "few_numbers": self.step == 1
            and sum(bool(c.agrees) and not c.is_given for c in self.cited) < FEWEST_NUMBERS,
        }
        return [name for name, is_missing in needs.items() if is_missing]

    def lines(self) -> list[str]:
        found = [say.text("bottleneck", name, fewest=FEWEST_NUMBERS, shortest=SHORTEST)
                 for name in self.missing]  # fmt: skip
        if self.text.strip():
            found += [
                say.text(
                    "bottleneck",
                    "untouched",
                    part=say.text("bottleneck", f"part_{part}"),
                    words=say.text("bottleneck", f"words_{part}"),
                )
                for part in self.open
            ]
        return found or [say.text("bottleneck", "all_touched")]

    def table(self) -> tuple[str, str]:
        header = [say.text("bottleneck", name) for name in ("cited", "agrees")]
        return show.table(header, [[c.text, _shown(c)] for c in self.cited])

    def __repr__(self) -> str:
        table = [self.table()[1]] if self.cited else []
        return "\n".join([*table, *self.lines(), say.text("bottleneck", "not_a_grade")])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        note = html.escape(say.text("bottleneck", "not_a_grade"))
        table = self.table()[0] if self.cited else ""
        return f'<div lang="{say.html_lang()}">{table}<ul>{items}</ul><p>{note}</p></div>'


def _shown(cited: Cited) -> str:
    if cited.is_given:
        return say.text("bottleneck", "agrees_with_given", label=cited.agrees)
    return cited.agrees or say.text("bottleneck", "agrees_with_nothing")


def review(step: int, choice: str | None, text: str, scenario: Scenario) -> Review:
    """Hold a text's numbers against the bench of the scenario, its words against the rubric.

    choice: "decoder" or "encoder_decoder", None while it is open.  ValueError for anything else.
    """
    if choice is not None and choice not in CHOICES:
        message = say.text(
            "bottleneck", "unknown_choice", got=repr(choice), known=", ".join(CHOICES)
        )
        raise ValueError(message)
    known, given = _comparable(known_numbers(scenario)), _comparable(given_numbers(scenario))
    cited = [_cited(*number, known, given) for number in numbers(text)]
    plain = unicodedata.normalize("NFKC", text).lower()
    untouched = [part for part in PARTS[step] if not any(word in plain for word in _words(part))]
    return Review(step, choice, text, tuple(cited), tuple(untouched))


def numbers(text: str) -> list[tuple[str, float, float, str]]:
    """(as written, value, half of its last digit, unit) of each number with a unit of the bench.

    In the unit that such numbers are compared in: 239 ms is 0.239 s.
    """
    found = []
    plain = unicodedata.normalize("NFKC", text)
    for match in NUMBER.finditer(plain):
        unit = _unit(plain[match.end() :])
        if unit is None:
            continue
        written, name, factor = unit
        digits = match[1].replace(",", "")
        factor *= 10_000 if match[2] else 1
        if (name, digits) == ("tokens", "1"):  # "to write 1 token": no quantity
            continue
        half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
        shown = (match[0] + written).strip()
        found.append((shown, float(digits) * factor, half * factor, name))
    return found


def _unit(rest: str) -> tuple[str, str, float] | None:
    """(as written, unit to compare in, factor) of the unit that a text begins with."""
    named = {say.text("bottleneck", f"unit_{n}"): unit for n, unit in NAMED.items()}
    table = UNITS | {word: unit for words, unit in named.items() for word in words.split("|")}
    for word in sorted(table, key=len, reverse=True):
        follows = rest[len(word) : len(word) + 1]
        latin = word[-1].isascii() and follows.isascii() and follows.isalpha()
        if rest.lower().startswith(word.lower()) and not latin:
            return (rest[: len(word)], *table[word])
    return None


def _comparable(lines: Labelled) -> Labelled:
    units = [UNITS.get(unit, (unit, 1.0)) for _, _, unit in lines]
    return [
        (label, value * factor, name)
        for (label, value, _), (name, factor) in zip(lines, units, strict=True)
    ]


def _cited(
    shown: str, value: float, half: float, unit: str, known: Labelled, given: Labelled
) -> Cited:
    if repeated := _agreeing(value, 0.0, 1e-9, unit, given):
        return Cited(shown, repeated, is_given=True)
    if agrees := _agreeing(value, half, 0.01, unit, known):
        return Cited(shown, agrees)
    about = _agreeing(value, half, 0.01, unit, given)
    return Cited(shown, about, is_given=bool(about))


def _agreeing(value: float, half: float, share: float, unit: str, known: Labelled) -> str:
    """All that the number agrees with: within its last digit (at most 5 %), or within a share."""
    found = [
        label
        for label, number, its_unit in known
        if unit == its_unit
        and abs(value - number) <= max(min(half, LOOSEST * number), share * number)
    ]
    return " / ".join(dict.fromkeys(found))


def _words(part: str) -> list[str]:
    return say.text("bottleneck", f"words_{part}").lower().split("、")


# --- model answers ----------------------------------------------------------------------------


def model_answer(reviewed: Review) -> None:
    """After an attempt: the page's answer beside a corrected one, where the instructor's copy is.

    The student edition has none, and says so.
    """
    if reviewed.missing:
        lines = [
            say.text("bottleneck", "attempt_first"),
            *reviewed.lines()[: len(reviewed.missing)],
        ]
        show.fragment("".join(f"<p>{html.escape(line)}</p>" for line in lines), "\n".join(lines))
        return
    answers = _answers(reviewed.step)
    if answers is None:
        message = say.text("bottleneck", "instructor_has_it")
        show.fragment(f"<p>{html.escape(message)}</p>", message)
        return
    header = [say.text("bottleneck", name) for name in ("by_the_page", "corrected")]
    show.fragment(*show.table(header, [answers]))


def _answers(step: int) -> list[str] | None:
    """[the page's, the corrected] of the instructor's copy of the sheet; None without one."""
    lesson = "07_bottleneck_challenge"
    inside = Path("solutions", say.language(), lesson, f"{lesson}.ipynb")
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        if (folder / inside).is_file():
            cells = json.loads((folder / inside).read_text(encoding="utf-8"))["cells"]
            [text] = ["".join(c["source"]) for c in cells if c.get("id") == f"step-{step}"]
            quoted = re.findall(r"(?m)^> (.*)$", text)
            rest = [x for x in text.splitlines() if x and not x.startswith((">", "#"))]
            return ["\n".join(quoted), "\n".join(rest)]
    return None
