"""Review a student's argument: which of its numbers agree with the task, and what it leaves out.

It does not grade prose: whether the numbers support the choice is for a person to judge.
"""

import importlib.util
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..display import show
from ..display.markup import Html
from ..language import say
from .scenario import CitableNumber, Scenario, given_numbers, known_numbers

PARTS = {  # of the rubric, for each step
    1: ("reading", "cache", "growth", "other_side", "limits"),
    2: ("scaling", "tuning", "reports", "other_side", "limits"),
}
CHOICES = ("decoder", "encoder_decoder")
FEWEST_NUMBERS = 2  # of the bench, in step 1
LOOSEST = 0.05  # of a number: a single digit, or 0, may not agree with half of the bench
SHORTEST = 80  # characters of an attempt, what is repeated counted once
AROUND = 6  # characters of a sentence for each part it touches, besides the words looked for
COUNT = r"(?<![A-Za-z\d])(?<!\d[.,])\d[\d,]*(?:\.\d+)?"
POWER = r"(?:\s*[×x*]\s*10\s*(?:\^|\*\*)\s*(\d+))?"
NUMBER = re.compile(rf"({COUNT}){POWER}(?:\s*([\u4e07\u842c\u5104\u5146]))?\s*")
TO_TEN = "\u4e00\u4e8c\u5169\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e"  # and 100
TERA = "\u5146"
SMALL = rf"(\d+(?:\.\d+)?|[{TO_TEN}]{{1,4}})"
REPEATED = re.compile(r"(.{1,12}?)\1{2,}")
UNITS = {  # as written -> (the one unit that such numbers are compared in, factor)
    "PFLOPs": ("TFLOPs", 1e3),
    "TFLOPs": ("TFLOPs", 1.0),
    "GFLOPs": ("TFLOPs", 1e-3),
    "FLOPs": ("TFLOPs", 1e-12),
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
    "percent": ("×", 0.01),
    "gib": ("GiB", 1.0),
    "gb": ("GiB", 1e9 / 2**30),
}


class Written(NamedTuple):
    """A number as the text has it, in the unit in which such numbers are compared.

    half: of its last digit   at: its place in the (normalised) text
    """

    text: str
    value: float
    half: float
    unit: str
    at: int


@dataclass(frozen=True)
class Cited:
    """A number of the text, with its unit, and what it agrees with ("" for nothing).

    is_given: the task says it, so it is no argument of one's own
    owner: the one design whose number it is, "" for a ratio or a number of both
    topics: the quantities that it agrees with   subject: the design that its sentence is about
    """

    text: str
    agrees: str
    is_given: bool = False
    owner: str = ""
    topics: frozenset[str] = frozenset()
    subject: str = ""
    sentence: int = -1


@dataclass(frozen=True)
class Review:
    """What the review of a text found.

    step, choice, text: what was written   cited: its numbers   open: parts of the rubric not
    touched
    choice: one of CHOICES, None while it is open, or what could not be read
    """

    step: int
    choice: str | None
    text: str
    cited: tuple[Cited, ...]
    open: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Name what an attempt still needs before the model answer is shown; "" for nothing."""
        needs = {
            "unknown_choice": self.choice is not None and self.choice not in CHOICES,
            "no_choice": self.step == 1 and self.choice is None,
            "too_short": sum(map(len, _sentences(self.text))) < SHORTEST,
            "few_numbers": self.step == 1
            and sum(bool(c.agrees) and not c.is_given for c in self.cited) < FEWEST_NUMBERS,
        }
        return [name for name, is_missing in needs.items() if is_missing]

    @property
    def misplaced(self) -> list[Cited]:
        """Return the numbers of one design that stand in a sentence about the other.

        Not where the sentence compares, and also has the other's number of the same quantity.
        """

        def compared(c: Cited) -> bool:
            others = (x for x in self.cited if x.sentence == c.sentence and x.owner == c.subject)
            return any(x.topics & c.topics for x in others)

        wrong = (c for c in self.cited if c.owner and c.subject and c.owner != c.subject)
        return [c for c in wrong if not compared(c)]

    def lines(self) -> list[str]:
        """Say in sentences what the review found."""
        values = {
            "fewest": FEWEST_NUMBERS,
            "shortest": SHORTEST,
            "got": repr(self.choice),
            "known": ", ".join(CHOICES),
        }
        found = [say.text("bottleneck", name, **values) for name in self.missing]
        found += [_whose(cited) for cited in self.misplaced]
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

    def table(self) -> tuple[Html, str]:
        """Return (HTML, plain text) of the numbers found, each with what it agrees with."""
        header = [say.text("bottleneck", name) for name in ("cited", "agrees")]
        return show.table(header, [[c.text, _shown(c)] for c in self.cited])

    def __repr__(self) -> str:
        table = [self.table()[1]] if self.cited else []
        return "\n".join([*table, *self.lines(), say.text("bottleneck", "not_a_grade")])

    def _repr_html_(self) -> str:
        items = Html("").join(map(Html("<li>{}</li>").format, self.lines()))
        note = say.text("bottleneck", "not_a_grade")
        table = self.table()[0] if self.cited else ""
        whole = Html('<div lang="{}">{}<ul>{}</ul><p>{}</p></div>')
        return str(whole.format(say.html_lang(), table, items, note))


def _shown(cited: Cited) -> str:
    if cited.is_given:
        return say.text("bottleneck", "agrees_with_given", label=cited.agrees)
    return cited.agrees or say.text("bottleneck", "agrees_with_nothing")


def _whose(cited: Cited) -> str:
    owner, subject = (say.text("bottleneck", name) for name in (cited.owner, cited.subject))
    label = cited.agrees.split("：")[0]
    return say.text(
        "bottleneck", "whose", text=cited.text, owner=owner, subject=subject, label=label
    )


def review(step: int, choice: str | None, text: str, scenario: Scenario) -> Review:
    """Compare a text's numbers with the scenario's quantities, and its words with the rubric.

    choice: "decoder" or "encoder_decoder" (or a common way to write one), None while it is open.
    """
    known, given = _comparable(known_numbers(scenario)), _comparable(given_numbers(scenario))
    plain = unicodedata.normalize("NFKC", text)
    cited = [_placed(_cited(n, known, given), n.at, plain) for n in numbers(text)]
    touched = {part for line in _sentences(plain) for part in _touches(line, PARTS[step])}
    untouched = [part for part in PARTS[step] if part not in touched]
    return Review(step, _choice(choice), text, tuple(cited), tuple(untouched))


def _choice(written: str | None) -> str | None:
    """Return the design that is meant; the text as it is where it means none."""
    if written is None:
        return None
    said = _bare(str(written))
    for name in CHOICES:
        ways = (name, *say.text("bottleneck", f"choice_{name}").split("|"))
        if said in map(_bare, ways):
            return name
    return written


def _bare(word: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", word).lower())


# --- numbers of a text ------------------------------------------------------------------------


def numbers(text: str) -> list[Written]:
    """Find every number with a known unit, shares and scales in words too, in their order.

    In the unit that such numbers are compared in: 239 ms is 0.239 s.
    """
    plain = unicodedata.normalize("NFKC", text)
    shares = _shares(plain)
    taken = {at for share in shares for at in range(share.at, share.at + len(share.text))}
    found = [n for n in map(_written, NUMBER.finditer(plain)) if n and n.at not in taken]
    return sorted([*found, *shares], key=lambda n: n.at)


def _written(match: re.Match) -> Written | None:
    unit = _unit(match.string[match.end() :])
    if unit is None and match[3] == TERA:  # of all that is counted here, only FLOPs are so many
        unit = ("", *UNITS["FLOPs"])
    if unit is None:
        return None
    written, name, factor = unit
    digits = match[1].replace(",", "")
    factor *= 10.0 ** int(match[2] or 0) * (unicodedata.numeric(match[3]) if match[3] else 1)
    if (name, digits) == ("tokens", "1"):  # "to write 1 token": no quantity
        return None
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    shown = (match[0] + written).strip()
    return Written(shown, float(digits) * factor, half * factor, name, match.start())


def _shares(plain: str) -> list[Written]:
    """Find shares said in words, such as 1/7, 40 % or a half.

    They are rough, so they agree within 5 %.
    """
    said = {name: say.text("bottleneck", f"share_{name}") for name in ("of", "tenths", "half")}
    found = []
    for m in re.finditer(rf"{SMALL}\s*(?:{said['of']})\s*{SMALL}", plain):
        if below := _small(m[1]):
            found.append(_share(m, _small(m[2]) / below))
    tenths = re.finditer(rf"{SMALL}\s*(?:{said['tenths']})", plain)
    found += [_share(m, _small(m[1]) / 10) for m in tenths]
    found += [_share(m, 0.5) for m in re.finditer(said["half"], plain)]
    others = say.text("bottleneck", "share_not").split("|")
    ends = {share: share.at + len(share.text) for share in found}
    return [s for s in found if not any(_covers(plain, word, ends[s] - 1) for word in others)]


def _covers(plain: str, word: str, place: int) -> bool:
    """Does the word stand in the text so that it holds the character at this place?"""
    return plain.find(word, max(0, place - len(word) + 1), place + len(word)) >= 0


def _share(match: re.Match, value: float) -> Written:
    return Written(match[0], value, LOOSEST * value, "×", match.start())


def _small(written: str) -> float:
    """Read 7, or a number below 1,000 in characters, which a 10 or 100 behind it multiplies."""
    if written[0].isdecimal():
        return float(written)
    total = last = 0.0
    for character in written:
        value = unicodedata.numeric(character)
        total, last = (total + (last or 1) * value, 0.0) if value >= 10 else (total, value)
    return total + last


def _unit(rest: str) -> tuple[str, str, float] | None:
    """Return (as written, unit to compare in, factor) of the unit that a text begins with."""
    named = {say.text("bottleneck", f"unit_{n}"): unit for n, unit in NAMED.items()}
    table = UNITS | {word: unit for words, unit in named.items() for word in words.split("|")}
    for word in sorted(table, key=len, reverse=True):
        follows = rest[len(word) : len(word) + 1]
        latin = word[-1].isascii() and follows.isascii() and follows.isalpha()
        if rest.lower().startswith(word.lower()) and not latin:
            return (rest[: len(word)], *table[word])
    return None


def _comparable(known: list[CitableNumber]) -> list[CitableNumber]:
    found = []
    for number in known:
        unit, factor = UNITS.get(number.unit, (number.unit, 1.0))
        found.append(replace(number, value=number.value * factor, unit=unit))
    return found


def _cited(written: Written, known: list[CitableNumber], given: list[CitableNumber]) -> Cited:
    if repeated := _agreeing(written, 0.0, 1e-9, given):
        return Cited(written.text, _labels(repeated), is_given=True)
    if agrees := _agreeing(written, written.half, 0.01, known):
        closest = _agreeing(written, written.half, 1e-9, known) or agrees
        owners = {number.owner for number in closest}
        owner = owners.pop() if len(owners) == 1 else ""
        topics = frozenset(number.topic for number in closest)
        return Cited(written.text, _labels(agrees), owner=owner, topics=topics)
    about = _agreeing(written, written.half, 0.01, given)
    return Cited(written.text, _labels(about), is_given=bool(about))


def _agreeing(
    written: Written, half: float, share: float, known: list[CitableNumber]
) -> list[CitableNumber]:
    """Find all that the number agrees with: within its last digit (at most 5 %), or a share."""

    def near(number: CitableNumber) -> bool:
        most = max(min(half, LOOSEST * number.value), share * number.value)
        return abs(written.value - number.value) <= most

    return [number for number in known if number.unit == written.unit and near(number)]


def _labels(found: list[CitableNumber]) -> str:
    return " / ".join(dict.fromkeys(number.label for number in found))


# --- sentences --------------------------------------------------------------------------------


def _sentences(text: str) -> list[str]:
    """Return each different sentence once, and what repeats itself in it once."""
    lines = re.split(r"[。!?;\n]", unicodedata.normalize("NFKC", text))
    return list(dict.fromkeys(REPEATED.sub(r"\1", line).strip() for line in lines))


def _touches(sentence: str, parts: tuple[str, ...]) -> list[str]:
    """Find the parts of the rubric whose words a text has.

    None if the text is hardly more than words and numbers.
    """
    line = sentence.lower()
    found = {part: [word for word in _words(part) if word in line] for part in parts}
    found = {part: words for part, words in found.items() if words}
    rest = len(re.sub(rf"{COUNT}\s*[a-z%]*|[\W_]", "", line))
    rest -= sum(max(map(len, words)) for words in found.values())
    return list(found) if rest >= AROUND * len(found) else []


def _placed(cited: Cited, at: int, plain: str) -> Cited:
    """Pair each number with the design that its sentence last named before it."""
    before = plain[:at]
    start = max(before.rfind(mark) for mark in "。!?;\n") + 1
    pair, decoder = (_any_of(f"names_{name}") for name in reversed(CHOICES))
    mentions = re.finditer(f"({pair})|({decoder})", before[start:], re.IGNORECASE)
    subjects = ["encoder_decoder" if m[1] else "decoder" for m in mentions]
    subject = subjects[-1] if subjects else ""
    return replace(cited, subject=subject, sentence=start)


def _any_of(message: str) -> str:
    """Return a pattern for any of the words of a message, normalised as texts are."""
    words = unicodedata.normalize("NFKC", say.text("bottleneck", message)).split("|")
    return "|".join(map(re.escape, words))


def _words(part: str) -> list[str]:
    return say.text("bottleneck", f"words_{part}").lower().split("、")


# --- model answers ----------------------------------------------------------------------------


def model_answer(reviewed: Review) -> None:
    """Show the page's answer beside a corrected one, after an attempt, from the instructor's copy.

    The student edition has none, and says so.
    """
    if reviewed.missing:
        lines = [
            say.text("bottleneck", "attempt_first"),
            *reviewed.lines()[: len(reviewed.missing)],
        ]
        show.fragment(Html("").join(map(Html("<p>{}</p>").format, lines)), "\n".join(lines))
        return
    answers = _answers(reviewed.step)
    if answers is None:
        message = say.text("bottleneck", "instructor_has_it")
        show.fragment(Html("<p>{}</p>").format(message), message)
        return
    header = [say.text("bottleneck", name) for name in ("by_the_page", "corrected")]
    show.fragment(*show.table(header, [answers]))


def _answers(step: int) -> list[str] | None:
    """Return [the page's, the corrected] answer, from the module that the instructor's copy has.

    None without such a module.
    """
    if not importlib.util.find_spec("model_answers"):
        return None
    return importlib.import_module("model_answers").of_step(step, say.language())
