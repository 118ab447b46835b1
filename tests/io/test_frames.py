"""The store of frames: any order of asking gives the right frame, few are kept, temporary files go."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.io.frames import KEPT, DecodedFrames, remove_with

COUNT = 20


class Counted:
    """Decodes a frame that shows its number, and counts how often each was decoded."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, index: int) -> np.ndarray:
        self.asked.append(index)
        return np.full((4, 5, 3), index, np.uint8)


@given(st.lists(st.integers(-COUNT, COUNT - 1), max_size=60))
def test_any_order_gives_the_right_frame(order):
    frames = DecodedFrames(COUNT, Counted())
    for index in order:
        assert frames[index][0, 0, 0] == index % COUNT


def test_a_frame_just_seen_is_not_decoded_again():
    decode = Counted()
    frames = DecodedFrames(COUNT, decode)
    first = frames[3]
    for index in range(KEPT):
        assert frames[index % 4 if index != 3 else 3] is not None
    assert frames[3] is first
    assert decode.asked.count(3) == 1


def test_only_a_few_are_kept():
    decode = Counted()
    frames = DecodedFrames(COUNT, decode)
    list(frames)
    frames[COUNT - KEPT]
    assert len(decode.asked) == COUNT
    frames[COUNT - KEPT - 1]
    assert len(decode.asked) == COUNT + 1


@pytest.mark.parametrize("index", [COUNT, -COUNT - 1, 10**9])
def test_beyond_the_end(index):
    with pytest.raises(IndexError, match=f"of {COUNT}"):
        DecodedFrames(COUNT, Counted())[index]


def test_a_kept_frame_cannot_be_spoilt():
    frame = DecodedFrames(1, lambda _: np.zeros((4, 8, 3), np.uint8)[:, ::2])[0]
    assert frame.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        frame[0, 0] = 1


def test_threads_see_the_right_frames():
    frames = DecodedFrames(COUNT, Counted())
    wrong: list[int] = []

    def look(seed: int) -> None:
        for index in np.random.default_rng(seed).integers(0, COUNT, 300):
            if frames[int(index)][0, 0, 0] != index:
                wrong.append(int(index))

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_temporary_file_goes_with_its_owner(tmp_path):
    path = tmp_path / "unpacked"
    path.write_bytes(b"x")
    frames = DecodedFrames(1, Counted())
    remove_with(frames, path)
    assert path.exists()
    del frames
    gc.collect()
    assert not path.exists()
