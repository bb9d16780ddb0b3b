"""The drawings of block and architectures: what they say is so, is told in words, and can be read.

A rule is a function from a drawing to its faults; each is tried on planted faults too.
"""

import contextlib
import copy
import functools
import re
from dataclasses import replace
from itertools import combinations, pairwise

import house
import pytest
from fontTools.ttLib import TTFont
from places import ROOT

from helpers.display import block_diagrams, boxes
from helpers.display.architectures import (
    ARCHITECTURES,
    CAUSAL,
    CROSS,
    FORWARD,
    NORM,
    ORIGINAL,
    SELF,
    cut_parts,
    steps,
)  # fmt: skip
from helpers.display.svg import FONT
from helpers.display.typefaces import FONTS, typefaces
from helpers.language import say

CHILDREN = [key for key in ARCHITECTURES if key != ORIGINAL]
MADE = {
    "block": lambda: block_diagrams.block("pre", "post"),
    "family": block_diagrams.family,
    "cut": lambda: block_diagrams.cut(*CHILDREN),
}
OUTPUT = (
    264  # pixels that JupyterLab leaves a cell's output in a window of 400, its file list closed
)
SMALLEST = 11  # pixels, of a letter
PAPERS = {"light": ((255,) * 3, (0, 0, 0), 0.87), "dark": ((17,) * 3, (255,) * 3, 0.87)}


@pytest.fixture(params=say.COMPLETE)
def lang(request):
    before = say.language()
    say.use(request.param)
    yield request.param
    say.use(before)


@pytest.fixture(params=MADE)
def panels(request, lang):
    return MADE[request.param]().panels


# --- what is drawn is what the real models have ------------------------------------------------

CALLED = {  # a module's name in its block, in torch and transformers -> what the drawing calls it
    SELF: r"(^|\.)(self_attn|attention\.self|attn|SelfAttention)",
    CROSS: r"(^|\.)(multihead_attn|crossattention(\.self)?|EncDecAttention)",
    FORWARD: r"(^|\.)(linear1|intermediate|mlp|DenseReluDense)",
    NORM: r"(^|\.)(norm\d|LayerNorm|ln_\w+|\w*layer_norm)",
}


def part_of(name):
    found = (part for part, pattern in CALLED.items() if re.search(pattern + "$", name))
    return next(found, None)


@pytest.fixture(scope="module")
def real():
    """{key: (model, {stack: the path of its blocks}, how it is called)}, two blocks each."""
    import torch
    import transformers as t

    torch.manual_seed(0)
    few, tiny = {"vocab_size": 20}, {"n_embd": 16, "n_layer": 2, "n_head": 2}
    bert = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    t5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    layers = {"num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 32}
    ids, vectors = torch.arange(1, 6)[None], torch.randn(1, 5, 16)

    def one(model, ids):
        return model(input_ids=ids)

    def two(model, ids, decoder_ids):
        return model(input_ids=ids, decoder_input_ids=decoder_ids)

    return {
        ORIGINAL: (
            torch.nn.Transformer(16, 2, dropout=0, batch_first=True, **layers),
            {"encoder": "encoder.layers", "decoder": "decoder.layers"},
            lambda model, *_: model(vectors, vectors),
        ),
        "bert": (
            t.BertModel(t.BertConfig(num_attention_heads=2, **few, **bert)).eval(),
            {"encoder": "encoder.layer"},
            one,
        ),
        "gpt": (t.OpenAIGPTModel(t.OpenAIGPTConfig(**few, **tiny)).eval(), {"decoder": "h"}, one),
        "gpt2": (t.GPT2Model(t.GPT2Config(**few, **tiny)).eval(), {"decoder": "h"}, one),
        "t5": (
            t.T5Model(t.T5Config(**few, **t5)).eval(),
            {"encoder": "encoder.block", "decoder": "decoder.block"},
            two,
        ),
        "ids": ids,
    }


def calls(real, key):
    """The names of a model's modules in the order in which one forward pass calls them."""
    model, stacks, run = real[key]
    heard, hooks = [], []
    for name, module in model.named_modules():
        if part_of(name):
            note = lambda *_, name=name: heard.append(name)  # noqa: E731
            hooks.append(module.register_forward_pre_hook(note))
    run(model, *[real["ids"] for _ in stacks])
    for hook in hooks:
        hook.remove()
    return heard


def drawn_calls(architecture, stack):
    """What the drawing runs through in one block: self-attention by its kind without the mask."""
    parts = architecture.stacks.get(stack, ())
    flat = [part for step in steps(parts, architecture.norm) for part in step.branch + step.after]
    return [SELF if part == CAUSAL else part for part in flat]


def unlike(real, key, architecture):
    """The stacks whose blocks are not as drawn, and a last normalisation too many or missing."""
    _, stacks, _ = real[key]
    heard, faults = calls(real, key), []
    in_blocks = tuple(f"{path}." for path in stacks.values())
    if set(stacks) != set(architecture.stacks):
        faults.append("stacks")
    for stack, path in stacks.items():
        blocks = [name for name in heard if name.startswith(f"{path}.")]
        if [part_of(name) for name in blocks] != 2 * drawn_calls(architecture, stack):
            faults.append(f"{stack}: {blocks}")
        # what comes next: a normalisation outside the blocks, another stack, or nothing
        after = heard[heard.index(blocks[-1]) + 1 :]
        has_last = bool(after) and not after[0].startswith(in_blocks)
        if has_last != (architecture.norm == "pre"):
            faults.append(f"{stack}: last")
    return faults


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_a_block_is_what_the_real_code_runs_through(real, key):
    assert unlike(real, key, ARCHITECTURES[key]) == []


@pytest.mark.parametrize(
    "key, fault",
    [
        (ORIGINAL, {"norm": "pre"}),
        ("bert", {"norm": "pre"}),
        ("bert", {"decoder": (CAUSAL, FORWARD)}),
        ("gpt", {"norm": "pre"}),
        ("gpt2", {"norm": "post"}),
        ("gpt2", {"decoder": (CAUSAL, CROSS, FORWARD)}),
        ("t5", {"decoder": (CAUSAL, FORWARD)}),
        ("t5", {"decoder": (CROSS, CAUSAL, FORWARD)}),
        ("t5", {"encoder": (FORWARD, SELF)}),
        ("t5", {"norm": "post"}),
    ],
)
def test_a_wrong_architecture_is_seen(real, key, fault):
    assert unlike(real, key, replace(ARCHITECTURES[key], **fault))


@pytest.mark.parametrize("key", CHILDREN)
def test_a_mask_is_drawn_where_the_future_cannot_be_seen(real, key):
    """With another last token, a block behind a mask gives out the same for the first position."""
    import torch

    model, stacks, run = real[key]
    other = real["ids"].clone()
    other[0, -1] = 9
    for stack, path in stacks.items():
        block = model.get_submodule(path)[-1]
        outputs = []
        for ids in (real["ids"], other):
            with torch.no_grad(), heard_from(block) as heard:
                run(model, *[ids if stack == at else real["ids"] for at in stacks])
            outputs.append(heard[-1][1][0, 0])
        assert torch.equal(*outputs) == (ARCHITECTURES[key].stacks[stack][0] == CAUSAL)


@contextlib.contextmanager
def heard_from(block):
    """Collect (input, output) of a block, as vectors."""
    heard = []

    def note(_, args, output):
        heard.append((args[0], output if hasattr(output, "shape") else output[0]))

    hook = block.register_forward_hook(note)
    yield heard
    hook.remove()


@pytest.mark.parametrize("key", ARCHITECTURES)
def test_the_stream_runs_from_input_to_output(real, key):
    """Where no sublayer gives anything, the input of a block comes out, but for what is on it."""
    import torch

    model, stacks, run = real[key]
    model, norm = copy.deepcopy(model), ARCHITECTURES[key].norm
    for path in stacks.values():
        silence(model.get_submodule(path)[0])
    for stack, path in stacks.items():
        with torch.no_grad(), heard_from(model.get_submodule(path)[0]) as heard:
            run(model, *[real["ids"] for _ in stacks])
        want, got = heard[0]
        on_stream = [
            n for step in steps(ARCHITECTURES[key].stacks[stack], norm) for n in step.after
        ]
        for _ in on_stream:
            want = torch.nn.functional.layer_norm(want, want.shape[-1:])
        assert torch.allclose(got, want, atol=1e-4)
        assert got.std() > 0 and torch.equal(got, heard[0][0]) == (norm == "pre")


def silence(block):
    """Set all weights of a block to zero, but those of its normalisations."""
    for name, weights in block.named_parameters():
        if part_of(name.rpartition(".")[0]) != NORM:
            weights.data.zero_()


# --- what is cut -------------------------------------------------------------------------------


def miscut(panel, child):
    """Boxes that are cut and should not be, or the reverse; the kept ones must be the child's."""
    faults, original = [], ARCHITECTURES[ORIGINAL]
    for stack, parts in original.stacks.items():
        kept = child.stacks.get(stack, ())
        for number, part in enumerate(parts):
            mine = [b for b in panel.boxes if b.key.startswith(f"{stack}.{number}.")]
            assert len(mine) == 3  # sublayer, sum, normalisation
            faults += [box.key for box in mine if box.cut == (part in kept)]
        ends = [
            b
            for b in panel.boxes
            if b.key in (f"{stack}.{x}" for x in ("input", "output", "frame"))
        ]
        faults += [box.key for box in ends if box.cut == bool(kept)]
    cross = [arrow for arrow in panel.arrows if arrow.look == "cross"]
    faults += ["cross" for arrow in cross if arrow.cut == (CROSS in child.decoder)]
    return faults + ["no cross"] * (len(cross) != 1)


@pytest.mark.parametrize("key", CHILDREN)
def test_what_the_child_lacks_is_cut_and_nothing_else(key):
    (panel,) = block_diagrams.cut(key).panels
    assert miscut(panel, ARCHITECTURES[key]) == []
    for n, box in enumerate(panel.boxes):
        if re.match(r"(en|de)coder\.(\d|input|output|frame)", box.key):
            turned = [*panel.boxes]
            turned[n] = replace(box, cut=not box.cut)
            assert miscut(replace(panel, boxes=tuple(turned)), ARCHITECTURES[key]) == [box.key]


def test_what_is_cut_is_known():
    assert cut_parts(ARCHITECTURES["bert"]) == [("decoder", None)]
    assert cut_parts(ARCHITECTURES["gpt"]) == [("encoder", None), ("decoder", CROSS)]
    assert cut_parts(ARCHITECTURES["gpt2"]) == cut_parts(ARCHITECTURES["gpt"])
    assert cut_parts(ARCHITECTURES["t5"]) == []


def test_the_stream_goes_on_where_a_sublayer_is_cut():
    (panel,) = block_diagrams.cut("gpt").panels
    stream = [a for a in panel.arrows if a.look == "stream" and a.start.startswith("decoder")]
    assert len(stream) == 7 and not any(arrow.cut for arrow in stream)
    assert [a.end for a in stream[:-1]] == [a.start for a in stream[1:]]


# --- in words ----------------------------------------------------------------------------------


def untold(panel):
    """Boxes and arrows that the sentences do not name, in the drawing's order."""
    flow = {key for a in panel.arrows if a.look != "descent" for key in (a.start, a.end)}
    ways = [sentence_of(panel, arrow) for arrow in panel.arrows if arrow.look == "cross"]
    told = [sentence for sentence in panel.sentences if sentence not in ways]
    faults, at = [], (0, 0)
    for box in panel.boxes:
        names = told_as(box)
        if box.key in flow:
            at = found(told, names[0], at)
            if at is None:
                return [*faults, box.key]
            if is_marked(told[at[0]]) != box.cut:
                faults.append(f"{box.key}: cut")
        text = told if box.key in ARCHITECTURES else " ".join(panel.sentences)
        faults += [box.key for name in names if name not in text]
    faults += ["title"] * (panel.name not in panel.sentences[0])
    faults += ["cross"] * (sum(s in ways for s in panel.sentences) != len(ways))
    return faults + [f"{a.start} {a.end}" for a in panel.arrows if not is_told(panel, a)]


def is_marked(sentence):
    return sentence.startswith(say.text("block_diagrams", "removed", sentence=""))


def told_as(box):
    """What the text must hold of a box; a legend says what a mark in the text says."""
    if box.look == "sum":
        return ["\uff08+\uff09"]
    if box.key.startswith("note."):
        return []
    if box.key.endswith("layers"):
        return [box.lines[0].lstrip("\u00d7 ")]
    has_two = box.key.endswith("kept") or box.key.startswith("block.")
    return [*box.lines] if has_two else [boxes.in_words("".join(box.lines))]


def found(sentences, name, at):
    """Where a name stands first from a place on, (sentence, behind it); None if it does not."""
    for n in range(at[0], len(sentences)):
        begin = at[1] if n == at[0] else 0
        if (place := sentences[n].find(name, begin)) >= 0:
            return n, place + len(name)
    return None


def is_told(panel, arrow):
    """The flow's arrows follow from the order of the boxes; others have a sentence of their own."""
    order = [box.key for box in panel.boxes]
    if arrow.look in ("stream", "branch"):
        return order.index(arrow.start) < order.index(arrow.end)
    sentence = sentence_of(panel, arrow)
    kept = next((box.lines for box in panel.boxes if box.key == f"{arrow.end}.kept"), ())
    return sentence is not None and all(line in sentence for line in kept)


def sentence_of(panel, arrow):
    """The first sentence that names the start of an arrow and then its end; None if none does."""
    at = {box.key: box for box in panel.boxes}
    names = [boxes.in_words("".join(at[key].lines)) for key in (arrow.start, arrow.end)]
    way = re.compile(".*".join(map(re.escape, names)))
    told = (s for s in panel.sentences if way.search(s) and is_marked(s) == arrow.cut)
    return next(told, None)


def unsaid(panel, child):
    """What the sentences do not say of the parts that are cut and of where normalisation moves."""
    plain = [s for s in panel.sentences[1:] if child.name in s and not is_marked(s)]
    wanted = [[word(name) for name in both if name] for both in cut_parts(child)]
    wanted += [["pre-norm"]] * (child.norm != ARCHITECTURES[ORIGINAL].norm)
    faults = [names for names in wanted if not any(all(n in s for n in names) for s in plain)]
    return faults + ["nothing"] * (not plain)


def word(name):
    return boxes.in_words(say.text("block_diagrams", name))


def test_the_text_names_every_box_and_arrow(panels):
    for panel in panels:
        assert untold(panel) == []
        assert len({box.key for box in panel.boxes}) == len(panel.boxes)


def without_each(panel):
    for n in range(len(panel.sentences)):
        yield replace(panel, sentences=panel.sentences[:n] + panel.sentences[n + 1 :])


@pytest.mark.parametrize("name", ["block", "family"])
def test_a_missing_sentence_is_seen(name, lang):
    for panel in MADE[name]().panels:
        assert all(map(untold, without_each(panel)))


@pytest.mark.parametrize("key", CHILDREN)
def test_a_missing_sentence_on_what_is_cut_is_seen(key, lang):
    (panel,), child = block_diagrams.cut(key).panels, ARCHITECTURES[key]
    assert unsaid(panel, child) == []
    silent = [p for p in without_each(panel) if not untold(p) and not unsaid(p, child)]
    # T5 keeps all: that nothing is cut is told by the marks that are not there
    assert len(silent) == (not cut_parts(child))


def test_screen_readers_get_the_text(panels):
    diagram = boxes.Diagram(panels)
    html = diagram._repr_html_()
    for panel in panels:
        assert f'role="img" aria-label="{" ".join(panel.sentences)}"' in html
    assert f'<p style="white-space: pre-line">{diagram}</p>' in html
    assert f'lang="{say.html_lang()}"' in html and repr(diagram) == str(diagram)


# --- to be read --------------------------------------------------------------------------------


def overlapping(panel):
    """Pairs of boxes that touch, and boxes that stand across the edge of a frame."""
    frames = [box for box in panel.boxes if box.look == "frame"]
    rest = [box for box in panel.boxes if box.look != "frame"]
    faults = [(a.key, b.key) for a, b in combinations(rest, 2) if apart(a, b) < 1]
    for frame, box in ((f, b) for f in frames for b in rest):
        inside = frame.x <= box.x and box.right <= frame.right
        inside &= frame.up <= box.up and box.top <= frame.top
        if apart(frame, box) < 0 and not inside:
            faults.append((frame.key, box.key))
    return faults + [(a.key, b.key) for a, b in combinations(frames, 2) if apart(a, b) < 1]


def apart(a, b):
    """The pixels between two boxes, in the direction in which there are more."""
    return max(a.x - b.right, b.x - a.right, a.up - b.top, b.up - a.top)


def spilling(panel, lang):
    """Texts that are wider or higher than their box, in the course's own font."""
    faults = []
    for box in panel.boxes:
        look = boxes.LOOKS[box.look]
        wide = max((text_width(line, lang) for line in box.lines), default=0)
        wide *= block_diagrams.BOLD if look.is_bold else 1
        if wide > box.width - (2 if look.line else 0) or len(box.lines) * boxes.LINE > box.height:
            faults.append(box.key)
    return faults


@functools.cache
def face(lang):
    font = TTFont(FONTS / typefaces()[lang].file)
    return font["hmtx"], font.getBestCmap(), font["head"].unitsPerEm


def text_width(text, lang):
    widths, glyphs, unit = face(lang)
    return FONT / unit * sum(widths[glyphs[ord(character)]][0] for character in text)


def astray(panel):
    """Arrows that do not go from their box to their box, or lead through another one."""
    at = {box.key: box for box in panel.boxes}
    streams = [a.points for a in panel.arrows if a.look == "stream"]
    faults = []
    for arrow in panel.arrows:
        start, end = arrow.points[0], arrow.points[-1]
        is_fork = any(x == start[0] and low <= start[1] <= high for (x, low), (_, high) in streams)
        if not (near(at[arrow.start], start) or is_fork or arrow.look == "descent"):
            faults.append(f"{arrow.start} is not where an arrow begins")
        if not near(at[arrow.end], end):
            faults.append(f"{arrow.end} is not where an arrow ends")
        others = [
            b for b in panel.boxes if b.look != "frame" and b.key not in (arrow.start, arrow.end)
        ]
        for one, other in pairwise(arrow.points):
            faults += [f"through {box.key}" for box in others if passes(box, one, other)]
    return faults


def near(box, point):
    """Is a point on the edge of a box, or 2 pixels before it?"""
    x, up = point
    return box.x - 2 <= x <= box.right + 2 and box.up - 2 <= up <= box.top + 2


def passes(box, one, other):
    """Does a line along an axis go through the inside of a box?"""
    (left, right), (low, high) = (sorted(pair) for pair in zip(one, other, strict=True))
    return left < box.right - 1 and right > box.x + 1 and low < box.top - 1 and high > box.up + 1


def small(panel):
    """The size of letters in pixels in the narrowest output."""
    return FONT * min(boxes.LARGER, OUTPUT / panel.width)


def test_nothing_overlaps_or_spills_or_goes_astray(panels, lang):
    for panel in panels:
        assert overlapping(panel) == []
        assert spilling(panel, lang) == []
        assert astray(panel) == []
        assert set(re.findall(r'font-size="([\d.]+)"', panel.svg())) == {f"{FONT:.1f}"}
        assert small(panel) >= SMALLEST
        assert re.search(r'style="max-width: 100%; height: auto"', panel.svg())


def moved(panel, key, **change):
    return replace(
        panel, boxes=tuple(replace(b, **change) if b.key == key else b for b in panel.boxes)
    )


def test_planted_faults_of_the_layout_are_seen(panels, lang):
    for panel in panels:
        box = next(box for box in panel.boxes if box.look in ("attention", "cross"))
        other = next(box for box in panel.boxes if box.look == "forward")
        assert overlapping(moved(panel, box.key, x=other.x, up=other.up))
        assert overlapping(moved(panel, box.key, height=box.height + 200))
        wide = max(text_width(line, lang) for line in box.lines)
        assert spilling(moved(panel, box.key, width=wide), lang) == [box.key]
        assert spilling(moved(panel, box.key, lines=2 * box.lines + ("x",)), lang)
        assert astray(moved(panel, box.key, up=box.up + 60))
        far = replace(box, key="far", x=panel.width)
        assert small(replace(panel, boxes=(*panel.boxes, far))) < SMALLEST


# --- light and dark ----------------------------------------------------------------------------


def colours(html):
    return set(re.findall(r'(?:fill|stroke)="([^"]+)"', html))


def blend(over, under, alpha):
    return tuple(alpha * a + (1 - alpha) * b for a, b in zip(over, under, strict=True))


def luminance(rgb):
    parts = [v / 255 for v in rgb]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(a * b for a, b in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(tint):
    return tuple(int(tint[n : n + 2], 16) for n in (1, 3, 5))


def test_ink_is_the_pages_own(panels):
    tints = {look.tint for look in boxes.LOOKS.values()} - {""}
    used = colours(boxes.Diagram(panels)._repr_html_())
    assert used <= {"currentColor", "none"} | tints and used & tints


def least(pale=1.0, tint=0.0, colour="#000000"):
    """The contrast of ink on a tint, on the page on which it is least; pale: a group's opacity."""
    found = []
    for paper, ink, alpha in PAPERS.values():
        under = blend(rgb(colour), paper, tint)
        found.append(contrast(blend(blend(ink, under, alpha), paper, pale), under))
    return min(found)


def test_text_stands_out_on_every_paper():
    tints = [look.tint for look in boxes.LOOKS.values() if look.tint]
    assert all(least(tint=boxes.TINT, colour=tint) >= 4.5 for tint in tints)
    assert any(least(tint=0.9, colour=tint) < 4.5 for tint in tints)
    assert least() / 2 > least(pale=boxes.GONE) >= 4.5 > least(pale=0.5)


def test_colour_is_not_alone(panels):
    """Without tints, every kind of box has its words or its shape; what is cut has dashes."""
    for panel in panels:
        for box in panel.boxes:
            drawn = boxes._box(box)
            assert bool(boxes.LOOKS[box.look].line) == ("<rect" in drawn)
            assert (boxes.DASHED in drawn) == (box.cut and "<rect" in drawn)
        for arrow in panel.arrows:
            assert (boxes.DASHED in boxes._arrow(arrow)) == (arrow.cut or arrow.look == "descent")


# --- calls -------------------------------------------------------------------------------------


def test_the_shortest_calls():
    assert str(block_diagrams.block()) == str(block_diagrams.block("pre"))
    assert str(block_diagrams.block("pre")) != str(block_diagrams.block("post"))
    assert str(block_diagrams.cut()) == str(block_diagrams.cut("bert", "gpt"))


@pytest.mark.parametrize("call", [block_diagrams.block, block_diagrams.cut])
def test_an_unknown_name_is_told(call):
    with pytest.raises(ValueError, match=r"'x'.*'(post|bert)'"):
        call("x")


def test_drawing_loads_nothing_heavy():
    code = "from helpers.display import block_diagrams; block_diagrams.family()._repr_html_()"
    found = house.loaded(code, ROOT / "src")
    assert "helpers" in found and found & house.HEAVY == set()
