"""Frozen features computed once: a bank of vectors, and of maps where they fit into memory, for heads to learn on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.nets.contract import Features
from lingyin.tasks.contract import Floats, Inputs, Needs

BATCH = 16  # images per pass of the encoder
MOST_BYTES = 3 << 30  # maps beyond this are computed again whenever they are read


def as_levels(features: Features) -> tuple[Tensor, ...]:
    """Maps from fine to coarse; the grid alone `(B, D, h, w)` for encoders of a single resolution."""
    return features.levels or (features.grid.permute(0, 3, 1, 2),)


@dataclass(frozen=True)
class Bank:
    """Features of N images: `images (N, S, S)` uint8, `cls (N, D)` float32, `levels` of `(N, C, h, w)` float16.

    Where `levels` is empty and `encoder` is set, maps are computed when read: slower, but any number of images fits.
    """

    images: NDArray[np.uint8]
    cls: Floats
    levels: tuple[NDArray[np.float16], ...] = ()
    encoder: Any = None

    def __len__(self) -> int:
        return len(self.images)

    def inputs(self, rows: Sequence[int] | NDArray[np.integer]) -> Inputs:
        """What a head gets for these rows."""
        at = np.asarray(rows, np.int64)
        images = to_images(self.images[at])
        if self.encoder is None:
            levels = tuple(torch.from_numpy(level[at].astype(np.float32)) for level in self.levels)
        else:
            with torch.no_grad():
                levels = as_levels(self.encoder(images.expand(-1, 3, -1, -1)))
        return Inputs(torch.from_numpy(self.cls[at]), levels, images)

    def batches(self, size: int = BATCH) -> Iterator[Inputs]:
        """All rows in order."""
        for start in range(0, len(self), size):
            yield self.inputs(np.arange(start, min(len(self), start + size)))

    def for_heads(self, needs: Needs) -> Bank:
        """The bank that hands out no more than such heads read: for those on vectors, pictures shrink to a pixel."""
        return self if needs is Needs.MAPS else Bank(self.images[:, :1, :1], self.cls)

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> Bank:
        """The bank of these rows alone."""
        at = np.asarray(rows, np.int64)
        return Bank(self.images[at], self.cls[at], tuple(level[at] for level in self.levels), self.encoder)


def to_images(images: NDArray[np.uint8]) -> Tensor:
    """`(N, S, S)` uint8 to `(N, 1, S, S)` float32 0..1, channels last."""
    scaled = torch.from_numpy(np.ascontiguousarray(images))[:, None].float() / 255
    return scaled.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def make_bank(encoder: Any, images: NDArray[np.uint8], needs: Needs, *, most_bytes: int = MOST_BYTES) -> Bank:
    """Runs the encoder once over `images (N, S, S)`. Maps are kept if the task needs them and they fit `most_bytes`.

    Raises:
        ValueError: no images.
    """
    if not len(images):
        raise ValueError("no images to compute features of")
    vectors: list[Floats] = []
    levels: tuple[NDArray[np.float16], ...] = ()
    keep = False
    for start in range(0, len(images), BATCH):
        features = encoder(to_images(images[start : start + BATCH]).expand(-1, 3, -1, -1))
        vectors.append(features.cls.float().numpy())
        if needs is Needs.POOLED:
            continue
        maps = [level.numpy().astype(np.float16) for level in as_levels(features)]
        if start == 0:
            keep = sum(each[0].nbytes for each in maps) * len(images) <= most_bytes
            levels = tuple(np.empty((len(images), *each.shape[1:]), np.float16) for each in maps) if keep else ()
        for level, part in zip(levels, maps, strict=False):
            level[start : start + len(part)] = part
    again = encoder if needs is Needs.MAPS and not keep else None
    return Bank(images, np.concatenate(vectors), levels, again)
