"""The hepatorenal index of painted organs."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.hepatorenal import hepatorenal_index
from tests.analyze.describe.patches import SIZE, speckled


def organs(gap_rows: int = 0) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    liver, cortex = np.zeros((SIZE, SIZE), bool), np.zeros((SIZE, SIZE), bool)
    liver[60:200, 40:150] = True
    cortex[60 + gap_rows : 200 + gap_rows, 180:220] = True
    return liver, cortex


def test_the_ratio_of_levels_at_the_same_depth() -> None:
    liver, cortex = organs()
    grey = np.where(liver, speckled(120), speckled(80, 1)).astype(np.float32)
    found = hepatorenal_index(grey * np.linspace(1.0, 0.4, SIZE, dtype=np.float32)[:, None], liver, cortex)
    assert found is not None
    value, (low, high) = found
    assert value == pytest.approx(1.5, abs=0.04)
    assert low < 1.5 < high


def test_a_vessel_in_the_liver_is_not_counted() -> None:
    liver, cortex = organs()
    grey = np.where(liver, speckled(120), speckled(80, 1)).astype(np.float32)
    grey[100:130, 60:80] = 3
    found = hepatorenal_index(grey, liver, cortex)
    assert found is not None
    assert found[0] == pytest.approx(1.5, abs=0.05)


def test_organs_at_different_depths_are_not_compared() -> None:
    liver, cortex = organs(gap_rows=135)
    assert hepatorenal_index(speckled(90), liver, cortex) is None
