"""Frozen encoders, compiled once for fast passes, and their features kept on disk by the weights' hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lingyin.bench.squares import Progress, Squares
from lingyin.core.files import write_file
from lingyin.nets.contract import Features
from lingyin.nets.convert import Compiled
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import block_ends, levels_of, tokens_of
from lingyin.nets.vit import Vit
from lingyin.nets.weights import checksum
from lingyin.tasks.contract import Inputs, Needs, Shape
from lingyin.tasks.features import BATCH, Bank, as_levels, to_images
from lingyin.tasks.maps import STRIDES

FINEST_STRIDE = 4  # finer maps are mostly the picture itself and would fill the disk
VERSION = "3"  # raised when the same weights give other features


class Flat(nn.Module):
    """An encoder as a plain function of tensors: images `(B, 1, S, S)` to `cls` and maps from fine to coarse.

    Every encoder is read in the best known way for its kind: of a convolutional one mean and spread of its maps stand
    beside the vector; of a transformer class and mean patch token of four blocks side by side, and their grids as maps
    twice as fine as a patch, as a patch, and half as fine.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        if not isinstance(self.encoder, Vit):
            features: Features = self.encoder(images.expand(-1, 3, -1, -1))
            parts = levels_of(features) if type(self.encoder) is Lite0 else [features.cls]
            return torch.cat(parts, 1), *kept_levels(features, int(images.shape[-1]))
        found = self.encoder.layers(images, block_ends(len(self.encoder.blocks)))
        return torch.cat(tokens_of(found), 1), *grid_levels([each.grid.permute(0, 3, 1, 2) for each in found])


def grid_levels(maps: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Grids `(B, D, h, w)` of some blocks, early to late, as maps of three scales: the first enlarged twice, those
    between side by side, the last shrunk to half."""
    finer = nn.functional.interpolate(maps[0], scale_factor=2.0, mode="bilinear", align_corners=False)
    return finer, torch.cat(list(maps[1:-1]), 1), nn.functional.avg_pool2d(maps[-1], 2)


def kept_levels(features: Features, size: int) -> tuple[Tensor, ...]:
    """The maps that are not finer than `FINEST_STRIDE`."""
    return tuple(level for level in as_levels(features) if size // int(level.shape[-1]) >= FINEST_STRIDE)


class SeeingBank(Bank):
    """A bank that shows heads the picture itself as well: unshuffled pixels stand for the strides finer than the
    encoder's finest map, so that every encoder's outlines can be as sharp as the picture."""

    def inputs(self, rows: Sequence[int] | NDArray[np.integer]) -> Inputs:
        found = super().inputs(rows)
        finest = found.images.shape[-1] // found.levels[0].shape[-1] if found.levels else 0
        fine = tuple(nn.functional.pixel_unshuffle(found.images, s) for s in pixel_strides(finest))
        return Inputs(found.cls, (*fine, *found.levels), found.images)

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> SeeingBank:
        at = np.asarray(rows, np.int64)
        return SeeingBank(self.images[at], self.cls[at], tuple(level[at] for level in self.levels), self.encoder)


def pixel_strides(finest: int) -> tuple[int, ...]:
    """Strides, powers of two, below that of the finest map; none where there are no maps."""
    return tuple(stride for stride in STRIDES if stride < finest)


def seeing_shape(shape: Shape) -> Shape:
    """The shape of what `SeeingBank` shows."""
    fine = pixel_strides(shape.strides[0])
    channels = (*(stride**2 for stride in fine), *shape.level_channels)
    return Shape(shape.dim, channels, (*fine, *shape.strides), shape.size)


@dataclass(frozen=True)
class Frozen:
    """An encoder that does not learn: its `name`, the `mark` of its weights, and the shape of what it gives. It is
    compiled when it first sees a picture, so that features from the cache cost nothing."""

    name: str
    mark: str
    shape: Shape
    encoder: Flat

    @cached_property
    def compiled(self) -> Compiled:
        """The fast pass; in full precision, so that features do not depend on the chip."""
        return Compiled(self.encoder, bf16=False, pinned=False)

    def __call__(self, images: Tensor) -> Features:
        """Images `(B, 1, S, S)` 0..1 to features; the grid is the coarsest map."""
        cls, *levels = self.compiled(images)
        return Features(cls, levels[-1].permute(0, 2, 3, 1), tuple(levels))


@torch.no_grad()
def freeze(name: str, encoder: Any, size: int) -> Frozen:
    """An encoder that stays as it is, for squares of `size` pixels."""
    flat = Flat(encoder).eval()
    cls, *levels = flat(torch.zeros(1, 1, size, size))
    channels = tuple(int(level.shape[1]) for level in levels)
    strides = tuple(size // int(level.shape[-1]) for level in levels)
    return Frozen(name, mark_of(encoder, size), Shape(int(cls.shape[1]), channels, strides, size), flat)


def mark_of(encoder: Any, size: int) -> str:
    """Short hash of weights, picture size and what is read of them."""
    whole = f"{VERSION} {size} {checksum(encoder.state_dict())}"
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def cached_bank(frozen: Frozen, name: str, squares: Squares, needs: Needs, cache: Path, say: Progress) -> SeeingBank:
    """Features of all squares of set `name`; each array is computed once and then mapped from disk.

    Raises:
        OutputError: the cache cannot be written.
    """
    pictures = hashlib.sha256(np.ascontiguousarray(squares.images).data).hexdigest()[:12]
    folder = cache / "features" / frozen.mark / f"{name}-{pictures}"
    wanted = ["cls", *(f"level{i}" for i in range(len(frozen.shape.strides)) if needs is Needs.MAPS)]
    paths = [folder / f"{each}.npy" for each in wanted]
    if not all(path.is_file() for path in paths):
        for path, values in zip(paths, _compute(frozen, name, squares, needs, say), strict=True):
            buffer = io.BytesIO()
            np.save(buffer, values)
            write_file(path, buffer.getvalue())
    arrays = [np.load(path, mmap_mode="r") for path in paths]
    return SeeingBank(squares.images, np.asarray(arrays[0], np.float32), tuple(arrays[1:]))


def _compute(frozen: Frozen, name: str, squares: Squares, needs: Needs, say: Progress) -> list[NDArray[Any]]:
    count = len(squares.images)
    kept: list[NDArray[Any]] = []
    for start in range(0, count, BATCH):
        features = frozen(to_images(squares.images[start : start + BATCH]))
        parts: list[Any] = [features.cls.numpy(), *(features.levels if needs is Needs.MAPS else ())]
        if not kept:
            kinds: list[Any] = [np.float32, *[np.float16] * (len(parts) - 1)]
            kept = [np.empty((count, *part.shape[1:]), kind) for part, kind in zip(parts, kinds, strict=True)]
        for whole, part in zip(kept, parts, strict=True):
            whole[start : start + len(part)] = part
        if start % (BATCH * 8) == 0:
            say(f"{name}: features of picture {start + 1} of {count}, {frozen.name}")
    return kept
