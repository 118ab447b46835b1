"""Every encoder keeps the contract: shapes, halving levels, and the same answer whatever else is in the batch."""

from itertools import pairwise

import pytest
import torch

from lingyin.nets.lite0 import Lite0
from tests.nets.tiny import TinyEncoder


@pytest.mark.parametrize("make", [Lite0, TinyEncoder])
def test_contract(make):
    torch.manual_seed(0)
    encoder = make().eval()
    images = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        features = encoder(images)
        alone = encoder(images[1:2])
    assert features.cls.shape == (3, encoder.dim)
    assert features.grid.ndim == 4
    assert features.grid.shape[0] == 3
    assert tuple(level.shape[1] for level in features.levels) == tuple(encoder.level_channels)
    sides = [level.shape[-1] for level in features.levels]
    assert all(first == 2 * second for first, second in pairwise(sides))
    torch.testing.assert_close(alone.cls[0], features.cls[1], atol=1e-4, rtol=1e-4)
