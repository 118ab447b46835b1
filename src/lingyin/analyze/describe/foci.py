"""Bright spots within a lesion: punctate echogenic foci, coarse calcifications and a calcified rim."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.analyze.describe.echo import surroundings
from lingyin.analyze.describe.limits import decide, load_limits
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting

YES_OR_NO = frozenset({"present", "none"})


def punctate(patch: Patch) -> Sighting:
    """`present` or `none`: bright spots up to 1 mm. A comet tail looks alike, so that few spots stay open."""
    sure, maybe = _spots(patch, large=False)
    if maybe is None:
        return Sighting("punctate", YES_OR_NO)
    if sure >= load_limits().foci.few:
        return Sighting("punctate", frozenset({"present"}), {"spots": float(sure)})
    return Sighting("punctate", frozenset({"none"}) if maybe == 0 else YES_OR_NO, {"spots": float(maybe)})


def coarse(patch: Patch) -> Sighting:
    """`present` or `none`: bright spots over 2 mm; without calibration any larger spot stays open."""
    sure, maybe = _spots(patch, large=True)
    if maybe is None:
        return Sighting("coarse", YES_OR_NO)
    possible = frozenset({"present"}) if sure else frozenset({"none"}) if maybe == 0 else YES_OR_NO
    return Sighting("coarse", possible, {"spots": float(maybe)})


def rim(patch: Patch) -> Sighting:
    """`present` or `none`: a calcified rim, by the share of the lesion's border that is very bright."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("rim", YES_OR_NO)
    border = patch.lesion & ~patch.inner(0.10)
    bright = patch.grey[border] >= load_limits().foci.above[1] * level
    share = float(bright.mean()) if border.any() else 0.0
    return Sighting("rim", decide(share, load_limits().foci.rim, "none", "present"), {"bright_percent": 100 * share})


def _spots(patch: Patch, *, large: bool) -> tuple[int, int | None]:
    """Number of spots that are surely, and that are perhaps foci of this size; None where nothing can be told."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return 0, None
    limits = load_limits().foci
    inside = patch.inner(0.08)
    values = patch.grey[inside]
    if values.size < 40:
        return 0, None
    own = float(np.median(values))
    scatter = max(1.4826 * float(np.median(np.abs(values - own))), 4.0)
    counts = []
    for step in (1, 0):
        floor = max(limits.above[step] * level, own + limits.peak[step] * scatter)
        bright = ((patch.grey >= floor) & inside).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=8)
        sizes = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) if count > 1 else np.zeros(0)
        counts.append(_of_size(patch, sizes, large=large))
    return counts[0], counts[1]


def _of_size(patch: Patch, extents_px: np.ndarray, *, large: bool) -> int:
    """How many extents belong to coarse (`large`) or to punctate foci; in between neither."""
    limits = load_limits().foci
    spacing = float(np.sqrt(patch.scale.x * patch.scale.y))
    if not patch.scale.calibrated:
        # without a length, a spot over a tenth of the lesion may be coarse and all others may be punctate
        border = 0.1 * patch.diameter_px
        return int((extents_px > border).sum() if large else (extents_px <= border).sum())
    extents = extents_px * spacing
    if large:
        return int((extents > limits.macro_mm).sum())
    return int((extents <= limits.punctate_mm).sum())
