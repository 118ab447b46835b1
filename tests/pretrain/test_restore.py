"""Reconstruction for showing: visible patches stay to the bit, hidden ones get the mean and contrast of the picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from lingyin.core.errors import UsageError
from lingyin.nets.masked import MaskedDecoder
from lingyin.nets.vit import Vit, VitArchitecture, patchify
from lingyin.nets.weights import vit_bytes
from lingyin.pretrain.loop import ENCODER
from lingyin.pretrain.restore import Restorer, reconstruct, restore

SHAPE = VitArchitecture(8, 16, 1, 2, 1)


def test_hidden_patches_get_what_was_said_in_the_contrast_of_the_picture() -> None:
    torch.manual_seed(0)
    pixels = nn.Linear(16, 64)
    nn.init.zeros_(pixels.weight)
    said = torch.linspace(-1, 1, 64)
    pixels.bias.data.copy_(said)
    restorer = Restorer(Vit(SHAPE).eval(), MaskedDecoder(16, 16, 1, 2).eval(), pixels)
    images = 0.4 + 0.2 * torch.rand(1, 1, 16, 16)
    hidden = torch.tensor([[False, True, False, True]])
    patches = patchify(reconstruct(restorer, images, torch.tensor([[0, 2]]), hidden), 8)[0]
    own = patchify(images, 8)[0]
    assert torch.equal(patches[[0, 2]], own[[0, 2]])
    for index in (1, 3):
        torch.testing.assert_close(patches[index], own[index].mean() + said * own[index].std(unbiased=False))


@pytest.mark.parametrize("as_file", [True, False])
def test_weights_alone_are_taken_up_with_nothing_else(tmp_path: Path, as_file: bool) -> None:
    net = Vit(SHAPE)
    run = tmp_path / "run"
    run.mkdir()
    (run / ENCODER).write_bytes(vit_bytes(SHAPE, net.state_dict(), "x"))
    learnt = restore(run / ENCODER if as_file else run)
    assert (learnt.name, learnt.step, learnt.config, learnt.restorer) == ("run", None, None, None)
    assert not learnt.encoder.training
    for name, value in learnt.encoder.state_dict().items():
        assert torch.equal(value, net.state_dict()[name])


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a run nor weights"):
        restore(tmp_path)
