"""What an encoder has understood: distances in the tree against those of features, a map, nearest neighbours."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.core.labels import LabelSet
from lingyin.core.tree import load_tree
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import readout
from lingyin.nets.vit import Vit
from lingyin.pretrain.contrast import common_depth
from lingyin.pretrain.labels import label_table

Floats = NDArray[np.floating[Any]]
BATCH = 32


@torch.no_grad()
def features_of(net: Vit | Lite0, images: Tensor) -> Floats:
    """Standardised features `(N, D)` of `(N, 1, H, W)`, each row of length 1; what probes see, too."""
    extract = readout(net)
    found = np.concatenate([extract(part).float().numpy() for part in torch.split(images, BATCH)])
    centred = (found - found.mean(0)) / (found.std(0) + 1e-6)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), np.float64)


@dataclass(frozen=True)
class Distances:
    """Of all pairs of labelled pictures: steps in the tree, cosine distance of features, and whether both pictures come
    from one source, whose look they share."""

    tree: NDArray[np.int64]
    feature: Floats
    same_source: NDArray[np.bool_]

    def correlation(self, *, across: bool) -> float:
        """Spearman's rank correlation; `across` leaves out pairs from one source. NaN where there are too few."""
        from scipy.stats import spearmanr  # type: ignore[import-untyped,unused-ignore]

        chosen = ~self.same_source if across else np.ones(len(self.tree), bool)
        if len(np.unique(self.tree[chosen])) < 2:
            return float("nan")
        return float(spearmanr(self.tree[chosen], self.feature[chosen]).statistic)


def distances(features: Floats, labels: Sequence[LabelSet], sources: Sequence[str]) -> Distances:
    """Steps from each picture's deepest label up to the deepest common one and down again; pictures without any label
    are left out."""
    table = label_table(labels, "full")
    says, depth = torch.from_numpy(table.says).long(), torch.from_numpy(table.depth)
    own = np.where(table.says > 0, table.depth[None], 0).max(1, initial=0)
    shared = common_depth(says, depth).numpy()
    first, second = np.triu_indices(len(labels), 1)
    told = (own[first] > 0) & (own[second] > 0)
    first, second = first[told], second[told]
    steps = own[first] + own[second] - 2 * shared[first, second]
    near = (features[first] * features[second]).sum(1)
    names = np.asarray(sources)
    return Distances(steps.astype(np.int64), 1 - near, names[first] == names[second])


def neighbours(features: Floats, asked: Sequence[int], count: int) -> list[list[int]]:
    """The `count` nearest other pictures of each asked one."""
    near = features[list(asked)] @ features.T
    near[np.arange(len(asked)), list(asked)] = -np.inf
    found: list[list[int]] = np.argsort(-near, axis=1, kind="stable")[:, :count].tolist()
    return found


def nearest_share(features: Floats, groups: Sequence[str]) -> tuple[float, float]:
    """How often the nearest picture is of the same group, and how often it would be by chance."""
    names = np.asarray(groups)
    near = features @ features.T
    np.fill_diagonal(near, -np.inf)
    same = names[:, None] == names[None]
    chance = (same.sum(1) - 1) / max(1, len(names) - 1)
    return float((names[near.argmax(1)] == names).mean()), float(chance.mean())


def flat_map(features: Floats) -> tuple[Floats, str]:
    """Features laid out in the plane `(N, 2)` 0..1, and the way: UMAP (McInnes et al. 2018) where `umap-learn` is
    installed, t-SNE (van der Maaten & Hinton 2008) otherwise; principal components for fewer than ten pictures."""
    if len(features) < 10:
        centred = features - features.mean(0)
        laid, way = (centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T), "principal components"
    else:
        laid, way = _umap(features)
    low, high = laid.min(0), laid.max(0)
    return np.asarray((laid - low) / np.maximum(high - low, 1e-9), np.float64), way


def _umap(features: Floats) -> tuple[Floats, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numba, and that a fixed seed keeps to one thread
        try:
            from umap import UMAP  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            from sklearn.manifold import TSNE

            tsne = TSNE(metric="cosine", init="pca", random_state=0, perplexity=min(30.0, (len(features) - 1) / 3))
            return np.asarray(tsne.fit_transform(features)), "t-SNE"
        reducer = UMAP(metric="cosine", random_state=0, n_jobs=1, n_neighbors=min(15, len(features) - 1))
        return np.asarray(reducer.fit_transform(features)), "UMAP"


def deepest(labels: LabelSet) -> str:
    """The deepest code that a picture affirms, "unknown" for none."""
    tree = load_tree()
    codes = [code for code in labels.yes if tree.path(code)[0] != "image"]
    return max(codes, key=lambda code: (len(tree.path(code)), code), default="unknown")
