"""What two designs for summaries of long documents cost, by formula and by measurement.

What measures is loaded when it is first asked for: the formulas need no torch.
"""

from ..lazy import names
from .costs import (
    attention_flops,
    batch_bytes,
    cache_bytes,
    first_token_flops,
    growing_flops,
    pairs,
    read_flops,
    summary_flops,
    write_flops,
)
from .decisions import decisions, show_decisions
from .designs import StackDesign, build, merged, of, plain
from .explore import explore
from .review import Review, model_answer, review
from .scenario import DECODER, ENCODER_DECODER, SPLITS, Scenario, scenario
from .two_bars import Row, comparison

__getattr__, _measuring = names(
    __name__,
    {
        "running": ["peak_of_reading", "read", "read_in_parts", "write"],
        ".instruments.peak_memory": ["Peak", "peak"],
    },
)
__all__ = [
    *_measuring,
    "DECODER",
    "ENCODER_DECODER",
    "SPLITS",
    "Review",
    "Row",
    "Scenario",
    "StackDesign",
    "attention_flops",
    "batch_bytes",
    "build",
    "cache_bytes",
    "comparison",
    "decisions",
    "explore",
    "first_token_flops",
    "growing_flops",
    "merged",
    "model_answer",
    "of",
    "pairs",
    "plain",
    "read_flops",
    "review",
    "scenario",
    "show_decisions",
    "summary_flops",
    "write_flops",
]
