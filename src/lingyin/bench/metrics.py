"""Metrics with 95 % bootstrap intervals that draw whole subjects, because images of one patient resemble each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]
DRAWS = 1000


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval and the number of images behind it."""

    value: float
    low: float
    high: float
    n: int


def figures_of(measured: Interval) -> dict[str, float | int | None]:
    """Value and interval to four decimals, and `n`, as result files have them; None where a number is undefined (of one
    class alone, for example), because JSON knows no NaN."""
    values = {name: float(getattr(measured, name)) for name in ("value", "low", "high")}
    return {name: None if np.isnan(each) else round(each, 4) for name, each in values.items()} | {"n": measured.n}


def bootstrap(
    statistic: Callable[[Ints], float], subjects: NDArray[np.str_], draws: int = DRAWS, seed: int = 0
) -> Interval:
    """`statistic` of image indices, over all images and over `draws` resamplings of subjects (Efron & Tibshirani 1993).

    Draws in which the statistic is undefined (NaN: a class is missing) are left out of the interval.

    Raises:
        ValueError: no images.
    """
    if not len(subjects):
        raise ValueError("no images to measure")
    drawn = [statistic(rows) for rows in resamples(subjects, draws, seed)]
    defined = np.asarray([value for value in drawn if not np.isnan(value)])
    value = statistic(np.arange(len(subjects)))
    low, high = np.percentile(defined, (2.5, 97.5)) if len(defined) else (value, value)
    return Interval(float(value), float(low), float(high), len(subjects))


def resamples(subjects: NDArray[np.str_], draws: int = DRAWS, seed: int = 0) -> Iterator[Ints]:
    """Image indices of `draws` resamplings of subjects; the same for the same subjects and seed."""
    _, codes = np.unique(subjects, return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        chosen = rng.integers(0, len(members), len(members))
        yield np.concatenate([members[number] for number in chosen])


def auroc(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Area under the receiver operating characteristic (Hanley & McNeil 1982), ties counted half; NaN for one class."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def macro_auroc(probabilities: Floats, targets: Ints) -> float:
    """Mean one-against-rest AUROC over the labels present; for two labels, that of the second. NaN if undefined."""
    if probabilities.shape[1] == 2:
        return auroc(probabilities[:, 1], targets == 1)
    each = [auroc(probabilities[:, label], targets == label) for label in np.unique(targets)]
    return float(np.mean(each)) if len(each) > 1 else float("nan")


def macro_f1(predicted: Ints, targets: Ints) -> float:
    """Mean F1 over the labels present in the truth."""
    each = []
    for label in np.unique(targets):
        hit = float(((predicted == label) & (targets == label)).sum())
        each.append(2 * hit / float((predicted == label).sum() + (targets == label).sum()))
    return float(np.mean(each))


def balanced_accuracy(predicted: Ints, targets: Ints) -> float:
    """Mean recall over the labels present in the truth."""
    return float(np.mean([(predicted[targets == label] == label).mean() for label in np.unique(targets)]))


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Overlap of two masks, 0 to 1; 1 where both are empty."""
    total = int(predicted.sum()) + int(truth.sum())
    return 2 * int((predicted & truth).sum()) / total if total else 1.0
