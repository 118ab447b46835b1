"""The novelty score: low for what was seen, high for what was not, and the same after storing."""

import numpy as np
import pytest

from lingyin.runtime.novelty import fit_novelty, read_novelty


def vectors(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two groups in a plane of a 40-dimensional space."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 2, count)
    plane = np.random.default_rng(99).standard_normal((4, 40))
    inner = rng.standard_normal((count, 4)) + 6.0 * np.eye(4)[groups]
    return (inner @ plane + 0.05 * rng.standard_normal((count, 40))).astype(np.float32), groups


@pytest.fixture(scope="module")
def novelty():
    train, groups = vectors(800)
    return fit_novelty(train, groups, vectors(600, 1)[0], components=4)


def test_known_vectors_stay_under_one(novelty):
    assert (novelty(vectors(400, 2)[0]) > 1).mean() < 0.03


def test_far_within_the_space_and_off_the_space_are_both_novel(novelty):
    known = vectors(50, 3)[0]
    rng = np.random.default_rng(4)
    assert (novelty(known + 12 * (known - novelty.centre)) > 1).all()
    assert (novelty(known + rng.standard_normal(known.shape).astype(np.float32)) > 1).mean() > 0.9


def test_storing_keeps_the_scores(novelty):
    again = read_novelty(novelty.to_bytes())
    sample = vectors(30, 5)[0]
    np.testing.assert_allclose(again(sample), novelty(sample), rtol=1e-6)


def test_too_few_vectors_and_foreign_bytes_are_refused():
    train, groups = vectors(4)
    with pytest.raises(ValueError, match="too few"):
        fit_novelty(train, groups, train, components=8)
    with pytest.raises(ValueError, match=r"pickle|magic|allow"):
        read_novelty(b"these are no statistics")
