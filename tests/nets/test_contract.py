"""Every encoder keeps the contract: shapes, halving levels, and the same answer whatever else is in the batch."""

from itertools import pairwise

import pytest
import torch

from lingyin.nets.adapters import SwinEncoder, TimmEncoder
from lingyin.nets.lite0 import Lite0
from lingyin.nets.published import load_published
from lingyin.nets.spark import MaskedLite0
from lingyin.nets.vit import Vit, VitArchitecture
from tests.nets.test_adapters import Maps, Tokens
from tests.nets.test_published import look_alike
from tests.nets.tiny import TinyEncoder


def swin():
    pytest.importorskip("monai", exc_type=ImportError)
    return SwinEncoder(12, (1, 1, 1, 1))


ENCODERS = {
    "lite0": Lite0,
    "masked lite0": lambda: MaskedLite0(Lite0()),
    "tiny": TinyEncoder,
    "vit": lambda: Vit(VitArchitecture(16, 32, 2, 2)),
    "mae": lambda: load_published(look_alike("mae"), "mae"),
    "dino": lambda: load_published(look_alike("dino", registers=4, scale=True), "dino"),
    "usfm": lambda: load_published(look_alike("usfm"), "usfm"),
    "timm tokens": lambda: TimmEncoder(Tokens()),
    "timm maps": lambda: TimmEncoder(Maps(last=False)),
    "timm maps, channels last": lambda: TimmEncoder(Maps(last=True)),
    "monai swin": swin,
}


@pytest.mark.parametrize("make", ENCODERS.values(), ids=ENCODERS)
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
