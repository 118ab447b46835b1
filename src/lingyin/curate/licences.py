"""What a licence's words allow: open to anybody beyond doubt, or unknown."""

from __future__ import annotations

from lingyin.curate.registry import UNKNOWN

_OPEN = ("CC BY 4.0", "CC BY 3.0", "CC BY-SA", "CC0", "MIT", "Apache-2.0", "public domain")


def is_open(words: str) -> bool:
    """Whether a licence lets anybody use the pictures; "CC BY-NC", "unconfirmed" and the like do not."""
    return words.startswith(_OPEN) and ";" not in words and "unconfirmed" not in words


def reuse_of(words: str) -> str:
    """`yes`, or `unknown`: a person has to read it."""
    return "yes" if is_open(words) else UNKNOWN
