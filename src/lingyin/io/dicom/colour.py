"""From raw DICOM samples to `(H, W, 3)` uint8 RGB: luma and chroma, palettes, grey scales (PS3.3 C.7.6.3, C.11.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from lingyin.core.clip import Frame
from lingyin.core.errors import UnreadableError
from lingyin.io.dicom.pixels import Pixels
from lingyin.io.dicom.tone import grey_table

Samples = NDArray[Any]

# Contributions of (Y, Cb, Cr) to (R, G, B), and the offsets of luma and scale of chroma: ITU-R BT.601.
_CR_R, _CB_G, _CR_G, _CB_B = 1.402, 0.114 * 1.772 / 0.587, 0.299 * 1.402 / 0.587, 1.772


def to_rgb(pixels: Pixels, first: tuple[Samples, str]) -> tuple[Callable[[Samples, str], Frame], list[str]]:
    """The conversion for the frames of one file, and notes. `first` is its first raw frame.

    Tables (palette, window) are worked out once here, so that every frame of a cine gets the same grey scale.
    """
    dataset, layout = pixels.header.dataset, pixels.layout
    photometric = first[1]
    notes: list[str] = []
    if layout.samples == 3:
        top = (1 << layout.bits_stored) - 1
        return lambda samples, now: _three(samples, now, top, pixels.name), notes
    if photometric == "PALETTE COLOR":
        table = palette_table(dataset, layout.bits_stored)
    else:
        grey, notes = grey_table(pixels, first[0])
        table = np.repeat(grey[:, None], 3, axis=1)
    mask = (1 << layout.bits_stored) - 1
    return lambda samples, _now: table[samples.view(f"u{samples.dtype.itemsize}") & mask], notes


def palette_table(dataset: Dataset, bits_stored: int) -> NDArray[np.uint8]:
    """`(2**bits_stored, 3)` RGB of every stored value, of plain and of segmented palettes (PS3.3 C.7.9)."""
    values = np.arange(1 << bits_stored, dtype=np.uint8 if bits_stored <= 8 else np.uint16)
    table = np.asarray(apply_color_lut(values, dataset))[..., :3]
    if table.dtype == np.uint16:
        # entries of 16 bits whose values fill only the lower 8 are met in the wild
        table = table >> 8 if table.max(initial=0) > 255 else table
    return table.astype(np.uint8)


def ybr_full_to_rgb(ybr: NDArray[np.uint8]) -> Frame:
    """YBR_FULL `(..., 3)` to RGB (PS3.3 C.7.6.3.1.2), rounded to the nearest value."""
    chroma = np.arange(256) - 128.0
    return _matrix(ybr, np.arange(256.0), chroma)


def ybr_partial_to_rgb(ybr: NDArray[np.uint8]) -> Frame:
    """YBR_PARTIAL `(..., 3)` (luma 16 to 235, chroma 16 to 240) to RGB."""
    return _matrix(ybr, (np.arange(256) - 16) * 255 / 219, (np.arange(256) - 128) * 255 / 224)


def _matrix(ybr: NDArray[np.uint8], luma: NDArray[Any], chroma: NDArray[Any]) -> Frame:
    """Table look-ups in 16 fraction bits: exact after rounding, and no floating point image is made."""
    one = 1 << 16

    def fixed(values: NDArray[Any]) -> NDArray[np.int32]:
        return np.asarray(np.rint(values * one), np.int32)

    y = fixed(luma)[ybr[..., 0]] + one // 2
    cb, cr = ybr[..., 1], ybr[..., 2]
    rgb = np.empty(ybr.shape, np.uint8)
    for channel, part in enumerate(
        (fixed(_CR_R * chroma)[cr], -fixed(_CB_G * chroma)[cb] - fixed(_CR_G * chroma)[cr], fixed(_CB_B * chroma)[cb])
    ):
        rgb[..., channel] = np.clip((y + part) >> 16, 0, 255)
    return rgb


def _three(samples: Samples, photometric: str, top: int, name: str) -> Frame:
    if top != 255:
        samples = (samples.astype(np.float32) * (255 / top) + 0.5).clip(0, 255)
    eight = samples.astype(np.uint8)
    if photometric in ("RGB", "YBR_RCT", "YBR_ICT"):
        return eight
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_full_to_rgb(eight)
    if photometric.startswith("YBR_PARTIAL"):
        return ybr_partial_to_rgb(eight)
    raise UnreadableError(
        name, f"photometric interpretation {photometric[:24]} is not known", "give the original image"
    )
