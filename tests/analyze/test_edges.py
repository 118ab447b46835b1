"""Outlines as the picture shows them, in place of the network's: the far wall's band, and a beating cavity."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.analyze.edges import beating_cavity, far_walls, on_the_picture
from lingyin.analyze.measure.caliper import area, fit_ellipse
from lingyin.analyze.measure.carotid import measure_intima_media
from lingyin.analyze.measure.shot import Scale, Shot
from lingyin.analyze.measure.vessel import vessel_diameter
from lingyin.core.clip import Clip
from tests.analyze.clips import make_clip
from tests.analyze.measure.shots import ellipse_mm
from tests.analyze.measure.test_wall import SCALE, outline, picture


def shots(scale: Scale, count: int = 2) -> list[Shot]:
    said = outline(0.6)  # the network's idea, a quarter too thin
    outlines = {0.3: SCALE.to_px(said), 0.5: SCALE.to_px(said)}
    return [Shot(frame, frame / 25, 0.9, 0.8, outlines, scale, cut=False) for frame in range(count)]


def test_frames_that_show_the_wall_are_measured_on_it_and_others_left_out() -> None:
    wall = np.repeat(picture(0.8)[..., None], 3, axis=2)
    clip = make_clip(2, (SCALE.x, SCALE.y), frames=[wall, np.zeros_like(wall)])
    (found,) = far_walls(clip, shots(SCALE))
    assert found.frame == 0
    assert set(found.outlines) == {0.5}
    assert found.scale.grain_mm < SCALE.grain_mm
    (measured,) = measure_intima_media([found]).measured
    assert abs(measured.value - 0.8) < 0.06
    low, high = measured.interval
    assert low < 0.8 < high
    assert high - low < 0.5


def test_without_lengths_the_networks_outline_stands() -> None:
    bare = shots(Scale(1.0, 1.0, 2.0, calibrated=False))
    blank = [np.zeros((220, 360, 3), np.uint8)] * 2
    assert far_walls(make_clip(2, None, frames=blank), bare) == bare


def test_a_stretch_too_short_for_a_mean_is_refused() -> None:
    short = shots(SCALE, 1)[0]
    # squeezed to a quarter of its length
    middle = short.outlines[0.5].mean(axis=0)
    squeezed = (short.outlines[0.5] - middle) * (0.25, 1.0) + middle
    refused = measure_intima_media([Shot(0, 0.0, 0.9, 0.8, {0.5: squeezed}, SCALE, cut=False)]).refused
    assert [item.reason for item in refused] == ["not-visible"]


LONG, WIDE = np.array([60.0, 44.0, 56.0, 60.0]), np.array([40.0, 26.0, 36.0, 40.0])  # mm, over a beat


def heart(bright: int) -> tuple[Clip, list[Shot]]:
    """A cavity that empties as a network draws it that knows the middle phase best; 0.25 x 0.5 mm a pixel."""
    scale = Scale(0.25, 0.5, 2.0)
    frames, shots = [], []
    for frame, (long, wide) in enumerate(zip(LONG, WIDE, strict=True)):
        grey = np.full((300, 480), bright, np.uint8)
        cavity = np.round(scale.to_px(ellipse_mm(long, wide, 1.2)) * 16).astype(np.int32)
        cv2.fillPoly(grey, [cavity], 20, lineType=cv2.LINE_AA, shift=4)
        noise = np.random.default_rng(frame).normal(0, 6, grey.shape)
        grey = np.clip(cv2.GaussianBlur(grey, (0, 0), 1.5) + noise, 0, 255).astype(np.uint8)
        frames.append(np.repeat(grey[..., None], 3, axis=2))
        said = ellipse_mm(long + 0.3 * (52 - long), wide + 0.3 * (33 - wide), 1.2)
        outlines = {level: scale.to_px(said) for level in (0.3, 0.5, 0.7)}
        shots.append(Shot(frame, frame / 25, 0.9, 0.8, outlines, scale, cut=False))
    return make_clip(len(frames), (0.25, 0.5), frames=frames), shots


def test_the_picture_tells_how_far_a_cavity_empties() -> None:
    clip, shots = heart(bright=130)
    true, said = 1 - 44 * 26 / (60 * 40), 1 - area(shots[1].outline_mm()) / area(shots[0].outline_mm())
    assert said < true - 0.08
    moved = beating_cavity(clip, shots)
    assert 1 - area(moved[1].outline_mm()) / area(moved[0].outline_mm()) == pytest.approx(true, abs=0.03)
    sizes = [np.median([area(shot.outline_mm()) for shot in each]) for each in (shots, moved)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.06)  # the network's size on the whole stays
    assert moved[0].outlines[0.3] is shots[0].outlines[0.3]


def test_without_a_clear_edge_a_cavity_stays_as_it_was() -> None:
    clip, shots = heart(bright=20)
    assert beating_cavity(clip, shots) == shots
    assert beating_cavity(clip, []) == []


def ragged(long: float, short: float, depth: float) -> Shot:
    """An ellipse whose outline wavers by `depth` mm, thirty times around."""
    even = ellipse_mm(long, short, 0.7)
    centre = even.mean(axis=0)
    wave = 1 + depth / short * 2 * np.sin(30 * np.linspace(0, 2 * np.pi, len(even), endpoint=False))
    scale = Scale(0.4, 0.5, 2.0)
    outline = scale.to_px(centre + (even - centre) * wave[:, None])
    return Shot(0, 0.0, 0.9, 0.8, {0.5: outline}, scale, cut=False)


def roughness(shot: Shot) -> float:
    """Length of the outline over that of its ellipse."""
    outline = shot.outline_mm()
    ellipse = fit_ellipse(outline)
    assert ellipse is not None
    return float(np.hypot(*np.diff(outline, axis=0, append=outline[:1]).T).sum()) / ellipse.circumference


def test_a_ragged_lumen_is_smoothed_and_keeps_its_diameter() -> None:
    clip, _ = heart(bright=130)
    shot = ragged(30.0, 24.0, 1.0)
    (calm,) = on_the_picture("abdominal_aorta_lumen", clip, [shot])
    assert roughness(shot) > 1.3
    assert roughness(calm) == pytest.approx(1.0, abs=0.02)
    before, after = (vessel_diameter(each.outline_mm()) for each in (shot, calm))
    assert before is not None
    assert after is not None
    assert after.length == pytest.approx(before.length, rel=0.01)
    assert area(calm.outline_mm()) == pytest.approx(area(shot.outline_mm()), rel=1e-6)


def test_a_vessel_along_its_course_keeps_its_ends() -> None:
    clip, _ = heart(bright=130)
    (calm,) = on_the_picture("abdominal_aorta_lumen", clip, [ragged(60.0, 20.0, 0.2)])
    assert calm.outlines[0.5] == pytest.approx(ragged(60.0, 20.0, 0.2).outlines[0.5])


def test_other_structures_stay_as_they_were() -> None:
    clip, shots = heart(bright=130)
    assert on_the_picture("breast_lesion", clip, shots) == shots
