"""Print the table of a KV cache: python -m helpers.kv_cache CONFIG.json --tokens 100000."""

import argparse
import sys

from ..language import say
from . import Refused, formula, on_meta


def main(words: list[str] | None = None) -> int:
    """Print the table and return 0, or the reason why there is no number and return 2."""
    given = parser().parse_args(words)
    say.use(given.lang or say.of_the_console())
    method = on_meta if given.meta else formula
    try:
        size = method(
            given.config,
            given.tokens,
            batch_size=given.batch,
            dtype=given.dtype,
            encoder_len=given.encoder_tokens,
        )
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 2
    print(size)
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    options = argparse.ArgumentParser(prog="python -m helpers.kv_cache", description=__doc__)
    options.add_argument("config", help="config.json, or the folder that holds it")
    options.add_argument("--tokens", type=int, required=True, help="length of the sequence")
    options.add_argument("--batch", type=int, default=1, help="sequences at once (1)")
    options.add_argument("--dtype", default="bfloat16", help="float32, float16, bfloat16")
    options.add_argument("--encoder-tokens", type=int, help="length of an encoder's input")
    options.add_argument("--meta", action="store_true", help="run the real code on torch's meta")
    options.add_argument("--lang", choices=say.COMPLETE, help="language of the answer")
    return options


if __name__ == "__main__":
    sys.exit(main())
