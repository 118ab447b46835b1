"""Linear probe: how much of a label frozen features tell a logistic regression fitted on the train split."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lingyin.core.errors import UsageError
from lingyin.core.paths import packaged
from lingyin.pretrain.sources import read_grey

Floats = NDArray[np.float32]
Extract = Callable[[Tensor], Tensor]
FLOOR_PX = 224
STRENGTH = 0.01  # inverse of the penalty: standardised features are many and images few
BATCH = 32


@dataclass(frozen=True, slots=True)
class ProbeTask:
    """One label column of one set; `claimed` where pretraining cannot have seen the label."""

    name: str
    dataset: str
    column: str
    claimed: bool


@dataclass(frozen=True)
class Rows:
    """Images of one set: their id, subject and split, and the table of their cells."""

    names: tuple[str, ...]
    subjects: NDArray[np.str_]
    splits: NDArray[np.str_]
    cells: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """What a probe says of the images measured: `probabilities (N, K)`, `truth (N,)` class numbers, `subjects (N,)`."""

    labels: tuple[str, ...]
    probabilities: Floats
    truth: NDArray[np.int64]
    subjects: NDArray[np.str_]


def load_probes() -> tuple[ProbeTask, ...]:
    """The label columns that encoders are measured on."""
    listed = tomllib.loads(packaged("lingyin.pretrain", "probes.toml").read_text(encoding="utf-8"))["probe"]
    return tuple(ProbeTask(each["name"], each["set"], each["column"], each.get("claimed", True)) for each in listed)


def read_rows(folder: Path, splits: tuple[str, ...]) -> Rows:
    """Rows of the given splits of a set. Raises UsageError where the set is absent."""
    if not (folder / "labels.csv").is_file():
        raise UsageError(f"{folder}: there is no such data set; set LINGYIN_DATA to the folder that holds it")
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        kept = [row for row in csv.DictReader(file) if row["split"] in splits]
    return Rows(
        tuple(row["id"] for row in kept),
        np.array([row["subject"] for row in kept], np.str_),
        np.array([row["split"] for row in kept], np.str_),
        tuple(kept),
    )


@torch.no_grad()
def features_of(folder: Path, names: tuple[str, ...], extract: Extract, side: int) -> Floats:
    """Features `(N, D)` of whole images, stretched to `side` x `side`."""
    return np.concatenate([extract(batch).float().numpy() for batch in _batches(folder, names, side)])


def _batches(folder: Path, names: tuple[str, ...], side: int) -> Iterator[Tensor]:
    for start in range(0, len(names), BATCH):
        greys = [read_grey(folder, name) for name in names[start : start + BATCH]]
        resized = [
            cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA if max(grey.shape) > side else cv2.INTER_LINEAR)
            for grey in greys
        ]
        yield torch.from_numpy(np.stack(resized))[:, None].float() / 255.0


def fit_probe(features: Floats, rows: Rows, column: str, split: str, strength: float = STRENGTH) -> Answer:
    """Fits a logistic regression on standardised features of the train split and asks it about `split`.

    Images whose cell is empty are left out.

    Raises:
        UsageError: a split holds no labelled image, or the column fewer than two labels.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values = np.array([row.get(column) or "" for row in rows.cells], np.str_)
    train, asked = (np.flatnonzero((rows.splits == part) & (values != "")) for part in ("train", split))
    labels = tuple(sorted(set(values[train].tolist())))
    if len(labels) < 2 or not len(asked):
        raise UsageError(f"column {column!r} has too few labelled images in train or {split} to be measured on")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
    model.fit(features[train], values[train])
    truth = np.array([labels.index(value) for value in values[asked]], np.int64)
    return Answer(labels, model.predict_proba(features[asked]).astype(np.float32), truth, rows.subjects[asked])
