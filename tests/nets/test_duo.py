"""The two-stream encoder keeps the contract, and its file gives it back or says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lingyin.core.errors import ModelError
from lingyin.nets.duo import Duo, duo_bytes, load_duo
from lingyin.nets.lite0 import Lite0
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.nets.weights import vit_bytes


@pytest.fixture
def net() -> Duo:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    return Duo(Lite0(), Vit(VitArchitecture(16, 32, 4, 2, 1))).eval()


def test_keeps_the_contract(net: Duo) -> None:
    images = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        features, alone = net(images), net(images[1:])
    assert features.cls.shape == (2, net.dim)
    assert features.grid.shape == (2, 4, 4, 32)
    assert [level.shape[1] for level in features.levels] == list(net.level_channels)
    torch.testing.assert_close(alone.cls[0], features.cls[1], atol=1e-4, rtol=1e-4)


def test_a_file_gives_the_encoder_back(net: Duo, tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(duo_bytes(net, "small"))
    assert duo_bytes(net, "small") == path.read_bytes()
    images = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(load_duo(path)(images).cls, net(images).cls, atol=2e-2, rtol=2e-2)


def test_wrong_files_are_named(net: Duo, tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(vit_bytes(net.vit.architecture, net.vit.state_dict(), "vit"))
    with pytest.raises(ModelError, match="expected 'lingyin-duo-1'"):
        load_duo(path)
    data = bytearray(duo_bytes(net, "small"))
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ModelError, match="checksum"):
        load_duo(path)
