"""Moves an outline onto the edge that the picture shows: the network says where the structure is, the picture where
it ends.

The network's grid is coarser than the picture. Along the normals of the outline, within about one pixel of that grid,
the path of steepest brightness change that is also smooth is found by dynamic programming (Amini, Weymouth and Jain
1990).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Points, area, resample

POINTS = 128
STEP_PX = 0.5
STIFFNESS = 0.06  # price of moving one step against the neighbour, in units of the strongest edge
ALONG = 2.5  # neighbours (standard deviations) over which profiles are averaged, so that speckle is calmed
CLEAR = 0.8  # step of brightness across the edge, over the scatter of brightness, under which there is no edge
FLANK_PX = 5.0  # how far to either side of the edge brightness is compared, less the edge itself


def refine_outline(
    grey: NDArray[np.float32], outline: Points, reach_px: float, polarity: int, depth_px: float = 1.0
) -> Points | None:
    """The outline `(N, 2)` moved onto the edge in `grey (H, W)`, by at most `reach_px`; None where no clear edge is
    seen.

    Args:
        grey: the picture.
        outline: closed outline in pixels of the picture.
        reach_px: how far the true edge may lie from the outline.
        polarity: +1 where it gets brighter outward, -1 where darker, 0 where the picture itself decides.
        depth_px: standard deviation of the blur along the normals.
    """
    points = resample(outline, POINTS)
    normals = _normals(points)
    steps = max(2, round(reach_px / STEP_PX))
    offsets = np.arange(-steps, steps + 1) * STEP_PX  # (K,)
    flank = round(FLANK_PX / STEP_PX)
    reach = np.arange(-steps - flank, steps + flank + 1) * STEP_PX
    profile = _profiles(grey, points, normals, reach.astype(np.float64))
    strength = _edge_strength(profile, depth_px)[:, flank:-flank]  # (POINTS, K)
    sign = polarity or int(np.sign(strength.mean(axis=0)[np.abs(strength.mean(axis=0)).argmax()]) or 1)
    strength = strength * sign
    near = np.exp(-0.5 * (offsets / (0.7 * reach_px)) ** 2)  # the network's own edge is the likeliest
    path = _best_path(np.maximum(strength, 0.0) * near)
    if _step(profile, path + flank, flank) * sign < CLEAR * float(profile.std()) or not strength.any():
        return None
    moved: Points = points + offsets[path][:, None] * normals
    return moved if 0.5 < area(moved) / max(area(points), 1e-9) < 2.0 else None


def _normals(points: Points) -> Points:
    """Outward unit normals of a closed outline."""
    tangent = np.roll(points, -2, axis=0) - np.roll(points, 2, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    normal /= np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
    outward = ((points - points.mean(axis=0)) * normal).sum()
    return np.asarray(normal if outward >= 0 else -normal)


def _profiles(
    grey: NDArray[np.float32], points: Points, normals: Points, offsets: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Brightness along the normals, `(N, K)`."""
    where = points[:, None] + offsets[None, :, None] * normals[:, None]
    x, y = where[..., 0].astype(np.float32), where[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _edge_strength(profile: NDArray[np.float32], depth_px: float) -> NDArray[np.float64]:
    """Change of brightness per step outward, `(N, K)`, averaged over neighbours along the outline."""
    wrapped = np.vstack([profile[-16:], profile, profile[:16]])
    calm = cv2.GaussianBlur(wrapped, (0, 0), sigmaX=depth_px / STEP_PX, sigmaY=ALONG, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.gradient(calm[16:-16].astype(np.float64), axis=1))


def _step(profile: NDArray[np.float32], path: NDArray[np.int64], flank: int) -> float:
    """Mean brightness just outside the path less that just inside of it."""
    rows = np.arange(len(path))[:, None]
    side = np.arange(flank // 3, flank + 1)[None]
    return float(profile[rows, path[:, None] + side].mean() - profile[rows, path[:, None] - side].mean())


def smooth_path(gain: NDArray[np.float64], price: float) -> NDArray[np.int64]:
    """Indices `(N,)` of the path through `gain (N, K)` that gathers most, less `price` times each squared step."""
    count, width = gain.shape
    apart = np.arange(width)
    prices = price * (apart[:, None] - apart[None]) ** 2  # (to, from)
    best = gain[0].copy()
    came = np.zeros((count, width), np.int64)
    for row in range(1, count):
        options = best[None] - prices
        came[row] = options.argmax(axis=1)
        best = options.max(axis=1) + gain[row]
    path = np.zeros(count, np.int64)
    path[-1] = int(best.argmax())
    for row in range(count - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def _best_path(strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices `(N,)` of the strongest smooth closed path through `(N, K)`: forward pass twice round, then back."""
    count, width = strength.shape
    peak = float(strength.max())
    if peak <= 0:
        return np.full(count, width // 2)
    path = smooth_path(np.vstack([strength, strength]) / peak, STIFFNESS)
    middle = count // 2  # the turn in the middle of the two rounds has settled at both of its ends
    return np.roll(path[middle : middle + count], middle)
