"""The options of the last run, kept in OUT: to grade again needs no more than OUT.

A database's password is not kept: the course's own settings have it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from helpers.files import write_whole

FILE = "options.json"
OF_EACH_RUN = ("submissions", "out", "root")


def keep(wanted: argparse.Namespace, out: Path) -> None:
    """Keep the options of a run in OUT."""
    values: dict[str, Any] = {
        name: {"path": str(value.resolve())} if isinstance(value, Path) else value
        for name, value in vars(wanted).items()
        if name not in OF_EACH_RUN and not (name == "db" and _is_secret(value))
    }
    write_whole(out / FILE, json.dumps(values))


def _is_secret(address: str | None) -> bool:
    """Tell whether there is a password in a database's address: before the @, or among options."""
    return bool(address) and ("@" in str(address) or "password" in str(address).lower())


def kept(out: Path, root: Path, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return them, for what was handed in before.  OSError, or ValueError where they are broken."""
    values = json.loads((out / FILE).read_text(encoding="utf-8"))
    needed = ["-", "--lesson", values["lesson"], "--lang", values["lang"], "--out", str(out)]
    made = parser.parse_args(needed)  # a newer option that was not kept is as if not given
    for name, value in values.items():
        setattr(made, name, Path(value["path"]) if isinstance(value, dict) else value)
    made.submissions, made.out, made.root = None, out, root
    return made
