"""Checkpoints alone: all of a state comes back, a damaged or foreign file changes nothing unnoticed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from lingyin.core.errors import ModelError, UsageError
from lingyin.pretrain.checkpoint import NAME, Progress, list_differences, load_checkpoint, save_checkpoint, under
from tests.pretrain.small import small_config

DATA = "ab" * 32


@dataclass
class State:
    net: nn.Linear
    average: dict[str, Tensor]
    optimiser: torch.optim.AdamW

    def step(self, inputs: Tensor) -> None:
        self.optimiser.zero_grad()
        self.net(inputs).square().sum().backward()
        self.optimiser.step()

    def save(self, folder: Path, progress: Progress, *, write: bool = True) -> None:
        save_checkpoint(folder, small_config(), DATA, self.net, self.average, self.optimiser, progress, write=write)

    def load(self, folder: Path, data: str = DATA, seed: int = 3) -> Progress:
        return load_checkpoint(folder, small_config(seed=seed), data, self.net, self.average, self.optimiser)


def state(seed: int, width: int = 4) -> State:
    torch.manual_seed(seed)
    net = nn.Linear(width, 2)
    average = {"weight": torch.randn(2, width)}
    return State(net, average, torch.optim.AdamW(net.parameters(), lr=0.1))


@pytest.fixture
def saved(tmp_path: Path) -> State:
    made = state(1)
    made.step(torch.ones(3, 4))
    made.save(tmp_path, Progress(7, [{"step": 6.0, "total": 0.5}], 84, 1.5))
    return made


def test_everything_comes_back_and_goes_on_alike(tmp_path: Path, saved: State) -> None:
    drawn = torch.rand(5)  # what the run draws next
    other = state(2)
    assert other.load(tmp_path) == Progress(7, [{"step": 6.0, "total": 0.5}], 84, 1.5)
    assert torch.equal(torch.rand(5), drawn)
    assert torch.equal(other.average["weight"], saved.average["weight"])
    for each in (saved, other):  # moments and step count of the optimiser count from here
        each.step(torch.arange(4.0)[None])
    assert torch.equal(other.net.weight, saved.net.weight)
    assert torch.equal(other.net.bias, saved.net.bias)


def test_a_process_that_does_not_write_leaves_no_file(tmp_path: Path) -> None:
    state(1).save(tmp_path, Progress(0, [], 0, 0.0), write=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("kept", [0, 7, 200, -1])
def test_a_cut_file_is_told_and_changes_nothing(tmp_path: Path, kept: int) -> None:
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes()[:kept])
    other = state(2)
    before = other.net.weight.detach().clone()
    with pytest.raises(ModelError, match=NAME):
        other.load(tmp_path)
    assert torch.equal(other.net.weight, before)


@pytest.mark.usefixtures("saved")
def test_config_and_data_of_another_run_are_listed_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        state(2).load(tmp_path, data="cd" * 32, seed=4)
    assert "seed: 3 in the checkpoint, 4 now" in str(told.value)
    assert "not those that the run began with" in str(told.value)


@pytest.mark.usefixtures("saved")
def test_weights_of_another_shape_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not fit this version"):
        state(2, width=5).load(tmp_path)


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        state(2).load(tmp_path)


def test_differences_tell_of_absent_keys_and_lists() -> None:
    assert list_differences({"a": 1, "s": [1]}, {"b": {"c": 2}, "s": [1, 2]}) == [
        "a: 1 in the checkpoint, None now",
        "b: None in the checkpoint, {'c': 2} now",
        "s: [1] in the checkpoint, [1, 2] now",
    ]


def test_names_are_cut_at_their_prefix_once() -> None:
    kept = under({"net.net.x": torch.ones(1), "average.x": torch.zeros(1)}, "net.")
    assert list(kept) == ["net.x"]
