"""Shape of a lesion from its outline alone: height against width, form, and how lobulated its contour is."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.analyze.describe.limits import decide, load_limits
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting
from lingyin.analyze.measure.caliper import Points, area, fit_ellipse
from lingyin.analyze.measure.interval import interval_90


def proportion(patch: Patch) -> Sighting:
    """`taller` or `wider`: extent along the beam (down the picture) against extent across it, in mm.

    The interval holds what the outline's probability levels and the network's grain leave open; where it holds 1, both
    are possible.
    """
    ratios = {level: _ratio(patch.scale.to_mm(outline)) for level, outline in patch.outlines.items()}
    ratio = _ratio(patch.scale.to_mm(patch.outline))
    height, width = np.ptp(patch.scale.to_mm(patch.outline), axis=0)[::-1]
    grain = patch.scale.grain_mm * ratio * float(np.hypot(1 / height, 1 / width))
    ends = (min(ratios.values()), max(ratios.values()))
    low, high = interval_90(ratio, ends, (), grain, load_limits().proportion.band / 1.645)
    possible = {value for value, open_ in (("taller", high > 1), ("wider", low <= 1)) if open_}
    return Sighting("proportion", frozenset(possible), {"height_over_width": ratio})


def form(patch: Patch) -> Sighting:
    """`oval`, `round` or `irregular`, by how well an ellipse covers the outline."""
    outline = patch.scale.to_mm(patch.outline)
    ellipse = fit_ellipse(outline)
    if ellipse is None or not _detailed(patch):
        return Sighting("form", frozenset({"oval", "round", "irregular"}))
    limits = load_limits().form
    overlap = _overlap(outline, ellipse.polygon(180))
    regular = decide(overlap, limits.ellipse, "regular", "irregular")
    possible = {value for value in regular if value == "irregular"}
    if "regular" in regular:
        possible |= decide(ellipse.long / ellipse.short, limits.round, "round", "oval")
    return Sighting("form", frozenset(possible), {"overlap": overlap})


def contour(patch: Patch) -> Sighting:
    """`smooth` or `irregular`: share of the convex hull that the lesion fills. A coarse outline settles neither."""
    if not _detailed(patch):
        return Sighting("contour", frozenset({"smooth", "irregular"}))
    outline = patch.scale.to_mm(patch.outline)
    hull = cv2.convexHull(outline.astype(np.float32))[:, 0].astype(np.float64)
    filled = min(1.0, area(outline) / max(area(hull), 1e-9))
    return Sighting("contour", decide(filled, load_limits().form.solidity, "smooth", "irregular"), {"filled": filled})


def _detailed(patch: Patch) -> bool:
    """Whether the outline is fine enough, against the grid it was drawn on, to show lobes."""
    diameter = 2 * float(np.sqrt(area(patch.scale.to_mm(patch.outline)) / np.pi))
    return diameter >= load_limits().form.detail * patch.scale.grain_mm


def _ratio(outline_mm: Points) -> float:
    width, height = np.ptp(outline_mm, axis=0)
    return float(height / max(width, 1e-9))


def _overlap(one: Points, other: Points) -> float:
    """Intersection over union of two closed outlines."""
    both = np.vstack([one, other])
    low = both.min(axis=0)
    step = float(np.ptp(both, axis=0).max()) / 400
    masks = []
    for outline in (one, other):
        canvas = np.zeros((402, 402), np.uint8)
        cv2.fillPoly(canvas, [np.rint((outline - low) / step).astype(np.int32)], 1)
        masks.append(canvas > 0)
    return float((masks[0] & masks[1]).sum() / max(1, (masks[0] | masks[1]).sum()))
