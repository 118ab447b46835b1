"""The search finds what a comparison of all with all finds, each pair in the right orientation."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.curate import nearest
from lingyin.curate.hashes import Words, mirrored
from lingyin.curate.nearest import Search, masks_for


def made(count: int, copies: int) -> Words:
    """Random hashes (N, 4); the last `copies` differ in three bits from the first, every second of them mirrored."""
    rng = np.random.default_rng(8)
    words = rng.integers(0, 1 << 63, (count, 4), dtype=np.uint64)
    words[-copies:] = words[:copies]
    for bit in rng.integers(1, 256, (3, copies)):
        words[np.arange(count - copies, count), bit // 64] ^= np.uint64(1) << (bit % 64).astype(np.uint64)
    words[-copies::2] = mirrored(words[-copies::2])
    return words


def found(search: Search, groups: np.ndarray | None = None) -> set[tuple[int, int, bool]]:
    return {
        (min(a, b), max(a, b), m)
        for mask in masks_for(search.held)
        for pairs in search.pairs(mask, 32, groups)
        for a, b, m in zip(pairs.asked.tolist(), pairs.found.tolist(), pairs.mirror.tolist(), strict=True)
    }


@pytest.mark.parametrize("chunk", [1 << 17, 64])
def test_all_planted_pairs_are_found_and_no_other(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_CHUNK", chunk)
    words = made(600, 50)
    planted = {(row, 550 + row, row % 2 == 0) for row in range(50)}
    assert found(Search(words, 600, alike=True, mirrors=True)) == planted
    assert found(Search(words, 600, alike=True, mirrors=False)) == {pair for pair in planted if not pair[2]}


def test_rows_that_only_ask_are_not_compared_with_each_other() -> None:
    words = made(600, 50)
    later = np.concatenate([words, words[550:]])
    pairs = found(Search(later, 550, alike=False, mirrors=True))
    assert {(a, b) for a, b, _ in pairs} == {(row, start + row) for row in range(50) for start in (550, 600)}


def test_rows_of_one_group_are_left_out() -> None:
    words = made(600, 50)
    groups = np.arange(600, dtype=np.int32)
    groups[550:575] = groups[:25]
    pairs = found(Search(words, 600, alike=True, mirrors=True), groups)
    assert {a for a, _, _ in pairs} == set(range(25, 50))


def test_bits_are_counted_and_the_radius_kept() -> None:
    words = np.zeros((2, 4), np.uint64)
    words[1, 2] = 0b111
    search = Search(words, 2, alike=True, mirrors=False)
    (pairs,) = search.pairs(masks_for(2)[0], 3)
    assert pairs.bits.tolist() == [3]
    assert [len(pairs.bits) for pairs in search.pairs(masks_for(2)[0], 2)] == [0]


def test_masks_widen_with_the_collection_and_stay_as_many() -> None:
    few, many = masks_for(10_000), masks_for(4_500_000)
    assert len(few) == len(many)
    assert {int(mask).bit_count() for mask in few} == {16}
    assert {int(mask).bit_count() for mask in many} == {28}
    assert not any(int(mask) & 1 for mask in few + many)
