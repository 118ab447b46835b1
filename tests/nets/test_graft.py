"""Grafting: old outputs stay bit for bit, the encoder's maps are found by their values, the branch answers as torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino import opset13
from torch import Tensor, nn

from lingyin.nets.graft import (
    FEATURES,
    LOGITS,
    MASKS,
    find_maps,
    finish,
    grow,
    keep_channels,
    read_model,
    round_to_half,
    source_of,
)
from lingyin.runtime.manifest import read_manifest
from tests.nets.tiny import SIZE, tiny_net
from tests.runtime.conftest import tiny_folder  # noqa: F401 (a fixture)


class Branch(nn.Module):
    """Reads the vector and the coarsest map."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.linear = nn.Linear(16 + 8, 2)

    def forward(self, vectors: Tensor, coarse: Tensor) -> Tensor:
        said: Tensor = self.linear(torch.cat([vectors, coarse.mean((2, 3))], 1))
        return said


def infer(model: object, images: Tensor) -> list[np.ndarray]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    answer = compiled({0: images.numpy()})
    return [np.array(answer[index]) for index in range(len(compiled.outputs))]


def test_a_branch_grows_and_the_rest_stays(tiny_folder: Path) -> None:  # noqa: F811
    manifest = read_manifest(tiny_folder)
    encoder = round_to_half(tiny_net().encoder).eval()
    images = torch.rand(3, 1, SIZE, SIZE)
    before = infer(read_model(tiny_folder, manifest), images)
    model = read_model(tiny_folder, manifest)
    maps = find_maps(model, encoder, SIZE)
    assert maps is not None
    branch = Branch().eval()
    sources = [source_of(model, FEATURES), maps[-1]]
    grown = grow(branch, (torch.zeros(2, 16), torch.zeros(2, 8, 1, 1)), sources)[0]
    kept = keep_channels(source_of(model, LOGITS), [0, 2, 4])
    logits = opset13.concat([kept, grown], 1).output(0)
    named = [("features", sources[0]), ("logits", logits), ("masks", source_of(model, MASKS))]
    after = infer(finish(model, named), images)
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1][:, :3], before[1][:, [0, 2, 4]])
    np.testing.assert_array_equal(after[2], before[2])
    with torch.no_grad():
        features = encoder(images.expand(-1, 3, -1, -1))
        wanted = branch(features.cls, features.levels[-1])
    np.testing.assert_allclose(after[1][:, 3:], wanted.numpy(), atol=2e-3)


def test_maps_of_another_encoder_are_not_there(tiny_folder: Path) -> None:  # noqa: F811
    model = read_model(tiny_folder, read_manifest(tiny_folder))
    assert find_maps(model, tiny_net(seed=5).encoder.eval(), SIZE) is None
