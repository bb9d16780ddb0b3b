"""Quizzes on a page judge as the notebook's do, and tell nothing before they are asked."""

import base64
import functools
import html
import itertools
import json
import random
import shutil
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from places import ROOT

from course_tools.site import project
from course_tools.site.live import quizzes
from course_tools.site.pages import WIDGET, page
from helpers.classroom import records
from helpers.classroom.session import Session
from helpers.language.say import COMPLETE
from helpers.widgets.quiz.anywidget_view import QuizAnywidgetView
from helpers.widgets.quiz.html_view import as_html
from helpers.widgets.quiz.kinds import Numeric

LIVE = project.SOURCES / "public" / "live"
LESSONS = sorted(file.stem for file in (ROOT / "src/helpers/data/quiz").glob("*.json"))
BOTH = list(itertools.product(COMPLETE, LESSONS))
TYPED = [
    *("20", "２０", "20.0", " 20 ", "二十", "1,024", "1，024", "12万", "１２．５", "-3e-2"),
    *("−3e-2", "10²", "3 GB", "3 GiB", "12.2GiB", "0x10", "", "1,02", "2億", "½", "٣", "1e400"),
    *("12 倍", "50%", "５０％", "千", "1 000", "+7", ".5", "5.", "一千零二十四", "十二万", "万"),
    *("3千万", "2.5兆", "⁵", "a", "1" * 45, "x" * 45, "三 倍", "12.30000000000000000001", "−"),
    *("1e", "1 % 2", "，", "7 ms", "7ミリ秒"),
]  # fmt: skip
JUDGE = """
import {{ readFileSync }} from "node:fs";
const {{ Quiz }} = await import({module});
const read = (encoded) => JSON.parse(Buffer.from(encoded, "base64").toString());
const answers = [];
for (const {{ shown, told, messages }} of JSON.parse(readFileSync(0, "utf-8"))) {{
  const quiz = new Quiz(shown, async (id) => read(told[id]));
  const each = [];
  for (const message of messages) each.push(await quiz.hear(message));
  answers.push(each);
}}
console.log(JSON.stringify(answers));
"""


def in_node(quizzes, live=LIVE, script=JUDGE):
    """What the page's script answers: one list of traits for each quiz's messages."""
    if not shutil.which("node"):
        pytest.skip("node is missing")
    script = script.format(module=json.dumps((live / "quiz.js").as_uri()))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(quizzes), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def served(lang, lesson):
    """{file name: content} of one quiz."""
    return {path.rpartition("/")[2]: content for path, content in quizzes.files(lesson, lang)}


def messages(quiz, seed):
    """Every set of choices and everything typed, in any order, with hints and second tries."""
    draw, made = random.Random(seed), []
    for question in quiz.questions.values():
        if isinstance(question, Numeric):
            values = [*TYPED, *(f"{one.given}" for one in question.examples())]
        else:
            values = subsets(len(question.options()), max(question.sizes()))
        made += [{"action": "check", "question": question.id, "value": value} for value in values]
        made += [
            {"action": name, "question": question.id, "value": ""} for name in ("hint", "retry")
        ]
    draw.shuffle(made)
    return made


def subsets(n, most):
    """Places of nothing, and of up to `most` of n choices."""
    return [list(some) for k in range(most + 1) for some in itertools.combinations(range(n), k)]


def test_a_lesson_without_a_quiz_has_no_files():
    assert list(quizzes.files("99_none", COMPLETE[0])) == []


def in_python(lang, lesson, sent):
    """What the notebook's quiz answers: attempts and score after each message."""
    with Session(lang=lang):
        quiz = quizzes.PageQuiz(lesson)
        view = QuizAnywidgetView(quiz)
        found = []
        for message in sent:
            quiz.hear(message)
            assert not quiz.errors
            found.append(view.now())
    return found


@functools.cache
def planned():
    """(lang, lesson, messages, what node gets, what the notebook answers) of every quiz."""
    plans = []
    for seed, (lang, lesson) in enumerate(BOTH):
        files = served(lang, lesson)
        with Session(lang=lang):
            sent = messages(quizzes.PageQuiz(lesson), seed)
        told = {n[:-4]: c.decode() for n, c in files.items() if n.endswith(".txt")}
        given = {"shown": json.loads(files["shown.json"]), "told": told, "messages": sent}
        plans.append((lang, lesson, sent, given, in_python(lang, lesson, sent)))
    return plans


def differing(live=LIVE, every=1):
    """(how many cases, those in which page and notebook differ)."""
    plans = planned()[::every]
    answers = in_node([plan[3] for plan in plans], live)
    compared = [
        (lang, lesson, message, seen(page) == seen(notebook))
        for (lang, lesson, sent, _, wanted), got in zip(plans, answers, strict=True)
        for message, page, notebook in zip(sent, got, wanted, strict=True)
    ]
    return len(compared), [case[:3] for case in compared if not case[3]]


def seen(traits):
    """Attempts and score, as JSON writes them, without the turn that always differs."""
    attempts = {name: one for name, one in traits["attempts"].items() if name != "turn"}
    return json.dumps([attempts, traits["score"]], sort_keys=True)


def test_a_page_judges_every_answer_as_the_notebook_does():
    cases, differ = differing()
    assert cases > 2500
    assert differ == []


@pytest.mark.parametrize(
    "file, right, wrong",
    [
        ("numbers.js", ".normalize(\"NFKC\")", ""),
        ("numbers.js", "<= most", "< most"),
        ("judge.js", "choice.right === given", "!choice.right || given"),
        ("quiz.js", "attempt.judged === 1", "attempt.judged === 2"),
        ("quiz.js", "{ given: [], result: null });", "{ given: [], result: null, hint: \"\" });"),
    ],
)  # fmt: skip
def test_a_judge_with_a_planted_fault_is_noticed(planted, file, right, wrong):
    assert differing(planted(file, right, wrong), every=4)[1]


# --- what a record keeps ------------------------------------------------------------------------

RESTORE = """
import {{ readFileSync }} from "node:fs";
const {{ Quiz }} = await import({module});
const read = (encoded) => JSON.parse(Buffer.from(encoded, "base64").toString());
const restored = [];
for (const {{ shown, told, kept, lost }} of JSON.parse(readFileSync(0, "utf-8"))) {{
  const asked = [];
  const quiz = new Quiz(shown, async (id) => {{
    asked.push(id);
    if (lost) throw new Error("404");
    return read(told[id]);
  }});
  restored.push([await quiz.restore(kept), asked]);
}}
console.log(JSON.stringify(restored));
"""


class KeptQuiz(quizzes.PageQuiz):
    """A page's quiz, with what the reader's record keeps."""

    def __init__(self, lesson):
        super().__init__(lesson)
        self._restore()


def kept_of(quiz, draw):
    """A random record of a quiz: right and wrong answers, some that no longer fit, hints."""
    for question in quiz.questions.values():
        if isinstance(question, Numeric):
            given = draw.choice([*TYPED, ("a",), *(f"{one.given}" for one in question.examples())])
        else:
            ids = [choice.id for choice in question.options()]
            given = tuple(draw.sample(ids, draw.randrange(min(3, len(ids)))))
            given = draw.choice([given, given, given, (*ids[:1], "gone"), ids[0]])
        tries = draw.randrange(4)
        yes = [draw.random() < 0.5 for _ in range(3)]
        yield question.id, records.Answer(given, tries, *yes, "2026")


def restorations(every=1, lost=False):
    """[what node gets, what the notebook shows] of records of every quiz."""
    found = []
    for seed, (lang, lesson) in list(enumerate([*BOTH, *BOTH]))[::every]:
        files, draw = served(lang, lesson), random.Random(seed)
        told = {n[:-4]: c.decode() for n, c in files.items() if n.endswith(".txt")}
        with Session(lang=lang) as session, tempfile.TemporaryDirectory() as home:
            session.home = home
            kept = dict(kept_of(quizzes.PageQuiz(lesson), draw))
            kept["an old question"] = records.Answer(("a",), 1)
            text = records.dumps({lesson: records.LessonWork(kept)}, "0" * 32)
            (Path(home) / "progress.json").write_text(text, encoding="utf-8")
            quiz = KeptQuiz(lesson)
            assert not quiz.errors
            wanted = QuizAnywidgetView(quiz).now()
        given = {"shown": json.loads(files["shown.json"]), "told": told, "lost": lost}
        given["kept"] = json.loads(text)["lesson"][lesson]["quiz"]
        found.append((given, wanted))
    return found


def not_restored(live=LIVE, every=1):
    """(how many questions, those in which page and notebook differ)."""
    plans = restorations(every)
    pairs = zip(plans, in_node([given for given, _ in plans], live, RESTORE), strict=True)
    each = [(id, got["attempts"][id] == told["attempts"][id] and got["score"] == told["score"])
            for (given, told), (got, _) in pairs for id in given["told"]]  # fmt: skip
    return len(each), [id for id, same in each if not same]


def test_a_page_takes_up_a_record_as_the_notebook_does():
    cases, differ = not_restored()
    assert cases > 200
    assert differ == []


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("given.every((id) => ids.includes(id)) && ", ""),
        ("|| given.length < 2", "|| true"),
        ("if (hinted) attempt.hint", "if (given.length) attempt.hint"),
        ("judged: tries, solved", "judged: tries + 1, solved"),
        ("solved, atOnce: at_once", "solved, atOnce: solved"),
    ],
)
def test_a_restoring_with_a_planted_fault_is_noticed(planted, right, wrong):
    assert not_restored(planted("quiz.js", right, wrong), every=3)[1]


def test_the_score_is_right_where_the_host_says_nothing_and_no_more_is_asked_than_needed():
    plans = restorations(every=5, lost=True)
    told = in_node([given for given, _ in plans], LIVE, RESTORE)
    for (given, wanted), (shown, asked) in zip(plans, told, strict=True):
        assert shown["score"] == wanted["score"]
        kept = {id: one for id, one in given["kept"].items() if id in given["told"]}
        needed = [id for id, one in kept.items() if one["given"] or one["hinted"]]
        assert sorted(asked) == sorted(needed)


FORGET = """
import {{ readFileSync }} from "node:fs";
const {{ Quiz }} = await import({module});
const read = (encoded) => JSON.parse(Buffer.from(encoded, "base64").toString());
const [{{ shown, told, messages }}] = JSON.parse(readFileSync(0, "utf-8"));
const quiz = new Quiz(shown, async (id) => read(told[id])), found = [quiz.traits()];
for (const message of messages) await quiz.hear(message);
found.push(quiz.now([]), await quiz.restore({{}}));
console.log(JSON.stringify(found));
"""


def forgotten(live=LIVE):
    """Attempts and score before any answer, after many, and when the record was forgotten."""
    lang, lesson = BOTH[0]
    files = served(lang, lesson)
    told = {n[:-4]: c.decode() for n, c in files.items() if n.endswith(".txt")}
    with Session(lang=lang):
        sent = messages(quizzes.PageQuiz(lesson), 0)
    given = {"shown": json.loads(files["shown.json"]), "told": told, "messages": sent}
    return [seen(one) for one in in_node([given], live, FORGET)]


def test_a_record_that_was_forgotten_leaves_nothing_on_an_open_page(planted):
    before, answered, after = forgotten()
    assert before == after != answered
    wrong = planted("quiz.js", "(judged || hint)", "false")
    assert forgotten(wrong)[2] != before


def secrets(lang, lesson):
    """Every hint, explanation and number of a bank that a question does not itself say."""
    with Session(lang=lang):
        for question in quizzes.PageQuiz(lesson).questions.values():
            yield question.hint
            yield from (choice.why for choice in question.options())
            if isinstance(question, Numeric):
                yield from (question.why_right, question.why_wrong)
                yield from (mistake.why for mistake in question.mistakes)


def leaked(lang, lesson, *texts):
    """What of a bank stands in these texts, as it is or as HTML and JSON write it."""
    every = list(secrets(lang, lesson))
    assert len(every) > 15
    ways = [(one, html.escape(one), json.dumps(one, ensure_ascii=False)[1:-1]) for one in every]
    return [way[0] for way in ways if any(form in text for form in way for text in texts)]


def on_a_page(lang, lesson, shown):
    """A lesson of nothing but its quiz, as a page; shown: the HTML of the executed cell."""
    output = new_output("display_data", data={"text/html": shown, WIDGET: {}})
    quiz = new_code_cell(f'Quiz("{lesson}")', id="quiz", outputs=[output])
    return page(new_notebook(cells=[new_markdown_cell("# 題", id="title"), quiz]), lang, lesson)


@pytest.mark.parametrize("lang, lesson", BOTH)
def test_nothing_of_a_bank_is_in_page_index_or_what_is_loaded_at_once(lang, lesson):
    with Session(lang=lang):
        made = on_a_page(lang, lesson, str(as_html(quizzes.PageQuiz(lesson))))
    known = served(lang, lesson)["shown.json"].decode()
    index = json.dumps([asdict(one) for one in made.found], ensure_ascii=False)
    assert f'<div class="not-content"><triad-quiz data-lang="{lang}"' in made.markdown(0)
    assert leaked(lang, lesson, made.markdown(0), index, known) == []
    allowed = {"id", "number", "text", "note", "origin", "href", "choices", "control", "keyboard"}
    for question in json.loads(known)["questions"]:
        assert set(question) <= allowed | {"unit"}


@pytest.mark.parametrize("lang", COMPLETE)
def test_a_page_that_tells_an_answer_is_noticed(lang):
    lesson = LESSONS[1]
    hint, *_, last = secrets(lang, lesson)
    made = on_a_page(lang, lesson, f"<p>{html.escape(hint)}</p>")
    assert leaked(lang, lesson, made.markdown(0)) == [hint]
    assert leaked(lang, lesson, json.dumps({"hint": last}, ensure_ascii=False)) == [last]


@pytest.mark.parametrize("lang, lesson", BOTH)
def test_what_is_told_on_asking_is_encoded_and_whole(lang, lesson):
    files = {name: c for name, c in served(lang, lesson).items() if name.endswith(".txt")}
    assert leaked(lang, lesson, *(content.decode() for content in files.values())) == []
    told = [base64.b64decode(content).decode() for content in files.values()]
    assert leaked(lang, lesson, *told) == list(secrets(lang, lesson))
