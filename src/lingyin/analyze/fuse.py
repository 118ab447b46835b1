"""Joins what single frames say into one statement: probabilities over time, agreement between frames, novelty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-4  # no single frame may veto all others


@dataclass(frozen=True, slots=True)
class Joined:
    """One head over a whole clip: `probabilities (K,)`, the winner, and the weighted share of frames that agree with
    it."""

    probabilities: NDArray[np.float64]
    top: int
    agreement: float

    @property
    def certainty(self) -> float:
        """Probability of the winner."""
        return float(self.probabilities[self.top])


def join_probabilities(frames: Sequence[NDArray[np.floating]], weights: Sequence[float]) -> Joined:
    """Weighted mean of calibrated log-probabilities `(T, K)`, renormalised: frames as repeated, dependent looks.

    The mean (not the sum) keeps the certainty of a typical frame: neighbouring frames of a cine are not independent, so
    a long clip must not become more certain than its pictures.
    """
    table = np.clip(np.asarray(frames, np.float64), SMALLEST, 1.0)  # (T, K)
    weight = _weights(weights)
    logs = (weight[:, None] * np.log(table)).sum(axis=0)
    joined = np.exp(logs - logs.max())
    joined /= joined.sum()
    top = int(joined.argmax())
    return Joined(joined, top, float(weight[table.argmax(axis=1) == top].sum()))


def join_separately(frames: Sequence[NDArray[np.floating]], weights: Sequence[float]) -> Joined:
    """The same for labels that may be true together: the weighted mean of each one's log-odds over time `(T, K)`.

    Agreement is that of the frames about the most likely label.
    """
    table = np.clip(np.asarray(frames, np.float64), SMALLEST, 1 - SMALLEST)
    weight = _weights(weights)
    odds = (weight[:, None] * np.log(table / (1 - table))).sum(axis=0)
    joined = 1 / (1 + np.exp(-odds))
    top = int(joined.argmax())
    return Joined(joined, top, float(weight[(table[:, top] >= 0.5) == (joined[top] >= 0.5)].sum()))


def weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    """The value with half of the weight on either side."""
    order = np.argsort(values)
    ordered = np.asarray(values, np.float64)[order]
    share = np.cumsum(_weights(weights)[order])
    return float(ordered[int(np.searchsorted(share, 0.5 - 1e-12))])


def _weights(weights: Sequence[float]) -> NDArray[np.float64]:
    """Weights that sum to one; equal ones where all are zero."""
    weight = np.asarray(weights, np.float64)
    total = float(weight.sum())
    return weight / total if total > 0 else np.full(len(weight), 1.0 / len(weight))
