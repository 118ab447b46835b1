"""Split conformal prediction: ranks by hand, and the promise kept on fresh draws."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.tasks.conformal import conformal_quantile


@pytest.mark.parametrize(("count", "rank"), [(1, 1), (8, 8), (9, 9), (10, 10), (18, 18), (19, 18), (99, 90), (100, 91)])
def test_rank_of_a_tenth_missed(count: int, rank: int) -> None:
    shuffled = np.random.default_rng(0).permutation(np.arange(1, count + 1))
    assert conformal_quantile(shuffled.astype(np.float64), 0.1) == rank


def test_ties_and_shape_do_not_matter_and_none_is_refused() -> None:
    assert conformal_quantile(np.array([[2.0, 2.0], [2.0, 5.0]]), 0.5) == 2
    with pytest.raises(ValueError, match="no scores"):
        conformal_quantile(np.zeros(0), 0.1)


def test_new_scores_stay_under_it_as_often_as_promised() -> None:
    draws = np.random.default_rng(1).exponential(size=(4000, 20))
    held = np.mean([row[-1] <= conformal_quantile(row[:-1], 0.1) for row in draws])
    assert held == pytest.approx(0.9, abs=0.015)  # 18 of 20 by exchangeability; three standard errors
