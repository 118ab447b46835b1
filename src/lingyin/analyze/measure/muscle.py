"""Muscle thickness: the distance between the superficial and the deep aponeurosis, where both are shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Line, Points
from lingyin.analyze.measure.interval import LEVELS, interval_90
from lingyin.analyze.measure.shot import MIDDLE, Measured, Outcome, Refused, Shot, line_evidence, mask_evidence

STRUCTURE = "aponeurosis"
CODE = "muscle_thickness"
PENNATION = ("pennation_angle", "fascicle_length")
STATIONS = 48
MARGIN = 0.1  # of the common stretch, left out at either end
SHORTEST = 0.25  # common stretch over the longer band's own length
STEEPEST = 0.5  # slope of a band against the horizontal beyond which it is no aponeurosis of a long-axis view


def measure_muscle(shots: Sequence[Shot]) -> Outcome:
    """`muscle_thickness` in mm: the median over the frames that show both aponeuroses.

    Two shots of one frame are the two bands. Measured from the lower edge of the upper band to the upper edge of the
    lower one, at right angles to their mean course. Fascicles are outlined too poorly for an angle or a length.
    """
    refused = [Refused(code, "fascicles-unreliable") for code in PENNATION]
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        reason = "uncalibrated" if shots else "not-visible"
        return Outcome(refused=[Refused(CODE, reason), *refused])
    pairs = _pairs(usable)
    sized = [(pair, line) for pair in pairs if (line := thickness(*(shot.outline_mm() for shot in pair))) is not None]
    if not sized:
        return Outcome(refused=[Refused(CODE, "not-visible"), *refused])
    values = np.asarray([line.length for _, line in sized])
    (upper, lower), line = sized[int(np.abs(values - np.median(values)).argmin())]
    levels = [_at_level(upper, lower, level) or line.length for level in LEVELS]
    interval = interval_90(line.length, (levels[0], levels[1]), values.tolist(), upper.scale.grain_mm, 0.03)
    evidence = [line_evidence(upper, line), mask_evidence(upper, STRUCTURE), mask_evidence(lower, STRUCTURE)]
    return Outcome([Measured(CODE, line.length, interval, evidence)], refused)


def thickness(upper: Points, lower: Points) -> Line | None:
    """The mean distance of two bands `(N, 2)` in mm as a caliper in the middle of their common stretch; None where they
    are no two bands that run side by side."""
    left, right = max(upper[:, 0].min(), lower[:, 0].min()), min(upper[:, 0].max(), lower[:, 0].max())
    longer = max(float(np.ptp(upper[:, 0])), float(np.ptp(lower[:, 0])))
    if right - left < SHORTEST * longer or longer <= 0:
        return None
    inset = MARGIN * (right - left)
    at = np.linspace(left + inset, right - inset, STATIONS)
    top, bottom = _edge(upper, at, lowest=True), _edge(lower, at, lowest=False)
    seen = np.isfinite(top) & np.isfinite(bottom)
    if seen.sum() < STATIONS // 2:
        return None
    slopes = [float(np.polyfit(at[seen], edge[seen], 1)[0]) for edge in (top, bottom)]
    gap = bottom[seen] - top[seen]
    if max(map(abs, slopes)) > STEEPEST or float(np.median(gap)) <= 0:
        return None
    tilt = float(np.arctan(np.mean(slopes)))
    length = float(gap.mean()) * float(np.cos(tilt))
    middle = np.array([at[seen].mean(), float((top[seen] + bottom[seen]).mean()) / 2])
    across = np.array([-np.sin(tilt), np.cos(tilt)]) * length / 2
    return Line(middle - across, middle + across)


def _edge(outline: Points, at: Points, *, lowest: bool) -> Points:
    """Depth of a band's lower (or upper) edge at the stations `at`; NaN where the outline does not cross one."""
    x, y = outline[:, 0], outline[:, 1]
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    found = np.full(len(at), np.nan)
    for position, station in enumerate(at):
        crosses = (x > station) != (next_x > station)
        if crosses.any():
            share = (station - x[crosses]) / (next_x[crosses] - x[crosses])
            depths = y[crosses] + share * (next_y[crosses] - y[crosses])
            found[position] = depths.max() if lowest else depths.min()
    return found


def _pairs(shots: Sequence[Shot]) -> list[tuple[Shot, Shot]]:
    """The two bands of each frame that has two, the upper first."""
    by_frame: dict[int, list[Shot]] = {}
    for shot in shots:
        by_frame.setdefault(shot.frame, []).append(shot)
    pairs = []
    for each in by_frame.values():
        if len(each) == 2:
            upper, lower = sorted(each, key=lambda shot: float(shot.outlines[MIDDLE][:, 1].mean()))
            pairs.append((upper, lower))
    return pairs


def _at_level(upper: Shot, lower: Shot, level: float) -> float | None:
    if level not in upper.outlines or level not in lower.outlines:
        return None
    line = thickness(upper.outline_mm(level), lower.outline_mm(level))
    return None if line is None else line.length
