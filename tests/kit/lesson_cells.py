"""The code cells of a built lesson, run outside Jupyter: as they stand, or with a planted fault."""

import json

import matplotlib.pyplot as plt
import pytest
import torch
from places import ROOT

from helpers.classroom import claims, session


def code_of(lesson: str, lang: str) -> dict[str, str]:
    """{key: code}"""
    path = ROOT / f"notebooks/{lang}/{lesson}.ipynb"
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {c["id"]: "".join(c["source"]) for c in found if c["cell_type"] == "code"}


def run(lesson: str, *keys: str, lang: str = "ja", change: tuple[str, str] = ("", "")) -> dict:
    """The names that the cells leave; change: (old, new) code, which must be there."""
    session.begin(lesson, lang)
    scope: dict = {"LANG": lang}
    code = code_of(lesson, lang)
    text = "\n".join(code[key] for key in ("imports", *keys))
    assert change[0] in text
    try:
        exec(compile(text.replace(*change) if change[0] else text, "lesson", "exec"), scope)
    finally:
        torch.set_grad_enabled(True)
        plt.close("all")
    return scope


def measured(lesson: str, claim: str, *keys: str, **options) -> dict[str, float]:
    """{quantity: value} that the cells hand to claims.check for this claim; nothing is judged."""
    handed: dict[str, float] = {}

    def check(id, values):
        if id == claim:
            names = list(claims.declared(id)["quantity"])
            handed.update(values if isinstance(values, dict) else {names[0]: values})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims, "check", check)
        run(lesson, *keys, **options)
    return {name: float(value) for name, value in handed.items()}
