"""Comparison of thumbnails: likeness is a correlation, and the more hashes differ the more of it is needed."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.curate import verify
from lingyin.curate.hashes import SIDE, thumbnail
from lingyin.curate.verify import NEEDED, likeness, same_picture
from tests.curate.test_hashes import picture

NONE = np.zeros(6, np.int64)


@pytest.fixture(scope="module")
def thumbs() -> np.ndarray:
    return np.stack([thumbnail(picture(seed)) for seed in range(6)])


def test_likeness_is_one_with_itself_symmetric_and_bounded(thumbs: np.ndarray) -> None:
    floats = thumbs.astype(np.float32)
    assert likeness(floats, floats) == pytest.approx(1, abs=1e-3)
    there, back = likeness(floats, floats[::-1]), likeness(floats[::-1], floats)
    assert there == pytest.approx(back, abs=1e-5)
    assert np.abs(there).max() < NEEDED[0][1]


def test_black_thumbnails_share_no_tissue() -> None:
    black = np.zeros((2, SIDE, SIDE), np.float32)
    assert likeness(black, black).tolist() == [0, 0]


def test_more_bits_apart_more_likeness_is_needed(thumbs: np.ndarray) -> None:
    first = thumbs.astype(np.float32)
    rng = np.random.default_rng(3)
    noisy = np.clip(first + rng.normal(0, 40, first.shape), 0, 255).astype(np.uint8)
    alike = likeness(first, noisy.astype(np.float32))
    assert ((alike > 0.55) & (alike < 0.75)).all()  # enough for the nearest hashes alone
    assert same_picture(thumbs, noisy, np.full(6, 36)).all()
    assert not same_picture(thumbs, noisy, np.full(6, 37)).any()
    assert not same_picture(thumbs, noisy, np.full(6, 255)).any()


def test_limits_belong_to_the_lower_class() -> None:
    needed = verify._needed(np.array([0, 36, 37, 44, 45, 54, 55, 255]))
    assert needed == pytest.approx([0.5, 0.5, 0.8, 0.8, 0.86, 0.86, 0.9, 0.9])


def test_mirror_turns_the_first_over(thumbs: np.ndarray) -> None:
    turned = np.ascontiguousarray(thumbs[..., ::-1])
    assert same_picture(thumbs, turned, NONE, mirror=True).all()
    assert not same_picture(thumbs, turned, NONE).any()


def test_chunks_do_not_change_the_answer(thumbs: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    other = thumbs[[0, 2, 1, 3, 5, 4]]
    monkeypatch.setattr(verify, "_CHUNK", 4)
    assert same_picture(thumbs, other, NONE).tolist() == [True, False, False, True, False, False]


def test_stretch_takes_a_ramp_to_the_ramp_of_its_part() -> None:
    ramp = (np.arange(SIDE) + 0.5) / SIDE
    part = verify._stretch(0.25, 0.75)
    assert part.sum(axis=1) == pytest.approx(1)
    assert part @ ramp == pytest.approx(0.25 + 0.5 * ramp, abs=1e-5)
    assert verify._stretch(0, 1) == pytest.approx(np.eye(SIDE), abs=1e-5)
