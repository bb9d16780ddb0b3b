"""The pages of the teacher's shelf as Markdown: an index, a plan for each lesson, the syllabus."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from helpers.language.say import COMPLETE

from ..authoring import folding, sitting
from ..authoring.render import with_set_up
from . import words
from .anchors import ESSAY, Anchors, Texts
from .exam import questions
from .guide import Guide, Prepared
from .rules import CLASS
from .words import ENGLISH

FOLDER = "docs/teaching"
BAR = r"\|"  # of a word, not of the table


def plan_file(lang: str, name: str) -> str:
    """Return where a lesson's plan stands."""
    return f"{FOLDER}/{lang}/{name}.md"


def index_file(lang: str) -> str:
    """Return where a language begins."""
    return f"{FOLDER}/{lang}/README.md"


def heading(one: Prepared, name: str, lang: str) -> str:
    """Return a section's heading, with its number."""
    section = one.anchors.sections[name]
    if lang == ENGLISH:
        return section.number + one.guide.get("section", name, "heading", lang=lang)
    return section.heading[lang]


def title(one: Prepared, lang: str) -> str:
    """Return the lesson's number and title."""
    return f"{one.lesson.name[:2]} {heading(one, next(iter(one.anchors.sections)), lang)}"


def asks(one: Prepared, name: str, cell: str, lang: str) -> str:
    """Return what the class predicts before a cell runs."""
    if lang == ENGLISH:
        return one.guide.get("section", name, "predict", cell, lang=lang)
    return one.anchors.sections[name].guesses[cell][lang]


def predicted(one: Prepared, name: str) -> list[str]:
    """Return the cells of a section whose guess the whole class makes."""
    return list(one.guide.table["section"][name].get("predict", ()))


def own(guide: Guide, texts: Texts, lang: str, *path: str) -> str:
    """Return the lesson's words, or the guide's in English."""
    return guide.get(*path, lang=lang) if lang == ENGLISH else texts[lang]


def table(
    head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()
) -> str:
    """Return a table of Markdown; numbers: columns that are set to the right."""
    rules = ["---:" if n in numbers else "---" for n in range(len(head))]
    lines = [head, rules, *([cell(f"{item}") for item in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(words: str) -> str:
    """Return a text that stands in one cell of a table."""
    return words.replace("|", BAR).replace("\n\n", "<br>").replace("\n", "<br>")


# --- a plan ---------------------------------------------------------------------------------------


def plan(one: Prepared, lang: str) -> str:
    """Return the page of one lesson."""
    parts = [f"# {title(one, lang)}", one.guide.get("goal", lang=lang)]
    parts += [f"## {words.text('plan_of', lang, minutes=CLASS)}", _clock(one, lang)]
    parts += [f"## {words.text('quiz', lang)}", words.text("quiz_lead", lang)]
    parts += [text for name in one.anchors.questions for text in _question(one, name, lang)]
    parts += [f"## {words.text('asked', lang)}", *_asked(one, lang)]
    if one.anchors.tasks:
        parts += [f"## {words.text('sheet', lang)}", words.text("sheet_lead", lang)]
        parts += [_tasks(one, lang)]
    if asked := questions.names(one.course.root, one.lesson.name):
        number, comma = one.lesson.name[:2], words.text("comma", lang)
        listed = comma.join(f"`{name}`" for name in asked)
        parts += [words.text("exam_of", lang, questions=listed, number=number)]
    return "\n\n".join(parts) + "\n"


def _clock(one: Prepared, lang: str) -> str:
    entries = one.guide.table["section"]
    ends = dict(zip(entries, accumulate(x["minutes"] for x in entries.values()), strict=True))
    head = [words.text(x, lang) for x in ("minutes", "section", "in_class", "together", "cut")]
    return table(head, [_row(one, name, ends[name], lang) for name in entries], [0])


def _row(one: Prepared, name: str, end: int, lang: str) -> list[str]:
    minutes = one.guide.table["section"][name]["minutes"]
    clock = f"{end - minutes}–{end}" if minutes else words.text("at_home", lang)
    guesses = "\n".join(asks(one, name, key, lang) for key in predicted(one, name))
    do, cut = (one.guide.get("section", name, part, lang=lang) for part in ("do", "cut"))
    return [clock, heading(one, name, lang), do, guesses, cut]


def _question(one: Prepared, name: str, lang: str) -> Iterator[str]:
    question = one.anchors.questions[name]
    yield f"### {name}"
    yield own(one.guide, question.text, lang, "question", name, "text")
    right = [_choice(one, name, choice, lang) for choice in question.right]
    if question.is_typed:
        yield words.text("answer_is", lang, answer=right[0])
    else:
        yield "\n".join([f"**{words.text('answer', lang)}**", "", *(f"- {x}" for x in right)])
    head = [words.text(x, lang) for x in ("wrong_answer", "thinks")]
    thinks = [
        [_choice(one, name, x, lang), one.guide.get("question", name, "thinks", x, lang=lang)]
        for x in question.wrong
    ]
    if thinks:
        yield table(head, thinks)


def _choice(one: Prepared, name: str, choice: str, lang: str) -> str:
    question = one.anchors.questions[name]
    if question.is_typed:
        return choice if lang == ENGLISH else question.choices[choice][lang]
    text = own(one.guide, question.choices[choice], lang, "question", name, "choice", choice)
    return words.text("choice", lang, name=choice, text=text)


def _asked(one: Prepared, lang: str) -> Iterator[str]:
    for n, entry in enumerate(one.guide.asked(), 1):
        question, answer = (one.guide.get("asked", f"{n}", x, lang=lang)
                            for x in ("question", "answer"))  # fmt: skip
        section = heading(one, entry["section"], lang)
        yield words.text("asked_at", lang, question=question, section=section)
        yield answer


def _tasks(one: Prepared, lang: str) -> str:
    rows = [
        [
            words.text("essay", lang) if name == ESSAY else f"`{name}`",
            own(one.guide, task.text, lang, "task", name, "text"),
            task.points,
            one.guide.table["task"][name]["difficulty"],
            one.guide.table["task"][name]["minutes"],
        ]
        for name, task in one.anchors.tasks.items()
    ]
    total = [sum(row[n] for row in rows) for n in (2, 4)]
    rows.append([words.text("all", lang), "", total[0], "", total[1]])
    head = [words.text(x, lang) for x in ("task", "content", "points", "difficulty", "minutes")]
    return table(head, rows, [2, 3, 4])


# --- the index ------------------------------------------------------------------------------------


def index(lessons: Sequence[Prepared], lang: str) -> str:
    """Return the first page of a language: every lesson with its minutes and points."""
    names = ("lesson", "reading", "sheet_minutes", "points_by_machine", "points_by_hand")
    head = [words.text(name, lang) for name in names]
    head += [words.text(name, lang) for name in ("plan", "handout")]
    numbers = [_numbers(one) for one in lessons]
    rows: list[list[object]] = [
        [title(one, lang), *mine, *_links(one, lang)]
        for one, mine in zip(lessons, numbers, strict=True)
    ]
    rows.append([words.text("all", lang), *map(sum, zip(*numbers, strict=True)), "", ""])
    lead = words.text("shelf_lead", lang, minutes=CLASS)
    syllabus = f"[{words.text('syllabi', lang)}](syllabus.md)"
    parts = [f"# {words.text('shelf', lang)}", lead, syllabus, table(head, rows, range(1, 5))]
    return "\n\n".join(parts) + "\n"


def _links(one: Prepared, lang: str) -> list[str]:
    name = one.lesson.name
    plan, handout = words.text("plan", lang), words.text("handout", lang)
    return [f"[{plan}]({name}.md)", f"[{handout}](handouts/{name}.html)"]


def _numbers(one: Prepared) -> tuple[int, int, int, int]:
    """Return minutes of reading, minutes of the sheet, points by machine and by hand."""
    by_hand = points(one.anchors, by_hand=True)
    return reading(one), one.anchors.sheet_minutes or 0, points(one.anchors), by_hand


def points(anchors: Anchors, by_hand: bool = False) -> int:
    """Return the points of a sheet, of its coded tasks or of its essays."""
    tasks = anchors.tasks.items()
    return sum(task.points for name, task in tasks if (name == ESSAY) == by_hand)


def reading(one: Prepared) -> int:
    """Return the minutes that the lesson's title states."""
    cells = with_set_up(one.lesson.lesson.cells, one.course.set_up.cells)
    opened = sitting.of(cells, folding.folded(cells), COMPLETE[0])
    questions = len(one.lesson.quiz.table["question"])
    return opened.minutes(questions, one.lesson.measured.table["seconds"])
