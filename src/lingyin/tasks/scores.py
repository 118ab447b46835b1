"""Figures of merit of probabilities, by name; NaN where a class is missing and the figure means nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, cohen_kappa_score, f1_score, recall_score, roc_auc_score

Floats = NDArray[np.float32]
Ints = NDArray[np.integer[Any]]
BINS = 10


def class_scores(probability: Floats, truth: Ints) -> dict[str, float]:
    """Of exclusive labels: `probability (N, K)`, `truth (N,)` numbers. Macro figures run over the labels present."""
    chosen = probability.argmax(axis=1)
    present = np.unique(truth)
    return {
        "macro_f1": float(f1_score(truth, chosen, labels=present, average="macro", zero_division=0)),
        "auroc": _auroc(probability, truth),
        "accuracy": float((chosen == truth).mean()),
        "balanced_accuracy": float(recall_score(truth, chosen, labels=present, average="macro", zero_division=0)),
        "ece": calibration_error(probability, truth),
        "brier": float(((probability - np.eye(probability.shape[1])[truth]) ** 2).sum(axis=1).mean()),
    }


def _auroc(probability: Floats, truth: Ints) -> float:
    """Mean one-against-rest over the labels present; of two labels, that of the second."""
    if len(np.unique(truth)) < 2:
        return float("nan")
    labels = [1] if probability.shape[1] == 2 else np.unique(truth)
    return float(np.mean([roc_auc_score(truth == label, probability[:, label]) for label in labels]))


def calibration_error(probability: Floats, truth: Ints, bins: int = BINS) -> float:
    """Expected calibration error of the chosen label (Naeini et al. 2015), in `bins` equal stretches of certainty."""
    certainty, hit = probability.max(axis=1), probability.argmax(axis=1) == truth
    at = np.minimum((certainty * bins).astype(int), bins - 1)
    gaps = [abs(certainty[at == b].mean() - hit[at == b].mean()) * (at == b).mean() for b in np.unique(at)]
    return float(np.sum(gaps))


def ordinal_scores(probability: Floats, truth: Ints) -> dict[str, float]:
    """Quadratically weighted kappa (Cohen 1968) and mean distance in grades."""
    chosen = probability.argmax(axis=1)
    grades = np.arange(probability.shape[1])
    alike = len(np.unique(np.concatenate([chosen, truth]))) < 2
    kappa = float("nan") if alike else float(cohen_kappa_score(truth, chosen, labels=grades, weights="quadratic"))
    return {"kappa": kappa, "grade_mae": float(np.abs(chosen - truth).mean())}


def label_scores(probability: Floats, truth: Floats) -> dict[str, float]:
    """Of labels that may be true together: `truth (N, K)` 1, 0 or NaN; means over labels with both answers known."""
    found: dict[str, list[float]] = {"auroc": [], "average_precision": [], "macro_f1": []}
    for label in range(truth.shape[1]):
        known = ~np.isnan(truth[:, label])
        yes, score = truth[known, label] == 1, probability[known, label]
        if not yes.any() or yes.all():
            continue
        found["auroc"].append(float(roc_auc_score(yes, score)))
        found["average_precision"].append(float(average_precision_score(yes, score)))
        found["macro_f1"].append(float(f1_score(yes, score >= 0.5, zero_division=0)))
    return {name: float(np.mean(each)) if each else float("nan") for name, each in found.items()}
