"""Masks over time: stray blobs, one-frame outliers, faint and empty maps, and no smoothing across long gaps."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.masks import Grid, track_structure

SIZE = 64


def disc(radius: float, x: float = 32, y: float = 32, height: float = 0.95) -> Grid:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return (height / (1 + np.exp(np.hypot(columns - x, rows - y) - radius))).astype(np.float32)


def times(count: int, step: float = 0.04) -> list[float]:
    return [step * position for position in range(count)]


def test_a_steady_structure_is_followed_through_all_frames() -> None:
    track = track_structure("vessel", [disc(12)] * 9, times(9))
    assert track is not None
    assert [frame.position for frame in track.frames] == list(range(9))
    assert track.share == 1.0
    assert track.certainty > 0.8
    assert track.frames[0].area == pytest.approx(np.pi * 12**2 / SIZE**2, rel=0.1)


def test_a_stray_blob_is_not_taken_even_where_it_is_larger() -> None:
    grids = [disc(8, 20, 20)] * 9
    grids[4] = np.maximum(disc(8, 20, 20), disc(11, 48, 48))
    track = track_structure("vessel", grids, times(9, step=1.0))
    assert track is not None
    chosen = next(frame for frame in track.frames if frame.position == 4)
    assert chosen.probability[48, 48] < 0.1
    assert chosen.probability[20, 20] > 0.9


def test_a_frame_that_stands_alone_is_dropped() -> None:
    grids = [disc(8)] * 9
    grids[4] = disc(16)
    track = track_structure("vessel", grids, times(9, step=1.0))
    assert track is not None
    assert [frame.position for frame in track.frames] == [0, 1, 2, 3, 5, 6, 7, 8]


def test_an_outlier_at_the_end_is_dropped_too() -> None:
    track = track_structure("vessel", [*[disc(8)] * 8, disc(16)], times(9, step=1.0))
    assert track is not None
    assert track.frames[-1].position == 7


def test_neighbours_in_time_calm_a_frame_and_distant_ones_do_not() -> None:
    grids = [disc(10), disc(10), disc(10, height=0.45), disc(10), disc(10)]
    near = track_structure("vessel", grids, times(5, step=0.04))
    far = track_structure("vessel", grids, times(5, step=0.5))
    assert near is not None
    assert far is not None
    assert 2 in [frame.position for frame in near.frames]
    assert 2 not in [frame.position for frame in far.frames]


@pytest.mark.parametrize("grid", [np.zeros((SIZE, SIZE), np.float32), disc(12, height=0.55), disc(0.2)])
def test_nothing_faint_or_tiny_is_believed(grid: Grid) -> None:
    assert track_structure("vessel", [grid] * 3, times(3)) is None


def test_one_frame_is_a_track() -> None:
    track = track_structure("vessel", [disc(12).astype(np.float16)], [0.0])
    assert track is not None
    assert track.share == 1.0
