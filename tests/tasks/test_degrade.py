"""The model of degradation: the same seed spoils alike, and each harm does what it says."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.tasks.contract import Floats
from lingyin.tasks.degrade import HARMS, Degradation, Harm, draw, spoil, spoil_all


def picture(size: int = 64) -> Floats:
    return np.random.default_rng(3).uniform(0.2, 0.8, (size, size)).astype(np.float32)


@pytest.mark.parametrize("harm", HARMS)
def test_a_seed_decides_all(harm: Harm) -> None:
    clean = np.stack([picture()] * 2)
    once, again, other = (spoil_all(clean, harm, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    assert not np.array_equal(once[0], once[1])  # each has parameters of its own
    np.testing.assert_array_equal(spoil_all(clean[:1], harm, 5)[0], once[0])
    assert once.dtype == np.float32
    assert 0 <= once.min() <= once.max() <= 1
    np.testing.assert_array_equal(clean[0], picture())  # what was given is left alone


def test_speckle_grows_with_brightness() -> None:
    clean = np.full((128, 128), 0.1, np.float32)
    clean[:, 64:] = 0.4
    off = spoil(clean, Degradation("noise", speckle=0.2, seed=1)) - clean
    assert off[:, 64:].std() / off[:, :64].std() == pytest.approx(4, rel=0.1)
    assert off.std(axis=None, where=clean > 0.2) == pytest.approx(0.08, rel=0.1)


def test_blur_is_wider_across_the_beam() -> None:
    dot = np.zeros((65, 65), np.float32)
    dot[32, 32] = 1
    spread = spoil(dot, Degradation("blur", axial=1.0, lateral=2.5))
    place = np.arange(65) - 32.0
    assert spread.sum() == pytest.approx(1, abs=1e-4)
    assert np.sqrt((spread.sum(axis=1) * place**2).sum()) == pytest.approx(1.0, rel=0.05)
    assert np.sqrt((spread.sum(axis=0) * place**2).sum()) == pytest.approx(2.5, rel=0.05)


def test_low_resolution_keeps_the_mean_and_loses_the_fine() -> None:
    fine = np.indices((64, 64)).sum(axis=0) % 2 * np.float32(0.8)
    np.testing.assert_allclose(
        spoil(fine.astype(np.float32), Degradation("low_resolution", factor=4.0)), 0.4, atol=1e-5
    )


def test_a_shadow_begins_at_its_depth_within_its_wedge() -> None:
    clean = np.full((100, 100), 0.8, np.float32)
    dark = spoil(clean, Degradation("shadow", centre=0.5, half_width=0.1, depth=0.3, attenuation=2.0))
    np.testing.assert_array_equal(dark[:30], clean[:30])
    np.testing.assert_allclose(dark[:, :10], 0.8, atol=1e-4)
    assert dark[79, 50] == pytest.approx(0.8 * np.exp(-2.0 * (0.795 - 0.3) * 2), rel=1e-3)
    assert (np.diff(dark[30:, 50]) < 0).all()


def test_parameters_stay_in_their_ranges_and_others_neutral() -> None:
    for seed in range(50):
        shadow = draw("shadow", np.random.default_rng(seed))
        assert 0.25 <= shadow.centre <= 0.75
        assert 0.2 <= shadow.depth <= 0.5
        assert 2 <= draw("low_resolution", np.random.default_rng(seed)).factor <= 4
        noise = draw("noise", np.random.default_rng(seed))
        assert 0.2 <= noise.speckle <= 0.5
        assert (noise.axial, noise.lateral, noise.factor, noise.attenuation) == (0, 0, 1, 0)
