"""Networks that learn whole, encoder and head together, dressed as heads, so that one loop teaches all methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.bench.frozen import pixel_strides, seeing_shape
from lingyin.core.errors import UsageError
from lingyin.nets.lite0 import Lite0, fold, imagenet_lite0, recalibrate
from lingyin.tasks.contract import Floats, Head, Inputs, Needs, PooledHead, Shape, Target, Task
from lingyin.tasks.enhance import Enhance, PictureHead
from lingyin.tasks.features import Bank, as_levels
from lingyin.tasks.segment import Segment

SAMPLE = 64  # pictures that fix the scale of an untrained encoder's vectors
RECENT = 6  # batches whose statistics normalisation takes where a network is judged: runs are short
GAIN, GAMMA = 0.15, 0.25  # how far pictures are changed while learning: share of contrast, log of the exponent


def random_encoder() -> Lite0:
    """EfficientNet-lite0 with fresh weights (He et al. 2015), seeded by torch's own generator."""
    net = Lite0(folded=False)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net


def imagenet_encoder() -> Lite0:
    """The ImageNet weights with normalisation folded in, ready to be tuned."""
    return fold(imagenet_lite0().eval())


class PictureBank(Bank):
    """Pictures without features, for heads that look for themselves, whatever their task reads."""

    @classmethod
    def of(cls, images: NDArray[np.uint8]) -> PictureBank:
        return cls(images, np.zeros((len(images), 1), np.float32))

    def for_heads(self, needs: Needs) -> PictureBank:  # noqa: ARG002
        return self

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> PictureBank:
        return PictureBank.of(self.images[np.asarray(rows, np.int64)])


class WholeHead(Head):
    """Looks at pictures only: runs its own encoder at `pixels` a side, then the task's head on what it gives."""

    def __init__(self, encoder: Lite0, head: Callable[[Shape], Head], pixels: int, size: int, maps: bool) -> None:
        super().__init__()
        self.encoder, self.pixels, self.maps = encoder, pixels, maps
        strides = tuple(2 ** (i + 1) for i in range(len(encoder.level_channels)))
        shape = Shape(encoder.dim, encoder.level_channels, strides, pixels)
        self.head = head(seeing_shape(shape))
        self.side, self.restores = size, isinstance(self.head, PictureHead)
        self.normalised = any(isinstance(module, nn.BatchNorm2d) for module in encoder.modules())
        self.recent: list[Tensor] = []

    def train(self, mode: bool = True) -> WholeHead:
        """Before it is judged, normalisation is measured anew on the last batches: running averages would still hold
        the statistics of weights long gone."""
        if self.training and not mode and self.recent:
            seen, self.recent = self.recent, []
            with torch.no_grad():
                recalibrate(self.encoder, lambda: [self.small(images).expand(-1, 3, -1, -1) for images in seen])
        super().train(mode)
        return self

    def small(self, images: Tensor) -> Tensor:
        """Pictures at the side that the encoder sees."""
        return nn.functional.interpolate(images, (self.pixels,) * 2, mode="bilinear", antialias=True)

    def features(self, images: Tensor) -> Inputs:
        """What the task's head gets."""
        small = self.small(images)
        features = self.encoder(small.expand(-1, 3, -1, -1))
        levels = as_levels(features) if self.maps else ()
        fine = pixel_strides(small.shape[-1] // levels[0].shape[-1]) if levels else ()
        return Inputs(features.cls, (*(nn.functional.pixel_unshuffle(small, s) for s in fine), *levels), small)

    def forward(self, inputs: Inputs) -> Tensor:
        varied = self.training and not self.restores
        if self.training and self.normalised:
            self.recent = [*self.recent, inputs.images][-RECENT:]
        raw: Tensor = self.head(self.features(changed(inputs.images) if varied else inputs.images))
        if self.maps and self.pixels != self.side:
            sides = [side * self.side // self.pixels for side in raw.shape[-2:]]
            raw = nn.functional.interpolate(raw, sides, mode="bilinear")
        return raw


def changed(images: Tensor) -> Tensor:
    """Pictures `(B, 1, S, S)` with other contrast and gamma each, drawn from torch's generator."""
    shape = (len(images), 1, 1, 1)
    gamma = torch.exp(GAMMA * (2 * torch.rand(shape) - 1))
    gain = 1 + GAIN * (2 * torch.rand(shape) - 1)
    return (images.clamp(0, 1) ** gamma * gain).clamp(0, 1)


class WholeTask:
    """A task whose head is a whole network; everything else is the task's own."""

    def __init__(self, task: Task[Any, Any], encoder: Callable[[], Lite0], pixels: int, images: Floats) -> None:
        self._task, self._encoder, self._pixels, self._images = task, encoder, pixels, images

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def head(self, shape: Shape) -> Head:
        maps = self._task.needs is Needs.MAPS
        pixels = shape.size if isinstance(self._task, Enhance) else self._pixels or shape.size
        return WholeHead(self._encoder(), self._task.head, pixels, shape.size, maps)

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:  # noqa: ARG002
        """The inner head is primed with the vectors that the untaught encoder gives for a few training pictures."""
        assert isinstance(head, WholeHead)
        with torch.no_grad():
            vectors = head.features(torch.from_numpy(self._images[:SAMPLE])[:, None]).cls.numpy()
        self._task.prime(head.head, targets, vectors)
        if isinstance(head.head, PooledHead):
            head.head.spread.clamp_(min=float(np.median(vectors.std(axis=0))) + 1e-3)


class UnetHead(Head):
    """MONAI's residual U-Net (Kerfoot et al. 2018) on the picture alone; logits at half of the square's side."""

    def __init__(self, channels: int, pixels: int, size: int, restores: bool) -> None:
        super().__init__()
        try:
            from monai.networks.nets import UNet  # type: ignore[attr-defined, unused-ignore]
        except ImportError as error:
            raise UsageError("the method monai-unet needs MONAI; run `pip install 'lingyin[bench]'`") from error
        self.net = UNet(2, 1, channels, channels=(16, 32, 64, 128, 192), strides=(2, 2, 2, 2), num_res_units=2)
        self.pixels, self.size, self.restores = pixels, size, restores

    def forward(self, inputs: Inputs) -> Tensor:
        if self.restores:  # a correction to the picture as it is; shrinking it would lose what is to be restored
            restored: Tensor = (inputs.images + 0.1 * self.net((inputs.images - 0.2) / 0.2))[:, 0]
            return restored
        images = changed(inputs.images) if self.training else inputs.images
        small = nn.functional.interpolate(images, (self.pixels,) * 2, mode="bilinear", antialias=True)
        raw: Tensor = self.net((small - 0.2) / 0.2)
        return nn.functional.interpolate(raw, (self.size // 2,) * 2, mode="bilinear", antialias=True)


class UnetTask(WholeTask):
    """A segmenting or restoring task whose head is a U-Net."""

    def head(self, shape: Shape) -> Head:
        channels = len(self._task.structures) if isinstance(self._task, Segment) else 1
        return UnetHead(channels, self._pixels or shape.size, shape.size, isinstance(self._task, Enhance))

    def prime(self, head: Head, targets: Target, cls: Floats) -> None:
        """Nothing to know before."""
