"""Parts of the page of `lingyin inspect`: pictures as addresses, patches as pixels, and the hardest patches hidden."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lingyin.bench.inspect import Distances
from lingyin.bench.inspect_page import (
    COLOURS,
    MASK_GREY,
    SHOWN,
    Look,
    _colour,
    _grey,
    _hard,
    _per_pixel,
    _png,
    _restored,
    _spread,
    _svg,
)


def _open(address: str) -> NDArray[np.uint8]:
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"), validate=True)
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_an_address_gives_the_picture_back(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    np.testing.assert_array_equal(_open(_png(picture)), picture)
    np.testing.assert_array_equal(_open(_png(picture[::-1, ::2])), picture[::-1, ::2])  # not contiguous


def test_grey_levels_are_rounded() -> None:
    assert _grey(torch.tensor([[0.0, 1.0, 0.499, 100.4 / 255, 100.6 / 255]])).tolist() == [[0, 255, 127, 100, 101]]


def test_patches_fill_their_pixels_row_by_row() -> None:
    laid = _per_pixel(torch.tensor([[1.0, 2, 3, 4, 5, 6, 7, 8]]), torch.zeros(1, 1, 4, 8))  # twice as wide as high
    assert laid[0, 0].tolist() == [[1, 1, 2, 2, 3, 3, 4, 4]] * 2 + [[5, 5, 6, 6, 7, 7, 8, 8]] * 2


def test_the_pictures_shown_take_turns_between_organs() -> None:
    assert _spread(["liver"] * 3 + ["heart", "kidney", "heart"]) == [0, 3, 4, 1, 5, 2]
    assert _spread(["liver"] * 50 + ["heart"]) == [0, 50, *range(1, SHOWN - 1)]
    assert _spread([]) == []


def test_colours_begin_again_after_the_last() -> None:
    legend = [str(number) for number in range(len(COLOURS) + 1)]
    assert len({_colour(legend, code) for code in legend}) == len(COLOURS)
    assert _colour(legend, legend[-1]) == COLOURS[0]


def _look(ratio: float, predictor: Any = None) -> Look:
    """Two pictures of 4 x 4 patches of 2 pixels, the whole of them sector."""
    learnt = SimpleNamespace(
        restorer=None,
        predictor=predictor,
        patch=2,
        config=SimpleNamespace(stages=[SimpleNamespace(mask_ratio=0.9), SimpleNamespace(mask_ratio=ratio)]),
    )
    return Look(cast("Any", learnt), [], torch.full((2, 1, 8, 8), 0.8), torch.ones(2, 1, 8, 8), np.zeros((2, 1)))


def test_what_a_run_lacks_is_not_shown() -> None:
    assert _restored(_look(0.5), [0, 1]) == []
    assert _hard(_look(0.5), [0, 1]) == []


def test_the_hardest_patches_are_hidden_and_glow_most() -> None:
    rising = torch.arange(16.0).repeat(2, 1)
    rising[1] = rising[1].flip(0)
    first, second = _hard(_look(0.5, lambda _: rising), [0, 1])
    top, low = np.full((4, 8), 204), np.full((4, 8), MASK_GREY)
    np.testing.assert_array_equal(_open(first["whole"]), np.full((8, 8), 204))
    np.testing.assert_array_equal(_open(first["masked"]), np.concatenate([top, low]))
    np.testing.assert_array_equal(_open(second["masked"]), np.concatenate([low, top]))
    heat = _open(first["heat"]).astype(int).sum(axis=2)
    assert heat[0, 0] == heat.min()
    assert heat[-1, -1] == heat.max()


def test_distances_are_drawn_with_one_box_each_or_none() -> None:
    tree, feature = np.array([0, 0, 2, 2]), np.array([0.1, 0.2, 0.5, 0.6])
    one = _svg(Distances(tree, feature, np.ones(4, bool)))  # no pair crosses sources
    two = _svg(Distances(tree, feature, np.zeros(4, bool)))
    pages = [base64.b64decode(each.removeprefix("data:image/svg+xml;base64,")).decode() for each in (one, two)]
    assert [page.count("#2f6f8f") > 0 for page in pages] == [True, True]
    assert [page.count("#d9822b") > 0 for page in pages] == [False, True]
    assert "<dc:date>" not in pages[0]
