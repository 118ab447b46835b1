"""Frames to network input, alike at training and at run time: grey, cropped to the sector, letterboxed to a square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box, Frame

Affine = NDArray[np.float64]  # (2, 3)


class _HasBox(Protocol):
    @property
    def box(self) -> Box: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """`image (S, S)` float32 0..1, and `matrix (2, 3)`: pixel centres of the frame (x, y, 1) to those of the image."""

    image: NDArray[np.float32]
    matrix: Affine

    @property
    def inverse(self) -> Affine:
        """Pixel centres of the image to those of the frame, `(2, 3)`."""
        return invert(self.matrix)


def to_grey(frame: Frame | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`(H, W, 3)` RGB or `(H, W)` grey to grey, ITU-R BT.601 weights."""
    if frame.ndim == 2:
        return frame
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY), np.uint8)


def letterbox(box: Box, size: int, pixel_aspect: float = 1.0) -> Affine:
    """The map that fits `box` centred into a `size` square; `pixel_aspect` is the height of a pixel over its width.

    Coordinates are pixel centres: the left edge of pixel 0 lies at -0.5.
    """
    scale = size / max(box.width, box.height * pixel_aspect)
    scale_x, scale_y = scale, scale * pixel_aspect
    centre_x, centre_y = (box.left + box.right) / 2 - 0.5, (box.top + box.bottom) / 2 - 0.5
    middle = (size - 1) / 2
    return np.array([[scale_x, 0, middle - scale_x * centre_x], [0, scale_y, middle - scale_y * centre_y]], np.float64)


def warp(grey: NDArray[np.uint8], box: Box, matrix: Affine, size: int) -> NDArray[np.uint8]:
    """The part of `grey (H, W)` inside `box`, brought to `(size, size)` by `matrix`; black elsewhere.

    Shrinking averages over areas first, so that fine speckle does not alias.
    """
    height, width = grey.shape
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right, bottom = min(width, round(box.right)), min(height, round(box.bottom))
    part = grey[top:bottom, left:right]
    if part.size == 0:
        return np.zeros((size, size), np.uint8)
    moved = matrix @ _homogeneous(np.array([[1, 0, left], [0, 1, top]], np.float64))
    shrink = int(min(1 / max(float(np.hypot(*moved[:, side])), 1e-6) for side in (0, 1)))
    shrink = min(shrink, *part.shape)
    if shrink >= 2:
        rows, columns = (part.shape[0] // shrink) * shrink, (part.shape[1] // shrink) * shrink
        smaller = (columns // shrink, rows // shrink)
        part = np.asarray(cv2.resize(part[:rows, :columns], smaller, interpolation=cv2.INTER_AREA), np.uint8)
        half = (shrink - 1) / 2
        moved = moved @ _homogeneous(np.array([[shrink, 0, half], [0, shrink, half]], np.float64))
    return np.asarray(cv2.warpAffine(part, moved, (size, size), flags=cv2.INTER_LINEAR), np.uint8)


def prepare(frame: Frame, sector: _HasBox | Box, size: int, pixel_aspect: float = 1.0) -> Prepared:
    """Crops a frame `(H, W, 3)` to the sector's box and letterboxes it to `(size, size)`.

    Raises:
        ValueError: the box is empty.
    """
    box = sector if isinstance(sector, Box) else sector.box
    if box.width <= 0 or box.height <= 0:
        raise ValueError(f"the sector's box is empty: {box}")
    matrix = letterbox(box, size, pixel_aspect)
    image = warp(to_grey(frame), box, matrix, size).astype(np.float32) / np.float32(255)
    return Prepared(image, matrix)


def invert(matrix: Affine) -> Affine:
    """The inverse of a `(2, 3)` affine map."""
    return np.asarray(np.linalg.inv(_homogeneous(matrix))[:2])


def _homogeneous(matrix: Affine) -> NDArray[np.float64]:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])
