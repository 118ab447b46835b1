"""Split conformal prediction: the score that calibration examples stay under as often as promised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def conformal_quantile(scores: NDArray[np.floating[Any]], miss: float) -> float:
    """The `ceil((n + 1)(1 - miss))`-th smallest of n scores (Vovk et al. 2005; Lei et al. 2018).

    A new score from the same source stays at or under it with probability 1 - `miss` at least; with fewer scores than
    that needs, the largest one is the best that can be said.

    Raises:
        ValueError: no scores.
    """
    ordered = np.sort(np.asarray(scores, np.float64).reshape(-1))
    if not len(ordered):
        raise ValueError("no scores to calibrate on")
    rank = min(len(ordered), math.ceil((len(ordered) + 1) * (1 - miss)))
    return float(ordered[rank - 1])
