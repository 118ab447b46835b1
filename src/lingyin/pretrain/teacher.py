"""A frozen ImageNet EfficientNet-lite0 run in OpenVINO: the same bits from run to run, at twice torch's speed."""

from __future__ import annotations

from torch import Tensor, nn

from lingyin.nets.convert import Compiled
from lingyin.nets.lite0 import Lite0, fold, imagenet_lite0


class _Said(nn.Module):
    """The outputs that are learnt from."""

    def __init__(self, net: Lite0) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.net(images.expand(-1, 3, -1, -1))
        return features.levels[3], features.levels[4], features.cls


class FrozenLite0:
    """Images `(B, 1, H, W)` 0..1 to maps at strides 16 and 32 and the pooled vector, as float32.

    `bf16` where the chip has it: faster, and close enough for a target.
    """

    def __init__(self, *, bf16: bool = False) -> None:
        net = fold(imagenet_lite0().eval()).eval()
        self.map_dims = net.level_channels[3:5]
        self.pooled_dim = net.dim
        self._said = Compiled(_Said(net), bf16=bf16, pinned=False)  # the trainer's own threads need the cores too

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        fine, coarse, pooled = self._said(images)
        return fine, coarse, pooled
