"""Slides of 1280 × 720 do not overflow, hand-outs are one A4 page, shown and printed by Chromium.

Figures are stood in for by a picture of a figure's size: where it stands does not depend on it.
"""

import re
import struct
import zlib
from dataclasses import replace

import pytest
import turns
import whole_course
from places import ROOT

from course_tools.prose.glossary import terms
from course_tools.teaching import guide, slides, words
from course_tools.teaching.exam import forms, questions
from course_tools.teaching.guide import Guide
from course_tools.teaching.handout import handout

PRINTED_PAGE = re.compile(rb"/Type\s*/Page\b")
# what sticks out of its slide, or hides behind its footer
OVERFLOW = """() => [...document.querySelectorAll("section")].flatMap((slide, n) => {
  const box = slide.getBoundingClientRect();
  const foot = slide.querySelector("footer").getBoundingClientRect();
  const wide = slide.scrollWidth > 1280 || slide.scrollHeight > 720;
  const out = [...slide.children].filter((part) => part.tagName !== "FOOTER").filter((part) => {
    const {left, right, top, bottom} = part.getBoundingClientRect();
    return left < box.left || right > box.right || top < box.top || bottom > foot.top;
  });
  return wide || out.length || box.width !== 1280 || box.height !== 720
    ? [`${n + 1}: ${slide.innerText.slice(0, 60)}`] : [];
})"""
SHOW_ALL = "document.body.classList.remove('talk')"


@pytest.fixture(scope="module")
def lessons():
    return guide.prepared(whole_course.course().whole())


@pytest.fixture(scope="module")
def known():
    return terms(ROOT / "lessons/glossary.tsv")


def png(width, height):
    """A grey picture."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x99" * width) * height)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def deck(one, lang):
    picture = slides.Picture(slides.as_data(png(1100, 340)), "figure")
    cells = [cell for section in one.anchors.sections.values() for cell in section.figures]
    return slides.deck(one, dict.fromkeys(cells, picture), lang)


def overflowing(chromium, tmp_path, text):
    (tmp_path / "deck.html").write_text(text, encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    try:
        page.goto((tmp_path / "deck.html").as_uri())
        page.evaluate(SHOW_ALL)
        assert page.locator("section").count() > 5
        return page.evaluate(OVERFLOW)
    finally:
        page.close()


def printed_pages(chromium, tmp_path, text):
    (tmp_path / "paper.html").write_text(text, encoding="utf-8")
    page = chromium.new_page()
    try:
        page.goto((tmp_path / "paper.html").as_uri())
        return len(PRINTED_PAGE.findall(page.pdf(prefer_css_page_size=True)))
    finally:
        page.close()


@pytest.mark.parametrize("lang", turns.by_turns(0, words.LANGUAGES))
def test_no_slide_overflows(chromium, tmp_path, lessons, lang):
    found = {one.lesson.name: overflowing(chromium, tmp_path, deck(one, lang)) for one in lessons}
    assert not any(found.values()), found


def test_a_slide_that_overflows_is_found(chromium, tmp_path, lessons):
    long = lessons[0].guide.text.replace('point = {en = "', 'point = {en = "' + "much text " * 90)
    wrong = replace(lessons[0], guide=Guide.of(lessons[0].guide.file, long))
    assert overflowing(chromium, tmp_path, deck(wrong, "en"))


def test_the_keys_turn_the_slides(chromium, tmp_path, lessons):
    (tmp_path / "deck.html").write_text(deck(lessons[0], "ja"), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    page.goto((tmp_path / "deck.html").as_uri())
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        page.keyboard.press(key)
        page.wait_for_function("document.querySelectorAll('section.now').length === 1")
        seen.append(page.evaluate("location.hash"))
    last = page.locator("section").count()
    page.close()
    assert seen == ["#2", "#3", "#2", f"#{last}", "#1"]


def test_each_slide_is_one_printed_page(chromium, tmp_path, lessons):
    made = deck(lessons[0], "ja")
    assert printed_pages(chromium, tmp_path, made) == made.count("<section>")


@pytest.mark.parametrize("lang", turns.by_turns(1, words.LANGUAGES))
def test_each_hand_out_is_one_page(chromium, tmp_path, lessons, known, lang):
    pages = {
        one.lesson.name: printed_pages(chromium, tmp_path, handout(one, known, lang))
        for one in lessons
    }
    assert set(pages.values()) == {1}, pages


def test_a_hand_out_of_two_pages_is_found(chromium, tmp_path, lessons, known):
    long = handout(lessons[0], known, "ja").replace("</ul>", "<li>長い</li>" * 60 + "</ul>")
    assert printed_pages(chromium, tmp_path, long) > 1


def test_no_page_asks_another_host(chromium, tmp_path, lessons, known):
    asked = []
    exam = forms.written(questions.of_lesson(ROOT, "01_attention"), "ja", "1", "A")
    for text in (deck(lessons[0], "ja"), handout(lessons[0], known, "ja"), *exam.values()):
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        page = chromium.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        page.close()
    assert asked and not [url for url in asked if not url.startswith(("file:", "data:"))]
