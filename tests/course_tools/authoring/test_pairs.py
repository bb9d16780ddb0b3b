"""pairs.lock: an edit of one language, or of both, is red until somebody has read both."""

import pytest
from places import ROOT

from course_tools.authoring import __main__ as command
from course_tools.authoring import pairs
from course_tools.authoring.course import Course
from course_tools.authoring.problems import LessonError

LESSON = """\
# %% [markdown] key="why" lang="ja"
# 数えます。

# %% [markdown] key="why" lang="zh-tw"
# 數一數。

# %% key="sum"
#| ja: 和
#| zh-tw: 總和
label = T(ja="合計", zh_tw="加總")
"""
BANK = '[[question]]\nid = "q1"\ntext = {ja = "いくつ？", zh_tw = "多少？"}\n'
BANK += 'hint = {ja = "数えます。", zh_tw = "數數看。"}\n'
FILES = {
    "lessons/01_a/lesson.py": LESSON,
    "lessons/01_a/quiz.toml": BANK,
    "lessons/02_b/lesson.py": LESSON,
    "lessons/02_b/quiz.toml": "question = []\n",
    "lessons/set_up.py": '# %% key="set-up"\nx = 1\n',
    "lessons/stubs.toml": "",
}
KEYS = ["lesson/why", "lesson/sum.1", "lesson/sum.2", "quiz/q1.text", "quiz/q1.hint"]


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    pairs.confirm(
        Course.read(tmp_path), [f"01_a:{KEYS[0]}", *KEYS[1:], "02_b:lesson/why", "lesson/sum"]
    )
    return tmp_path


def problems(root):
    return pairs.problems(Course.read(root).whole())


def edit(root, file, *changes):
    path = root / "lessons/01_a" / file
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_the_course_is_confirmed():
    found = problems(ROOT)
    assert not found, "\n".join(map(str, found))


def test_each_pair_has_a_line_and_nothing_is_red(root):
    lines = (root / "lessons/01_a/pairs.lock").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in lines] == KEYS
    assert problems(root) == []


@pytest.mark.parametrize(
    ("file", "change", "key", "what"),
    [
        ("lesson.py", ("数えます", "数えましょう"), "lesson/why", "only ja changed"),
        ("lesson.py", ("數一數", "數數看"), "lesson/why", "only zh-tw changed"),
        ("lesson.py", ("ja: 和", "ja: 総和"), "lesson/sum.1", "only ja changed"),
        ("lesson.py", ("加總", "總計"), "lesson/sum.2", "only zh-tw changed"),
        ("quiz.toml", ("數數看", "數一數"), "quiz/q1.hint", "only zh-tw changed"),
    ],
)
def test_an_edit_of_one_language_is_red_until_confirmed(root, file, change, key, what):
    edit(root, file, change)
    [problem] = problems(root)
    assert problem.file.startswith(f"lessons/01_a/{file}:")
    assert what in problem.what
    assert problem.remedy.endswith(f"python start.py confirm 01_a:{key}")
    pairs.confirm(Course.read(root), [f"01_a:{key}"])
    assert problems(root) == []


def test_an_edit_of_both_languages_is_red_too(root):
    edit(root, "lesson.py", ("数えます", "数えましょう"), ("數一數", "數數看"))
    [problem] = problems(root)
    assert "ja and zh-tw changed" in problem.what


def test_a_new_lesson_needs_each_key(root):
    (root / "lessons/01_a/pairs.lock").unlink()
    assert ["never confirmed" in p.what for p in problems(root)] == [True] * len(KEYS)
    pairs.confirm(Course.read(root), ["01_a:quiz/q1"])  # a question's texts, a code cell's words
    assert [p.key for p in problems(root)] == ["why", "sum.1", "sum.2"]


@pytest.mark.parametrize("key", ["why", "01_a:", "01_a:lesson", "01_a:quiz", "01_a:lesson/wh",
                                 "03_c:lesson/why", "lesson/why"])  # fmt: skip
def test_an_unknown_key_confirms_nothing(root, key):
    edit(root, "lesson.py", ("加總", "總計"))
    with pytest.raises(LessonError, match="no such pair"):
        pairs.confirm(Course.read(root), ["01_a:lesson/sum", key] if key == "why" else [key])
    assert len(problems(root)) == 1


def test_a_fault_in_another_lesson_stops_nobody(root):
    edit(root, "lesson.py", ("加總", "總計"))
    (root / "lessons/02_b/quiz.toml").write_text("[[question", encoding="utf-8")
    pairs.confirm(Course.read(root), ["01_a:lesson/sum.2"])
    with pytest.raises(LessonError, match=r"02_b/quiz\.toml:-: no TOML"):
        pairs.confirm(Course.read(root), ["02_b:lesson/why"])


def test_a_lock_that_cannot_be_read_is_red(root):
    path = root / "lessons/01_a/pairs.lock"
    path.write_text("<<<<<<< a merge\n", encoding="utf-8")
    with pytest.raises(LessonError, match=r"pairs.lock:-: cannot read '<<<<<<< a merge'"):
        problems(root)


def test_only_check_asks_for_it(root, capsys, monkeypatch):
    monkeypatch.setattr(command, "build", lambda course: {})
    edit(root, "lesson.py", ("加總", "總計"))
    assert command.main(["build", "--root", str(root)]) == 0
    assert command.main(["build", "--check", "--root", str(root)]) == 1
    assert "start.py confirm 01_a:lesson/sum.2" in capsys.readouterr().out
    assert command.main(["confirm", "01_a:lesson/sum.2", "--root", str(root)]) == 0
    assert "總計" in capsys.readouterr().out
    assert command.main(["build", "--check", "--root", str(root)]) == 0


@pytest.mark.parametrize("arguments", [["confirm"], ["build", "01_a:lesson/why"]])
def test_confirm_takes_keys_and_build_none(arguments):
    with pytest.raises(SystemExit):
        command.main(arguments)
