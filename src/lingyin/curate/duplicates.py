"""Exact and near-duplicate pictures: hashes and thumbnails in, one group number per picture out, or pairs of leaks.

A pair that the hashes bring together is decided by comparing thumbnails. Neighbouring frames of one clip count as
duplicates where they look alike; whoever groups frames joins those of one clip anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lingyin.curate.hashes import WORDS, Grey, Words, mirrored
from lingyin.curate.nearest import Band, Pairs, Rows, masks_for, pairs_between, pairs_within, sort_band
from lingyin.curate.verify import same_picture

Verify = Callable[[Rows, Rows, Rows, bool], NDArray[np.bool_]]
CANDIDATE_BITS = 84  # of 255, that hashes may differ in where thumbnails decide
ALONE_BITS = 32  # without thumbnails
_MOST_REFUSED = 1 << 24  # pairs


class Refused:
    """Pairs that thumbnails have told apart, so that no other bucket brings them up again; forgets when full."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._known: dict[bool, Rows] = {False: np.zeros(0, np.int64), True: np.zeros(0, np.int64)}

    def unknown(self, left: Rows, right: Rows, mirror: bool) -> NDArray[np.bool_]:
        """Which pairs were not refused before."""
        known, keys = self._known[mirror], self._keys(left, right)
        place = np.minimum(np.searchsorted(known, keys), max(0, len(known) - 1))
        return known[place] != keys if len(known) else np.ones(len(keys), bool)

    def add(self, left: Rows, right: Rows, mirror: bool) -> None:
        merged = np.union1d(self._known[mirror], self._keys(left, right))
        self._known[mirror] = merged if len(merged) <= _MOST_REFUSED else np.zeros(0, np.int64)

    def _keys(self, left: Rows, right: Rows) -> Rows:
        return np.minimum(left, right) * self._count + np.maximum(left, right)


@dataclass(frozen=True)
class Leaks:
    """Pairs of near-duplicates: rows of the first and of the second collection, (P,) each."""

    first: Rows
    second: Rows

    def __len__(self) -> int:
        return len(self.first)


def group_duplicates(hashes: Words, thumbnails: Grey | None = None, *, mirrors: bool = True) -> Rows:
    """Group numbers (N,) from 0, equal for pictures that are copies of each other, in the order of first appearance.

    Args:
        hashes: (N, 8) from `hash_image`.
        thumbnails: (N, 32, 32) from `thumbnail`, in memory or mapped from disk; without them only hashes that differ
            in few bits are taken for copies, which finds fewer of the cropped ones and of those with text.
        mirrors: whether a picture and its mirror image are one.

    Raises:
        ValueError: hashes or thumbnails of another shape.
    """
    _check(hashes, thumbnails)
    unique, back = _collapse(hashes)
    kept = hashes[unique]
    radius = ALONE_BITS if thumbnails is None else CANDIDATE_BITS

    refused = Refused(len(kept))

    def verify(left: Rows, right: Rows, bits: Rows, mirror: bool) -> NDArray[np.bool_]:
        if thumbnails is None:
            return np.ones(len(left), bool)
        new = refused.unknown(left, right, mirror)
        sure = np.zeros(len(left), bool)
        a, b = unique[left[new]], unique[right[new]]
        sure[new] = same_picture(thumbnails[a], thumbnails[b], bits[new], mirror)
        refused.add(left[~sure], right[~sure], mirror)
        return sure

    labels = np.arange(len(kept))
    for mask in masks_for(len(kept)):
        band = sort_band(kept, mask)
        found = list(_matches(band, kept, kept, radius, mirrors, verify, labels))
        if found:
            labels = _joined(labels, *(np.concatenate(side) for side in zip(*found, strict=True)))
    _, first, codes = np.unique(labels[back], return_index=True, return_inverse=True)
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[codes]


def find_leaks(train: Words, test: Words, train_thumbnails: Grey, test_thumbnails: Grey) -> Leaks:
    """Pictures of `test` (M, 8) that are near-duplicates of pictures of `train` (N, 8): rows (train, test).

    Raises:
        ValueError: hashes or thumbnails of another shape.
    """
    _check(train, train_thumbnails)
    _check(test, test_thumbnails)
    found: set[tuple[int, int]] = set()

    def verify(left: Rows, right: Rows, bits: Rows, mirror: bool) -> NDArray[np.bool_]:
        return same_picture(test_thumbnails[left], train_thumbnails[right], bits, mirror)

    for mask in masks_for(len(train)):
        band = sort_band(train, mask)
        for left, right in _matches(band, train, test, CANDIDATE_BITS, True, verify, None):
            found.update(zip(right.tolist(), left.tolist(), strict=True))
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    return Leaks(pairs[:, 0], pairs[:, 1])


def _matches(
    band: Band, words: Words, queries: Words, radius: int, mirrors: bool, verify: Verify, labels: Rows | None
) -> Iterator[tuple[Rows, Rows]]:
    """Verified pairs (query, row) of one band, in chunks: whole with whole, inside with whole, mirror with whole."""
    alone = queries is words
    kinds = [(queries[:, :WORDS], False), (queries[:, WORDS:], False)]
    if mirrors:
        kinds.append((mirrored(queries[:, :WORDS]), True))
    for number, (asked, mirror) in enumerate(kinds):
        chunks = (
            pairs_within(band, words, radius) if alone and not number else pairs_between(band, words, asked, radius)
        )
        for pairs in chunks:
            news = pairs if labels is None else _apart(labels, pairs)
            sure = verify(*news, mirror)
            yield news[0][sure], news[1][sure]


def _apart(labels: Rows, pairs: Pairs) -> Pairs:
    """The pairs that are not in one group already."""
    left, right, bits = pairs
    apart = labels[left] != labels[right]
    return left[apart], right[apart], bits[apart]


def _joined(labels: Rows, left: Rows, right: Rows) -> Rows:
    """Labels after the groups of each pair have become one."""
    size = len(labels)
    edges = coo_array((np.ones(len(left), np.int8), (labels[left], labels[right])), shape=(size, size))
    _, merged = connected_components(edges, directed=False)
    return np.asarray(merged, np.int64)[labels]


def _collapse(hashes: Words) -> tuple[Rows, Rows]:
    """Rows of one picture for each hash, and the way back: exact copies, maybe very many, need no search."""
    order = np.lexsort(hashes.T)
    changes = (hashes[order[1:]] != hashes[order[:-1]]).any(axis=1)
    starts = np.concatenate([[True], changes])[: len(hashes)]
    back = np.empty(len(hashes), np.int64)
    back[order] = np.cumsum(starts) - 1
    return order[starts], back


def _check(hashes: Words, thumbnails: Grey | None) -> None:
    if hashes.ndim != 2 or hashes.shape[1] != 2 * WORDS:
        raise ValueError(f"hashes are (N, {2 * WORDS}), not {hashes.shape}")
    if thumbnails is not None and len(thumbnails) != len(hashes):
        raise ValueError(f"{len(hashes)} hashes but {len(thumbnails)} thumbnails")
