"""What the joint network starts from: any convolutional encoder that a pretraining run wrote, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lingyin.core.errors import UsageError
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import ManyLevels
from lingyin.nets.spark import MaskedLite0
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.nets.weights import encoder_bytes
from lingyin.tasks.config import load_recipe
from lingyin.tasks.first_network import start_net


def write(encoder: Vit | MaskedLite0, path: Path) -> str:
    path.write_bytes(encoder_bytes(encoder, encoder.state_dict(), "mine"))
    return str(path)


def test_it_goes_on_from_a_pretrained_encoder_with_heads_that_say_nothing_yet(tmp_path: Path) -> None:
    torch.manual_seed(5)
    net = Lite0()
    joint = start_net(load_recipe(), None, write(MaskedLite0(net), tmp_path / "encoder.safetensors"))  # type: ignore[arg-type]
    for name, value in joint.encoder.named_parameters():
        torch.testing.assert_close(value.detach(), net.get_parameter(name).half().float())
        assert value.requires_grad
    assert not joint.heads.weight.any()
    assert joint.heads.weight.shape[1] == ManyLevels.dim


def test_a_transformer_has_no_maps_of_several_levels_and_is_refused(tmp_path: Path) -> None:
    vit = write(Vit(VitArchitecture(16, 16, 1, 2)), tmp_path / "encoder.safetensors")
    with pytest.raises(UsageError, match="name a lite0 run"):
        start_net(load_recipe(), None, vit)  # type: ignore[arg-type]
