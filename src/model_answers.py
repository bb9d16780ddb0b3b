"""Model answers, handed in where they are: `helpers` ask for this module.

The student edition has neither this module nor solutions/, and says so.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHEETS = Path(__file__).resolve().parents[1] / "solutions"


def of_step(step: int, lang: str) -> list[str]:
    """Return [the page's, the corrected] answer to a step of the challenge, from its solution.

    ValueError where there is not exactly one such sheet with one such cell.
    """
    [sheet] = SHEETS.glob(f"{lang}/*_bottleneck_challenge/*_bottleneck_challenge.ipynb")
    cells = json.loads(sheet.read_text(encoding="utf-8"))["cells"]
    [text] = ["".join(cell["source"]) for cell in cells if cell.get("id") == f"step-{step}"]
    quoted = re.findall(r"(?m)^> (.*)$", text)
    rest = [line for line in text.splitlines() if line and not line.startswith((">", "#"))]
    return ["\n".join(quoted), "\n".join(rest)]


def preference_loss() -> Callable[..., Any]:
    """Return the model answer to sheet 06's task of that name, which results/preference.py takes.

    ValueError where there is not exactly one such sheet with one such cell.
    """
    [sheet] = SHEETS.glob("ja/*_decoder_dominance/*_decoder_dominance.ipynb")
    cells = json.loads(sheet.read_text(encoding="utf-8"))["cells"]
    [code] = ["".join(cell["source"]) for cell in cells if cell.get("id") == "preference-loss"]
    scope: dict[str, Any] = {}
    exec(f"import torch\n{code}", scope)
    found: Callable[..., Any] = scope["preference_loss"]
    return found
