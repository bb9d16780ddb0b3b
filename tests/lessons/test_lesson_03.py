"""Lesson 03's own cells, run as they stand and with broken models (its claims: faults_03.py)."""

import re

import lesson_cells
import matplotlib
import pytest

from helpers.classroom import session
from helpers.language import say
from helpers.models import encoder
from helpers.widgets import Refused
from helpers.world import corpus

LESSON = "03_encoder"


@pytest.fixture(scope="module", params=say.LANGUAGES)
def cells(request):
    return {"LANG": request.param} | lesson_cells.code_of(LESSON, request.param)


@pytest.fixture(autouse=True)
def strict(monkeypatch):
    monkeypatch.setenv("TRIAD_STRICT", "claims")
    session.current().lesson = LESSON
    with matplotlib.rc_context():  # figures.use() is the lesson's
        yield


def run(cells, keys, old="", new=""):
    """Execute cells by key in one scope; `old` is replaced by `new` where it stands."""
    say.use(cells["LANG"])
    scope = {"LANG": cells["LANG"]}
    code = [cells[key] for key in ("imports", *keys)]
    assert not old or any(old in source for source in code)
    for source in code:
        exec(source.replace(old, new) if old else source, scope)
    return scope


def test_guesses_of_a_wrong_noun_or_counter_are_worth_nothing():
    """The parser judges, not a list of answers: what fits another noun does not fit this one."""
    events = corpus.exam("counted", 60)
    for lang in say.LANGUAGES:
        nouns = corpus.LEXICON["object"]
        for slot, key in (("counter", "counter"), ("object", "name")):
            wrong = []
            for event in events:
                own = nouns[event.object]
                other = next(n for n in nouns if n["verb"] != own["verb"] and differs(n, own, lang))
                wrong.append(other[key][corpus.key(lang)])
            assert corpus.share_right(wrong, events, slot, lang) == 0.0
        right = [corpus.sentence(event, lang).answer("counter") for event in events]
        assert corpus.share_right(right, events, "counter", lang) == 1.0


def differs(noun, own, lang):
    return noun["counter"][corpus.key(lang)] != own["counter"][corpus.key(lang)]


def test_the_square_is_full_and_a_causal_encoder_would_be_seen(cells, monkeypatch):
    keys = ("world-code", "table-models", "square-influence", "square-code")
    scope = run(cells, keys)
    n = scope["full"].size(0)
    assert (scope["full"] > 0).all()
    assert scope["causal"].triu(1).max() == 0
    assert (scope["causal"].tril() > 0).sum() == n * (n + 1) / 2
    plain = encoder.config
    monkeypatch.setattr(encoder, "config", lambda **changes: plain(is_decoder=True, **changes))
    blind = run(cells, keys)
    assert (blind["full"] == 0).sum() == n * (n - 1) / 2


def test_the_fill_in_explorer_answers_and_refuses(cells):
    """Own sentences, three blanks, none, four, and a character that the model does not know."""
    keys = ("table-models", "explore-known", "explore-code")
    explorer = run(cells, keys, "\nExplorer(", "\nexplorer = Explorer(")["explorer"]
    event = corpus.Event("definite", 0, "P", 0, 0, 1)
    text = corpus.sentence(event, cells["LANG"]).filled("counter", "？")
    answer = corpus.sentence(event, cells["LANG"]).answer("counter")
    found = explorer(text=text).sentence
    assert re.search(rf"{answer} (0\.9|1\.0)", found) and f"{answer} 1.00" in found  # model, exact
    no_such = {"ja": "合う文はありません", "zh-tw": "沒有這種句子"}[cells["LANG"]]
    assert no_such not in found and no_such in explorer(text="？" + text).sentence
    three = explorer(text="？？" + text)
    assert three.sentence.count("0.") >= 9 and three.picture.count("<svg") == 3
    for wrong in ("本", "？？？？", "？Ω", "？" + 50 * "本"):
        with pytest.raises(Refused):
            explorer(text=wrong)
