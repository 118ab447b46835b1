"""The part of one frame that a lesion's description is read from: the picture, the lesion and what lies around it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Points, area
from lingyin.analyze.measure.interval import LEVELS
from lingyin.analyze.measure.shot import MIDDLE, Scale, Shot
from lingyin.core.clip import Mask

Grey = NDArray[np.float32]  # (h, w), 0 to 255
AROUND = 0.9  # of the lesion's own width or height: how much of the surroundings comes along
SMALLEST_PX = 14.0  # equivalent diameter under which grey levels of a lesion say nothing


@dataclass(frozen=True)
class Patch:
    """Cut out around a lesion.

    `grey (h, w)`; `lesion (h, w)` its filled outline; `sector (h, w)` where the scan is; `outlines[level] (N, 2)` in
    pixels of the patch, by probability level; `scale` in mm per pixel (or with the aspect of the pixels alone).
    """

    grey: Grey
    lesion: Mask
    sector: Mask
    outlines: dict[float, Points]
    scale: Scale

    @property
    def outline(self) -> Points:
        return self.outlines[MIDDLE]

    @property
    def diameter_px(self) -> float:
        """Diameter of the circle of the lesion's area."""
        return float(2 * np.sqrt(self.lesion.sum() / np.pi))

    @property
    def legible(self) -> bool:
        """Whether there are enough pixels to speak of grey levels."""
        return self.diameter_px >= SMALLEST_PX

    def inner(self, share: float) -> Mask:
        """The lesion less a rim of `share` of its diameter (at least 1 px)."""
        return self._depth > max(1.0, share * self.diameter_px)

    def ring(self, gap: float, width: float) -> Mask:
        """What surrounds the lesion within the sector: from `gap` to `gap + width` of its diameter away."""
        near, far = max(1.0, gap * self.diameter_px), max(2.0, (gap + width) * self.diameter_px)
        return (self._distance > near) & (self._distance <= far) & self.sector

    @functools.cached_property
    def _depth(self) -> NDArray[np.float32]:
        """Distance in px of every pixel of the lesion from what is not lesion; 0 outside. The border is no lesion."""
        framed = np.pad(self.lesion.astype(np.uint8), 1)
        return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1], np.float32)

    @functools.cached_property
    def _distance(self) -> NDArray[np.float32]:
        """Distance in px of every other pixel from the lesion; 0 inside."""
        outside = (~self.lesion).astype(np.uint8)
        return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def cut_patch(grey: Grey, sector: Mask, shot: Shot) -> Patch | None:
    """The surroundings of a shot's outline, cut from its frame `grey (H, W)` with the scan `sector (H, W)`.

    None where the outline encloses nothing of the picture.
    """
    outline = shot.outlines[MIDDLE]
    if area(outline) < 4:
        return None
    height, width = grey.shape
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    reach = AROUND * max(right - left, bottom - top)
    x0, x1 = max(0, int(left - reach)), min(width, int(np.ceil(right + reach)) + 1)
    y0, y1 = max(0, int(top - reach)), min(height, int(np.ceil(bottom + reach)) + 1)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    shift = np.array([x0, y0], np.float64)
    lesion = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(lesion, [np.rint(outline - shift).astype(np.int32)], 1)
    wanted = (MIDDLE, *LEVELS)
    return Patch(
        grey=np.asarray(grey[y0:y1, x0:x1], np.float32),
        lesion=(lesion > 0) & sector[y0:y1, x0:x1],
        sector=sector[y0:y1, x0:x1],
        outlines={level: shot.outlines[level] - shift for level in wanted if level in shot.outlines},
        scale=shot.scale,
    )
