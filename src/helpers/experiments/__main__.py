"""Run one experiment, or list all: python -m helpers.experiments NAME [--lang LANG] | --list.

Status 0; 1 if the experiment fails; 2 if there is none of that name.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from helpers.experiments.parent import end_with_stdin

from .. import experiments, stopping
from ..display.monospace import aligned
from ..language import say


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, and return the exit status."""
    say.use(say.of_the_console())
    wanted = arguments(argv)
    say.use(wanted.lang or say.language())
    if wanted.until_stdin_closes:
        end_with_stdin()
    if wanted.list or wanted.name is None:
        print("\n".join(aligned(experiments.rows(experiments.all_of()))))
        return 0
    if wanted.name not in experiments.EXPERIMENTS:
        print(experiments.unknown(wanted.name), file=sys.stderr)
        return 2
    try:
        with stopping.in_order():
            return experiments.run(wanted.name)
    except KeyboardInterrupt as stopped:
        return stopping.status(stopped)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; its help is in the current language."""
    about = say.text("experiments", "about")
    parser = argparse.ArgumentParser("python -m helpers.experiments", description=about)
    parser.add_argument("name", nargs="?", help=say.text("experiments", "help_name"))
    parser.add_argument("--lang", choices=say.LANGUAGES, help=say.text("experiments", "help_lang"))
    parser.add_argument("--list", action="store_true", help=say.text("experiments", "help_list"))
    # what the terminal panel passes: a kernel that is killed cannot end its child itself
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
