"""What a notebook's kernel does for a student: it tells of a forgotten cell, and reads a guess.

It also gives back the memory that a long cell has freed (heap.py).

helpers.begin installs it.  `python start.py` has IPython load it as an extension when a kernel
starts: then the forgotten cell may be the first one.
"""

import ast
import builtins
import json
import os
import re
import symtable
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..display import show
from ..display.markup import Html
from ..language import say
from . import heap

# one line: guess = …, with what stands behind it; "＝" comes from an input method
GUESS = re.compile(
    r"(?P<name>\w*guess\w*)\s*(?P<equals>[=＝])\s*(?P<value>[^=＝\s].*?)\s*(?P<rest>#.*)?"
)
GROUPED = re.compile(r"\d{1,3}(,\d{3})+")  # Python reads 12,000 as two numbers
NOT_TEXT = re.compile(r"""["'\\()\[\]{}]""")  # meant as Python, or goes on in the next line


def load_ipython_extension(shell: Any) -> None:
    """Install into the IPython that starts, before a language is set; called by IPython."""
    say.use(_language(_notebook()))
    install(shell)


def install(shell: Any = None) -> None:
    """Make this process's IPython name forgotten cells and read guesses, if it runs, and once."""
    shell = shell or _shell()
    if not hasattr(shell, "set_custom_exc") or getattr(shell, "triad_installed", False):
        return
    shell.triad_installed = True
    shell.set_custom_exc((NameError,), _tell)
    shell.input_transformers_cleanup.append(partial(read_guesses, known=_known(shell)))
    heap.install(shell)


def forgotten(error: NameError) -> str:
    """Say which cell above makes the missing name, or that nobody can know; else ""."""
    shell = _shell()
    if shell is None or not error.name:
        return ""
    try:
        cells = _sources(_notebook())
    except (OSError, ValueError, KeyError, TypeError):
        return say.text("kernel", "perhaps_forgotten", name=error.name)
    above = _above(cells, shell.history_manager.input_hist_raw[-1])
    made = {name for source in above for name in _made(source)}
    return say.text("kernel", "forgotten", name=error.name) if error.name in made else ""


def read_guesses(lines: list[str], known: Callable[[str], bool]) -> list[str]:
    """Turn a guess that is no Python (１２, 12万, 三十, ？) into a text, in the lines of a cell.

    known: does a variable of this name exist?
    """
    return [_read_guess(line, known) for line in lines]


def _read_guess(line: str, known: Callable[[str], bool]) -> str:
    found = GUESS.fullmatch(line.rstrip("\n"))
    if not found:
        return line
    is_text = _is_text(found["value"], known)
    if not is_text and found["equals"] == "=":
        return line
    value = repr(found["value"]) if is_text else found["value"]
    rest = f"  {found['rest']}" if found["rest"] else ""
    return f"{found['name']} = {value}{rest}" + "\n" * line.endswith("\n")


def _is_text(value: str, known: Callable[[str], bool]) -> bool:
    if NOT_TEXT.search(value):
        return False
    try:
        tree = ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError):
        return True
    unknown_word = isinstance(tree, ast.Name) and not known(value)
    return unknown_word or bool(GROUPED.fullmatch(value))


def _known(shell: Any) -> Callable[[str], bool]:
    return lambda name: name in shell.user_ns or hasattr(builtins, name)


def _tell(shell: Any, kind: type, error: NameError, trace: Any, tb_offset: int | None = None):
    """Show IPython's own traceback, and the sentence below it."""
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    if note := forgotten(error):
        show.fragment(Html('<p role="status"><b>{}</b></p>').format(note), note)


def _shell() -> Any:
    """Return this process's IPython without importing it; None where there is none."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _notebook() -> Path | None:
    """Return the path of this kernel's notebook, where Jupyter's server tells it."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    return Path(name) if name.endswith(".ipynb") else None


def _language(notebook: Path | None) -> str:
    """Return the language of the notebook's folder, else the system's."""
    parts = notebook.parts if notebook else ()
    here = (lang for lang in say.LANGUAGES if lang in parts)
    return next(here, "") or say.of_the_system()


def _sources(notebook: Path | None) -> list[str]:
    """Read the code cells as they were saved.

    OSError, ValueError, … where they cannot be read.
    """
    if notebook is None:
        raise OSError("which notebook this is, is not known")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _above(cells: list[str], current: str) -> list[str]:
    """Return the cells before the one that runs; all, if it has changed since it was saved."""
    squeezed = [cell.strip() for cell in cells]
    return cells[: squeezed.index(current.strip())] if current.strip() in squeezed else cells


def _made(source: str) -> Iterator[str]:
    """Return the names that a cell makes; none for a cell that is no plain Python."""
    try:
        top = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        return
    for symbol in top.get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            yield symbol.get_name()
