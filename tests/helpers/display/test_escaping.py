"""What is shown is text: nothing that a student, a file or a message says becomes HTML."""

from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import torch

from helpers import bottleneck
from helpers.classroom import check, claims, environment, kernel, overview, predict, progress
from helpers.display import block_diagrams, figures, probe, progress_bar, show
from helpers.hardware.cards import Gpu
from helpers.instruments import causality
from helpers.kv_cache.fitting import Fit
from helpers.kv_cache.size import CacheSize
from helpers.language import say

HOSTILE = """<script>alert("1" & '2')</script>"""
URL = "https://a.b/c?d=1&e=2"
PNGS = b"0" * 24, b"0" * 24  # for a page and for a narrow one


def review(text: str) -> bottleneck.Review:
    return bottleneck.Review(1, None, text, (), ())


def claim() -> None:
    entry = {
        "page": {"ja": HOSTILE},
        "found": {"ja": HOSTILE},
        "source": HOSTILE,
        "verdict": "true",
    }
    claims._display(
        "c1", entry, [claims.Measured("c1", "q", HOSTILE, 1.0, HOSTILE, True, False, False)]
    )


def forgotten_name() -> None:
    shell = SimpleNamespace(showtraceback=lambda *_, **__: None)
    kernel._tell(shell, NameError, NameError(HOSTILE), None)


def bar() -> None:
    progress_bar.Meter(4, progress_bar.NotebookBar(Handle())).end(HOSTILE)


class Handle:
    def update(self, data, raw):
        show.fragment(data["text/html"], "")


FIT = Fit(HOSTILE, Gpu(HOSTILE, 1, "", "", 1, "", ""), {"weights": 1.0})
MADE = {
    "card": lambda: show.card([HOSTILE, HOSTILE], "right"),
    "framed": lambda: show.framed(HOSTILE, HOSTILE, show.linked(HOSTILE), "partly"),
    "table": lambda: show.table([HOSTILE], [[HOSTILE], [show.Link.to(HOSTILE, HOSTILE)]])[0],
    "linked": lambda: show.linked(f"{HOSTILE} {URL} {HOSTILE}"),
    "status": lambda: probe._status(HOSTILE, "ja")["text/html"],
    "figure": lambda: figures.figure_html(PNGS, PNGS, HOSTILE),
    "drawing": lambda: block_diagrams.family()._repr_html_(),
    "fit": FIT._repr_html_,
    "size": CacheSize("formula", HOSTILE, 1, 1, "float32", ())._repr_html_,
    "scenario": lambda: bottleneck.scenario("0000")._repr_html_(),
    "review": lambda: review(HOSTILE)._repr_html_(),
}
SHOWN = {
    "bar": bar,
    "check": lambda: check._display(check.Result("t", "wrong", HOSTILE, HOSTILE)),
    "claim": claim,
    "guess": lambda: predict._say("x"),
    "lessons": overview.show,
    "claims": overview.claims_table,
    "record": lambda: progress._tell(HOSTILE),
    "environment": lambda: environment.ask_the_screen(),
    "attempt": lambda: bottleneck.model_answer(review("")),
    "name": forgotten_name,
    "influence": lambda: causality._display(causality.Influence(HOSTILE, torch.eye(3))),
}


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """All that show.fragment is given, while every message is a hostile one."""
    bodies: list[str] = []
    for module in (show, overview):
        monkeypatch.setattr(module, "fragment", lambda body, _: bodies.append(f"{body}"))
    monkeypatch.setattr(say, "text", lambda *_, **__: HOSTILE)
    monkeypatch.setattr(kernel, "forgotten", lambda _: HOSTILE)
    monkeypatch.setenv("TRIAD_WIDGETS", "plain")
    return bodies


class Page(HTMLParser):
    """The elements of a fragment, and its text with that of the attributes."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(body)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.text += "".join(f"{value}\n" for _, value in attrs)

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", [*MADE, *SHOWN])
def test_a_hostile_text_stays_a_text(name, shown):
    if name in MADE:
        shown.append(f"{MADE[name]()}")
    else:
        SHOWN[name]()
    assert shown
    for body in shown:
        page = Page(body)
        assert "script" not in page.names and HOSTILE in page.text
        assert "&amp;lt;" not in body and "&lt;/p" not in body  # neither twice nor what is ours


def test_quotes_end_no_attribute():
    body = show.table(["a"], [[show.Link.to('x" onclick="y', "z")]])[0]
    assert 'href="x&quot; onclick=&quot;y"' in body
