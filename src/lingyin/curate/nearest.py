"""Search for hashes that differ in few bits, in bulk: candidates share one of many masked parts of the first word.

One sort of packed numbers replaces hash tables, so memory grows by some 100 bytes a hash and the cost of a million
stays flat: masks widen as the collection grows, their number does not (locality-sensitive hashing by bit sampling:
Indyk & Motwani 1998, Gionis et al. 1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingyin.curate.hashes import WORDS, Words, mirrored

Rows = NDArray[np.int64]
Labels = NDArray[np.int32]
Flags = NDArray[np.bool_]
_CHUNK = 1 << 17  # pairs compared at once: what they need fits a processor's cache
_MOST_IN_BUCKET = 48  # a hash is compared with at most so many of a bucket: near-equal frames come in thousands
_MOST_FIRST_BITS = 17  # of the first word: of the copies with a crop or print one in a hundred differs in more
_MASKS, _SEED = 24, 20  # the masks are part of the method
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, near 2^64 over the golden ratio: top bits depend on all (Knuth 1973)
_ONE = np.uint64(1)


@dataclass(frozen=True)
class Pairs:
    """Near pairs (P,): row that asked, row that was found, bits that differ, is the one the other's mirror image."""

    asked: Rows
    found: Rows
    bits: Rows
    mirror: Flags

    def __getitem__(self, chosen: Flags) -> Pairs:
        return Pairs(self.asked[chosen], self.found[chosen], self.bits[chosen], self.mirror[chosen])


def masks_for(count: int) -> list[np.uint64]:
    """Masks over the first word, which holds the 64 lowest frequencies: the wider the larger the collection.

    24 masks of 16 bits for up to ten thousand hashes, of 28 bits for five million: so many that an ordinary copy,
    2 % of whose bits differ, meets its original under some mask with a probability above 0.99.
    """
    doublings = max(0.0, math.log2(max(count, 1) / 10_000))
    width = min(40, 16 + round(1.34 * doublings))
    rng = np.random.default_rng(_SEED)
    chosen = [rng.choice(np.arange(1, 64), width, replace=False).astype(np.uint64) for _ in range(_MASKS)]
    return [np.bitwise_or.reduce(_ONE << bits) for bits in chosen]


@dataclass(frozen=True)
class Search:
    """What is compared: the rows of `words (N, 4)` from `held` on ask, those before answer, and ask too where `alike`.

    With `mirrors` pictures turned left to right are found too.
    """

    words: Words
    held: int
    alike: bool
    mirrors: bool

    def pairs(self, mask: np.uint64, radius: int, groups: Labels | None = None) -> Iterator[Pairs]:
        """Pairs in one bucket of `mask` at most `radius` bits apart, in chunks.

        Pairs with one number in `groups` (N,), if given, are left out.
        """
        row_bits = np.uint64(max(1, (len(self.words) - 1).bit_length()))
        entries = self._entries(mask, row_bits)
        asking, counts, starts = self._ranges(entries, row_bits)
        total = np.cumsum(counts)
        first_words = np.ascontiguousarray(self.words[:, 0])
        begin = 0
        while begin < len(asking):
            done = int(total[begin - 1]) if begin else 0
            end = max(begin + 1, int(np.searchsorted(total, done + _CHUNK, "right")))
            some = counts[begin:end]
            shift = starts[begin:end] - (total[begin:end] - some - done)
            left = np.repeat(entries[asking[begin:end]], some)
            right = entries[np.arange(len(left)) + np.repeat(shift, some)]
            yield self._near(left, right, row_bits, radius, groups, first_words)
            begin = end

    def _entries(self, mask: np.uint64, row_bits: np.uint64) -> Words:
        """Sorted numbers, one for each row, that hold its bucket, the row, and in the last bit whether it is turned.

        A picture and its mirror image have one bucket: that of the smaller key of the two.
        """
        entries = np.empty(len(self.words), np.uint64)
        turn = _mirror_bits()[0] & mask if self.mirrors else np.uint64(0)
        bucket = ~((_ONE << (row_bits + _ONE)) - _ONE)
        for start in range(0, len(entries), _CHUNK):  # in pieces that stay in the processor's cache
            key = self.words[start : start + _CHUNK, 0] & mask
            other = key ^ turn
            rows = np.arange(start, start + len(key), dtype=np.uint64) << _ONE | (other < key)
            entries[start : start + _CHUNK] = np.minimum(key, other) * _SPREAD & bucket | rows
        entries.sort()
        return entries

    def _ranges(self, entries: Words, row_bits: np.uint64) -> tuple[Rows, Rows, Rows]:
        """Of each entry that has others to compare with: its place, their number, and the place of the first."""
        buckets = entries >> (row_bits + _ONE)
        alone = np.ones(len(entries) + 1, bool)  # a bucket starts here
        np.not_equal(buckets[1:], buckets[:-1], out=alone[1:-1])
        shared = np.flatnonzero(~(alone[1:] & alone[:-1]))  # entries that are not alone in their bucket
        starts = np.flatnonzero(alone[shared])
        sizes = np.diff(starts, append=len(shared))
        holds = (entries[shared] >> _ONE & ((_ONE << row_bits) - _ONE)) < self.held
        held = np.add.reduceat(holds, starts, dtype=np.int64) if len(starts) else sizes
        begin, end = np.repeat(shared[starts], sizes), np.repeat(shared[starts] + held, sizes)
        begin[holds] = shared[holds] + 1 if self.alike else end[holds]
        counts = np.minimum(end - begin, _MOST_IN_BUCKET)
        some = counts > 0
        return shared[some], counts[some], begin[some]

    def _near(
        self, left: Words, right: Words, row_bits: np.uint64, radius: int, groups: Labels | None, first_words: Words
    ) -> Pairs:
        """What is near among pairs of entries; cheap questions come first."""
        low = (_ONE << row_bits) - _ONE
        asked, found = ((side >> _ONE & low).astype(np.int64) for side in (left, right))
        mirror = ((left ^ right) & _ONE).astype(bool)
        if groups is not None:
            news = groups[asked] != groups[found]
            asked, found, mirror = asked[news], found[news], mirror[news]
        turn = _mirror_bits()
        first = first_words[asked] ^ first_words[found] ^ (turn[0] * mirror)
        near = np.bitwise_count(first) <= min(radius, _MOST_FIRST_BITS)
        asked, found, mirror = asked[near], found[near], mirror[near]
        differ = self.words[asked] ^ self.words[found] ^ (turn * mirror[:, None])
        bits = np.bitwise_count(differ).sum(axis=1, dtype=np.int64)
        return Pairs(asked, found, bits, mirror)[bits <= radius]


def _mirror_bits() -> Words:
    """The bits (4,) that a mirror image changes."""
    return mirrored(np.zeros(WORDS, np.uint64))
