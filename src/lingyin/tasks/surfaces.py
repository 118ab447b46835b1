"""How well two masks agree: overlap of their areas, and of their outlines within a tolerance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt  # type: ignore[import-untyped,unused-ignore]

Mask = NDArray[np.bool_]


def dice(predicted: Mask, truth: Mask) -> float:
    """Overlap of two masks (Dice 1945), 0 to 1; 1 where both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2 * int((predicted & truth).sum()) / total if total else 1.0


def surface_dice(predicted: Mask, truth: Mask, tolerance: float) -> float:
    """Share of both outlines that lies within `tolerance` pixels of the other (Nikolov et al. 2021); 1 where both are
    empty, 0 where one is."""
    if not predicted.any() or not truth.any():
        return float(predicted.any() == truth.any())
    edges = [mask & ~binary_erosion(mask, border_value=0) for mask in (predicted, truth)]
    near = [
        distance_transform_edt(~other)[edge] <= tolerance for edge, other in zip(edges, reversed(edges), strict=True)
    ]
    return float(sum(int(each.sum()) for each in near) / sum(len(each) for each in near))
