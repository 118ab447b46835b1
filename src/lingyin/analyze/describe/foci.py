"""Bright spots within a lesion: punctate echogenic foci, coarse calcifications and a calcified rim."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.analyze.describe.echo import surroundings
from lingyin.analyze.describe.limits import load_limits
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting

FEWEST_PX = 40
LEAST_SCATTER = 4.0  # grey levels; a smooth lesion still has some noise
COARSE_SHARE = 0.1  # of the lesion's diameter, where there are no lengths
YES_OR_NO = frozenset({"present", "none"})


def punctate(patch: Patch) -> Sighting:
    """`none`, or open where there are bright spots up to 1 mm: comet tails and marks on the screen look alike."""
    return _told("punctate", _spots(patch, large=False))


def coarse(patch: Patch) -> Sighting:
    """`none`, or open where there are bright spots over 2 mm; without calibration, over a tenth of the lesion."""
    return _told("coarse", _spots(patch, large=True))


def rim(patch: Patch) -> Sighting:
    """`none`, or open where much of the lesion's border is very bright, as a calcified rim is."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("rim", YES_OR_NO)
    border = patch.lesion & ~patch.inner(0.10)
    limits = load_limits().foci
    share = float((patch.grey[border] >= limits.above * level).mean()) if border.any() else 0.0
    possible = frozenset({"none"}) if share <= limits.rim else YES_OR_NO
    return Sighting("rim", possible, {"bright_percent": 100 * share})


def _told(aspect: str, spots: int | None) -> Sighting:
    if spots is None:
        return Sighting(aspect, YES_OR_NO)
    return Sighting(aspect, YES_OR_NO if spots else frozenset({"none"}), {"spots": float(spots)})


def _spots(patch: Patch, *, large: bool) -> int | None:
    """Number of bright spots of this size; None where nothing can be told."""
    level, inside = surroundings(patch), patch.inner(0.08)
    if level is None or not patch.legible or inside.sum() < FEWEST_PX:
        return None
    limits = load_limits().foci
    values = patch.grey[inside]
    own = float(np.median(values))
    scatter = max(1.4826 * float(np.median(np.abs(values - own))), LEAST_SCATTER)
    floor = max(limits.above * level, own + limits.peak * scatter)
    bright = ((patch.grey >= floor) & inside).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=8)
    extents = stats[1:count, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) if count > 1 else np.zeros(0)
    if not patch.scale.calibrated:
        border = COARSE_SHARE * patch.diameter_px
        return int((extents > border).sum() if large else (extents <= border).sum())
    extents_mm = extents * float(np.sqrt(patch.scale.x * patch.scale.y))
    return int((extents_mm > limits.macro_mm).sum() if large else (extents_mm <= limits.punctate_mm).sum())
