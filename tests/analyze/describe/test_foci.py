"""Bright spots: found where they were planted, none where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.foci import coarse, punctate, rim
from lingyin.analyze.describe.patch import Grey
from lingyin.core.clip import Mask
from tests.analyze.describe.patches import ellipse, patch

OPEN = {"none", "present"}


def spots(size: int, count: int):  # type: ignore[no-untyped-def]
    def paint(grey: Grey, _lesion: Mask) -> None:
        for place in range(count):
            left = 125 + 24 * place
            grey[146 : 146 + size, left : left + size] = 235

    return paint


def test_even_tissue_has_no_foci() -> None:
    seen = patch()
    assert [aspect(seen).possible for aspect in (punctate, coarse, rim)] == [{"none"}] * 3


def test_small_spots_leave_punctate_foci_open_and_no_coarse_ones() -> None:
    seen = patch(paint=spots(6, 3))  # 0.6 mm
    assert punctate(seen).possible == OPEN
    assert punctate(seen).numbers["spots"] == 3
    assert coarse(seen).possible == {"none"}


def test_a_large_spot_leaves_coarse_calcification_open() -> None:
    seen = patch(paint=spots(26, 1))  # 2.6 mm
    assert coarse(seen).possible == OPEN
    assert punctate(seen).possible == {"none"}


def test_without_lengths_a_spot_is_weighed_against_the_lesion() -> None:
    assert coarse(patch(paint=spots(26, 1), calibrated=False)).possible == OPEN
    assert punctate(patch(paint=spots(6, 3), calibrated=False)).possible == OPEN


def test_a_bright_rim_is_left_open() -> None:
    def shell(grey: Grey, lesion: Mask) -> None:
        grey[lesion & ~_shrunk()] = 230

    assert rim(patch(paint=shell)).possible == OPEN


def test_dark_surroundings_settle_nothing() -> None:
    assert punctate(patch(level=3, around=2)).possible == OPEN


def _shrunk() -> Mask:
    from tests.analyze.describe.patches import inside

    return np.asarray(inside(ellipse(54, 34)))


@pytest.mark.parametrize("size", [13, 15])
def test_sizes_between_are_neither(size: int) -> None:
    seen = patch(paint=spots(size, 1))
    assert punctate(seen).possible == coarse(seen).possible == {"none"}
