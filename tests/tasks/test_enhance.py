"""Enhance: a fresh head changes nothing, a pose is its seed's, and figures by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.tasks.contract import Inputs, Place, Shape
from lingyin.tasks.degrade import Harm, draw, spoil
from lingyin.tasks.enhance import Enhance

TASK = Enhance("noise")


def test_an_unknown_harm_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown harm 'rain'; known are noise, blur, low_resolution, shadow"):
        Enhance("rain")  # type: ignore[arg-type]


def test_a_fresh_head_gives_the_picture_as_it_is() -> None:
    shape = Shape(8, (4, 4, 8), (2, 4, 8), 32)
    levels = tuple(
        torch.randn(2, c, 32 // s, 32 // s) for c, s in zip(shape.level_channels, shape.strides, strict=True)
    )
    images = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        restored = TASK.head(shape)(Inputs(torch.zeros(2, 8), levels, images))
    torch.testing.assert_close(restored, images[:, 0], rtol=0, atol=0)


@pytest.mark.parametrize("harm", ["noise", "blur"])
def test_a_pose_asks_for_the_picture_and_is_the_same_for_the_same_seed(harm: Harm) -> None:
    task = Enhance(harm)
    image = np.random.default_rng(0).integers(0, 256, (32, 32)).astype(np.uint8)
    question, answer = task.pose(image, np.zeros((32, 32), np.float32), 7)
    np.testing.assert_array_equal(np.round(answer * 255), image)
    np.testing.assert_array_equal(question, np.round(spoil(answer, draw(harm, np.random.default_rng(7))) * 255))
    np.testing.assert_array_equal(question, task.pose(image, answer, 7)[0])
    assert not np.array_equal(question, task.pose(image, answer, 8)[0])


def test_figures_by_hand() -> None:
    clean = np.random.default_rng(0).uniform(0.2, 0.8, (16, 16)).astype(np.float32)
    found = TASK.metrics([clean + np.float32(0.1), clean], [clean, clean])
    assert found["psnr"] == pytest.approx((20 + 60) / 2, abs=1e-3)  # equal pictures count 60 dB
    assert found["mae"] == pytest.approx(0.05, abs=1e-6)
    assert TASK.metrics([clean], [clean])["ssim"] == pytest.approx(1)
    assert found["ssim"] < 1


def test_loss_and_limits() -> None:
    target = {"clean": torch.zeros(1, 4, 4)}
    assert float(TASK.loss(torch.zeros(1, 4, 4), target)) == pytest.approx(0.01)
    assert float(TASK.loss(torch.full((1, 4, 4), 0.3), target)) == pytest.approx(np.sqrt(0.0901))
    (picture,) = TASK.decode(np.array([[[-0.5, 0.5], [1.5, 1.0]]], np.float32))
    assert picture.tolist() == [[0, 0.5], [1, 1]]


def test_the_frame_outside_the_square_is_black() -> None:
    place = Place(np.array([[1.0, 0, -4], [0, 1, 0]]), height=16, width=24)
    square = np.random.default_rng(0).uniform(0.2, 0.8, (16, 16)).astype(np.float32)
    frame = TASK.to_frame(square, place)
    np.testing.assert_allclose(frame[:, 4:20], square, atol=1e-6)
    assert not frame[:, :4].any()
    assert not frame[:, 20:].any()
