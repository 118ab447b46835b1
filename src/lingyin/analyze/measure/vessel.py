"""Diameters of great vessels: abdominal aorta (outer to outer, and lumen) and aortic root, the largest over the
cine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Line, Points, chords, fit_ellipse, principal_axis
from lingyin.analyze.measure.interval import interval_90
from lingyin.analyze.measure.series import PEAK, smoothed
from lingyin.analyze.measure.shot import (
    Measured,
    Outcome,
    Refused,
    Shot,
    at_levels,
    line_evidence,
    mask_evidence,
    trace_evidence,
)

TUBE = 1.9  # length over width from which an outline is a vessel along its course, not across it
TUBE_PEAK = 95
NETWORK_SD = 0.03  # share of the diameter by which the network misplaces walls, on phantoms of the validation seeds


def vessel_diameter(outline: Points) -> Line | None:
    """The caliper of one outline in mm; None where it is no vessel.

    Across its course, the vessel is an ellipse: an oblique cut only lengthens it, so its short axis is the diameter.
    Along its course, it is a tube: the widest chord (95th percentile) at right angles to its axis, away from its ends.
    """
    ellipse = fit_ellipse(outline)
    if ellipse is None:
        return None
    if ellipse.long < TUBE * ellipse.short:
        return ellipse.short_axis
    widths = chords(outline, principal_axis(outline), margin=0.1)
    if not widths:
        return None
    wanted = np.percentile([line.length for line in widths], TUBE_PEAK)
    return min(widths, key=lambda line: abs(line.length - wanted))


def measure_vessel(shots: Sequence[Shot], structure: str, code: str) -> Outcome:
    """`code` in mm: the diameter over the cine, smoothed, at its 95th percentile, with the pulsation as a trace."""
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        return Outcome(refused=[Refused(code, "uncalibrated" if shots else "not-visible")])
    sized = [(shot, line) for shot in usable if (line := vessel_diameter(shot.outline_mm())) is not None]
    if not sized:
        return Outcome(refused=[Refused(code, "not-visible")])
    raw = [line.length for _, line in sized]
    series = smoothed(raw)
    value = float(np.percentile(series, PEAK))
    best = int(np.abs(series - value).argmin())
    shot, line = sized[best]
    levels = at_levels(shot, _length) or (value, value)
    residual = [value + single - calm for single, calm in zip(raw, series, strict=True)]
    interval = interval_90(value, levels, residual, shot.scale.grain_mm, relative_floor=NETWORK_SD)
    evidence = [line_evidence(shot, line, structure), mask_evidence(shot, structure)]
    if len(sized) > 1:
        evidence.append(trace_evidence(shot, [each.frame for each, _ in sized], series))
    caveats = ("cut-by-sector-edge",) if shot.cut else ()
    return Outcome([Measured(code, value, interval, evidence, caveats)])


def _length(outline: Points) -> float | None:
    line = vessel_diameter(outline)
    return None if line is None else line.length
