"""Calibrated regions: kinds, boxes, scales, precedence, and what carries no lengths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from lingyin.core.clip import RegionKind
from lingyin.io.dicom.regions import read_geometry


def item(box=(10, 20, 109, 99), kind=(1, 1), units=(3, 3), deltas=(0.02, 0.03), flags=0) -> Dataset:
    made = Dataset()
    for name, value in zip(("MinX0", "MinY0", "MaxX1", "MaxY1"), box, strict=True):
        setattr(made, f"RegionLocation{name}", value)
    made.RegionSpatialFormat, made.RegionDataType = kind
    made.PhysicalUnitsXDirection, made.PhysicalUnitsYDirection = units
    made.PhysicalDeltaX, made.PhysicalDeltaY = deltas
    made.RegionFlags = flags
    return made


def geometry(*items: Dataset, **tags: object):
    made = Dataset()
    if items:
        made.SequenceOfUltrasoundRegions = list(items)
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    return read_geometry(made, 200, 100)


def test_a_tissue_region():
    found = geometry(item())
    (region,) = found.regions
    assert region.kind is RegionKind.TISSUE
    assert (region.box.left, region.box.top, region.box.right, region.box.bottom) == (10, 20, 110, 100)
    assert region.mm_per_px_x == pytest.approx(0.2)
    assert region.mm_per_px_y == pytest.approx(0.3)
    assert region.calibration == "dicom-region"
    assert found.pixel_aspect == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ((1, 1), RegionKind.TISSUE),
        ((1, 2), RegionKind.COLOR_FLOW),
        ((2, 1), RegionKind.M_MODE),
        ((2, 2), RegionKind.M_MODE),
        ((3, 3), RegionKind.SPECTRAL),
        ((3, 4), RegionKind.SPECTRAL),
        ((3, 6), RegionKind.WAVEFORM),
        ((4, 0xA), RegionKind.WAVEFORM),
        ((5, 0xD), RegionKind.GRAPHICS),
        ((5, 0xE), RegionKind.GRAPHICS),
        ((0, 0), RegionKind.UNKNOWN),
    ],
)
def test_kinds(kind, expected):
    assert geometry(item(kind=kind)).regions[0].kind is expected


@pytest.mark.parametrize("units", [(4, 7), (4, 3), (3, 4), (0, 0), (1, 1), (3, 0)])
def test_other_units_than_centimetres_give_no_length(units):
    (region,) = geometry(item(units=units)).regions
    assert not region.is_calibrated
    assert region.calibration == "none"


def test_upward_rows_have_negative_deltas():
    assert geometry(item(deltas=(0.02, -0.03))).regions[0].mm_per_px_y == pytest.approx(0.3)


@pytest.mark.parametrize("deltas", [(0.0, 0.02), (float("nan"), 0.02), (5.0, 5.0), (1e-9, 1e-9)])
def test_implausible_scales_are_dropped_and_told(deltas):
    found = geometry(item(deltas=deltas))
    assert not found.regions[0].is_calibrated
    assert "implausible" in found.notes[0]


def test_boxes_are_cut_to_the_picture():
    (region,) = geometry(item(box=(0, 0, 250, 150))).regions
    assert (region.box.left, region.box.right, region.box.bottom) == (0, 200, 100)
    assert geometry(item(box=(300, 0, 400, 50))).regions == ()
    bare = item()
    del bare.RegionLocationMaxX1
    found = geometry(bare)
    assert found.regions == ()
    assert "box" in found.notes[0]


def test_overlaps_rank_by_priority_then_size():
    low = item(box=(0, 0, 50, 50), flags=1)
    large, small = item(box=(0, 0, 199, 99)), item(box=(20, 20, 60, 60), kind=(1, 2))
    widths = [region.box.width for region in geometry(low, large, small).regions]
    assert widths == [41, 200, 51]


def test_pixel_spacing_only_without_regions():
    (region,) = geometry(PixelSpacing=["0.3", "0.2"]).regions
    assert (region.mm_per_px_x, region.mm_per_px_y) == (0.2, 0.3)
    assert region.calibration == "pixel-spacing"
    assert region.box.width == 200
    assert geometry(item(units=(0, 0)), PixelSpacing=["0.3", "0.2"]).regions[0].mm_per_px_x is None


def test_imager_pixel_spacing_is_never_a_scale():
    assert geometry(ImagerPixelSpacing=["0.3", "0.2"]).regions == ()


def test_shared_functional_groups():
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = ["0.4", "0.4"]
    shared.PixelMeasuresSequence = [measures]
    assert geometry(SharedFunctionalGroupsSequence=[shared]).regions[0].mm_per_px_x == 0.4
    assert geometry(SharedFunctionalGroupsSequence=[Dataset()]).regions == ()


@pytest.mark.parametrize("spacing", [["0", "0.2"], ["-1", "0.2"], ["99", "99"], "0.2", None])
def test_senseless_pixel_spacing(spacing):
    assert geometry(PixelSpacing=spacing).regions == ()


def test_pixel_aspect_ratio_is_vertical_over_horizontal():
    assert geometry(PixelAspectRatio=["4", "3"]).pixel_aspect == pytest.approx(4 / 3)
    assert geometry(PixelAspectRatio=["0", "3"]).pixel_aspect == 1
    assert geometry(item(), PixelAspectRatio=["4", "3"]).pixel_aspect == pytest.approx(1.5)


@given(
    st.tuples(*[st.integers(0, 400)] * 4),
    st.tuples(st.integers(0, 6), st.integers(0, 20)),
    st.tuples(st.integers(0, 12), st.integers(0, 12)),
    st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 2),
)
def test_any_region_stays_within_the_picture(box, kind, units, deltas):
    made = item(kind=kind, units=units, deltas=deltas)
    for name, value in zip(("MinX0", "MinY0", "MaxX1", "MaxY1"), box, strict=True):
        setattr(made, f"RegionLocation{name}", value)
    for region in geometry(made).regions:
        assert 0 <= region.box.left < region.box.right <= 200
        assert 0 <= region.box.top < region.box.bottom <= 100
        assert region.is_calibrated == (region.calibration == "dicom-region")
        if region.is_calibrated:
            assert units == (3, 3)
