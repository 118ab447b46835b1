"""Which frames the page holds, and how heavy they may be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.core.study import Certainty
from lingyin.report import pictures as module
from lingyin.report.geometry import Display, fit
from lingyin.report.pictures import MOST_FRAMES, Pictures, choose_frames, evidence_frames
from tests.report.builders import diagnosis, make_clip, make_study

CLIP = make_clip(2)


def study_with(frames: list[int]):  # type: ignore[no-untyped-def]
    return make_study(CLIP, [diagnosis("lung_normal", Certainty.PRESENT, 0.9, frame=frame) for frame in frames])


def test_short_clip_is_whole() -> None:
    assert choose_frames(study_with([3]), [], 64) == list(range(64))


def test_long_clip_keeps_all_evidence_and_an_even_choice_of_read_frames() -> None:
    chosen = choose_frames(study_with([777, 501]), range(0, 1000, 4), 1000)
    assert len(chosen) == MOST_FRAMES
    assert {0, 501, 777} <= set(chosen)
    assert all(frame % 4 == 0 for frame in chosen if frame not in {501, 777})
    assert max(np.diff(chosen)) < 40


def test_more_evidence_than_room_is_kept() -> None:
    frames = list(range(0, 300, 3))
    assert choose_frames(study_with(frames), [], 300) == frames
    assert evidence_frames(study_with(frames)) == frames


def test_heavy_frames_shrink_together(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(2, 800, 600)
    monkeypatch.setattr(module, "BUDGET_BYTES", 400_000)
    held = Pictures(clip, 10)
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    for index in range(10):
        held.add(index, noise)
    assert sum(map(len, held.jpeg.values())) <= 400_000
    sizes = {cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR).shape[:2] for each in held.jpeg.values()}
    assert sizes == {(held.display.height, held.display.width)}


def test_colours_survive() -> None:
    clip = make_clip(1, 64, 64)
    held = Pictures(clip, 1)
    held.add(0, np.full((64, 64, 3), (220, 30, 40), np.uint8))
    back = cv2.imdecode(np.frombuffer(held.jpeg[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(back.astype(int) - (220, 30, 40)).max() < 8


@pytest.mark.parametrize(
    ("width", "height", "aspect", "size"),
    [
        (320, 240, 1.0, (320, 240)),
        (1600, 800, 1.0, (800, 400)),
        (400, 400, 2.0, (200, 400)),
        (400, 400, 0.5, (400, 200)),
    ],
)
def test_display_never_enlarges_and_has_square_pixels(
    width: int, height: int, aspect: float, size: tuple[int, int]
) -> None:
    display = fit(make_clip(1, width, height, aspect=aspect), 800)
    assert (display.width, display.height) == size


def test_points_keep_their_place_on_the_picture() -> None:
    display = Display(400, 200, 800, 200)
    assert display.point((0.0, 0.0)) == (0.2, 0.5)
    assert display.point((799.0, 199.0)) == (399.8, 199.5)
