"""The quiz: judgement, both views, what may be known when, what happens when something breaks."""

import copy
import json
import logging
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import comm
import ipywidgets
import pytest
from comm.base_comm import BaseComm
from fake_loop import FakeLoop
from sample_bank import BANK, both, choice

from helpers.classroom import progress
from helpers.display import handshake
from helpers.language import say
from helpers.language.typed_numbers import NotANumber, read_number
from helpers.widgets import Quiz
from helpers.widgets.quiz import kinds
from helpers.widgets.quiz.anywidget_view import QuizAnywidgetView
from helpers.widgets.quiz.ipywidgets_view import QuizIpywidgetsView

LANGUAGES = ["ja", "zh-tw"]
HERE = Path(kinds.__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "学生 home"))
    monkeypatch.delenv("TRIAD_WIDGETS", raising=False)


@pytest.fixture(params=LANGUAGES)
def quiz(request):
    say.use(request.param)
    yield Quiz("sample", bank=BANK, student="s1")
    say.use("ja")


@pytest.fixture
def wire(monkeypatch):
    """Every message that goes to a browser, as JSON text."""
    sent = []

    class Recorder(BaseComm):
        def publish_msg(self, msg_type, data=None, **_):
            sent.append(json.dumps([msg_type, data], ensure_ascii=False))

    monkeypatch.setattr(comm, "create_comm", Recorder)
    return sent


def live(quiz):
    assert isinstance(quiz.view, QuizAnywidgetView)
    return quiz.view


def plain(quiz):
    return quiz.show_plain()


class Screen:
    """A student at the anywidget view: what its screen.js sends."""

    def __init__(self, quiz):
        self.quiz, self.view = quiz, live(quiz)

    def press(self, question, action, value=""):
        self.view._handle_custom_msg({"question": question, "action": action, "value": value}, [])

    def check(self, question, *ids_or_text):
        self.press(question, "check", _places(self.quiz, question, ids_or_text))

    def feedback(self, question):
        attempt = self.view.attempts[question]
        details = (line for pair in attempt["details"] for line in pair if line)
        return "\n".join([attempt["headline"], *details])

    def score(self):
        return self.view.score


class Twin:
    """The same student at the plain view: real buttons of ipywidgets."""

    def __init__(self, quiz):
        self.quiz, self.view = quiz, plain(quiz)

    def press(self, question, action):
        self.view.rows[question].buttons[action].click()

    def check(self, question, *ids_or_text):
        controls = self.view.rows[question].control.widgets
        given = _places(self.quiz, question, ids_or_text)
        if isinstance(given, str):
            controls[0].value = given
        elif isinstance(controls[0], ipywidgets.RadioButtons):
            controls[0].index = given[0] if given else None
        else:
            for place, box in enumerate(controls):
                box.value = place in given
        self.press(question, "check")

    def feedback(self, question):
        return _text(self.view.rows[question].feedback.value)

    def score(self):
        return _text(self.view.score.value)


def _places(quiz, question, given):
    shown = [choice.id for choice in quiz.shown(question)]
    return [shown.index(id) for id in given] if shown else given[0]


def _text(html):
    return re.sub("<[^>]+>", "", html.replace("<br>", "\n"))


VIEWS = pytest.mark.parametrize("view", [Screen, Twin])


# --- judgement --------------------------------------------------------------------------


@pytest.mark.parametrize("id, right", [("a", False), ("b", True), ("c", False), ("d", False)])
def test_single_choice(quiz, id, right):
    result = quiz.answer("q1", id)
    assert result.right is right
    assert [why for _, why in result.details] == [say.choose(both(f"SECRET-why-{id}"))]
    assert quiz.words["right" if right else "wrong"] in repr(result)


@pytest.mark.parametrize(
    "ids, headline",
    [("ac", "right"), ("ca", "right"), ("a", "incomplete"), ("ab", "wrong"), ("abc", "wrong")],
)
def test_multiple_choice_explains_exactly_what_was_chosen(quiz, ids, headline):
    result = quiz.answer("q3", list(ids))
    assert result.right is (headline == "right")
    assert result.headline == quiz.words[headline]
    assert Counter(why for _, why in result.details) == Counter(
        say.choose(both(f"SECRET-why-{id}")) for id in ids
    )
    for heading, why in result.details:
        assert heading[0] == ("○" if why.split("-")[2][0] in "ac" else "×")


@pytest.mark.parametrize(
    "typed, right",
    [
        ("12.2", True), ("１２．２", True), ("12.1", True), ("12.3", True), (12.2, True),
        ("12.2 倍", True), ("12.2倍", True), ("12.30", True), ("+12.2", True), ("1.22e1", True),
        ("12.31", False), ("12.09", False), ("12", False), ("122", False), ("-12.2", False),
        ("12.2万", False), ("0", False),
    ],
)  # fmt: skip
def test_numeric_answer_and_its_neighbours(quiz, typed, right):
    result = quiz.answer("q2", typed)
    assert result.right is right
    assert say.choose(both("SECRET-why-right" if right else "SECRET-why-wrong")) in result.text


@pytest.mark.parametrize("typed", ["12.5", "１２．５", "12.55", "12.45"])
def test_typical_mistake_has_its_own_explanation(quiz, typed):
    assert quiz.answer("q2", typed).details == (("", say.choose(both("SECRET-mistake"))),)


@pytest.mark.parametrize(
    "typed, name",
    [
        ("", "no_number"), ("  ", "no_number"), ("12.2 GB", "other_unit"),
        ("たくさん", "not_a_number"), ("10²", "not_a_number"), ("1,5", "not_a_number"),
        ("12.2.3", "not_a_number"), ("nan", "not_a_number"), ("--3", "not_a_number"),
        ("倍", "not_a_number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_wrong(quiz, typed, name):
    result = quiz.answer("q2", typed)
    shown = {"text": typed.strip(), "rest": "GB", "unit": "倍", "check": quiz.words["check"]}
    assert (result.right, result.text) == (None, quiz.words[name].format(**shown))
    assert quiz.attempt("q2").judged == 0
    assert "SECRET" not in repr(result)


@pytest.mark.parametrize(
    "typed, value",
    [
        ("12万", 120_000), ("１２ 萬", 120_000), ("8千", 8_000), ("3千万", 30_000_000),
        ("2億", 2e8), ("1兆", 1e12), ("1,024", 1024), ("１，０２４", 1024),
        ("1,048,576", 2**20), ("−0.5", -0.5), (".5", 0.5), ("5.", 5), ("1e-6", 1e-6), ("1E3", 1000),
        ("12.2 GiB", 12.2), ("８GiB", 8), ("50%", 50), ("５０％", 50),
        ("三十", 30), ("十二万", 120_000), ("二〇", 20), ("一千零二十四", 1024),
        ("兩百五十六", 256), ("三百億", 3e10), ("〇", 0),
    ],
)  # fmt: skip
def test_numbers_as_people_type_them(typed, value):
    assert float(read_number(typed, ["GiB", "%"])) == value


@pytest.mark.parametrize(
    "typed", ["1,0", "10,24", "1,0240", "12 3", "0x1", "1e9999999", "inf", "1/8", "万", "三個"]
)
def test_nothing_else_is_read_as_a_number(typed):
    with pytest.raises(NotANumber):
        read_number(typed)


def test_nothing_chosen_is_not_judged(quiz):
    for question in ("q1", "q3"):
        assert quiz.answer(question, []).right is None
    assert quiz.score().right == 0


def test_hint_retry_and_score(quiz):
    assert quiz.hint("q1") == say.choose(both("SECRET-hint-1"))
    quiz.answer("q1", "b")
    quiz.answer("q3", ["b"])
    quiz.retry("q3")
    assert quiz.attempt("q3").result is None
    assert quiz.words["again"].format(n=2) in quiz.answer("q3", ["a", "c"]).headline
    score = quiz.score()
    assert (score.right, score.at_once, score.total) == (2, 1, 3)
    assert repr(score) == quiz.words["score"].format(total=3, right=2, at_once=1)


def test_unknown_names_say_what_there_is(quiz):
    with pytest.raises(ValueError, match=r"q9.*q1、q2、q3"):
        quiz.answer("q9", "a")
    with pytest.raises(ValueError, match=r"q1.*z.*a、b、c、d"):
        quiz.answer("q1", "z")
    with pytest.raises(ValueError, match="q1"):
        quiz.answer("q1", ["a", "b"])
    with pytest.raises(FileNotFoundError, match="no_such_lesson"):
        Quiz("no_such_lesson")


# --- order of the choices ---------------------------------------------------------------


def order(student, lesson="sample", question="q1"):
    return "".join(c.id for c in Quiz(lesson, bank=BANK, student=student).shown(question))


def test_order_is_the_students_own_and_stays():
    assert order("s1") == order("s1")
    orders = Counter(order(f"student {n}") for n in range(2400))
    assert len(orders) == 24 and min(orders.values()) > 50  # all 4! orders, about 100 each
    assert len({order("s1", lesson=f"{n}") for n in range(30)}) > 5
    assert any(order(f"{n}") != order(f"{n}", question="q3") for n in range(5))


def test_order_follows_the_kept_student_id(tmp_path, monkeypatch):
    def mine():
        quiz = Quiz("sample", bank=BANK)
        return [c.id for q in ("q1", "q3") for c in quiz.shown(q)]

    orders = set()
    for n in range(8):
        monkeypatch.setenv("TRIAD_HOME", str(tmp_path / f"{n}"))
        progress.id_in_memory.cache_clear()
        first = mine()
        progress.id_in_memory.cache_clear()  # another session of the same student
        assert mine() == first
        orders.add(tuple(first))
    assert len(orders) > 1


# --- the student's id -------------------------------------------------------------------


def test_student_id_is_random_and_kept():
    assert re.fullmatch("[0-9a-f]{32}", progress.student_id())
    kept = (progress.data_dir() / "student_id").read_text(encoding="utf-8")
    progress.id_in_memory.cache_clear()
    assert progress.student_id() == kept


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", "名前".encode(), b"0" * 31])
def test_damaged_student_id_is_replaced_in_memory(damage):
    file = progress.data_dir() / "student_id"
    file.parent.mkdir(parents=True)
    file.write_bytes(damage)
    assert progress.student_id() == progress.student_id()
    assert re.fullmatch("[0-9a-f]{32}", progress.student_id())
    assert file.read_bytes() == damage


def test_unwritable_home_gives_an_id_in_memory(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "a file" / "below"))
    assert progress.student_id() == progress.student_id()


# --- what the browser may know ----------------------------------------------------------


def everything_public(quiz, wire):
    state = json.dumps(live(quiz).get_state(), default=str, ensure_ascii=False)
    data, metadata = quiz._repr_mimebundle_()
    data = {mime: text for mime, text in data.items() if mime.startswith("text/")}
    return "\n".join([state, *wire, *data.values(), str(metadata), repr(quiz), quiz.html()])


def test_nothing_is_told_before_it_is_asked_for(quiz, wire):
    assert "SECRET" not in everything_public(quiz, wire)
    Screen(quiz).check("q1", "a")
    told = set(re.findall(r"SECRET-[\w-]+", everything_public(quiz, wire)))
    assert {t.split("・")[0] for t in told} == {say.choose(both("SECRET-why-a")).split("・")[0]}


def test_plain_twin_tells_nothing_either(quiz, wire):
    view = plain(quiz)
    widgets = [view.box]
    for widget in widgets:
        widgets += getattr(widget, "children", ())
    states = [json.dumps(w.get_state(), default=str, ensure_ascii=False) for w in widgets]
    assert len(states) > 20 and "SECRET" not in "".join([*states, *wire])


def test_what_is_public_does_not_depend_on_the_answers(wire):
    """Another bank with other right choices, numbers, hints and reasons looks just the same."""
    other = copy.deepcopy(BANK)
    for question in other["question"]:
        question["hint"] = both("another hint")
        for c in question.get("choice", ()):
            c["right"], c["why"] = not c["right"], both("another why")
        if question["kind"] == "numeric":
            question |= {"answer": 7, "tolerance": 3, "why_right": both("x"), "mistake": []}
    seen = []
    for bank in (BANK, other):
        wire.clear()
        public = everything_public(Quiz("sample", bank=bank, student="s1"), wire)
        seen.append(re.sub("[0-9a-f]{32}", "ID", public))
    assert seen[0] == seen[1]


# --- both views -------------------------------------------------------------------------

STORY = [
    ("q1", "a"), ("q1", "b"), ("q1",), ("q2", "12.2倍"), ("q2", "多い"), ("q2", "12.5"), ("q2", ""),
    ("q3", "a"), ("q3", "a", "b"), ("q3", "a", "c"), ("q3",),
]  # fmt: skip


@VIEWS
def test_a_view_says_what_the_function_says(quiz, view):
    called = Quiz("sample", bank=BANK, student="s1")
    student = view(quiz)
    for question, *given in STORY:
        student.check(question, *given)
        value = given[0] if question == "q2" else given
        assert student.feedback(question) == called.answer(question, value).text
        assert student.score() == called.score().text
    assert quiz.errors == []


@VIEWS
def test_hint_and_retry_buttons(quiz, view):
    student = view(quiz)
    student.check("q2", "12.5")
    student.press("q2", "hint")
    student.press("q2", "retry")
    assert quiz.attempt("q2").hinted and student.feedback("q2") == "" and quiz.errors == []
    told = student.view.attempts["q2"] if view is Screen else student.view.rows["q2"].hint.value
    assert say.choose(both("SECRET-hint-2")) in str(told)


WRONG_TABLES = [
    (0, {"hnit": both("x")}, "hnit", "unknown; known: id, text, hint, choice"),
    (0, {"kind": "ordered"}, "kind", "is 'ordered', expected one of single, multiple, numeric"),
    (0, {"text": None}, "text", "missing"),
    (0, {"hint": {"ja": "日本語"}}, "hint", "expected a text in ja and zh_tw"),
    (0, {"id": ""}, "id", "expected a text that is not empty"),
    (0, {"choice": "abc"}, "choice", "is 'abc', expected a list of tables"),
    (0, {"choice": [{"id": "a", "text": both("a")}]}, "choice[0].why", "missing"),
    (0, {"choice": [choice("a", "yes")]}, "choice[0].right", "is 'yes', expected true or false"),
    (0, {"answer": 3}, "answer", "unknown"),
    (1, {"answer": "12.2"}, "answer", "is '12.2', expected a number"),
    (1, {"tolerance": True}, "tolerance", "is True, expected a number"),
    (1, {"unit": "GiB"}, "unit", "is 'GiB', expected a text in"),
    (1, {"mistake": [{"value": 3}]}, "mistake[0].tolerance", "missing"),
    (1, {"mistake": [7]}, "mistake[0]", "is 7, expected a table"),
    (2, {"tolerance": 1}, "tolerance", "unknown"),
]


@pytest.mark.parametrize("n, change, field, what", WRONG_TABLES)
def test_the_classes_are_the_schema(n, change, field, what):
    """A field that is None in `change` is taken away."""
    table = BANK["question"][n]
    assert type(kinds.from_table(table)) is kinds.KINDS[table["kind"]]
    changed = {name: value for name, value in (table | change).items() if value is not None}
    with pytest.raises(kinds.Malformed) as caught:
        kinds.from_table(changed)
    assert caught.value.field == field and what in caught.value.what


class AnyOf(kinds.ChoiceQuestion):
    """A kind that the course has not: each of the right choices is an answer."""

    def explain(self, chosen, right, words):
        right = any(choice.right for choice in chosen)
        return kinds.Judgement(right, words["right" if right else "wrong"], (("", chosen[0].why),))

    def instruction(self, words):
        return words["do_any"]

    def drawn(self):
        return {"control": "radio"}


@VIEWS
def test_a_new_kind_is_one_class_and_one_message(view, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "any", AnyOf)
    monkeypatch.setitem(say.catalogue("quiz"), "do_any", both("どれか1つ"))
    bank = {"question": [BANK["question"][2] | {"kind": "any"}]}
    quiz = Quiz("sample", bank=bank, student="s1")
    student = view(quiz)
    for id, right in (("a", True), ("b", False), ("c", True)):
        student.check("q3", id)
        assert quiz.attempt("q3").result.right is right
        assert quiz.words["right" if right else "wrong"] in student.feedback("q3")
        assert both(f"SECRET-why-{id}")["ja"] in student.feedback("q3")
    for read in (quiz.html(), repr(quiz)):
        assert both("どれか1つ")["ja"] in read and both("選 d")["ja"] in read
    assert quiz.score().right == 1 and quiz.errors == []


@VIEWS
def test_a_call_changes_the_view(quiz, view):
    student = view(quiz)
    result = quiz.answer("q3", ["a", "c"])
    assert student.feedback("q3") == result.text
    if view is Twin:
        boxes = student.view.rows["q3"].control.widgets
        assert [b.value for b in boxes] == [c.id in "ac" for c in quiz.shown("q3")]
    else:
        assert student.view.attempts["q3"]["given"] == sorted(_places(quiz, "q3", "ac"))


def test_plain_twin_keeps_what_is_not_yet_checked_but_retry_clears_it(quiz):
    student = Twin(quiz)
    typed = student.view.rows["q2"].control.widgets[0]
    typed.value = "12"
    student.check("q1", "a")
    assert typed.value == "12"
    student.press("q2", "retry")
    assert typed.value == ""


def test_switch_forces_the_plain_twin(quiz, monkeypatch):
    monkeypatch.setenv("TRIAD_WIDGETS", "plain")
    data, _ = quiz._repr_mimebundle_()
    assert isinstance(quiz.view, QuizIpywidgetsView)
    assert quiz.view.box.model_id in str(data["application/vnd.jupyter.widget-view+json"])


def test_plain_twin_where_anywidget_is_missing():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from helpers.widgets import Quiz; from sample_bank import BANK\n"
        "q = Quiz('sample', bank=BANK); print(type(q.view).__name__)"
    )
    assert _python(code).strip() == "QuizIpywidgetsView"


def test_widgets_are_light_to_import():
    heavy = {"torch", "transformers", "matplotlib"}
    code = f"import sys, helpers.widgets; print({heavy} & set(sys.modules))"
    assert _python(code).strip() == "set()"


def _python(code):
    """What a fresh Python prints; AssertionError with its stderr if it writes any."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=env
    )
    assert not done.stderr, done.stderr  # whole: pytest would cut a comparison short
    return done.stdout


# --- language, static views -------------------------------------------------------------


def test_every_root_carries_its_language(quiz):
    lang = {"ja": "ja", "zh-tw": "zh-Hant-TW"}[say.language()]
    assert quiz.html().startswith(f'<section lang="{lang}">')
    assert live(quiz).lang == lang
    heads = [row.box.children[0].value for row in plain(quiz).rows.values()]
    assert all(f'lang="{lang}"' in head for head in heads) and len(heads) == 3


def test_a_quiz_keeps_the_language_it_began_with():
    say.use("zh-tw")
    quiz = Quiz("sample", bank=BANK)
    say.use("ja")
    assert "日本語" not in repr(quiz.answer("q1", "b")) + quiz.html() + repr(quiz.score())


def test_static_views_hold_every_question_and_choice(quiz):
    html, text = quiz.html(), repr(quiz)
    assert "<code>softmax</code> &lt;b&gt;" in html and "<b>" not in html
    for id in "abcd":
        assert say.choose(both(f"選 {id}")) in html and f"{id}: " in text
    assert quiz.words["live_note"] in html and 'quiz.answer("q1", "a")' in text
    data, _ = quiz._repr_mimebundle_()
    assert (data["text/html"], data["text/plain"]) == (html, text)


def test_messages_are_equal_in_both_languages_and_all_used():
    catalogue = say.catalogue("quiz")
    source = "".join(
        f.read_text(encoding="utf-8")
        for folder in (HERE, HERE.parent / "base")
        for f in folder.iterdir()
        if f.suffix in (".py", ".js")
    )
    for name, texts in catalogue.items():
        fields = [set(re.findall(r"{(\w+)}", texts[key])) for key in ("ja", "zh_tw")]
        assert fields[0] == fields[1], name
        family = name.startswith("do_")
        assert family or re.search(rf"[\"'.]{name}\b", source), f"[{name}] is used nowhere"


# --- when something breaks --------------------------------------------------------------


@VIEWS
def test_failure_in_a_callback_is_seen_by_student_and_tests(quiz, view, monkeypatch, caplog):
    student = view(quiz)
    monkeypatch.setattr(kinds.Single, "judge", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        student.check("q1", "a")
    assert [type(error) for error in quiz.errors] == [ZeroDivisionError]
    assert "ZeroDivisionError" in caplog.text
    shown = student.view.trouble if view is Screen else _text(student.view.trouble.value)
    assert quiz.words["error"].format(retry=quiz.words["retry"]) in str(shown)
    assert "ZeroDivisionError: division by zero (test_quiz.py, line" in str(shown)
    monkeypatch.undo()
    student.check("q1", "b")
    assert quiz.trouble() is None and quiz.attempt("q1").result.right and len(quiz.errors) == 1


def test_failure_reaches_stderr_without_any_log_handler():
    code = (
        "from helpers.widgets import Quiz; from sample_bank import BANK\n"
        "Quiz('sample', bank=BANK).hear({'question': 'q1', 'action': 'no such action'})"
    )
    with pytest.raises(AssertionError, match="KeyError: 'no such action'"):
        _python(code)


# --- does the front end answer? ---------------------------------------------------------


@pytest.fixture
def watched(quiz, monkeypatch):
    """A displayed quiz, its loop, and what was sent to the display afterwards."""
    loop, shown = FakeLoop(), []
    monkeypatch.setattr("helpers.widgets.base.widget.running_loop", lambda: loop)
    handle = type("Handle", (), {"display_id": "d1"})
    monkeypatch.setattr("helpers.widgets.base.widget.display", lambda *_, **__: handle)
    monkeypatch.setattr(
        "helpers.widgets.base.widget.update_display", lambda data, **kw: shown.append((data, kw))
    )
    quiz._ipython_display_()
    return quiz, loop, shown


def test_silence_brings_the_plain_twin_once_with_a_reason(watched, capfd):
    quiz, loop, shown = watched
    loop.run(9.4)
    assert shown == []
    loop.run(30)
    assert len(shown) == 1 and shown[0][1]["display_id"] == "d1"
    assert isinstance(quiz.view, QuizIpywidgetsView)
    assert quiz.words["plain_note"] in quiz.view.box.children[0].value
    assert loop.planned == [] and capfd.readouterr() == ("", "")


def test_an_answering_front_end_keeps_the_anywidget_view(watched):
    quiz, loop, shown = watched
    loop.run(5)
    quiz.view._handle_custom_msg({"action": "alive"}, [])
    loop.run(60)
    assert shown == [] and loop.planned == [] and quiz.errors == []


def test_a_running_cell_does_not_count_as_silence(watched):
    _, loop, shown = watched
    loop.run(8)
    loop.blocked = 20.0
    loop.run(100)
    loop.blocked = 0.0
    loop.run(5)
    assert shown == []
    loop.run(10)
    assert len(shown) == 1


def test_state_survives_the_exchange(watched):
    quiz, loop, _ = watched
    quiz.answer("q1", "b")
    loop.run(20)
    assert quiz.words["right"] in quiz.view.rows["q1"].feedback.value


def test_nothing_shows_where_no_one_looks(monkeypatch):
    """nbclient never answers: a notebook that outlives the silence prints and fails nothing."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    cells = [
        "from sample_bank import BANK\n"
        "from helpers.display import handshake\n"
        "from helpers.widgets import Quiz\nhandshake.SILENCE = 1.0\n"
        "quiz = Quiz('sample', bank=BANK)\nquiz",
        "import asyncio\nfor _ in range(600):\n"
        "    if 'Ipywidgets' in type(quiz.view).__name__: break\n    await asyncio.sleep(0.1)\n"
        "await asyncio.sleep(1)",
        "print(type(quiz.view).__name__, quiz.errors)",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(nb, timeout=600, kernel_name="python3").execute()
    kinds = [[o.output_type for o in cell.outputs] for cell in nb.cells]
    assert kinds == [["display_data"], [], ["stream"]]
    shown = nb.cells[2].outputs[0].text
    assert shown == "QuizIpywidgetsView []\n"  # so the exchange did take place
    assert "SECRET" not in json.dumps(nb, default=str, ensure_ascii=False)


def test_silence_is_about_ten_seconds():
    assert 8 <= handshake.SILENCE <= 15 and handshake.TICK <= 0.5
