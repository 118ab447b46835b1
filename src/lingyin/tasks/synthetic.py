"""Phantoms as training images: organ and exact masks of structures that no public set outlines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lingyin.io.phantom import Phantom, make_phantom
from lingyin.io.sector import find_sector
from lingyin.tasks.config import Recipe
from lingyin.tasks.store import Sample

ORGANS = {
    "aorta": "abdominal_aorta",
    "aortic-root": "aortic_root",
    "thyroid": "thyroid",
    "ovary": "ovary",
    "fetal-head": "fetal_head",
    "left-ventricle": "heart",
    "carotid": "common_carotid_artery",
}
# Phantoms per kind and split; seeds far from those that tests, demos and benchmarks use.
COUNTS = {
    "aorta": 220,
    "aortic-root": 100,
    "thyroid": 80,
    "ovary": 80,
    "fetal-head": 110,
    "left-ventricle": 100,
    "carotid": 90,
}
FIRST_SEED = {"train": 1_000_000, "val": 2_000_000, "test": 3_000_000}
SHARE = {"train": 1.0, "val": 0.12, "test": 0.15}
FRAMES = 4  # of each phantom


def source_name(kind: str) -> str:
    """The name of a kind among the sources: `phantom_aortic_root` for `aortic-root`."""
    return "phantom_" + kind.replace("-", "_")


def make_phantoms(recipe: Recipe, split: str, share: float = 1.0) -> Iterator[Sample]:
    """Phantoms of all kinds in turn, `FRAMES` pictures of each; `share` shrinks the number."""
    wanted = [
        (number / count, kind, FIRST_SEED[split] + number)
        for kind, full in COUNTS.items()
        for count in [max(1, round(full * SHARE[split] * share))]
        for number in range(count)
    ]
    for _, kind, seed in sorted(wanted):
        yield from phantom_samples(make_phantom(kind, seed), seed, split, recipe)


def phantom_samples(phantom: Phantom, seed: int, split: str, recipe: Recipe) -> Iterator[Sample]:
    """Some frames of one phantom, drawn by its seed, with the masks that the recipe has heads for."""
    frames: NDArray[np.uint8] = np.asarray(phantom.frames)
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(frames), min(FRAMES, len(frames)), replace=False)
    box = find_sector(list(frames[:: max(1, len(frames) // 4)])).box
    for index in sorted(int(number) for number in chosen):
        yield Sample(
            picture=frames[index],
            box=box,
            targets={"organ": ORGANS[phantom.kind]},
            masks={name: mask[index] for name, mask in phantom.masks.items() if name in recipe.structures},
            source=source_name(phantom.kind),
            split=split,
            subject=f"phantom/{phantom.kind}-{seed}",
            name=f"{phantom.kind}_{seed}_{index:03d}",
            mm_per_px=phantom.mm_per_px_x,
        )
