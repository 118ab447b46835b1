"""Mask loaders: each returns a function that decodes a mask `(H, W)` of bool when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lingyin.core.clip import Mask
from lingyin.core.errors import UnreadableError
from lingyin.curate.readers.contract import MaskLoader

HALF = 127  # JPEG masks hold other values than 0 and 255


def read_values(path: Path) -> NDArray[np.uint8]:
    """Pixel values `(H, W)`: indices of a palette, else the brightest channel; one-bit masks are 0 and 255.

    Raises UnreadableError naming the file.
    """
    try:
        with Image.open(path) as image:
            if image.mode == "1":
                return np.asarray(image.convert("L"))
            values = np.asarray(image)
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise UnreadableError(path, f"cannot be read as a mask ({error})", "take the published file") from error
    return values if values.ndim == 2 else values[..., :3].max(axis=2)


def painted(*paths: Path, above: int = 0) -> MaskLoader:
    """All pixels brighter than `above` in any of the files, which have one size."""

    def load() -> Mask:
        joined: Mask = np.logical_or.reduce([read_values(path) > above for path in paths])
        return joined

    return load


def valued(path: Path, *values: int) -> MaskLoader:
    """Pixels of a label map that hold one of the values."""

    def load() -> Mask:
        mask: Mask = np.isin(read_values(path), values)
        return mask

    return load


def filled(path: Path) -> MaskLoader:
    """The inside of a drawn outline, with the outline. An outline that is not closed is closed at the border."""

    def load() -> Mask:
        drawn = (read_values(path) > HALF).astype(np.uint8)
        contours, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return cv2.drawContours(drawn, contours, -1, 1, cv2.FILLED).astype(np.bool_)

    return load


def polygons(outlines: Sequence[NDArray[np.float64]], height: int, width: int) -> MaskLoader:
    """The union of closed outlines, each `(N, 2)` of columns and rows in pixels."""

    def load() -> Mask:
        canvas = np.zeros((height, width), np.uint8)
        for outline in outlines:
            cv2.fillPoly(canvas, [np.round(outline).astype(np.int32)], 1)
        return canvas.astype(np.bool_)

    return load


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width of a picture, from its header. Raises UnreadableError naming the file."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (OSError, UnidentifiedImageError) as error:
        raise UnreadableError(path, f"cannot be read as a picture ({error})", "take the published file") from error
