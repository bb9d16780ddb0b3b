"""A page for the instructor: pairs of submissions more alike than chance, side by side.

The page is a list to look at, and says so: no row, point or note of anybody depends on it.
"""

import functools
import html
import math
from collections.abc import Iterator

from helpers.language import say

from ..likeness.answers import ClassLikeness
from ..likeness.pairs import RATE, Pair
from ..sheet import Sheet
from . import pages

MOST = 100  # pairs on one page
WORTH_SHOWING = 3.0  # X of a task: one pair of twenty is at least so alike
LONGEST = 20_000  # characters of an answer that are shown


def page(made: ClassLikeness, sheet: Sheet, lang: str) -> str:
    """Return the pairs above the line, the most alike first, with what each sentence needs."""
    say_it, found = functools.partial(pages.words, lang=lang), made.found
    title = say_it("alike_title", values={"lesson": sheet.lesson, "lang": sheet.lang})
    values = {"n": len(found.pairs), "pairs": f"{found.n_pairs:,}", "rate": f"{1 / RATE:,.0f}"}
    parts = [f"<h1>{title}</h1>", f"<p><strong>{say_it('alike_no_verdict')}</strong></p>"]
    parts += [f"<p>{say_it('alike_how', values=values)}</p>"]
    parts += [f"<p>{say_it('alike_found', values=values)}</p>"]
    for pair in found.pairs[:MOST]:
        parts += _pair(pair, made, lang)
    if (more := len(found.pairs) - MOST) > 0:
        parts += [f"<p>{say_it('alike_more', values={'n': more})}</p>"]
    return pages.document(title, "\n".join(parts), say.LANGUAGES.get(lang, lang))


def _pair(pair: Pair, made: ClassLikeness, lang: str) -> Iterator[str]:
    one, other = (html.escape(made.names[who]) for who in (pair.one, pair.other))
    yield f"<h2>{one} · {other}</h2>"
    for task, x in sorted(pair.tasks.items(), key=lambda item: -item[1]):
        if x < WORTH_SHOWING:
            continue
        share = {"task": task, "share": _share(x)}
        yield f"<h3>{pages.words('alike_task', lang, share)}</h3>"
        lines = made.same(task, pair.one, pair.other)
        texts = [made.texts[task].get(who, "") for who in (pair.one, pair.other)]
        cells = [_marked(text, same) for text, same in zip(texts, lines, strict=True)]
        yield pages.table([one, other], [pages.row(cells)])


def _share(x: float) -> str:
    """Return the share exp(−x) with two digits: 0.012 %."""
    return f"{100 * math.exp(-x):.2g} %"


def _marked(text: str, same: set[int]) -> str:
    """Return an answer with the shared lines marked, also for who sees no colour."""
    lines = [html.escape(line) for line in text[:LONGEST].splitlines()]
    shown = [f"<mark>▌{line}</mark>" if number in same else f" {line}"
             for number, line in enumerate(lines, 1)]  # fmt: skip
    return f'<pre class="said">{chr(10).join(shown)}</pre>'
