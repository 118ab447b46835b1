"""Exact and near-duplicate pictures: hashes and thumbnails in, one group number per picture out, or pairs of leaks.

A pair that the hashes bring together is decided by comparing thumbnails. Neighbouring frames of one clip count as
duplicates where they look alike; whoever groups frames joins those of one clip anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lingyin.curate.hashes import WORDS, Grey, Words
from lingyin.curate.nearest import Labels, Pairs, Rows, Search, masks_for
from lingyin.curate.verify import same_picture

CANDIDATE_BITS = 84  # of 255, that hashes may differ in where thumbnails decide
ALONE_BITS = 32  # without thumbnails
_MOST_REMEMBERED = 1 << 24  # refused pairs
_SPREAD = np.uint64(0xD6E8FEB86659FD93)  # odd, its bits well mixed


class Refused:
    """Pairs that thumbnails have told apart, so that no other bucket brings them up again; new may oust old."""

    def __init__(self, count: int) -> None:
        self._count = count
        bits = min(_MOST_REMEMBERED, 16 * max(1, count)).bit_length()
        self._known: Words = np.zeros(1 << bits, np.uint64)
        self._shift = np.uint64(64 - bits)

    def unknown(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Which pairs were not refused before."""
        keys = self._keys(pairs)
        return np.asarray(self._known[keys * _SPREAD >> self._shift] != keys, bool)

    def add(self, pairs: Pairs) -> None:
        keys = self._keys(pairs)
        self._known[keys * _SPREAD >> self._shift] = keys

    def _keys(self, pairs: Pairs) -> Words:
        """A number above 0 for each pair, whichever asked."""
        low, high = np.minimum(pairs.asked, pairs.found), np.maximum(pairs.asked, pairs.found)
        return ((low * self._count + high) * 2 + pairs.mirror + 1).astype(np.uint64)


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
    count = len(unique)
    radius = ALONE_BITS if thumbnails is None else CANDIDATE_BITS
    # Whole with whole, and the inside of each with the whole of others.
    words = np.concatenate([hashes[unique, :WORDS], hashes[unique, WORDS:]])
    search = Search(words, count, alike=True, mirrors=mirrors)
    refused = Refused(len(words)) if thumbnails is not None else None
    labels = np.tile(np.arange(count, dtype=np.int32), 2)  # of the words' rows
    for mask in masks_for(count):
        found = []
        for pairs in search.pairs(mask, radius, labels):
            news = pairs
            if thumbnails is not None and refused is not None:
                news = pairs[refused.unknown(pairs)]
                sure = _same(news, unique[news.asked % count], unique[news.found], thumbnails, thumbnails)
                refused.add(news[~sure])
                news = news[sure]
            found.append((labels[news.asked], labels[news.found]))
        if found:
            _join(labels, *(np.concatenate(side) for side in zip(*found, strict=True)))
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
    held = len(train)
    words = np.concatenate([train[:, :WORDS], test[:, :WORDS], test[:, WORDS:]])
    search = Search(words, held, alike=False, mirrors=True)
    refused, found = Refused(len(words)), [np.zeros((0, 2), np.int64)]
    for mask in masks_for(held):
        for pairs in search.pairs(mask, CANDIDATE_BITS):
            news = pairs[refused.unknown(pairs)]
            asked = (news.asked - held) % max(1, len(test))
            sure = _same(news, asked, news.found, test_thumbnails, train_thumbnails)
            refused.add(news[~sure])
            found.append(np.stack([news.found, asked], axis=1)[sure])
    leaks = np.unique(np.concatenate(found), axis=0)
    return Leaks(leaks[:, 0], leaks[:, 1])


def _same(pairs: Pairs, asked: Rows, found: Rows, first: Grey, second: Grey) -> NDArray[np.bool_]:
    """Whether thumbnails `asked` of the first and `found` of the second show one picture, for each pair."""
    same = np.zeros(len(asked), bool)
    for turned in (False, True):
        some = pairs.mirror == turned
        same[some] = same_picture(first[asked[some]], second[found[some]], pairs.bits[some], turned)
    return same


def _join(labels: Labels, left: Labels, right: Labels) -> None:
    """Makes the groups of each pair of labels one, in place."""
    edges = left.astype(np.int64) << 32 | right
    edges.sort()
    edges = edges[np.diff(edges, prepend=-1) > 0]
    known, ends = np.unique(np.concatenate([edges >> 32, edges & 0xFFFFFFFF]), return_inverse=True)
    if not len(known):
        return
    one, other = ends[: len(edges)], ends[len(edges) :]
    graph = coo_array((np.ones(len(edges), np.int8), (one, other)), shape=(len(known), len(known)))
    _, merged = connected_components(graph, directed=False)
    least = known[np.unique(merged, return_index=True)[1]]
    names = np.arange(int(labels.max()) + 1, dtype=np.int32)
    names[known] = least[merged]
    np.take(names, labels, out=labels)


def _collapse(hashes: Words) -> tuple[Rows, Rows]:
    """Rows of one picture for each hash, and the way back: exact copies, maybe very many, need no search."""
    mixed = np.zeros(len(hashes), np.uint64)
    for column in hashes.T:
        mixed = (mixed ^ column) * _SPREAD
        mixed ^= mixed >> np.uint64(32)
    order = np.argsort(mixed)
    ordered = mixed[order]
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    starts = np.ones(len(hashes), bool)
    starts[1:][same] = (hashes[order[same + 1]] != hashes[order[same]]).any(axis=1)
    back = np.empty(len(hashes), np.int64)
    back[order] = np.cumsum(starts) - 1
    return order[starts], back


def _check(hashes: Words, thumbnails: Grey | None) -> None:
    if hashes.ndim != 2 or hashes.shape[1] != 2 * WORDS:
        raise ValueError(f"hashes are (N, {2 * WORDS}), not {hashes.shape}")
    if thumbnails is not None and len(thumbnails) != len(hashes):
        raise ValueError(f"{len(hashes)} hashes but {len(thumbnails)} thumbnails")
