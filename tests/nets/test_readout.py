"""Readouts say what they promise: widths, statistics of maps, the same in OpenVINO as in torch."""

from __future__ import annotations

import pytest
import torch

from lingyin.nets.convert import Compiled
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import (
    LastLayer,
    ManyLevels,
    SeveralBlocks,
    SeveralLevels,
    read_many,
    readout,
    statistics,
)
from lingyin.nets.vit import Vit, VitArchitecture


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def small_vit() -> Vit:
    return Vit(VitArchitecture(8, 16, 4, 2, 1)).eval()


def test_statistics_of_known_maps() -> None:
    flat = torch.full((1, 2, 4, 4), 3.0)
    flat[0, 1, :, :2] = 1.0
    mean, spread = statistics([flat])
    assert mean.tolist() == [[3.0, 2.0]]
    torch.testing.assert_close(spread, torch.tensor([[0.0, 1.0]]), atol=2e-3, rtol=0)


@pytest.mark.parametrize("kind", ["last", "levels", "blocks"])
def test_width_is_as_stated_and_openvino_agrees(kind: str) -> None:
    lite0 = Lite0().eval()
    reading = {
        "last": lambda: LastLayer(lite0, lite0.dim),
        "levels": lambda: SeveralLevels(lite0),
        "blocks": lambda: SeveralBlocks(small_vit()),
    }[kind]()
    images = torch.rand(3, 1, 64, 64)
    with torch.no_grad():
        said = reading(images)
    assert said.shape == (3, reading.dim)
    torch.testing.assert_close(Compiled(reading, bf16=False)(images)[0], said, atol=2e-3, rtol=2e-3)


def test_many_levels_say_what_several_say_each_part_brought_to_one_scale() -> None:
    net = Lite0().eval()
    many, images = read_many(net), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        said, plain = many(images), SeveralLevels(net)(images)
    assert said.cls.shape == plain.shape == (2, ManyLevels.dim)
    torch.testing.assert_close(said.cls[:, :1280], torch.nn.functional.layer_norm(plain[:, :1280], (1280,)))
    torch.testing.assert_close(said.cls[:, -320:], torch.nn.functional.layer_norm(plain[:, -320:], (320,)))
    assert set(many.state_dict()) == set(net.state_dict())
    assert readout(many).dim == ManyLevels.dim


def test_a_picture_without_anything_in_it_has_a_slope() -> None:
    net = read_many(Lite0())
    net(torch.zeros(1, 3, 64, 64)).cls.square().sum().backward()
    assert all(bool(torch.isfinite(value.grad).all()) for value in net.parameters() if value.grad is not None)


def test_blocks_end_with_the_encoders_own_answer() -> None:
    net = small_vit()
    images = torch.rand(2, 1, 32, 32)
    with torch.no_grad():
        said, own = SeveralBlocks(net)(images), net(images)
    torch.testing.assert_close(said[:, -32:-16], own.cls)
    torch.testing.assert_close(said[:, -16:], own.grid.mean((1, 2)))
