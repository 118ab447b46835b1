"""Left ventricle in an apical view: end-diastolic and end-systolic area, area change, ejection fraction by discs in
one plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Line, Points, area, chords, longest_chord, principal_axis
from lingyin.analyze.measure.interval import SPAN_90, interval_90
from lingyin.analyze.measure.series import Beat, Series, beats, steady
from lingyin.analyze.measure.shot import (
    Measured,
    Outcome,
    Refused,
    Shot,
    at_levels,
    mask_evidence,
    trace_evidence,
)
from lingyin.core.study import Evidence

STRUCTURE = "left_ventricle_cavity"
DIASTOLE = "left_ventricle_end_diastolic_area"
SYSTOLE = "left_ventricle_end_systolic_area"
CHANGE = "left_ventricle_area_change"
EJECTION = "left_ventricular_ejection_fraction"
DISCS = 20
FEWEST_FRAMES = 8
METHOD_HALF = {CHANGE: 5.5, EJECTION: 7.0}  # points of a per cent by which readers of one heart differ
WIDEST_HALF = 10.5  # points of ejection fraction; a wider interval spans two grades of any scheme and settles nothing
SMALLEST_SWING = 0.06  # of the largest area; less is breathing or noise, not a heartbeat


def disc_volume(outline: Points) -> float | None:
    """Volume by the method of discs from one plane (Lang et al. 2015): 20 discs at right angles to the long axis.

    `outline (N, 2)`; the volume has the outline's unit cubed. None where the outline is no area.
    """
    axis = _long_axis(outline)
    slices = chords(outline, axis, DISCS)
    if len(slices) < DISCS // 2:
        return None
    return float(sum(np.pi / 4 * line.length**2 for line in slices) * axis.length / DISCS)


def measure_ventricle(shots: Sequence[Shot]) -> Outcome:
    """Areas (cm2, calibrated only), area change and ejection fraction (%, ratios that need no calibration).

    End diastole is the largest, end systole the smallest section of a beat; with several beats the median beat counts.
    """
    codes = (DIASTOLE, SYSTOLE, CHANGE, EJECTION)
    if len(shots) < FEWEST_FRAMES:
        reason = "not-visible" if not shots else "single-frame" if len(shots) == 1 else "no-complete-cycle"
        return Outcome(refused=[Refused(code, reason) for code in codes])
    areas = steady([area(shot.outline_mm()) for shot in shots])
    found = beats(areas.tolist())
    if not found or float(np.ptp(areas)) < SMALLEST_SWING * float(areas.max()):
        return Outcome(refused=[Refused(code, "no-complete-cycle") for code in codes])
    changes = _lost(areas, found)
    beat = found[int(np.abs(np.asarray(changes) - np.median(changes)).argmin())]
    pair = (shots[beat.largest], shots[beat.smallest])
    frames = [shot.frame for shot in shots]
    outcome = Outcome([_ratio(CHANGE, pair, area, changes, trace_evidence(pair[0], frames, areas / areas.max() * 100))])
    volumes = np.asarray([disc_volume(shot.outline_mm()) or np.nan for shot in shots])
    if np.isnan(volumes).any():
        outcome.refused.append(Refused(EJECTION, "not-visible"))
    else:
        smooth = steady(volumes.tolist())
        trace = trace_evidence(pair[0], frames, smooth / smooth.max() * 100)
        ejection = _ratio(EJECTION, pair, disc_volume, _lost(smooth, found), trace)
        if ejection.interval[1] - ejection.value > WIDEST_HALF:
            # the same uncertain edge decides both ratios
            outcome = Outcome(refused=[Refused(code, "low-certainty") for code in (CHANGE, EJECTION)])
        else:
            outcome.measured.append(ejection)
    for code, shot, value in zip((DIASTOLE, SYSTOLE), pair, (areas[beat.largest], areas[beat.smallest]), strict=True):
        if shot.scale.calibrated:
            outcome.measured.append(_area(code, shot, float(value)))
        else:
            outcome.refused.append(Refused(code, "uncalibrated"))
    return outcome


def _lost(series: Series, found: Sequence[Beat]) -> list[float]:
    """Percentage lost from the largest to the smallest value of each beat."""
    return [float(1 - series[beat.smallest] / series[beat.largest]) * 100 for beat in found]


def _ratio(
    code: str,
    pair: tuple[Shot, Shot],
    quantity: Callable[[Points], float | None],
    per_beat: list[float],
    trace: Evidence,
) -> Measured:
    """The median percentage over the beats, from end diastole to end systole (`pair`)."""
    value = float(np.median(per_beat))
    full, empty = (at_levels(shot, quantity) for shot in pair)
    edge = 0.0
    if full is not None and empty is not None:
        # the edge may be misplaced the same way in both frames: compare low with low and high with high
        low, high = (100 * (1 - empty[level] / full[level]) for level in (0, 1))
        edge = abs(low - high) / 2
    beat_spread = SPAN_90 * float(np.std(per_beat)) if len(per_beat) > 1 else 0.0
    half = float(np.sqrt(edge**2 + beat_spread**2 + METHOD_HALF[code] ** 2))
    evidence = [*(mask_evidence(shot, STRUCTURE) for shot in pair), trace]
    caveats = ("single-plane",) if code == EJECTION else ()
    return Measured(code, value, (max(0.0, value - half), min(100.0, value + half)), evidence, caveats)


def _area(code: str, shot: Shot, smooth_mm2: float) -> Measured:
    value = smooth_mm2 / 100.0
    levels = at_levels(shot, area) or (smooth_mm2, smooth_mm2)
    grain = shot.scale.grain_mm / 10 * float(np.sqrt(np.pi * value))
    interval = interval_90(value, (levels[0] / 100, levels[1] / 100), (), grain, relative_floor=0.04)
    return Measured(code, value, interval, [mask_evidence(shot, STRUCTURE)])


def _long_axis(outline: Points) -> Line:
    """Principal axis of the section; the widest chord where the section is nearly round."""
    axis, chord = principal_axis(outline), longest_chord(outline)
    return axis if axis.length > 0.8 * chord.length else chord
