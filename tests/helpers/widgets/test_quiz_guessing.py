"""Who knows nothing and takes the longest or the most careful choice does badly in every quiz."""

import copy
import re
import tomllib

import pytest
from places import ROOT
from sample_bank import BANK

from helpers.language import say

MOST = 0.4  # of a quiz's single-choice questions that one rule may solve
# Words that make a statement careful, and words that make it absolute: "take the hedged choice" is
# the number of the first less the number of the second.
HEDGES = {
    "ja": r"ことがある|ことも|場合がある|場合も|とは限らない|とは言えない|とは言い切れない"
    r"|わからない|られない|できない|によって|による|により|次第|傾向|可能性|ほぼ|おおむね|多くの|一部|条件"
    r"|この実験|ここでは|範囲では|とする|としている|報告",
    "zh_tw": r"可能|不一定|未必|不見得|有時|往往|通常|大多|大致|幾乎|多半|要看|取決於|視|不能說"
    r"|無法|沒辦法|不能斷定|部分|傾向|會隨|條件|沒有證明|有些|這個實驗|在這裡|認為|報告",
}
ABSOLUTES = {
    "ja": r"すべて|全部|だけに|だけが|だけだ|必ず|いつも|常に|どの.+も|どんな|どこまで|いくらでも"
    r"|まったく|証明|示せた|1つもない|決して|完全|優れて|劣",
    "zh_tw": r"全部|全都|所有|只有|只會|只要|一定|總是|永遠|完全|任何|每個.+都|哪裡都|無限|證明"
    r"|絕對|沒有任何|優越|比較差",
}
SOURCES = sorted(ROOT.glob("lessons/*/quiz.toml"))


def longest(text: str, lang: str) -> int:
    return len(text)


def hedged(text: str, lang: str) -> int:
    hedges, absolutes = (re.findall(words[lang], text) for words in (HEDGES, ABSOLUTES))
    return len(hedges) - len(absolutes)


RULES = {"longest": longest, "hedged": hedged}


def solved(bank, rule, lang: str) -> tuple[int, int]:
    """(questions that the rule solves, questions): it takes the one choice that has most of it."""
    singles = [q for q in bank["question"] if q["kind"] == "single"]
    right = 0
    for question in singles:
        scores = {c["id"]: rule(c["text"][lang], lang) for c in question["choice"]}
        top = [c for c in question["choice"] if scores[c["id"]] == max(scores.values())]
        right += len(top) == 1 and bool(top[0]["right"])
    return right, len(singles)


def guessable(bank) -> set[str]:
    """Name the rules that solve more than MOST of a bank in one of its languages."""
    found = set()
    for name, rule in RULES.items():
        for lang in HEDGES:
            right, all_of_them = solved(bank, rule, lang)
            if right > MOST * all_of_them:
                found.add(name)
    return found


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: f.parent.name)
def test_no_rule_without_knowledge_solves_a_quiz(file):
    found = guessable(tomllib.loads(file.read_text(encoding="utf-8")))
    assert found == set()


def test_the_rules_know_every_complete_language():
    assert set(HEDGES) == set(ABSOLUTES) == {say.key(lang) for lang in say.COMPLETE}


# --- the rules themselves, on banks with a planted fault ------------------------------------------


def bank_where(right: dict[str, str], wrong: dict[str, str], planted: int):
    """Five single-choice questions; in `planted` of them the right choice has these words."""
    [single] = [q for q in BANK["question"] if q["kind"] == "single"]
    questions = []
    for n in range(5):
        question = copy.deepcopy(single)
        for k, choice in enumerate(question["choice"]):
            choice["right"] = k == 1
            is_planted = choice["right"] == (n < planted)
            first_wrong = k == 0 and n >= planted
            words = right if (is_planted and choice["right"]) or first_wrong else wrong
            choice["text"] = dict(words)
        questions.append(question)
    return {"question": questions}


LONG = {"ja": "後ろの部分を計算し直すから", "zh_tw": "因為後面的部分要重新計算"}
SHORT = {"ja": "速いから", "zh_tw": "比較快"}
CAREFUL = {"ja": "長さによって変わる", "zh_tw": "要看長度"}
SURE = {"ja": "いつも速くなるのだ", "zh_tw": "總是比較快"}


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [(LONG, SHORT, "longest"), (CAREFUL, SURE, "hedged")],
    ids=["longest", "hedged"],
)
def test_a_planted_bank_is_found(right, wrong, rule):
    assert rule in guessable(bank_where(right, wrong, 5))
    assert rule in guessable(bank_where(right, wrong, 3))
    assert rule not in guessable(bank_where(right, wrong, 2))


@pytest.mark.parametrize("lang", HEDGES)
def test_one_language_is_enough_to_be_found(lang):
    bank = bank_where(CAREFUL, SURE, 5)
    for question in bank["question"]:
        for choice in question["choice"]:
            for other in HEDGES.keys() - {lang}:
                choice["text"][other] = "同じ"
    assert guessable(bank) >= {"hedged"}


def test_a_rule_that_finds_no_difference_solves_nothing():
    bank = bank_where(SHORT, SHORT, 5)
    assert [solved(bank, rule, "ja") for rule in RULES.values()] == [(0, 5), (0, 5)]


# Choices of an earlier quiz of lesson 06, of which a reader said that the rule solves all of them.
EARLIER = [
    [
        ("2つの型の損失は、そこでは完全に同じだと証明された", "證明兩種架構在那裡的損失完全相同"),
        (
            "この実験の精度では、どちらが低いか決められない",
            "以這個實驗的精確度，無法決定哪一種比較低",
        ),
        ("デコーダー型のスケーリング則のほうが優れている", "decoder-only 的規模定律比較優越"),
    ],
    [
        ("大規模なモデルの創発は、すべて見かけだとわかった", "現在已經知道，湧現全都是假象"),
        (
            "測り方だけで、なめらかな変化が急に見えることがある",
            "光是評分方式，就可能讓變化顯得突然",
        ),
        ("推理能力は、デコーダー型だけに現れる", "推理能力只會出現在 decoder-only"),
    ],
    [
        ("4節のモデルが写せたので、規模は関係ないと示せた", "第 4 節的模型會照抄，證明和規模無關"),
        (
            "ここでは確かめられない。論文は指示チューニングを鍵とする",
            "在這裡無法驗證；論文認為關鍵是指令微調",
        ),
        ("規模が鍵だと、5節のスケーリング則が証明した", "第 5 節的規模定律證明了規模是關鍵"),
    ],
]


def test_a_quiz_that_a_reader_solved_by_its_tone_is_found():
    bank = bank_where(SHORT, SHORT, 5)
    bank["question"] = bank["question"][: len(EARLIER)]
    for question, choices in zip(bank["question"], EARLIER, strict=True):
        question["choice"] = question["choice"][:3]
        for choice, (ja, zh_tw) in zip(question["choice"], choices, strict=True):
            choice["text"] = {"ja": ja, "zh_tw": zh_tw}
            choice["right"] = (ja, zh_tw) == choices[1]
    assert {solved(bank, hedged, lang) for lang in HEDGES} == {(3, 3)}
