"""Advice at its thresholds, the most pressing word first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lingyin.serve.stream.servo import HOLD, PRESS_LESS, PRESS_MORE, SLIDE, TILT, advise, thresholds
from lingyin.serve.stream.target import Target

LIMITS = thresholds()
POINT = np.zeros((1, 2))
ROUND = Target("outer", 0.9, (0, 0), (0, 0), POINT, POINT, False, offset_mm=(0, 0), sideways_mm=20.0, deep_mm=20.0)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_slide_is_asked_for_beyond_the_limit_to_either_side_but_never_for_depth(side: int) -> None:
    at = side * LIMITS.centred_mm
    assert advise(replace(ROUND, offset_mm=(at, 50.0)), 1.0, True) == [HOLD]
    assert advise(replace(ROUND, offset_mm=(at * 1.01, 0.0)), 1.0, True) == [SLIDE]


def test_without_a_spacing_or_with_an_edge_cut_off_the_middle_is_not_known() -> None:
    assert advise(replace(ROUND, offset_mm=None, sideways_mm=None, deep_mm=None), 1.0, True) == [SLIDE]
    assert advise(replace(ROUND, is_cut=True), 1.0, True) == [SLIDE]


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        (LIMITS.flat - 0.01, PRESS_LESS),
        (LIMITS.flat + 0.01, TILT),
        (LIMITS.wide - 0.01, TILT),
        (LIMITS.wide + 0.01, HOLD),
        (LIMITS.tall - 0.01, HOLD),
        (LIMITS.tall + 0.01, TILT),
    ],
)
def test_shape_is_judged_for_round_structures_only(shape: float, advice: str) -> None:
    target = replace(ROUND, deep_mm=20.0 * shape)
    assert advise(target, 1.0, True) == [advice]
    assert advise(replace(target, centreline_px=np.zeros((9, 2))), 1.0, True) == [HOLD]


def test_poor_contact_comes_first_and_everything_is_said() -> None:
    target = replace(ROUND, is_cut=True, deep_mm=10.0)
    assert advise(target, LIMITS.low_quality - 0.01, True) == [PRESS_MORE, SLIDE, PRESS_LESS]
    assert advise(target, LIMITS.low_quality, True) == [SLIDE, PRESS_LESS]
