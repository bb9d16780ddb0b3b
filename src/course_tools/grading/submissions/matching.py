"""What a notebook answers to which task: by grade_id, then by function name, then by position.

Whatever was found and mended is noted; what cannot be decided is left to a human, with the reason.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..messages import Note
from ..sheet import Sheet, Task
from . import copying
from .notebook import SheetCell, parsed

MAGIC = re.compile(r"get_ipython\(\)\.(run_(?:line|cell)_magic|system|getoutput)\('([^']*)")


@dataclass
class Matched:
    """Which of a student's cells answer which task.

    runs: the student's own code in order.  answers: the text of each answer; None: untouched.
    """

    runs: list[SheetCell] = field(default_factory=list)
    answers: dict[str, str | None] = field(default_factory=dict)
    cells: dict[str, list[str]] = field(default_factory=dict)  # task: names of cells that define it
    faults: dict[str, int] = field(default_factory=dict)  # task: line of its syntax error
    aliases: dict[str, str] = field(default_factory=dict)  # the sheet's function: the student's
    notes: list[Note] = field(default_factory=list)
    human: list[Note] = field(default_factory=list)


def match(cells: Sequence[SheetCell], sheet: Sheet) -> Matched:
    """Find how the cells of one notebook answer one sheet."""
    made = Matched()
    cells = _joined(keyed(cells, sheet), made)
    if not any(cell.key for cell in cells):
        made.human.append(("other_notebook", {}))
    elif not any(key in sheet.by_key for cell in cells for key in cell.ids):
        made.notes.append(("no_metadata", {}))
    cells = _placed(cells, sheet)
    cells = _code_again(cells, sheet, made)
    made.runs = list(_runs(cells, sheet))
    for task in sheet.tasks:
        (_essay if task.essay else _answer)(task, cells, sheet, made)
    _tests(cells, sheet, made)
    magics = sorted({hit[2] or "!" for cell in made.runs for hit in MAGIC.finditer(cell.code)})
    if magics:
        made.notes.append(("magics", {"names": ", ".join(magics)}))
    return made


def solved(sheet: Sheet) -> Matched:
    """Return the sheet with its own model answers, as if one had handed it in."""
    cells = []
    for number, part in enumerate(sheet.parts, 1):
        kind = "text" if part.kind in ("text", "essay") else "code"
        source = part.source if part.kind == "answer" else part.released
        cells.append(parsed(SheetCell(number, kind, source, (part.key,))))
    return match(cells, sheet)


# --- cells ------------------------------------------------------------------------------------


def keyed(cells: Iterable[SheetCell], sheet: Sheet) -> list[SheetCell]:
    """Return each cell with the sheet's cell that it is, if it is one."""
    return [_keyed(cell, sheet) for cell in cells]


def _keyed(cell: SheetCell, sheet: Sheet) -> SheetCell:
    """Return the cell with its key: by grade_id, by cell id, by its text, by function name."""
    for id in cell.ids:
        if id in sheet.by_key:
            return replace(cell, key=id)
    for part in sheet.parts:
        if _squeezed(cell.source) == _squeezed(part.released) != "":
            return replace(cell, key=part.key)
    for task in sheet.tasks:
        if cell.defines & set(task.functions):
            return replace(cell, key=task.name)
    return cell


def _joined(cells: list[SheetCell], made: Matched) -> list[SheetCell]:
    """Return the cells, one that was split in two (a half of it is no Python) whole again."""
    out: list[SheetCell] = []
    waiting = list(cells)
    while waiting:
        cell = waiting.pop(0)
        if cell.kind == "code" and cell.fault:
            whole, used = _whole(cell, waiting, out)
            if whole:
                made.notes.append(("split", {"cell": whole.number}))
                if used < 0:
                    out.pop()
                waiting = waiting[max(used, 0) :]
                cell = whole
        out.append(cell)
    return out


def _whole(
    cell: SheetCell, after: list[SheetCell], before: list[SheetCell]
) -> tuple[SheetCell | None, int]:
    """Return the cell with the 1 to 3 cells below it (n), or with the one above it (-1)."""
    for n in range(1, 1 + min(3, len(after))):
        below = after[:n]
        if any(c.kind != "code" or c.key not in ("", cell.key) for c in below):
            break
        whole = parsed(replace(cell, source="\n".join(c.source for c in (cell, *below))))
        if not whole.fault:
            return whole, n
    above = before[-1] if before else None
    if above and above.kind == "code" and not above.fault and cell.key in ("", above.key):
        whole = parsed(replace(above, source=f"{above.source}\n{cell.source}"))
        if not whole.fault and above.key:
            return whole, -1
    return None, 0


def _placed(cells: list[SheetCell], sheet: Sheet) -> list[SheetCell]:
    """Return the cells; an answer that nothing else finds is the one own cell at its place."""
    order = [part.key for part in sheet.parts]
    known = {cell.key for cell in cells}
    out = list(cells)
    for part in sheet.of("answer", "essay"):
        if part.key in known:
            continue
        place = order.index(part.key)
        before = [i for i, c in enumerate(out) if c.key and order.index(c.key) < place]
        after = [i for i, c in enumerate(out) if c.key and order.index(c.key) > place]
        gap = range(max(before, default=-1) + 1, min(after, default=len(out)))
        kind = "code" if part.kind == "answer" else "text"
        free = [i for i in gap if not out[i].key and out[i].kind == kind and out[i].source.strip()]
        if len(free) == 1:
            out[free[0]] = replace(out[free[0]], key=part.key)
    return out


def _code_again(cells: list[SheetCell], sheet: Sheet, made: Matched) -> list[SheetCell]:
    """Return the cells; an answer whose cell was turned into text is code again."""
    out = list(cells)
    for task in sheet.tasks:
        if task.essay or any(c.kind == "code" and _answers(c, task) for c in out):
            continue
        for i, cell in enumerate(out):
            if cell.kind == "text" and not set(cell.ids) & {p.key for p in sheet.of("text")}:
                source = re.sub(r"(?m)^```.*$", "", cell.source)
                code = parsed(replace(cell, kind="code", source=textwrap.dedent(source)))
                if code.defines & set(task.functions):
                    out[i] = replace(code, key=task.name)
                    made.notes.append(("cell_type", {"cell": cell.number}))
    return out


def _answers(cell: SheetCell, task: Task) -> bool:
    return cell.key == task.name or bool(cell.defines & set(task.functions))


def _runs(cells: Iterable[SheetCell], sheet: Sheet) -> Iterator[SheetCell]:
    """Yield the student's own code: no cell or test of the sheet's, nothing that is no Python."""
    wanted = {name for task in sheet.tasks for name in task.functions}
    for cell in cells:
        part = sheet.by_key.get(cell.key)
        unchanged = part and _squeezed(cell.source) == _squeezed(part.released)
        test = (part and part.kind == "test") or "check.task(" in cell.source
        left_out = unchanged or cell.fault or cell.key in ("course", "set-up")
        if cell.kind == "code" and not left_out and (not test or cell.defines & wanted):
            yield cell


# --- tasks ------------------------------------------------------------------------------------


def _answer(task: Task, cells: Sequence[SheetCell], sheet: Sheet, made: Matched) -> None:
    """Find a task's answer: its text, its cells, and whether there is doubt."""
    mine = [c for c in cells if c.kind == "code" and _answers(c, task)]
    stub = _squeezed(sheet.by_key[task.name].released)
    own = [c for c in mine if _squeezed(c.source) not in (stub, "")]
    made.answers[task.name] = own[-1].source if own else None
    good = [c for c in own if not c.fault]
    made.cells[task.name] = [c.name for c in good]
    if own and not good:
        made.faults[task.name] = own[-1].fault
    defining = [c for c in good if c.defines & set(task.functions)]
    if len(own) > 1 and (len(defining) > 1 or len([c for c in own if task.name in c.ids]) > 1):
        counts = (defining or own)[-1].number
        made.notes.append(("twice", {"task": task.name, "n": len(own), "cell": counts}))
    elif own and len(mine) > len(own):
        made.notes.append(("stub_left", {"task": task.name, "cell": own[-1].number}))
    if good and not defining:
        _renamed(task, good[-1], sheet, made)
    for note in copying.suspicions(task, copying.answering(good, made.runs), sheet):
        if note not in made.human:
            made.human.append(note)
    if not mine:
        _missing(task, cells, made)


def _renamed(task: Task, cell: SheetCell, sheet: Sheet, made: Matched) -> None:
    """Try the one function of another name that stands in the task's own cell; a human decides."""
    others = {name for t in sheet.tasks for name in t.functions}
    names = [n for n in sorted(cell.defines - others) if re.search(rf"(?m)^def {n}\b", cell.code)]
    if len(names) == 1 and len(task.functions) == 1:
        made.aliases[task.functions[0]] = names[0]
        values = {"task": task.name, "name": names[0], "wanted": task.functions[0]}
        made.human.append(("renamed", values))


def _missing(task: Task, cells: Sequence[SheetCell], made: Matched) -> None:
    """Note that a task has no cell: it was deleted, or another may be it, and a human looks."""
    free = [c.number for c in cells if c.kind == "code" and not c.key and c.source.strip()]
    if free:
        made.human.append(("unclear", {"task": task.name, "cells": ", ".join(map(str, free))}))
    else:
        made.notes.append(("deleted", {"task": task.name}))


def _essay(task: Task, cells: Sequence[SheetCell], sheet: Sheet, made: Matched) -> None:
    """Find an essay: its cell, or where that was left as it is, the student's own text below it."""
    stub = _squeezed(sheet.by_key[task.name].released)
    at = [i for i, c in enumerate(cells) if c.key == task.name]
    own = [cells[i] for i in at if _squeezed(cells[i].source) not in (stub, "")]
    if len(own) > 1:
        values = {"task": task.name, "n": len(own), "cell": own[-1].number}
        made.notes.append(("twice", values))
    if own:
        made.answers[task.name] = own[-1].source
        return
    below = []
    for cell in cells[at[-1] + 1 :] if at else ():
        if cell.key:
            break
        below += [cell] if cell.kind == "text" and cell.source.strip() else []
    if below:
        made.notes.append(("essay_below", {"task": task.name, "cell": below[0].number}))
    made.answers[task.name] = "\n\n".join(c.source for c in below) or None
    free = [c.number for c in cells if c.kind == "text" and not c.key and c.source.strip()]
    if not at and free:
        made.human.append(("unclear", {"task": task.name, "cells": ", ".join(map(str, free))}))
    elif not at:
        made.notes.append(("deleted", {"task": task.name}))


def _tests(cells: Sequence[SheetCell], sheet: Sheet, made: Matched) -> None:
    """Note which tests were changed or deleted: the sheet's own are run all the same."""
    there = {cell.key: cell for cell in cells}
    for part in sheet.of("test"):
        cell = there.get(part.key)
        if not cell:
            made.notes.append(("test_restored", {"key": part.key}))
        elif cell.kind != "code" or _squeezed(cell.source) != _squeezed(part.released):
            made.notes.append(("test_changed", {"key": part.key}))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
