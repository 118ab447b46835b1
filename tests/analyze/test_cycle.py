"""The phase head against the cycle taken from the outline."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.cycle import DISAGREES, checked
from lingyin.analyze.measure.shot import Measured, Outcome, Scale, Shot, mask_evidence

SQUARE = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])


def shots(phases: list[float | None]) -> list[Shot]:
    scale = Scale(1.0, 1.0, 1.0)
    return [Shot(n, n / 25, 0.9, 1.0, {0.5: SQUARE}, scale, False, phase) for n, phase in enumerate(phases)]


def ejection(frames: list[Shot], diastole: int, systole: int) -> Outcome:
    evidence = [mask_evidence(frames[number], "left_ventricle_cavity") for number in (diastole, systole)]
    return Outcome([Measured("left_ventricular_ejection_fraction", 60.0, (55.0, 65.0), evidence)])


WAVE: list[float | None] = [0.5 + 0.4 * float(np.cos(2 * np.pi * n / 12)) for n in range(24)]


@pytest.mark.parametrize(("diastole", "systole", "caveats"), [(0, 6, ()), (12, 18, ()), (6, 0, (DISAGREES,))])
def test_a_cycle_told_the_other_way_round_gets_a_caveat(diastole: int, systole: int, caveats: tuple[str, ...]) -> None:
    frames = shots(WAVE)
    assert checked(ejection(frames, diastole, systole), frames).measured[0].caveats == caveats


def test_a_head_that_does_not_swing_contradicts_nothing() -> None:
    frames = shots([0.5 + 0.01 * (n % 2) for n in range(24)])
    assert checked(ejection(frames, 6, 0), frames).measured[0].caveats == ()


def test_without_a_phase_head_and_with_few_frames_nothing_changes() -> None:
    for phases in ([None] * 24, WAVE[:6]):
        frames = shots(list(phases))
        outcome = ejection(frames, 5, 0)
        assert checked(outcome, frames) == outcome
