"""A third language, in a small course of its own: a draft, a lesson of it, and complete."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from places import ROOT

from course_tools.authoring import __main__ as authoring
from course_tools.authoring import pairs
from course_tools.authoring.course import Course
from course_tools.authoring.problems import LessonError
from course_tools.authoring.texts import Text
from course_tools.prose import gates, glossary
from helpers.language import say

DECLARED = """
[xx]
browsers = "xx"
jupyterlab = "xx"
systems = ["xx"]
font = "Triad Sans JP"
face = "Noto Sans CJK JP"
draft = true
"""
LESSON = """\
# %% [markdown] key="title" lang="ja"
# # 題

# %% [markdown] key="title" lang="zh-tw"
# # 標題

# %% key="sum"
#| ja: 和は$n$個
#| zh-tw: 總和 $n$ 個
label = T(ja="合計", zh_tw="總和")
print(
    T(
        ja=f"{label}は3",
        zh_tw=f"{label} 是 3",
    ),
    T(ja="一", zh_tw="壹"),
)
#| ja: 終わり
#| zh-tw: 結束

# %% [markdown] key="essay" points=2 lang="ja"
# なぜですか。
#
# ### BEGIN SOLUTION
# はい。
# ### END SOLUTION

# %% [markdown] key="essay" points=2 lang="zh-tw"
# 為什麼？
#
# ### BEGIN SOLUTION
# 是。
# ### END SOLUTION
"""
BANK = """\
[[question]]
id = "q1"
kind = "numeric"
answer = 8
tolerance = 0
text = {ja = "値は\\"3\\"、{}？", zh_tw = '值是「3」，{}？'}
[question.hint]
ja = "数えます。"
zh_tw = "數數看。"
[question.why_right]
ja = "はい。"
zh_tw = "是。"
[question.why_wrong]
ja = "いいえ。"
zh_tw = "不是。"
"""
SET_UP = """\
# %% [markdown] key="set-up-text" lang="ja"
# 準備します。

# %% [markdown] key="set-up-text" lang="zh-tw"
# 先做準備。

# %% key="set-up"
#| ja: 準備
#| zh-tw: 準備
LANG = "{{lang}}"
"""
FILES = {
    "lessons/01_a/lesson.py": LESSON,
    "lessons/01_a/quiz.toml": BANK,
    "lessons/01_a/measured.toml": "seconds = 1\nmib = 1\n",
    "lessons/set_up.py": SET_UP,
    "lessons/stubs.toml": '[colab]\nja = "開く"\nzh_tw = "開啟"\n',
    "src/helpers/language/messages/check.toml": '[right]\nja = "正解"\nzh_tw = "答對"\n',
}
ENGLISH = {  # in the order of the places
    "lesson.py": ["# Title", "the sum of $n$", "sum", 'f"{label} is 3"', "one", "end",
                  "Why?\n#\n# ### BEGIN SOLUTION\n# Yes.\n# ### END SOLUTION"],
    "quiz.toml": ["Is it 3?", "Count.", "Yes.", "No."],
}  # fmt: skip
MEASURED = "lessons/01_a/measured.toml"
KEYS = ["lesson/title", "lesson/sum", "lesson/essay", "quiz/q1"]

RUN = """
import sys
from course_tools.authoring.__main__ import main
_, root, *commands = sys.argv
for n, command in enumerate(commands, 1):
    status = main([*command.split(), "--root", root])
    if status or n == len(commands):
        sys.exit(status if n == len(commands) else 99)
"""


class House:
    """A copy of src/ with one lesson, in which English is declared as xx, which is no language."""

    def __init__(self, root):
        self.root = root

    def __getitem__(self, name):
        return (self.root / name).read_text(encoding="utf-8")

    def __setitem__(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def run(self, *commands, status=0):
        """What the builder says, with the last command's status; in one process of its own, which
        reads this course's languages."""
        env = os.environ | {"PYTHONPATH": str(self.root / "src"), "PYTHONUTF8": "1"}
        words = [sys.executable, "-c", RUN, str(self.root), *commands]
        done = subprocess.run(words, env=env, capture_output=True, encoding="utf-8")
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def built(self, lang):
        names = ("notebooks", "exercises", "solutions")
        found = [p for name in names for p in self.root.glob(f"{name}/{lang}/**/*.ipynb")]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def write_english(self, **others):
        for name, texts in (ENGLISH | others).items():
            source = self[f"lessons/01_a/{name}"]
            assert source.count("TODO") == len(texts)
            for text in texts:
                source = source.replace('"TODO"' if "{" in text else "TODO", text, 1)
            self[f"lessons/01_a/{name}"] = source


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory):
    """Built and confirmed in two languages, by this process, which knows these two."""
    made = House(tmp_path_factory.mktemp("course"))
    ignored = shutil.ignore_patterns("__pycache__", "data", "messages", "fonts")
    shutil.copytree(ROOT / "src", made.root / "src", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", made.root)
    for name, text in FILES.items():
        made[name] = text
    assert authoring.main(["build", "--root", str(made.root)]) == 0
    pairs.confirm(Course.read(made.root), [f"01_a:{KEYS[0]}", *KEYS[1:]])
    made["src/helpers/language/languages.toml"] += DECLARED
    return made.root


@pytest.fixture
def house(confirmed, tmp_path):
    return House(shutil.copytree(confirmed, tmp_path / "course"))


@pytest.fixture(scope="module")
def with_places(confirmed, tmp_path_factory):
    made = House(shutil.copytree(confirmed, tmp_path_factory.mktemp("begun") / "course"))
    assert "11 texts to write" in made.run("translate xx 01_a")
    return made.root


@pytest.fixture
def begun(with_places, tmp_path):
    """The house with places for the lesson's texts."""
    return House(shutil.copytree(with_places, tmp_path / "course"))


def test_a_draft_without_a_text_changes_nothing(house):
    before, locked = house.built("ja") | house.built("zh-tw"), house["lessons/01_a/pairs.lock"]
    said = house.run("build --check")
    assert "every pair is confirmed" in said
    assert "xx: 01_a lacks 11 of 11 texts" in said and "xx: shared lacks 4 of 4 texts" in said
    assert len(before) == 2 and before == house.built("ja") | house.built("zh-tw")
    assert house.built("xx") == {} and locked == house["lessons/01_a/pairs.lock"]


def test_translate_makes_a_place_for_each_text_and_touches_no_other(house):
    """Twice, because what has its place gets no second one."""
    before, wanted = house.built("ja") | house.built("zh-tw"), FILES.keys() - {MEASURED}
    again = "translate xx 01_a shared"
    said = house.run(again, again, "build --check")
    assert said.count("15 texts to write") == 2 and "every pair is confirmed" in said
    assert sum(house[name].count("TODO") for name in wanted) == 15
    assert all(name in said for name in wanted)
    assert {name: without_english(house[name]) for name in wanted} == {n: FILES[n] for n in wanted}
    assert '\n        xx="TODO",\n    ),\n    T(ja=' in house["lessons/01_a/lesson.py"]
    assert before == house.built("ja") | house.built("zh-tw") and house.built("xx") == {}


def without_english(source):
    cell = r'# %% \[markdown\] [^\n]*lang="xx"\n# TODO\n\n?'
    inside = r'\n *#\| xx: TODO|\n *xx="TODO",|, xx="TODO"|, xx = "TODO"|\nxx = "TODO"'
    return re.sub(f"{cell}|{inside}", "", source).rstrip("\n") + "\n"


def test_a_lesson_that_is_begun_is_listed_text_by_text(begun):
    begun["lessons/01_a/lesson.py"] = begun["lessons/01_a/lesson.py"].replace("TODO", "# Title", 1)
    said = begun.run("build")
    assert "xx: 01_a lacks 10 of 11 texts" in said
    for place in ("lesson.py:11:sum.1", "lesson.py:14:sum.2", "lesson.py:16:sum.3",
                  "lesson.py:21:sum.4", "lesson.py:23:sum.5", "lesson.py:28:essay",
                  "quiz.toml:6:q1.text", "quiz.toml:8:q1.hint"):  # fmt: skip
        assert f"lessons/01_a/{place}: no text in xx" in said
    assert ":title: no text" not in said and begun.built("xx") == {}


def test_a_lesson_with_all_its_texts_is_made_and_confirmed(begun):
    begun.write_english()
    said = begun.run("build", "build --check", status=1)
    assert "Complete: 01_a." in said
    assert said.count("only xx changed since the pair was confirmed") == 11
    [(name, notebook)] = begun.built("xx").items()
    cells = json.loads(notebook)["cells"]
    assert name == "notebooks/xx/01_a.ipynb"
    assert "".join(cells[0]["source"]) == "# Title"
    shared = ["".join(cell["source"]) for cell in cells[1:3]]  # and not there yet
    assert shared == ["準備します。", '# 準備\nLANG = "xx"']
    code = "".join(cells[3]["source"])
    assert code.startswith('# the sum of $n$\nlabel = "sum"\n') and 'f"{label} is 3"' in code
    bank = json.loads(begun["src/helpers/data/quiz/01_a.json"])
    assert bank["question"][0]["text"]["xx"] == "Is it 3?"
    titles = json.loads(begun["src/helpers/data/course.json"])["lesson"][0]["title"]
    assert titles == {"ja": "題", "zh_tw": "標題", "xx": "Title"}
    said = begun.run(f"confirm 01_a:{' '.join(KEYS)}", "build --check")
    assert "every pair is confirmed" in said


def test_the_draft_is_compared_with_the_first_language(begun):
    other = ["# Title", "the sum of $n$", "sum", 'f"{label} is 4"', "one", "end", "Why?"]
    begun.write_english(**{"lesson.py": other})
    said = begun.run("build", status=1)
    assert "01_a/lesson.py:sum: unequal number: only in ja: 3; only in xx: 4" in said


def test_complete_means_that_nothing_may_be_missing(begun):
    begun.write_english()
    languages = begun["src/helpers/language/languages.toml"].replace("draft = true\n", "")
    begun["src/helpers/language/languages.toml"] = languages
    said = begun.run("build", status=1)
    assert "messages/check.toml:right: has ['ja', 'zh_tw']" in said
    assert "give ja and zh_tw and xx, none empty" in said
    assert "lessons/set_up.py:set-up-text: the zh-tw cell is not followed by its xx cell" in said


def test_translate_refuses_and_writes_nothing(house):
    before = {name: house[name] for name in FILES}
    assert "no such part" in house.run("translate xx 01_a 07_x", status=1)
    assert "is no draft" in house.run("translate ja 01_a", status=1)
    assert before == {name: house[name] for name in FILES}


# --- what else knows which languages there are ------------------------------------------------


def test_a_draft_falls_back_and_a_complete_language_does_not(monkeypatch):
    monkeypatch.setattr(say, "LANGUAGES", say.LANGUAGES | {"xx": "xx"})
    monkeypatch.setattr(say, "_current", "xx")
    assert say.choose({"ja": "一", "zh_tw": "壹", "xx": "one"}) == "one"
    assert say.choose({"ja": "一", "zh_tw": "壹"}) == "一"
    assert say.choose({"ja": "一", "zh_tw": "壹", "xx": "TODO"}) == "一"
    monkeypatch.setattr(say, "COMPLETE", ("ja", "zh-tw", "xx"))
    with pytest.raises(KeyError):
        say.choose({"ja": "一", "zh_tw": "壹"})


@pytest.mark.parametrize(
    ("name", "lang"),
    [("zh_TW", "zh-tw"), ("Chinese (Traditional)_Taiwan", "zh-tw"), ("ja_JP", "ja"), ("xx", "ja")],
)
def test_a_system_gets_its_language_when_it_is_complete(monkeypatch, name, lang):
    monkeypatch.setattr(say, "DECLARED", say.DECLARED | tomllib.loads(DECLARED))
    assert say.of_locale(name) == lang
    monkeypatch.setattr(say, "COMPLETE", (*say.COMPLETE, "xx"))
    assert say.of_locale("xx_US.UTF-8") == "xx"


def test_a_complete_language_has_a_gate_of_its_own(monkeypatch):
    texts = [Text("a.py", "k", lang, "x", 1) for lang in ("ja", "zh-tw", "xx")]
    forms = glossary.read(ROOT / "lessons/glossary.tsv")
    monkeypatch.setattr(gates, "COMPLETE", ("ja", "zh-tw", "xx"))
    with pytest.raises(ValueError, match=r"no gate for \['xx'\]: .*gates.OWN"):
        gates.problems(texts, forms)


def test_a_lock_with_more_hashes_than_languages_is_red(tmp_path):
    (tmp_path / "lessons/01_a").mkdir(parents=True)
    for name in ("lesson.py", "quiz.toml"):
        (tmp_path / "lessons/01_a" / name).write_text(FILES[f"lessons/01_a/{name}"], "utf-8")
    line = "lesson/title" + " 0123456789ab" * (len(say.LANGUAGES) + 1)
    (tmp_path / "lessons/01_a/pairs.lock").write_text(line, "utf-8")
    with pytest.raises(LessonError, match="cannot read"):
        pairs.problems(Course.read(tmp_path))
