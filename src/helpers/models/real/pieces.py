"""What a tokenizer makes of a text: the bytes of each token, and how to show them."""

from typing import Any

from tokenizers.pre_tokenizers import ByteLevel

SPACE = "▁"  # how Unigram pieces write a space


def _letters() -> dict[str, int]:
    """{letter: byte}: byte-level BPE writes each byte as a letter (Radford et al. 2019, GPT-2).

    The printable bytes stand for themselves, the others for the letters from U+0100 on.
    """
    alphabet = sorted(ByteLevel.alphabet())
    own = [ord(letter) for letter in alphabet if ord(letter) < 256]
    others = iter(sorted(set(range(256)) - set(own)))
    return {x: ord(x) if ord(x) < 256 else next(others) for x in alphabet}


LETTERS = _letters()


def split(tokenizer: Any, text: str) -> list[bytes]:
    """Return the bytes of each token of a text, without special tokens.

    tokenizer: of byte-level BPE, Unigram (where a space is ▁) or WordPiece (where ## continues)
    """
    return [piece(tokenizer, token) for token in tokenizer.tokenize(text)]


def piece(tokenizer: Any, token: str) -> bytes:
    """Return the bytes of one token of such a tokenizer."""
    if "ByteLevel" in str(tokenizer.backend_tokenizer.pre_tokenizer):
        return bytes(LETTERS[letter] for letter in token)
    return token.replace(SPACE, " ").removeprefix("##").encode()


def shown(piece: bytes) -> str:
    """Write a piece as its characters, or as bytes (E6 B3) where it holds no whole character."""
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return piece.hex(" ").upper()
