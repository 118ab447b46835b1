"""Long and short axis of a lesion: the widest caliper of its outline, and the widest at right angles to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.analyze.measure.caliper import Points, fit_ellipse, longest_chord, widest_across
from lingyin.analyze.measure.interval import interval_90
from lingyin.analyze.measure.shot import Measured, Outcome, Refused, Shot, at_levels, line_evidence, mask_evidence

LARGE = 90  # percentile of the long axis over the cine: near the largest section, but not one lucky outline
NETWORK_SD = 0.06  # share of an axis by which the network misplaces edges, on phantoms of the validation seeds


def measure_lesion(shots: Sequence[Shot], structure: str) -> Outcome:
    """`<structure>_long_axis` and `<structure>_short_axis` in mm on the frame that shows the lesion near its largest.

    The long axis is the maximum Feret diameter, the short axis the longest chord perpendicular to it in the same frame.
    """
    codes = (f"{structure}_long_axis", f"{structure}_short_axis")
    usable = [shot for shot in shots if shot.scale.calibrated]
    if not usable:
        return Outcome(refused=[Refused(code, "uncalibrated" if shots else "not-visible") for code in codes])
    whole = [shot for shot in usable if not shot.cut] or usable
    lengths = [_long(shot.outline_mm()) for shot in whole]
    wanted = float(np.percentile(lengths, LARGE))
    shot = whole[int(np.abs(np.asarray(lengths) - wanted).argmin())]
    outline = shot.outline_mm()
    long = longest_chord(outline)
    short = widest_across(outline, long)
    if short is None:
        return Outcome(refused=[Refused(code, "not-visible") for code in codes])
    near = [value for value in lengths if abs(value - wanted) <= 0.1 * wanted]
    caveats = ("cut-by-sector-edge",) if shot.cut else ()
    measured = []
    for code, line, quantity in ((codes[0], long, _long), (codes[1], short, _short)):
        levels = at_levels(shot, quantity) or (line.length, line.length)
        spread = [value * line.length / long.length for value in near]
        interval = interval_90(line.length, levels, spread, shot.scale.grain_mm, relative_floor=NETWORK_SD)
        evidence = [mask_evidence(shot, structure), line_evidence(shot, line, structure)]
        measured.append(Measured(code, line.length, interval, evidence, caveats))
    return Outcome(measured)


def _long(outline: Points) -> float:
    return longest_chord(outline).length


def _short(outline: Points) -> float | None:
    ellipse = fit_ellipse(outline)
    return None if ellipse is None else 2 * ellipse.short
