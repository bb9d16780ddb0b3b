"""Results of long runs that ship with the course, each beside the script that makes it.

python -m helpers.results.NAME makes NAME.json again.
"""

import json
from importlib import resources
from typing import Any


def load(name: str) -> dict[str, Any]:
    """The results that helpers.results.NAME wrote.  FileNotFoundError if there are none."""
    source = resources.files(__package__) / f"{name}.json"
    return json.loads(source.read_text(encoding="utf-8"))
