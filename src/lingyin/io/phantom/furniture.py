"""What screens carry around the sector: name and settings, depth ruler, grey bar, focus mark."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.io.phantom.parameters import Settled
from lingyin.io.phantom.probe import Screen

Grey = NDArray[np.uint8]
_GAP = 4  # pixels that stay black around the sector


def draw_furniture(screen: Screen, settled: Settled, title: str, rng: np.random.Generator) -> Grey:
    """The furniture alone (H, W) uint8, black within and close to the sector."""
    picture: Grey = np.zeros((screen.height, screen.width), np.uint8)
    ink = int(rng.integers(150, 235))
    _ruler(picture, screen, settled["depth_mm"], ink, right=bool(rng.random() < 0.7))
    if rng.random() < 0.85:
        top, size = int(rng.integers(38, 60)), int(rng.integers(70, 130))
        left = int(rng.integers(6, 14))
        bar = np.linspace(255, 0, size).astype(np.uint8)[:, None]
        picture[top : top + size, left : left + int(rng.integers(6, 11))] = bar
    small = float(rng.uniform(0.3, 0.38))
    lines = [title, f"{settled['frame_rate_hz']:.0f}Hz  D {settled['depth_mm'] / 10:.1f}cm"]
    for row, text in enumerate(lines):
        cv2.putText(picture, text, (8, 12 + 13 * row), cv2.FONT_HERSHEY_SIMPLEX, small, ink, 1, cv2.LINE_AA)
    right = ["PHANTOM", f"MI {rng.uniform(0.5, 1.4):.1f} TIS {rng.uniform(0.1, 1.2):.1f}"]
    for row, text in enumerate(right):
        place = (screen.width - 112, 12 + 13 * row)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, small, ink, 1, cv2.LINE_AA)
    below = f"G {50 + settled['gain_db']:.0f}  DR {settled['dynamic_range_db']:.0f}  {rng.uniform(2, 12):.1f}MHz"
    cv2.putText(picture, below, (8, screen.height - 8), cv2.FONT_HERSHEY_SIMPLEX, small, ink, 1, cv2.LINE_AA)
    near = cv2.dilate(screen.sector.astype(np.uint8), np.ones((2 * _GAP + 1, 2 * _GAP + 1), np.uint8))
    return np.where(near > 0, 0, picture).astype(np.uint8)


def _ruler(picture: Grey, screen: Screen, depth_mm: float, ink: int, *, right: bool) -> None:
    """Ticks every 5 mm in shallow and every 10 mm in deep pictures, with the focus mark."""
    x = round(screen.box.right + 14) if right else round(screen.box.left - 14)
    step = 5.0 if depth_mm < 70 else 10.0
    for number, depth in enumerate(np.arange(0.0, depth_mm + 0.1, step)):
        y = round(screen.origin_y + depth / screen.mm_per_px_y)
        long = number % (2 if step < 10 else 5) == 0
        cv2.line(picture, (x, y), (x + (6 if long else 3), y), ink, 1)
        if long and number:
            place = (x + 9, y + 4) if right else (x - 18, y + 4)
            cv2.putText(picture, f"{depth / 10:.0f}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.3, ink, 1, cv2.LINE_AA)
    y = round(screen.origin_y + 0.5 * depth_mm / screen.mm_per_px_y)
    mark = np.array([[x - 8, y - 4], [x - 8, y + 4], [x - 2, y]])
    cv2.fillPoly(picture, [mark], ink)
