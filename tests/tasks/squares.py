"""A data set made on the spot: bright squares left (liver) or right (kidney), small or large, with masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lingyin.core.clip import Box
from lingyin.tasks.config import Recipe
from lingyin.tasks.store import Sample, Store, open_store, write_store


def squares(count: int, split: str = "train", source: str = "squares", seed: int = 0) -> Iterator[Sample]:
    """`count` samples, two per subject."""
    rng = np.random.default_rng((seed, len(split), len(source)))
    for number in range(count):
        side = int(rng.choice([8, 16]))
        left = bool(rng.integers(2))
        picture = rng.integers(0, 40, (40, 48)).astype(np.uint8)
        mask = np.zeros(picture.shape, bool)
        top, start = (
            int(rng.integers(2, 38 - side)),
            int(rng.integers(2, 6)) if left else int(rng.integers(42 - side, 46 - side)),
        )
        mask[top : top + side, start : start + side] = True
        picture[mask] += 180
        targets = {"organ": "liver" if left else "kidney"}
        if source == "squares":
            targets["size"] = "large" if side == 16 else "small"
        structure = "apart" if source == "lone" else "square"
        yield Sample(
            picture=picture,
            box=Box(0, 0, 48, 40),
            targets=targets,
            masks={structure: mask},
            source=source,
            split=split,
            subject=f"{source}/{number // 2}",
            name=f"{source}_{number}",
        )


def pack(folder: Path, recipe: Recipe, train: int = 24, validation: int = 12) -> Store:
    """Writes and opens a store of both sources and splits."""
    samples = [
        *squares(train),
        *squares(validation, "val"),
        *squares(train // 2, source="lone"),
        *squares(validation // 2, "val", "lone"),
    ]
    write_store(folder, samples, {head.name: head.labels for head in recipe.classify}, recipe.structures)
    return open_store(folder)
