"""Cuts, other organs, standing pictures and a lifted probe, in readings made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from lingyin.analyze.quality import Quality, frame_quality
from lingyin.analyze.reading import Reading, Readings
from lingyin.analyze.statements import timeline_findings
from lingyin.analyze.timeline import Timeline, lay_out
from lingyin.core.study import LANGUAGES, SpanKind

ORGANS = ("liver", "kidney", "none")
LIVER, KIDNEY, OPEN = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.4, 0.4, 0.2)


def scene(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(20, 200, (24, 24)).astype(np.float64)


def reading(
    number: int,
    picture: np.ndarray,  # type: ignore[type-arg]
    organ: Sequence[float] = LIVER,
    *,
    code: str = "adequate",
    noise: int | None = None,
) -> Reading:
    """`noise` seeds the grains; the same seed is the same picture taken once."""
    shaken = picture + np.random.default_rng(1000 + number if noise is None else noise).normal(0, 3, picture.shape)
    return Reading(
        frame=number,
        time_s=number / 25,
        quality=Quality(0.8 if code == "adequate" else 0.02, code),
        novelty=0.1,
        probabilities={"organ": np.asarray(organ, np.float32)},
        grids={},
        small=np.clip(picture, 0, 255).astype(np.uint8),
        grains=np.clip(shaken, 0, 255).astype(np.uint8),
    )


def laid(frames: Sequence[Reading]) -> Timeline:
    return lay_out(Readings(tuple(frames), SimpleNamespace(), SimpleNamespace()), ORGANS)  # type: ignore[arg-type]


def kinds(timeline: Timeline, kind: SpanKind) -> list[tuple[int, int]]:
    return [(span.first, span.last) for span in timeline.spans if span.kind is kind]


def test_one_scene_stays_whole() -> None:
    timeline = laid([reading(number, scene(1) + 4 * np.sin(number)) for number in range(20)])
    assert timeline.scenes == ((0, 20),)
    assert kinds(timeline, SpanKind.SCENE) == [(0, 19)]
    assert timeline_findings(timeline) == []
    assert len(timeline.quality) == 20


def test_a_cut_between_two_scenes_of_one_organ_keeps_both_apart() -> None:
    frames = [reading(number, scene(1 if number < 12 else 2)) for number in range(24)]
    timeline = laid(frames)
    assert timeline.scenes == ((0, 12), (12, 24))
    assert len(timeline.readings.frames) == 24
    [told] = timeline_findings(timeline)
    assert told.code == "scene-cuts"
    assert "2 scenes" in told.grade_name["en"]
    assert set(told.grade_name) == set(LANGUAGES)


def test_a_flash_of_one_frame_is_no_cut() -> None:
    frames = [reading(number, scene(2 if number == 9 else 1)) for number in range(20)]
    assert laid(frames).scenes == ((0, 20),)


def test_unrelated_pictures_throughout_are_no_cuts() -> None:
    assert laid([reading(number, scene(number)) for number in range(20)]).scenes == ((0, 20),)


def test_a_scene_of_another_organ_is_left_out_and_named() -> None:
    frames = [reading(number, scene(1), LIVER) for number in range(14)]
    frames += [reading(14 + number, scene(2), KIDNEY) for number in range(8)]
    timeline = laid(frames)
    assert timeline.others == ("kidney",)
    assert [frame.frame for frame in timeline.readings.frames] == list(range(14))
    assert [span.used for span in timeline.spans if span.kind is SpanKind.SCENE] == [True, False]


def test_a_sweep_to_another_organ_is_divided_without_a_cut() -> None:
    frames = [reading(number, scene(1) + number, LIVER if number < 8 else KIDNEY) for number in range(24)]
    timeline = laid(frames)
    assert timeline.others == ("liver",)
    assert kinds(timeline, SpanKind.SCENE) == [(0, 7), (8, 23)]


@pytest.mark.parametrize("organs", [[LIVER, KIDNEY], [OPEN], [LIVER, OPEN]])
def test_organs_that_flicker_are_left_for_the_organ_decision(organs: list[Sequence[float]]) -> None:
    frames = [reading(number, scene(1), organs[number % len(organs)]) for number in range(16)]
    timeline = laid(frames)
    assert timeline.scenes == ((0, 16),)
    assert timeline.others == ()


def test_a_standing_picture_counts_once() -> None:
    frames = [reading(number, scene(1), noise=7 if 5 <= number < 15 else None) for number in range(20)]
    timeline = laid(frames)
    assert kinds(timeline, SpanKind.FREEZE) == [(5, 14)]
    weights = timeline.readings.weights
    assert sum(weights[5:15]) == pytest.approx(weights[0])
    [told] = timeline_findings(timeline)
    assert (told.code, told.grade) == ("freeze", "frames-standing")


def test_two_equal_frames_are_no_standing_picture() -> None:
    frames = [reading(number, scene(1), noise=number // 2) for number in range(20)]
    assert kinds(laid(frames), SpanKind.FREEZE) == []


def test_frames_without_contact_are_left_out_unless_there_are_no_others() -> None:
    frames = [reading(number, scene(1), code="no-contact" if number < 4 else "adequate") for number in range(12)]
    timeline = laid(frames)
    assert kinds(timeline, SpanKind.PROBE_LIFT) == [(0, 3)]
    assert [frame.frame for frame in timeline.readings.frames] == list(range(4, 12))
    assert "4 of 12" in timeline_findings(timeline)[0].grade_name["en"]
    empty = laid([reading(number, scene(1), code="no-contact") for number in range(6)])
    assert len(empty.readings.frames) == 6


def test_a_still_picture_is_one_scene() -> None:
    timeline = laid([reading(0, scene(1))])
    assert timeline.scenes == ((0, 1),)
    assert len(timeline.quality) == 1


def test_a_probe_in_the_air_has_no_contact() -> None:
    sector = np.ones((200, 200), bool)
    frame = np.full((200, 200, 3), 2, np.uint8)
    frame[:30] = 120
    assert frame_quality(frame, sector).code == "no-contact"
    frame[30:] = np.random.default_rng(1).integers(0, 90, (170, 200, 1))
    assert frame_quality(frame, sector).code != "no-contact"
