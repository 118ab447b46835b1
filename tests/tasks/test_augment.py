"""Augmentation: movements worked out by hand, masks that go with their picture, and paint that can be made again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.tasks.augment import FLIP, Movement, Painter, draw_movement, moved, place

SIZE = 64
WHOLE = Box(0, 0, SIZE, SIZE)


class _Scripted(np.random.Generator):
    """Draws what it is told: shares in turn, then 0.99 (which changes nothing), and normal values in turn."""

    def __init__(self, shares: list[float], normals: list[float]) -> None:
        super().__init__(np.random.PCG64(0))
        self.shares, self.normals = iter(shares), iter(normals)

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return next(self.shares, 0.99)

    def normal(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return next(self.normals)


def _to(move: Movement, x: float, y: float) -> list[float]:
    """Where the point 10 to the right or below the middle ends, from the middle."""
    _, matrix = place(WHOLE, SIZE, SIZE, SIZE, move)
    middle = (SIZE - 1) / 2
    return (matrix @ np.array([middle + x, middle + y, 1.0]) - middle).tolist()


@pytest.mark.parametrize(
    ("move", "right", "below"),
    [
        (Movement(), [10, 0], [0, 10]),
        (Movement(mirror=True), [-10, 0], [0, 10]),
        (Movement(degrees=90), [0, 10], [-10, 0]),  # clockwise, for rows run downwards
        (Movement(degrees=90, mirror=True), [0, -10], [-10, 0]),  # mirrored first, turned second
        (Movement(scale=1.5), [15, 0], [0, 15]),
        (Movement(stretch=4.0), [20, 0], [0, 5]),  # keeps the area
        (Movement(shift=(0.25, -0.125)), [26, -8], [16, 2]),
        (Movement(scale=0.5, mirror=True, shift=(0.25, 0.0)), [11, 0], [16, 5]),  # a shift is not mirrored
    ],
)
def test_movements_by_hand(move: Movement, right: list[float], below: list[float]) -> None:
    assert _to(move, 10, 0) == pytest.approx(right, abs=1e-9)
    assert _to(move, 0, 10) == pytest.approx(below, abs=1e-9)


def test_box_sides_move_by_shares_and_stay_inside_the_picture() -> None:
    sector = Box(20, 10, 60, 40)
    box, _ = place(sector, 50, 100, SIZE, Movement(box_shift=(0.1, -0.1, 0.25, 0.1)))
    assert box == Box(24, 7, 70, 43)
    box, _ = place(sector, 50, 100, SIZE, Movement(box_shift=(-1, -1, 2, 2)))
    assert box == Box(0, 0, 100, 50)
    assert place(sector, 50, 100, SIZE, Movement(whole=True))[0] == Box(0, 0, 100, 50)


def test_standing_still_keeps_the_picture_and_halves_the_mask_by_shares() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE)).astype(np.uint8)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[3:6, 4:8] = 255
    image, grids = moved(picture, {2: mask, 5: None}, WHOLE, SIZE, Movement())
    np.testing.assert_array_equal(image, picture)
    assert grids[2][1:3, 2:4].tolist() == [[0.5, 0.5], [1.0, 1.0]]
    assert grids[2].sum() == 3.0
    assert grids[5].shape == (SIZE // 2, SIZE // 2)
    assert not grids[5].any()
    mirrored, _ = moved(picture, {}, WHOLE, SIZE, Movement(mirror=True))
    np.testing.assert_array_equal(mirrored, picture[:, ::-1])


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_goes_with_its_picture_to_where_the_matrix_says(seed: int) -> None:
    move = draw_movement(np.random.default_rng(seed), "breast_busi")
    mask = np.zeros((90, 120), np.uint8)
    mask[36:52, 50:74] = 255  # centre of pixels (61.5, 43.5)
    sector = Box(10, 5, 110, 85)
    image, grids = moved(mask, {0: mask}, sector, SIZE, move)
    blocks = image.reshape(SIZE // 2, 2, SIZE // 2, 2).mean((1, 3)) / 255
    np.testing.assert_allclose(grids[0], blocks, atol=1e-6)
    _, matrix = place(sector, 90, 120, SIZE, move)
    rows, columns = np.mgrid[: SIZE // 2, : SIZE // 2] * 2 + 0.5  # centres of the cells in pixels of the image
    total = grids[0].sum()
    centre = [(columns * grids[0]).sum() / total, (rows * grids[0]).sum() / total]
    assert centre == pytest.approx((matrix @ np.array([61.5, 43.5, 1.0])).tolist(), abs=0.35)
    assert total * 4 == pytest.approx(16 * 24 * abs(np.linalg.det(matrix[:, :2])), rel=0.06)


def test_movements_are_bounded_and_mirror_only_where_sides_mean_nothing() -> None:
    def draws(source: str) -> list[Movement]:
        return [draw_movement(np.random.default_rng(seed), source) for seed in range(400)]

    mirrored = draws("breast_busi")
    assert 140 < sum(move.mirror for move in mirrored) < 260
    assert all(abs(move.degrees) <= 20 and 0.3 < move.scale < 2 for move in mirrored)
    assert draws("breast_busi") == mirrored
    for source in ("heart_camus", "phantom_left_ventricle", "phantom_aortic_root", "muscle_fascicle"):
        assert source not in FLIP
        assert not any(move.mirror for move in draws(source))


def _ground() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (SIZE, SIZE)).astype(np.uint8)


def test_paint_by_hand() -> None:
    painter, ground = Painter(SIZE), _ground()
    share = ground / 255
    np.testing.assert_allclose(painter(ground, _Scripted([], [])), share, atol=1e-6)
    squared = painter(ground, _Scripted([0.99, 0.99, 0.99, 0.0], [np.log(2), np.log(0.5)]))
    np.testing.assert_allclose(squared, share**2 / 2, atol=1e-5)
    ramp = painter(ground, _Scripted([0.99] * 4 + [0.0], [-0.5]))
    np.testing.assert_allclose(ramp, np.clip(share * np.linspace(1.5, 0.5, SIZE)[:, None], 0, 1), atol=1e-5)


def test_paint_is_in_range_repeatable_and_leaves_its_input_alone() -> None:
    painter, again, ground = Painter(SIZE, 3), Painter(SIZE, 3), _ground()
    for seed in range(60):
        image = painter(ground, np.random.default_rng(seed))
        assert (image.shape, image.dtype) == ((SIZE, SIZE), np.float32)
        assert image.min() >= 0
        assert image.max() <= 1
        np.testing.assert_array_equal(image, again(ground, np.random.default_rng(seed)))
    np.testing.assert_array_equal(ground, _ground())
