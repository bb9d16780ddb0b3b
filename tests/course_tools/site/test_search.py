"""The site's search over every lesson, in Node.js: each term is found, by its other names too."""

import json
import subprocess
from dataclasses import asdict

import nbformat
import pytest
from places import ROOT

from course_tools.prose import glossary
from course_tools.site import frame
from course_tools.site.pages import SET_UP, page
from helpers.language.say import COMPLETE

FIND = ROOT / "tools/site/src/components/find.ts"
SCRIPT = """
const {{ find }} = await import({file});
const [entries, asked] = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(asked.map((one) => find(entries, one))));
"""


@pytest.fixture(scope="module", params=COMPLETE)
def lessons(request):
    """{notebook: its page} of one language, as they are built: prose needs no run"""
    files = sorted((ROOT / "notebooks" / request.param).glob("*.ipynb"))
    notebooks = [nbformat.read(file, as_version=4) for file in files]
    pages = [page(n, request.param, f.stem) for n, f in zip(notebooks, files, strict=True)]
    return request.param, notebooks, pages


def found(node, pages, asked, find=FIND):
    """What the search gives for each word asked."""
    entries = [
        {"page": one.name} | asdict(entry)
        for one in pages
        for entry in [*one.found, *frame.other_names(ROOT, one)]
    ]
    script = SCRIPT.format(file=json.dumps(find.as_uri()))
    command = [node, "--experimental-strip-types", "--no-warnings", "--input-type=module", "-e"]
    told = json.dumps([entries, asked])
    done = subprocess.run([*command, script], input=told, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout), strict=True))


def all_terms():
    return glossary.terms(ROOT / "lessons/glossary.tsv")


def terms_not_found_first_in_a_heading(node, lessons, find=FIND):
    """(how many are looked for, those found nowhere, or first in a text and then in a heading)"""
    lang, notebooks, pages = lessons
    cells = [cell for notebook in notebooks for cell in notebook.cells if cell.id not in SET_UP]
    prose = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
    written = {glossary.BRACKETS.sub("", term.written[lang]) for term in all_terms()}
    asked = sorted(word for word in written if word and word in prose)
    missed = []
    for word, entries in found(node, pages, asked, find).items():
        headings = [word.lower() in entry["heading"].lower() for entry in entries]
        if not entries or (any(headings) and not headings[0]):
            missed.append(word)
    return len(asked), missed


def terms_without_their_cell(node, lessons, find=FIND):
    """Terms whose name in another language does not lead to the cell that explains them."""
    explained = [term for term in all_terms() if term.cell]
    names, missed = {term.en: term for term in explained}, []
    for name, entries in found(node, lessons[2], sorted(names), find).items():
        cells = {f"{entry['page']}:{entry['anchor'].removeprefix('c-')}" for entry in entries}
        missed += [name] if names[name].cell not in cells else []
    return missed


def test_every_term_that_a_lesson_writes_is_found_first_in_a_heading(node, lessons):
    asked, missed = terms_not_found_first_in_a_heading(node, lessons)
    assert asked > 100 and missed == []


def test_a_term_is_found_by_its_name_in_another_language(node, lessons):
    lang, _, pages = lessons
    assert terms_without_their_cell(node, lessons) == []
    if lang == "ja":
        assert found(node, pages, ["注意力"])["注意力"][0]["heading"].startswith("アテンション")


def test_what_stands_nowhere_is_not_found(node, lessons):
    assert found(node, lessons[2], ["量子重力", " "]) == {"量子重力": [], " ": []}


FAULTS = {  # what find.ts says, what instead, and the test that must be red
    "first in a text": (
        "b.inHeading - a.inHeading || b.sum - a.sum", "b.sum - a.sum",
        lambda *of: terms_not_found_first_in_a_heading(*of)[1]),
    "headings alone": (
        "heading + fold(entry.text)", "heading",
        lambda *of: terms_not_found_first_in_a_heading(*of)[1]),
    "letters as they are typed": (
        ".toLowerCase()", "",
        lambda *of: found(of[0], of[1][2], ["kv CACHE"], of[2])["kv CACHE"] == []),
    "any part": (
        "each.every(Boolean)", "each.some(Boolean)",
        lambda *of: found(of[0], of[1][2], ["softmax 量子重力"], of[2])["softmax 量子重力"]),
    "other names": ("heading + fold(entry.text)", "heading", terms_without_their_cell),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_search_with_a_planted_fault_is_noticed(node, lessons, tmp_path, fault):
    right, wrong, red = FAULTS[fault]
    source = FIND.read_text(encoding="utf-8")
    assert source.count(right) == 1 and not red(node, lessons, FIND)
    (tmp_path / "find.ts").write_text(source.replace(right, wrong), encoding="utf-8")
    assert red(node, lessons, tmp_path / "find.ts")
