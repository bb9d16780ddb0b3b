"""Copies of an answer that look different: renamed, reordered, reformatted, other comments."""

import ast
import random
import re

WORDS = (
    "# まず合計を求める",
    "# then the result",
    "# 接著算出結果",
    "# 形状は変わらない",
    "# 中文註解",
)
KEPT = {"torch", "F", "math"}


def renamed(code: str, rng: random.Random) -> str:
    """Every name that the student chose is another one; the function keeps its own."""
    tree = ast.parse(code)
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)
             and isinstance(n.ctx, ast.Store)} | {a.arg for a in ast.walk(function)
                                                  if isinstance(a, ast.arg)}  # fmt: skip
    new = {name: f"v{k}_{rng.randrange(99)}" for k, name in enumerate(sorted(names - KEPT))}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        if isinstance(node, ast.arg):
            node.arg = new.get(node.arg, node.arg)
    return ast.unparse(tree) + "\n"


def reordered(code: str, rng: random.Random) -> str:
    """Neighbouring statements that do not need each other change places."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            for _ in range(3):
                for k in range(len(body) - 1):
                    if independent(body[k], body[k + 1]) and rng.random() < 0.7:
                        body[k], body[k + 1] = body[k + 1], body[k]
    return ast.unparse(tree) + "\n"


def independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Two plain assignments to different names, neither of which reads what the other writes."""
    if not all(isinstance(s, ast.Assign) and all(isinstance(t, ast.Name) for t in s.targets)
               for s in (one, other)):  # fmt: skip
        return False
    (w1, r1), (w2, r2) = map(_names, (one, other))
    return not (w1 & (w2 | r2) or w2 & r1)


def _names(of: ast.stmt) -> tuple[set[str], set[str]]:
    found = [node for node in ast.walk(of) if isinstance(node, ast.Name)]
    written = {n.id for n in found if isinstance(n.ctx, ast.Store)}
    return written, {n.id for n in found} - written


def reformatted(code: str, rng: random.Random) -> str:
    """Other spaces, brackets and empty lines; += where it says the same."""
    lines = ast.unparse(ast.parse(code)).splitlines()
    lines = [re.sub(r"^( +)(\w+) = ([^(].*[^)])$", r"\1\2 = (\3)", line) for line in lines]
    lines = [line.replace(", ", " ,  ").replace("    ", "  ") for line in lines]
    return "".join(f"{line}\n" + "\n" * rng.randrange(3) for line in lines)


def translated(code: str, rng: random.Random) -> str:
    """Comments in another language, a docstring too."""
    lines = [line for line in code.splitlines() if not line.strip().startswith("#")]
    first = next(line for line in lines[1:] if line.strip())
    made = [lines[0], f'{first[: len(first) - len(first.lstrip())]}"""関数の説明"""']
    for line in lines[1:]:
        indent = " " * (len(line) - len(line.lstrip()))
        made += [f"{indent}{rng.choice(WORDS)}"] if rng.random() < 0.5 else []
        made.append(f"{line}  {rng.choice(WORDS)}")
    return "\n".join(made) + "\n"


def every(code: str, rng: random.Random) -> str:
    """All disguises, one over the other."""
    for disguise in (renamed, reordered, reformatted, translated):
        code = disguise(code, rng)
    return code


DISGUISES = {"renamed": renamed, "reordered": reordered, "reformatted": reformatted,
             "translated": translated, "every": every}  # fmt: skip
