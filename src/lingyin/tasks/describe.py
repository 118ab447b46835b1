"""Describe: the facts on the label tree that a picture shows. Sentences are made of them by the report's grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.core.labels import LabelSet
from lingyin.core.tree import load_tree
from lingyin.pretrain.coherent import coherent_loss
from lingyin.runtime.heads import coherent
from lingyin.tasks.classify import LinearHead
from lingyin.tasks.contract import Floats, Head, Needs, Shape, Target, Task

THRESHOLDS = np.linspace(0.2, 0.8, 25)


@dataclass(frozen=True)
class Facts:
    """`probabilities` by code, no child above its parent, and the facts stated: `yes`."""

    probabilities: Mapping[str, float]
    yes: frozenset[str]


@dataclass(frozen=True)
class Describe(Task[LabelSet, Facts]):
    """Facts `codes` of the tree; what a label set leaves unknown costs nothing."""

    codes: tuple[str, ...]
    kind: ClassVar[str] = "describe"
    needs: ClassVar[Needs] = Needs.POOLED

    def __post_init__(self) -> None:
        unknown = sorted(set(self.codes) - set(load_tree()))
        if unknown or not self.codes:
            raise ValueError(f"not codes of the label tree: {', '.join(unknown) or 'none given'}")

    @property
    def chooses_by(self) -> str:
        return "fact_f1"

    @property
    def below(self) -> NDArray[np.bool_]:
        """`(C, C)`: the column's code lies under the row's or is it."""
        tree = load_tree()
        return np.array([[above in tree.path(code) for code in self.codes] for above in self.codes])

    def spec(self) -> dict[str, Any]:
        return {"codes": list(self.codes)}

    def target(self, label: LabelSet) -> Target:
        """`says (C,)`: 1 yes, -1 no, 0 unknown."""
        return {"says": label.as_vector(self.codes)}

    def head(self, shape: Shape) -> Head:
        return LinearHead(shape.dim, len(self.codes))

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        return coherent_loss(raw, target["says"], torch.from_numpy(self.below))

    def calibrate(self, raw: Floats, labels: Sequence[LabelSet]) -> dict[str, float]:
        """`threshold` from which a fact is stated: the one with the best F1 over known facts, nearest the middle."""
        says = self._says(labels)
        probability = coherent(raw, self.below)
        f1 = np.array([_fact_scores(probability >= t, says)["fact_f1"] for t in THRESHOLDS])
        if np.isnan(f1).all():
            return {}
        best = THRESHOLDS[f1 >= np.nanmax(f1) - 1e-9]
        return {"threshold": float(best[np.abs(best - 0.5).argmin()])}

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[Facts]:
        threshold = (calibration or {}).get("threshold", 0.5)
        return [self._facts(each, threshold) for each in coherent(raw, self.below)]

    def _facts(self, probability: Floats, threshold: float = 0.5) -> Facts:
        said = dict(zip(self.codes, (float(each) for each in probability), strict=True))
        return Facts(said, frozenset(code for code, each in said.items() if each >= threshold))

    def _says(self, labels: Sequence[LabelSet]) -> NDArray[np.int8]:
        return np.stack([label.as_vector(self.codes) for label in labels])

    def metrics(self, predictions: Sequence[Facts], labels: Sequence[LabelSet]) -> dict[str, float]:
        """Over known facts: `fact_f1`, `fact_precision`, `fact_recall`; `invented`, the share of known untrue facts
        that were stated; `all_right`, the share of pictures without a wrong fact."""
        said = np.array([[code in each.yes for code in self.codes] for each in predictions])
        return _fact_scores(said, self._says(labels))

    def baseline(self, labels: Sequence[LabelSet], images: Floats) -> list[Facts]:
        """How often each fact is true of the training images where it is known."""
        says = self._says(labels)
        share = (says > 0).sum(axis=0) / np.maximum((says != 0).sum(axis=0), 1)
        return [self._facts(np.asarray(share, np.float32))] * len(images)

    def strata(self, labels: Sequence[LabelSet]) -> NDArray[np.int64]:
        """Groups of images of which the same is said."""
        return np.asarray(np.unique(self._says(labels), axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def _fact_scores(said: NDArray[np.bool_], says: NDArray[np.int8]) -> dict[str, float]:
    yes, no = says > 0, says < 0
    hit, invented, missed = int((said & yes).sum()), int((said & no).sum()), int((~said & yes).sum())
    wrong = ((said & no) | (~said & yes)).any(axis=1)
    total = 2 * hit + invented + missed
    return {
        "fact_f1": 2 * hit / total if total else float("nan"),
        "fact_precision": hit / (hit + invented) if hit + invented else float("nan"),
        "fact_recall": hit / (hit + missed) if hit + missed else float("nan"),
        "invented": invented / int(no.sum()) if no.any() else float("nan"),
        "all_right": float(1 - wrong.mean()),
    }


@dataclass(frozen=True)
class Retrieval:
    """The baseline without learning: what is known of the `nearest` training pictures, by the angle of their vectors
    `cls (N, D)`; where texts exist, that of the nearest."""

    task: Describe
    cls: Floats
    labels: Sequence[LabelSet]
    texts: Sequence[str] = ()
    nearest: int = 5

    def _order(self, cls: Floats) -> NDArray[np.intp]:
        middle = self.cls.mean(axis=0)
        own, asked = (_unit(each - middle) for each in (self.cls, cls))
        return np.argsort(-(asked @ own.T), axis=1, kind="stable")[:, : self.nearest]

    def facts(self, cls: Floats) -> list[Facts]:
        """For vectors `(M, D)`: each fact as likely as it is true of the neighbours that know it."""
        says = np.stack([label.as_vector(self.task.codes) for label in self.labels])
        found = []
        for rows in self._order(cls):
            yes, known = (says[rows] > 0).sum(axis=0), np.maximum((says[rows] != 0).sum(axis=0), 1)
            share = dict(zip(self.task.codes, (float(each) for each in yes / known), strict=True))
            found.append(Facts(share, frozenset(code for code, each in share.items() if each >= 0.5)))
        return found

    def text(self, cls: Floats) -> list[str]:
        """The text of the nearest training picture. Raises ValueError where there are no texts."""
        if len(self.texts) != len(self.cls):
            raise ValueError(f"{len(self.texts)} texts for {len(self.cls)} pictures")
        return [self.texts[int(rows[0])] for rows in self._order(cls)]


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
