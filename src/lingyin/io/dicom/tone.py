"""The grey scale of monochrome DICOM frames: window, lookup table or range of values, as a table over stored values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from lingyin.io.dicom.pixels import Pixels
from lingyin.io.dicom.values import number

SAMPLED = 5  # frames looked at for the range of values


def grey_table(pixels: Pixels, first: NDArray[Any]) -> tuple[NDArray[np.uint8], list[str]]:
    """`(2**bits_stored,)` grey of every stored value (as unsigned), and notes. MONOCHROME1 comes out inverted.

    Order: VOI LUT Sequence, window, the full range for 8 bits, else the least and greatest value of a few frames.
    """
    dataset, layout = pixels.header.dataset, pixels.layout
    values = np.arange(1 << layout.bits_stored, dtype=np.int32)
    if layout.signed:
        values[values >= 1 << (layout.bits_stored - 1)] -= 1 << layout.bits_stored
    notes: list[str] = []
    real = np.asarray(apply_modality_lut(values, dataset), np.float64)
    window = _window(dataset)
    if dataset.get("VOILUTSequence"):
        scaled = _stretched(np.asarray(apply_voi(real.astype(np.int32), dataset), np.float64))
    elif window is not None:
        scaled = _windowed(real, *window, str(dataset.get("VOILUTFunction") or "LINEAR").upper())
    elif layout.bits_stored <= 8:
        scaled = _stretched(values.astype(np.float64))
    else:
        low, high = _range(pixels, first)
        scaled = np.clip((values - low) / max(1.0, high - low), 0, 1)
        notes.append("no window in the file: grey runs from the least to the greatest value of the frames looked at")
    if layout.photometric == "MONOCHROME1":
        scaled = 1 - scaled
    return (scaled * 255 + 0.5).astype(np.uint8), notes


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """Centre and width of the first window; None where there is none or its width is not positive."""
    centre, width = number(dataset.get("WindowCenter")), number(dataset.get("WindowWidth"))
    return None if centre is None or width is None or width <= 0 else (centre, width)


def _windowed(real: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.float64]:
    """The three functions of PS3.3 C.11.2.1.2 and C.11.2.1.3, to 0..1."""
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (real - centre) / width, -500, 500))))
    if function == "LINEAR_EXACT":
        return np.clip((real - centre) / width + 0.5, 0, 1)
    if width <= 1:
        return np.asarray(real > centre - 0.5, np.float64)
    return np.clip((real - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = values.min(), values.max()
    return np.asarray((values - low) / max(1.0, high - low), np.float64)


def _range(pixels: Pixels, first: NDArray[Any]) -> tuple[float, float]:
    indices = np.unique(np.linspace(0, pixels.layout.count - 1, SAMPLED).round().astype(int))[1:]
    frames = [first, *(pixels.raw(int(index))[0] for index in indices)]
    return float(min(frame.min() for frame in frames)), float(max(frame.max() for frame in frames))
