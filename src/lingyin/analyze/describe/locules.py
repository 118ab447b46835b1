"""The build of a cystic lesion: how many chambers of fluid it has, and whether there is a solid part in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.describe.echo import calmed, composition, echogenicity, fluid_shares, surroundings
from lingyin.analyze.describe.limits import load_limits
from lingyin.analyze.describe.patch import Patch
from lingyin.analyze.describe.seen import Sighting
from lingyin.core.clip import Mask

BUILDS = ("unilocular", "bilocular", "multilocular", "solid")
SOLID_PARTS = frozenset({"none", "some", "four_projections"})


def build(patch: Patch) -> Sighting:
    """`unilocular`, `bilocular`, `multilocular` or `solid`: chambers of fluid counted where fluid is sure, and where it
    may be. Fluid that is not free of echo may be taken for solid tissue: then both stay open."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("build", frozenset(BUILDS))
    composed = composition(patch).possible
    possible: set[str] = set()
    counts = [_chambers(patch, limit * level) for limit in load_limits().fluid.dark]
    counts.append(_chambers(patch, _own_limit(patch)))
    if composed & {"cystic", "mixed", "spongiform"}:
        most = max(1, *counts)
        if most == 1 and _has_line(patch):
            most = 2  # a line runs through the fluid; gaps in it let the chambers touch
        for count in range(max(1, min(counts)), most + 1):
            possible.add(BUILDS[min(count, 3) - 1])
    if "solid" in composed:
        possible.add("solid")
        if "iso_or_hyper" not in echogenicity(patch).possible:
            possible.add("unilocular")  # darker than tissue: it may be fluid with echoes
    return Sighting("build", frozenset(possible), {"chambers": float(max(counts))})


def solid_part(patch: Patch) -> Sighting:
    """`none`, `some` or `four_projections` in a lesion with fluid: tissue within it that is thicker than a septum.

    How many projections there are is not counted: where there is a solid part, both numbers stay open.
    """
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("solid_part", SOLID_PARTS)
    limits = load_limits().locules
    inside = patch.inner(0.10)
    spacing = float(np.sqrt(patch.scale.x * patch.scale.y))
    thick_px = limits.solid_mm / spacing if patch.scale.calibrated else 0.08 * patch.diameter_px
    size = 2 * max(1, round(thick_px / 2)) + 1
    disc = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
    sure, maybe = (_opened_share(patch, inside, limit * level, disc) for limit in limits.tissue)
    possible = set()
    if maybe > limits.solid[0]:
        possible |= {"some", "four_projections"}
    # fluid that is not free of echo looks like tissue: tissue is sure only where clear fluid lies beside it
    if sure < limits.solid[1] or fluid_shares(patch, level)[0] < limits.beside:
        possible.add("none")
    return Sighting("solid_part", frozenset(possible), {"solid_percent": 100 * sure})


def _opened_share(patch: Patch, inside: Mask, floor: float, disc: NDArray[np.uint8]) -> float:
    """Share of the inside that is at least as bright as `floor` and as thick as `disc`."""
    bright = ((calmed(patch.grey) >= floor) & inside).astype(np.uint8)
    return float((cv2.morphologyEx(bright, cv2.MORPH_OPEN, disc) > 0).sum() / max(1, inside.sum()))


def _chambers(patch: Patch, dark: float) -> int:
    """Chambers darker than `dark`, those too small to count left out."""
    fluid: Mask = (cv2.GaussianBlur(patch.grey, (0, 0), 1.0) < dark) & patch.inner(0.04)
    opened = cv2.morphologyEx(fluid.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    return int((areas >= load_limits().locules.smallest * float(patch.lesion.sum())).sum())


def _has_line(patch: Patch) -> bool:
    """Whether a thin bright line crosses most of the lesion, faint or with gaps: a septum that does not quite part it.

    Found on what stands out from the lesion's own blurred level, with gaps of a few per cent of its diameter closed.
    """
    limits, inside = load_limits().locules, patch.inner(0.08)
    if not inside.any():
        return False
    weight = inside.astype(np.float32)
    wide = (0, 0), limits.line_blur * patch.diameter_px
    level = cv2.GaussianBlur(patch.grey * weight, *wide) / np.maximum(cv2.GaussianBlur(weight, *wide), 1e-3)
    ridge = np.where(inside, cv2.GaussianBlur(patch.grey, (0, 0), 1.2) - level, 0.0)
    scatter = 1.4826 * float(np.median(np.abs(ridge[inside] - np.median(ridge[inside]))))
    size = 2 * max(1, round(limits.line_gap * patch.diameter_px / 2)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    bright = (ridge > max(limits.line_height, 3.0 * scatter)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(bright, cv2.MORPH_CLOSE, disc))
    for _, _, width, height, size_px in stats[1:count]:
        reach = float(np.hypot(width, height))
        if reach >= limits.line_length * patch.diameter_px and size_px <= limits.line_width * reach * patch.diameter_px:
            return True
    return False


def _own_limit(patch: Patch) -> float:
    """Grey level over which something stands out from the lesion's own fluid, so that a faint septum is not missed."""
    values = patch.grey[patch.inner(0.10)]
    if not values.size:
        return 0.0
    own = float(np.median(values))
    scatter = 1.4826 * float(np.median(np.abs(values - own)))
    levels, scatters = load_limits().locules.septum
    return own + max(levels, scatters * scatter)
