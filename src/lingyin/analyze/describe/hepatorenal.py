"""Hepatorenal index: the grey level of the liver over that of the renal cortex at the same depth."""

from __future__ import annotations

import numpy as np

from lingyin.analyze.describe.patch import Grey
from lingyin.analyze.measure.interval import SPAN_90
from lingyin.core.clip import Mask

ROWS = 9  # of pixels; one station of depth
FEWEST_PX = 60  # of each organ in a station
FEWEST_STATIONS = 3
MIDDLE_HALF = (25, 75)  # percentiles: vessels and capsules are darker or brighter than the organ's own tissue


def hepatorenal_index(grey: Grey, liver: Mask, cortex: Mask) -> tuple[float, tuple[float, float]] | None:
    """The index with its 90 % interval over depth; None where the two organs do not lie beside each other.

    `grey (H, W)`; `liver` and `cortex (H, W)` are outlined areas of tissue. Compared in stations of equal depth, so
    that attenuation and gain by depth fall on both alike; what is left of them widens the interval.
    """
    ratios = []
    for top in range(0, grey.shape[0] - ROWS + 1, ROWS):
        station = slice(top, top + ROWS)
        levels = [_level(grey[station][mask[station]]) for mask in (liver, cortex)]
        if None not in levels and (levels[1] or 0.0) >= 1.0:
            ratios.append(float(levels[0] or 0.0) / float(levels[1] or 1.0))
    if len(ratios) < FEWEST_STATIONS:
        return None
    value = float(np.median(ratios))
    half = SPAN_90 * float(np.std(ratios)) / float(np.sqrt(len(ratios)))
    return value, (max(0.0, value - half), value + half)


def _level(values: Grey) -> float | None:
    if values.size < FEWEST_PX:
        return None
    low, high = np.percentile(values, MIDDLE_HALF)
    return float(values[(values >= low) & (values <= high)].mean())
