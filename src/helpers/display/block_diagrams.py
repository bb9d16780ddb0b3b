"""Drawings of a block, of the three architectures and their parent, and of what was cut from it.

    block_diagrams.block("pre", "post")    one block, with the normalisation in both places
    block_diagrams.family()                the Transformer of 2017, and BERT, T5 and GPT below it
    block_diagrams.cut("bert", "gpt")      the Transformer of 2017, with what these two leave out

A cell that ends with a call shows the drawing; print(…) shows its text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..language import say
from .architectures import (
    ARCHITECTURES,
    CAUSAL,
    CROSS,
    FORWARD,
    NORM,
    ORIGINAL,
    SELF,
    Architecture,
    Step,
    cut_parts,
    find,
    is_cut,
    steps,
)
from .boxes import LINE, Arrow, Box, Diagram, Panel, in_words, lines
from .svg import FONT, ems

LOOK = {NORM: "norm", FORWARD: "forward", CROSS: "cross", SELF: "attention", CAUSAL: "attention"}
REACH = {SELF: "between_tokens", FORWARD: "each_token"}
BOX, FLAT, SUM = 40.0, 26.0, 18.0  # heights: of a sublayer, of a normalisation, of a sum
GAP = 14.0  # pixels between two boxes: an arrow's length
HALF = 30.0  # half of the width of a normalisation on the stream
ASIDE = 20.0  # from the stream to the boxes of a branch
BOLD = 1.06  # how much wider a bold text is
EDGE = 6.0  # from a frame to what is in it


# --- a stack with its residual stream -----------------------------------------------------


@dataclass(frozen=True)
class Column:
    """Where a stack stands: its left and right edge, and on which side of the stream branches lie.

    side: 1 = right, −1 = left
    """

    left: float
    right: float
    side: int = 1

    @property
    def stream(self) -> float:
        """Return the x of the residual stream."""
        return self.left + HALF if self.side > 0 else self.right - HALF

    @property
    def branch(self) -> tuple[float, float]:
        """Return x and width of a branch's boxes."""
        width = self.right - self.left - HALF - ASIDE
        return (self.stream + ASIDE if self.side > 0 else self.left), width

    def around(self, x: float, width: float) -> float:
        """Return the left edge of what should be centred on x and stays in the column."""
        return min(max(x - width / 2, self.left), max(self.left, self.right - width))


@dataclass
class Stack:
    """Lays out one stack from the bottom up: boxes, arrows and sentences grow together."""

    name: str
    column: Column
    up: float
    has_notes: bool = False
    is_gone: bool = False
    last: str = ""
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def build(self, parts: Sequence[str], norm: str, gone: Sequence[str] = ()) -> "Stack":
        """Place the input and one block with its frame; gone: sublayers that are cut from it."""
        self._end("input")
        if self.has_notes:
            self._name_the_stream()
        first = self.up = self.up + 10
        self._tell("starts", stack=_word(self.name), input=_word(f"input_{self.name}"))
        for number, step in enumerate(steps(tuple(parts), norm)):
            self._step(number, step, step.part in gone)
        self._frame(first - 8, norm)
        if norm == "pre":
            self._on_stream("last", NORM, False)
            self._tell("last", parts=_word(NORM))
        return self

    def finish(self, up: float = 0) -> "Stack":
        """Place the output, not lower than up."""
        self.up = max(self.up, up)
        self._end("output")
        self._tell("ends", output=_word(f"output_{self.name}"))
        return self

    def _name_the_stream(self) -> None:
        text = _label("stream")
        place = self.column.stream + 8, self.up + 2
        label = self._put("stream", text, "left", place, (FONT * ems(text[0]) + 4, LINE), False)
        self.up = label.top

    def _tell(self, message: str, is_cut: bool = False, **values: str) -> None:
        sentence = say.text("block_diagrams", message, **values)
        if is_cut or self.is_gone:
            sentence = say.text("block_diagrams", "removed", sentence=sentence)
        self.sentences.append(sentence)

    def _step(self, number: int, step: Step, is_cut: bool) -> None:
        """Place one sublayer: its branch, the sum, and what lies on the stream after the sum."""
        branch = [self._in_branch(number, part, is_cut) for part in step.branch]
        centre = branch[0].centre
        fork = (self.column.stream, branch[0].up - GAP)
        self._arrow(self.last, branch[0].key, [fork, (centre, fork[1])], is_cut)
        for one, other in pairwise(branch):
            self._arrow(one.key, other.key, [(centre, one.top)], is_cut)
        self._sum(number, branch[-1], is_cut)
        self._tell("branch", is_cut, parts=_word("between").join(map(self._named, step.branch)))
        for part in step.after:
            self._on_stream(f"{number}.{part}", part, is_cut)
            self._tell("after", is_cut, parts=_word(part))
        self.up += 10

    def _in_branch(self, number: int, part: str, is_cut: bool) -> Box:
        x, width = self.column.branch
        text = _label(part)
        if self.has_notes and part in REACH:
            text = _word(part), _word(REACH[part])
        height = FLAT if part == NORM else BOX
        box = self._put(
            f"{number}.{part}", text, LOOK[part], (x, self.up + GAP), (width, height), is_cut
        )
        self.up = box.top
        return box

    def _named(self, part: str) -> str:
        """Return a part's name in a sentence, with its note where the drawing has one."""
        if not (self.has_notes and part in REACH):
            return _word(part)
        values = {"part": _word(part), "note": _word(REACH[part])}
        return say.text("block_diagrams", "with_note", **values)

    def _sum(self, number: int, box: Box, is_cut: bool) -> None:
        place = self.column.stream - SUM / 2, box.middle - SUM / 2
        total = self._put(f"{number}.sum", ("+",), "sum", place, (SUM, SUM), is_cut)
        near = box.x if self.column.side > 0 else box.right
        self._arrow(box.key, total.key, [(near, box.middle)], is_cut, total.middle)
        self._rise(total)

    def _on_stream(self, key: str, part: str, is_cut: bool) -> None:
        place = self.column.stream - HALF, self.up + GAP
        box = self._put(key, _label(part), LOOK[part], place, (2 * HALF, FLAT), is_cut)
        self.up = box.top
        self._rise(box)

    def _end(self, which: str) -> None:
        """Write what goes in or comes out, on the stream."""
        text = _label(f"{which}_{self.name}")
        width, height = FONT * max(map(ems, text)) + 4, LINE * len(text) + 4.0
        place = (
            self.column.around(self.column.stream, width),
            self.up + (GAP + 4 if self.last else 0),
        )
        box = self._put(which, text, "plain", place, (width, height), False)
        self.up = box.top
        if self.last:
            self._rise(box)
        self.last = box.key

    def _frame(self, bottom: float, norm: str) -> None:
        """Frame the block, and write in a corner how often it is repeated.

        The corner beside a normalisation on the stream is free; else there is a line for the text.
        """
        text, column = _label("layers"), self.column
        width = FONT * ems(text[0]) + 4
        up = self.up - 10 - FLAT if norm == "post" else self.up - 4
        look, x = ("right", column.right - width) if column.side > 0 else ("left", column.left)
        label = self._put("layers", text, look, (x, up), (width, LINE), False)
        self.up = max(self.up - 4, label.top) + 4
        size = column.right - column.left + 2 * EDGE, self.up - bottom
        self._put("frame", (), "frame", (column.left - EDGE, bottom), size, False)

    def _put(
        self,
        key: str,
        text: tuple[str, ...],
        look: str,
        place: tuple[float, float],
        size: tuple[float, float],
        is_cut: bool,
    ) -> Box:
        box = Box(f"{self.name}.{key}", text, look, *place, *size, is_cut or self.is_gone)
        self.boxes[box.key] = box
        return box

    def _rise(self, box: Box) -> None:
        """Draw the stream up to a box on it: a straight line, cut only with the whole stack."""
        below, x = self.boxes[self.last], self.column.stream
        points = (x, below.top), (x, box.up)
        self.arrows.append(Arrow(below.key, box.key, points, "stream", self.is_gone))
        self.last = box.key

    def _arrow(self, start, end, points, is_cut, sum_height=None) -> None:
        """Draw an arrow of a branch to the bottom of a box, or to the side of the sum."""
        box = self.boxes[end]
        last = (box.centre, box.up)
        if sum_height is not None:
            last = (box.right if self.column.side > 0 else box.x, sum_height)
        is_pale = is_cut or self.is_gone
        self.arrows.append(Arrow(start, end, (*points, last), "branch", is_pale))


def _word(name: str) -> str:
    return in_words(say.text("block_diagrams", name))


def _label(name: str) -> tuple[str, ...]:
    return lines(say.text("block_diagrams", name))


def _joined(parts: Sequence[str]) -> str:
    return _word("between").join(map(_word, parts))


def _title(text: str, up: float) -> Box:
    return Box("title", (text,), "title", 0, up, FONT * ems(text) * BOLD, LINE + 4.0)


# --- one block ----------------------------------------------------------------------------


def block(*norms: str) -> Diagram:
    """Draw one block: the residual stream from input to output, and a branch for each sublayer.

    norms: "pre", "post", or both side by side; "pre" if none is named.  ValueError for others.
    """
    stacks = {norm: _one_block(norm) for norm in norms or ("pre",)}
    level = max(stack.up for stack in stacks.values())
    return Diagram(tuple(_block(norm, stack.finish(level)) for norm, stack in stacks.items()))


def _one_block(norm: str) -> Stack:
    column = Column(EDGE, EDGE + 270)
    return Stack("block", column, 0, has_notes=True).build((SELF, FORWARD), norm)


def _block(norm: str, stack: Stack) -> Panel:
    title = say.text("block_diagrams", f"title_{norm}")
    heading = _title(title, stack.up + 10)
    upward = say.text("block_diagrams", "upward", title=title)
    boxes = (*stack.boxes.values(), heading)
    return Panel(title, boxes, tuple(stack.arrows), (upward, *stack.sentences))


# --- what is cut --------------------------------------------------------------------------

ENCODER_COLUMN, DECODER_COLUMN = Column(EDGE, 139), Column(165, 298, -1)


def cut(*children: str) -> Diagram:
    """Draw the Transformer of 2017, and struck through in it what each of these leaves out.

    children: keys of ARCHITECTURES; "bert" and "gpt" if none is named.  ValueError for others.
    """
    return Diagram(tuple(_cut(find(child)) for child in children or ("bert", "gpt")))


def _cut(child: Architecture) -> Panel:
    original = ARCHITECTURES[ORIGINAL]
    encoder = _original(original, child, "encoder", ENCODER_COLUMN)
    decoder = _original(original, child, "decoder", DECODER_COLUMN)
    title = say.text("block_diagrams", "title_cut", name=child.name)
    footers = [_footer(stack) for stack in (encoder, decoder)]
    notes, omitted = _notes(child, decoder.up + 8), _omitted("omitted_cut")
    heading = _title(title, decoder.up + 12 + (LINE + 1) * len(notes))
    arrow, sentence = _crossing(encoder, decoder)
    told = [say.text("block_diagrams", "upward", title=title), *encoder.sentences, sentence]
    told += [*decoder.sentences, *_changes(child), *omitted.lines]
    boxes = (*encoder.boxes.values(), *decoder.boxes.values(), *footers, *notes, omitted, heading)
    return Panel(title, boxes, (*encoder.arrows, *decoder.arrows, arrow), tuple(told))


def _original(original: Architecture, child: Architecture, name: str, column: Column) -> Stack:
    parts = original.stacks[name]
    gone = [part for part in parts if is_cut(child, name, part)]
    stack = Stack(name, column, 2 * LINE + 14, is_gone=is_cut(child, name))
    return stack.build(parts, original.norm, gone).finish()


def _footer(stack: Stack) -> Box:
    """Write the stack's name under its input."""
    text = say.text("block_diagrams", stack.name)
    width = FONT * ems(text) * BOLD
    x = stack.column.around(stack.column.stream, width)
    up = LINE + 4.0
    return Box(f"{stack.name}.name", (text,), "name", x, up, width, LINE + 4.0, stack.is_gone)


def _omitted(message: str) -> Box:
    """Say at the bottom what the drawing leaves out."""
    text = _word(message)
    return Box("omitted", (text,), "left", 0, 0, FONT * ems(text) + 4, LINE)


def _notes(child: Architecture, up: float) -> list[Box]:
    """Say under the title what dashes mean, and whether the normalisation moves."""
    moves = child.norm != ARCHITECTURES[ORIGINAL].norm
    names = ["legend_moves"] * moves + ["legend_cut"] * bool(cut_parts(child))
    texts = [_word(name) for name in names]
    return [
        Box(f"note.{n}", (text,), "left", 0, up + (LINE + 1) * n, FONT * ems(text) + 4, LINE)
        for n, text in enumerate(texts)
    ]


def _crossing(encoder: Stack, decoder: Stack) -> tuple[Arrow, str]:
    """Draw the arrow from the encoder's output to the cross-attention, and say so."""
    start = encoder.boxes["encoder.output"]
    end = next(box for box in decoder.boxes.values() if box.look == "cross")
    between = (encoder.column.right + decoder.column.left) / 2
    points = ((start.right, start.middle), (between, start.middle), (between, end.middle))
    arrow = Arrow(start.key, end.key, (*points, (end.x, end.middle)), "cross", end.cut or start.cut)
    return arrow, _crosses(arrow.cut)


def _crosses(is_cut: bool) -> str:
    values = {"output": _word("output_encoder"), "part": _word(CROSS)}
    sentence = say.text("block_diagrams", "crosses", **values)
    return say.text("block_diagrams", "removed", sentence=sentence) if is_cut else sentence


def _changes(child: Architecture) -> list[str]:
    """Say what is cut, and whether the normalisation moves."""
    told = []
    for stack, part in cut_parts(child):
        values = {"name": child.name, "stack": _word(stack)}
        if part:
            told.append(say.text("block_diagrams", "removed_part", part=_word(part), **values))
        else:
            told.append(say.text("block_diagrams", "removed_stack", **values))
    told = told or [say.text("block_diagrams", "removed_nothing", name=child.name)]
    if child.norm != ARCHITECTURES[ORIGINAL].norm:
        told.append(say.text("block_diagrams", "norm_moves", name=child.name))
    return told


# --- the family ---------------------------------------------------------------------------

COLUMNS = (4.0, 167.0)  # left edges: of encoders, and of decoders
WIDE = 133.0  # of a column
HEIR, BOTH = 4 * LINE + 16.0, LINE + 20.0  # heights of what stands between parent and child
SIDES = {"encoder": 0, "decoder": 1}


def family() -> Diagram:
    """Draw the Transformer of 2017 above BERT, GPT and T5, and what each has kept of it."""
    note = _omitted("omitted_family")
    t5 = _Model("t5", note.top + 8)
    bert, gpt = (_Model(key, t5.top + BOTH) for key in ("bert", "gpt"))
    parent = _Model(ORIGINAL, bert.top + HEIR)
    heirs = [_descent(parent, child) for child in (bert, gpt, t5)]
    title = say.text("block_diagrams", "title_family")
    models = (parent, bert, gpt, t5)
    boxes = [box for model in models for box in model.boxes.values()]
    arrows = [arrow for model in models for arrow in model.arrows]
    told = [say.text("block_diagrams", "upward_family", title=title)]
    told += [sentence for model in models for sentence in model.sentences]
    boxes += [note, *(label for _, label, _ in heirs)]
    arrows += [arrow for arrow, _, _ in heirs]
    told += [*(sentence for _, _, sentence in heirs), *note.lines]
    return Diagram((Panel(title, tuple(boxes), tuple(arrows), tuple(told)),))


class _Model:
    """Lays out the stacks of one architecture beside each other, from the bottom up."""

    def __init__(self, key: str, up: float) -> None:
        """Place the stacks, the arrow between them, and the name above."""
        self.key, self.architecture, self.up = key, find(key), up
        self.boxes: dict[str, Box] = {}
        self.arrows: list[Arrow] = []
        self.sentences: list[str] = []
        for stack, parts in self.architecture.stacks.items():
            self._stack(stack, parts)
        if len(self.architecture.stacks) == 2:
            self._cross()
        self._name()

    def _stack(self, stack: str, parts: tuple[str, ...]) -> None:
        """Place name, input, sublayers in their frame, and output of one stack."""
        left = COLUMNS[SIDES[stack]]
        self._put(stack, stack, "name", left, self.up, LINE + 4)
        last = self._put(f"{stack}.input", f"input_{stack}", "plain", left, self.up + LINE + 6)
        bottom = last.top + 12
        for number, part in enumerate(parts):
            up = last.top + (12 if number else 20)
            last = self._after(last, f"{stack}.{number}.{part}", part, LOOK[part], left, up)
        self._frame(stack, left, bottom, last.top + LINE + 6)
        self._after(last, f"{stack}.output", f"output_{stack}", "plain", left, last.top + LINE + 20)
        values = {"stack": _word(stack), "parts": _joined(_chain(stack, parts))}
        self.sentences.append(say.text("block_diagrams", "chain", **values))

    def _put(self, key, name, look, left, up, height=FLAT) -> Box:
        """Place a box as wide as a column; a text in it stands in one line."""
        box = Box(f"{self.key}.{key}", (_word(name),), look, left, up, WIDE, height)
        self.boxes[box.key] = box
        return box

    def _after(self, below: Box, key, name, look, left, up) -> Box:
        """Place a box and the arrow to it from the one below."""
        box = self._put(key, name, look, left, up, LINE + 4 if look == "plain" else FLAT)
        points = (below.centre, below.top), (box.centre, box.up)
        self.arrows.append(Arrow(below.key, box.key, points))
        return box

    def _frame(self, stack: str, left: float, bottom: float, top: float) -> None:
        text = _word("layers")
        width = FONT * ems(text) + 4
        corner = left + WIDE - width, top - LINE - 2
        label = Box(f"{self.key}.{stack}.layers", (text,), "right", *corner, width, LINE)
        size = WIDE + 8, top - bottom
        frame = Box(f"{self.key}.{stack}.frame", (), "frame", left - 4, bottom, *size)
        self.boxes |= {label.key: label, frame.key: frame}

    def _cross(self) -> None:
        """Draw the arrow from the encoder's output to the decoder's cross-attention."""
        start = self.boxes[f"{self.key}.encoder.output"]
        end = next(box for box in self.boxes.values() if box.look == "cross")
        wide = FONT * max(map(ems, start.lines))
        between = (COLUMNS[0] + WIDE + COLUMNS[1]) / 2
        first = min(start.centre + wide / 2 + 4, start.right)
        points = (first, start.middle), (between, start.middle), (between, end.middle)
        self.arrows.append(Arrow(start.key, end.key, (*points, (end.x, end.middle)), "cross"))
        self.sentences.append(_crosses(False))

    def _name(self) -> None:
        """Write the architecture's name above its stacks, and before their sentences."""
        columns = [COLUMNS[SIDES[stack]] for stack in self.architecture.stacks]
        up = max(box.top for box in self.boxes.values()) + 4
        size = columns[-1] + WIDE - columns[0], LINE + 4.0
        name = _model_name(self.architecture)
        self.title = Box(self.key, (name,), "name", columns[0], up, *size)
        self.boxes[self.key] = self.title
        self.top = self.title.top
        self.sentences.insert(0, name)


def _chain(stack: str, parts: Sequence[str]) -> list[str]:
    return [f"input_{stack}", *parts, f"output_{stack}"]


def _model_name(model: Architecture) -> str:
    return say.text("block_diagrams", "title_model", name=model.name, year=model.year)


def _descent(parent: _Model, child: _Model) -> tuple[Arrow, Box, str]:
    """Draw the dashed arrow from the parent to a child, what the child keeps, and the sentence."""
    kept = _kept(child.architecture)
    text = tuple(line for label in kept for line in lines(label))
    size = FONT * max(map(ems, text)) + 4, LINE * len(text) + 2.0
    x = _descent_x(child.architecture)
    look, left = ("right", x - size[0] - 10) if x > COLUMNS[1] else ("left", x + 10)
    label = Box(f"{child.key}.kept", text, look, left, child.top + 8, *size)
    points = (x, parent.up - 2), (x, child.top + 1)
    values = {"parent": _model_name(parent.architecture), "child": _model_name(child.architecture)}
    how = _word("between").join(map(in_words, kept))
    sentence = say.text("block_diagrams", "descends", how=how, **values)
    return Arrow(parent.key, child.key, points, "descent"), label, sentence


def _descent_x(child: Architecture) -> float:
    """Return where the arrow from the parent runs: at an outer edge, or between the columns."""
    if not child.decoder:
        return COLUMNS[0] + 12
    return (COLUMNS[0] + WIDE + COLUMNS[1]) / 2 if child.encoder else COLUMNS[1] + WIDE - 12


def _kept(child: Architecture) -> list[str]:
    """Return labels: which stacks are kept, and which sublayers of these are cut."""
    stacks = tuple(child.stacks)
    which = stacks[0] if len(stacks) == 1 else "both"
    cuts = [_word(part) for _, part in cut_parts(child) if part]
    kept = say.text("block_diagrams", f"keeps_{which}")
    return [kept, *(say.text("block_diagrams", "without", part=part) for part in cuts)]
