"""Search for hashes that differ in few bits, in bulk: candidates share one of many masked parts of the first word.

Sorting replaces hash tables, so memory grows by some 20 bytes a hash and the cost of a million stays flat: the masks
widen as the collection grows (locality-sensitive hashing by bit sampling: Indyk & Motwani 1998, Gionis et al. 1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingyin.curate.hashes import WORDS, Words, distances

Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows, Rows]  # rows of the one, rows of the other, bits that differ
_CHUNK = 1 << 21  # pairs compared at once
_MOST_IN_BUCKET = 48  # a hash is compared with at most so many of a bucket: near-equal frames come in thousands
_SEED = 20  # of the masks: they are part of the method


@dataclass(frozen=True)
class Band:
    """Rows of the collection sorted by the bits of their first word that `mask` leaves."""

    mask: np.uint64
    keys: Words  # (N,) sorted
    rows: Rows  # (N,)


def masks_for(count: int) -> list[np.uint64]:
    """Masks over the first word, which holds the 64 lowest frequencies: the wider the larger the collection.

    16 masks of 16 bits for up to ten thousand hashes, 32 of 28 bits for five million: so many that an ordinary copy,
    2 % of whose bits differ, meets its original under some mask with a probability above 0.99.
    """
    doublings = max(0.0, math.log2(max(count, 1) / 10_000))
    width = min(40, 16 + round(1.34 * doublings))
    number = min(48, 16 + round(1.8 * doublings))
    rng = np.random.default_rng(_SEED)
    chosen = [rng.choice(np.arange(1, 64), width, replace=False).astype(np.uint64) for _ in range(number)]
    return [np.bitwise_or.reduce(np.uint64(1) << bits) for bits in chosen]


def sort_band(words: Words, mask: np.uint64) -> Band:
    """The collection (N, 4) sorted for one mask; equal keys stay in the order of their rows."""
    keys = words[:, 0] & mask
    rows = np.argsort(keys, kind="stable")
    return Band(mask, keys[rows], rows)


def pairs_within(band: Band, words: Words, radius: int) -> Iterator[Pairs]:
    """Pairs of rows of the collection itself that share a bucket and differ in at most `radius` bits, in chunks."""
    _, first, sizes = np.unique(band.keys, return_index=True, return_counts=True)
    place = np.arange(len(band.keys), dtype=np.int64)
    ends = np.repeat(first + sizes, sizes)
    yield from _compared(words, band.rows, place + 1, ends, words, band.rows, radius)


def pairs_between(band: Band, words: Words, queries: Words, radius: int) -> Iterator[Pairs]:
    """Pairs of a row of `queries` (M, 4) and one of the collection, in one bucket and at most `radius` bits apart."""
    keys = queries[:, 0] & band.mask
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.searchsorted(band.keys, keys, "left")
    ends = np.searchsorted(band.keys, keys, "right")
    hit = ends > starts
    yield from _compared(queries, order[hit], starts[hit], ends[hit], words, band.rows, radius)


def _compared(
    queries: Words, asked: Rows, starts: Rows, ends: Rows, words: Words, rows: Rows, radius: int
) -> Iterator[Pairs]:
    """Each row of `asked` against places `starts` to `ends` of the sorted collection."""
    counts = np.clip(ends - starts, 0, _MOST_IN_BUCKET)
    keep = counts > 0
    asked, starts, counts = asked[keep], starts[keep], counts[keep]
    total = np.cumsum(counts)
    begin = 0
    while begin < len(asked):
        done = int(total[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(total, done + _CHUNK, "right")))
        some = counts[begin:end]
        step = np.arange(int(some.sum())) - np.repeat(np.cumsum(some) - some, some)
        left = np.repeat(asked[begin:end], some)
        right = rows[np.repeat(starts[begin:end], some) + step]
        bits = distances(queries[left, :WORDS], words[right, :WORDS])
        near = bits <= radius
        yield left[near], right[near], bits[near]
        begin = end
