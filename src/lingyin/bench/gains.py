"""Gains of one method over its best peer: relative, per application and averaged, with intervals over subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lingyin.bench.metrics import Interval, Ints, resamples

Statistic = Callable[[Ints], float]
DRAWS = 500


@dataclass(frozen=True)
class Compared:
    """One application's scores of two or more methods on the same images: a statistic of image numbers each."""

    name: str
    subjects: Sequence[str]
    lower_is_better: bool
    ours: Statistic
    peers: Mapping[str, Statistic]

    def best_peer(self) -> str:
        """The peer with the best score over all images; the first by name among equals."""
        rows = np.arange(len(self.subjects))
        sign = 1 if self.lower_is_better else -1
        return min(sorted(self.peers), key=lambda name: sign * self.peers[name](rows))

    def gain(self, rows: Ints, peer: str) -> float:
        """Relative gain over a peer on some images: 0.05 is five per cent better, whatever the metric's direction."""
        return relative_gain(self.ours(rows), self.peers[peer](rows), self.lower_is_better)


def relative_gain(ours: float, theirs: float, lower_is_better: bool) -> float:
    """(ours - theirs) / theirs, or (theirs - ours) / theirs where less is better; NaN where theirs is 0 or unknown."""
    if not theirs or np.isnan(ours) or np.isnan(theirs):
        return float("nan")
    return (theirs - ours if lower_is_better else ours - theirs) / abs(theirs)


def application_gain(compared: Compared, draws: int = DRAWS, seed: int = 0) -> tuple[str, Interval]:
    """The best peer and the gain over it with its 95 % interval; both methods are asked of the same drawn subjects."""
    peer = compared.best_peer()
    subjects = np.asarray(compared.subjects, np.str_)
    drawn = np.array([compared.gain(rows, peer) for rows in resamples(subjects, draws, seed)])
    value = compared.gain(np.arange(len(subjects)), peer)
    return peer, _interval(value, drawn, len(subjects))


def mean_gain(every: Sequence[Compared], draws: int = DRAWS, seed: int = 0) -> Interval:
    """Mean of the relative gains over all applications, each over its best peer, drawn together; `n` applications.

    Raises:
        ValueError: no applications.
    """
    if not every:
        raise ValueError("no applications to average over")
    peers = [each.best_peer() for each in every]
    table = np.array(
        [
            [each.gain(rows, peer) for rows in resamples(np.asarray(each.subjects, np.str_), draws, seed + number)]
            for number, (each, peer) in enumerate(zip(every, peers, strict=True))
        ]
    )
    whole = [each.gain(np.arange(len(each.subjects)), peer) for each, peer in zip(every, peers, strict=True)]
    return _interval(float(np.nanmean(whole)), np.nanmean(table, axis=0), len(every))


def _interval(value: float, drawn: np.ndarray, n: int) -> Interval:
    defined = drawn[~np.isnan(drawn)]
    low, high = np.percentile(defined, (2.5, 97.5)) if len(defined) else (value, value)
    return Interval(value, float(low), float(high), n)
