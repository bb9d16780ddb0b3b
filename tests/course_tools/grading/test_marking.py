"""The marking page: what is listed, what a mark belongs to, two markers, who may ask."""

import http.client
import json
import os
import random
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import processes
import pytest
import turns
from marked_class import MarkedClass, notebook
from places import ROOT
from sample_class import FULL, LESSON

from course_tools.grading import mark, messages, sheet
from course_tools.grading.marking import agreement, desk, rubric, server
from course_tools.grading.marking.bank import Bank
from course_tools.grading.marking.desk import SECOND, Gone, Overtaken
from course_tools.grading.marking.views import Marking
from helpers.language import say

RIGHT = dict.fromkeys(FULL, "RIGHT")
ATTACK = '<script>ran = 1</script><img src=x onerror="ran = 1"></div></textarea>{{ 7 * 7 }}'
NAMES = ("佐藤 花子", "王小明", "s3", "s4")
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs signals")


@pytest.fixture
def made(tmp_path) -> MarkedClass:
    """Four students: two with an essay, one of them hostile, one without, one with no file."""
    made = MarkedClass(tmp_path)
    made.hand_in(NAMES[0], notebook(**RIGHT, essay="an essay\n\nof two paragraphs"))
    made.hand_in(NAMES[1], notebook(**RIGHT, essay=ATTACK))
    made.hand_in(NAMES[2], notebook(**RIGHT))
    made.hand_in(NAMES[3], b"")
    assert made.grade("--report-lang", "en") == 0
    return made


# --- rubric ---------------------------------------------------------------------------------------


def test_every_essay_of_every_sheet_has_its_rubric_and_model_answer():
    count = 0
    for lang in say.COMPLETE:
        for folder in sorted((ROOT / "solutions" / lang).iterdir()):
            found = sheet.read(ROOT, folder.name, lang)
            for name, essay in rubric.essays(found).items():
                assert len(essay.criteria) > 1 and all(c.text for c in essay.criteria)
                assert sum(c.points for c in essay.criteria) == essay.points
                assert essay.model and "SOLUTION" not in essay.model and "|---" not in essay.asked
                assert name in {task.name for task in found.tasks if task.essay}
                count += 1
    assert count >= 20


def test_a_rubric_that_does_not_add_up_is_not_used():
    text = "a\n\n| what | points |\n|---|---:|\n| x \\| y | 1 |\n| z | {} |\n"
    parts = [sheet.Part("t", "text", text, "", 0), sheet.Part("e", "essay", "M", "", 4)]
    for last, expected in ((3, [1, 3]), (2, [4]), ("many", [4])):
        parts[0] = sheet.Part("t", "text", text.format(last), "", 0)
        [essay] = rubric.essays(sheet.Sheet("l", "ja", tuple(parts))).values()
        assert [c.points for c in essay.criteria] == expected
    assert essay.criteria[0].text == ""


# --- agreement ------------------------------------------------------------------------------------


def by_moments(pairs) -> float:
    """Another way to the same: the concordance correlation coefficient (Lin 1989)."""
    x, y = zip(*pairs, strict=True)
    (a, b), n = (statistics.fmean(x), statistics.fmean(y)), len(pairs)
    both = sum((p - a) * (q - b) for p, q in pairs) / n
    return 2 * both / (statistics.pvariance(x) + statistics.pvariance(y) + (a - b) ** 2)


def test_kappa_has_its_known_values():
    # two categories, where weights make no difference: po = 0.7, pe = 0.5
    table = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert agreement.weighted_kappa(table) == pytest.approx(0.4)
    assert agreement.weighted_kappa([(0, 0), (1, 1), (2, 2)]) == 1
    assert agreement.weighted_kappa([(0, 2), (2, 0)]) == -1
    assert agreement.weighted_kappa([(3, 3)] * 9) is None
    drawn = random.Random(1)
    for _ in range(20):
        pairs = [(drawn.randint(0, 8) / 2, drawn.randint(0, 8) / 2) for _ in range(30)]
        assert agreement.weighted_kappa(pairs) == pytest.approx(by_moments(pairs))
    found = agreement.agreement([(1, 1), (2, 2.5), (3, 3), (4, 3)])
    assert (found.n, found.exact, found.bias) == (4, 0.5, -0.125)
    assert agreement.agreement([]) is None


def test_markers_who_know_nothing_agree_by_chance_as_said():
    """Mean 0, standard error 1/sqrt(n): above 0.2 below 25 answers, which is why none is shown."""
    drawn, n = random.Random(2), agreement.FEWEST
    found = [
        agreement.weighted_kappa([(drawn.randint(0, 4), drawn.randint(0, 4)) for _ in range(n)])
        for _ in range(1_000)
    ]
    assert abs(statistics.fmean(found)) < 0.03
    assert 0.17 < statistics.pstdev(found) < 0.23
    few = agreement.agreement([(1, 1)] * (n - 1) + [(0, 0)])
    assert not few.too_few and agreement.agreement([(1, 1)] * (n - 1)).too_few


# --- the comment bank -----------------------------------------------------------------------------


def test_a_comment_has_each_language_and_two_writers_do_not_undo_each_other(tmp_path):
    bank = Bank(tmp_path)
    id = bank.put("", {"ja": "数を\n引用する", "zh_tw": " 請引用數字 ", "xx": "no"})
    [one] = bank.comments()
    assert (one.text("ja"), one.text("zh-tw"), one.texts.keys()) == (
        "数を 引用する",
        "請引用數字",
        {"ja", "zh_tw"},
    )
    bank.put("02_block", {"ja": "理由を書く"}, id)
    assert bank.comments(LESSON) == [] and bank.comments("02_block")[0].text("zh-tw") == ""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Bank(tmp_path).put("", {"ja": f"{n}"}), range(24)))
    assert {one.text("ja") for one in bank.comments(LESSON)} == {f"{n}" for n in range(24)}
    bank.remove(id)
    assert len(bank.comments()) == 24
    for lesson, texts, of in (("", {}, ""), ("", {"ja": "x" * 2_001}, ""), ("", {"ja": "x"}, "no")):
        with pytest.raises(ValueError):
            bank.put(lesson, texts, of)


def test_uses_are_counted_in_the_marks_that_hold_the_comment(made):
    marking = Marking(ROOT, made.courses, "ja", "en")
    id = marking.bank.put("", {"ja": "数を引用", "zh_tw": "請引用數字"})
    found = made.desk().essays(LESSON, "essay")
    for essay, comment, uses in ((found[0], "よい。\n数を引用", 1), (found[1], "数を引用", 2),
                                 (found[0], "書き直した", 1)):  # fmt: skip
        essay = made.desk().essay(LESSON, "essay", essay.id)
        assert marking.save(sent(essay, [1, 1, 1, 1], comment, [id, "no such"]))[0] == 200
        assert desk.uses(made.courses) == {id: uses}
    blind = Marking(ROOT, made.courses, "ja", "en", SECOND)
    essay = blind.desk.essays(LESSON, "essay")[0]
    assert blind.save(sent(essay, [1, 1, 1, 1], "数を引用", [id]))[0] == 200
    assert desk.uses(made.courses) == {id: 1}  # of students who read it


def sent(essay, points, comment="", used=()) -> dict:
    """What the page sends."""
    known = {"lesson": LESSON, "task": "essay", "id": essay.id, "answer": essay.version}
    return known | {"revision": essay.revision, "points": points, "comment": comment, "used": used}


# --- what is on the desk, and what a mark is bound to ---------------------------------------------


def test_what_waits_is_listed_and_nothing_else(made):
    found = made.desk().essays(LESSON, "essay")
    assert {e.text for e in found} == {"an essay\n\nof two paragraphs", ATTACK}
    assert {e.state for e in found} == {"unmarked"}
    assert {n for n, row in made.rows().items() if row["to_mark"]} == set(NAMES[:2])
    made.save(found[0], (1, 1, None, None))
    made.save(found[1], (1, 1, 1, 0.5), "よい")
    assert [e.state for e in made.desk().essays(LESSON, "essay")] == ["begun", "marked"]
    assert made.grade("--report-lang", "en") == 0
    rows = {name: row for name, row in made.rows().items() if name in NAMES[:2]}
    assert sorted(row["essay"] for row in rows.values()) == ["", "3.5"]
    [whose] = [name for name, row in rows.items() if row["essay"]]
    assert rows[whose]["points"] == "13.5" and "よい" in made.page(whose)
    assert made.exempt(whose, "essay", "病欠") == 0 and made.grade() == 0
    assert [e.id for e in made.desk().essays(LESSON, "essay")] == [found[0].id]
    with pytest.raises(Gone):
        made.save(found[1], (1, 1, 1, 1))


@turns.in_ci
def test_a_page_that_was_open_while_another_text_came_is_told_and_nothing_is_saved(made):
    before = made.on_desk(NAMES[0])
    made.hand_in(NAMES[0], notebook(**RIGHT, essay="another"))
    assert made.grade() == 0
    marking = Marking(ROOT, made.courses, "ja", "en")
    status, told = marking.save(sent(before, [1, 1, 1, 1], "seen before"))
    now = made.on_desk(NAMES[0])
    assert (status, told["conflict"], told["text"]) == (409, "changed", "another")
    assert (now.state, now.given, now.marks) == ("unmarked", None, {})
    assert made.kept(NAMES[0])["given"]["essay"] == (None, None)
    again = sent(before, [1, 1, 1, 1]) | {"answer": told["answer"], "revision": told["revision"]}
    assert marking.save(again)[0] == 200
    assert made.on_desk(NAMES[0]).state == "marked"


@turns.in_ci
def test_a_mark_for_an_earlier_text_waits_with_its_boxes_filled(made):
    made.save(made.on_desk(NAMES[0]), (1, 1, 1, 0))
    made.hand_in(NAMES[0], notebook(**RIGHT, essay="another"))
    assert made.grade("--report-lang", "en") == 0
    now = made.on_desk(NAMES[0])
    assert now.state == "again" and made.rows()[NAMES[0]]["to_mark"] == "essay"
    page = Marking(ROOT, made.courses, "ja", "en").essay(LESSON, "essay", now.id)
    assert messages.text("mark_again", "en") in page
    assert re.findall(r'class="points"[^>]*value="([^"]*)"', page) == ["1", "1", "1", "0"]
    made.save(now, (1, 1, 1, 0))  # the same points, for this text
    assert made.on_desk(NAMES[0]).state == "marked"
    assert made.grade("--report-lang", "en") == 0 and made.rows()[NAMES[0]]["points"] == "13"


def test_of_two_who_mark_one_answer_the_later_one_is_told(made):
    page = made.on_desk(NAMES[0])
    made.save(page, (1, 1, 1, 1), "first")
    status, told = Marking(ROOT, made.courses, "ja", "en").save(sent(page, [0, 0, 0, 0], "second"))
    assert (status, told["conflict"], told["given"]) == (409, "overtaken", 4)
    assert made.on_desk(NAMES[0]).comment == "first"
    made.mark(NAMES[0], "essay", 2.0)  # in Formgrader
    with pytest.raises(Overtaken):
        made.save(page, (0, 0, 0, 0))
    won, tried = [], made.on_desk(NAMES[0])

    def at_once(n):
        try:
            won.append(made.save(tried, (1, 0, 0, 0), f"{n}").comment)
        except Overtaken:
            return

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(at_once, range(6)))
    assert len(won) == 1 and made.on_desk(NAMES[0]).comment == won[0]


def test_points_that_were_given_as_a_whole_stay_until_there_are_points_by_criterion(made):
    made.mark(NAMES[0], "essay", 3.0, 0.5)
    page = Marking(ROOT, made.courses, "ja", "en").essay(LESSON, "essay", made.on_desk(NAMES[0]).id)
    assert messages.text("mark_as_a_whole", "en", {"points": "3"}) in page
    made.save(made.on_desk(NAMES[0]), (None,) * 4, "only a comment")
    assert made.kept(NAMES[0])["given"]["essay"] == (3.0, 0.5)
    made.save(made.on_desk(NAMES[0]), (1, 1, 0, 0))
    assert made.kept(NAMES[0])["given"]["essay"] == (2.0, 0.5)
    made.save(made.on_desk(NAMES[0]), (None,) * 4)  # taken back
    assert made.kept(NAMES[0])["given"]["essay"] == (None, 0.5)
    assert "essay" in made.kept(NAMES[0])["needs"]


def test_a_mark_is_written_whole_or_not_at_all(made):
    """The last of the writes fails: none of the others is there, and the page is told."""
    page = made.on_desk(NAMES[0])
    with sqlite3.connect(made.courses / "ja" / "gradebook.db") as book:
        book.execute("CREATE TRIGGER full BEFORE INSERT ON triad_marks "
                     "BEGIN SELECT RAISE(ABORT, 'disk is full'); END")  # fmt: skip
    before = made.kept(NAMES[0])
    with pytest.raises(sqlite3.Error):
        made.save(page, (1, 1, 1, 1), "comment")
    assert made.kept(NAMES[0]) == before and made.on_desk(NAMES[0]).state == "unmarked"


WRONG = ([1, 1, 1], [1, 1, 1, 2], [1, 1, 1, -1], [1, 1, 1, True], [1, 1, 1, "1"],
         [1, 1, 1, float("nan")])  # fmt: skip


@pytest.mark.parametrize("wrong", turns.by_turns(1, WRONG))
def test_points_outside_the_rubric_are_refused(made, wrong):
    marking = Marking(ROOT, made.courses, "ja", "en")
    with pytest.raises(Exception, match=r"expected|rubric"):
        marking.save(sent(made.on_desk(NAMES[0]), wrong))
    assert made.on_desk(NAMES[0]).state == "unmarked"


# --- a second marker ------------------------------------------------------------------------------


def test_a_second_marker_is_blind_and_changes_no_grade(made):
    first = Marking(ROOT, made.courses, "ja", "en")
    blind = Marking(ROOT, made.courses, "ja", "en", SECOND)
    made.save(made.on_desk(NAMES[0]), (1, 1, 0.5, 0), "seen by the student")
    before = made.kept(NAMES[0])
    other = made.on_desk(NAMES[0], SECOND)
    page = blind.essay(LESSON, "essay", other.id)
    assert other.state == "unmarked" and "seen by the student" not in page
    assert re.findall(r'class="points"[^>]*value="([^"]*)"', page) == [""] * 4
    assert "second marker" not in first.essay(LESSON, "essay", other.id)
    made.save(other, (1, 1, 1, 0), "a note", SECOND)
    assert made.kept(NAMES[0]) == before and made.on_desk(NAMES[0], SECOND).state == "marked"
    page = first.essay(LESSON, "essay", other.id)
    assert page.count("(second marker: 1)") == 3 and "a note" not in page
    shown = first.agreement()
    assert "2.5 · 3" in shown and f"/answer?lesson={LESSON}" in shown
    made.hand_in(NAMES[0], notebook(**RIGHT, essay="another"))
    assert made.grade() == 0  # neither mark is for this text
    assert made.on_desk(NAMES[0], SECOND).state == "again" and "2.5 · 3" not in first.agreement()


@turns.in_ci
def test_agreement_of_a_class_is_that_of_its_marks(tmp_path):
    made, drawn = MarkedClass(tmp_path), random.Random(5)
    for n in range(30):
        made.hand_in(f"s{n}", notebook(**RIGHT, essay=f"text {n}"))
    assert made.grade() == 0
    totals = []
    for one in made.desk().essays(LESSON, "essay"):
        points = [drawn.choice([0, 0.5, 1]) for _ in range(4)]
        others = [p if drawn.random() < 0.6 else drawn.choice([0, 0.5, 1]) for p in points]
        made.save(one, points)
        made.save(made.desk(SECOND).essay(LESSON, "essay", one.id), others, "", SECOND)
        totals.append((sum(points), sum(others)))
    shown = Marking(ROOT, made.courses, "ja", "en").agreement()
    cells = re.findall(r"<td>([^<]*)</td>", shown)[-4:]
    same = sum(x == y for x, y in totals)
    bias = statistics.fmean(y - x for x, y in totals)
    expected = ["30", f"{same / 30:.0%}", f"{by_moments(totals):.2f}", f"{bias:+.2f}"]
    assert cells == [text.replace("-", "−") for text in expected]
    assert shown.count("<li>") == 30 - same


# --- the server -----------------------------------------------------------------------------------


@pytest.fixture
def served(made):
    """(MarkingServer, ask): ask(method, path, data, **heads) -> (status, heads, text)."""
    running = server.MarkingServer(Marking(ROOT, made.courses, "ja", "zh-tw"))
    thread = threading.Thread(target=running.serve_forever, args=(0.05,))
    thread.start()
    yield running, lambda *a, **heads: ask(running, *a, **heads)
    running.shutdown()
    thread.join(60)
    running.server_close()


def ask(running, method, path, data=None, known=True, **heads):
    port = running.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    heads = {name.replace("_", "-"): value for name, value in heads.items()}
    if known:
        heads = {"Cookie": f"marking-{port}={running.token}"} | heads
    connection.request(method, path, None if data is None else json.dumps(data), heads)
    reply = connection.getresponse()
    return reply.status, dict(reply.headers), reply.read().decode()


def test_who_has_no_token_gets_nothing_and_saves_nothing(made, served):
    running, ask = served
    essay = made.on_desk(NAMES[0])
    page, mark = f"/answer?lesson={LESSON}&task=essay&id={essay.id}", sent(essay, [1, 1, 1, 1])
    ours = {"Origin": running.origin, "Content_Type": "application/json"}
    for path in ("/", page, "/bank", "/agreement", "/marking.js", "/?token=wrong", "/no"):
        assert ask("GET", path, known=False)[0] == 403
    assert ask("GET", page)[0] == 200
    assert ask("GET", page, Host="evil.example")[0] == 403  # a name of others that leads here
    assert ask("GET", f"/?token={running.token}", known=False, Host="evil.example")[0] == 403
    assert ask("POST", "/save", mark, known=False, **ours)[0] == 403
    for wrong in ({"Origin": "http://evil.example"}, {"Content_Type": "text/plain"}):
        assert ask("POST", "/save", mark, **(ours | wrong))[0] == 403
    assert ask("POST", "/save", mark, Content_Type="application/json")[0] == 403
    assert made.on_desk(NAMES[0]).state == "unmarked"
    assert ask("POST", "/save", mark, **ours)[0] == 200
    assert made.on_desk(NAMES[0]).given == 4
    status, heads, _ = ask("GET", f"/?token={running.token}", known=False)
    assert status == 303 and "HttpOnly; SameSite=Strict" in heads["Set-Cookie"]
    assert running.server_address[0] == "127.0.0.1"


def test_what_a_student_wrote_is_text_and_nobody_is_named(made, served):
    _, ask = served
    for one in made.desk().essays(LESSON, "essay"):
        made.save(one, (1, 1, 1, 1), ATTACK)  # a comment, too, is only text
    pages = [ask("GET", path) for path in ("/", "/bank", "/agreement")]
    for one in made.desk().essays(LESSON, "essay"):
        pages.append(ask("GET", f"/answer?lesson={LESSON}&task=essay&id={one.id}"))
    for status, heads, text in pages:
        assert status == 200 and "script-src 'self'" in heads["Content-Security-Policy"]
        assert "unsafe" not in heads["Content-Security-Policy"]
        assert text.count("<script") == 1 and 'onerror="' not in text and "<img" not in text
        assert not [name for name in (*NAMES, "_-") if name in text]
    assert "{{ 7 * 7 }}" in pages[-1][2] + pages[-2][2]


def test_what_is_wrong_with_a_request_is_said_and_ends_nothing(made, served):
    running, ask = served
    ours = {"Origin": running.origin, "Content_Type": "application/json"}
    one = made.on_desk(NAMES[0])
    for data, status in (([1], 400), ({}, 404), (sent(one, [9, 1, 1, 1]), 400),
                         (sent(one, [1, 1, 1, 1]) | {"id": "no"}, 404),
                         (sent(one, [1, 1, 1, 1]) | {"points": None}, 400)):  # fmt: skip
        assert ask("POST", "/save", data, **ours)[0] == status
    with sqlite3.connect(made.courses / "ja" / "gradebook.db") as book:
        book.execute("CREATE TRIGGER full BEFORE INSERT ON triad_marks "
                     "BEGIN SELECT RAISE(ABORT, 'disk is full'); END")  # fmt: skip
    status, _, text = ask("POST", "/save", sent(one, [1, 1, 1, 1]), **ours)
    assert status == 503 and "disk is full" in text
    for path in (f"/answer?lesson={LESSON}&task=essay&id=no", "/answer", "/answer?lesson=x", "/x"):
        assert ask("GET", path)[0] == 404
    assert ask("GET", "/")[0] == 200


@pytest.mark.parametrize("lang", turns.by_turns(2, [messages.ENGLISH, *say.LANGUAGES]))
def test_the_page_is_in_the_markers_language(made, lang):
    marking = Marking(ROOT, made.courses, "ja", lang)
    page = marking.essay(LESSON, "essay", made.on_desk(NAMES[0]).id)
    assert f'<html lang="{say.LANGUAGES.get(lang, lang)}">' in page
    assert messages.text("mark_comment", lang) in page and 'lang="ja">an essay' in page
    visible = re.sub(r"<[^>]+>|an essay\s+of two paragraphs", " ", page.split("<body")[1])
    words = set(re.findall(r"[A-Za-z]{4,}", visible.partition(">")[2]))
    if lang != "en":
        assert words <= {"attention", "essay", "Enter", "Ctrl"}


@POSIX
@turns.in_ci
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_page_and_what_was_saved_is_there(made, how):
    one = made.on_desk(NAMES[0])
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "course_tools.grading.mark", "--lang", "ja", "--no-browser"]
    command += ["--courses", str(made.courses)]
    with processes.started(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        port, token = re.search(r":(\d+)/\?token=(\S+)", process.stdout.readline()).groups()
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
        heads = {"Cookie": f"marking-{port}={token}", "Origin": f"http://127.0.0.1:{port}"}
        heads["Content-Type"] = "application/json"
        connection.request("POST", "/save", json.dumps(sent(one, [1, 1, 1, 1], "kept")), heads)
        assert connection.getresponse().status == 200
        silent = http.client.HTTPConnection("127.0.0.1", int(port))
        silent.connect()  # as a browser does, which then says nothing
        process.send_signal(how)
        assert process.wait(20) == {signal.SIGTERM: 143, signal.SIGINT: 130}[how]
    assert made.on_desk(NAMES[0]).comment == "kept"


def test_nothing_to_mark_is_said(tmp_path, capsys):
    where = ["--lang", "ja", "--courses", str(tmp_path), "--no-browser"]
    assert mark.main(where) == 1 and "no gradebook" in capsys.readouterr().err
    (tmp_path / "ja").mkdir()
    (tmp_path / "ja" / "nbgrader_config.py").touch()
    sqlite3.connect(tmp_path / "ja" / "gradebook.db").close()
    assert mark.main(where) == 1 and "nothing is graded" in capsys.readouterr().err
