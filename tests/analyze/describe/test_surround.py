"""Edge and what lies behind a lesion."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.patch import Grey
from lingyin.analyze.describe.surround import behind, edge_clarity, margin
from lingyin.core.clip import Mask
from tests.analyze.describe.patches import ellipse, patch


def below(factor: float, *, left_only: bool = False):  # type: ignore[no-untyped-def]
    def paint(grey: Grey, _lesion: Mask) -> None:
        grey[192:240, 120:200] *= factor
        if left_only:
            grey[192:240, :100] *= factor

    return paint


@pytest.mark.parametrize(
    ("factor", "possible"),
    [
        (1.0, {"none"}),
        (1.45, {"enhancement"}),
        (0.5, {"shadow"}),
        (1.18, {"none", "enhancement"}),
        (0.8, {"none", "shadow"}),
    ],
)
def test_the_level_behind_a_lesion(factor: float, possible: set[str]) -> None:
    assert behind(patch(paint=below(factor))).possible == possible


def test_brightness_that_one_side_has_as_well_is_no_enhancement() -> None:
    assert behind(patch(paint=below(1.5, left_only=True))).possible == {"none"}


def test_a_lesion_at_the_bottom_of_the_picture_has_nothing_behind_it() -> None:
    low = patch(ellipse(60, 40) + np.array([0.0, 125.0]))
    assert behind(low).possible == {"none", "enhancement", "shadow"}


def test_a_plain_edge_is_smooth_and_a_faint_one_stays_open() -> None:
    assert margin(patch(level=60)).possible == {"smooth"}
    assert margin(patch(level=108)).possible == {"smooth", "ill_defined"}


def test_the_step_across_the_edge_counts_against_the_scatter() -> None:
    plain, faint = edge_clarity(patch(level=60)), edge_clarity(patch(level=100))
    assert plain is not None
    assert faint is not None
    assert faint < 1.6 < plain


def test_lobes_are_irregular_whatever_the_edge() -> None:
    assert margin(patch(ellipse(60, 50, wave=0.18), level=60)).possible == {"irregular"}
