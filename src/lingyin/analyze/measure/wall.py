"""The far wall of an artery along its course, read from the picture: lumen-intima and media-adventitia edges.

The network says where the wall is; on its grid the wall is one or two cells thick, so where the wall begins and ends is
read from the brightness at right angles to its course. Both edges are leading edges: the steepest rise of brightness
in depth (Wendelhag et al. 1997; Touboul et al. 2012), followed along the wall by dynamic programming.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Points, chords, principal_axis
from lingyin.analyze.measure.refine import smooth_path
from lingyin.analyze.measure.shot import Scale

STEP_MM = 0.02  # of the profiles in depth
STATION_MM = 0.3  # between profiles along the wall
STATIONS = (24, 160)
DEPTH_MM = 0.1  # standard deviation of the blur in depth, about the pulse's length
ALONG = 3.0  # stations (standard deviation) over which profiles are averaged: speckle is calmed, bends are kept
STIFFNESS = 200.0  # price of a step of 1 mm between stations, in strongest edges; it grows with the square
USUAL_MM, THICKNESS_SD_MM = 0.75, 0.4  # thickness of the wall, and how far it may lie from what was expected
NEAR_MM = 0.3  # standard deviation of the outline's own edges about the true ones
THINNEST_MM, THICKEST_MM = 0.25, 2.2
BEYOND_MM = 12.0  # how far below the outline the far wall is looked for, where the outline is on the near wall
TRIED = 4  # rises of brightness in a stretch of depth
LUMEN_MM = 2.0  # of lumen that must be dark above the wall
CLEAR = 20.0  # grey levels from the lumen to the adventitia, under which no wall is seen
FLAT = 0.4  # of that step; the brightest part of the lumen stays below it
CLEAREST_SHARE = 0.4  # rise of brightness at a wall over that of the clearest one in the picture
WEAKEST_INTIMA = 0.08  # rise of brightness at the intima over that at the adventitia

Depths = NDArray[np.float64]  # (depths,)
Profiles = NDArray[np.float32]  # (stations, depths)

Edges = tuple[NDArray[np.float64], NDArray[np.float64], float]  # intima and adventitia (stations,), rise of the latter


@dataclass(frozen=True)
class FarWall:
    """Edges `(N, 2)` in mm of the picture, station by station, and the thickness `(N,)` between them."""

    intima: Points
    adventitia: Points

    @property
    def thickness_mm(self) -> NDArray[np.float64]:
        return np.asarray(np.hypot(*(self.adventitia - self.intima).T))

    @property
    def outline_mm(self) -> Points:
        """Closed outline of the band."""
        return np.vstack([self.intima, self.adventitia[::-1]])


def far_wall(grey: NDArray[np.uint8], outline_mm: Points, scale: Scale) -> FarWall | None:
    """The far wall at the outline, or below it where the outline lies on the near wall; None where none is clear.

    Args:
        grey: the picture `(H, W)`.
        outline_mm: the network's outline of the band, `(M, 2)`.
        scale: size of the picture's pixels.
    """
    course = _course(outline_mm)
    if course is None:
        return None
    points, normals, thickness = course
    depths = np.arange(-(THICKEST_MM + 2 * LUMEN_MM), BEYOND_MM + 1.5, STEP_MM)
    profiles = _profiles(grey, points, normals, depths, scale)
    here = thickness / 2
    on_it = (here - 2 * NEAR_MM, here + 2 * NEAR_MM, thickness)
    below = (here + 2 * NEAR_MM, BEYOND_MM, USUAL_MM)
    walls = [wall for where in (on_it, below) for wall in _walls_between(profiles, depths, *where)]
    if not walls:
        return None
    intima, adventitia, _ = _deepest(walls)
    return FarWall(points + intima[:, None] * normals, points + adventitia[:, None] * normals)


def _deepest(walls: list[Edges]) -> Edges:
    """The clearest reading of the deepest wall that is clear enough: the near wall has the lumen below it."""
    clear = CLEAREST_SHARE * max(rise for _, _, rise in walls)
    at = {float(edges[1].mean()): edges for edges in walls if edges[2] >= clear}
    return max((edges for depth, edges in at.items() if depth >= max(at) - LUMEN_MM), key=lambda edges: edges[2])


def _walls_between(profiles: Profiles, depths: Depths, low: float, high: float, expected: float) -> list[Edges]:
    """Walls whose adventitia is one of the clearest rises between two depths."""
    rise = np.gradient(_calm(profiles.mean(axis=0)[None])[0])
    peaks = 1 + np.flatnonzero((rise[1:-1] > rise[:-2]) & (rise[1:-1] >= rise[2:]))
    peaks = peaks[(depths[peaks] > low) & (depths[peaks] < high) & (rise[peaks] > 0)]
    clearest = peaks[np.argsort(-rise[peaks])[:TRIED]]
    clearest = clearest[rise[clearest] >= CLEAREST_SHARE * rise[clearest[:1]]]
    found = (_edges(profiles, depths, float(depths[peak]), expected) for peak in clearest)
    return [each for each in found if each is not None]


def _course(outline: Points) -> tuple[Points, Points, float] | None:
    """Points along the band's middle `(N, 2)`, unit normals down the picture, and its mean thickness."""
    axis = principal_axis(outline)
    count = int(np.clip(axis.length / STATION_MM, *STATIONS))
    widths = chords(outline, axis, count, margin=0.05)
    if len(widths) < count // 2 or axis.length <= 0:
        return None
    along = (axis.end - axis.start) / axis.length
    along = along if along[0] >= 0 else -along
    across = np.array([-along[1], along[0]])
    middles = np.asarray([(line.start + line.end) / 2 for line in widths])
    forward, sideways = (middles - axis.start) @ along, (middles - axis.start) @ across
    curve = np.polyfit(forward, sideways, 3)
    slope = np.polyval(np.polyder(curve), forward)
    tangent = (along + slope[:, None] * across) / np.hypot(1.0, slope)[:, None]
    normals = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    points = axis.start + forward[:, None] * along + np.polyval(curve, forward)[:, None] * across
    lengths = np.asarray([line.length for line in widths])
    return points, normals, float((lengths / np.hypot(1.0, slope)).mean())


def _profiles(grey: NDArray[np.uint8], points: Points, normals: Points, depths: Depths, scale: Scale) -> Profiles:
    where = scale.to_px(points[:, None] + depths[None, :, None] * normals[:, None])
    x, y = where[..., 0].astype(np.float32), where[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(grey, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _calm(profiles: Profiles, along: float = 0.0) -> Profiles:
    wide = max(along, 0.01)
    blurred = cv2.GaussianBlur(
        profiles, (0, 0), sigmaX=DEPTH_MM / STEP_MM, sigmaY=wide, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(blurred, np.float32)


def _edges(profiles: Profiles, depths: Depths, start: float, thickness: float) -> Edges | None:
    """Depths `(N,)` of intima and adventitia about the adventitia's mean depth `start`; None where it is no wall."""
    lower = _followed(profiles, depths, start, NEAR_MM)
    lower = None if lower is None else _followed(profiles, depths, float(lower.mean()), NEAR_MM)
    if lower is None:
        return None
    flat = np.stack([np.interp(depths + shift, depths, row) for shift, row in zip(lower, profiles, strict=True)])
    flat = flat.astype(np.float32)
    mean = _calm(flat.mean(axis=0)[None])[0]  # by depth below the adventitia
    middle = _intima(mean, depths, thickness)
    if middle is None or not _is_wall(mean, depths, middle):
        return None
    upper = _followed(flat, depths, middle, NEAR_MM / 2, highest=-THINNEST_MM + 0.05)
    clear = float(np.gradient(mean)[np.abs(depths) < DEPTH_MM].max())
    return None if upper is None else (lower + upper, lower, clear)


def _intima(mean: Profiles, depths: Depths, thickness: float) -> float | None:
    """Depth of the lumen-intima edge against the adventitia : the likeliest rise in the mean profile."""
    rise = np.gradient(mean)
    peaks = 1 + np.flatnonzero((rise[1:-1] > rise[:-2]) & (rise[1:-1] >= rise[2:]))
    at = depths[peaks]
    inside = (at > -THICKEST_MM) & (at < -THINNEST_MM)
    clear = rise[peaks] >= WEAKEST_INTIMA * float(rise[np.abs(depths) < NEAR_MM].max())
    peaks, at = peaks[inside & clear], at[inside & clear]
    if not len(peaks):
        return None
    likely = rise[peaks] * np.exp(-0.5 * ((at + thickness) / THICKNESS_SD_MM) ** 2)
    return float(at[int(likely.argmax())])


def _is_wall(mean: Profiles, depths: Depths, intima: float) -> bool:
    """Whether what is above the intima is dark all over, against what is below the adventitia."""
    lumen = mean[(depths > intima - 0.4 - LUMEN_MM) & (depths < intima - 0.4)]
    step = float(mean[(depths > 0.1) & (depths < 0.7)].mean() - lumen.mean())
    return step >= CLEAR and float(lumen.max()) <= float(lumen.mean()) + FLAT * step


def _followed(
    profiles: Profiles, depths: Depths, about: float, within: float, highest: float = np.inf
) -> NDArray[np.float64] | None:
    """Depth `(N,)` of the steepest rise along the wall, near the depth `about`; None where brightness never rises."""
    part = np.flatnonzero((np.abs(depths - about) < 3 * within) & (depths < highest))[::2]
    rise = np.maximum(np.gradient(_calm(profiles, ALONG), axis=1)[:, part], 0.0)
    rise = rise * np.exp(-0.5 * ((depths[part] - about) / within) ** 2)
    if not rise.any():
        return None
    cost = STIFFNESS * (2 * STEP_MM) ** 2
    return np.asarray(depths[part][smooth_path(rise / rise.max(), cost)])
