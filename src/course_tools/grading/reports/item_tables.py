"""Item statistics as tables of the report: tasks of the sheet, questions of the quiz."""

import functools
import html
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from helpers.language import say
from helpers.widgets.quiz.bank import read_bank

from .. import items, messages
from ..graded import Graded
from ..items import ItemStatistics
from ..marks import Grade
from ..sheet import Sheet
from . import pages

Say = Callable[..., str]
Label = Callable[[ItemStatistics, str], str]  # what a reader sees in place of a label, as HTML


def tasks(grades: Sequence[Grade], sheet: Sheet, lang: str) -> str:
    """Return the sheet's tasks, the hardest first: share of the points, discrimination, ends."""
    say_it = functools.partial(pages.words, lang=lang)
    found = items.analysed(items.of_tasks(grades, sheet))
    decided = [grade for grade in grades if grade.graded.decided]

    def ends(one: ItemStatistics) -> str:
        name = one.item.name
        kinds = Counter(g.graded.outcomes[name].kind for g in decided if name not in g.exempt)
        return ", ".join(f"{say_it(f'end_{kind}')}: {n}" for kind, n in kinds.most_common())

    def label(_: ItemStatistics, name: str) -> str:
        return say_it(f"end_{name}") if f"end_{name}" in messages.catalogue() else html.escape(name)

    rows = [[f"<code>{one.item.name}</code>", *_numbers(one, say_it), ends(one)]
            for one in sorted(found, key=lambda one: (one.share, one.item.name))]  # fmt: skip
    heads = [*_heads("head_task", say_it), say_it("head_result")]
    whole = pages.table(heads, list(map(pages.row, rows)))
    return whole + "".join(_below(found, ("item_hint", "item_task_draws"), label, say_it))


def quiz(results: Sequence[Graded], sheet: Sheet, lang: str) -> list[str]:
    """Return the questions of the quiz; [] where nobody handed in any progress."""
    say_it = functools.partial(pages.words, lang=lang)
    found = items.analysed(items.of_quiz(results, sheet.lesson))
    if not found:
        return []
    texts = _texts(sheet)

    def name(one: ItemStatistics) -> str:
        return f"<code>{one.item.name}</code> {html.escape(texts[one.item.name, ''])}"

    def label(one: ItemStatistics, label: str) -> str:
        return html.escape(texts.get((one.item.name, label), label))

    rows = [[name(one), *_numbers(one, say_it), f"{one.hinted:.0%}"] for one in found]
    heads = [*_heads("item_question", say_it), say_it("item_hinted")]
    parts = [f"<h2>{say_it('report_quiz')}</h2>", f"<p>{say_it('report_quiz_first')}</p>"]
    parts += [pages.table(heads, list(map(pages.row, rows)))]
    return parts + list(_below(found, ("item_choice", "item_choice_draws"), label, say_it))


def _heads(first: str, say_it: Say) -> list[str]:
    return [say_it(n) for n in (first, "item_share", "item_discrimination", "item_students")]


def _numbers(one: ItemStatistics, say_it: Say) -> list[str]:
    r = say_it("item_too_few") if one.too_few else "–"
    shown = r if one.discrimination is None else f"{one.discrimination:.2f}".replace("-", "−")
    return [f"{one.share:.0%}", shown, f"{one.n}"]


def _below(
    found: Sequence[ItemStatistics], names: tuple[str, str], label: Label, say_it: Say
) -> Iterator[str]:
    """Yield the sentences that explain a table, and the wrong answers in thirds of the class."""
    yield f"<p>{say_it('item_explained')}</p>"
    if any(one.too_few for one in found):
        yield f"<p>{say_it('item_few_explained', values={'least': items.FEWEST})}</p>"
    wrong = [(one, answer) for one in found for answer in one.wrong]
    if wrong:
        heads = [say_it(n) for n in ("item_of", names[0], "item_upper", "item_lower")]
        rows = [[f"<code>{one.item.name}</code>", label(one, a.label), f"{a.upper:.0%}",
                 f"{a.lower:.0%}"] for one, a in wrong]  # fmt: skip
        yield pages.table(heads, list(map(pages.row, rows)))
    for one, answer in wrong:
        if answer.draws:
            values = {"item": one.item.name, "upper": f"{answer.upper:.0%}",
                      "lower": f"{answer.lower:.0%}"}  # fmt: skip
            said = say_it(names[1], values=values)
            yield f"<p><strong>{said}</strong> {label(one, answer.label)}</p>"


def _texts(sheet: Sheet) -> Mapping[tuple[str, str], str]:
    """Return {(question, choice): text} in the sheet's language; choice "" is the question."""
    key, found = say.key(sheet.lang), {}
    for table in read_bank(sheet.lesson)["question"]:
        found[table["id"], ""] = table["text"][key]
        for choice in table.get("choice", ()):
            found[table["id"], choice["id"]] = f"({choice['id']}) {choice['text'][key]}"
    return found
