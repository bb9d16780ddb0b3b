"""What two designs for summaries of long documents cost, by formula and by measurement."""

from ..instruments.peak_memory import Peak, peak
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
from .running import peak_of_reading, read, read_in_parts, write
from .scenario import DECODER, ENCODER_DECODER, SPLITS, Scenario, scenario
from .two_bars import Row, comparison

__all__ = [
    "DECODER",
    "ENCODER_DECODER",
    "SPLITS",
    "Peak",
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
    "peak",
    "peak_of_reading",
    "plain",
    "read",
    "read_flops",
    "read_in_parts",
    "review",
    "scenario",
    "show_decisions",
    "summary_flops",
    "write",
    "write_flops",
]
