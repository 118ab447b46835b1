"""The table of frames: stamps that can be relied on, or a rate and counting from the start."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.errors import UnreadableError
from lingyin.io.video.cursor import Cursor
from lingyin.io.video.index import frame_times, index_video
from lingyin.io.video.stream import Stream
from tests.io.video_makers import moving, write_video


def test_stamps_become_seconds_from_zero():
    stamps, times, notes = frame_times([900, 1900, 4900], Fraction(1, 1000), Fraction(25))
    assert stamps.tolist() == [900, 1900, 4900]
    assert np.allclose(times, [0, 1, 4])
    assert notes == []


@pytest.mark.parametrize("stamps", [[0, None, 2], [0, 0, 1], [3, 2, 1]])
def test_stamps_that_cannot_be_right(stamps):
    usable, times, notes = frame_times(stamps, Fraction(1, 25), Fraction(20))
    assert len(usable) == 0
    assert np.allclose(times, [0, 0.05, 0.1])
    assert "20 frames per second assumed" in notes[0]
    assert "30 frames" in frame_times(stamps, None, None)[2][0]


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), min_size=1, max_size=20),
    st.one_of(st.none(), st.fractions(Fraction(1, 90000), 1)),
    st.one_of(st.none(), st.fractions(-5, 2000)),
)
def test_times_always_start_at_zero_and_rise(stamps, base, rate):
    usable, times, _ = frame_times(stamps, base, rate)
    assert times.shape == (len(stamps),)
    assert times[0] == 0
    assert np.all(np.diff(times) > 0)
    assert len(usable) in (0, len(stamps))


def test_index_of_a_video(tmp_path):
    path = write_video(tmp_path / "a.mkv", moving(20), "mpeg4", key_every=6)
    index = index_video(path, "matroska", "a.mkv")
    assert index.count == 20
    assert index.keys.tolist() == [0, 6, 12, 18]
    assert (index.width, index.height) == (64, 48)


def test_bare_streams_without_stamps_are_counted(tmp_path):
    frames = moving(20)
    path = write_video(tmp_path / "a.m2v", frames, "mpeg2video", container="mpeg2video")
    index = index_video(path, "mpegvideo", "a.m2v")
    assert index.count == 20
    cursor = Cursor(path, "mpegvideo", "a.m2v", index)
    walked = [cursor.frame(place) for place in range(20)]
    assert np.array_equal(cursor.frame(3), walked[3])
    assert np.array_equal(cursor.frame(19), walked[19])
    cursor.close()


def test_a_file_that_changed_is_noticed(tmp_path):
    path = write_video(tmp_path / "a.mkv", moving(20), "mpeg4")
    index = index_video(path, "matroska", "a.mkv")
    write_video(path, moving(5), "mpeg4")
    cursor = Cursor(path, "matroska", "a.mkv", index)
    with pytest.raises(UnreadableError, match="frame 12"):
        cursor.frame(12)
    cursor.close()


def test_implausible_sizes(tmp_path, monkeypatch):
    monkeypatch.setattr("lingyin.io.video.index.MAX_PIXELS", 1000)
    with pytest.raises(UnreadableError, match="implausibly large"):
        index_video(write_video(tmp_path / "a.mkv", moving(2), "mpeg4"), "matroska", "a.mkv")


def test_a_stream_closes_itself(tmp_path):
    path = write_video(tmp_path / "a.mkv", moving(3), "mpeg4")
    with Stream(path, "matroska", "a.mkv") as stream:
        assert sum(1 for _ in stream.decoded()) == 3
    with pytest.raises(UnreadableError, match="cannot be decoded"):
        Stream(path, "mov", "a.mkv")
