"""Area of an outlined structure in square centimetres: bladder lumen and renal collecting system."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.analyze.measure.caliper import area
from lingyin.analyze.measure.interval import interval_90
from lingyin.analyze.measure.shot import Measured, Outcome, Refused, Shot, at_levels, mask_evidence

MM2_PER_CM2 = 100.0
LARGE = 90


def measure_area(shots: Sequence[Shot], structure: str, code: str) -> Outcome:
    """`code` in cm2 on the frame whose area is near the largest of the cine (90th percentile)."""
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        return Outcome(refused=[Refused(code, "uncalibrated" if shots else "not-visible")])
    areas = np.asarray([area(shot.outline_mm()) for shot in usable]) / MM2_PER_CM2
    wanted = float(np.percentile(areas, LARGE))
    best = int(np.abs(areas - wanted).argmin())
    shot, value = usable[best], float(areas[best])
    low, high = at_levels(shot, area) or (value * MM2_PER_CM2, value * MM2_PER_CM2)
    near = [float(each) for each in areas if abs(each - wanted) <= 0.2 * wanted]
    # an edge moved by one grid pixel all round changes an area by its perimeter; of a circle, 2 sqrt(pi A)
    grain_cm = shot.scale.grain_mm / 10.0
    perimeter = 2 * float(np.sqrt(np.pi * value))
    levels = (low / MM2_PER_CM2, high / MM2_PER_CM2)
    interval = interval_90(value, levels, near, grain_cm * perimeter / 2, relative_floor=0.03)
    caveats = ("cut-by-sector-edge",) if shot.cut else ()
    return Outcome([Measured(code, value, interval, [mask_evidence(shot, structure)], caveats)])
