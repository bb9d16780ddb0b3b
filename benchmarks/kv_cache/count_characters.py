"""Characters that one token stands for: real tokenizers over the course's own prose.

pip install mistral-common==1.13.1 sentencepiece        in an environment of its own
python benchmarks/kv_cache/count_characters.py          prints what characters.toml holds

mistral-common ships the tokenizers themselves, so nothing is downloaded at this point.
"""

import json
import re
from pathlib import Path

from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

ROOT = Path(__file__).parents[2]
TOKENIZERS = {  # the model that is known by it
    "Mistral 7B v0.1": MistralTokenizer.v1,
    "Mistral Nemo": lambda: MistralTokenizer.v3(is_tekken=True),
}
LINKS = re.compile(r"\]\([^)]*\)|`[^`]*`|\$[^$]*\$")  # code, formulas and addresses are no prose


def prose(lang: str) -> str:
    """The paragraphs of all lessons in a language, without headings, tables, code and formulas."""
    lines = []
    for path in sorted((ROOT / "notebooks" / lang).glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                lines += "".join(cell["source"]).splitlines()
    kept = [line for line in lines if line and line[0] not in "#|>-`$<!["]
    return "\n".join(LINKS.sub("", line) for line in kept)


def main() -> None:
    for lang in ("ja", "zh-tw"):
        text = prose(lang)
        for name, load in TOKENIZERS.items():
            tokenizer = load().instruct_tokenizer.tokenizer
            tokens = len(tokenizer.encode(text, bos=False, eos=False))
            ratio = f"{len(text):,} / {tokens:,} = {len(text) / tokens:.3f}"
            print(f"{lang:6} {name:16} {ratio}")


if __name__ == "__main__":
    main()
