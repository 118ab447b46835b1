"""A value over time: smoothing, robust largest value, and the turning points of a heartbeat."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

PEAK = 95  # percentile that stands for "the largest" of a smoothed series: one bad frame cannot set it
COMPLETE = 0.85  # of the largest swing, which the first and the last one must have to be more than part of a beat
PARABOLA = np.array([-3, 12, 17, 12, -3]) / 35  # weights of a least-squares parabola through five points
SWING = 0.35  # share of the whole range by which a turning point must stand out


def smoothed(values: Sequence[float]) -> Series:
    """Running median of five, then a running mean of three: single jumps vanish, slow pulsation stays."""
    series = np.asarray(values, np.float64)
    if len(series) < 5:
        return series
    padded = np.pad(series, 2, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.asarray(np.convolve(np.pad(middle, 1, mode="edge"), np.full(3, 1 / 3), mode="valid"))


@dataclass(frozen=True, slots=True)
class Beat:
    """Positions in a series: a largest value, the smallest that follows or precedes it, within one heartbeat."""

    largest: int
    smallest: int


def beats(values: Sequence[float]) -> list[Beat]:
    """Neighbouring maxima and minima that stand out by `SWING` of the range; empty unless the series turns at least
    once inside (a complete cycle shows the fall and the rise, or the rise and the fall)."""
    series = np.asarray(values, np.float64)
    turns = turning_points(series)
    inner = [position for position in turns if 0 < position < len(series) - 1]
    if len(turns) < 3 or not inner:
        return []
    found = []
    least = COMPLETE * max(abs(series[second] - series[first]) for first, second in itertools.pairwise(turns))
    for first, second in itertools.pairwise(turns):
        at_end = first == turns[0] or second == turns[-1]
        if at_end and abs(series[second] - series[first]) < least:
            continue  # the clip begins or ends in the middle of it
        high, low = (first, second) if series[first] > series[second] else (second, first)
        found.append(Beat(high, low))
    return found


def steady(values: Sequence[float]) -> Series:
    """Each value from the parabola through the five around it (Savitzky and Golay 1964): calmed, extremes kept."""
    series = np.pad(np.asarray(values, np.float64), 2, mode="reflect" if len(values) > 2 else "edge")
    return np.asarray(np.convolve(series, PARABOLA, mode="valid"))


def turning_points(series: Series) -> list[int]:
    """Alternating maxima and minima whose swing is at least `SWING` of the range, in order (zigzag filter)."""
    if len(series) < 3:
        return []
    least = SWING * float(np.ptp(series))
    if least <= 0:
        return []
    turns: list[int] = []
    high = low = 0
    rising: bool | None = None
    for position, value in enumerate(series):
        if value > series[high]:
            high = position
        if value < series[low]:
            low = position
        if rising is not False and series[high] - value >= least:
            turns.append(high)
            rising, low = False, position
        elif rising is not True and value - series[low] >= least:
            turns.append(low)
            rising, high = True, position
    if rising is not None:
        turns.append(high if rising else low)
    return turns
