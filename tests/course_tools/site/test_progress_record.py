"""A reader's record in the browser is the notebooks' file: the same merge, the same refusals."""

import json
import random
import subprocess

import pytest
from places import ROOT

from course_tools.site import project
from helpers.classroom import records

RECORD = ROOT / "tools/site/src/progress/record.js"
SCRIPT = """
import {{ merged, NotOurs, read, TooNew }} from {record};
const [format, cases] = JSON.parse(await new Response(process.stdin).text());
const told = ([one, other]) => {{
  try {{ return merged(read(one, format), read(other, format)); }}
  catch (problem) {{
    if (problem instanceof NotOurs) return "NotOurs";
    if (problem instanceof TooNew) return "TooNew";
    throw problem;
  }}
}};
console.log(JSON.stringify(cases.map(told)));
"""
LESSONS = ["01_attention", "02_encoder", "03_encoder", "07_kv_cache"]  # an old name among them


@pytest.fixture(scope="module")
def by_node(node):
    """by_node([(text, text), …]): what the page makes of each two files"""
    script = SCRIPT.format(record=json.dumps(RECORD.as_uri()))

    def run(cases):
        told = json.dumps([project.PROGRESS, cases])
        command = [node, "--input-type=module", "-e", script]
        done = subprocess.run(command, input=told, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def moment(draw):
    return f"2026-01-{draw.randrange(1, 29):02}T00:00:00.{draw.randrange(10**6):06}Z"


def answer(draw):
    given = draw.choice([(), ("a",), ("a", "b"), "12", "12万"])
    done = draw.random() < 0.8
    dated = (draw.choice([("a",), "7"]), moment(draw)) if done else ((), "")
    yes = [draw.random() < 0.5 for _ in range(3)]
    return records.Answer(given, draw.randrange(5), *yes, moment(draw), *dated)


def work(draw):
    """A random record of some lessons."""

    def some(names, make):
        return {name: make(draw) for name in names if draw.random() < 0.6}

    return {
        lesson: records.LessonWork(
            some(["q1", "q2", "q3"], answer),
            some(["t1", "t2"], moment),
            some(["sum", "mean"], lambda d: records.Guess(d.choice(["3", "?"]), moment(d))),
        )
        for lesson in LESSONS
        if draw.random() < 0.7
    }


def test_records_are_merged_as_by_the_notebooks(by_node):
    draw = random.Random(1)
    pairs = [(work(draw), work(draw)) for _ in range(300)]
    texts = [[records.dumps(one, "x") for one in pair] for pair in pairs]
    for made, pair in zip(by_node(texts), texts, strict=True):
        wanted = records.merged(*(records.loads(text.encode()) for text in pair))
        file = json.dumps(project.PROGRESS | {"student": "x", "lesson": made})
        assert records.loads(file.encode()) == wanted


def test_what_is_no_record_is_refused_as_by_the_notebooks(by_node):
    whole = json.loads(records.dumps(work(random.Random(2)), "x"))
    lesson = next(iter(whole["lesson"].values()))
    lesson["quiz"]["q1"] = json.loads(json.dumps(vars(answer(random.Random(3)))))
    lesson["guesses"]["sum"] = {"given": "3", "when": "2026"}
    good = json.dumps(whole)
    changed = [("course", "other"), ("format", 2), ("format", None), ("lesson", None)]
    files = ["", "{}", "[]", good, f"\ufeff{good}"]
    files += [json.dumps(whole | {key: value}) for key, value in changed]
    for part, name, field, value in [
        ("quiz", "q1", "given", 3),
        ("quiz", "q1", "given", [3]),
        ("quiz", "q1", "tries", "3"),
        ("quiz", "q1", "solved", 1),
        ("guesses", "sum", "given", 3),
    ]:
        broken = json.loads(good)
        next(iter(broken["lesson"].values()))[part][name][field] = value
        files.append(json.dumps(broken))

    def by_notebook(text):
        try:
            records.loads(text.encode())
        except (records.NotOurs, records.TooNew) as refused:
            return type(refused).__name__
        return "read"

    empty = json.dumps(project.PROGRESS | {"lesson": {}})
    made = by_node([[text, empty] for text in files])
    told = [one if isinstance(one, str) else "read" for one in made]
    assert told == [by_notebook(text) for text in files]
    assert set(told) == {"read", "NotOurs", "TooNew"}
