"""Calibrated screen regions of a DICOM ultrasound image (PS3.3 C.8.5.5); PixelSpacing only where there are none."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from lingyin.core.clip import Box, Region, RegionKind
from lingyin.io.dicom.values import number, numbers

CENTIMETRES = 3  # Physical Units X/Y Direction
PLAUSIBLE_MM = (0.0005, 10.0)  # per pixel, from ultrasound microscopy to a screen copy

_BY_DATA_TYPE = {
    1: RegionKind.TISSUE,
    2: RegionKind.COLOR_FLOW,
    3: RegionKind.SPECTRAL,  # PW
    4: RegionKind.SPECTRAL,  # CW
    **dict.fromkeys((5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0x10, 0x11, 0x12), RegionKind.WAVEFORM),  # Doppler traces, ECG, ...
    **dict.fromkeys((0xD, 0xE), RegionKind.GRAPHICS),  # grey bar, colour bar
}
_BY_FORMAT = {2: RegionKind.M_MODE, 3: RegionKind.SPECTRAL, 4: RegionKind.WAVEFORM, 5: RegionKind.GRAPHICS}


@dataclass(frozen=True)
class Geometry:
    """Regions in order of precedence where they overlap, and the height of a pixel over its width."""

    regions: tuple[Region, ...]
    pixel_aspect: float
    notes: tuple[str, ...]


def read_geometry(dataset: Dataset, width: int, height: int) -> Geometry:
    """Regions of a `width` x `height` frame.

    Lengths come from a region only where both its units are centimetres (3, 3), separately in x and y. Without any
    region the whole frame gets PixelSpacing. Imager Pixel Spacing, a property of the detector, is never used.
    """
    notes: list[str] = []
    items = list(dataset.get("SequenceOfUltrasoundRegions") or [])
    ranked = [ranked for item in items if (ranked := _region(item, width, height, notes)) is not None]
    regions = tuple(region for _, region in sorted(ranked, key=lambda pair: pair[0]))
    if not items:
        spacing = _pixel_spacing(dataset)
        if spacing is not None:
            regions = (Region(Box(0, 0, width, height), RegionKind.UNKNOWN, spacing[1], spacing[0], "pixel-spacing"),)
    return Geometry(regions, _aspect(dataset, regions), tuple(notes))


def _region(item: Dataset, width: int, height: int, notes: list[str]) -> tuple[tuple[int, float], Region] | None:
    """A region with its rank: high priority pixels (flag bit 0 clear) first, then the smaller box."""
    corners = [_integer(item.get(f"RegionLocation{name}")) for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    if None in corners:
        notes.append("a region without a complete box was left out")
        return None
    x0, y0, x1, y1 = (corner or 0 for corner in corners)
    # stored corners are inclusive
    box = Box(max(0, x0), max(0, y0), min(width, x1 + 1), min(height, y1 + 1))
    if box.width <= 0 or box.height <= 0:
        notes.append("a region outside the picture was left out")
        return None
    data_type, spatial = _integer(item.get("RegionDataType")), _integer(item.get("RegionSpatialFormat"))
    kind = _kind(data_type, spatial)
    x_mm = y_mm = None
    if _integer(item.get("PhysicalUnitsXDirection")) == _integer(item.get("PhysicalUnitsYDirection")) == CENTIMETRES:
        x_mm, y_mm = _millimetres(item.get("PhysicalDeltaX")), _millimetres(item.get("PhysicalDeltaY"))
        if x_mm is None or y_mm is None:
            notes.append("a region with an implausible scale is treated as uncalibrated")
            x_mm = y_mm = None
    low_priority = (_integer(item.get("RegionFlags")) or 0) & 1
    calibration = "none" if x_mm is None else "dicom-region"
    return (low_priority, box.width * box.height), Region(box, kind, x_mm, y_mm, calibration)


def _kind(data_type: int | None, spatial: int | None) -> RegionKind:
    """Spatial Format decides where it is not 2D (an M-mode strip also says "tissue"); else Region Data Type."""
    by_format = _BY_FORMAT.get(spatial or 0)
    if by_format is not None and not (by_format is RegionKind.SPECTRAL and data_type in (1, 2)):
        by_type = _BY_DATA_TYPE.get(data_type or 0)
        return RegionKind.WAVEFORM if by_type is RegionKind.WAVEFORM else by_format
    return _BY_DATA_TYPE.get(data_type or 0, RegionKind.UNKNOWN)


def _pixel_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """(row, column) spacing in mm from the image or, in enhanced objects, from the groups that all frames share."""
    holder = dataset
    if "PixelSpacing" not in dataset:
        shared = dataset.get("SharedFunctionalGroupsSequence") or []
        measures = shared[0].get("PixelMeasuresSequence") if len(shared) else None
        if not measures:
            return None
        holder = measures[0]
    match numbers(holder.get("PixelSpacing")):
        case [row_mm, column_mm] if _is_plausible(row_mm) and _is_plausible(column_mm):
            return row_mm, column_mm
    return None


def _aspect(dataset: Dataset, regions: tuple[Region, ...]) -> float:
    """From the largest calibrated picture region, else from Pixel Aspect Ratio (vertical \\ horizontal), else 1."""
    pictures = [
        region
        for region in regions
        if region.is_calibrated and region.kind in (RegionKind.TISSUE, RegionKind.COLOR_FLOW, RegionKind.UNKNOWN)
    ]
    if pictures:
        largest = max(pictures, key=lambda region: region.box.width * region.box.height)
        assert largest.mm_per_px_x is not None
        assert largest.mm_per_px_y is not None
        return largest.mm_per_px_y / largest.mm_per_px_x
    match numbers(dataset.get("PixelAspectRatio")):
        case [vertical, horizontal] if horizontal > 0 and 0.1 <= vertical / horizontal <= 10:
            return vertical / horizontal
    return 1.0


def _millimetres(delta_cm: object) -> float | None:
    """Absolute size of a pixel (rows may run upwards, which makes the stored delta negative)."""
    delta = number(delta_cm)
    if delta is None or not _is_plausible(10 * abs(delta)):
        return None
    return 10 * abs(delta)


def _is_plausible(size_mm: float) -> bool:
    return PLAUSIBLE_MM[0] <= size_mm <= PLAUSIBLE_MM[1]


def _integer(value: object) -> int | None:
    found = number(value)
    return None if found is None else int(found)
