"""Things to click on in a lesson.  Each is also plain HTML and a function call."""

from .attention_explorer import AttentionExplorer, attention_view
from .controls import Check, Number, Range, Refused, Select, Text, knows
from .explorer import Explorer
from .quiz import Quiz
from .sampling_explorer import SamplingExplorer
from .softmax_explorer import SoftmaxExplorer
from .terminal import Terminal

__all__ = [
    "AttentionExplorer", "Check", "Explorer", "Number", "Quiz", "Range", "Refused",
    "SamplingExplorer", "Select", "SoftmaxExplorer", "Terminal", "Text", "attention_view", "knows",
]  # fmt: skip
