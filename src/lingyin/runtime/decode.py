"""Masks from the network's grid back to the frame, and their outlines to a fraction of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.study import Point
from lingyin.runtime.prepare import Prepared

Floats = NDArray[np.float32]


def mask_on_frame(probability: Floats, prepared: Prepared, height: int, width: int) -> Floats:
    """Probability on the network's grid `(h, w)` to the frame `(height, width)`; 0 outside the network's square.

    Cubic interpolation (Keys 1981) with exact positions: the fixed-point positions of `cv2.warpAffine` would shift an
    edge by a third of a pixel when a coarse grid is enlarged tenfold.
    """
    size = prepared.image.shape[0]
    rows, columns = probability.shape
    x = (prepared.matrix[0, 0] * np.arange(width) + prepared.matrix[0, 2] + 0.5) * columns / size - 0.5
    y = (prepared.matrix[1, 1] * np.arange(height) + prepared.matrix[1, 2] + 0.5) * rows / size - 0.5
    enlarged = _cubic(y, rows) @ np.asarray(probability, np.float32) @ _cubic(x, columns).T
    return np.asarray(np.clip(enlarged, 0.0, 1.0), np.float32)


def _cubic(positions: NDArray[np.float64], count: int) -> Floats:
    """Weights `(N, count)` that interpolate `count` samples at `positions`; rows off the grid are zero."""
    weights = np.zeros((len(positions), count), np.float32)
    inside = (positions >= -0.5) & (positions <= count - 0.5)
    first = np.floor(positions).astype(int)
    t = positions - first
    kernel = (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
    index = np.arange(len(positions))
    for offset, weight in enumerate(kernel):
        np.add.at(weights, (index, np.clip(first - 1 + offset, 0, count - 1)), np.where(inside, weight, 0.0))
    return weights


def largest_component(probability: Floats, threshold: float = 0.5) -> Floats:
    """The same map with all but the largest connected part at or over `threshold` set to zero; all zero if none is."""
    solid = (probability >= threshold).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    if count < 2:
        return np.zeros_like(probability)
    best = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    others = ((labels != best) & (labels > 0)).astype(np.uint8)
    near = cv2.dilate(others, np.ones((3, 3), np.uint8)) > 0
    kept = np.where(near & (labels != best), 0.0, probability)
    return np.asarray(kept, np.float32)


def outline(probability: Floats, threshold: float = 0.5) -> list[list[Point]]:
    """Outer outlines of where `probability (H, W)` reaches `threshold`, largest first, closed, as (x, y) pixel centres.

    Marching squares (Lorensen & Cline 1987 in the plane): each corner lies where the linear interpolation between two
    pixels crosses the threshold. Holes are left out.
    """
    solid = probability >= threshold
    if not solid.any():
        return []
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    part = np.pad(np.asarray(probability, np.float64), 1)[top : int(rows[-1]) + 3, left : int(columns[-1]) + 3]
    rings = _rings(part, threshold)
    found = [(area, ring) for ring in rings if (area := _enclosed(ring)) > 0]
    found.sort(key=lambda each: -each[0])
    return [[(float(x) + left - 1, float(y) + top - 1) for x, y in ring] for _, ring in found]


# Corner bits: 1 top left, 2 top right, 4 bottom right, 8 bottom left. Edges: T, R, B, L. Each pair is a directed step
# with the inside always on the same hand, so that outer rings and holes turn in opposite ways.
_STEPS: dict[int, tuple[tuple[str, str], ...]] = {
    1: (("L", "T"),),
    2: (("T", "R"),),
    3: (("L", "R"),),
    4: (("R", "B"),),
    6: (("T", "B"),),
    7: (("L", "B"),),
    8: (("B", "L"),),
    9: (("B", "T"),),
    11: (("B", "R"),),
    12: (("R", "L"),),
    13: (("R", "T"),),
    14: (("T", "L"),),
}
_SADDLES: dict[tuple[int, bool], tuple[tuple[str, str], ...]] = {
    (5, False): (("L", "T"), ("R", "B")),
    (5, True): (("L", "B"), ("R", "T")),
    (10, False): (("T", "R"), ("B", "L")),
    (10, True): (("T", "L"), ("B", "R")),
}


def _rings(part: NDArray[np.float64], threshold: float) -> list[NDArray[np.float64]]:
    """Closed rings `(N, 2)` of a map whose border lies below the threshold."""
    width = part.shape[1]
    inside = part >= threshold
    corners = inside[:-1, :-1] * 1 + inside[:-1, 1:] * 2 + inside[1:, 1:] * 4 + inside[1:, :-1] * 8
    centre = (part[:-1, :-1] + part[:-1, 1:] + part[1:, 1:] + part[1:, :-1]) / 4 >= threshold
    step: dict[int, int] = {}

    def edge(name: str, y: NDArray[np.intp], x: NDArray[np.intp]) -> NDArray[np.intp]:
        """Number of an edge: even for horizontal ones, named after their left or upper pixel."""
        row = y + (name == "B")
        column = x + (name == "R")
        return np.asarray(2 * (row * width + column) + (name in "LR"), np.intp)

    def add(where: NDArray[np.bool_], pairs: tuple[tuple[str, str], ...]) -> None:
        y, x = np.nonzero(where)
        for start, end in pairs:
            step.update(zip(edge(start, y, x).tolist(), edge(end, y, x).tolist(), strict=True))

    for case, pairs in _STEPS.items():
        add(corners == case, pairs)
    for (case, joined), pairs in _SADDLES.items():
        add((corners == case) & (centre == joined), pairs)
    rings = []
    while step:
        start = next(iter(step))
        ring = [start]
        current = step.pop(start)
        while current != start:
            ring.append(current)
            current = step.pop(current)
        rings.append(_crossings(part, np.array(ring), threshold))
    return rings


def _crossings(part: NDArray[np.float64], edges: NDArray[np.intp], threshold: float) -> NDArray[np.float64]:
    """Where the threshold lies on each edge, `(N, 2)` as (x, y)."""
    vertical = edges % 2
    y, x = np.divmod(edges // 2, part.shape[1])
    first, second = part[y, x], part[y + vertical, x + 1 - vertical]
    share = (threshold - first) / (second - first)
    return np.stack([x + share * (1 - vertical), y + share * vertical], axis=1)


def _enclosed(ring: NDArray[np.float64]) -> float:
    """Area of a ring, positive for outer rings and negative for holes."""
    x, y = ring.T
    return float(0.5 * (np.roll(x, -1) * y - x * np.roll(y, -1)).sum())
