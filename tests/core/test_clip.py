"""Boxes are half-open, a region is calibrated on both axes or not at all, and a line belongs to one region."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lingyin.core.clip import Box, Clip, Region, RegionKind, Source

LEFT = Region(Box(0, 0, 40, 50), RegionKind.TISSUE, 0.2, 0.25, "dicom-region")
RIGHT = Region(Box(40, 0, 100, 50), RegionKind.SPECTRAL)


def make_clip(*regions: Region, frames: int = 3) -> Clip:
    store = [np.zeros((50, 100, 3), np.uint8) for _ in range(frames)]
    return Clip(store, np.arange(frames) / 25, 100, 50, Source("scan.dcm", "dicom"), regions)


def test_box_is_half_open() -> None:
    box = Box(10, 20, 30, 60)
    assert (box.width, box.height) == (20, 40)
    assert box.contains(10, 20)
    assert box.contains(29.9, 59.9)
    assert not box.contains(30, 20)
    assert not box.contains(10, 60)


@pytest.mark.parametrize(("x", "y", "calibrated"), [(0.2, 0.3, True), (0.2, None, False), (None, None, False)])
def test_calibration_needs_both_axes(x: float | None, y: float | None, calibrated: bool) -> None:
    assert Region(Box(0, 0, 1, 1), RegionKind.TISSUE, x, y).is_calibrated is calibrated


def test_a_clip_is_as_long_as_its_frames() -> None:
    assert len(make_clip(LEFT)) == 3
    assert len(make_clip(frames=1)) == 1


def test_a_line_within_one_region_finds_it() -> None:
    clip = make_clip(LEFT, RIGHT)
    assert clip.region_at((5, 5), (39, 49)) is LEFT
    assert clip.region_at((40, 5)) is RIGHT


def test_a_line_across_regions_or_outside_finds_none() -> None:
    clip = make_clip(LEFT, RIGHT)
    assert clip.region_at((39, 5), (41, 5)) is None
    assert clip.region_at((5, 5), (5, 50)) is None
    assert make_clip().region_at((5, 5)) is None


def test_overlapping_regions_answer_in_the_order_given() -> None:
    whole = Region(Box(0, 0, 100, 50), RegionKind.UNKNOWN)
    assert make_clip(whole, LEFT).region_at((5, 5)) is whole
    assert make_clip(LEFT, whole).region_at((5, 5), (90, 5)) is whole


def test_a_source_has_no_place_for_identity() -> None:
    names = {field.name for field in dataclasses.fields(Source)}
    assert names.isdisjoint({"patient_name", "patient_id", "patient_birth_date", "accession_number"})
    assert "patient_sex" in names


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        LEFT.kind = RegionKind.M_MODE  # type: ignore[misc]
