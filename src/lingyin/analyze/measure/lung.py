"""Lung artefacts below the pleural line, read from brightness along the beams: B-lines that do not fade, and A-lines.

A picture and its sector come in; beams as columns, the depth of the pleural line, and counts go out. No network helps:
where no pleural line is clear nothing is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Points
from lingyin.analyze.measure.refine import smooth_path
from lingyin.core.clip import Mask

BEAMS, DEPTHS = 96, 192  # of the straightened picture
LEAST_INSIDE = 0.3  # share of the straightened picture that lies in the sector
SIDES = (0.25, 0.7)  # share of the sector's height in which its sides are taken as straight
PLEURA = (0.08, 0.5)  # share of the depth in which the pleural line may lie
THIN, THICK = 1.5, 7.0  # depths (standard deviations): a line stands out between the two blurs
CLEAR = 10.0  # grey levels by which the pleural line stands out of what is around it
BENDS = 0.02  # price of one step of depth between beams, in units of the clearest line
BELOW = 0.06  # share of the depth below the pleural line that is its own blur
STAYS = 0.75  # brightness of a B-line in the deepest third over that in the first
BRIGHT = 30.0  # grey level that a B-line keeps to the bottom
STANDS_OUT = 8.0  # grey levels over the beams around it, unless most beams are such lines
AROUND = 0.3  # share of the width that is around a beam
SINGLE = 0.1  # share of the width up to which a ray is one line; wider ones count a line for each tenth
Straight = NDArray[np.float32]  # (depths, beams); NaN outside the sector


@dataclass(frozen=True)
class Beams:
    """The picture with beams as columns, and where each of its points lies in the frame: `x`, `y (DEPTHS, BEAMS)`."""

    picture: Straight
    x: Straight
    y: Straight


@dataclass(frozen=True)
class LungFrame:
    """One frame: median depth of the pleural line as a share of the picture's, and each B-line from there to the
    bottom, its two ends in pixels; `b_lines` counts a broad one several times."""

    pleura: float
    b_lines: int
    rays: tuple[Points, ...]


def read_lung(grey: NDArray[np.uint8], sector: Mask) -> LungFrame | None:
    """Counts B-lines in one frame `(H, W)`; None where no pleural line is clear or no lung lies below it."""
    beams = straighten(grey, sector)
    pleura = None if beams is None else pleural_line(beams.picture)
    if beams is None or pleura is None:
        return None
    below = _below(beams.picture, pleura)
    if below is None:
        return None
    found = rays_of(_lasting(below))
    lines = tuple(_line(beams, pleura, (start + end) // 2) for start, end in found)
    return LungFrame(float(np.median(pleura)) / DEPTHS, sum(map(_worth, found)), lines)


def straighten(grey: NDArray[np.uint8], sector: Mask) -> Beams | None:
    """The picture with beams as columns `(DEPTHS, BEAMS)`; None where the sector has no straight sides.

    The sides of a sector meet in its apex, so that points at one share of the width between them lie on one beam.
    """
    rows = np.flatnonzero(sector.any(axis=1))
    if len(rows) < 32:
        return None
    top, bottom = int(rows[0]), int(rows[-1])
    middle = np.arange(top + int(SIDES[0] * (bottom - top)), top + int(SIDES[1] * (bottom - top)))
    left = np.polyfit(middle, sector[middle].argmax(axis=1), 1)
    right = np.polyfit(middle, sector.shape[1] - 1 - sector[middle, ::-1].argmax(axis=1), 1)
    y = np.linspace(top, bottom, DEPTHS)[:, None]
    share = (np.arange(BEAMS) + 0.5)[None] / BEAMS
    x = np.polyval(left, y) + share * (np.polyval(right, y) - np.polyval(left, y))
    where = x.astype(np.float32), np.ascontiguousarray(np.broadcast_to(y, x.shape), np.float32)
    picture = np.asarray(cv2.remap(grey, *where, cv2.INTER_LINEAR), np.float32)
    inside = cv2.remap(sector.astype(np.uint8), *where, cv2.INTER_NEAREST) > 0
    if inside.mean() < LEAST_INSIDE:
        return None
    return Beams(np.where(inside, picture, np.float32(np.nan)), *where)


def pleural_line(picture: Straight) -> NDArray[np.float64] | None:
    """Depth (rows) of the clearest bright line across most beams, `(BEAMS,)`; None where none is clear."""
    filled = np.nan_to_num(picture, nan=0.0)
    thin, thick = (cv2.GaussianBlur(filled, (0, 0), sigmaX=1.5, sigmaY=width) for width in (THIN, THICK))
    first, last = (int(share * DEPTHS) for share in PLEURA)
    line = np.maximum((thin - thick)[first:last], 0.0).astype(np.float64)
    if not line.any():
        return None
    path = smooth_path((line / line.max()).T, BENDS)
    height = line[path, np.arange(BEAMS)]
    return None if np.percentile(height, 35) < CLEAR else np.asarray(path + first, np.float64)


def _below(picture: Straight, pleura: NDArray[np.float64]) -> Straight | None:
    """Three thirds of the depth below the pleural line, mean brightness of each beam `(3, BEAMS)`."""
    thirds = np.full((3, BEAMS), np.nan, np.float32)
    for beam in range(BEAMS):
        start = int(pleura[beam] + BELOW * DEPTHS)
        column = picture[start:, beam]
        column = column[np.isfinite(column)]
        if len(column) >= DEPTHS // 4:
            thirds[:, beam] = [part.mean() for part in np.array_split(column, 3)]
    return thirds if np.isfinite(thirds[0]).mean() > 0.5 else None


def _lasting(below: Straight) -> NDArray[np.bool_]:
    """Beams `(BEAMS,)` that stay bright to the bottom and stand out of those around."""
    first, _, last = (np.nan_to_num(each, nan=0.0) for each in below)
    stays = (last >= STAYS * first) & (last >= BRIGHT)
    reach = int(AROUND * BEAMS)
    padded = np.pad(last, reach, mode="reflect")
    around = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), 30, axis=1)
    out = last - around >= STANDS_OUT
    white = stays.mean() > 0.5 and float(np.median(last)) >= 2 * BRIGHT
    return np.asarray(stays & (out | white))


def rays_of(carries: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of beams (start, end) that carry a line, less single beams."""
    steps = np.flatnonzero(np.diff(np.pad(carries.astype(np.int8), 1)))
    return [(int(start), int(end)) for start, end in zip(steps[::2], steps[1::2], strict=True) if end - start > 1]


def _worth(ray: tuple[int, int]) -> int:
    """B-lines in a ray; a broad one counts one for each tenth of the width that it takes (Volpicelli et al. 2012)."""
    width = (ray[1] - ray[0]) / BEAMS
    return 1 if width <= SINGLE else round(10 * width)


def _line(beams: Beams, pleura: NDArray[np.float64], beam: int) -> Points:
    """One beam from the pleural line to the bottom, `(2, 2)` in pixels."""
    seen = np.flatnonzero(np.isfinite(beams.picture[:, beam]))
    ends = [int(pleura[beam]), int(seen[-1])]
    return np.stack([beams.x[ends, beam], beams.y[ends, beam]], axis=1).astype(np.float64)
