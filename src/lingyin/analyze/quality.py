"""How good one frame is as a picture: sharpness, contrast and exposure inside the sector, joined into one score."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Frame, Mask

SMALL_SIDE = 48  # px; under this, speckle and anatomy can no longer be told apart
DARK_MEAN = 6.0
BRIGHT_SHARE = 0.35
FLAT_SPREAD = 8.0
GOOD_SPREAD = 38.0
GOOD_SHARPNESS = 7.0
NEAR = 0.3  # of the sector's depth: a lifted probe shows its own ringing there, and nothing below
EMPTY_LEVEL = 10.0  # 98th percentile of the grey levels below, under which there is no tissue


@dataclass(frozen=True, slots=True)
class Quality:
    """`score` 0-1 weights a frame against its neighbours; `code` names what is wrong (phrases, group `quality`)."""

    score: float
    code: str = "adequate"


def frame_quality(frame: Frame, sector: Mask) -> Quality:
    """Judges one frame `(H, W, 3)` inside the sector mask `(H, W)`.

    The score is the product of exposure, contrast (spread of grey levels between the 5th and 95th percentile) and
    sharpness (mean gradient after a light blur, so that noise does not count as detail). Each factor is bounded to 0-1.
    """
    grey: NDArray[np.uint8] = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
    inside = grey[sector]
    if inside.size == 0 or int(inside.max()) < 8:
        return Quality(0.0, "no-picture")
    low, middle, high = (float(value) for value in np.percentile(inside, (5, 50, 95)))
    spread = high - low
    mean = float(inside.mean())
    saturated = float((inside >= 250).mean())
    if min(frame.shape[:2]) < SMALL_SIDE:
        return Quality(0.1, "too-small")
    if _without_contact(grey, sector):
        return Quality(0.02, "no-contact")
    exposure = min(1.0, mean / 30.0) * (1.0 - min(1.0, saturated / 0.5))
    contrast = min(1.0, spread / GOOD_SPREAD)
    sharp = min(1.0, _sharpness(grey, sector) / GOOD_SHARPNESS)
    score = float((0.2 + 0.8 * exposure) * (0.2 + 0.8 * contrast) * (0.2 + 0.8 * sharp))
    if mean < DARK_MEAN and middle < DARK_MEAN:
        return Quality(score, "too-dark")
    if saturated > BRIGHT_SHARE:
        return Quality(score, "too-bright")
    if spread < FLAT_SPREAD:
        return Quality(score, "low-contrast")
    return Quality(score)


def _without_contact(grey: NDArray[np.uint8], sector: Mask) -> bool:
    """Whether there is an echo near the probe and none at all below: air lies between probe and skin."""
    rows = np.flatnonzero(sector.any(axis=1))
    border = int(rows[0] + NEAR * (rows[-1] - rows[0]))
    near, far = grey[:border][sector[:border]], grey[border:][sector[border:]]
    if near.size == 0 or far.size == 0 or float(np.percentile(far, 98)) >= EMPTY_LEVEL:
        return False
    return float(np.percentile(near, 98)) >= 3 * EMPTY_LEVEL


def _sharpness(grey: NDArray[np.uint8], sector: Mask) -> float:
    """Mean absolute gradient in grey levels per pixel, on a picture of at most 320 px so that size does not matter."""
    factor = min(1.0, 320.0 / max(grey.shape))
    size = (max(8, round(grey.shape[1] * factor)), max(8, round(grey.shape[0] * factor)))
    small = cv2.GaussianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 1.0)
    shrunk = cv2.resize(sector.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    inner = cv2.erode(shrunk, np.ones((5, 5), np.uint8)) > 0  # the sector's own edge is not detail
    if not inner.any():
        return 0.0
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    return float(np.hypot(across, down)[inner].mean() / 4.0)
