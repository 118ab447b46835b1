"""Encoders of other libraries keep the contract; what is not of their kind is told clearly."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.adapters import SwinEncoder, TimmEncoder, load_swin, timm_encoder


class Tokens(nn.Module):
    """What a vision transformer of timm shows to the outside: one class token before the patches."""

    num_features, num_prefix_tokens = 12, 1
    pretrained_cfg = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}  # noqa: RUF012 (as there)

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 12, 16, 16)

    def forward_features(self, images: Tensor) -> Tensor:
        self.seen = images
        patches = self.embed(images).flatten(2).transpose(1, 2)
        return torch.cat([patches.mean(1, keepdim=True) * 2, patches], 1)


class Maps(nn.Module):
    """A convolutional network, or with `last` a Swin of timm, whose maps have their channels last."""

    num_features = 8

    def __init__(self, last: bool) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 8, 32, 32)
        self.output_fmt = "NHWC" if last else "NCHW"

    def forward_features(self, images: Tensor) -> Tensor:
        maps: Tensor = self.embed(images)
        return maps.permute(0, 2, 3, 1) if self.output_fmt == "NHWC" else maps


def test_tokens_become_a_vector_and_a_grid() -> None:
    model = Tokens()
    features = TimmEncoder(model)(torch.full((2, 3, 32, 48), 0.75))
    assert features.cls.shape == (2, 12)
    assert features.grid.shape == (2, 2, 3, 12)
    torch.testing.assert_close(features.cls, 2 * features.grid.mean((1, 2)))
    torch.testing.assert_close(model.seen, torch.full((2, 3, 32, 48), 0.5))  # normed as the model says


@pytest.mark.parametrize("last", [False, True])
def test_maps_become_a_vector_and_a_grid(last: bool) -> None:
    features = TimmEncoder(Maps(last))(torch.rand(2, 3, 64, 96))
    assert features.grid.shape == (2, 2, 3, 8)
    torch.testing.assert_close(features.cls, features.grid.mean((1, 2)))


def test_what_is_no_model_of_timms_kind_is_told() -> None:
    with pytest.raises(ModelError, match="forward_features"):
        TimmEncoder(nn.Linear(2, 2))
    wrong = Tokens()
    wrong.num_features = 13
    with pytest.raises(ModelError, match="neither tokens nor maps of width 13"):
        TimmEncoder(wrong)(torch.rand(1, 3, 32, 32))


@pytest.mark.parametrize(("package", "make"), [("timm", lambda: timm_encoder("vit_tiny")), ("monai", SwinEncoder)])
def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch, package: str, make: Any) -> None:
    found = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == package:
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UsageError, match=package):
        make()


class TestSwin:
    """Against MONAI's own class, where it is installed."""

    @pytest.fixture(autouse=True)
    def _monai(self) -> None:
        pytest.importorskip("monai", exc_type=ImportError)

    @pytest.mark.slow
    def test_a_swin_unetr_gives_its_encoder(self) -> None:
        from monai.networks.nets import SwinUNETR

        torch.manual_seed(0)
        whole = SwinUNETR(1, 2, feature_size=12, spatial_dims=2, depths=(2, 2, 1, 1)).eval()
        encoder = load_swin({"state_dict": {f"module.{key}": value for key, value in whole.state_dict().items()}})
        images = torch.rand(2, 3, 64, 64)
        with torch.no_grad():
            features = encoder(images)
            own = whole.swinViT(images.mean(1, keepdim=True), normalize=True)
        assert [level.shape[1:] for level in features.levels] == [(12 * 2**i, 32 >> i, 32 >> i) for i in range(5)]
        for level, other in zip(features.levels, own, strict=True):
            torch.testing.assert_close(level, other)
        assert features.cls.shape == (2, encoder.dim)

    def test_missing_and_unknown_weights_are_named(self) -> None:
        state = SwinEncoder(12, (1, 1, 1, 1)).net.state_dict()
        with pytest.raises(ModelError, match=r"layers1\.0\.blocks\.0\.norm1\.weight"):
            load_swin({key: value for key, value in state.items() if key != "layers1.0.blocks.0.norm1.weight"})
        with pytest.raises(ModelError, match="surplus"):
            load_swin(state | {"surplus": torch.zeros(1)})
        with pytest.raises(ModelError, match="no two-dimensional Swin"):
            load_swin({"x": torch.zeros(1)})
