"""Intima-media thickness: mean thickness of the outlined band at right angles to its own course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Line, Points, chords, principal_axis
from lingyin.analyze.measure.interval import interval_90
from lingyin.analyze.measure.shot import (
    Measured,
    Outcome,
    Refused,
    Shot,
    at_levels,
    line_evidence,
    mask_evidence,
)

STRUCTURE = "intima_media"
CODE = "intima_media_thickness"
STATIONS = 64
SHORTEST = 3.0  # length of the band over its thickness; a shorter blob is no wall
SHORTEST_MM = 10.0  # of wall that a thickness is averaged over (Touboul et al. 2012)
PLACEMENT_MM = 0.12  # standard deviation against experts' edges on real pictures; on phantoms it is half of that


def band_thickness(outline: Points) -> float | None:
    """Mean thickness in mm along the middle 90 % of a band; None where the outline is no band."""
    widths = _calipers(outline)
    return None if not widths else float(np.mean([line.length for line in widths]))


def measure_intima_media(shots: Sequence[Shot]) -> Outcome:
    """`intima_media_thickness` in mm: the median over the cine of the mean thickness along the band."""
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        return Outcome(refused=[Refused(CODE, "uncalibrated" if shots else "not-visible")])
    long = [shot for shot in usable if principal_axis(shot.outline_mm()).length >= SHORTEST_MM]
    sized = [(shot, value) for shot in long if (value := band_thickness(shot.outline_mm())) is not None]
    if not sized:
        return Outcome(refused=[Refused(CODE, "not-visible")])
    values = np.asarray([value for _, value in sized])
    shot, value = sized[int(np.abs(values - np.median(values)).argmin())]
    widths = _calipers(shot.outline_mm())
    drawn = min(widths, key=lambda line: abs(line.length - value))
    levels = at_levels(shot, band_thickness) or (value, value)
    # many stations average the grain of the pixels out
    grain = shot.scale.grain_mm / np.sqrt(len(widths))
    interval = interval_90(value, levels, values.tolist(), grain, relative_floor=PLACEMENT_MM / value)
    evidence = [mask_evidence(shot, STRUCTURE), line_evidence(shot, drawn, STRUCTURE)]
    return Outcome([Measured(CODE, value, interval, evidence)])


def _calipers(outline: Points) -> list[Line]:
    """Chords at right angles to the band's course, which is followed piece by piece: walls bend."""
    axis = principal_axis(outline)
    widths = chords(outline, axis, STATIONS, margin=0.05)
    if len(widths) < STATIONS // 2:
        return []
    mean = float(np.mean([line.length for line in widths]))
    if axis.length < SHORTEST * mean:
        return []
    middles = np.asarray([(line.start + line.end) / 2 for line in widths])
    return [_tilted(line, slope) for line, slope in zip(widths, _slopes(middles, axis), strict=True)]


def _slopes(middles: Points, axis: Line) -> Points:
    """Tangent of the band's middle line against its axis at every station, from a smooth cubic."""
    direction = (axis.end - axis.start) / axis.length
    across = np.array([-direction[1], direction[0]])
    forward, sideways = (middles - axis.start) @ direction, (middles - axis.start) @ across
    return np.asarray(np.polyval(np.polyder(np.polyfit(forward, sideways, 3)), forward))


def _tilted(line: Line, slope: float) -> Line:
    """A chord across the axis, shortened to the true thickness where the band runs at an angle to the axis."""
    middle = (line.start + line.end) / 2
    half = (line.end - line.start) / 2 * float(np.cos(np.arctan(slope)))
    return Line(middle - half, middle + half)
