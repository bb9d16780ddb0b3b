"""Copies are found in whatever disguise, and answers that arose independently name nobody."""

import ast
import html
import os
import random
import re
import time
from pathlib import Path

import disguises
import honest_class
import numpy as np
import pytest
import turns
from honest_class import TASKS, honest
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL, LESSON

from course_tools.grading import messages, sheet
from course_tools.grading.graded import Graded
from course_tools.grading.likeness import answers, pairs, shared, shingles
from course_tools.grading.reports import alike

ALL = bool(os.environ.get("TRIAD_ALL"))
IMPORTED = {"F": "torch.nn.functional", "torch": "torch", "math": "math"}
Class = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def the_sheet():
    return sheet.read(ROOT, LESSON, "zh-tw")


def read(made: Class) -> dict[str, dict[str, shingles.Shingles]]:
    """{task: {student: shingles}} of a class."""
    found: dict[str, dict[str, shingles.Shingles]] = {}
    for student, of in made.items():
        for task, text in of.items():
            is_text = task == "essay"
            own = shingles.of_text(text) if is_text else shingles.of_code(text, IMPORTED)
            found.setdefault(task, {})[student] = own
    return found


def handed_in(made: Class) -> list[Graded]:
    return [Graded(who, who, {}, {}, of, (), ()) for who, of in made.items()]


def listed(made: Class) -> set[tuple[str, str]]:
    return {(pair.one, pair.other) for pair in pairs.alike(read(made)).pairs}


def copied(made: Class, count: int, rng: random.Random) -> dict[tuple[str, str], str]:
    """Plant copies of all code, each disguise COUNT times; {(student, copier): disguise}.

    The essays stay the copiers' own.
    """
    names, found = sorted(made), {}
    for k, (name, disguise) in enumerate([*disguises.DISGUISES.items()] * count):
        one, other = names[2 * k : 2 * k + 2]
        code = {task: disguise(made[one][task], rng) for task in TASKS}
        made[other] = code | {"essay": made[other]["essay"]}
        found[one, other] = name
    return found


# --- the class that is made here --------------------------------------------------------------


def test_the_grammar_writes_right_answers_and_hardly_two_alike(the_sheet):
    """Otherwise the honest classes below were no classes."""
    import math

    import torch
    import torch.nn.functional as F

    names = {"torch": torch, "F": F, "math": math}
    g = torch.Generator().manual_seed(0)
    x, a, b = (torch.randn(5, 12, generator=g) for _ in range(3))
    w = [torch.randn(12, 24, generator=g) for _ in range(3)]
    given = {
        "merge": [(x, 3 * a[:, 0], b, 3 * b[:, 1])],
        "window": [(6, 2, 1), (9, 3, 2), (5, 1), (7, 10, 3), (8, 2, 8)],
        "grouped": [(x, *w, 6, 2), (x, *w, 6, 6), (x, *w, 6, 1)],
        "packed": [([2, 3],), ([1, 4, 2],)],
    }
    n = 150 if ALL else 40
    for task, cases in given.items():
        part = next(part for part in the_sheet.parts if part.key == task)
        [function] = next(of for of in the_sheet.tasks if of.name == task).functions
        model = dict(names)
        exec(part.source, model)
        codes = {code for of in honest(n, "right").values() for t, code in of.items() if t == task}
        assert len(codes) > 0.8 * n
        for code in codes:
            own = dict(names)
            exec(code, own)  # of the grammar, not of a student
            for case in cases:
                same(own[function](*case), model[function](*case), code)


def same(got, want, code: str) -> None:
    for one, other in zip(*(v if isinstance(v, tuple) else (v,) for v in (got, want)), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype), code
        assert one.float().allclose(other.float(), atol=1e-4), code


@pytest.mark.parametrize("name", disguises.DISGUISES)
def test_a_disguise_changes_the_text_and_stays_python(name):
    rng, changed = random.Random(name), 0
    for code in (of[task] for of in honest(40, name).values() for task in TASKS):
        made = disguises.DISGUISES[name](code, rng)
        ast.parse(made)
        changed += made.split() != code.split()
    assert changed > (40 if name == "reordered" else 120)


# --- copies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5 if ALL else 2))
def test_every_planted_copy_of_300_is_found_and_nobody_else(seed):
    made = honest(300, f"planted {seed}")
    planted = copied(made, 3, random.Random(seed))
    found = listed(made)
    assert {pair: name for pair, name in planted.items() if pair not in found} == {}
    assert found == planted.keys()


def test_four_who_share_one_answer_are_six_pairs():
    made, rng = honest(120, "four"), random.Random(4)
    names = sorted(made)[:4]
    for name in names[1:]:
        made[name] = {t: disguises.every(c, rng) if t in TASKS else made[name][t]
                      for t, c in made[names[0]].items()}  # fmt: skip
    assert {who for pair in listed(made) for who in pair} == {*names}
    assert len(listed(made)) == 6


def test_an_essay_counts_as_a_task_whoever_changes_its_signs():
    """Three tasks and an essay are copied, the fourth task is the copier's own."""
    made, rng = honest(200, "essay"), random.Random(1)
    one, other = sorted(made)[:2]
    kept = made[other]["grouped"]
    made[other] = {t: disguises.every(c, rng) for t, c in made[one].items() if t != "essay"}
    made[other] |= {"grouped": kept, "essay": made[one]["essay"].replace("。", "！\n  ")}
    assert listed(made) == {(one, other)}


def test_a_copy_with_lines_added_is_still_found():
    made, rng = honest(200, "padded"), random.Random(1)
    one, other = sorted(made)[:2]
    for task in TASKS:
        head, _, body = disguises.renamed(made[one][task], rng).partition("\n")
        extra = f"    unused = [k**{rng.randrange(99)} for k in range({rng.randrange(99)}) if k]\n"
        made[other][task] = f"{head}\n{extra}{body}"
    assert listed(made) == {(one, other)}


# --- independent answers ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(50 if ALL else 10))
def test_a_class_of_independent_answers_names_nobody(seed):
    """Of any size, and with habits that decide two thirds of all choices, most, or every one."""
    size, strength = (40, 100, 200)[seed % 3], (2 / 3, 0.9, 1.0)[seed // 3 % 3]
    made = honest(size, f"honest {seed}", strength)
    found = pairs.alike(read(made))
    assert found.pairs == () and 0 < found.highest < found.line < 40


def test_a_single_task_names_nobody_however_alike():
    """One line, the same from everybody, from half of the class, from two."""
    for same_ in (60, 30, 2):
        codes = ["def f(x):\n    return x.softmax(-1).sum() + 1\n"] * same_
        codes += [f"def f(x):\n    return x.cumsum({k}) * {k} + x.mean({k})\n" for k in range(60)]
        assert listed({f"s{k}": {"f": code} for k, code in enumerate(codes[:60])}) == set()


def test_short_tasks_that_all_answer_alike_name_nobody():
    """Five tasks with three usual answers each: many pairs are the same in all of them."""
    rng = random.Random(0)
    ways = ["x.sum(0) + x.mean() * 2", "torch.sum(x, 0) / torch.numel(x)", "sum(x) - max(x) + 1"]
    made = {f"s{k}": {f"t{t}": f"def f(x):\n    return {rng.choice(ways)}\n" for t in range(5)}
            for k in range(100)}  # fmt: skip
    assert len({tuple(of.values()) for of in made.values()}) < 95  # some are the same throughout
    assert listed(made) == set()


def test_the_line_is_that_of_permutations(monkeypatch):
    """Students are exchanged within each task: of such pairs, as many are above it as RATE says."""
    made = read(honest(150, "null"))
    rng, above, n_pairs = np.random.default_rng(0), 0, 150 * 149 // 2
    monkeypatch.setattr(pairs, "RATE", 0.002 * n_pairs)
    line = pairs.alike(made).line
    students = sorted(made["merge"])
    at = np.triu_indices(len(students), 1)
    found = {task: pairs.matrix(of, students) for task, of in made.items()}
    x = {task: pairs.surprise(values[at], values[at]) for task, values in found.items()}
    whole = {task: np.zeros_like(found[task]) for task in x}
    for task, values in x.items():
        whole[task][at] = values
        whole[task] += whole[task].T
    for _ in range(40):
        orders = {task: rng.permutation(len(students)) for task in x}
        total = sum(whole[task][np.ix_(order, order)] for task, order in orders.items())
        above += (total[at] >= line).sum()
    assert 0.5 < above / (40 * n_pairs * 0.002) < 1.2


# --- what everybody had -----------------------------------------------------------------------


def test_model_answers_and_what_can_be_seen_are_taken_out(the_sheet):
    had = shared.of_course(the_sheet, ROOT)
    seen = [(part.source, part.kind == "essay") for part in the_sheet.of("answer", "essay")]
    seen += [(part.released, False) for part in the_sheet.of("test", "code")]
    for source, is_text in seen:
        own = shingles.of_text(source) if is_text else shingles.of_code(source, the_sheet.imported)
        assert own and not own.keys() - had
    own = shingles.of_code(honest_class.answers(1)["grouped"], the_sheet.imported)
    assert len(own.keys() - had) > 5


def test_helpers_that_a_page_imports_are_visible():
    found = shared.visible(["from helpers.classroom import check\nimport math"], ROOT)
    assert {path.name for path in found} == {"check.py", "__init__.py"}
    assert shared.visible(["import math\nfrom helpers.nothing import x"], ROOT) == set()


def test_who_takes_the_same_visible_function_is_not_named(the_sheet):
    """All tasks of two students are what the sheet and its model answers show."""
    made = honest(60, "visible")
    models = {task: the_sheet.by_key[task].source for task in TASKS}
    one, other = sorted(made)[:2]
    made[one] |= models
    made[other] |= {
        task: disguises.renamed(code, random.Random(1)) for task, code in models.items()
    }
    assert listed(made) == {(one, other)}  # had it not been visible
    assert answers.compared(handed_in(made), the_sheet, ROOT).found.pairs == ()


# --- what counts as the same ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y = F.softmax(x / 2, -1)", "import torch.nn.functional as fn\nz = fn.softmax(w / 2, -1)"),
        ("total += x.exp()", "total = total + x.exp()"),
        ("y: torch.Tensor = x.exp() + 1", "y = x.exp() + 1"),
        (
            "def f(a: int) -> int:\n    return a.b(1, 2)",
            "def g(c):\n    '''?'''\n    return c.b(1, 2)",
        ),
        ("a = x.exp() + 1\nb = x.log() + 2", "b = x.log() + 2\n\n\n# !\na = (x.exp() + 1)"),
    ],
)
def test_the_same_in_other_words(one, other):
    kept = {s for s in shingles.of_code(other, IMPORTED) if s not in IMPORT}
    assert shingles.of_code(one, IMPORTED).keys() == kept and kept


IMPORT = shingles.of_code("import torch.nn.functional as fn")


@pytest.mark.parametrize("other", ["x.log() + 1", "x.exp() - 1", "x.exp() + 2", "math.exp(x) + 1"])
def test_another_operation_is_another_shingle(other):
    assert shingles.of_code("y = x.exp() + 1") != shingles.of_code(f"y = {other}")


# --- hostile answers --------------------------------------------------------------------------

DEEP = "x = " + "(" * 5000 + "1" + ")" * 5000
HOSTILE = {
    "minus signs": "y = " + "-" * 15_000 + "1",
    "brackets": DEEP,
    "lists": "x = " + "[" * 90 + "]" * 90,
    "attributes": "x = a" + ".b" * 9_000,
    "ifs": "".join(f"{' ' * k}if x:\n" for k in range(99)) + " " * 99 + "pass",
    "elifs": "if x:\n    y = 1\n" + "elif x:\n    y = 1\n" * 1500,
    "huge": "x = 1\n" * 400_000,
    "one long line": "a" * 900_000,
    "surrogates": "s = '\ud800'\nx = s\udfff",
    "nothing": "",
    "null": "x = 1\0",
    "no Python": "def f(:\n  return",
    "a number": "x = " + "9" * 19_000,
    "executed": "open('TRAP', 'w').write('x')\nimport os; os._exit(3)",
}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(tuple(HOSTILE), id="all in one class"),
        *(pytest.param((name,), id=name, marks=turns.in_ci) for name in HOSTILE),
    ],
)
def test_a_hostile_answer_harms_nobody(names, tmp_path, the_sheet):
    """It is read, never run, and the copies beside it are found."""
    trap, before = tmp_path / "trap", time.process_time()
    made = honest(60, "hostile")
    planted = copied(made, 1, random.Random(2))
    for name in names:
        text = HOSTILE[name].replace("TRAP", str(trap))
        made[f"evil {name}"] = dict.fromkeys([*TASKS, "essay"], text)
    found = answers.compared(handed_in(made), the_sheet, ROOT)
    page = alike.page(found, the_sheet, "en")
    assert page.encode("utf-8", "replace") and not trap.exists()
    assert {(pair.one, pair.other) for pair in found.found.pairs} >= planted.keys()
    assert not [pair for pair in found.found.pairs if "evil" in pair.one + pair.other]
    assert time.process_time() - before < 20


# --- what an instructor reads -----------------------------------------------------------------


@pytest.mark.parametrize("lang", turns.by_turns(1, ["en", "ja", "zh-tw"]))
def test_the_page_has_the_lines_side_by_side_and_is_no_verdict(lang, the_sheet):
    made = honest(60, "page")
    planted = copied(made, 1, random.Random(3))
    made["s0000"]["merge"] += "    # <script>alert(1)</script>\n"
    results = [Graded(f"王{who}<b>", who, {}, {}, of, (), ()) for who, of in made.items()]
    found = answers.compared(results, the_sheet, ROOT)
    page = alike.page(found, the_sheet, lang)
    assert messages.text("alike_no_verdict", lang) in page
    assert "<script" not in page and "<b>" not in page and "王s0000&lt;b&gt;" in page
    body = page.split("<h2>")[1:]
    assert len(body) == len(planted) == len(found.found.pairs)
    for part in body:
        assert len(re.findall("<pre", part)) % 2 == 0 and "<mark>" in part
    values = {"pairs": f"{60 * 59 // 2:,}", "rate": "1,000", "n": 5}
    assert html.escape(messages.text("alike_how", lang, values)) in page


def test_marked_lines_are_those_that_both_have(the_sheet):
    made = honest(60, "lines")
    one, other = sorted(made)[:2]
    made[other]["merge"] = made[one]["merge"].replace("\n", "\n    mine = [9 ** 9 for _ in x]\n", 1)
    left, right = answers.compared(handed_in(made), the_sheet, ROOT).same("merge", one, other)
    assert left and 2 not in right and right >= {line + 1 for line in left if line > 1}


def test_the_command_writes_the_page_only_where_it_is_asked(tmp_path):
    made = MarkedClass(tmp_path)
    codes = {"s1": honest_class.answers(1), "s2": honest_class.answers(2)}
    for who in codes:
        made.hand_in(who, notebook(**dict.fromkeys(FULL, "RIGHT")))
    made.hand_in("s3", b"")
    assert made.grade() == 0 and not (made.out / "likeness.html").exists()
    assert made.grade("--likeness") == 0
    page = (made.out / "likeness.html").read_text(encoding="utf-8")
    assert messages.text("alike_no_verdict", "ja") in page
    assert Path(made.out, "grades.csv").exists()


@pytest.mark.skipif(not ALL, reason="start.py test --all")
def test_a_thousand_submissions_take_ten_seconds_of_a_processor(the_sheet):
    made = honest(1000, "thousand")
    before = time.process_time()
    found = answers.compared(handed_in(made), the_sheet, ROOT)
    assert time.process_time() - before < 10 and found.found.pairs == ()
