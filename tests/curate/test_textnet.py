"""Lines in a map of probabilities: a long sure core is a line, specks and threads thinner than any letter are none."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.curate.textnet import _lines


def likely(rows: int, columns: int) -> np.ndarray:
    """A map (320, 640) with one sure core of this size."""
    found = np.zeros((320, 640), np.float32)
    found[100 : 100 + rows, 200 : 200 + columns] = 0.9
    return found


def test_a_core_grows_to_the_box_of_its_line_in_the_pixels_of_the_frame() -> None:
    (box,) = _lines(likely(8, 120), 0.3, (160, 320, 3))
    assert box.left < 100
    assert box.right > 160
    assert box.top < 50
    assert box.bottom > 54


@pytest.mark.parametrize(("rows", "found"), [(1, 0), (8, 1), (60, 0)])
def test_threads_and_blocks_are_no_lines(rows: int, found: int) -> None:
    assert len(_lines(likely(rows, 90), 0.3, (320, 640, 3))) == found


def test_a_doubtful_core_is_no_line() -> None:
    assert _lines(likely(10, 90) * 0.55, 0.3, (320, 640, 3)) == []
