"""Finding the sector: drawn fans and rectangles on pages with furniture, any picture at all, and real livers."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lingyin.io.sector import find_sector

HEIGHT, WIDTH = 300, 400


def fan_mask(half_angle: float = 35.0, apex_y: float = -40.0, cut_left: float = 90.0) -> NDArray[np.bool_]:
    """A convex probe's fan; `cut_left` is the angle at which its left side ends, in degrees."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    x, y = x - WIDTH / 2, y - apex_y
    angle, radius = np.degrees(np.arctan2(x, y)), np.hypot(x, y)
    return (np.abs(angle) <= half_angle) & (angle >= -cut_left) & (radius > 70) & (radius < 300)


def tissue(mask: NDArray[np.bool_], seed: int = 0, page: int = 0) -> NDArray[np.uint8]:
    """Speckle inside the mask, a flat page outside."""
    noise = np.random.default_rng(seed).rayleigh(45, mask.shape)
    grey = np.where(mask, np.clip(cv2.GaussianBlur(noise, (3, 3), 0) + 8, 8, 255), page).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def furnished(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With a title, a ruler, a grey bar and a coloured logo in the corners."""
    frame = frame.copy()
    cv2.putText(frame, "Abdomen 12:04", (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    for y in range(20, 280, 20):
        cv2.line(frame, (392, y), (398, y), (200, 200, 200), 1)
    frame[40:140, 8:16] = np.linspace(255, 0, 100).astype(np.uint8)[:, None, None]
    frame[4:14, 380:396] = (30, 90, 220)
    return frame


def dice(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@settings(max_examples=12, deadline=None)
# Wider fans meet the furniture.
@given(st.floats(22, 40), st.floats(-60, -20), st.integers(0, 9), st.sampled_from([0, 30]))
def test_any_fan_on_a_page_with_furniture(half_angle, apex_y, seed, page):
    truth = fan_mask(half_angle, apex_y)
    sector = find_sector([furnished(tissue(truth, seed, page))])
    assert dice(sector.mask, truth) > 0.96


def test_a_fan_that_is_narrower_on_one_side():
    truth = fan_mask(cut_left=22.0)
    assert dice(find_sector([tissue(truth)]).mask, truth) > 0.97


def test_a_side_in_shadow_is_mirrored_from_the_other():
    truth = fan_mask()
    frame = tissue(truth)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    frame[(x < 120) & (y > 140)] = 0  # a shadow without an edge that follows the beam
    assert dice(find_sector([frame]).mask, truth) > 0.95


def test_a_picture_within_a_page_that_was_scaled_down():
    """Scaling blends the edge of the black picture with the grey page: the page must come off all the same."""
    truth = np.pad(fan_mask(), 60)
    page = cv2.copyMakeBorder(tissue(fan_mask()), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(40, 40, 40))
    assert dice(find_sector([page]).mask, truth) > 0.95


def test_a_linear_probe_is_a_rectangle():
    truth = np.zeros((HEIGHT, WIDTH), bool)
    truth[30:280, 90:310] = True
    sector = find_sector([furnished(tissue(truth))])
    assert dice(sector.mask, truth) > 0.97
    assert sector.box.left == pytest.approx(90, abs=4)
    assert sector.box.bottom == pytest.approx(280, abs=4)


def test_a_tight_crop_is_all_sector():
    assert find_sector([tissue(np.ones((120, 160), bool))]).mask.all()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_where_nothing_is_to_be_seen_the_whole_frame_counts(level):
    sector = find_sector([np.full((60, 80, 3), level, np.uint8)])
    assert sector.mask.all()
    assert (sector.box.left, sector.box.top, sector.box.right, sector.box.bottom) == (0, 0, 80, 60)


def test_several_frames_show_more_than_one():
    truth = fan_mask()
    y = np.mgrid[:HEIGHT, :WIDTH][0]
    frames = [tissue(truth & ((y // 60) % 2 == parity), seed=parity) for parity in (0, 1)]
    assert dice(find_sector(frames).mask, truth) > 0.97


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5), st.booleans())
def test_any_picture_has_a_sector_within_it(height, width, seed, grey):
    shape = (height, width) if grey else (height, width, 3)
    frame = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    sector = find_sector([frame])
    assert sector.mask.shape == (height, width)
    assert sector.mask.any()
    assert 0 <= sector.box.left < sector.box.right <= width
    assert 0 <= sector.box.top < sector.box.bottom <= height


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        find_sector([])


@pytest.mark.data
def test_real_livers(real_data: Path):
    """Twenty of the published images with their true sectors; `scripts/bench-sector` measures all of the test split."""
    folder = real_data / "liver_aul"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["split"] == "val" and line["mask_sector"]][::5]
    scores = []
    for line in lines:
        grey = cv2.imread(str(folder / "images" / f"{line['id']}.webp"), cv2.IMREAD_GRAYSCALE)
        truth = cv2.imread(str(folder / line["mask_sector"]), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        assert truth is not None
        scores.append(dice(find_sector([grey.astype(np.uint8)]).mask, truth > 0))
    assert len(scores) == 20
    assert np.mean(scores) >= 0.965
