"""What a block of each architecture consists of, and what was cut from the Transformer of 2017.

Vaswani et al. 2017, figure 1; Radford et al. 2018 (GPT) and 2019 (GPT-2); Devlin et al. 2018;
Raffel et al. 2019.  The tests read the same from the classes of torch and transformers.
"""

from dataclasses import dataclass

from ..language import say

SELF, CAUSAL, CROSS = "self_attention", "causal_self_attention", "cross_attention"
FORWARD, NORM = "feed_forward", "norm"
NORMS = ("pre", "post")
ORIGINAL = "original"


@dataclass(frozen=True)
class Architecture:
    """The sublayers of one block of each stack, from the input on; an empty stack is not there.

    norm: "post" = behind each addition, on the residual stream; "pre" = first in each branch, and
    once behind the last block
    """

    name: str
    year: int
    norm: str
    encoder: tuple[str, ...] = ()
    decoder: tuple[str, ...] = ()

    @property
    def stacks(self) -> dict[str, tuple[str, ...]]:
        """Return {stack: its sublayers} of the stacks that are there."""
        both = {"encoder": self.encoder, "decoder": self.decoder}
        return {stack: parts for stack, parts in both.items() if parts}


ENCODER, DECODER = (SELF, FORWARD), (CAUSAL, CROSS, FORWARD)
ARCHITECTURES = {
    ORIGINAL: Architecture("Transformer", 2017, "post", ENCODER, DECODER),
    "gpt": Architecture("GPT", 2018, "post", decoder=(CAUSAL, FORWARD)),
    "bert": Architecture("BERT", 2018, "post", ENCODER),
    "gpt2": Architecture("GPT-2", 2019, "pre", decoder=(CAUSAL, FORWARD)),
    "t5": Architecture("T5", 2019, "pre", ENCODER, DECODER),
}


@dataclass(frozen=True)
class Step:
    """One sublayer: what its branch runs through, then what the stream does after the sum."""

    part: str
    branch: tuple[str, ...]
    after: tuple[str, ...]


def steps(parts: tuple[str, ...], norm: str) -> list[Step]:
    """Place the normalisation of each sublayer: first in its branch (pre), or after the sum (post).

    ValueError if norm is neither.
    """
    if norm not in NORMS:
        raise unknown(norm, NORMS)
    if norm == "pre":
        return [Step(part, (NORM, part), ()) for part in parts]
    return [Step(part, (part,), (NORM,)) for part in parts]


def unknown(got: str, known: tuple[str, ...]) -> ValueError:
    """Return the error for a name that is not known."""
    want = say.text("block_diagrams", "between").join(map(repr, known))
    return ValueError(say.text("block_diagrams", "unknown", got=repr(got), want=want))


def find(key: str) -> Architecture:
    """Return the architecture of a key; ValueError if there is none."""
    if key not in ARCHITECTURES:
        raise unknown(key, tuple(ARCHITECTURES))
    return ARCHITECTURES[key]


def is_cut(child: Architecture, stack: str, part: str | None = None) -> bool:
    """Is this sublayer of the original, or the whole stack without part, missing in the child?"""
    kept = child.stacks.get(stack, ())
    return part not in kept if part else not kept


def cut_parts(child: Architecture) -> list[tuple[str, str | None]]:
    """Return what is cut from the original: (stack, None) for a whole stack, (stack, sublayer)."""
    found: list[tuple[str, str | None]] = []
    for stack, parts in ARCHITECTURES[ORIGINAL].stacks.items():
        if is_cut(child, stack):
            found.append((stack, None))
        else:
            found += [(stack, part) for part in parts if is_cut(child, stack, part)]
    return found
