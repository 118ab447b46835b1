"""Segment: what is known, empty and unknown; cells of the grid; scores by structure; the way from frame to square."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.tasks.contract import Inputs, Place, Shape
from lingyin.tasks.segment import STRIDE, Segment

TASK = Segment(("cyst", "wall"))
SIDE = 8


def block(top: int, left: int, height: int, width: int, side: int = SIDE) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_a_cell_counts_the_share_that_lies_inside_and_the_unknown_is_marked() -> None:
    target = TASK.target({"cyst": block(0, 0, 2, 3)})
    assert target["grid"].shape == (2, SIDE // STRIDE, SIDE // STRIDE)
    assert target["grid"][0, 0].tolist() == [255, 128, 0, 0]
    assert target["grid"][0, 1:].max() == target["grid"][1].max() == 0
    assert target["known"].tolist() == [True, False]


def test_labels_that_cannot_be_learnt_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown structures bone; known are cyst, wall"):
        TASK.target({"bone": block(0, 0, 1, 1)})
    with pytest.raises(ValueError, match="a mask for every known structure"):
        TASK.target({"cyst": None})


def test_the_unknown_costs_nothing_and_the_known_empty_does() -> None:
    raw = torch.full((1, 2, 4, 4), 2.0, requires_grad=True)
    target = {
        name: torch.from_numpy(np.asarray(value))[None]
        for name, value in TASK.target({"cyst": block(0, 0, 0, 0)}).items()
    }
    loss = TASK.loss(raw, target)
    loss.backward()
    assert float(loss.detach()) > 0.5
    assert raw.grad is not None
    assert (raw.grad[0, 0] > 0).all()
    assert (raw.grad[0, 1] == 0).all()
    nothing = TASK.loss(raw, {**target, "known": torch.zeros(1, 2, dtype=torch.bool)})
    assert float(nothing.detach()) == 0.0


def test_scores_are_means_over_images_then_over_structures() -> None:
    truth, off = block(0, 0, 4, 4), block(0, 0, 4, 4)
    said = np.stack([block(0, 0, 4, 4), block(0, 0, 4, 8)]).astype(np.float32)  # right; twice as large
    found = TASK.metrics([said, said], [{"cyst": truth, "wall": off}, {"cyst": None}])
    assert found["dice_cyst"] == 1.0
    assert found["dice_wall"] == pytest.approx(2 * 16 / (16 + 32))
    assert found["dice"] == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(TASK.metrics([said], [{"cyst": None}])["dice"])


def test_a_prediction_on_the_grid_is_brought_to_the_size_of_the_truth() -> None:
    said = np.stack([block(0, 0, 2, 2, 4), block(0, 0, 0, 0, 4)]).astype(np.float32)
    assert TASK.metrics([said], [{"cyst": block(0, 0, 4, 4)}])["dice"] == 1.0


def test_the_baseline_knows_how_often_a_cell_is_inside() -> None:
    labels = [{"cyst": block(0, 0, 2, 2)}, {"cyst": block(0, 0, 2, 4), "wall": block(6, 6, 2, 2)}]
    map_ = TASK.baseline(labels, np.zeros((1, SIDE, SIDE), np.float32))[0]
    assert map_[0, 0].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert map_[1, 3, 3] == 1.0


def test_groups_tell_unknown_empty_and_there_apart() -> None:
    there, empty = {"cyst": block(0, 0, 2, 2)}, {"cyst": None}
    groups = TASK.strata([there, empty, {}, {"cyst": block(3, 3, 1, 1)}])
    assert groups[0] == groups[3]
    assert len({groups[0], groups[1], groups[2]}) == 3


def test_masks_go_to_the_square_and_probabilities_come_back() -> None:
    matrix = np.array([[0.5, 0, -0.25], [0, 0.5, 3.75]])  # half the size, four pixels down
    place, size = Place(matrix, 16, 32), 16
    mask = np.zeros((16, 32), bool)
    mask[4:12, 8:24] = True
    square = TASK.to_square({"cyst": mask, "wall": None}, place, size)
    assert square["cyst"].sum() == 4 * 8
    assert square["cyst"][6:10, 4:12].all()
    assert not square["wall"].any()
    grid = TASK.target(square)["grid"][:1].astype(np.float32) / 255
    back = TASK.to_frame(grid, place)[0] >= 0.5
    assert (back & mask).sum() * 2 / (back.sum() + mask.sum()) > 0.85


def test_it_starts_near_absent_on_a_grid_of_half_the_side() -> None:
    torch.manual_seed(0)
    head = TASK.head(Shape(6, (3, 4), (4, 8), 32))
    assert TASK.spec() == {"structures": ["cyst", "wall"]}
    levels = (torch.zeros(2, 3, 8, 8), torch.zeros(2, 4, 4, 4))
    raw = head(Inputs(torch.zeros(2, 6), levels, torch.zeros(2, 1, 32, 32)))
    assert raw.shape == (2, 2, 16, 16)
    said = np.stack(list(TASK.decode(raw.detach().numpy())))
    assert said.mean() < 0.2
    assert said.max() < 0.5
