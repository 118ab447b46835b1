"""Print goes from frames, wherever it stands; pictures without print keep their sector to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.core.clip import Box, Frame, Mask
from lingyin.curate.pixeltext import checked_frames, clean_frame, fill_text, text_within
from lingyin.io.phantom import make_phantom


@pytest.fixture(scope="module")
def scan() -> tuple[Frame, Mask]:
    phantom = make_phantom("thyroid", seed=3, frames=1)
    return np.repeat(phantom.frames[0][..., None], 3, axis=2), phantom.screen.sector


def printed(frame: Frame, text: str, x: int, y: int) -> Frame:
    copy = frame.copy()
    cv2.putText(copy, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (235, 235, 210), 1, cv2.LINE_AA)
    return copy


def test_outside_the_sector_everything_is_black(scan: tuple[Frame, Mask]) -> None:
    frame, sector = scan
    assert frame[~sector].any()
    assert not fill_text(frame, sector, [])[~sector].any()
    assert np.array_equal(fill_text(frame, sector, [])[sector], frame[sector])


def test_a_box_keeps_nothing_of_what_it_held(scan: tuple[Frame, Mask]) -> None:
    frame, sector = scan
    box = Box(200, 200, 300, 212)
    first = fill_text(printed(frame, "JANE DOE", 203, 210), sector, [box])
    second = fill_text(printed(frame, "ID 12345", 203, 210), sector, [box])
    assert np.array_equal(first, second)
    far = np.ones(sector.shape, bool)
    far[190:222, 190:310] = False
    assert np.array_equal(first[far & sector], frame[far & sector])


def test_boxes_of_all_checked_frames_are_united(scan: tuple[Frame, Mask]) -> None:
    frame, sector = scan
    seen = iter([[Box(200, 200, 240, 210)], [Box(230, 200, 280, 212), Box(0, 0, 5, 5)], [Box(200, 300, 220, 310)]])
    boxes = text_within([frame] * 3, sector, lambda _frame: next(seen))
    assert boxes == [Box(200, 200, 280, 212), Box(200, 300, 220, 310)]


def test_first_and_last_frame_are_among_those_checked() -> None:
    assert checked_frames(1) == [0]
    assert checked_frames(4) == [0, 1, 2, 3]
    assert checked_frames(101) == [0, 20, 40, 60, 80, 100]


def test_a_mask_of_another_size_is_refused(scan: tuple[Frame, Mask]) -> None:
    with pytest.raises(ValueError, match="does not belong"):
        clean_frame(scan[0], scan[1][:10], lambda _frame: [])


def test_the_network_finds_print_within_the_sector_and_none_in_tissue(scan: tuple[Frame, Mask]) -> None:
    pytest.importorskip("rapidocr", reason="the extra `curate` is not installed")
    frame, sector = scan
    same, boxes = clean_frame(frame, sector)
    assert boxes == []
    assert np.array_equal(same[sector], frame[sector])
    clean, boxes = clean_frame(printed(frame, "DOE^JANE 1970-03-04", 140, 210), sector)
    assert len(boxes) == 1
    assert boxes[0].left <= 142
    assert boxes[0].right >= 255
    again, left_over = clean_frame(clean, sector)
    assert left_over == []
    assert np.array_equal(again, clean)
