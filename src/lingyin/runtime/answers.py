"""Answers of heads for boxes, points and measurements as rows of a table, in pixels of the image they came from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingyin.runtime.heads import GAUSSIAN_90, RAYLEIGH_90, decode_boxes, decode_spots, decode_value
from lingyin.runtime.manifest import Head
from lingyin.runtime.prepare import Prepared

Floats = NDArray[np.float32]
COLUMNS = {
    "measure": ("code", "value", "low", "high", "unit"),
    "landmark": ("point", "x", "y", "radius"),
    "detect": ("label", "left", "top", "right", "bottom", "score"),
}
LENGTH = "length"  # in a head's calibration: the value is a length in pixels of the square


def answer_rows(head: Head, raw: Floats, prepared: Prepared, mm_per_px: float | None) -> list[tuple[str, ...]]:
    """Rows for `COLUMNS[head.task]` from the raw output of one image.

    Values hold a 90 % interval; a length is in mm where the spacing of the image is known and in pixels (`px`) of the
    image where it is not. Points hold the radius that the truth lies within nine times in ten.
    """
    back = prepared.inverse
    scale = float(abs(np.linalg.det(back[:, :2])) ** 0.5)  # pixels of the image per pixel of the square
    if head.task == "measure":
        return [_value_row(head, raw, scale, mm_per_px)]
    if head.task == "landmark":
        spots = decode_spots(raw, head.stride, head.calibration.get("radius", RAYLEIGH_90))
        rows: list[tuple[str, ...]] = []
        for name, spot in zip(head.labels, spots, strict=True):
            x, y = back @ np.array([spot.x, spot.y, 1.0])
            rows.append((name, f"{x:.2f}", f"{y:.2f}", f"{scale * spot.radius:.2f}"))
        return rows
    found = decode_boxes(raw, head.stride)
    rows = []
    for box, label, score in zip(found.boxes, found.classes, found.scores, strict=True):
        corners = np.concatenate([back @ np.array([x, y, 1.0]) for x, y in box.reshape(2, 2)])
        rows.append((head.labels[int(label)], *(f"{value:.2f}" for value in corners), f"{score:.4f}"))
    return rows


def _value_row(head: Head, raw: Floats, scale: float, mm_per_px: float | None) -> tuple[str, ...]:
    said = decode_value(raw, head.calibration.get("spreads", GAUSSIAN_90))
    factor, unit = 1.0, head.unit
    if LENGTH in head.calibration:
        factor, unit = (scale, "px") if mm_per_px is None else (scale * mm_per_px, head.unit)
    numbers = (f"{factor * each:.6g}" for each in (said.value, said.low, said.high))
    return (head.labels[0], *numbers, unit)
