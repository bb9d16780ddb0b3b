"""The widgets of the lessons; each is also plain HTML and a function call.

A widget is loaded when it is first asked for: who needs the controls starts no terminal.
"""

from ..lazy import names

__getattr__, __all__ = names(
    __name__,
    {
        "quiz.widget": ["Quiz"],
        "terminal.widget": ["Terminal"],
        "explorer.widget": ["Explorer"],
        "explorer.controls": ["Check", "Number", "Range", "Refused", "Select", "Text", "knows"],
        "explorers.attention": ["AttentionExplorer", "attention_view"],
        "explorers.block": ["BlockExplorer"],
        "explorers.lens": ["LensExplorer"],
        "explorers.sampling": ["SamplingExplorer"],
        "explorers.softmax": ["SoftmaxExplorer"],
    },
)
