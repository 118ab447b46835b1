"""Ultrasound augmentations: parameters are drawn first from a generator, applied second, so every view can be replayed.

Geometry: crop, change of aspect, rotation of the probe, flip. Signal: depth gain, contrast, speckle, shadow, blur.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.pretrain.config import ViewsConfig

Stored = NDArray[np.uint8]  # (S, S, 2): grey picture, sector (0 or 255)
GAIN_KNOTS = 4


@dataclass(frozen=True)
class ViewParameters:
    """One row per view. Lengths are shares of the side of the stored picture, angles radians, shadows shares of the
    width of the view."""

    centre: NDArray[np.float32]  # (V, 2) of the crop, x and y
    scale: NDArray[np.float32]  # (V, 2) sides of the crop
    angle: NDArray[np.float32]  # (V,)
    flip: NDArray[np.bool_]  # (V,)
    gain: NDArray[np.float32]  # (V, GAIN_KNOTS) factors from top to bottom
    gamma: NDArray[np.float32]  # (V,)
    speckle: NDArray[np.float32]  # (V,) standard deviation of the multiplied noise
    shadow: NDArray[np.float32]  # (V, 3) middle, half width, strength 0..1
    blur: NDArray[np.float32]  # (V,) sigma in pixels, 0 for none
    noise_seed: int

    def __len__(self) -> int:
        return len(self.angle)


def draw_views(config: ViewsConfig, generator: np.random.Generator, count: int) -> ViewParameters:
    """Parameters of `count` views; strengths of 0 leave the picture as it is."""

    def spread(width: float, *shape: int) -> NDArray[np.float32]:
        return generator.uniform(-width, width, (count, *shape)).astype(np.float32)

    area = generator.uniform(config.least_scale, 1.0, count)
    stretch = np.exp(spread(0.15 if config.least_scale < 1 else 0.0))
    scale = np.stack([np.minimum(area * stretch, 1.0), np.minimum(area / stretch, 1.0)], 1).astype(np.float32)
    centre = (scale / 2 + generator.random((count, 2)) * (1 - scale)).astype(np.float32)
    shadowed = generator.random(count) < config.shadow
    blurred = generator.random(count) < config.blur
    return ViewParameters(
        centre=centre,
        scale=scale,
        angle=np.radians(spread(config.rotation_degrees)),
        flip=(generator.random(count) < 0.5) & config.flip,
        gain=np.exp(spread(config.depth_gain, GAIN_KNOTS)),
        gamma=np.exp(spread(config.depth_gain / 2)),
        speckle=generator.uniform(0, config.speckle, count).astype(np.float32),
        shadow=np.stack(
            [
                generator.random(count),
                generator.uniform(0.02, 0.1, count),
                generator.uniform(0.3, 0.9, count) * shadowed,
            ],
            1,
        ).astype(np.float32),
        blur=(generator.uniform(0.5, 1.2, count) * blurred).astype(np.float32),
        noise_seed=int(generator.integers(2**62)),
    )


def apply_views(stored: list[Stored], drawn: ViewParameters, size: int) -> tuple[Tensor, Tensor]:
    """Views and their sectors, both `(V, 1, size, size)` float32 0..1; `stored[i]` is the picture of view i."""
    warped = np.empty((len(drawn), size, size, 2), np.uint8)
    for index, picture in enumerate(stored):
        matrix = _matrix(drawn, index, picture.shape[0], size)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped[index] = cv2.warpAffine(picture, matrix, (size, size), flags=flags)
        if drawn.blur[index] > 0:
            sigma = float(drawn.blur[index])
            warped[index, ..., 0] = cv2.GaussianBlur(np.ascontiguousarray(warped[index, ..., 0]), (0, 0), sigma)
    both = torch.from_numpy(warped).permute(3, 0, 1, 2)[:, :, None].float() / 255.0
    return _signal(both[0], drawn), both[1]


def plain_view(stored: list[Stored], size: int) -> tuple[Tensor, Tensor]:
    """The whole pictures at `size`, without any augmentation; as `apply_views`."""
    none = ViewsConfig(least_scale=1, rotation_degrees=0, flip=False, depth_gain=0, speckle=0, shadow=0, blur=0)
    return apply_views(stored, draw_views(none, np.random.default_rng(0), len(stored)), size)


def _matrix(drawn: ViewParameters, index: int, side: int, size: int) -> NDArray[np.float64]:
    """From pixels of the view to pixels of the stored picture, `(2, 3)`."""
    across, down = drawn.scale[index] * side / size
    if drawn.flip[index]:
        across = -across
    cosine, sine = np.cos(drawn.angle[index]), np.sin(drawn.angle[index])
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([across, down])
    middle = drawn.centre[index] * side - 0.5
    return np.column_stack([linear, middle - linear @ np.full(2, (size - 1) / 2)])


def _signal(images: Tensor, drawn: ViewParameters) -> Tensor:
    size = images.shape[-1]
    knots = torch.from_numpy(drawn.gain)[:, None, :]
    gain = torch.nn.functional.interpolate(knots, size, mode="linear", align_corners=True)[:, :, :, None]
    x = torch.linspace(0, 1, size)
    middle, width, strength = torch.from_numpy(drawn.shadow)[:, :, None].unbind(1)
    shadow = 1 - strength * torch.sigmoid((width - (x - middle).abs()) * 60)
    out = images * gain * shadow[:, None, None, :]
    if bool((drawn.gamma != 1).any()):
        out = out.clamp(min=0) ** torch.from_numpy(drawn.gamma)[:, None, None, None]
    if bool((drawn.speckle > 0).any()):
        noise = torch.randn(out.shape, generator=torch.Generator().manual_seed(drawn.noise_seed))
        out = out * (1 + torch.from_numpy(drawn.speckle)[:, None, None, None] * noise)
    return out.clamp(0, 1)
