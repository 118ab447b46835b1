"""Shape from outlines whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.shape import contour, form, proportion
from tests.analyze.describe.patches import ellipse, patch


@pytest.mark.parametrize(
    ("across", "down", "possible"),
    [(60, 40, {"wider"}), (40, 60, {"taller"}), (50, 50, {"taller", "wider"}), (50, 51, {"taller", "wider"})],
)
def test_height_against_width(across: float, down: float, possible: set[str]) -> None:
    seen = proportion(patch(ellipse(across, down)))
    assert seen.possible == possible
    assert seen.numbers["height_over_width"] == pytest.approx(down / across, abs=0.02)


def test_pixels_that_are_not_square_are_measured_in_mm() -> None:
    seen = proportion(patch(ellipse(50, 40), spacing=(0.1, 0.2)))
    assert seen.possible == {"taller"}
    assert seen.numbers["height_over_width"] == pytest.approx(1.6, abs=0.05)


def test_a_turned_lesion_is_measured_along_and_across_the_beam() -> None:
    upright, turned = proportion(patch(ellipse(60, 40))), proportion(patch(ellipse(60, 40, np.pi / 2)))
    assert upright.possible == {"wider"}
    assert turned.possible == {"taller"}


def test_a_doubtful_or_coarse_outline_leaves_the_shape_open() -> None:
    assert proportion(patch(ellipse(50, 54))).possible == {"taller"}
    assert proportion(patch(ellipse(50, 54), grain_mm=1.5)).possible == {"taller", "wider"}


@pytest.mark.parametrize(
    ("outline", "possible"),
    [
        (ellipse(60, 40), {"oval"}),
        (ellipse(50, 49), {"round"}),
        (ellipse(60, 40, 0.4, wave=0.25, lobes=5), {"irregular"}),
    ],
)
def test_form(outline: np.ndarray, possible: set[str]) -> None:  # type: ignore[type-arg]
    assert form(patch(outline)).possible == possible


@pytest.mark.parametrize(
    ("wave", "possible"), [(0.0, {"smooth"}), (0.08, {"smooth", "irregular"}), (0.16, {"irregular"})]
)
def test_contour_by_its_lobes(wave: float, possible: set[str]) -> None:
    assert contour(patch(ellipse(60, 50, wave=wave))).possible == possible


def test_a_coarse_grid_shows_no_lobes_and_settles_nothing() -> None:
    coarse = patch(ellipse(60, 50), grain_mm=1.0)
    assert contour(coarse).possible == {"smooth", "irregular"}
    assert form(coarse).possible == {"oval", "round", "irregular"}
