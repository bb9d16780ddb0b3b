"""One language out of a code cell: T(ja="…", zh_tw="…") and pairs of #| ja: and #| zh-tw:."""

import ast
import re
from collections.abc import Iterator

from .problems import Problem
from .source import Cell

COMMENT = re.compile(r"(\s*)#\| (ja|zh-tw): (\S.*)")
NEAR_MISS = re.compile(r"\s*#\s*\|")  # "# | ja:" (what black makes of it), "#|ja:", "#| de:"
ARGUMENTS = {"ja": "ja", "zh-tw": "zh_tw"}


def code_in(cell: Cell, lang: str) -> str:
    """The cell's code as a student of one language reads it: plain literals, plain comments."""
    replaced = _replace_calls(cell.source, ARGUMENTS[lang])
    lines = (_comment_in(line, lang) for line in replaced.split("\n"))
    return "\n".join(line for line in lines if line is not None)


def faults(cell: Cell) -> Iterator[Problem]:
    """Everything that would make the code of the two languages differ, or not be code at all."""
    yield from _comment_faults(cell)
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        yield cell.problem(f"no Python: {error.msg} (line {error.lineno})", "mend the code")
        return
    for call in calls(tree):
        yield from _call_faults(cell, call)
    for joined in (n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)):
        if any(calls(joined)):
            yield cell.problem(
                "T(…) stands inside an f-string", 'write T(ja=f"…", zh_tw=f"…") around it'
            )


def texts(cell: Cell) -> Iterator[tuple[str, str]]:
    """(ja, zh-tw) source of every T(…) in a code cell."""
    for call in calls(ast.parse(cell.source)):
        given = {k.arg: _segment(cell.source, k.value) for k in call.keywords}
        yield given["ja"], given["zh_tw"]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T":
            yield node


def _replace_calls(source: str, argument: str) -> str:
    """Each T(…) by the source text of one argument: the same call is always the same text."""
    made = source
    for call in calls(ast.parse(source)):
        literal = _segment(source, next(k.value for k in call.keywords if k.arg == argument))
        literal = f"({literal})" if "\n" in literal else literal
        made = made.replace(_segment(source, call), literal)
    return made


def _segment(source: str, node: ast.AST) -> str:
    return ast.get_source_segment(source, node) or ""


def _comment_in(line: str, lang: str) -> str | None:
    hit = COMMENT.fullmatch(line)
    if not hit:
        return line
    return f"{hit[1]}# {hit[3]}" if hit[2] == lang else None


def _comment_faults(cell: Cell) -> Iterator[Problem]:
    waiting = None
    for line in [*cell.source.split("\n"), ""]:
        hit = COMMENT.fullmatch(line)
        if NEAR_MISS.match(line) and not hit:
            yield cell.problem(
                f"not a comment of one language: {line.strip()!r}", "write it as  #| ja: …"
            )
        lang = hit[2] if hit else None
        if (waiting == "ja") != (lang == "zh-tw"):
            yield cell.problem(
                f"comment without its twin near {line.strip()!r}",
                "write #| ja: … and right below it #| zh-tw: …",
            )
        waiting = lang


def _call_faults(cell: Cell, call: ast.Call) -> Iterator[Problem]:
    names = sorted(str(k.arg) for k in call.keywords)
    if call.args or names != ["ja", "zh_tw"]:
        yield cell.problem(
            f"T(…) in line {call.lineno} has {names or 'no named arguments'}",
            'write T(ja="…", zh_tw="…")',
        )
        return
    values = {k.arg: k.value for k in call.keywords}
    if not all(_is_text(v) for v in values.values()):
        yield cell.problem(
            f"T(…) in line {call.lineno} holds something that is no text",
            "give strings or f-strings; code is the same in both languages",
        )
    elif _expressions(values["ja"]) != _expressions(values["zh_tw"]):
        yield cell.problem(
            f"unequal code inside T(…) in line {call.lineno}",
            "use the same {expressions} in both f-strings",
        )


def _is_text(node: ast.expr) -> bool:
    plain = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip()
    return bool(plain) or isinstance(node, ast.JoinedStr)


def _expressions(node: ast.expr) -> list[str]:
    values = getattr(node, "values", [])
    return sorted(ast.dump(v) for v in values if isinstance(v, ast.FormattedValue))
