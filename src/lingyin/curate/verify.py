"""Decides whether two thumbnails show one picture: correlation of their detail where both hold tissue.

The coarse brightness is taken away and the black around the sector left out, because two scans of one device share
these. A cropped copy is compared after the same crop of the other picture.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lingyin.curate.hashes import SIDE, Grey

Floats = NDArray[np.float32]
Detail = tuple[Floats, Floats]  # detail and tissue, (P, 32, 32) each
# Correlation of detail that is needed where at most so many bits of the hashes differ: a copy with nearly equal hashes
# may have lost detail to a strong gamma; scans of one device may share their outline, but not their detail.
NEEDED = ((36, 0.5), (54, 0.8), (255, 0.87))
_WORTH_A_CROP = 0.2  # likeness below which no crop is tried
_BLACK = 1.5  # times the rank of the darkest level, which a black surrounding shares
_BLUR_SIDE = 3.0  # pixels, standard deviation of what counts as coarse
_LEAST_COMMON = 0.08  # of the thumbnail that must be tissue in both
_CROPS = (0.95, 0.9)  # of the width and height that a crop leaves
_CHUNK = 4096


def same_picture(first: Grey, second: Grey, bits: NDArray[np.int64], mirror: bool = False) -> NDArray[np.bool_]:
    """For pairs of thumbnails (P, 32, 32) each: do they show the same picture (P,)?

    `bits` (P,) is how much their hashes differ; `mirror` turns the first ones over.
    """
    same = np.zeros(len(first), bool)
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        left, right = np.asarray(first[part], np.float32), np.asarray(second[part], np.float32)
        if mirror:
            left = left[..., ::-1]
        same[part] = _same(left, right, _needed(bits[part]))
    return same


def _needed(bits: NDArray[np.int64]) -> Floats:
    limits = [limit for limit, _ in NEEDED[:-1]]
    return np.array([needed for _, needed in NEEDED], np.float32)[np.searchsorted(limits, bits)]


def _same(left: Floats, right: Floats, needed: Floats) -> NDArray[np.bool_]:
    first, second = _detail(left), _detail(right)
    plain = _correlation(first, second)
    same = plain >= needed
    worth = plain >= _WORTH_A_CROP
    for rows, columns in _crops():
        rest = np.flatnonzero(~same & worth)
        if not len(rest):
            break
        a, b = (first[0][rest], first[1][rest]), (second[0][rest], second[1][rest])
        best = np.maximum(_correlation(_cropped(a, rows, columns), b), _correlation(a, _cropped(b, rows, columns)))
        same[rest] = best >= needed[rest]
    return same


def likeness(left: Floats, right: Floats) -> Floats:
    """Correlation (P,) of the detail of thumbnails (P, 32, 32) where both hold tissue; 0 where that is too little."""
    return _correlation(_detail(left), _detail(right))


def _correlation(left: Detail, right: Detail) -> Floats:
    (a, inside_a), (b, inside_b) = left, right
    common = inside_a * inside_b
    shared = np.einsum("pij,pij,pij->p", a, b, common)
    power = np.einsum("pij,pij,pij->p", a, a, common) * np.einsum("pij,pij,pij->p", b, b, common)
    enough = common.mean(axis=(1, 2)) >= _LEAST_COMMON
    return np.where(enough, shared / np.sqrt(power + 1e-6), 0).astype(np.float32)


def _cropped(detail: Detail, rows: Floats, columns: Floats) -> Detail:
    """The detail of a crop, from that of the whole; tissue counts where most of a sample is tissue."""
    resampled, inside = (_resampled(rows, part, columns) for part in detail)
    return resampled, (inside > 0.5).astype(np.float32)


def _detail(thumbnails: Floats) -> Detail:
    """The thumbnails less their blur within the tissue, and the tissue (0 or 1) without its rim."""
    darkest = thumbnails.min(axis=(1, 2), keepdims=True)
    tissue = thumbnails > _BLACK * darkest + 2
    padded = np.pad(tissue, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    for axis in (1, 2):
        size = padded.shape[axis] - 2
        padded = np.logical_and.reduce([padded.take(range(k, k + size), axis=axis) for k in range(3)])
    inside = padded.astype(np.float32)
    blur = _blur()
    coarse = _resampled(blur, thumbnails * inside, blur) / np.maximum(_resampled(blur, inside, blur), 1e-3)
    return np.asarray((thumbnails - coarse) * inside, np.float32), inside


def _resampled(rows: Floats, thumbnails: Floats, columns: Floats) -> Floats:
    """Thumbnails (P, 32, 32) after an operator on their rows and one on their columns."""
    return np.asarray(rows @ thumbnails @ columns.T, np.float32)


@cache
def _blur() -> Floats:
    """(32, 32) operator that blurs a column, with mirrored edges."""
    place = np.arange(SIDE)
    kernel = np.zeros((SIDE, SIDE), np.float32)
    for shift in range(-3 * SIDE // 2, 3 * SIDE // 2):
        weight = np.exp(-0.5 * (shift / _BLUR_SIDE) ** 2)
        source = np.abs(place + shift) % (2 * SIDE - 2)
        np.add.at(kernel, (place, np.minimum(source, 2 * SIDE - 2 - source)), weight)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True), np.float32)


@cache
def _crops() -> list[tuple[Floats, Floats]]:
    """Operators (rows, columns) that take a thumbnail to that of its crop, at nine places for each size."""
    pairs = []
    for left in _CROPS:
        places = [_stretch(start, start + left) for start in np.linspace(0, 1 - left, 3)]
        pairs += [(rows, columns) for rows in places for columns in places]
    return pairs


def _stretch(low: float, high: float) -> Floats:
    """(32, 32) operator: the samples of the part `low` to `high` (0 to 1) of a column, linearly between its samples."""
    place = np.clip((low + (high - low) * (np.arange(SIDE) + 0.5) / SIDE) * SIDE - 0.5, 0, SIDE - 1)
    below = np.minimum(place.astype(int), SIDE - 2)
    operator = np.zeros((SIDE, SIDE), np.float32)
    operator[np.arange(SIDE), below] = 1 - (place - below)
    operator[np.arange(SIDE), below + 1] = place - below
    return operator
