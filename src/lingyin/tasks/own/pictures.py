"""Own pictures and clips opened, cut to the scan sector, and seen from several views on the network's square."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.io import open_clip
from lingyin.io.sector import find_sector
from lingyin.runtime.prepare import Affine, letterbox, to_grey, warp
from lingyin.tasks.augment import Movement, Painter, draw_movement, place
from lingyin.tasks.contract import Place, Task

Grey = NDArray[np.uint8]
FRAMES = 6  # taken of one clip, evenly spaced


@dataclass(frozen=True)
class Example:
    """One picture `(H, W)` with its sector's box, its label in pixels of the picture, and where it came from."""

    picture: Grey
    box: Box
    label: Any
    subject: str
    split: str
    path: Path
    frame: int
    mm_per_px: float | None = None


@dataclass(frozen=True)
class Square:
    """An example on the network's square: `image (S, S)` uint8, its label there, the `place` it was cut from, and
    whether it is `plain`: as the program will see it."""

    image: Grey
    label: Any
    place: Place
    example: Example
    plain: bool


def open_examples(path: Path, label: Any, subject: str, split: str, mm_per_px: float | None) -> list[Example]:
    """The frames of a picture (one) or clip (`FRAMES`, evenly spaced), all with the same label.

    Raises:
        InputError: the file cannot be used; the message says why.
    """
    clip = open_clip(path)
    count = min(len(clip), FRAMES)
    indices = sorted({int(at) for at in np.linspace(0, len(clip) - 1, count).round()})
    frames = [clip.frames[at] for at in indices]
    box = find_sector(frames).box
    if mm_per_px is None:
        region = clip.region_at(((box.left + box.right) / 2, (box.top + box.bottom) / 2))
        mm_per_px = None if region is None else region.mm_per_px_x
    return [
        Example(np.ascontiguousarray(to_grey(frame)), box, label, subject, split, path, at, mm_per_px)
        for at, frame in zip(indices, frames, strict=True)
    ]


def plain_square(task: Task[Any, Any], example: Example, size: int, seed: int = 0) -> Square:
    """The example as the program will see it."""
    return _square(task, example, example.box, letterbox(example.box, size), size, seed, None)


def moved_square(
    task: Task[Any, Any], example: Example, size: int, painter: Painter, rng: np.random.Generator, *, mirror: bool
) -> Square:
    """The example moved a little, with other brightness and grain: another scan of the same thing."""
    move: Movement = replace(draw_movement(rng, ""), mirror=mirror and rng.random() < 0.5)
    height, width = example.picture.shape
    box, matrix = place(example.box, height, width, size, move)
    return _square(task, example, box, matrix, size, int(rng.integers(1 << 31)), lambda image: painter(image, rng))


def _square(
    task: Task[Any, Any], example: Example, box: Box, matrix: Affine, size: int, seed: int,
    paint: Callable[[Grey], NDArray[np.float32]] | None,
) -> Square:  # fmt: skip
    height, width = example.picture.shape
    where = Place(matrix, height, width, example.mm_per_px)
    image = warp(example.picture, box, matrix, size)
    if paint is not None:
        image = np.round(paint(image) * 255).astype(np.uint8)
    image, label = task.pose(image, task.to_square(example.label, where, size), seed)
    return Square(image, label, where, example, plain=paint is None)


def make_views(
    task: Task[Any, Any], examples: Sequence[Example], size: int, views: int, seed: int, *, mirror: bool
) -> list[Square]:
    """Each example plain, and `views - 1` times moved; draws depend on the seed and the number of the example."""
    painter = Painter(size, seed)
    squares = [plain_square(task, each, size, number) for number, each in enumerate(examples)]
    for view in range(1, views):
        for number, each in enumerate(examples):
            rng = np.random.default_rng((seed, view, number))
            squares.append(moved_square(task, each, size, painter, rng, mirror=mirror))
    return squares
