"""The triad page without a browser: its texts, its sentences, its files and their size."""

import re
from pathlib import Path

import pytest
import torch
from places import ROOT

from course_tools.authoring.texts import Text
from course_tools.prose import gates, glossary
from course_tools.site import words
from course_tools.site.pages import Page
from course_tools.site.triad import computed, page, sentences, weights
from helpers.language.say import COMPLETE
from helpers.models import decoder, encoder
from helpers.models.weights import take
from helpers.world import corpus
from helpers.world.corpus import LANGUAGES

MOST = 2_000_000  # bytes of the page, before they are packed


def names_in_scripts():
    """Every text that a script can ask for; a part in ${…} stands for any word."""
    source = "\n".join(one.read_text(encoding="utf-8") for one in page.BROWSER.glob("*.js"))
    asked = re.findall(r"[\"`]([a-z][\w]*(?:\$\{[^}]*\}\w*)?)[\"`]", source)
    return [re.sub(r"\$\{[^}]*\}", r"\\w+", one) for one in asked]


def test_every_text_is_there_in_every_language_and_said_somewhere():
    catalogue = words.catalogue(page.WORDS)
    assert all(page.text(name, lang) for name in catalogue for lang in COMPLETE)
    code, patterns = Path(page.__file__).read_text(encoding="utf-8"), names_in_scripts()
    for name in catalogue:
        in_page = re.search(rf"[\"']{name}[\"']", code) or re.search(
            r"_(heading|text)$|^table_", name
        )
        assert in_page or any(re.fullmatch(one, name) for one in patterns), name


def test_every_text_that_a_script_says_is_there():
    source = "\n".join(one.read_text(encoding="utf-8") for one in page.BROWSER.glob("*.js"))
    said = {*re.findall(r"\bsay\(\"(\w+)\"", source)}
    assert len(said) > 40 and said <= set(words.catalogue(page.WORDS))


def test_placeholders_are_the_same_in_every_language():
    for name, texts in words.catalogue(page.WORDS).items():
        found = [sorted(set(re.findall(r"\{\w+\}", text))) for text in texts.values()]
        assert found[0] == found[1], name


def language_faults(said):
    """What the course's language gates find in {name: {language: text}}."""
    texts = [
        Text("words.toml", name, key.replace("_", "-"), text, 1)
        for name, pair in said.items()
        for key, text in pair.items()
    ]
    return gates.problems(texts, glossary.read(ROOT / "lessons/glossary.tsv"))


def test_its_language_passes_the_lessons_gates_but_for_what_is_planted():
    said = words.catalogue(page.WORDS)
    assert [*map(str, language_faults(said))] == []
    assert language_faults({**said, "wrong": {"ja": "エンコーダを使う。", "zh_tw": "訓練數據"}})


# --- sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_offered_sentences_are_the_worlds_and_so_are_their_translations(lang):
    for one in sentences.offered(lang):
        event = corpus.parse(one["text"], one["lang"])
        assert event and corpus.parse(one["translation"], sentences.OTHER[one["lang"]]) == event
        for slot, blank in one["blanks"].items():
            assert one["text"][blank["at"]] in corpus.candidates(one["lang"], slot)
            assert 0 < blank["ceiling"] <= 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_word_is_exchanged_for_words_of_its_length(lang):
    for one in sentences.offered(lang):
        assert len(one["words"]) >= 3
        for word in one["words"]:
            assert one["text"][word["at"] :].startswith(word["word"]) and word["choices"]
            assert {len(other) for other in word["choices"]} == {len(word["word"])}
            assert word["word"] not in word["choices"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_an_exchange_makes_is_translated_where_the_grammar_says_it(lang):
    known = []
    for one in sentences.offered(lang):
        for word in one["words"]:
            assert len(word["translations"]) == len(word["choices"])
            for n, translation in enumerate(word["translations"]):
                event = corpus.parse(sentences.exchanged(one["text"], word, n), one["lang"])
                told = translation and corpus.parse(translation, sentences.OTHER[one["lang"]])
                assert event == told
                known.append(event is not None)
    assert 0.1 < sum(known) / len(known) < 0.9


def test_the_first_sentence_has_a_blank_whose_clue_stands_to_the_right():
    for lang in LANGUAGES:
        assert sentences.offered(lang)[0]["blanks"]["counter"]["ceiling"] < 0.5
        assert sentences.offered(lang)[0]["blanks"]["verb"]["ceiling"] == pytest.approx(1)


# --- files ------------------------------------------------------------------------------------


def test_the_page_is_below_two_megabytes_and_names_no_other_host():
    for lang in COMPLETE:
        files = page.files()
        others = {f"{other}.json" for other in COMPLETE if other != lang}
        read = {name: file for name, file in files.items() if name not in others}
        size = sum(map(len, read.values())) + len(page.markdown(lang, []).encode())
        assert 1_000_000 < size < MOST
        for name, file in read.items():
            hosts = {b"http://www.w3.org/2000/svg"} if name == "dom.js" else set()
            assert name == "weights.bin" or {*re.findall(rb"https?://[\w./]+", file)} == hosts


def stored(index, numbers, model, name):
    """A tensor as the files hold it."""
    place = index["models"][model]["tensors"][name]
    kind = {2: torch.float16, 4: torch.float32}[place["bytes"]]
    size = torch.Size(place["shape"]).numel()
    flat = torch.frombuffer(bytearray(numbers), dtype=kind, count=size, offset=place["at"])
    return flat.float().view(place["shape"]), place


def test_every_number_is_stored_as_it_ships_and_nothing_twice():
    index, numbers = weights.files()
    end = {}
    for model, module in weights.MODELS.items():
        w, _ = take(module.load())
        for name, tensor in weights._named(w):
            found, place = stored(index, numbers, model, name)
            assert found.equal(tensor)
            end[place["at"]] = place["at"] + found.numel() * place["bytes"]
    assert sum(stop - start for start, stop in end.items()) == len(numbers) == max(end.values())


# --- without a script -------------------------------------------------------------------------


@pytest.mark.parametrize("lang", COMPLETE)
def test_without_a_script_the_page_says_what_it_would_show(lang):
    made = page.markdown(lang, [Page(lang, "02_block", "題"), Page(lang, "06_x", "外")])
    first = sentences.offered(lang)[0]
    assert first["text"] in made and first["translation"] in made
    assert made.count("data-step=") == len(page.STEPS)
    assert "(../02_block/)" in made and "06_x" not in made
    assert "{" not in re.sub(r"^---.*?^---|\{ #c-\w+ \}", "", made, flags=re.DOTALL | re.MULTILINE)


def test_the_still_table_is_measured():
    told = computed.filled("昨日、健太は公園でその三冊の本を全部読みました。", 12, "ja")
    assert told["encoder"].startswith("冊 0.9") and not told["decoder"].startswith("冊")
    same = computed.still(decoder, "健太は家で", "健太は家で", "ja")
    assert same == {"all": 8, "moved": 0, "still": 8}
    pair = "健太は家で", "健太は庭で", "ja"
    assert computed.still(decoder, *pair) == {"all": 8, "moved": 3, "still": 5}
    assert computed.still(encoder, *pair) == {"all": 8, "moved": 8, "still": 0}
