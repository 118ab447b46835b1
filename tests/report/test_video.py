"""`overlay.mp4`, read back: frame count, size, times, and the outlines that were burnt in."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.report import video
from tests.report.builders import aneurysm, ellipse, fetal_head, make_clip, make_study


def write(path: Path, analysis: Analysis, clip: Clip) -> Path:
    with video.OverlayVideo(path, analysis, clip) as overlay:
        for index, frame in enumerate(clip.frames):
            overlay.add(index, frame)
    return path


def read(path: Path) -> tuple[list[float], list[np.ndarray], float]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        duration = float(container.duration or 0) / 1e6
    return (
        [float(frame.time or 0) for frame in frames],
        [frame.to_ndarray(format="rgb24") for frame in frames],
        duration,
    )


def test_every_frame_at_its_own_time(written: Path) -> None:
    _, clip = aneurysm()
    times, frames, duration = read(written / "overlay.mp4")
    assert len(frames) == len(clip)
    assert frames[0].shape == (240, 320, 3)
    assert np.allclose(times, clip.times_s, atol=1e-4)
    assert duration == pytest.approx(float(clip.times_s[-1]) + 0.033, abs=0.02)


def test_outline_is_burnt_in_and_the_rest_is_the_picture(written: Path) -> None:
    _, clip = aneurysm()
    _, frames, _ = read(written / "overlay.mp4")
    changed = np.abs(frames[9].astype(int) - clip.frames[9]).max(axis=2) > 90
    ys, xs = np.nonzero(changed[30:220])
    distance = np.hypot(xs - 160, ys + 30 - 120)
    assert len(xs) > 100
    assert np.mean((np.abs(distance - 41.6) < 4) | (np.abs(distance - 25) < 4)) > 0.9


def test_odd_sides_become_even_and_nothing_grows(tmp_path: Path) -> None:
    clip = make_clip(3, 161, 121)
    _, frames, _ = read(write(tmp_path / "o.mp4", Analysis(make_study(clip, []), {}), clip))
    assert frames[0].shape == (122, 162, 3)
    assert np.abs(frames[1][30:100, 20:140].astype(int) - clip.frames[1][30:100, 20:140]).mean() < 8


def test_large_frames_shrink_and_pixels_become_square(tmp_path: Path) -> None:
    clip = make_clip(2, 1600, 600, aspect=0.5)
    _, frames, _ = read(write(tmp_path / "o.mp4", Analysis(make_study(clip, []), {}), clip))
    assert frames[0].shape == (240, 1280, 3)


def test_still_lasts_two_seconds(tmp_path: Path) -> None:
    times, frames, duration = read(write(tmp_path / "o.mp4", *fetal_head()))
    assert len(frames) == 4
    assert duration == pytest.approx(2.0, abs=0.05)
    assert times[0] == 0


def test_without_h264_the_video_is_still_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "ENCODERS", {"no-such-encoder": {}, "mpeg4": video.ENCODERS["mpeg4"]})
    video.encoder.cache_clear()
    try:
        path = write(tmp_path / "o.mp4", *aneurysm(5))
    finally:
        video.encoder.cache_clear()
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"
        assert len(list(container.decode(video=0))) == 5


def test_frames_between_read_ones_borrow_the_nearest_outline(tmp_path: Path) -> None:
    assert video.lenders([0, 4, 8], 10) == {1: 0, 2: 0, 3: 4, 5: 4, 6: 4, 7: 8, 9: 8}
    assert video.lenders([3], 10) == {}
    clip = make_clip(9)
    outlines = {index: {"liver": [ellipse(160, 120, 70, 70)]} for index in (0, 4, 8)}
    _, frames, _ = read(write(tmp_path / "o.mp4", Analysis(make_study(clip, []), outlines), clip))
    own, lent = frames[4][120, 226:235].astype(int), frames[2][120, 226:235].astype(int)
    assert (own.max(axis=1) - own.min(axis=1)).max() > 60, "the outline of a read frame has its colour"
    assert (lent.max(axis=1) - lent.min(axis=1)).max() < 40, "a borrowed one is grey"
    assert lent.max() > 140


def test_times_that_stand_still_do_not_break_the_video(tmp_path: Path) -> None:
    clip = make_clip(4)
    frozen = Clip(**{**clip.__dict__, "times_s": np.zeros(4)})
    _, frames, _ = read(write(tmp_path / "o.mp4", Analysis(make_study(clip, []), {}), frozen))
    assert len(frames) == 4
