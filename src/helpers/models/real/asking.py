"""Ask a model of the table one thing in a lesson, with a network or without: one sentence else."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ...display import show
from ...display.markup import Html
from ...language import say
from . import doors, folders
from .entries import Entry, entry
from .filling import silent
from .refusals import Unavailable, refuse

BLANK = "[MASK]"  # written so in a text, whatever the tokenizer's own mask is called
LIKELIEST, WRITTEN, SAMPLES, TOP_P = 5, 30, 3, 0.9
SPAN = re.compile(r"<extra_id_(\d+)>\s*(.*?)\s*(?=<extra_id_|</s>|<pad>|$)", re.DOTALL)

Answers = list[tuple[str, str]]  # (what was asked for, the answer)
Task = Callable[[Any, Any, str], Answers]


def ask(name: str, *texts: str, network: bool = False) -> list[list[str]]:
    """Show, and return, what a model answers: words for a blank, how a text goes on, lost spans.

    name: of entries.toml   texts: with [MASK] or <extra_id_0> … where the model fills something in;
    by default the table's example   network: whether what is missing here may be fetched
    Where the model cannot be had, one sentence says why and what to do, and [] is returned.
    """
    found = entry(name)
    if found.task not in TASKS:
        raise ValueError(f"{name} is for {found.task}; ask() knows {', '.join(TASKS)}")
    try:
        if not (network or _is_here(name)):
            raise _not_here(found)
        asked = texts or (found.asked,)
        answered = _ask(name, TASKS[found.task], asked)
    except Unavailable as reason:
        show.fragment(Html("<p>{}</p>").format(f"{reason}"), f"{reason}")
        return []
    for text, answers in zip(asked, answered, strict=True):
        _show(found, text, answers)
    return [[answer for _, answer in answers] for answers in answered]


def _is_here(name: str) -> bool:
    return all(doors.available(name, role) for role in doors.ROLES)


def _not_here(found: Entry) -> Unavailable:
    values = {"repository": found.repository, "mb": f"{found.mb:,.0f}", "licence": found.licence}
    needs = {module: name for module, name in folders.PIECES.items() if name in found.needs}
    if missing := folders.absent(needs):
        return refuse("not_asked_with", needs=" ".join(missing), **values)
    return refuse("not_asked", **values)


@torch.no_grad()
def _ask(name: str, task: Task, texts: Sequence[str]) -> list[Answers]:
    tokens = doors.load(name, "tokenizer")  # first: what it lacks is known before the weights come
    model = doors.load(name)
    with silent():
        return [task(model, tokens, text) for text in texts]


def _show(found: Entry, text: str, answers: Answers) -> None:
    title = say.text("real", "answered", repository=found.repository, text=text)
    head = [say.text("real", f"column_{found.task}"), say.text("real", "column_answer")]
    body, plain = show.table(head, [list(row) for row in answers])
    show.fragment(Html("<p>{}</p>{}").format(title, body), f"{title}\n{plain}")


# --- the tasks --------------------------------------------------------------------------


def fill(model: Any, tokens: Any, text: str) -> Answers:
    """Return the likeliest words for the first [MASK], with their probabilities."""
    inputs = tokens(text.replace(BLANK, tokens.mask_token), return_tensors="pt")
    blanks = (inputs.input_ids[0] == tokens.mask_token_id).nonzero()
    if not len(blanks):
        raise refuse("no_blank", text=text, blank=BLANK)
    shares = model(**inputs).logits[0, blanks[0, 0]].softmax(-1)
    best = shares.topk(LIKELIEST)
    words = [tokens.decode([index]).strip() for index in best.indices.tolist()]
    return [(f"{share:.3f}", word) for share, word in zip(best.values, words, strict=True)]


def write_on(model: Any, tokens: Any, text: str) -> Answers:
    """Return how a text goes on: the likeliest token each time, then three times with top-p."""
    ids = tokens(text, return_tensors="pt").input_ids
    ends = {tokens.eos_token_id, tokens.sep_token_id}
    ids = ids[:, :-1] if ids.size(1) > 1 and ids[0, -1].item() in ends else ids
    plain = functools.partial(_generate, model, tokens, ids, max_new_tokens=WRITTEN)
    names = [say.text("real", "greedy"), *[f"top-p {TOP_P} ({n})" for n in range(1, SAMPLES + 1)]]
    with torch.random.fork_rng(devices=[]):  # what the lesson draws stays as it was
        torch.manual_seed(0)
        drawn = [plain(do_sample=True, top_p=TOP_P, top_k=0) for _ in range(SAMPLES)]
    start = ids.size(1)
    rows = [row[start:] for row in (plain(), *drawn)]
    told = [tokens.decode(row, skip_special_tokens=True).strip() for row in rows]
    return list(zip(names, told, strict=True))


def restore(model: Any, tokens: Any, text: str) -> Answers:
    """Return what a T5 puts in place of each <extra_id_…> of a text."""
    asked = list(dict.fromkeys(re.findall(r"<extra_id_\d+>", text)))
    if not asked:
        raise refuse("no_blank", text=text, blank="<extra_id_0>")
    ids = tokens(spaced(tokens, text), return_tensors="pt").input_ids
    written = tokens.decode(_generate(model, tokens, ids, max_new_tokens=WRITTEN))
    spans = {f"<extra_id_{n}>": span for n, span in reversed(SPAN.findall(written))}
    return [(mark, spans.get(mark, "")) for mark in asked]


def spaced(tokens: Any, text: str) -> str:
    """Put a space before each mark where it is a piece that begins with one, as mT5's are."""
    if "<extra_id_0>" in tokens.get_vocab():
        return text
    return re.sub(r" ?(<extra_id_\d+>)", r" \1", text)


def _generate(model: Any, tokens: Any, ids: torch.Tensor, **how: Any) -> torch.Tensor:
    """Return the tokens of one continuation (T,); greedy unless told otherwise."""
    pad = next((i for i in (tokens.pad_token_id, tokens.eos_token_id) if i is not None), 0)
    how = {"do_sample": False, "num_beams": 1, "pad_token_id": pad} | how
    return model.generate(ids, attention_mask=torch.ones_like(ids), **how)[0]


TASKS: dict[str, Task] = {
    "fill-mask": fill,
    "text-generation": write_on,
    "spans": restore,
}
