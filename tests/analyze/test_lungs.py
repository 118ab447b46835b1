"""B-lines over a clip: the middle count, its interval, its rays as evidence, and abstention."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.engine import Engine
from lingyin.analyze.lungs import count_b_lines
from lingyin.core.clip import Clip
from lingyin.core.study import Certainty, EvidenceKind
from tests.analyze.clips import make_clip
from tests.analyze.fakes import FakeNetwork
from tests.analyze.measure.test_lung import fan, lung

THREE = [(0.2, 0.06), (0.45, 0.06), (0.8, 0.06)]


def clip(*pictures: np.ndarray) -> Clip:
    frames = [np.repeat(picture[..., None], 3, axis=2) for picture in pictures]
    for number, frame in enumerate(frames):
        frame[0, 0] = (number, 0, 0)  # by which the fake network knows it
    return make_clip(len(frames), None, frames=frames)


def test_the_count_of_the_middle_frame_with_its_rays() -> None:
    shown = clip(lung(THREE), lung(THREE), lung(THREE[:2]))
    (measured,) = count_b_lines(shown, [0, 1, 2], fan()).measured
    assert (measured.code, measured.value) == ("b_line_count", 3.0)
    assert measured.interval[0] <= 2
    assert measured.interval[1] >= 3
    assert [each.kind for each in measured.evidence] == [EvidenceKind.LINE] * 3
    assert {each.frame for each in measured.evidence} == {0}


def test_no_rays_are_told_as_none() -> None:
    (measured,) = count_b_lines(clip(lung([])), [0], fan()).measured
    assert (measured.value, measured.interval[0]) == (0.0, 0.0)
    assert [each.kind for each in measured.evidence] == [EvidenceKind.FRAME]


@pytest.mark.parametrize("frames", [[], [0], [0, 1, 2]])
def test_without_a_clear_or_steady_pleural_line_nothing_is_counted(frames: list[int]) -> None:
    blank = lung([], pleura=False)
    outcome = count_b_lines(clip(blank, blank, lung([])), frames, fan())
    assert [each.reason for each in outcome.refused] == ["not-visible"]
    deeper = np.roll(lung(THREE), 50, axis=0)
    moved = count_b_lines(clip(lung(THREE), deeper), [0, 1], fan())
    assert not moved.measured


def test_three_lines_are_a_finding_of_the_lung() -> None:
    network = FakeNetwork(("lung", "heart"), lambda _number: (0.97, 0.03))
    study = Engine(network=network).analyze(clip(*[lung(THREE)] * 4)).study  # type: ignore[arg-type]
    found = {each.code: each for each in study.findings}
    assert found["b_line_count"].value == 3
    assert "lines-from-brightness" in found["b_line_count"].caveats
    assert found["lung_b_lines_multiple"].certainty is Certainty.PRESENT
    assert found["lung_b_lines_multiple"].abnormal
