"""What the validation split decides after training: temperatures, operating points, where a mask ends, novelty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lingyin.nets.joint import JointNet
from lingyin.runtime.network import softmax
from lingyin.tasks.augment import Movement
from lingyin.tasks.batches import assemble
from lingyin.tasks.store import EMPTY, Store
from lingyin.tasks.train import to_input

Floats = NDArray[np.float32]
EDGE_LIMIT = 1.0  # logits by which a mask's edge may be moved
EDGE_FEW = 5  # masks of one source under which it has no say
POINT_LIMITS = (0.25, 0.75)  # a validation split this small must not push an operating point to an extreme


@dataclass(frozen=True)
class Seen:
    """What a network said of N images: `features (N, D)`, `logits (N, labels)`, `targets (N, heads)`, `source (N,)`."""

    features: Floats
    logits: Floats
    targets: NDArray[np.int64]
    source: NDArray[np.str_]


@torch.no_grad()
def look(net: JointNet, stores: Sequence[Store], split: str, size: int, most_per_source: int | None = None) -> Seen:
    """Runs the encoder and the classifying heads over a split as at run time, without masks."""
    net.eval()
    items = [
        (store, int(row), Movement())
        for store in stores
        for source in np.unique(store.source)
        for row in _some(np.flatnonzero((store.split == split) & (store.source == source)), most_per_source)
    ]
    features, logits, targets = [], [], []
    for start in range(0, len(items), 32):
        batch = assemble(items[start : start + 32], size, masks=False)
        with torch.autocast("cpu", torch.bfloat16):
            cls = net.encoder(to_input(batch).expand(-1, 3, -1, -1)).cls
        features.append(cls.float().numpy())
        logits.append(net.heads(cls.float()).numpy())
        targets.append(batch.targets)
    source = np.array([str(store.source[row]) for store, row, _ in items])
    return Seen(np.concatenate(features), np.concatenate(logits), np.concatenate(targets), source)


def _some(rows: NDArray[np.intp], most: int | None) -> NDArray[np.intp]:
    """Evenly spread rows, so that every run takes the same."""
    if most is None or len(rows) <= most:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, most).astype(int)])


@torch.no_grad()
def edge_offsets(net: JointNet, stores: Sequence[Store], split: str, size: int, structures: int) -> Floats:
    """What to add to each structure's logits `(structures,)` so that its masks are as large as the drawn ones.

    Soft overlap losses leave masks systematically large or small. For every drawn mask the level is found over which
    the network's mask has the same area; each source's median level counts alike.
    """
    net.eval()
    levels: dict[tuple[int, str], list[float]] = {}
    for store in stores:
        drawn = np.flatnonzero((store.split == split) & (store.mask > EMPTY).any(axis=1))
        rows = [int(row) for row in drawn]
        for start in range(0, len(rows), 32):
            part = rows[start : start + 32]
            batch = assemble([(store, row, Movement()) for row in part], size)
            with torch.autocast("cpu", torch.bfloat16):
                masks = net(to_input(batch)).masks.float().numpy()
            for sample, structure, grid in zip(batch.sample, batch.structure, batch.grids, strict=True):
                share = float(grid.mean())
                if share > 0:
                    level = float(np.quantile(masks[sample, structure], 1 - share))
                    levels.setdefault((int(structure), str(store.source[part[sample]])), []).append(level)
    offsets = np.zeros(structures, np.float32)
    for structure in range(structures):
        medians = [np.median(v) for (s, _), v in levels.items() if s == structure and len(v) >= EDGE_FEW]
        if medians:
            offsets[structure] = -np.clip(np.mean(medians), -EDGE_LIMIT, EDGE_LIMIT)
    return offsets


def fit_temperature(logits: Floats, targets: NDArray[np.integer]) -> float:
    """The temperature with the least negative log-likelihood (Guo et al. 2017), searched on a grid from 1/4 to 8."""
    grid = np.exp(np.linspace(np.log(0.25), np.log(8.0), 121))
    rows = np.arange(len(targets))
    losses = [-np.log(np.clip(softmax(logits / np.float32(t))[rows, targets], 1e-7, 1)).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def operating_point(probability: Floats, truth: NDArray[np.bool_]) -> float:
    """The point with the best Youden index, kept within `POINT_LIMITS`; the middle of the best stretch."""
    candidates = np.linspace(0.02, 0.98, 97)
    index = [(probability[truth] >= c).mean() + (probability[~truth] < c).mean() for c in candidates]
    best = np.flatnonzero(np.asarray(index) >= max(index) - 1e-9)
    return float(np.clip(candidates[best].mean(), *POINT_LIMITS))
