"""What masked patches are reconstructed as: pixels, smoothed pixels, gradient histograms, maps of a frozen teacher or
of the encoder's own average.

Each target is a small object that turns whole pictures into one vector per patch `(B, L, dim)`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from lingyin.core.errors import UsageError
from lingyin.nets.contract import Learning
from lingyin.nets.vit import patchify
from lingyin.pretrain.config import TargetsConfig

FLOOR = 2 / 255  # of a patch's standard deviation: below two grey levels there is nothing to normalise


class Target(Protocol):
    """`dim` numbers per patch, and `pooled_dim` of the whole picture, none for most; `everywhere` where visible patches
    of the sector count too. The last call leaves the vectors of the whole pictures `(B, pooled_dim)` in `pooled`."""

    dim: int
    pooled_dim: int
    everywhere: bool
    pooled: Tensor

    def __call__(self, images: Tensor) -> Tensor: ...


class Pixels:
    """Pixels of each patch, normalised by its own mean and deviation (He et al. 2022, MAE)."""

    everywhere = False
    pooled_dim, pooled = 0, torch.zeros(0)

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
    pooled_dim, pooled = 0, torch.zeros(0)
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
    `pooled` gives the vector of the whole picture, which the summary predicts.
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


class Own:
    """Tokens and summary of whole pictures as the average of the encoder's own weights says them, each normalised
    (Baevski et al. 2022, data2vec). It says nothing new, but what it says of the hidden must be guessed."""

    everywhere = True

    def __init__(self, encoder: nn.Module, *, bf16: bool = False) -> None:
        self.net = copy.deepcopy(encoder).eval().requires_grad_(False)
        self.encoder: Learning = self.net  # type: ignore[assignment]
        self.bf16 = bf16
        self.dim, self.pooled_dim = self.encoder.dim, self.encoder.summary_dim
        self.pooled = torch.zeros(0)

    def follow(self, weights: Mapping[str, Tensor]) -> None:
        """From now on it is `weights`, whatever they become. Raises UsageError where they are spread over processes."""
        for name, value in self.net.named_parameters():
            if type(weights[name]) is not Tensor:
                raise UsageError("targets.own needs whole weights in each process; leave --shard out or switch it off")
            value.data = weights[name]

    def __call__(self, images: Tensor) -> Tensor:
        """`(B, L, dim)`."""
        rows, columns = self.encoder.grid_of(images)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            seen = self.encoder.see(images)
        self.pooled = functional.layer_norm(seen.summary.float(), (self.pooled_dim,))
        return functional.layer_norm(seen.tokens[:, -rows * columns :].float(), (self.dim,))


def make_targets(
    config: TargetsConfig, patch: int, encoder: nn.Module, *, bf16: bool = False
) -> dict[str, tuple[float, Target]]:
    """The targets that are on, by name, with their weights; `bf16` is the precision of a teacher."""
    makers: dict[str, Callable[[], Target]] = {
        "pixels": lambda: Pixels(patch),
        "smooth": lambda: SmoothPixels(patch),
        "gradients": lambda: Gradients(patch),
        "teacher": lambda: Teacher(patch, bf16=bf16),
        "own": lambda: Own(encoder, bf16=bf16),
    }
    weights = config.model_dump()
    return {name: (weights[name], make()) for name, make in makers.items() if weights[name]}


class TargetHeads(nn.Module):
    """One linear layer per target on the decoder's tokens, and one on the summary where it tells of whole pictures."""

    def __init__(self, targets: dict[str, tuple[float, Target]], decoder_dim: int, summary_dim: int) -> None:
        super().__init__()
        self.patches = nn.ModuleDict({name: nn.Linear(decoder_dim, each.dim) for name, (_, each) in targets.items()})
        self.pooled = nn.ModuleDict(
            {name: nn.Linear(summary_dim, each.pooled_dim) for name, (_, each) in targets.items() if each.pooled_dim}
        )
