"""The scale of a video or picture: `scan.mp4` may have `scan.mp4.json` beside it with millimetres per pixel."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from lingyin.core.clip import Box, Clip, Region, RegionKind
from lingyin.core.errors import UnreadableError, UsageError

SUFFIX = ".json"
KEYS = ("mm_per_px", "mm_per_px_x", "mm_per_px_y")
LARGEST_MM = 10.0  # per pixel
REMEDY = 'write {"mm_per_px": 0.2} or {"mm_per_px_x": 0.2, "mm_per_px_y": 0.25}'
PICTURES = (RegionKind.TISSUE, RegionKind.COLOR_FLOW, RegionKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Size of a pixel, mm."""

    x_mm: float
    y_mm: float


def sidecar_path(scan: Path) -> Path:
    """`scan.mp4` -> `scan.mp4.json`."""
    return scan.with_name(scan.name + SUFFIX)


def read_sidecar(path: Path, name: str | None = None) -> Spacing | None:
    """The spacing in a sidecar; None if there is no such file or it speaks of other things.

    Raises:
        UnreadableError: it is no JSON object, or its spacing is not a plausible size of a pixel.
    """
    if not path.is_file():
        return None
    name = name or str(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise UnreadableError(name, "the sidecar is not JSON", REMEDY) from error
    if not isinstance(data, dict) or not any(key in data for key in KEYS):
        return None
    x_mm, y_mm = (data.get(key, data.get("mm_per_px")) for key in KEYS[1:])
    if not (_is_size(x_mm) and _is_size(y_mm)):
        raise UnreadableError(
            name, f"its spacing must be two numbers between 0 and {LARGEST_MM:g} mm per pixel", REMEDY
        )
    return Spacing(float(x_mm), float(y_mm))


def chosen_spacing(mm_per_px: float) -> Spacing:
    """The spacing that a person gave for square pixels. Raises UsageError if it is not the size of a pixel."""
    if not _is_size(mm_per_px):
        raise UsageError(f"{mm_per_px} mm per pixel is not possible; give a number between 0 and {LARGEST_MM:g}")
    return Spacing(float(mm_per_px), float(mm_per_px))


def calibrated(clip: Clip, spacing: Spacing) -> Clip:
    """The clip with this spacing where the file itself gives none; a calibration inside the file always stands."""
    if any(region.is_calibrated for region in clip.regions):
        return clip
    if clip.regions:
        regions = tuple(
            replace(region, mm_per_px_x=spacing.x_mm, mm_per_px_y=spacing.y_mm, calibration="sidecar")
            if region.kind in PICTURES
            else region
            for region in clip.regions
        )
    else:
        box = Box(0, 0, clip.width, clip.height)
        regions = (Region(box, RegionKind.UNKNOWN, spacing.x_mm, spacing.y_mm, "sidecar"),)
    return replace(clip, regions=regions, pixel_aspect=spacing.y_mm / spacing.x_mm)


def _is_size(value: Any) -> TypeGuard[int | float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 < value <= LARGEST_MM
