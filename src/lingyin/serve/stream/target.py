"""The target of one frame: from the network's mask to centre, size and centreline in pixels and mm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.masks import LEVEL, SMALLEST_SHARE, SURE_MASK
from lingyin.analyze.measure.caliper import area, chords, principal_axis
from lingyin.core.clip import Box
from lingyin.io.phantom.scene import narrowest
from lingyin.runtime.decode import largest_component, outline
from lingyin.runtime.prepare import Prepared

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

LONG = 2.5  # length over width from which a structure is followed by a line rather than by its centre
STATIONS = 9
EDGE_CELLS = 1.0  # of the network's grid: an outline this near to the sector's box may go on beyond it


@dataclass(frozen=True)
class Target:
    """One structure in one frame. Pixels are of the frame; mm are None where the picture has no known spacing.

    `offset_mm` runs from the middle of the sector to the target, to the right and downwards. `sideways_mm` and
    `deep_mm` are the sizes along the picture's axes, `narrowest_mm` the least width in any direction.
    """

    structure: str
    certainty: float
    centre_px: tuple[float, float]
    offset_px: tuple[float, float]
    centreline_px: Points  # (N, 2); one point where the structure is round
    outline_px: Points  # (M, 2)
    is_cut: bool
    offset_mm: tuple[float, float] | None = None
    sideways_mm: float | None = None
    deep_mm: float | None = None
    narrowest_mm: float | None = None
    area_mm2: float | None = None


def find_target(
    masks: dict[str, Floats], prepared: Prepared, box: Box, mm_per_px: tuple[float, float] | None
) -> Target | None:
    """The largest structure that the masks `(h, w)` show with certainty, None where none does."""
    sizes = {name: float((mask >= LEVEL).mean()) for name, mask in masks.items()}
    for name in sorted(sizes, key=lambda each: -sizes[each]):
        if sizes[name] < SMALLEST_SHARE:
            return None
        target = _target(name, masks[name], prepared, box, mm_per_px)
        if target is not None:
            return target
    return None


def _target(
    name: str, mask: Floats, prepared: Prepared, box: Box, mm_per_px: tuple[float, float] | None
) -> Target | None:
    kept = largest_component(mask, LEVEL)
    rings = outline(kept, LEVEL)
    if not rings:
        return None
    certainty = float(kept[kept >= LEVEL].mean())
    if certainty < SURE_MASK:
        return None
    scale = np.asarray(mm_per_px or (1.0, 1.0))
    ring = to_frame(np.asarray(rings[0]), mask.shape, prepared)
    moments = cv2.moments((ring * scale).astype(np.float32)[:, None])
    if moments["m00"] <= 0:
        return None
    centre = np.array([moments["m10"], moments["m01"]]) / moments["m00"] / scale
    middle = np.array([(box.left + box.right) / 2 - 0.5, (box.top + box.bottom) / 2 - 0.5])
    cell = to_frame(np.array([[0.0, 0.0], [EDGE_CELLS, EDGE_CELLS]]), mask.shape, prepared)
    margin = cell[1] - cell[0]
    low, high = ring.min(axis=0), ring.max(axis=0)
    inner_low, inner_high = np.array([box.left, box.top]) + margin, np.array([box.right, box.bottom]) - margin
    is_cut = bool((low <= inner_low).any() or (high >= inner_high).any())
    placed = ring * scale
    offset = centre - middle
    target = Target(
        structure=name,
        certainty=certainty,
        centre_px=(float(centre[0]), float(centre[1])),
        offset_px=(float(offset[0]), float(offset[1])),
        centreline_px=_centreline(placed) / scale if _is_long(placed) else centre[None],
        outline_px=ring,
        is_cut=is_cut,
    )
    if mm_per_px is None:
        return target
    shift, size = offset * scale, placed.max(axis=0) - placed.min(axis=0)
    return replace(
        target,
        offset_mm=(float(shift[0]), float(shift[1])),
        sideways_mm=float(size[0]),
        deep_mm=float(size[1]),
        narrowest_mm=narrowest(placed),
        area_mm2=area(placed),
    )


def to_frame(points: Points, shape: tuple[int, ...], prepared: Prepared) -> Points:
    """Points `(N, 2)` on the network's grid `(h, w)` to pixels of the frame."""
    size = prepared.image.shape[0]
    on_image = (points + 0.5) * (size / shape[1], size / shape[0]) - 0.5
    inverse = prepared.inverse
    return np.asarray(on_image @ inverse[:, :2].T + inverse[:, 2])


def _is_long(placed: Points) -> bool:
    least = narrowest(placed)
    return principal_axis(placed).length > LONG * max(least, 1e-6)


def _centreline(placed: Points) -> Points:
    """Middles of the widths at even stations along the longest direction, `(N, 2)`."""
    widths = chords(placed, principal_axis(placed), STATIONS)
    return np.asarray([(each.start + each.end) / 2 for each in widths])
