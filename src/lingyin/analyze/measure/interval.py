"""The 90 % interval of a measured value: where the outline could lie, how far frames differ, and how coarse the
pixels are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SPAN_90 = 1.645  # standard deviations of a normal distribution on either side of the middle 90 %
PIXEL_SD = 0.41  # of a distance between two pixel edges, each uniform within one pixel: sqrt(2 / 12)
LEVELS = (0.3, 0.7)  # probability levels whose outlines bound the position of the edge


def interval_90(
    value: float,
    at_levels: tuple[float, float],
    frame_values: Sequence[float] = (),
    pixel: float = 0.0,
    relative_floor: float = 0.01,
) -> tuple[float, float]:
    """Interval around `value`, in its unit, never below zero.

    Args:
        value: the stated value.
        at_levels: the value with the outline drawn at probability 0.3 and at 0.7; half their distance is taken as
            half of a 90 % interval.
        frame_values: the same quantity in frames that should agree; their robust spread counts as one standard
            deviation.
        pixel: size of one pixel of the network's grid, in the unit of the value.
        relative_floor: smallest standard deviation as a share of the value (placement of a caliper by the network
            itself).

    The parts are independent and added in quadrature.
    """
    edge = abs(at_levels[0] - at_levels[1]) / 2.0
    spread = SPAN_90 * robust_spread(frame_values)
    grain = SPAN_90 * PIXEL_SD * pixel
    floor = SPAN_90 * relative_floor * abs(value)
    half = float(np.sqrt(edge**2 + spread**2 + grain**2 + floor**2))
    return max(0.0, value - half), value + half


def robust_spread(values: Sequence[float]) -> float:
    """Standard deviation from the median absolute deviation; 0 for fewer than three values."""
    if len(values) < 3:
        return 0.0
    middle = np.median(values)
    return float(1.4826 * np.median(np.abs(np.asarray(values) - middle)))
