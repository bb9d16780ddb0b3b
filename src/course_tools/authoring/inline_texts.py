"""One language out of a code cell: an argument of T(ja="…", …), a line of #| ja: … and others."""

import ast
import re
from collections.abc import Iterator

from helpers.language.say import COMPLETE, FIRST, LANGUAGES, TODO
from helpers.language.say import key as argument

from . import layout
from .layout import segment
from .percent import Cell
from .problems import Problem

ARGUMENTS = {lang: argument(lang) for lang in LANGUAGES}  # as TOML and T(…) write them
COMMENT = re.compile(rf"(\s*)#\| ({'|'.join(LANGUAGES)}): (\S.*)")
NEAR_MISS = re.compile(r"\s*#\s*\|")  # "# | ja:" (what black makes of it), "#|ja:", "#| de:"
CALL = "T(" + ", ".join(f'{ARGUMENTS[lang]}="…"' for lang in COMPLETE) + ")"


def code_in(cell: Cell, lang: str) -> str:
    """Return the cell's code as a student of one language reads it: plain literals and comments.

    What a draft lacks is there in the first language.
    """
    lines = _replace_calls(cell, lang).split("\n")
    for first, said in reversed(comments("\n".join(lines))):
        hit = COMMENT.fullmatch(lines[first])
        indent = hit[1] if hit else ""
        lines[first : first + len(said)] = [f"{indent}# {_own(said, lang)}"]
    return "\n".join(lines)


def _own(said: dict[str, str], lang: str) -> str:
    return said[lang] if said.get(lang, TODO) != TODO else said[FIRST]


def faults(cell: Cell) -> Iterator[Problem]:
    """Yield everything that would make the languages' code differ, or not be code at all."""
    yield from _comment_faults(cell)
    try:
        found = cell.calls
    except SyntaxError as error:
        yield cell.problem(f"no Python: {error.msg} (line {error.lineno})", "mend the code")
        return
    for call in found:
        yield from _call_faults(cell, call)
    for node in cell.nodes if found else ():
        if isinstance(node, ast.JoinedStr) and any(layout.calls(ast.walk(node))):
            yield cell.problem(
                "T(…) stands inside an f-string", f"write {CALL} of f-strings around it"
            )


def texts(cell: Cell) -> Iterator[dict[str, str]]:
    """Yield {language: source} of every T(…) in a code cell."""
    for call in cell.calls:
        yield {lang: segment(cell.source, node) for lang, node in arguments(call).items()}


def comments(code: str) -> list[tuple[int, dict[str, str]]]:
    """Return (line, {language: comment}) of each group of comments, one line below the other."""
    found: list[tuple[int, dict[str, str]]] = []
    order, open_at = list(LANGUAGES), -1
    for n, line in enumerate(code.split("\n")):
        if hit := COMMENT.fullmatch(line):
            last = list(found[-1][1])[-1] if open_at == n - 1 and found else None
            if last is None or order.index(hit[2]) <= order.index(last):
                found.append((n, {}))
            found[-1][1][hit[2]] = hit[3]
            open_at = n
    return found


def arguments(call: ast.Call) -> dict[str, ast.expr]:
    """Return {language: text} of a T(…), without what is still to be written."""
    given = {k.arg: k.value for k in call.keywords}
    there = {lang: given[name] for lang, name in ARGUMENTS.items() if name in given}
    return {lang: node for lang, node in there.items() if not _is_todo(node)}


def _is_todo(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == TODO


def _replace_calls(cell: Cell, lang: str) -> str:
    """Replace each T(…) by the source text of one argument, the same call by the same text."""
    cell = cell.joined
    made = source = cell.source
    for call in cell.calls:
        there = arguments(call)
        literal = segment(source, there.get(lang, there[FIRST]))
        literal = f"({literal})" if "\n" in literal else literal
        made = made.replace(segment(source, call), literal)
    return made


def _comment_faults(cell: Cell) -> Iterator[Problem]:
    for line in cell.source.split("\n"):
        if NEAR_MISS.match(line) and not COMMENT.fullmatch(line):
            yield cell.problem(
                f"not a comment of one language: {line.strip()!r}", f"write it as  #| {FIRST}: …"
            )
    for _, said in comments(cell.source):
        if set(COMPLETE) - {lang for lang, words in said.items() if words != TODO}:
            yield cell.problem(
                f"comment without its twin near {next(iter(said.values()))!r}",
                "write " + " and right below it ".join(f"#| {lang}: …" for lang in COMPLETE),
            )


def _call_faults(cell: Cell, call: ast.Call) -> Iterator[Problem]:
    names = sorted(str(k.arg) for k in call.keywords)
    values = arguments(call)
    if call.args or set(names) - set(ARGUMENTS.values()) or set(COMPLETE) - set(values):
        yield cell.problem(
            f"T(…) in line {call.lineno} has {names or 'no named arguments'}", f"write {CALL}"
        )
    elif not all(_is_text(v) for v in values.values()):
        yield cell.problem(
            f"T(…) in line {call.lineno} holds something that is no text",
            "give strings or f-strings; code is the same in every language",
        )
    elif any(_expressions(v) != _expressions(values[FIRST]) for v in values.values()):
        yield cell.problem(
            f"unequal code inside T(…) in line {call.lineno}",
            "use the same {expressions} in every f-string",
        )


def _is_text(node: ast.expr) -> bool:
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip()
    return bool(plain) or isinstance(node, ast.JoinedStr)


def _expressions(node: ast.expr) -> list[str]:
    values = getattr(node, "values", [])
    return sorted(ast.dump(v) for v in values if isinstance(v, ast.FormattedValue))
