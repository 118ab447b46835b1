"""Frozen encoders: what is read of them, their mark, and features that are computed once and then kept."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lingyin.bench.frozen import (
    Frozen,
    SeeingBank,
    cached_bank,
    freeze,
    grid_levels,
    kept_levels,
    mark_of,
    pixel_strides,
    seeing_shape,
)
from lingyin.bench.squares import Squares
from lingyin.nets.contract import Features
from lingyin.nets.readout import block_ends
from lingyin.tasks.contract import Needs, Shape


class _Net(nn.Module):
    """Mean and largest value as the vector; pictures shrunk by 2, 4 and 8, times a weight, as maps."""

    def __init__(self, weight: float = 2.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight), requires_grad=False)

    def forward(self, images: Tensor) -> Features:
        grey = images[:, :1]
        cls = torch.stack([images.mean((1, 2, 3)), images.amax((1, 2, 3))], 1)
        levels = tuple(nn.functional.avg_pool2d(grey, s) * self.weight for s in (2, 4, 8))
        return Features(cls, levels[-1].permute(0, 2, 3, 1), levels)


class _Counted:
    """Stands for a frozen encoder without compiling it, and counts the pictures it sees."""

    def __init__(self) -> None:
        self.name, self.mark, self.seen = "counted", "abc", 0
        self.shape = Shape(2, (1, 1), (4, 8), 16)

    def __call__(self, images: Tensor) -> Features:
        self.seen += len(images)
        made: Features = _Net()(images)
        return Features(made.cls, made.grid, made.levels[1:])


def _squares(count: int) -> Squares:
    return Squares(np.random.default_rng(count).integers(0, 256, (count, 16, 16)).astype(np.uint8), ())


def _bank(counted: _Counted, squares: Squares, needs: Needs, cache: Path) -> SeeingBank:
    return cached_bank(cast("Frozen", counted), "set", squares, needs, cache, lambda _: None)


@pytest.mark.parametrize(("depth", "ends"), [(12, (3, 6, 9, 12)), (24, (6, 12, 18, 24)), (3, (1, 2, 3)), (1, (1,))])
def test_the_blocks_read_are_quarters_of_the_depth(depth: int, ends: tuple[int, ...]) -> None:
    assert block_ends(depth) == ends


def test_grids_become_maps_of_three_scales() -> None:
    maps = [torch.full((2, 3, 4, 4), float(value)) for value in range(4)]
    finer, middle, coarser = grid_levels(maps)
    assert [tuple(each.shape) for each in (finer, middle, coarser)] == [(2, 3, 8, 8), (2, 6, 4, 4), (2, 3, 2, 2)]
    assert finer.unique().tolist() == [0.0]
    assert middle[0, :, 0, 0].tolist() == [1, 1, 1, 2, 2, 2]
    assert coarser.unique().tolist() == [3.0]


def test_maps_finer_than_four_pixels_are_dropped() -> None:
    made = _Net()(torch.zeros(1, 3, 16, 16))
    assert [level.shape[-1] for level in kept_levels(made, 16)] == [4, 2]


def test_pixels_stand_for_the_strides_that_the_maps_lack() -> None:
    assert [pixel_strides(finest) for finest in (0, 2, 4, 14, 64)] == [(), (), (2,), (2, 4, 8), (2, 4, 8, 16, 32)]
    assert seeing_shape(Shape(10, (5, 6), (8, 16), 64)) == Shape(10, (4, 16, 5, 6), (2, 4, 8, 16), 64)


def test_the_mark_follows_weights_and_size_and_nothing_else() -> None:
    assert mark_of(_Net(), 16) == mark_of(_Net(), 16)
    assert len({mark_of(_Net(), 16), mark_of(_Net(), 32), mark_of(_Net(3.0), 16)}) == 3


def test_freezing_measures_the_shape_and_the_fast_pass_says_the_same() -> None:
    frozen = freeze("mine", _Net(), 16)
    assert (frozen.name, frozen.mark, frozen.shape) == ("mine", mark_of(_Net(), 16), Shape(2, (1, 1), (4, 8), 16))
    images = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    want, found = _Net()(images.expand(-1, 3, -1, -1)), frozen(images)
    torch.testing.assert_close(found.cls, want.cls)
    torch.testing.assert_close(found.levels, want.levels[1:])
    torch.testing.assert_close(found.grid, want.grid)


def test_features_are_computed_once_and_read_back_the_same(tmp_path: Path) -> None:
    counted, squares = _Counted(), _squares(19)  # more than one batch
    first = _bank(counted, squares, Needs.MAPS, tmp_path)
    again = _bank(counted, squares, Needs.MAPS, tmp_path)
    assert counted.seen == 19
    want = squares.images.astype(np.float64) / 255
    np.testing.assert_allclose(first.cls, np.stack([want.mean((1, 2)), want.max((1, 2))], 1), atol=1e-6)
    np.testing.assert_array_equal(again.cls, first.cls)
    for mine, other, size in zip(again.levels, first.levels, (4, 2), strict=True):
        assert mine.dtype == np.float16
        assert mine.shape == (19, 1, size, size)
        np.testing.assert_array_equal(mine, other)


def test_vectors_alone_are_kept_until_maps_are_asked_for_or_the_set_grows(tmp_path: Path) -> None:
    counted = _Counted()
    assert _bank(counted, _squares(3), Needs.POOLED, tmp_path).levels == ()
    assert [path.name for path in tmp_path.rglob("*.npy")] == ["cls.npy"]
    assert len(_bank(counted, _squares(3), Needs.MAPS, tmp_path).levels) == 2
    assert counted.seen == 6
    assert len(_bank(counted, _squares(5), Needs.MAPS, tmp_path).cls) == 5
    assert counted.seen == 11


def test_heads_see_the_picture_itself_beside_the_maps(tmp_path: Path) -> None:
    squares = _squares(4)
    bank = _bank(_Counted(), squares, Needs.MAPS, tmp_path)
    part = bank.take([2, 0])
    found = part.inputs([1])
    assert [tuple(level.shape) for level in found.levels] == [(1, 4, 8, 8), (1, 1, 4, 4), (1, 1, 2, 2)]
    back = nn.functional.pixel_shuffle(found.levels[0], 2)
    assert (back[0, 0] * 255).round().to(torch.uint8).numpy().tolist() == squares.images[0].tolist()
