"""Shots: the scale there and back, quantities at both levels, and evidence in pixels of the stored frame."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.measure.caliper import Line, area
from lingyin.analyze.measure.shot import at_levels, line_evidence, mask_evidence, pixels, trace_evidence
from tests.analyze.measure.shots import CALIBRATED, ellipse_mm, shot


def test_the_scale_holds_for_each_axis_there_and_back() -> None:
    points = np.array([[8.0, 8.0], [0.0, 3.0]])
    np.testing.assert_allclose(CALIBRATED.to_mm(points), [[2.0, 4.0], [0.0, 1.5]])
    np.testing.assert_allclose(CALIBRATED.to_px(CALIBRATED.to_mm(points)), points)
    np.testing.assert_allclose(CALIBRATED.to_mm(np.array([4.0, 4.0])), [1.0, 2.0])


def test_levels_are_given_low_first_and_in_mm() -> None:
    one = shot(3, ellipse_mm(20, 20), margin_mm=1.0)
    found = at_levels(one, area)
    assert found == pytest.approx((np.pi * 11**2, np.pi * 9**2), rel=1e-3)


@pytest.mark.parametrize("absent", [0.3, 0.7])
def test_without_one_level_there_is_no_pair(absent: float) -> None:
    one = shot(3, ellipse_mm(20, 10))
    del one.outlines[absent]
    assert at_levels(one, area) is None
    assert at_levels(shot(3, ellipse_mm(20, 10)), lambda _: None) is None


def test_evidence_lies_on_the_frame_in_pixels() -> None:
    one = shot(5, ellipse_mm(20, 10))
    line = line_evidence(one, Line(np.array([1.0, 2.0]), np.array([10.0, 5.0])), "long")
    assert line.points == [(4.0, 4.0), (40.0, 10.0)]
    assert (line.frame, line.time_s, line.label) == (5, 0.2, "long")
    mask = mask_evidence(one, "liver")
    assert mask.polygons == [pixels(one.outlines[0.5])]
    assert (mask.label, mask.score) == ("liver", 0.9)


def test_traces_are_plain_numbers_rounded() -> None:
    trace = trace_evidence(shot(5, ellipse_mm(20, 10)), np.array([1, 9]), np.array([0.12345, 2.0]))
    assert (trace.frame, trace.frames, trace.values) == (5, [1, 9], [0.123, 2.0])
    assert pixels(np.array([[1.006, 2.004]])) == [(1.01, 2.0)]
