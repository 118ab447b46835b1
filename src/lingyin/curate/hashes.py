"""Perceptual hash and thumbnail of one picture: the same for a copy that was recompressed, resized or given a gamma.

Grey levels are replaced by their ranks, so that any monotone change of brightness leaves them alone; the signs of the
low frequencies of a cosine transform are the bits (after Zauner 2010, pHash, with ranks and 255 bits in place of 64).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Grey = NDArray[np.uint8]

SIDE = 32  # pixels of the thumbnail
_KEPT = 16  # frequencies a side; their signs, but for the mean, are the bits
BITS = _KEPT**2
WORDS = BITS // 64  # of one hash
_BLUR = np.full(9, 1 / 9)  # over grey levels
_INNER = 0.025  # margin of the inner hash, which meets the whole of a copy that was cropped by about 5 %
_ROW, _COLUMN = np.divmod(np.arange(BITS), _KEPT)
# Bits in the order of their frequency: the first change least under recompression.
_ORDER = np.lexsort((_COLUMN, _ROW, np.maximum(_ROW, _COLUMN)))
_ODD: Words = np.packbits(_COLUMN[_ORDER] % 2 == 1, bitorder="little").view(np.uint64)


def hash_image(grey: Grey) -> Words:
    """Two hashes of 256 bits, of the whole picture and of its inside without a margin of 2.5 %.

    Args:
        grey: (H, W) uint8, best the box of the sector; the shape of the picture does not matter.

    Returns:
        (8,) uint64: four words of the whole, four of the inside. Bits that differ count the difference.

    Raises:
        ValueError: no grey picture, or no pixel.
    """
    if grey.ndim != 2 or not grey.size:
        raise ValueError(f"a hash needs a grey picture (H, W), not {grey.shape}")
    height, width = grey.shape
    top, left = round(height * _INNER), round(width * _INNER)
    inside = grey[top : height - top, left : width - left]
    return np.concatenate([_words(_ranks(_small(part))) for part in (grey, inside)])


def thumbnail(grey: Grey) -> Grey:
    """(32, 32) uint8 ranks of the picture's grey levels, for the comparison that follows a match of hashes."""
    return np.asarray(np.rint((_ranks(_small(grey)) + 0.5) * 255), np.uint8)


def mirrored(words: Words) -> Words:
    """The hashes (..., 4 n) of the pictures mirrored left to right: odd horizontal frequencies change their sign."""
    return words ^ np.resize(_ODD, words.shape[-1])


def distances(first: Words, second: Words) -> NDArray[np.int64]:
    """Number of bits that differ, of hashes (..., 4) that broadcast."""
    return np.asarray(np.bitwise_count(first ^ second).sum(axis=-1), np.int64)


def _small(grey: Grey) -> Grey:
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _ranks(small: Grey) -> NDArray[np.float32]:
    """Ranks of the grey levels in -0.5 to 0.5 after a blur of the histogram: noise in the black keeps one rank."""
    counts = np.convolve(np.bincount(small.ravel(), minlength=256), _BLUR, "same")
    table = (np.cumsum(counts) - counts / 2) / small.size - 0.5
    return table.astype(np.float32)[small]


def _words(ranks: NDArray[np.float32]) -> Words:
    """Signs of the low frequencies in the order of `_ORDER`; the mean (bit 0) says nothing and stays clear."""
    bits = cv2.dct(ranks)[:_KEPT, :_KEPT].ravel()[_ORDER] > 0
    bits[0] = False
    return np.packbits(bits, bitorder="little").view(np.uint64)
