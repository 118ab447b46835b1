"""Grey levels of a lesion against its surroundings: how much of it is fluid, and how bright its tissue is."""

from __future__ import annotations

import cv2
import numpy as np

from lingyin.analyze.describe.limits import decide, load_limits
from lingyin.analyze.describe.patch import Grey, Patch
from lingyin.analyze.describe.seen import Sighting
from lingyin.core.clip import Mask

COMPOSITIONS = ("cystic", "spongiform", "mixed", "solid")
ECHOES = ("anechoic", "iso_or_hyper", "hypo", "very_hypo")


def surroundings(patch: Patch) -> float | None:
    """Grey level of the tissue around the lesion: the median of a ring, less what is far darker than most of it.

    None where too little tissue is in sight to compare with.
    """
    limits = load_limits().reference
    values = patch.grey[patch.ring(limits.gap, limits.width)]
    if values.size < limits.least_pixels:
        return None
    tissue = values[values >= limits.least_share * float(np.percentile(values, 75))]
    level = float(np.median(tissue))
    return level if level >= 8.0 else None


def fluid_shares(patch: Patch, level: float) -> tuple[float, float]:
    """Share of the lesion's inside that is surely fluid, and that may be fluid."""
    calm, inside = calmed(patch.grey), patch.inner(0.06)
    if not inside.any():
        return 0.0, 1.0
    maybe, sure = load_limits().fluid.dark
    share = calm[inside] / level
    return float((share < sure).mean()), float((share < maybe).mean())


def composition(patch: Patch) -> Sighting:
    """`cystic`, `spongiform`, `mixed` or `solid`, by the share of fluid."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("composition", frozenset(COMPOSITIONS))
    limits = load_limits().fluid
    low, high = fluid_shares(patch, level)
    possible: set[str] = set()
    for share in np.linspace(low, high, 9):
        if "cystic" in decide(float(share), limits.cystic, "less", "cystic"):
            possible.add("cystic")
        if "solid" in decide(float(share), limits.solid, "more", "solid"):
            possible.add("solid")
        if limits.solid[1] < share < limits.cystic[1]:
            possible.add("mixed")
    if "mixed" in possible and high > 0.5 and _finely_divided(patch, level):
        possible.add("spongiform")
    return Sighting("composition", frozenset(possible), {"fluid_percent": 100 * (low + high) / 2})


def echogenicity(patch: Patch) -> Sighting:
    """`anechoic`, `iso_or_hyper`, `hypo` or `very_hypo`: the level of the part that is not fluid, over the
    surroundings'.

    Very hypoechoic means darker than the strap muscles, which are not outlined: dark tissue leaves both open.
    """
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("echogenicity", frozenset(ECHOES))
    limits = load_limits()
    low, _ = fluid_shares(patch, level)
    inside = patch.inner(0.08)
    calm = calmed(patch.grey)
    if low >= limits.fluid.cystic[1]:
        return Sighting("echogenicity", frozenset({"anechoic"}), {"level_percent": 100 * _median(calm, inside) / level})
    solid = inside & (calm >= limits.fluid.dark[1] * level)
    share = _median(calm, solid if solid.sum() >= 0.1 * max(1, inside.sum()) else inside) / level
    possible = set(decide(share, limits.echo.iso, "hypo", "iso_or_hyper"))
    if share <= limits.echo.very_hypo:
        possible.add("very_hypo")  # never proven: the muscle to compare with is not outlined
    if low >= limits.fluid.cystic[0]:
        possible.add("anechoic")
    return Sighting("echogenicity", frozenset(possible), {"level_percent": 100 * share})


def pattern(patch: Patch) -> Sighting:
    """Echo pattern of a mass: `anechoic`, `hypo`, `iso_or_hyper`, or `complex` (fluid and tissue)."""
    composed, bright = composition(patch).possible, echogenicity(patch)
    possible = {"anechoic"} & set(bright.possible)
    if composed & {"mixed", "spongiform"}:
        # beside bright breast tissue a hypoechoic mass is as dark as fluid: neither is told without the other
        possible |= {"complex", "hypo"}
    if "solid" in composed:
        possible |= {"hypo" if each == "very_hypo" else each for each in bright.possible}
    return Sighting("pattern", frozenset(possible or {"anechoic", "complex"}), bright.numbers)


def content(patch: Patch) -> Sighting:
    """Of a cyst: `anechoic` or with `echoes`, by how much of its inside is not free of echo."""
    level = surroundings(patch)
    if level is None or not patch.legible:
        return Sighting("content", frozenset({"anechoic", "echoes"}))
    inside = patch.inner(0.10)
    limits = load_limits().fluid
    calm = calmed(patch.grey)[inside] / level
    most, least = (float((calm >= limit).mean()) for limit in (limits.dark[1], limits.echoes))
    possible = decide(least, limits.clear, "echoes", "anechoic") | decide(most, limits.clear, "echoes", "anechoic")
    return Sighting("content", possible, {"echo_percent": 100 * least})


def calmed(grey: Grey) -> Grey:
    """The picture with its speckle calmed, so that single dark grains are not taken for fluid."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), load_limits().echo.calm), np.float32)


def _finely_divided(patch: Patch, level: float) -> bool:
    """Whether the fluid lies in many small chambers rather than in one."""
    limits = load_limits().fluid
    fluid = (calmed(patch.grey) < limits.dark[0] * level) & patch.inner(0.06)
    count, _, stats, _ = cv2.connectedComponentsWithStats(fluid.astype(np.uint8), connectivity=4)
    if count < 2:
        return False
    return float(stats[1:, cv2.CC_STAT_AREA].max()) < 10 * limits.small_locule * float(patch.lesion.sum())


def _median(grey: Grey, mask: Mask) -> float:
    return float(np.median(grey[mask])) if mask.any() else 0.0
