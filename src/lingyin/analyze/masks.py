"""Joins one structure's masks over time: smooths probabilities, keeps the plausible component, throws out one-frame
outliers.

All of it at the network's resolution, where every frame of a clip lies on the same grid (one sector for the whole
clip).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]  # (h, w) probability at network resolution

LEVEL = 0.5
SMALLEST_SHARE = 2e-4  # of the grid; a few pixels are no structure
SURE_MASK = 0.60  # mean probability inside the outline under which a mask is not believed
NEIGHBOUR_GAP_S = 0.12  # frames further apart than this may show another phase; they are not smoothed together
OUTLIER_AREA = 0.35  # deviation from the running median, as a share, beyond which one frame stands alone
FAINT = 0.05  # probability kept outside the chosen component, so that its edge stays sub-pixel


@dataclass(frozen=True, slots=True)
class MaskFrame:
    """One frame of a track: position in the list of readings, cleaned `probability (h, w)`, certainty, area (share of
    the grid)."""

    position: int
    probability: Grid
    certainty: float
    area: float


@dataclass(frozen=True)
class Track:
    """A structure over a clip: the frames in which it is believed, and their share of all frames read."""

    structure: str
    frames: tuple[MaskFrame, ...]
    share: float

    @property
    def certainty(self) -> float:
        """Median certainty over the believed frames."""
        return float(np.median([frame.certainty for frame in self.frames]))


def track_structure(
    structure: str, grids: Sequence[NDArray[np.floating] | None], times_s: Sequence[float]
) -> Track | None:
    """Follows one structure through the frames read; None if it is nowhere believed.

    `grids` are T probability maps `(h, w)`, None for a frame that does not show the organ; `times_s` are its T times.

    1. each grid is smoothed with its direct neighbours in time (weights 1-2-1), if these are near enough;
    2. of each grid the component is kept that agrees best with the clip's mean map (a stray blob does not);
    3. a frame whose area stands alone against the running median of five is dropped.
    """
    shape = next((grid.shape for grid in grids if grid is not None), None)
    if shape is None:
        return None
    blank = np.zeros(shape, np.float32)
    smooth = _smooth_over_time([blank if grid is None else grid for grid in grids], times_s)
    consensus = np.asarray(np.mean(smooth, axis=0), np.float32)
    found = [
        frame for position, grid in enumerate(smooth) if (frame := _believed(position, grid, consensus)) is not None
    ]
    kept = _without_outliers(found)
    if not kept:
        return None
    return Track(structure, tuple(kept), len(kept) / len(smooth))


def split_bands(grid: NDArray[np.floating]) -> tuple[Grid, Grid] | None:
    """One map of a structure that comes as two bands, one above the other, as two maps; None where two are not seen.

    The two largest components count; each map keeps `FAINT` at most where the other band is.
    """
    solid = (grid >= LEVEL).astype(np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 3:
        return None
    largest = sorted(range(1, count), key=lambda label: -stats[label, cv2.CC_STAT_AREA])[:2]
    upper, lower = sorted(largest, key=lambda label: float(centres[label][1]))
    border = (float(centres[upper][1]) + float(centres[lower][1])) / 2
    rows = np.arange(grid.shape[0])[:, None]
    maps = []
    for label, own_half in ((upper, rows < border), (lower, rows >= border)):
        strange = (labels > 0) & (labels != label) | ~own_half & (labels != label)
        maps.append(np.where(strange, np.minimum(grid, FAINT), grid).astype(np.float32))
    return maps[0], maps[1]


def _smooth_over_time(grids: Sequence[NDArray[np.floating]], times_s: Sequence[float]) -> list[Grid]:
    result: list[Grid] = []
    for position, grid in enumerate(grids):
        total, weight = grid.astype(np.float32) * 2.0, 2.0
        for other in (position - 1, position + 1):
            if 0 <= other < len(grids) and abs(times_s[other] - times_s[position]) <= NEIGHBOUR_GAP_S:
                total = total + grids[other].astype(np.float32)
                weight += 1.0
        result.append(np.asarray(total / weight, np.float32))
    return result


def _believed(position: int, grid: Grid, consensus: Grid) -> MaskFrame | None:
    """The component of `grid` that carries most probability where the whole clip has it; None if too small or too
    faint."""
    solid = (grid >= LEVEL).astype(np.uint8)
    count, labels = cv2.connectedComponents(solid, connectivity=4)
    if count < 2:
        return None
    weight = np.bincount(labels.ravel(), weights=(grid * (consensus + 0.05)).ravel(), minlength=count)
    best = 1 + int(weight[1:].argmax())
    component = labels == best
    area = float(component.mean())
    certainty = float(grid[component].mean())
    if area < SMALLEST_SHARE or certainty < SURE_MASK:
        return None
    others = (labels != best) & (labels > 0)
    if others.any():
        near = cv2.dilate(others.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        grid = np.where(near & ~component, np.minimum(grid, FAINT), grid).astype(np.float32)
    return MaskFrame(position, grid, certainty, area)


def _without_outliers(frames: list[MaskFrame]) -> list[MaskFrame]:
    """Drops frames whose area differs by more than `OUTLIER_AREA` from the median of the five around them."""
    if len(frames) < 5:
        return frames
    areas = np.asarray([frame.area for frame in frames])
    kept = []
    for index, frame in enumerate(frames):
        start = min(max(0, index - 2), len(frames) - 5)
        middle = float(np.median(areas[start : start + 5]))
        if abs(frame.area - middle) <= OUTLIER_AREA * middle:
            kept.append(frame)
    return kept
