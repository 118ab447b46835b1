"""Grey levels against surroundings whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.describe.echo import composition, content, echogenicity, pattern, surroundings
from lingyin.analyze.describe.patch import Grey
from lingyin.core.clip import Mask
from tests.analyze.describe.patches import ellipse, patch


def half_fluid(grey: Grey, lesion: Mask) -> None:
    columns = np.arange(grey.shape[1])[None]
    grey[lesion & (columns < 160)] = 6


def sponge(grey: Grey, lesion: Mask) -> None:
    rows, columns = np.indices(grey.shape)
    grey[lesion & (rows % 22 < 17) & (columns % 22 < 17)] = 5


def test_the_level_of_the_surroundings_is_found_beside_a_vessel() -> None:
    def vessel(grey: Grey, _lesion: Mask) -> None:
        grey[130:170, 222:300] = 4

    assert surroundings(patch(paint=vessel)) == pytest.approx(110, rel=0.04)


@pytest.mark.parametrize(
    ("level", "kinds", "echoes"),
    [
        (4, {"cystic"}, {"anechoic"}),
        (140, {"solid"}, {"iso_or_hyper"}),
        (110, {"solid"}, {"iso_or_hyper"}),
        (100, {"solid"}, {"hypo", "iso_or_hyper"}),
        (82, {"solid"}, {"hypo"}),
        (67, {"solid"}, {"hypo", "very_hypo"}),
    ],
)
def test_levels(level: float, kinds: set[str], echoes: set[str]) -> None:
    seen = patch(level=level)
    assert composition(seen).possible == kinds
    assert echogenicity(seen).possible == echoes


def test_between_fluid_and_tissue_both_stay_open() -> None:
    assert {"cystic", "solid"} <= composition(patch(level=42)).possible


def test_gain_moves_nothing() -> None:
    dark, bright = patch(level=40, around=55), patch(level=145, around=200)
    assert echogenicity(dark).possible == echogenicity(bright).possible == {"hypo"}


def test_half_fluid_is_mixed_and_its_echo_is_that_of_the_solid_half() -> None:
    seen = patch(level=110, paint=half_fluid)
    assert composition(seen).possible == {"mixed"}
    assert composition(seen).numbers["fluid_percent"] == pytest.approx(50, abs=6)
    assert echogenicity(seen).possible == {"iso_or_hyper"}
    assert pattern(seen).possible >= {"complex"}


def test_many_small_chambers_may_be_spongiform() -> None:
    assert "spongiform" in composition(patch(level=100, paint=sponge)).possible
    assert "spongiform" not in composition(patch(level=110, paint=half_fluid)).possible


def test_a_clear_cyst_is_anechoic_and_haze_stays_open() -> None:
    assert content(patch(level=4)).possible == {"anechoic"}
    assert content(patch(level=45)).possible == {"anechoic", "echoes"}
    assert content(patch(level=105)).possible == {"echoes"}


def test_without_surroundings_or_pixels_nothing_is_told() -> None:
    black = patch(level=3, around=2)
    assert surroundings(black) is None
    assert len(composition(black).possible) == 4
    tiny = patch(ellipse(5, 4))
    assert len(echogenicity(tiny).possible) == 4
    assert len(composition(tiny).possible) == 4
