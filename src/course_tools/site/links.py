"""Links of a built site: each page and anchor that one leads to is there, in every language."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from helpers.language.say import COMPLETE, LANGUAGES

OURS = "c-"  # how an anchor begins that is a cell's key
HERE = "https://site.invalid"


@dataclass
class _Links(HTMLParser):
    """What links and languages a page has."""

    anchors: Counter[str] = field(default_factory=Counter)
    leads: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)  # hreflang -> address

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if "id" in said:
            self.anchors[said["id"]] += 1
        if tag == "a" and "href" in said:
            self.leads.append(said["href"])
        if tag == "link" and said.get("rel") == "alternate" and "hreflang" in said:
            self.others[said["hreflang"]] = urlsplit(said["href"]).path

    def keys(self) -> set[str]:
        return {anchor for anchor in self.anchors if anchor.startswith(OURS)}


def faults(out: Path, base: str = "/") -> Iterator[str]:
    """Yield links and finds that lead nowhere, and pages whose languages do not agree."""
    pages = {_path(file, out, base): _read(file) for file in sorted(out.rglob("*.html"))}
    for path, page in pages.items():
        yield from (f"{path}: link: {why}" for why in _dead(path, page, pages, out, base))
        yield from (f"{path}: id: {one} is there {n} times" for one, n in _repeated(page))
        if not path.endswith("404.html"):
            yield from (f"{path}: language: {why}" for why in _unlike(path, page, pages, base))
    for lang in COMPLETE:
        yield from (
            f"{base}search-{lang}.json: {why}" for why in _not_found(lang, pages, out, base)
        )


def _path(file: Path, out: Path, base: str) -> str:
    return base + file.relative_to(out).as_posix().removesuffix("index.html")


def _read(file: Path) -> _Links:
    page = _Links()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _dead(path: str, page: _Links, pages: dict[str, _Links], out: Path, base: str) -> Iterator[str]:
    for lead in dict.fromkeys(page.leads):
        whole = urlsplit(urljoin(HERE + path, lead))
        if f"{whole.scheme}://{whole.netloc}" != HERE:
            continue
        target, anchor = unquote(whole.path), unquote(whole.fragment)
        target += "/" if f"{target}/" in pages else ""  # hosts lead on to a folder's page
        is_file = target.startswith(base) and (out / target.removeprefix(base)).is_file()
        if target not in pages and not is_file:
            yield f"{lead} leads nowhere"
        elif anchor and target in pages and anchor not in pages[target].anchors:
            yield f"{lead}: no such anchor"


def _repeated(page: _Links) -> list[tuple[str, int]]:
    return [(anchor, n) for anchor, n in page.anchors.items() if n > 1]


def _unlike(path: str, page: _Links, pages: dict[str, _Links], base: str) -> Iterator[str]:
    if path.removeprefix(base).partition("/")[0] in COMPLETE:
        yield from (f"does not name {LANGUAGES[lang]}" for lang in COMPLETE
                    if LANGUAGES[lang] not in page.others)  # fmt: skip
    for language, other in page.others.items():
        if other not in pages:
            yield f"{language}: {other} is not there"
        elif pages[other].others != page.others:
            yield f"{language}: {other} does not name this page"
        elif differ := sorted(pages[other].keys() ^ page.keys()):
            yield f"{language}: anchors of one alone: {', '.join(differ[:5])}"


def _not_found(lang: str, pages: dict[str, _Links], out: Path, base: str) -> Iterator[str]:
    """Yield what a search would find on a page or at an anchor that is not there."""
    index = out / f"search-{lang}.json"
    if not index.is_file():
        yield "is not there"
        return
    for entry in json.loads(index.read_text(encoding="utf-8")):
        page = pages.get(f"{base}{lang}/{entry['page']}/")
        if page is None or entry["anchor"] not in page.anchors:
            yield f"{entry['page']}/#{entry['anchor']} ({entry['heading']}) is not there"
