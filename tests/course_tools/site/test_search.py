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


def found(node, pages, asked):
    """What the search gives for each word asked."""
    entries = [
        {"page": one.name} | asdict(entry)
        for one in pages
        for entry in [*one.found, *frame.other_names(ROOT, one)]
    ]
    script = SCRIPT.format(file=json.dumps(FIND.as_uri()))
    command = [node, "--experimental-strip-types", "--no-warnings", "--input-type=module", "-e"]
    told = json.dumps([entries, asked])
    done = subprocess.run([*command, script], input=told, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout), strict=True))


def all_terms():
    return glossary.terms(ROOT / "lessons/glossary.tsv")


def test_every_term_that_a_lesson_writes_is_found_first_in_a_heading(node, lessons):
    lang, notebooks, pages = lessons
    cells = [cell for notebook in notebooks for cell in notebook.cells if cell.id not in SET_UP]
    prose = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
    written = {glossary.BRACKETS.sub("", term.written[lang]) for term in all_terms()}
    asked = sorted(word for word in written if word and word in prose)
    assert len(asked) > 100
    for word, entries in found(node, pages, asked).items():
        assert entries, word
        headings = [word.lower() in entry["heading"].lower() for entry in entries]
        assert headings[0] or not any(headings), word


def test_a_term_is_found_by_its_name_in_another_language(node, lessons):
    lang, _, pages = lessons
    explained = [term for term in all_terms() if term.cell]
    names = {term.en: term for term in explained}
    for name, entries in found(node, pages, sorted(names)).items():
        cells = {f"{entry['page']}:{entry['anchor'].removeprefix('c-')}" for entry in entries}
        assert names[name].cell in cells, name
    if lang == "ja":
        assert found(node, pages, ["注意力"])["注意力"][0]["heading"].startswith("アテンション")


def test_what_stands_nowhere_is_not_found(node, lessons):
    assert found(node, lessons[2], ["量子重力", " "]) == {"量子重力": [], " ": []}
