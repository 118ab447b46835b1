"""Choosing frames and finding the sector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.analyze.frames import FRAME_LIMIT, choose_frames, clip_sector, densify, picture_region
from lingyin.core.clip import Box, RegionKind
from tests.analyze.clips import make_clip, region


@given(st.integers(1, 5000))
def test_first_pass_spans_the_clip_evenly_within_the_limit(count: int) -> None:
    frames = choose_frames(count)
    assert frames == sorted(set(frames))
    assert (frames[0], frames[-1]) == (0, count - 1)
    assert len(frames) == min(count, FRAME_LIMIT)
    if count > FRAME_LIMIT:
        steps = np.diff(frames)
        assert steps.max() - steps.min() <= 1


def test_dense_pass_fills_the_gaps_next_to_the_centres() -> None:
    read = choose_frames(640)
    centre = read[30]
    more = densify(read, [centre], 640)
    assert centre - 1 in more
    assert centre + 1 in more
    assert not set(more) & set(read)
    assert all(abs(frame - centre) < 11 for frame in more)


def test_dense_pass_is_bounded_and_stays_in_the_clip() -> None:
    read = choose_frames(60_000)
    more = densify(read, [0, read[-1], read[20]], 60_000)
    assert len(more) == 32
    assert min(more) >= 0
    assert max(more) < 60_000


def test_nothing_to_fill_in_a_short_clip() -> None:
    assert densify([0, 1, 2], [1], 3) == []
    assert densify([0], [0], 1) == []


def test_the_largest_picture_region_counts_and_an_ecg_strip_does_not() -> None:
    strip = region(Box(0, 200, 320, 240), None, RegionKind.WAVEFORM)
    small, large = region(Box(0, 0, 100, 200)), region(Box(100, 0, 320, 200))
    clip = make_clip(2, regions=(strip, small, large))
    assert picture_region(clip) == large
    assert picture_region(make_clip(1, regions=())) is None


def test_a_region_of_unknown_kind_counts_where_no_other_is_a_picture() -> None:
    whole = region(Box(0, 0, 640, 480), kind=RegionKind.UNKNOWN)
    tissue = region(Box(0, 0, 300, 200))
    assert picture_region(make_clip(1, regions=(whole,))) == whole
    assert picture_region(make_clip(1, regions=(whole, tissue))) == tissue


def test_the_sector_is_searched_inside_the_picture_region_only() -> None:
    clip = make_clip(3, regions=(region(Box(100, 20, 320, 200)),))
    sector = clip_sector(clip)
    assert sector.mask.shape == (240, 320)
    assert not sector.mask[:20].any()
    assert not sector.mask[:, :100].any()
    assert sector.mask.any()
    assert sector.box.left >= 100
    assert sector.box.top >= 20


@pytest.mark.parametrize("size", [(240, 320), (6, 5)])
def test_a_black_clip_counts_as_all_sector(size: tuple[int, int]) -> None:
    clip = make_clip(1, frames=[np.zeros((*size, 3), np.uint8)])
    sector = clip_sector(clip)
    assert sector.mask.all()
    assert (sector.box.width, sector.box.height) == (size[1], size[0])
