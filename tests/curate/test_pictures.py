"""One frame to what is stored: cut to the sector, black around it, masks and points moved with it, without loss."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.core.clip import Box, Region, RegionKind
from lingyin.curate.pictures import Prepared, prepare, view_of
from lingyin.curate.suitability import Reason
from lingyin.io.sector import Sector
from tests.curate.sources import small, speckle

LOSSLESS = small(jpeg_quality=0, longest_side_px=512)


def screen() -> tuple[np.ndarray, Sector]:
    """A 120 x 160 screen with tissue in a triangle at (40, 20) and a name in the corner."""
    mask = np.zeros((120, 160), np.uint8)
    cv2.fillPoly(mask, [np.array([[79, 20], [40, 99], [119, 99]], np.int32)], 1)
    frame = np.zeros((120, 160, 3), np.uint8)
    frame[mask > 0] = speckle(1, 120, 160)[mask > 0][:, None].clip(30)
    cv2.putText(frame, "DOE", (41, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return frame, Sector(mask > 0, Box(40, 20, 120, 100))


def decoded(made: Prepared, ending: str) -> np.ndarray:
    assert made.files is not None
    return np.asarray(cv2.imdecode(np.frombuffer(made.files[ending], np.uint8), cv2.IMREAD_UNCHANGED))


def test_the_crop_is_the_sector_and_black_outside() -> None:
    frame, sector = screen()
    made = prepare(frame, sector, {}, (), LOSSLESS)
    stored, inside = decoded(made, "png"), decoded(made, "sector.png") > 0
    assert stored.shape == inside.shape == (80, 80)
    assert np.array_equal(inside, sector.mask[20:100, 40:120])
    assert np.array_equal(stored[inside], frame[20:100, 40:120, 0][inside])
    assert stored[:12, :20].max() == 0  # the name stood there
    assert not made.colour


def test_scaling_takes_masks_with_it() -> None:
    frame, sector = screen()
    drawn = np.zeros(frame.shape[:2], bool)
    drawn[60:80, 70:90] = True
    made = prepare(frame, sector, {"liver_outline": drawn}, (), small(longest_side_px=40))
    assert (made.width, made.height, made.scale) == (40, 40, 0.5)
    mask = decoded(made, "mask_liver_outline.png") > 0
    expected = np.zeros((40, 40), bool)
    expected[20:30, 15:25] = True
    assert np.array_equal(mask, expected)
    assert decoded(made, "jpg").shape == (40, 40)


def test_colour_stays_colour() -> None:
    frame, sector = screen()
    frame[60:70, 70:90] = (200, 30, 30)
    made = prepare(frame, sector, {}, (), LOSSLESS)
    assert made.colour
    assert decoded(made, "png")[45, 40].tolist() == [30, 30, 200]  # blue, green, red


def test_equal_pixels_have_equal_digests_and_near_ones_near_hashes() -> None:
    frame, sector = screen()
    first, second = prepare(frame, sector, {}, (), small()), prepare(frame.copy(), sector, {}, (), LOSSLESS)
    brighter = prepare(np.clip(frame * 1.2, 0, 255).astype(np.uint8), sector, {}, (), LOSSLESS)
    assert second.digest == prepare(frame, sector, {}, (), LOSSLESS).digest != brighter.digest
    assert first.words is not None
    assert brighter.words is not None
    assert np.bitwise_count(first.words ^ brighter.words).sum() < 60


def test_what_is_left_out_has_no_files() -> None:
    frame, sector = screen()
    made = prepare(np.zeros_like(frame), sector, {}, (), LOSSLESS)
    assert (made.reason, made.files, made.words) == (Reason.EMPTY, None, None)


def test_the_view_is_the_largest_tissue_region() -> None:
    frame = np.zeros((120, 200, 3), np.uint8)
    frame[10:110, 10:90] = speckle(1, 100, 80)[..., None].clip(30)
    frame[10:110, 110:190] = speckle(2, 100, 80)[..., None].clip(30)
    regions = [Region(Box(110, 10, 190, 110), RegionKind.TISSUE), Region(Box(0, 0, 100, 120), RegionKind.SPECTRAL)]
    box = view_of([frame], regions).box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((110, 10, 190, 110), abs=3)
