"""Shingles: what of an answer stays when names, order, layout and comments change.

Code: each statement's head and each expression of its syntax tree, names that the student chose
left out.  Text: n letters in a row within a sentence.  Nothing is run; what cannot be parsed counts
as text.

Source: Baxter et al. 1998 (clones by hashed subtrees); Schleimer et al. 2003 (n-grams, MOSS).
"""

import ast
import builtins
import re
import unicodedata
import warnings
from collections.abc import Mapping

from ...authoring import syntax_trees

Shingles = dict[int, set[int]]  # a hash: the lines of the answer that hold it, from 1
LONGEST = 20_000  # characters of an answer that are compared
LETTERS = 6  # in a row; two or three words of Chinese or Japanese
SMALLEST = 4  # nodes of an expression: `a - b` alone says nothing
SENTENCE = re.compile(r"[^。！？!?\n]+")
COMMENT = re.compile(r"#.*")
BLOCKS = {"body", "orelse", "finalbody", "handlers", "cases"}
UNSAID = {"ctx", "annotation", "returns", "type_comment", "decorator_list", "kind", "type_ignores"}
BUILT_IN = {name: name for name in dir(builtins)}
Known = Mapping[str, str]


def of_code(source: str, imported: Known | None = None) -> Shingles:
    """Return the shingles of Python.  imported: the sheet's names, {"F": "torch.nn.functional"}."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd literals
            tree = ast.parse(source[:LONGEST])
        own = syntax_trees.imported(tree) if "import" in source else {}
        made = _Tree(BUILT_IN | dict(imported or {}) | own)
        made.block([tree])
        return made.found
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return of_text(COMMENT.sub("", source[:LONGEST]))


def of_text(text: str) -> Shingles:
    """Return the shingles of prose, with the numbers of their lines."""
    found: Shingles = {}
    for number, line in enumerate(text[:LONGEST].splitlines(), 1):
        for sentence in SENTENCE.findall(line):
            letters = _letters(sentence)
            for start in range(len(letters) - LETTERS + 1):
                found.setdefault(hash(letters[start : start + LETTERS]), set()).add(number)
    return found


def _letters(text: str) -> str:
    """Return the letters and digits alone, in one form of each."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


class _Tree:
    """The shingles of one syntax tree.  names: what is no name of the student's."""

    def __init__(self, names: Known):
        self.names = names
        self.found: Shingles = {}

    def block(self, nodes: list) -> None:
        """Add the statements of a block, each for itself: their order does not count."""
        for node in nodes:
            line = getattr(node, "lineno", 1)
            if not _says_nothing(node):
                self.add(self.head(node)[0], line)
            for name in BLOCKS & set(node._fields):
                inner = getattr(node, name)
                self.block(inner if isinstance(inner, list) else [])

    def add(self, shingle: int, line: int) -> None:
        self.found.setdefault(shingle, set()).add(line)

    def head(self, node: ast.AST) -> tuple[int, int]:
        """Return hash and size of a node without the blocks in it; adds its larger expressions."""
        kind, fields = _plain(node)
        parts, size = [hash(kind)], 1
        for value in fields:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    inner, n = self.expression(one)
                    parts.append(inner)
                    size += n
                elif one is not None:
                    parts.append(hash(str(one)))
        return hash(tuple(parts)), size

    def expression(self, node: ast.AST) -> tuple[int, int]:
        """Return hash and size of an expression."""
        if isinstance(node, ast.Name):
            return hash(self.names.get(node.id, "")), 1
        if isinstance(node, ast.Attribute) and (name := self.dotted(node)):
            return hash(name), 1
        if isinstance(node, ast.Constant):
            text = isinstance(node.value, str | bytes)
            return hash("text" if text else repr(node.value)), 1
        if isinstance(node, ast.arg):
            return hash("argument"), 1
        found, size = self.head(node)
        if size >= SMALLEST and hasattr(node, "lineno"):
            self.add(found, node.lineno)
        return found, size

    def dotted(self, node: ast.Attribute) -> str:
        """Return an imported name with its module, "torch.nn.functional.softmax"; "" if none."""
        names = [node.attr]
        while isinstance(node.value, ast.Attribute):
            node = node.value
            names.append(node.attr)
        if not isinstance(node.value, ast.Name) or node.value.id not in self.names:
            return ""
        return ".".join([self.names[node.value.id], *reversed(names)])


def _plain(node: ast.AST) -> tuple[str, list]:
    """Return kind and fields of a node: `x += y` is `x = x + y`, type hints do not count."""
    if isinstance(node, ast.AugAssign):
        value = ast.BinOp(node.target, node.op, node.value, lineno=node.lineno)
        return "Assign", [node.target, value]
    if isinstance(node, ast.AnnAssign):
        return "Assign", [node.target, node.value]
    if isinstance(node, ast.Assign):
        return "Assign", [*node.targets, node.value]
    own = {"name", "id"} if isinstance(node, ast.stmt | ast.ExceptHandler) else set()
    left_out = UNSAID | BLOCKS | own if isinstance(node, WITH_BLOCKS) else UNSAID
    return type(node).__name__, [getattr(node, n, None) for n in node._fields if n not in left_out]


WITH_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.Module, ast.match_case)


def _says_nothing(node: ast.AST) -> bool:
    """Tell whether a statement computes nothing: a text, pass, the head of a module or else."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Pass | ast.Module | ast.Global | ast.Nonlocal)
