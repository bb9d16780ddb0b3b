"""Set the course's addresses: python -m course_tools.edition.publish = start.py publish

They are kept in pyproject.toml.  Notebooks get the address that Colab clones and a link to Colab,
the READMEs their links between <!-- badges --> and <!-- /badges -->, and the repository's between
<!-- repository --> and <!-- /repository -->; their table of lessons leads to the site's pages, else
to the notebooks.  "" takes an address away; without any address what stands in pyproject.toml is
written again.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import command
from ..authoring import addresses, build
from ..authoring.course import Course
from ..authoring.problems import LessonError

# It stands in TOML, in Markdown links and in a shell command: nothing that means something there.
URL = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.~%+-]+)+|file://(/[\w.~%:+-]+)+", re.ASCII)
SITE = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.~%+-]+)*", re.ASCII)
ROW = re.compile(r"^\| \d\d \|.*$", re.MULTILINE)  # of the table of lessons


class NotPublished(Exception):
    """Nothing was changed; the message says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Set the addresses that the command line names; 1 where they cannot be published."""
    parser = command.parser("start.py publish", __doc__)
    parser.add_argument("--students", metavar="URL", help="Git repository of the student edition")
    parser.add_argument("--repository", metavar="URL", help="Git repository of the whole course")
    parser.add_argument("--site", metavar="URL", help="what `start.py site` wrote, published")
    wanted = parser.parse_args(argv)
    given = {name: getattr(wanted, name) for name in addresses.NAMES}
    try:
        publish(wanted.root, {k: url for k, url in given.items() if url is not None})
    except LessonError as error:
        print(error, file=sys.stderr)
        print(f"\n{len(error.problems)} fault(s); nothing was changed.", file=sys.stderr)
        return 1
    except (NotPublished, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def publish(root: Path, given: dict[str, str]) -> None:
    """Write the given addresses, then everything that shows them."""
    urls = {name: checked(name, url.removesuffix("/")) for name, url in given.items()}
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    for name, url in urls.items():
        text = with_address(text, name, url)
    build_with(root, text)
    students, repository, site = addresses.read(root).values()
    links = badges(root, students)
    for readme in sorted(root.glob("README*.md")):
        text = with_line(readme.read_text(encoding="utf-8"), "badges", links)
        text = with_line(text, "repository", repository and f"<{repository}>")
        write(readme, with_pages(text, site))
    report(root, students, links)


def build_with(root: Path, settings: str) -> None:
    """Make SETTINGS the text of pyproject.toml, and build.

    LessonError, and pyproject.toml as it was, where the lessons have a fault.
    """
    project = root / "pyproject.toml"
    before = project.read_text(encoding="utf-8")
    write(project, settings)
    try:
        files = build.build(Course.read(root))
    except LessonError:
        write(project, before)
        raise
    written, stale = build.write(root, files)
    print(f"{len(files)} files: {len(written)} written, {len(stale)} stale removed")


def checked(name: str, url: str) -> str:
    """Return the address.  NotPublished if students could not open it, or clone from it."""
    form, use = (SITE, "open") if name == "site" else (URL, "clone")
    if url and not form.fullmatch(url):
        raise NotPublished(
            f"--{name} {url!r} is no address that students can {use}: give https://HOST/PATH, "
            'without a password, blanks or quotes; "" for none. Nothing was changed.'
        )
    return url


def with_address(text: str, name: str, url: str) -> str:
    """Return pyproject.toml's text with another address; its comments and all else stay."""
    line = re.compile(rf'(^\[tool\.triad\]$(?:(?!^\[).)*?^{name} *= *)"[^"\n]*"', re.M | re.S)
    changed, found = line.subn(lambda match: f'{match[1]}"{url}"', text)
    if found != 1:
        raise NotPublished(
            f'pyproject.toml has no line {name} = "…" in [tool.triad]. Write it there, then run '
            "this again. Nothing was changed."
        )
    return changed


def badges(root: Path, students: str) -> str:
    """Return one line of links to Colab, in the order of the lessons, for every README."""
    found = sorted(root.glob("notebooks/*/*.ipynb"), key=lambda path: (path.stem, path.parent.name))
    links = []
    for path in found:
        url = addresses.on_colab(students, path.relative_to(root).as_posix())
        if url:
            links.append(f"[Colab {path.stem[:2]} {path.parent.name}]({url})")
    return " · ".join(links)


def with_line(text: str, mark: str, words: str) -> str:
    """Return the text with one line, or none, between <!-- mark --> and <!-- /mark -->."""
    place = re.compile(rf"(<!-- {mark} -->\n)(.*?)(<!-- /{mark} -->)", re.DOTALL)
    line = f"{words}\n" if words else ""
    return place.sub(lambda match: match[1] + line + match[3], text)


def with_pages(text: str, site: str) -> str:
    """Return a README whose table of lessons leads to where each is read without running it."""
    link = re.compile(r"\]\((?:[^()\s]*/)?([\w-]+)/(\d\d_\w+)(?:\.ipynb|/)\)")

    def to_page(match: re.Match) -> str:
        return f"]({addresses.to_read(site, match[1], match[2])})"

    return ROW.sub(lambda row: link.sub(to_page, row[0]), text)


def write(path: Path, text: str) -> None:
    """Write bytes, so that line ends are the same on every system; say so if the file changes."""
    if path.read_bytes() != text.encode():
        path.write_bytes(text.encode())
        print(f"changed: {path.name}")


def report(root: Path, students: str, links: str) -> None:
    """Print the addresses, and what has to be done with the student edition."""
    for name, url in addresses.read(root).items():
        print(f"{name}: {url or '(none)'}")
    if links:
        edition = "the student edition (python start.py student-zip), unpacked"
        print(f"{students} must now hold {edition}, on its branch {addresses.BRANCH}.")
    elif students:
        print("Colab opens notebooks from https://github.com only: no links to it were written.")


if __name__ == "__main__":
    command.run(main)
