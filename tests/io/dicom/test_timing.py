"""Frame times: Frame Time or Frame Time Vector as pointed to, then rates, then an assumption that is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from lingyin.io.dicom.timing import frame_times


def header(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def test_frame_time():
    times, notes = frame_times(header(FrameIncrementPointer=0x00181063, FrameTime="33.333"), 4)
    assert np.allclose(times, [0, 0.033333, 0.066666, 0.099999])
    assert notes == []


def test_frame_time_vector():
    vector = [0, 10, 30, 20]
    times, notes = frame_times(header(FrameIncrementPointer=0x00181065, FrameTimeVector=vector), 4)
    assert np.allclose(times, [0, 0.010, 0.040, 0.060])
    assert notes == []


def test_the_pointer_decides_between_two():
    both = {"FrameTime": "50", "FrameTimeVector": [0, 10, 10]}
    assert frame_times(header(FrameIncrementPointer=0x00181063, **both), 3)[0][-1] == pytest.approx(0.1)
    assert frame_times(header(FrameIncrementPointer=0x00181065, **both), 3)[0][-1] == pytest.approx(0.02)


def test_a_pointer_to_nothing_useful_falls_back():
    assert frame_times(header(FrameIncrementPointer=0x00181065, FrameTime="50"), 3)[0][-1] == pytest.approx(0.1)
    assert frame_times(header(FrameIncrementPointer=[0x00540010, 0x00540020], FrameTime="50"), 3)[0][1] == 0.05
    short = header(FrameIncrementPointer=0x00181065, FrameTimeVector=[0, 10], CineRate="20")
    assert frame_times(short, 3)[0][1] == 0.05


@pytest.mark.parametrize(
    ("values", "step", "word"),
    [
        ({"CineRate": "25"}, 0.04, "cine rate"),
        ({"RecommendedDisplayFrameRate": "50"}, 0.02, "display rate"),
        ({"CineRate": "0", "RecommendedDisplayFrameRate": "50"}, 0.02, "display rate"),
        ({"FrameTime": "0", "CineRate": "25"}, 0.04, "cine rate"),
        ({"FrameTime": ""}, 1 / 30, "assumed"),
        ({}, 1 / 30, "assumed"),
    ],
)
def test_fallbacks_are_told(values, step, word):
    times, notes = frame_times(header(**values), 3)
    assert np.allclose(np.diff(times), step)
    assert len(notes) == 1
    assert word in notes[0]


def test_a_still_image_has_time_zero():
    times, notes = frame_times(header(), 1)
    assert times.tolist() == [0.0]
    assert notes == []


@given(
    st.lists(st.floats(-5, 500), min_size=1, max_size=8),
    st.one_of(st.none(), st.floats(-10, 1e6)),
    st.integers(2, 10),
)
def test_times_always_start_at_zero_and_rise(vector, frame_time, count):
    made = header(FrameTimeVector=[f"{step:.4f}" for step in vector], FrameIncrementPointer=0x00181065)
    if frame_time is not None:
        made.FrameTime = f"{frame_time:.4f}"
    times, _ = frame_times(made, count)
    assert times.shape == (count,)
    assert times[0] == 0
    assert np.all(np.diff(times) > 0)
