"""Pictures of a set as the network sees them: cut to the scan sector, letterboxed to a square, kept on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.rows import SetRows
from lingyin.core.files import write_file
from lingyin.io.sector import find_sector
from lingyin.runtime.prepare import letterbox, warp
from lingyin.tasks.contract import Place

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Squares:
    """`images (N, S, S)` uint8 in the order of the set's rows, and the `places` where they lie in their pictures."""

    images: NDArray[np.uint8]
    places: tuple[Place, ...]

    @property
    def size(self) -> int:
        return int(self.images.shape[1])


def load_squares(rows: SetRows, size: int, cache: Path, say: Progress = lambda _: None) -> Squares:
    """Squares of all rows of a set, from the cache where they are there.

    Raises:
        UnreadableError: a picture is absent or damaged.
        OutputError: the cache cannot be written.
    """
    path = cache / "squares" / f"{rows.table.name}-{size}.npz"
    names = rows.names
    if path.is_file():
        with np.load(path) as kept:
            if np.array_equal(kept["names"], names):
                return Squares(kept["images"], _places(rows, kept["matrices"], kept["sizes"]))
    images = np.zeros((len(names), size, size), np.uint8)
    matrices = np.zeros((len(names), 2, 3))
    sizes = np.zeros((len(names), 2), np.int64)
    for index in range(len(names)):
        grey = rows.picture(index)
        box = find_sector([grey]).box
        matrices[index] = letterbox(box, size)
        images[index] = warp(grey, box, matrices[index], size)
        sizes[index] = grey.shape
        if index % 100 == 0:
            say(f"{rows.table.name}: preparing picture {index + 1} of {len(names)}")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, names=names, images=images, matrices=matrices, sizes=sizes)
    write_file(path, buffer.getvalue())
    return Squares(images, _places(rows, matrices, sizes))


def _places(rows: SetRows, matrices: NDArray[np.float64], sizes: NDArray[np.int64]) -> tuple[Place, ...]:
    spacing = [float(row["mm_per_px"]) if row["mm_per_px"] else None for row in rows.rows]
    return tuple(
        Place(matrix, int(height), int(width), mm)
        for matrix, (height, width), mm in zip(matrices, sizes.tolist(), spacing, strict=True)
    )
