"""What the validation split decides: temperatures, operating points, where masks end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lingyin.tasks.calibrate import edge_offsets, fit_temperature, look, operating_point
from tests.nets.tiny import SIZE, tiny_net, tiny_recipe
from tests.tasks.squares import pack


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_temperature_undoes_a_known_scale() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3)).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = np.array([rng.choice(3, p=row / row.sum()) for row in chances.astype(np.float64)])
    assert fit_temperature(logits, targets) == pytest.approx(1.0, abs=0.1)
    assert fit_temperature(3 * logits, targets) == pytest.approx(3.0, abs=0.3)


def test_operating_point_lies_between_the_classes_and_within_its_limits() -> None:
    truth = np.array([False] * 50 + [True] * 50)
    assert operating_point(np.where(truth, 0.7, 0.3).astype(np.float32), truth) == pytest.approx(0.5, abs=0.02)
    assert operating_point(np.where(truth, 0.05, 0.01).astype(np.float32), truth) == 0.25


def test_masks_end_where_the_drawn_ones_do_after_the_shift(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    store = pack(tmp_path / "store", recipe)
    net = tiny_net(recipe)
    first = edge_offsets(net, [store], "val", SIZE, len(recipe.structures))
    assert (np.abs(first) <= 1.0).all()
    net.shift_masks(torch.from_numpy(first) + 0.25)
    left = edge_offsets(net, [store], "val", SIZE, len(recipe.structures))
    inside = np.abs(first) < 0.99  # where the limit did not bind, what is left is what was put on top
    assert np.allclose(left[inside], -0.25, atol=0.02)


def test_look_tells_of_every_image_of_a_split(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    store = pack(tmp_path / "store", recipe)
    seen = look(tiny_net(recipe), [store], "val", SIZE)
    assert seen.features.shape == (18, 16)
    assert seen.logits.shape == (18, 5)
    assert sorted(set(seen.source.tolist())) == ["lone", "squares"]
    few = look(tiny_net(recipe), [store], "val", SIZE, most_per_source=4)
    assert len(few.source) == 8
