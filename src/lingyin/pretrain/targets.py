"""What masked patches are reconstructed as: pixels, smoothed pixels, gradient histograms, a frozen teacher's maps.

Each target is a small object that turns whole pictures into one vector per patch `(B, L, dim)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.nets.vit import patchify
from lingyin.pretrain.config import TargetsConfig

FLOOR = 2 / 255  # of a patch's standard deviation: below two grey levels there is nothing to normalise


class Target(Protocol):
    """`dim` numbers per patch; `everywhere` where visible patches of the sector count too."""

    dim: int
    everywhere: bool

    def __call__(self, images: Tensor) -> Tensor: ...


class Pixels:
    """Pixels of each patch, normalised by its own mean and deviation (He et al. 2022, MAE)."""

    everywhere = False

    def __init__(self, patch: int) -> None:
        self.patch, self.dim = patch, patch**2

    def __call__(self, images: Tensor) -> Tensor:
        patches = patchify(images, self.patch)
        centred = patches - patches.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + FLOOR**2).sqrt()


class SmoothPixels(Pixels):
    """The same of pictures whose speckle is smoothed away by a Gaussian of `sigma` pixels."""

    def __init__(self, patch: int, sigma: float = 1.5) -> None:
        super().__init__(patch)
        reach = math.ceil(3 * sigma)
        bell = torch.exp(-(torch.arange(-reach, reach + 1).float() ** 2) / (2 * sigma**2))
        self.kernel = (bell / bell.sum())[None, None, None]

    def __call__(self, images: Tensor) -> Tensor:
        reach = self.kernel.shape[-1] // 2
        padded = functional.pad(images, (reach,) * 4, mode="reflect")
        across = functional.conv2d(padded, self.kernel)
        return super().__call__(functional.conv2d(across, self.kernel.transpose(2, 3)))


class Gradients:
    """Histograms of unsigned gradient directions in 2 x 2 cells per patch, unit length (Wei et al. 2022, MaskFeat)."""

    everywhere = False
    bins = 9

    def __init__(self, patch: int) -> None:
        self.patch, self.dim = patch, 4 * self.bins
        slope = torch.tensor([-0.5, 0.0, 0.5])
        self.kernels = torch.zeros(2, 1, 3, 3)
        self.kernels[0, 0, 1], self.kernels[1, 0, :, 1] = slope, slope
        angles = torch.arange(self.bins) * math.pi / self.bins
        self.directions = torch.stack([angles.cos(), angles.sin()], 1)[:, :, None, None]  # (bins, 2, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
        gradient = functional.conv2d(padded, self.kernels)
        along = functional.conv2d(gradient, self.directions).abs()  # length times |cosine| to each direction
        length = gradient.square().sum(1, keepdim=True).sqrt()
        votes = length * (along / (length + 1e-6)) ** 8  # soft assignment, sharp enough to tell neighbouring bins
        cells = functional.avg_pool2d(votes, self.patch // 2)
        return functional.normalize(patchify(cells, 2), dim=-1, eps=1e-3) * math.sqrt(self.dim)


class Teacher:
    """Maps of a frozen ImageNet EfficientNet-lite0 at strides 16 and 32, each normalised over its channels.

    US-JEPA 2026 holds that speckle makes raw pixels a poor target; a frozen teacher's features (SALT) are the answer.
    `pooled` gives the vector of the whole picture, which the class token predicts.
    """

    everywhere = True

    def __init__(self, patch: int, *, bf16: bool = False) -> None:
        from lingyin.pretrain.teacher import FrozenLite0

        self.patch = patch
        self.net = FrozenLite0(bf16=bf16)
        self.dim, self.pooled_dim = sum(self.net.map_dims), self.net.pooled_dim
        self.pooled = torch.zeros(0)

    def __call__(self, images: Tensor) -> Tensor:
        """`(B, L, 432)`; leaves the pooled vectors `(B, 1280)`, normalised too, in `pooled`."""
        *levels, pooled = self.net(images)
        self.pooled = functional.layer_norm(pooled, (self.pooled_dim,))
        grid = images.shape[-2] // self.patch, images.shape[-1] // self.patch
        maps = []
        for level in levels:
            last = level.permute(0, 2, 3, 1)
            normed = functional.layer_norm(last, last.shape[-1:]).permute(0, 3, 1, 2)
            maps.append(functional.interpolate(normed, grid, mode="bilinear", align_corners=False))
        return torch.cat(maps, 1).flatten(2).transpose(1, 2)


def make_targets(config: TargetsConfig, patch: int, *, bf16: bool = False) -> dict[str, tuple[float, Target]]:
    """The targets that are on, by name, with their weights; `bf16` is the precision of a teacher."""
    makers: dict[str, Callable[[], Target]] = {
        "pixels": lambda: Pixels(patch),
        "smooth": lambda: SmoothPixels(patch),
        "gradients": lambda: Gradients(patch),
        "teacher": lambda: Teacher(patch, bf16=bf16),
    }
    weights = config.model_dump()
    return {name: (weights[name], make()) for name, make in makers.items() if weights[name]}


class TargetHeads(nn.Module):
    """One linear layer per target on the decoder's tokens, one on the class token for the teacher's pooled vector."""

    def __init__(self, targets: dict[str, tuple[float, Target]], decoder_dim: int, encoder_dim: int) -> None:
        super().__init__()
        self.patches = nn.ModuleDict({name: nn.Linear(decoder_dim, each.dim) for name, (_, each) in targets.items()})
        teacher = targets["teacher"][1] if "teacher" in targets else None
        self.pooled = nn.Linear(encoder_dim, teacher.pooled_dim) if isinstance(teacher, Teacher) else None
