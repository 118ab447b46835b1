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
NEEDED = ((36, 0.5), (44, 0.8), (54, 0.86), (255, 0.9))
_WORTH_A_CROP = 0.35  # likeness below which no crop is tried: one crop in a hundred has less
_BLACK = 1.5  # times the rank of the darkest level, which a black surrounding shares
_BLUR_SIDE = 3.0  # pixels, standard deviation of what counts as coarse
_LEAST_COMMON = 0.08  # of the thumbnail that must be tissue in both
_CROPS = (0.95, 0.9)  # of the width and height that a crop leaves
_LIKELY_PLACES = 2  # of eighteen, that are looked at closely
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
    rest = np.flatnonzero(~same & (plain >= _WORTH_A_CROP))
    if len(rest):
        same[rest] = _crop_is_same(_chosen(first, rest), _chosen(second, rest), needed[rest])
    return same


def _crop_is_same(first: Detail, second: Detail, needed: Floats) -> NDArray[np.bool_]:
    """Whether one is like a crop of the other; half the samples a side tell which places are worth a full look."""
    rough, places = (_halved(first), _halved(second)), _crops(_CROPS[0], SIDE // 2)
    alike = [_correlation(_cropped(rough[t], *place), rough[1 - t], 0) for t in (0, 1) for place in places]
    likely = np.argsort(-np.stack(alike), axis=0)[:_LIKELY_PLACES]
    same = np.zeros(len(needed), bool)
    for choices in likely:
        for choice in np.unique(choices):
            some = np.flatnonzero((choices == choice) & ~same)
            sides = _chosen(first, some), _chosen(second, some)
            turn, place = divmod(int(choice), len(places))
            for share in _CROPS:
                cropped = _cropped(sides[turn], *_crops(share, SIDE)[place])
                same[some] |= _correlation(cropped, sides[1 - turn]) >= needed[some]
    return same


def _chosen(detail: Detail, rows: NDArray[np.int64]) -> Detail:
    return detail[0][rows], detail[1][rows]


def _halved(detail: Detail) -> Detail:
    """Detail and tissue with half the samples a side."""
    coarse, inside = (
        part[:, ::2, ::2] + part[:, 1::2, ::2] + part[:, ::2, 1::2] + part[:, 1::2, 1::2] for part in detail
    )
    quarter = np.float32(0.25)
    return np.asarray(coarse * quarter, np.float32), np.asarray(inside * quarter, np.float32)


def likeness(left: Floats, right: Floats) -> Floats:
    """Correlation (P,) of the detail of thumbnails (P, 32, 32) where both hold tissue; 0 where that is too little."""
    return _correlation(_detail(left), _detail(right))


def _correlation(left: Detail, right: Detail, least: float = _LEAST_COMMON) -> Floats:
    (a, inside_a), (b, inside_b) = left, right
    common = inside_a * inside_b
    shared = np.einsum("pij,pij,pij->p", a, b, common)
    power = np.einsum("pij,pij,pij->p", a, a, common) * np.einsum("pij,pij,pij->p", b, b, common)
    enough = common.mean(axis=(1, 2)) >= least
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
def _crops(share: float, side: int) -> list[tuple[Floats, Floats]]:
    """Operators (rows, columns) that take `side` samples a side to those of a crop to that share, at nine places."""
    places = [_stretch(start, start + share, side) for start in np.linspace(0, 1 - share, 3)]
    return [(rows, columns) for rows in places for columns in places]


def _stretch(low: float, high: float, side: int = SIDE) -> Floats:
    """(side, side) operator: samples of the part `low` to `high` (0 to 1) of a column, linearly between its samples."""
    place = np.clip((low + (high - low) * (np.arange(side) + 0.5) / side) * side - 0.5, 0, side - 1)
    below = np.minimum(place.astype(int), side - 2)
    operator = np.zeros((side, side), np.float32)
    operator[np.arange(side), below] = 1 - (place - below)
    operator[np.arange(side), below + 1] = place - below
    return operator
