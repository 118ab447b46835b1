"""Edges on speckle: a misplaced outline finds the true edge, and nothing is invented where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.analyze.measure.caliper import Ellipse, Points, fit_ellipse
from lingyin.analyze.measure.refine import refine_outline

CENTRE = (150.0, 120.0)


def circle(radius: float, centre: tuple[float, float] = CENTRE) -> Points:
    return Ellipse(np.asarray(centre), radius, radius, np.array([1.0, 0.0])).polygon(200)


def picture(radius: float, inside: float, outside: float, seed: int = 1) -> NDArray[np.float32]:
    """A disc on a ground, both under fully developed speckle (Rayleigh amplitude), log-compressed as on a scanner."""
    rows, columns = np.mgrid[:240, :300]
    mean = np.where(np.hypot(columns - CENTRE[0], rows - CENTRE[1]) < radius, inside, outside)
    noise = cv2.GaussianBlur(np.random.default_rng(seed).rayleigh(1.0, (240, 300)), (0, 0), 1.2)
    return (mean * noise / noise.mean()).astype(np.float32)


@pytest.mark.parametrize(("inside", "outside", "polarity"), [(15.0, 80.0, 1), (90.0, 30.0, -1), (15.0, 80.0, 0)])
@pytest.mark.parametrize("misplaced", [-4.0, 0.0, 3.0])
def test_a_misplaced_outline_finds_the_edge(inside: float, outside: float, polarity: int, misplaced: float) -> None:
    refined = refine_outline(picture(60, inside, outside), circle(60 + misplaced), 6.0, polarity)
    assert refined is not None
    fitted = fit_ellipse(refined)
    assert fitted is not None
    assert (fitted.long + fitted.short) / 2 == pytest.approx(60, abs=0.7)


def test_a_shifted_outline_is_brought_back() -> None:
    refined = refine_outline(picture(60, 15, 80), circle(60, (153.0, 118.0)), 6.0, 1)
    fitted = None if refined is None else fit_ellipse(refined)
    assert fitted is not None
    assert fitted.centre == pytest.approx(CENTRE, abs=0.8)


def test_no_edge_no_refinement() -> None:
    assert refine_outline(picture(60, 50, 50), circle(60), 6.0, 1) is None
    assert refine_outline(np.zeros((240, 300), np.float32), circle(60), 6.0, 1) is None


def test_the_wrong_polarity_is_refused() -> None:
    assert refine_outline(picture(60, 80, 15), circle(60), 3.0, 1) is None


def test_an_outline_at_the_rim_of_the_picture_is_no_defect() -> None:
    refined = refine_outline(picture(60, 15, 80), circle(70, (290.0, 230.0)), 6.0, 1)
    assert refined is None or np.isfinite(refined).all()
