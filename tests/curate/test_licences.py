"""Only words that allow every use count as open; whatever is hedged has to be read by a person."""

from __future__ import annotations

import pytest

from lingyin.curate.licences import is_open, reuse_of


@pytest.mark.parametrize("words", ["CC BY 4.0", "CC BY-SA 4.0", "CC0 1.0", "MIT", "public domain"])
def test_open(words: str) -> None:
    assert is_open(words)
    assert reuse_of(words) == "yes"


@pytest.mark.parametrize(
    "words",
    ["", "CC BY-NC 4.0", "CC BY-ND 4.0", "CC BY 4.0; pictures CC BY-NC", "CC BY 4.0 (unconfirmed)", "not MIT"],
)
def test_not_open_beyond_doubt(words: str) -> None:
    assert not is_open(words)
    assert reuse_of(words) == "unknown"
