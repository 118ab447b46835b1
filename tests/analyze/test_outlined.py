"""From the network's grid to outlines on the picture: readings, scenes, bands, regions and the edge of the sector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.analyze.masks import MaskFrame, Track
from lingyin.analyze.measure.caliper import area
from lingyin.analyze.measure.shot import Shot
from lingyin.analyze.outlined import Outlined, diastole, outline_structures, track_over
from lingyin.analyze.quality import Quality
from lingyin.analyze.reading import Reading, Readings, small_pictures
from lingyin.analyze.shots import largest_outline, make_shots, scale_at
from lingyin.core.clip import Box, Clip, Region
from lingyin.io.sector import Sector
from lingyin.runtime.manifest import Head
from lingyin.runtime.prepare import Prepared
from tests.analyze.clips import CALIBRATION, make_clip, region

SIDE = 128  # of the frame; the network sees it as 64 x 64
Grid = NDArray[np.float32]


def grid(*boxes: tuple[int, int, int, int], inside: float = 0.95) -> Grid:
    """Probability maps `(64, 64)` of rows and columns `top, bottom, left, right`."""
    drawn = np.zeros((64, 64), np.float32)
    for top, bottom, left, right in boxes:
        drawn[top:bottom, left:right] = inside
    return drawn


def reading(frame: int, structure: str = "liver", mask: Grid | None = None, score: float = 1.0) -> Reading:
    grids = {} if mask is None else {structure: mask.astype(np.float16)}
    phase = np.array([0.1 * frame, 1 - 0.1 * frame], np.float32)
    return Reading(frame, frame / 25, Quality(score), 0.0, {"phase": phase}, grids)


def readings(frames: Sequence[Reading], top: int = 0) -> Readings:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top:] = True
    placement = Prepared(np.zeros((64, 64), np.float32), np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]))
    return Readings(tuple(frames), Sector(mask, Box(0, top, SIDE, SIDE)), placement)


def clip(
    count: int, regions: Sequence[Region] | None = None, spacing: tuple[float, float] | None = CALIBRATION
) -> Clip:
    """Black frames; the outlines come from the grids."""
    frames = [np.zeros((SIDE, SIDE, 3), np.uint8)] * count
    return make_clip(count, spacing, frames=frames, regions=regions)


def shot_of(mask: Grid, read: Readings | None = None) -> list[Shot]:
    track = Track("liver", (MaskFrame(0, mask, 0.9, float((mask > 0.5).mean())),), 1.0)
    return make_shots(clip(1), read or readings([reading(0)]), track)


def test_an_outline_lies_where_its_grid_says_with_the_scale_of_its_region() -> None:
    (shot,) = shot_of(grid((20, 40, 10, 30)))
    middle = shot.outlines[0.5]
    np.testing.assert_allclose(middle.min(0), [19.5, 39.5], atol=0.6)
    np.testing.assert_allclose(middle.max(0), [59.5, 79.5], atol=0.6)
    assert (shot.scale.x, shot.scale.y, shot.scale.calibrated) == (0.4, 0.5, True)
    assert shot.scale.grain_mm == pytest.approx(2 * np.sqrt(0.4 * 0.5))
    assert area(shot.outlines[0.3]) > area(middle) > area(shot.outlines[0.7])


def test_levels_that_tell_nothing_of_the_edge_are_left_out() -> None:
    """Of a mask that hardly reaches the middle level, what is left at 0.7 is no inner bound."""
    mask = grid((20, 40, 10, 30), inside=0.6)
    mask[28:32, 18:22] = 0.95
    (shot,) = shot_of(mask)
    assert set(shot.outlines) == {0.3, 0.5}
    assert shot_of(grid((20, 40, 10, 30), inside=0.4)) == []


def test_a_structure_at_the_edge_of_the_sector_is_cut() -> None:
    at_top, below = grid((10, 30, 20, 40)), grid((20, 40, 20, 40))
    read = readings([reading(0)], top=20)
    assert [shot_of(mask, read)[0].cut for mask in (at_top, below)] == [True, False]


def test_scales_of_no_two_and_uncalibrated_regions() -> None:
    points = np.array([[10.0, 10.0], [60.0, 60.0]])
    halves = [region(Box(0, 0, 40, SIDE)), region(Box(40, 0, SIDE, SIDE))]
    assert scale_at(clip(1, regions=halves), points, 2.0) is None
    assert scale_at(clip(1, regions=halves), points / 2 + (8.5, 0), 2.0) is not None  # over by less than the slack
    for bare in (clip(1, regions=[]), clip(1, spacing=None)):
        scale = scale_at(bare, points, 2.0)
        assert scale is not None
        assert (scale.x, scale.y, scale.grain_mm, scale.calibrated) == (1.0, 1.0, 2.0, False)


def test_the_largest_of_several_outlines_counts() -> None:
    best = largest_outline(grid((5, 10, 5, 10), (20, 50, 20, 50)), 0.5)
    assert best is not None
    assert best.min() > 19
    assert largest_outline(grid(), 0.5) is None


def test_nothing_is_smoothed_over_a_cut() -> None:
    one, other = grid((5, 25, 5, 25)), grid((35, 55, 35, 55))
    read = readings([reading(i, mask=one if i < 2 else other) for i in range(4)])
    track = track_over("liver", read, [(0, 2), (2, 4)])
    assert track is not None
    assert ([frame.position for frame in track.frames], track.share) == ([0, 1, 2, 3], 1.0)
    np.testing.assert_allclose(track.frames[1].probability, one, atol=1e-3)
    np.testing.assert_allclose(track.frames[2].probability, other, atol=1e-3)
    half = track_over("liver", read, [(2, 4)])
    assert half is not None
    assert ([frame.position for frame in half.frames], half.share) == ([2, 3], 0.5)
    assert track_over("spleen", read, [(0, 4)]) is None


def test_a_structure_of_two_bands_is_outlined_twice_on_each_frame() -> None:
    heads = [Head(name="aponeurosis", task="segment", labels=["aponeurosis"], organs=["muscle"])]
    mask = grid((10, 16, 5, 60), (40, 46, 5, 60))
    read = readings([reading(i, "aponeurosis", mask) for i in range(2)])
    told: list[tuple[str, int, int]] = []
    found = outline_structures(clip(2), read, [(0, 2)], heads, "muscle", lambda *each: told.append(each))
    heights = [float(shot.outlines[0.5][:, 1].mean()) for shot in found.shots["aponeurosis"]]
    assert heights == pytest.approx([25.5, 25.5, 85.5, 85.5], abs=1)
    assert told == [("measuring", 0, 1)]
    assert {frame: len(each["aponeurosis"]) for frame, each in found.polygons().items()} == {0: 2, 1: 2}
    assert found.without({"aponeurosis"}) == Outlined({}, {})
    assert outline_structures(clip(2), read, [(0, 2)], heads, "liver", lambda *_: None) == Outlined({}, {})


def test_the_phase_is_read_from_the_head_of_the_organ_and_comes_to_its_shot() -> None:
    labels = ["phase_end_systole", "phase_end_diastole"]
    heads = [Head(name="phase", task="classify", labels=labels, organs=["heart"])]
    read = readings([reading(0), reading(3)])
    phases = diastole(read, heads, "heart")
    assert phases is not None
    assert phases.tolist() == pytest.approx([1.0, 0.7])
    assert diastole(read, heads, "liver") is None
    track = Track("liver", (MaskFrame(1, grid((20, 40, 10, 30)), 0.9, 0.1),), 0.5)
    (shot,) = make_shots(clip(4), read, track, phases)
    assert shot.frame == 3
    assert shot.phase == pytest.approx(0.7)


def test_readings_weigh_by_quality_and_merge_in_order() -> None:
    read = readings([reading(0, score=0.0), reading(6, score=0.5)])
    assert read.weights == [0.01, 0.5]
    merged = read.merged([reading(9), reading(3)])
    assert [each.frame for each in merged.frames] == [0, 3, 6, 9]
    assert len(read.frames) == 2


def test_small_pictures_average_the_box_of_the_sector_only() -> None:
    frame = np.full((96, 96, 3), 255, np.uint8)
    checks = np.indices((48, 48)).sum(0) % 2 * 200
    frame[24:72, 40:88] = checks[..., None]
    sector = Sector(np.ones((96, 96), bool), Box(40, 24, 88, 72))
    small, grains = small_pictures(frame, sector)
    assert np.unique(small).tolist() == [100]
    assert set(np.unique(grains).tolist()) <= {0, 200}
