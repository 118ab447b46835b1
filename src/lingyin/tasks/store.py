"""Decoded images packed into two flat files with an index, so that training never waits for a decoder.

A sample carries its picture, the box of its scan sector, one target per classifying head (-1: unknown) and, for each
structure, whether its mask is unknown (-1), known to be empty (0) or drawn (n: bit n-1 of the mask plane).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box
from lingyin.core.errors import InputError

Grey = NDArray[np.uint8]
UNKNOWN = -1
EMPTY = 0
MOST_MASKS = 8  # drawn masks of one image: a plane has so many bits


@dataclass(frozen=True)
class Sample:
    """One image: `picture (H, W)` grey, sector `box`, target label per head, mask per structure (None: empty)."""

    picture: Grey
    box: Box
    targets: dict[str, str]
    masks: dict[str, NDArray[np.bool_] | None]
    source: str
    split: str
    subject: str
    name: str = ""
    mm_per_px: float | None = None
    measurements: dict[str, float] = field(default_factory=dict)  # by code of the catalogue; not packed


@dataclass(frozen=True)
class Store:
    """Samples of one folder, memory-mapped. Index arrays have one row per sample."""

    heads: dict[str, tuple[str, ...]]
    structures: tuple[str, ...]
    pictures: Grey
    planes: Grey
    offset: NDArray[np.int64]
    shape: NDArray[np.int32]  # (N, 2) height, width
    box: NDArray[np.float32]  # (N, 4) left, top, right, bottom
    target: NDArray[np.int16]  # (N, heads)
    mask: NDArray[np.int8]  # (N, structures)
    source: NDArray[np.str_]
    split: NDArray[np.str_]
    subject: NDArray[np.str_]
    name: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.offset)

    def picture(self, index: int) -> Grey:
        height, width = self.shape[index]
        start = int(self.offset[index])
        return self.pictures[start : start + int(height) * int(width)].reshape(height, width)

    def sector(self, index: int) -> Box:
        return Box(*(float(value) for value in self.box[index]))

    def masks(self, index: int) -> dict[int, Grey | None]:
        """Known masks by structure number: 0 or 255 pictures, None where known to be empty."""
        height, width = self.shape[index]
        start = int(self.offset[index])
        plane = self.planes[start : start + int(height) * int(width)].reshape(height, width)
        known: dict[int, Grey | None] = {}
        for structure in np.flatnonzero(self.mask[index] != UNKNOWN):
            bit = int(self.mask[index, structure])
            known[int(structure)] = None if bit == EMPTY else (((plane >> (bit - 1)) & 1) * 255).astype(np.uint8)
        return known


def write_store(
    folder: Path, samples: Iterable[Sample], heads: dict[str, tuple[str, ...]], structures: Sequence[str]
) -> int:
    """Packs samples into `folder`, replacing what was there; returns how many. The index is written last.

    Raises:
        InputError: a sample has more drawn masks than a plane can hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.npz").unlink(missing_ok=True)
    rows: dict[str, list[object]] = {key: [] for key in _COLUMNS}
    offset = 0
    with (folder / "pictures.bin").open("wb") as pictures, (folder / "planes.bin").open("wb") as planes:
        for sample in samples:
            plane, bits = _pack_masks(sample, structures, folder)
            pictures.write(np.ascontiguousarray(sample.picture).tobytes())
            planes.write(plane.tobytes())
            rows["offset"].append(offset)
            rows["shape"].append(sample.picture.shape)
            rows["box"].append((sample.box.left, sample.box.top, sample.box.right, sample.box.bottom))
            rows["target"].append(
                [
                    labels.index(sample.targets[head]) if head in sample.targets else UNKNOWN
                    for head, labels in heads.items()
                ]
            )
            rows["mask"].append(bits)
            for key in ("source", "split", "subject", "name"):
                rows[key].append(getattr(sample, key))
            offset += sample.picture.size
    columns: dict[str, Any] = {key: np.asarray(rows[key], dtype=kind) for key, kind in _COLUMNS.items()}
    (folder / "heads.json").write_text(json.dumps({"heads": heads, "structures": list(structures)}), encoding="utf-8")
    np.savez(folder / "index.part.npz", **columns)
    (folder / "index.part.npz").rename(folder / "index.npz")
    return len(rows["offset"])


_COLUMNS: dict[str, type | str] = {
    "offset": np.int64,
    "shape": np.int32,
    "box": np.float32,
    "target": np.int16,
    "mask": np.int8,
    "source": np.str_,  # as long as the longest: a cut name of a subject could be that of another
    "split": np.str_,
    "subject": np.str_,
    "name": np.str_,
}


def _pack_masks(sample: Sample, structures: Sequence[str], folder: Path) -> tuple[Grey, list[int]]:
    plane = np.zeros(sample.picture.shape, np.uint8)
    bits = [UNKNOWN] * len(structures)
    drawn = 0
    for structure, mask in sample.masks.items():
        if mask is None or not mask.any():
            bits[structures.index(structure)] = EMPTY
            continue
        if drawn == MOST_MASKS:
            problem = f"{sample.source} {sample.name} has more than {MOST_MASKS} drawn masks"
            raise InputError(folder, problem, "leave some of its structures out of the recipe")
        plane |= mask.astype(np.uint8) << drawn
        drawn += 1
        bits[structures.index(structure)] = drawn
    return plane, bits


def open_store(folder: Path) -> Store:
    """Opens a packed folder.

    Raises:
        InputError: there is no finished store in the folder.
    """
    if not (folder / "index.npz").is_file():
        raise InputError(folder, "holds no packed images", "run `scripts/train_first_network cache` first")
    known = json.loads((folder / "heads.json").read_text(encoding="utf-8"))
    with np.load(folder / "index.npz") as index:
        columns = {key: index[key] for key in _COLUMNS}
    size = (folder / "pictures.bin").stat().st_size
    pictures, planes = (
        np.memmap(folder / name, np.uint8, "r", shape=(size,)) if size else np.zeros(0, np.uint8)
        for name in ("pictures.bin", "planes.bin")
    )
    heads = {head: tuple(labels) for head, labels in known["heads"].items()}
    return Store(heads, tuple(known["structures"]), pictures, planes, **columns)
