"""Why a picture is left out of a corpus, or kept apart: empty, no ultrasound, or Doppler without tissue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Frame, Mask, Region, RegionKind
from lingyin.curate.settings import DropRules

_SIDE = 256  # pixels of the longer side that colours and textures are judged at
_FLAT = 3  # grey levels within a 3x3 window that lossy compression leaves in flat parts
_WITHOUT_TISSUE = frozenset({RegionKind.SPECTRAL, RegionKind.M_MODE, RegionKind.WAVEFORM, RegionKind.GRAPHICS})


class Reason(StrEnum):
    """Why a picture is not among those to train on; the text stands in the catalogue."""

    UNREADABLE = "unreadable"
    NOT_ULTRASOUND = "not-ultrasound"
    EMPTY = "empty"
    TOO_SMALL = "too-small"
    DOPPLER_ONLY = "doppler-only"  # kept apart: the only one whose pictures are stored


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules look at, of the pixels inside the sector: brightest level, spread, and shares of them.

    `tint` and `flow` are 1 where all coloured pixels have one hue, or two opposite ones; 0 where hues are mixed.
    """

    peak: int
    spread: float
    page: float
    coloured: float
    tint: float
    flow: float
    drawing: float


def look_at(frame: Frame, sector: Mask, rules: DropRules) -> Look:
    """Measures a crop `(H, W, 3)` inside its sector `(H, W)`."""
    scale = _SIDE / max(frame.shape[:2])
    small = frame
    if scale < 1:
        small = np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    size = (small.shape[1], small.shape[0])
    inside = cv2.resize(sector.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if not inside.any():
        return Look(0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2GRAY), np.uint8)
    levels = grey[inside]
    kernel = np.ones((3, 3), np.uint8)
    flat = (cv2.dilate(grey, kernel) - cv2.erode(grey, kernel)) <= _FLAT
    pixels = small[inside]
    colour = pixels.max(axis=1).astype(int) - pixels.min(axis=1) > rules.colour_level
    tint, flow = _unity(pixels[colour])
    return Look(
        peak=int(levels.max()),
        spread=float(levels.std()),
        page=float((levels >= rules.page_level).mean()),
        coloured=float(colour.mean()),
        tint=tint,
        flow=flow,
        drawing=float(flat[inside].mean()),
    )


def _unity(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Resultant length of the hues of `(N, 3)` coloured pixels, and of the doubled hues; 1 where there are none."""
    if not len(pixels):
        return 1.0, 1.0
    hues = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV)[0, :, 0] * (2 * np.pi / 180)
    one, two = abs(np.exp(1j * hues).mean()), abs(np.exp(2j * hues).mean())
    return float(one), float(two)


def judge(look: Look, shape: tuple[int, int], regions: Sequence[Region], rules: DropRules) -> Reason | None:
    """The reason to leave a crop of `shape` (rows, columns) out or apart; None for a picture to keep.

    `regions` are those that the file itself declares: without tissue among them the picture shows Doppler or M-mode
    alone. Without regions only a colour map over half of the sector tells.
    """
    if look.peak < rules.darkest_peak or look.spread < rules.flattest_spread:
        return Reason.EMPTY
    if regions and all(region.kind in _WITHOUT_TISSUE for region in regions):
        return Reason.DOPPLER_ONLY
    if min(shape) < rules.smallest_side_px:
        return Reason.TOO_SMALL
    if look.page > rules.page_share or look.drawing > rules.drawing_share:
        return Reason.NOT_ULTRASOUND
    if look.coloured > rules.colour_share and look.tint < rules.tint_unity:
        return Reason.DOPPLER_ONLY if look.flow > rules.flow_unity else Reason.NOT_ULTRASOUND
    return None
