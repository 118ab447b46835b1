"""Whether two pictures show one scene, told from their pixels alone: the second opinion on what a hash search reports.

Nothing of `curate` is used: the pictures are registered on each other by an affine map (Evangelidis & Psarakis 2008,
enhanced correlation coefficient), then their band-passed pixels are correlated where both hold tissue.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Correlation of near-duplicates; pictures of other patients of one set reach 0.61, planted copies are above 0.90.
SAME_SCENE = 0.7
_SIDE = 128  # pixels that pictures are brought to
_FINE, _COARSE = 1.2, 5.0  # pixels: standard deviations of the blurs between which the band lies
_DARK = 10.0  # grey level below which there is no tissue
_LEAST_COMMON = 0.05  # of the picture that must be tissue in both
_ITERATIONS, _PRECISION = 40, 1e-4


def are_near(first: Grey, second: Grey) -> bool:
    """Whether two pictures (H, W) of any size show one scene, in either orientation."""
    return likeness(first, second, enough=SAME_SCENE) >= SAME_SCENE


def likeness(first: Grey, second: Grey, enough: float = 2.0) -> float:
    """Correlation (-1 to 1) of two registered pictures (H, W), the better of both orientations.

    Where a cheaper comparison, without registration, gives `enough`, that is the answer.
    """
    one = _band(first)
    others = [_band(second), _band(np.ascontiguousarray(second[:, ::-1]))]
    best = max(_correlation(one, other) for other in others)
    if best < enough:
        best = max(best, *(_registered(one, other) for other in others))
    return best


def _band(grey: Grey) -> tuple[Floats, Floats]:
    """Band-passed pixels of equal local contrast, and tissue (0 or 1), (128, 128) each."""
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.GaussianBlur(small, (0, 0), _COARSE)
    band = cv2.GaussianBlur(small, (0, 0), _FINE) - coarse
    contrast = np.sqrt(cv2.GaussianBlur(band * band, (0, 0), _COARSE)) + 1
    return np.asarray(band / contrast, np.float32), (coarse > _DARK).astype(np.float32)


def _registered(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    """Correlation after the other was brought onto the one; -1 where that does not succeed."""
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, _ITERATIONS, _PRECISION)
    start, everywhere = np.eye(2, 3, dtype=np.float32), np.ones((_SIDE, _SIDE), np.uint8)
    try:
        _, warp = cv2.findTransformECC(one[0], other[0], start, cv2.MOTION_AFFINE, criteria, everywhere, 5)
    except cv2.error:  # it does not converge: the pictures have nothing in common
        return -1.0
    moved = [
        cv2.warpAffine(part, warp, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) for part in other
    ]
    return _correlation(one, (np.asarray(moved[0], np.float32), np.asarray(moved[1], np.float32)))


def _correlation(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float:
    common = (one[1] > 0.5) & (other[1] > 0.5)
    if common.mean() < _LEAST_COMMON:
        return 0.0
    a, b = one[0][common].astype(np.float64), other[0][common].astype(np.float64)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
