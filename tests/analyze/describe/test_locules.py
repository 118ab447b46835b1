"""Chambers and solid parts of cysts that were painted with them."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.locules import build, solid_part
from lingyin.analyze.describe.patch import Grey
from lingyin.core.clip import Mask
from tests.analyze.describe.patches import ellipse, patch


def septa(*columns: int, level: float = 120.0):  # type: ignore[no-untyped-def]
    def paint(grey: Grey, lesion: Mask) -> None:
        for column in columns:
            line = np.zeros_like(lesion)
            line[:, column - 4 : column + 5] = True
            grey[lesion & line] = level

    return paint


def lump(size: int):  # type: ignore[no-untyped-def]
    def paint(grey: Grey, lesion: Mask) -> None:
        rows, columns = np.indices(grey.shape)
        grey[lesion & (np.hypot(rows - 170, columns - 165) < size)] = 115

    return paint


@pytest.mark.parametrize(
    ("columns", "chambers"), [((), "unilocular"), ((160,), "bilocular"), ((135, 185), "multilocular")]
)
def test_chambers_are_counted(columns: tuple[int, ...], chambers: str) -> None:
    seen = patch(ellipse(75, 60), level=5, paint=septa(*columns))
    assert build(seen).possible == {chambers}


def test_a_faint_septum_leaves_both_open() -> None:
    seen = patch(ellipse(75, 60), level=5, paint=septa(160, level=24))
    assert build(seen).possible == {"unilocular", "bilocular"}


def test_bright_tissue_is_solid_and_dark_tissue_may_be_fluid_with_echoes() -> None:
    assert build(patch(level=112)).possible == {"solid"}
    assert build(patch(level=75)).possible == {"solid", "unilocular"}


def test_a_clear_cyst_has_no_solid_part() -> None:
    assert solid_part(patch(ellipse(75, 60), level=5)).possible == {"none"}
    assert solid_part(patch(ellipse(75, 60), level=5, paint=septa(160))).possible == {"none"}


def test_a_lump_in_clear_fluid_is_a_solid_part() -> None:
    assert solid_part(patch(ellipse(75, 60), level=5, paint=lump(26))).possible == {"some", "four_projections"}


def test_echoes_without_clear_fluid_beside_them_settle_nothing() -> None:
    assert solid_part(patch(ellipse(75, 60), level=95)).possible == {"none", "some", "four_projections"}
