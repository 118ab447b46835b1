"""Fetal head: an ellipse through the outer edge of the skull gives circumference, biparietal and occipitofrontal
diameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Ellipse, fit_ellipse
from lingyin.analyze.measure.interval import LEVELS, interval_90
from lingyin.analyze.measure.shot import (
    Measured,
    Outcome,
    Refused,
    Shot,
    line_evidence,
    mask_evidence,
    pixels,
)
from lingyin.core.study import Evidence, EvidenceKind

STRUCTURE = "fetal_skull"
CODES = ("fetal_head_circumference", "biparietal_diameter", "occipitofrontal_diameter")
ROUNDEST, LONGEST = 1.0, 1.8  # ratio of axes of a head in a usable plane


def measure_head(shots: Sequence[Shot]) -> Outcome:
    """Circumference (perimeter of the ellipse), BPD and OFD (its axes, outer edge to outer edge) in mm.

    The frame shown is the one whose circumference is the median of the frames with a plausible shape; its own values
    are stated, so that number and picture agree.
    """
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        return Outcome(refused=[Refused(code, "uncalibrated" if shots else "not-visible") for code in CODES])
    fitted = [(shot, ellipse) for shot in usable if (ellipse := _plausible(shot)) is not None]
    if not fitted:
        return Outcome(refused=[Refused(code, "not-visible") for code in CODES])
    around = np.asarray([ellipse.circumference for _, ellipse in fitted])
    shot, ellipse = fitted[int(np.abs(around - np.median(around)).argmin())]
    levels = [fit_ellipse(shot.outline_mm(level)) or ellipse for level in LEVELS]
    caveats = ("cut-by-sector-edge",) if shot.cut else ()
    quantities: tuple[tuple[str, Callable[[Ellipse], float], float], ...] = (
        (CODES[0], lambda each: each.circumference, np.pi),
        (CODES[1], lambda each: 2 * each.short, 1.0),
        (CODES[2], lambda each: 2 * each.long, 1.0),
    )
    measured = []
    for code, quantity, per_pixel in quantities:
        value = quantity(ellipse)
        frames = [quantity(each) for _, each in fitted]
        ends = (quantity(levels[0]), quantity(levels[1]))
        interval = interval_90(value, ends, frames, shot.scale.grain_mm * per_pixel / 2, relative_floor=0.01)
        measured.append(Measured(code, value, interval, _evidence(shot, ellipse, code), caveats))
    return Outcome(measured)


def _plausible(shot: Shot) -> Ellipse | None:
    ellipse = fit_ellipse(shot.outline_mm())
    if ellipse is None or not ROUNDEST <= ellipse.long / ellipse.short <= LONGEST:
        return None
    return ellipse


def _evidence(shot: Shot, ellipse: Ellipse, code: str) -> list[Evidence]:
    if code == CODES[1]:
        return [line_evidence(shot, ellipse.short_axis, STRUCTURE)]
    if code == CODES[2]:
        return [line_evidence(shot, ellipse.long_axis, STRUCTURE)]
    drawn = Evidence(
        frame=shot.frame,
        time_s=shot.time_s,
        kind=EvidenceKind.MASK,
        label=STRUCTURE,
        polygons=[pixels(shot.scale.to_px(ellipse.polygon()))],
        score=round(min(1.0, shot.certainty), 4),
    )
    return [drawn, mask_evidence(shot, STRUCTURE)]
