"""Results of long runs that ship with the course, each beside the script that makes it.

python -m helpers.results.NAME makes NAME.json again.
"""

import json
import platform
from importlib import resources
from pathlib import Path
from typing import Any

from ..files import write_whole


def load(name: str) -> dict[str, Any]:
    """Read the results that helpers.results.NAME wrote; raise FileNotFoundError without any."""
    source = resources.files(__package__) / f"{name}.json"
    return json.loads(source.read_text(encoding="utf-8"))


def write(path: Path, value: dict[str, Any], indent: int | None = 1) -> None:
    """Write results as JSON; an interruption leaves the old file."""
    write_whole(path, json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of all that a result depends on."""
    import torch
    import transformers

    found = {"python": platform.python_version(), "torch": torch.__version__}
    return found | {"transformers": transformers.__version__}
