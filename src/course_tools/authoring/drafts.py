"""A language that is a draft: which texts it lacks, and places for them in the sources."""

import ast
import re
from collections.abc import Iterable, Iterator

from helpers.language.say import COMPLETE, FIRST, LANGUAGES, TODO

from . import inline_texts, layout
from .course import Course, Lesson
from .data import Table
from .inline_texts import ARGUMENTS
from .problems import Problem, stop_at
from .source import Source
from .texts import of_files

DECLARED_IN = "src/helpers/language/languages.toml"
DRAFTS = [lang for lang in LANGUAGES if lang not in COMPLETE]
SHARED = "shared"  # the set-up cell, the words of sheets, and what helpers show
STRING = r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|' + r"'''.*?'''|'[^'\n]*'"


def built_in(lesson: Lesson) -> list[str]:
    """Return the languages of a lesson's notebooks: complete ones, and drafts with every text."""
    return [x for x in LANGUAGES if x in COMPLETE or not lacking(lesson.files, x)]


def lacking(files: Iterable[Source | Table], lang: str) -> list[Problem]:
    """Return the texts of these files that are not written in a language, each with its place."""
    found = of_files(files)
    there = {(text.file, text.key) for text in found if text.lang == lang}
    first = (text for text in found if text.lang == FIRST)
    remedy = f'write it; "{TODO}" counts as not written'
    return [
        text.problem(0, f"no text in {lang}", remedy)
        for text in first
        if (text.file, text.key) not in there
    ]


def report(course: Course) -> Iterator[str]:
    """Yield how far each draft is and, where one is begun, each text that it lacks."""
    for lang in DRAFTS:
        parts = parts_of(course)
        lack = {name: lacking(files, lang) for name, files in parts.items()}
        done = [name for name, problems in lack.items() if not problems]
        yield f"{lang} is a draft. Complete: {', '.join(done) or 'nothing'}."
        for name, problems in lack.items():
            n = len([text for text in of_files(parts[name]) if text.lang == FIRST])
            if problems:
                yield f"{lang}: {name} lacks {len(problems)} of {n} texts"
                yield from map(str, problems if len(problems) < n else ())
        if not any(lack.values()):
            yield f'Every text is there: remove "draft = true" from {DECLARED_IN}.'


def parts_of(course: Course) -> dict[str, list[Source | Table]]:
    """Return {lesson: its files}, and what all of them share."""
    return {lesson.name: lesson.files for lesson in course.lessons} | {SHARED: course.shared}


# --- places for texts -------------------------------------------------------------------------


def translate(course: Course, lang: str, names: list[str]) -> list[Problem]:
    """Put TODO where the named parts lack a text; those texts.  After a LessonError, nothing."""
    parts = parts_of(course)
    if lang not in DRAFTS:
        remedy = 'declare it there, below the others, with "draft = true"'
        stop_at([Problem(DECLARED_IN, lang, "is no draft", remedy)])
    for name in names:
        if name not in parts:
            stop_at([Problem("lessons", name, "no such part", f"name one of {', '.join(parts)}")])
    wanted = [file for name in names for file in parts[name]]
    stop_at(fault for file in wanted for fault in file.faults)
    files = {file.file: with_places(file, lang) for file in wanted}
    for file in files.values():
        path = course.root / file.file
        path.write_bytes(file.text.encode())  # bytes: the same line ends on every system
    return lacking(files.values(), lang)


def with_places(file: Source | Table, lang: str) -> Source | Table:
    """Return a file in which TODO stands wherever a language has no text yet."""
    make = in_toml if isinstance(file, Table) else in_py
    return type(file).of(file.file, make(file.text, lang))


def in_py(source: str, lang: str) -> str:
    """Put a cell of prose below its group's last language before it; in code, see `in_code`."""
    cells = re.split(r"(?m)^(?=# %%)", source)
    there: dict[str, list[str]] = {}
    for cell in cells:
        there.setdefault(_option(cell, "key"), []).append(_option(cell, "lang"))
    made = []
    for cell in cells:
        own, group = _option(cell, "lang"), there[_option(cell, "key")]
        if not own:
            made.append(in_code(cell, lang) if cell.startswith("# %%") else cell)
            continue
        made.append(cell)
        if lang not in group and own == _before(lang, group):
            header = cell.split("\n")[0].replace(f'lang="{own}"', f'lang="{lang}"')
            body = cell.rstrip("\n")
            made[-1] = f"{body}\n\n{header}\n# {TODO}{cell[len(body) :]}"
    return "".join(made)


def _option(cell: str, name: str) -> str:
    """Return an option of a cell's header; "" where it has none."""
    found = re.search(rf'^# %%.*\b{name}="([^"]*)"', cell)
    return found[1] if found else ""


def _before(lang: str, group: list[str]) -> str:
    """Return the language of a group below which another one has its place."""
    order = list(LANGUAGES)
    return max((x for x in group if x in order[: order.index(lang)]), key=order.index)


def in_code(code: str, lang: str) -> str:
    """Put an argument into each T(…), and a line below each group of comments."""
    lines = code.split("\n")
    calls = [call for call in layout.calls(ast.walk(ast.parse(code))) if not _argument(call, lang)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        _add_argument(lines, call, lang)
    lines = "\n".join(lines).split("\n")
    for first, said in reversed(inline_texts.comments("\n".join(lines))):
        if lang not in said:
            at = first + list(said).index(_before(lang, list(said))) + 1
            indent = lines[first][: lines[first].index("#")]
            lines.insert(at, f"{indent}#| {lang}: {TODO}")
    return "\n".join(lines)


def _argument(call: ast.Call, lang: str) -> ast.keyword | None:
    return next((k for k in call.keywords if k.arg == ARGUMENTS[lang]), None)


def _add_argument(lines: list[str], call: ast.Call, lang: str) -> None:
    """Put TODO in the line of the argument before it or, where that has its own, in a new one."""
    before = _argument(call, _before(lang, [x for x in LANGUAGES if _argument(call, x)]))
    assert before  # the first language is always there
    line, at = before.value.end_lineno or 0, before.value.end_col_offset  # in bytes
    start, end = lines[before.lineno - 1].encode(), lines[line - 1].encode()
    indent = start[: before.col_offset].decode()
    gap = " " if indent.strip() else f"\n{indent}"
    place = f',{gap}{ARGUMENTS[lang]}="{TODO}"'.encode()
    lines[line - 1] = (end[:at] + place + end[at:]).decode()


def in_toml(source: str, lang: str) -> str:
    """Put TODO below or beside the text of the last complete language before it."""
    before, own = ARGUMENTS[_before(lang, list(COMPLETE))], ARGUMENTS[lang]
    text = re.compile(
        rf"(?P<indent>^[ \t]*)?(?<![\w.])(?P<text>{before}\s*=\s*(?:{STRING}))"
        rf"(?P<rest>(?:\s*,?\s*\w+\s*=\s*(?:{STRING}))*)",
        re.M | re.S,
    )

    def placed(match: re.Match) -> str:
        if re.search(rf"(?<![\w.]){own}\s*=", match["rest"]):
            return match[0]
        indent = match["indent"]
        gap = ", " if indent is None else f"\n{indent}"
        return f'{indent or ""}{match["text"]}{gap}{own} = "{TODO}"{match["rest"]}'

    return text.sub(placed, source)
