"""What a lesion does to its surroundings: how sharp its edge is, and whether the tissue behind it is brighter or
darker."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.analyze.describe.limits import decide, load_limits
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting
from lingyin.analyze.describe.shape import contour

BEHIND = ("none", "enhancement", "shadow")
MARGINS = frozenset({"smooth", "ill_defined", "irregular"})
FEWEST_PX = 40


def margin(patch: Patch) -> Sighting:
    """`smooth`, `ill_defined` or `irregular`: form of the contour, and whether its edge is plainly seen all round.

    An edge that is not plainly seen may be ill-defined, or only lack contrast: both stay open.
    """
    shown, clarity = contour(patch), edge_clarity(patch)
    if clarity is None or not patch.legible:
        return Sighting("margin", MARGINS)
    possible = {"irregular"} & shown.possible
    if "smooth" in shown.possible:
        possible |= {"smooth"} if clarity >= load_limits().edge.clarity else {"smooth", "ill_defined"}
    return Sighting("margin", frozenset(possible), shown.numbers)


def edge_clarity(patch: Patch) -> float | None:
    """The step of grey across the outline over the scatter on either side of it; None where too little is in sight.

    Measured in sixteen stretches of the edge; the median stretch counts, so that one bright wall does not decide.
    """
    calm = np.asarray(cv2.GaussianBlur(patch.grey, (0, 0), 1.0), np.float32)
    inside = ~patch.inner(0.16) & patch.inner(0.03)
    outside = patch.ring(0.03, 0.13)
    centre = patch.outline.mean(axis=0)
    rows, columns = np.indices(patch.lesion.shape)
    sixteenth = np.floor((np.arctan2(rows - centre[1], columns - centre[0]) / np.pi + 1) * 8).astype(int) % 16
    steps = []
    for part in range(16):
        within, without = calm[inside & (sixteenth == part)], calm[outside & (sixteenth == part)]
        if within.size >= 8 and without.size >= 8:
            scatter = float(np.hypot(within.std(), without.std())) / np.sqrt(2)
            steps.append(abs(float(without.mean() - within.mean())) / max(scatter, 1.0))
    return float(np.median(steps)) if len(steps) >= 8 else None


def behind(patch: Patch) -> Sighting:
    """`none`, `enhancement` or `shadow`: the level below the lesion over that beside it, at the same depths.

    Beams are taken to run down the picture; towards the sides of a fan this is less and less true.
    """
    limits = load_limits().behind
    rows, columns = np.nonzero(patch.lesion)
    if not patch.legible or rows.size == 0:
        return Sighting("behind", frozenset(BEHIND))
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    height, width = int(bottom - top + 1), int(right - left + 1)
    first = int(bottom + 1 + max(2, limits.gap * height))
    last = int(first + max(6, limits.depth * height))
    band = np.zeros_like(patch.lesion)
    band[first:last] = True
    band &= patch.sector
    away = (np.arange(patch.lesion.shape[1]) - (left + right) / 2) / width
    below = band & (np.abs(away) <= 0.3)[None]
    sides = [band & ((sign * away >= 0.6) & (sign * away <= 1.2))[None] for sign in (-1, 1)]
    levels = [float(np.median(patch.grey[side])) for side in sides if side.sum() >= FEWEST_PX]
    if last > patch.lesion.shape[0] + height // 4 or below.sum() < FEWEST_PX or not levels:
        return Sighting("behind", frozenset(BEHIND))
    level = float(np.median(patch.grey[below]))
    # brighter (or darker) than either side: one of them may lie in the shadow or behind a vessel of its own
    bright, dark = (level / max(1.0, pick(levels)) for pick in (max, min))
    brighter = decide(bright, limits.enhanced, "none", "enhancement")
    darker = decide(dark, limits.shadowed, "none", "shadow")
    possible = (brighter | darker) - {"none"} | (brighter & darker)
    told = bright if bright > 1 else min(dark, 1.0)
    return Sighting("behind", possible, {"level_percent": 100 * told})
