"""Methods by name, their settings, and the encoders and networks behind them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from lingyin.bench.frozen import freeze, mark_of, pixel_strides, seeing_shape
from lingyin.bench.methods import choose_methods, learning, load_methods
from lingyin.bench.peers import load_peer
from lingyin.bench.whole import PictureBank, WholeTask, random_encoder
from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.duo import Duo, duo_bytes
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import SeveralLevels
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.nets.weights import vit_bytes
from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Needs, Shape
from lingyin.tasks.fit import FitSettings, Fold, fit


def test_one_method_is_ours_and_the_default_ones_need_no_path() -> None:
    ours = [name for name, method in load_methods().items() if method.ours]
    assert ours == ["lingyin"]
    chosen = choose_methods()
    assert {"lingyin", "imagenet", "scratch"} <= {each.name for each in chosen}
    assert all(each.path is None for each in chosen)


def test_methods_come_with_their_paths() -> None:
    chosen = choose_methods(["contrast=runs/contrast", "lingyin"], Path("runs/mine"))
    assert [(each.name, each.path) for each in chosen] == [
        ("lingyin", Path("runs/mine")),
        ("contrast", Path("runs/contrast")),
    ]


def test_wrong_methods_are_told_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no method is called alexnet; there are lingyin"):
        choose_methods(["alexnet"])
    with pytest.raises(UsageError, match=r"vitmae: name the weights as well"):
        choose_methods(["vitmae"])


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("needs", list(Needs))
def test_every_learning_method_has_settings(quick: bool, needs: Needs) -> None:
    for method in load_methods().values():
        if method.kind != "filter":
            settings, pixels = learning(method, needs, 3, quick=quick)
            assert settings.seed == 3
            assert settings.steps > 0
            assert pixels % 32 == 0


def tiny_vit(seed: int = 0) -> Vit:
    torch.manual_seed(seed)
    return Vit(VitArchitecture(patch=16, dim=24, depth=4, heads=2)).eval()


def test_a_transformer_is_read_at_four_depths_and_compiles_to_the_same_numbers() -> None:
    frozen = freeze("tiny", tiny_vit(), 64)
    assert frozen.shape == Shape(4 * 2 * 24, (24, 48, 24), (8, 16, 32), 64)
    images = torch.rand(3, 1, 64, 64)
    with torch.no_grad():
        cls, *levels = frozen.encoder(images)
    found = frozen(images)
    assert torch.allclose(found.cls, cls, atol=2e-3)
    assert [tuple(level.shape[1:]) for level in found.levels] == [(24, 8, 8), (48, 4, 4), (24, 2, 2)]
    assert torch.allclose(found.levels[0], levels[0], atol=2e-3)


def test_the_picture_stands_for_the_finest_strides() -> None:
    assert pixel_strides(8) == (2, 4)
    assert pixel_strides(0) == ()
    shape = seeing_shape(Shape(10, (24, 48, 24), (8, 16, 32), 64))
    assert shape.strides == (2, 4, 8, 16, 32)
    assert shape.level_channels == (4, 16, 24, 48, 24)


def test_marks_follow_the_weights() -> None:
    assert mark_of(tiny_vit(0), 64) == mark_of(tiny_vit(0), 64)
    assert len({mark_of(tiny_vit(0), 64), mark_of(tiny_vit(1), 64), mark_of(tiny_vit(0), 96)}) == 3


def test_our_encoder_by_path(tmp_path: Path) -> None:
    vit = tiny_vit()
    path = tmp_path / "encoder.safetensors"
    path.write_bytes(vit_bytes(vit.architecture, vit.state_dict(), "tiny"))
    loaded = load_peer(load_methods()["lingyin"], tmp_path)
    assert mark_of(loaded, 64) == mark_of(vit, 64)


def test_two_streams_by_path(tmp_path: Path) -> None:
    net = Duo(Lite0().eval(), tiny_vit())
    (tmp_path / "encoder.safetensors").write_bytes(duo_bytes(net, "two"))
    loaded = load_peer(load_methods()["lingyin"], tmp_path)
    frozen = freeze("two", loaded, 64)
    assert frozen.shape.dim == net.dim
    assert frozen.shape.strides == (4, 8, 16, 32)


def test_a_convolutional_encoder_is_read_at_several_levels() -> None:
    net = Lite0().eval()
    assert freeze("lite0", net, 64).shape.dim == SeveralLevels(net).dim


@pytest.mark.slow
def test_vitmae_by_path(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    method = load_methods()["vitmae"]
    with pytest.raises(UsageError, match="no ViT-MAE there"):
        load_peer(method, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = transformers.ViTMAEConfig(
            hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=64, image_size=64
        )
        transformers.ViTMAEModel(config).save_pretrained(tmp_path)
        encoder = load_peer(method, tmp_path)
        images = torch.rand(2, 3, 64, 64)
        features = encoder(images)
    assert features.cls.shape == (2, 4 * 2 * 32)
    assert [level.shape[-1] for level in features.levels] == [8, 4, 2]
    order = encoder(images.flip(3)).levels[1].mean((0, 1))
    assert not torch.allclose(order, features.levels[1].mean((0, 1)))
    assert torch.allclose(encoder(images).cls, features.cls)  # no patch is dropped or shuffled
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ModelError, match="not ViT-MAE weights, or damaged"):
        load_peer(method, tmp_path)


@pytest.mark.slow
def test_a_network_from_scratch_learns_bright_from_dark() -> None:
    rng = np.random.default_rng(0)
    labels = ["bright" if bright else "dark" for bright in rng.integers(0, 2, 24)]
    levels = np.array([170 if label == "bright" else 50 for label in labels])
    images = np.clip(levels[:, None, None] + rng.normal(0, 12, (24, 64, 64)), 0, 255).astype(np.uint8)
    fold = Fold(PictureBank.of(images), labels, np.array([str(i) for i in range(24)]))
    task = WholeTask(Classify(("bright", "dark")), random_encoder, 64, images.astype(np.float32) / 255)
    settings = FitSettings(16, 8, 1e-3, (0.01,), 16, 2)
    found = fit(task, Shape(1, (), (), 64), fold, fold, settings)  # type: ignore[arg-type]
    assert found.metrics["accuracy"] > 0.8


def test_a_fresh_encoder_keeps_the_size_of_its_signals() -> None:
    torch.manual_seed(0)
    net = random_encoder()
    assert isinstance(net, Lite0)
    with torch.no_grad():
        spread = net.train()(torch.rand(4, 3, 64, 64)).cls.std()
    assert 0.01 < float(spread) < 10
