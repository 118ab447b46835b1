"""Answers to pictures that a head has not learnt from: what its certainty is calibrated on.

Those of val, where val is large enough to tell; else every picture in turn, answered by a head that learnt from the
others (cross-fitting), because a dozen pictures say little about how often nine of ten is true.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.tasks.contract import Floats
from lingyin.tasks.fit import FitSettings, Fitted, Fold, fit

PARTS = 5
ENOUGH = 100  # pictures of val from which it is left to tell alone
MISS = 0.1  # a label that is true may be ruled out this often


@dataclass(frozen=True)
class Unseen:
    """Raw outputs `raw (N, ...)` of a head and the N labels that hold."""

    raw: Floats
    labels: Sequence[Any]


def cross_answers(
    fitted: Fitted, fold: Fold, plain: NDArray[np.bool_], settings: FitSettings, parts: int = PARTS
) -> Unseen:
    """What heads like `fitted` say of the `plain (N,)` pictures of `fold`, each learnt from the pictures of the other
    subjects, as long and as strongly held as `fitted` was. No picture has a say in when its own head stops.

    Raises:
        ValueError: there are fewer than two subjects.
    """
    task, bank = fitted.task, fold.bank.for_heads(fitted.task.needs)
    part = spread(task.strata(fold.labels), fold.subjects, parts, settings.seed)
    if len(np.unique(part)) < 2:
        raise ValueError("pictures of one subject cannot be told apart from those of others")
    until = best_step(fitted.history, settings.steps)
    same = replace(settings, evaluate_every=until, decays=(fitted.decay,))
    raw: list[Floats] = []
    rows: list[int] = []
    for number in np.unique(part):
        held = np.flatnonzero((part == number) & plain)
        learnt = replace(fold, bank=bank).take(np.flatnonzero(part != number))
        if len(held):
            raw.append(fit(task, fitted.shape, learnt, learnt, same, until).raw(bank.take(held)))
            rows += held.tolist()
    return Unseen(np.concatenate(raw), [fold.labels[row] for row in rows])


def best_step(history: Sequence[Mapping[str, float]], most: int) -> int:
    """The step whose weights were kept; `most` where nothing was noted."""
    return int(min(history, key=lambda row: row["val"])["step"]) if history else most


def spread(strata: NDArray[np.int64], subjects: NDArray[np.str_], parts: int, seed: int) -> NDArray[np.int64]:
    """A part `(N,)` for each picture: subjects stay whole, those of a stratum go to the parts in turn."""
    first = {str(subject): int(strata[row]) for row, subject in reversed(list(enumerate(subjects)))}
    rng, of = np.random.default_rng(seed), dict[str, int]()
    for stratum in sorted(set(first.values())):
        names = sorted(name for name, own in first.items() if own == stratum)
        for place in rng.permutation(len(names)):
            of[names[int(place)]] = len(of) % parts
    return np.array([of[str(subject)] for subject in subjects], np.int64)


def ruling_out(probability: Floats, truth: NDArray[np.bool_], miss: float = MISS) -> float:
    """The probability under which a label may be called absent, so that it is wrongly ruled out `miss` of the times at
    most: label-conditional conformal prediction (Vovk 2012) from `probability (N,)` and where the label is true `(N,)`.

    0, so that nothing is ever ruled out, where too few pictures show the label to promise that.
    """
    shown = np.sort(probability[truth].astype(np.float64))
    rank = math.floor((len(shown) + 1) * miss)
    return float(shown[rank - 1]) if rank else 0.0
