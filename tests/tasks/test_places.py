"""Spatial labels go to the square and predictions come back to the frame, for every movement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.clip import Box
from lingyin.runtime.heads import Detections, Spot, Value
from lingyin.runtime.prepare import letterbox
from lingyin.tasks.contract import Place
from lingyin.tasks.degrade import HARMS, draw, spoil
from lingyin.tasks.detect import Boxes, Detect
from lingyin.tasks.enhance import Enhance
from lingyin.tasks.landmark import Landmark
from lingyin.tasks.measure import Measure
from lingyin.tasks.segment import Segment
from lingyin.tasks.surfaces import dice, surface_dice

SIZE, HEIGHT, WIDTH = 64, 90, 120
PLACE = Place(letterbox(Box(10, 5, 110, 85), SIZE), HEIGHT, WIDTH, mm_per_px=0.2)


@given(st.floats(12, 108), st.floats(8, 82))
def test_points_come_back(x: float, y: float) -> None:
    task = Landmark(("tip",))
    moved = task.to_square({"tip": (x, y)}, PLACE, SIZE)["tip"]
    back = task.to_frame([Spot(*moved, sd=1.0, radius=2.0)], PLACE)[0]
    assert (back.x, back.y) == pytest.approx((x, y), abs=1e-6)
    assert back.radius == pytest.approx(2.0 * 100 / SIZE)


def test_points_outside_the_square_are_unknown() -> None:
    assert Landmark(("tip",)).to_square({"tip": (2.0, 2.0)}, PLACE, SIZE) == {}


def test_boxes_come_back_and_are_cut_at_the_square() -> None:
    task = Detect(("lesion",), SIZE)
    label = Boxes(np.array([[30, 30, 60, 50], [0, 20, 40, 60], [0, 0, 5, 4]], np.float32), ("lesion",) * 3)
    moved = task.to_square(label, PLACE, SIZE)
    assert len(moved.names) == 2
    found = Detections(moved.boxes, np.zeros(2, np.int64), np.ones(2, np.float32))
    back = task.to_frame(found, PLACE).boxes
    np.testing.assert_allclose(back[0], [30, 30, 60, 50], atol=1e-3)
    np.testing.assert_allclose(back[1], [9.5, 20, 40, 60], atol=0.02)


def test_a_target_of_boxes_can_be_read_back() -> None:
    task = Detect(("a", "b"), SIZE)
    label = Boxes(np.array([[8, 8, 28, 30], [30, 34, 58, 60]], np.float32), ("a", "b"))
    target = task.target(label)
    raw = np.full((6, SIZE // 4, SIZE // 4), -9.0, np.float32)
    raw[:2] = np.where(target["heat"] > 0.99, 4.0, -9.0)
    raw[2:] = np.log(np.maximum(target["sides"], 1e-3) / 4)
    found = task.decode(raw[None])
    np.testing.assert_allclose(found[0].boxes, label.boxes, atol=0.01)
    assert task.metrics(found, [label]) == {"ap50": pytest.approx(1.0), "ap": pytest.approx(1.0)}
    assert task.metrics([Detections(label.boxes + 40, found[0].classes, found[0].scores)], [label])["ap50"] == 0.0


def test_masks_come_back() -> None:
    task = Segment(("disc", "rest"))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - 60) ** 2 + (y - 45) ** 2 < 25**2
    moved = task.to_square({"disc": disc, "rest": None}, PLACE, SIZE)
    target = task.target(moved)
    assert target["known"].all()
    assert target["grid"][1].max() == 0
    back = task.to_frame((target["grid"] / 255).astype(np.float32), PLACE)
    assert dice(back[0] > 0.5, disc) > 0.97
    assert task.metrics([target["grid"] / 255], [moved])["dice"] > 0.97


def test_a_length_follows_the_scale_of_the_square() -> None:
    task = Measure("width", "mm", length=True)
    on_square = task.to_square(10.0, PLACE, SIZE)
    assert on_square == pytest.approx(10.0 / 0.2 * SIZE / 100)
    back = task.to_frame(Value(on_square, 1.0, on_square - 1, on_square + 1), PLACE)
    assert back.value == pytest.approx(10.0)
    with pytest.raises(ValueError, match="spacing of an image is unknown"):
        task.to_square(10.0, Place(PLACE.matrix, HEIGHT, WIDTH), SIZE)


def test_outlines_within_a_tolerance() -> None:
    one, two = np.zeros((2, 40, 40), bool)
    one[10:20, 10:20], two[10:20, 11:21] = True, True
    assert surface_dice(one, two, 0.5) < 0.8
    assert surface_dice(one, two, 1.0) == 1.0
    assert surface_dice(one, np.zeros_like(one), 1.0) == 0.0
    assert surface_dice(np.zeros_like(one), np.zeros_like(one), 1.0) == 1.0


@pytest.mark.parametrize("harm", HARMS)
def test_harms_are_seeded_and_do_harm(harm: str) -> None:
    clean = np.clip(np.random.default_rng(0).normal(0.4, 0.2, (SIZE, SIZE)), 0, 1).astype(np.float32)
    one, again, other = (draw(harm, np.random.default_rng(seed)) for seed in (1, 1, 2))  # type: ignore[arg-type]
    assert one == again != other
    np.testing.assert_array_equal(spoil(clean, one), spoil(clean, again))
    task = Enhance(harm)  # type: ignore[arg-type]
    spoilt = task.metrics([spoil(clean, one)], [clean])
    assert spoilt["psnr"] < 40
    assert task.metrics([clean], [clean])["psnr"] == 60.0
