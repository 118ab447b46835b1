"""Score sheets: per-image columns of one application, and the metrics that are read from any choice of its images.

Everything is a function of image numbers, so that one bootstrap over subjects serves all metrics and comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.calibration import calibration_error_by_chance, expected_calibration_error
from lingyin.bench.metrics import Ints, auroc, balanced_accuracy, macro_auroc, macro_f1
from lingyin.bench.overlap import IOUS, Matches

Columns = Mapping[str, NDArray[Any]]
Statistic = Callable[[Ints], float]


@dataclass(frozen=True)
class Sheet:
    """`columns` with one entry per test image (or pair, for changes over a beat), its `subjects`, and `facts` that val
    decided (temperature, threshold, interval)."""

    task: str
    subjects: NDArray[np.str_]
    names: NDArray[np.str_]
    columns: Columns
    facts: Mapping[str, float] = field(default_factory=dict)

    def statistics(self) -> dict[str, Statistic]:
        """Every metric of the task by its name in the table, as a function of image numbers."""
        return _STATISTICS[self.task](self)


def _mean(values: NDArray[Any], rows: Ints) -> float:
    """Mean over what is known; NaN where nothing is."""
    known = values[rows]
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else float("nan")


def _classify(sheet: Sheet) -> dict[str, Statistic]:
    p, raw, truth = (sheet.columns[name] for name in ("probability", "raw", "truth"))
    top = p.argmax(axis=1)
    found: dict[str, Statistic] = {
        "macro F1": lambda rows: macro_f1(top[rows], truth[rows]),
        "AUROC": lambda rows: macro_auroc(p[rows], truth[rows]),
        "balanced accuracy": lambda rows: balanced_accuracy(top[rows], truth[rows]),
        "calibration error": lambda rows: expected_calibration_error(p[rows], truth[rows]),
        "calibration error before": lambda rows: expected_calibration_error(raw[rows], truth[rows]),
        "calibration error by chance": lambda rows: calibration_error_by_chance(p[rows]),
    }
    if "conformal" in sheet.facts:  # sets of all labels that are likely enough for nine of ten to hold the truth
        held = p >= 1 - sheet.facts["conformal"]
        found["truth inside the 90 % set"] = lambda rows: _share(held[rows, truth[rows]])
        found["labels in the 90 % set"] = lambda rows: float(held[rows].sum(axis=1).mean())
    if "positive" in sheet.columns:
        yes, score, point = sheet.columns["positive"], sheet.columns["score"], sheet.facts["threshold"]
        found["AUROC of the finding"] = lambda rows: auroc(score[rows], yes[rows])
        found["sensitivity"] = lambda rows: _share(score[rows][yes[rows]] >= point)
        found["specificity"] = lambda rows: _share(score[rows][~yes[rows]] < point)
    if sheet.facts.get("ordinal"):
        found["weighted kappa"] = lambda rows: weighted_kappa(top[rows], truth[rows])
        found["mean absolute error, grades"] = lambda rows: float(np.abs(top[rows] - truth[rows]).mean())
    if sheet.facts.get("vote"):
        found["macro F1 by subject"] = lambda rows: _voted_f1(p[rows], truth[rows], sheet.subjects[rows])
    return found


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def weighted_kappa(one: Ints, other: Ints) -> float:
    """Agreement of grades beyond chance, weighted by squared distance (Cohen 1968); NaN where all are one grade."""
    distance = float(((one - other) ** 2).mean())
    chance = float(((one[:, None] - other[None]) ** 2).mean())
    return 1 - distance / chance if chance else float("nan")


def _voted_f1(p: NDArray[Any], truth: Ints, subjects: NDArray[np.str_]) -> float:
    """Macro F1 over whole subjects: the mean of the logarithms of their images' probabilities decides."""
    _, first, group = np.unique(subjects, return_index=True, return_inverse=True)
    summed = np.zeros((len(first), p.shape[1]))
    np.add.at(summed, group, np.log(np.clip(p, 1e-6, 1)))
    return macro_f1(summed.argmax(axis=1), truth[first])


def _segment(sheet: Sheet) -> dict[str, Statistic]:
    found: dict[str, Statistic] = {}
    for name, key in (("Dice", "dice"), ("surface Dice", "surface"), ("empty ones outlined", "false")):
        values = sheet.columns[key]
        if not np.isnan(values).all():
            found[name] = partial(_mean, values)
    return found


def _detect(sheet: Sheet) -> dict[str, Statistic]:
    per_class = [
        Matches(*(sheet.columns[f"{name}{number}"] for name in ("score", "hit", "truths")))
        for number in range(int(sheet.facts["classes"]))
    ]

    def precision(at: range, rows: Ints) -> float:
        return float(np.nanmean([each.precision(rows, at) for each in per_class]))

    return {"AP50": partial(precision, range(1)), "mAP": partial(precision, range(len(IOUS)))}


def _landmark(sheet: Sheet) -> dict[str, Statistic]:
    errors = sheet.columns["error"]
    return {
        "mean radial error": partial(_mean, errors),
        "points within 5": lambda rows: float((errors[rows] <= 5).mean()),
        "nothing found": partial(_mean, sheet.columns["missing"].astype(np.float64)),
    }


def _measure(sheet: Sheet) -> dict[str, Statistic]:
    answer, truth = sheet.columns["answer"], sheet.columns["truth"]
    error = answer - truth
    width = sheet.facts["half_width"]

    def limit(sign: int, rows: Ints) -> float:
        known = error[rows][~np.isnan(error[rows])]
        return float(known.mean() + sign * 1.96 * known.std(ddof=1)) if len(known) > 1 else float("nan")

    def inside(rows: Ints) -> float:
        return float((np.abs(error[rows]) <= width).mean())

    found: dict[str, Statistic] = {
        "mean absolute error": partial(_mean, np.abs(error)),
        "bias": partial(_mean, error),
        "lower limit of agreement": partial(limit, -1),
        "upper limit of agreement": partial(limit, 1),
    }
    if not np.isnan(width):
        found["truth inside the 90 % interval"] = inside
    return found


def _enhance(sheet: Sheet) -> dict[str, Statistic]:
    names = {"PSNR": "psnr", "SSIM": "ssim", "PSNR before": "psnr_before", "SSIM before": "ssim_before"}
    return {name: partial(_mean, sheet.columns[key]) for name, key in names.items()}


def _describe(sheet: Sheet) -> dict[str, Statistic]:
    """Facts of all images together; a fact that is said and false of the image is invented."""
    said, truth = sheet.columns["said"], sheet.columns["truth"]

    def counts(rows: Ints) -> tuple[int, int, int]:
        yes, no = truth[rows] > 0, truth[rows] < 0
        return int((said[rows] & yes).sum()), int((said[rows] & no).sum()), int((~said[rows] & yes).sum())

    def f1(rows: Ints) -> float:
        right, invented, left_out = counts(rows)
        return 2 * right / (2 * right + invented + left_out) if right + invented + left_out else float("nan")

    def invented(rows: Ints) -> float:
        right, wrong, _ = counts(rows)
        return wrong / (right + wrong) if right + wrong else float("nan")

    return {"fact F1": f1, "invented facts": invented}


_STATISTICS: dict[str, Callable[[Sheet], dict[str, Statistic]]] = {
    "classify": _classify,
    "segment": _segment,
    "detect": _detect,
    "landmark": _landmark,
    "measure": _measure,
    "enhance": _enhance,
    "describe": _describe,
}
