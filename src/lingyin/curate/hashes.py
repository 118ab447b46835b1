"""Perceptual hash and thumbnail of one picture: the same for a copy that was recompressed, resized or given a gamma.

Grey levels are replaced by their ranks, so that any monotone change of brightness leaves them alone; the signs of the
low frequencies of a cosine transform are the bits (after Zauner 2010, pHash, with ranks and 255 bits in place of 64).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lingyin.core.errors import UnreadableError

Words = NDArray[np.uint64]
Grey = NDArray[np.uint8]

SIDE = 32  # pixels of the thumbnail
_ENOUGH = 3 * SIDE  # pixels of the shorter side that a hash needs
_KEPT = 16  # frequencies a side; their signs, but for the mean, are the bits
BITS = _KEPT**2
WORDS = BITS // 64  # of one hash
_JPEG = b"\xff\xd8\xff"
_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_GIVE = "give a JPEG, PNG, WebP or TIFF file"
_BLUR = np.full(9, 1 / 9)  # over grey levels
_INNER = 0.025  # margin of the inner hash, which meets the whole of a copy that was cropped by about 5 %
_ROW, _COLUMN = np.divmod(np.arange(BITS), _KEPT)
# Bits in the order of their frequency: the first change least under recompression.
_ORDER = np.lexsort((_COLUMN, _ROW, np.maximum(_ROW, _COLUMN)))
_ODD: Words = np.packbits(_COLUMN[_ORDER] % 2 == 1, bitorder="little").view(np.uint64)


@dataclass(frozen=True)
class Look:
    """How a picture looks: two hashes `words (8,)` as of `hash_image`, and the `small (32, 32)` of `thumbnail`."""

    words: Words
    small: Grey


def look_of(grey: Grey) -> Look:
    """Hashes and thumbnail of one picture, which share their work.

    Args:
        grey: (H, W) uint8, best the box of the sector; the shape of the picture does not matter.

    Raises:
        ValueError: no grey picture, or no pixel.
    """
    if grey.ndim != 2 or not grey.size:
        raise ValueError(f"a hash needs a grey picture (H, W), not {grey.shape}")
    reduced = _reduced(grey)
    height, width = reduced.shape
    top, left = round(height * _INNER), round(width * _INNER)
    whole, inside = (_ranks(_small(part)) for part in (reduced, reduced[top : height - top, left : width - left]))
    return Look(np.concatenate([_words(whole), _words(inside)]), np.asarray(np.rint((whole + 0.5) * 255), np.uint8))


def look_of_file(path: Path) -> Look:
    """Hashes and thumbnail of a picture in a file; of a large JPEG the decoder leaves out the detail from the start.

    Raises:
        UnreadableError: no picture, or a damaged one.
    """
    try:
        data = path.read_bytes()
        factor = 1
        if data.startswith(_JPEG):
            with Image.open(io.BytesIO(data)) as header:
                factor = next((each for each in (8, 4, 2) if min(header.size) >= each * _ENOUGH), 1)
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED[factor])
    except (OSError, SyntaxError, ValueError, cv2.error) as error:
        raise UnreadableError(path, f"is no picture ({error})", _GIVE) from error
    if grey is None:
        raise UnreadableError(path, "is no picture, or a damaged one", _GIVE)
    return look_of(np.asarray(grey, np.uint8))


def hash_image(grey: Grey) -> Words:
    """Two hashes of 256 bits (8,): four words of the whole picture, four of its inside without a margin of 2.5 %.

    Bits that differ count the difference. Takes and raises what `look_of` does.
    """
    return look_of(grey).words


def thumbnail(grey: Grey) -> Grey:
    """(32, 32) uint8 ranks of the picture's grey levels, for the comparison that follows a match of hashes."""
    return look_of(grey).small


def mirrored(words: Words) -> Words:
    """The hashes (..., 4 n) of the pictures mirrored left to right: odd horizontal frequencies change their sign."""
    return words ^ np.resize(_ODD, words.shape[-1])


def distances(first: Words, second: Words) -> NDArray[np.int64]:
    """Number of bits that differ, of hashes (..., 4) that broadcast."""
    return np.asarray(np.bitwise_count(first ^ second).sum(axis=-1), np.int64)


def _reduced(grey: Grey) -> Grey:
    """The picture reduced by a whole number, which is fast, to about the size at which nothing of the hash is lost."""
    height, width = grey.shape
    factor = min(height, width) // _ENOUGH
    if factor < 2:
        return grey
    rows, columns = height // factor, width // factor
    top, left = (height - rows * factor) // 2, (width - columns * factor) // 2
    part = grey[top : top + rows * factor, left : left + columns * factor]
    return np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


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
