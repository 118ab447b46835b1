"""Counts of a small catalogue, done by hand: only pictures that are kept count, unless all are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from lingyin.curate.counts import SHOWN, Counts
from lingyin.curate.rows import CATALOGUE_SCHEMA


def row(name: str, **changes: Any) -> dict[str, Any]:
    usual = {"id": name, "source": "a", "status": "kept", "split": "train", "given_split": None, "group": name}
    more = {"licence": "MIT", "reuse": "yes", "yes": [], "no": [], "masks": [], "duplicate_group": hash_of(name)}
    return {**usual, **more, "width": 10, "shard": "train-00000.tar", "offset": 0, "bytes": 1, **changes}


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


ROWS = [
    row("p", **{"yes": ["liver", "cyst"]}, group="g", given_split="val", width=10),
    row("q", **{"yes": ["liver"]}, no=["cyst", "stone"], group="g", split="test", given_split="test", width=20),
    row("r", source="b", masks=["outline"], no=["outline"], duplicate_group=hash_of("p"), licence="CC0", width=40),
    row("s", source="b", status="dropped", reason="empty", split=None, **{"yes": ["kidney"]}, width=900),
    row("t", source="b", status="dropped", reason="empty", split=None, group="g", duplicate_group=hash_of("q")),
]


@pytest.fixture
def counts() -> Iterator[Counts]:
    with Counts(pa.Table.from_pylist(ROWS, schema=CATALOGUE_SCHEMA)) as opened:
        yield opened


def test_groups_values_and_spread_are_of_kept_pictures(counts: Counts) -> None:
    assert counts.groups() == 2
    assert counts.values("split") == [("train", 2), ("test", 1)]
    assert counts.spread("width") == pytest.approx([10, 15, 20, 30, 40])


def test_sources_tell_what_was_moved_and_what_was_left_out(counts: Counts) -> None:
    first, second = counts.sources()
    assert (first["rows"], first["kept"], first["groups"], first["moved"]) == (2, 2, 1, 1)
    assert list(first["splits"]) == [1, 0, 1]
    assert first["reasons"] == []
    assert (second["rows"], second["kept"], second["groups"], second["moved"]) == (3, 1, 1, 0)
    assert second["licences"] == "CC0, MIT"
    assert second["reasons"] == [("empty", 2)]


def test_copies_across_sources(counts: Counts) -> None:
    assert counts.copies() == {"groups": 1, "copies": 1, "across": [("a + b", 1)]}


def test_nodes_count_what_affirms_denies_and_outlines(counts: Counts) -> None:
    nodes = counts.nodes()
    assert nodes["liver"] == {"yes": 2, "sources": 1, "splits": [1, 0, 1], "no": 0, "masks": 0}
    assert (nodes["cyst"]["yes"], nodes["cyst"]["no"]) == (1, 1)
    assert (nodes["outline"]["yes"], nodes["outline"]["no"], nodes["outline"]["masks"]) == (0, 1, 1)
    assert set(nodes) == {"liver", "cyst", "outline"}  # what is only denied or left out is no node


def test_examples_are_few_and_do_not_depend_on_the_order_of_rows() -> None:
    rows = [row(f"n{number:02}", offset=512 * number, **{"yes": ["liver"]}) for number in range(20)]
    drawn = []
    for order in (rows, rows[::-1]):
        with Counts(pa.Table.from_pylist(order, schema=CATALOGUE_SCHEMA)) as counts:
            drawn.append(counts.examples()["liver"])
    assert drawn[0] == drawn[1]
    assert len({example["offset"] for example in drawn[0]}) == SHOWN
