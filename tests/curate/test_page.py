"""The page of data sets names every set and is the one that lies in the documentation."""

from __future__ import annotations

from pathlib import Path

from lingyin.curate.page import datasets_page
from lingyin.curate.registry import load_registry


def test_the_page_in_the_documentation_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "datasets.md"
    assert page.read_text(encoding="utf-8") == datasets_page(load_registry().values())


def test_every_set_has_one_row() -> None:
    rows = [line for line in datasets_page(load_registry().values()).splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(load_registry())
    assert {row.count(" | ") for row in rows} == {9}
