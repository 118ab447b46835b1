"""The band of the far wall as the picture shows it, in place of the network's outline."""

from __future__ import annotations

import numpy as np

from lingyin.analyze.measure.carotid import measure_intima_media
from lingyin.analyze.measure.shot import Scale, Shot
from lingyin.analyze.outlined import far_walls
from tests.analyze.clips import make_clip
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
