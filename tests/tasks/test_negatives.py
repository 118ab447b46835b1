"""Pictures of no organ: seeded one by one, of no known structure, and made without the packages that may be missing."""

from __future__ import annotations

import sys

import numpy as np
import pydicom.data
import pytest

from lingyin.core.clip import Box
from lingyin.tasks import negatives
from lingyin.tasks.negatives import SIDE, make_negatives


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with neither photographs nor slices."""
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setattr(pydicom.data, "get_testdata_file", lambda name, download: None)


def test_a_bare_installation_still_makes_every_drawn_kind(bare: None) -> None:
    assert negatives._photographs() == []
    assert negatives._slices() == []
    samples = list(make_negatives(10, 5, "val"))
    assert [sample.name for sample in samples] == [f"negative_5_{number:05d}" for number in range(10)]
    assert len({sample.subject for sample in samples}) == 10
    for sample in samples:
        height, width = sample.picture.shape
        assert sample.picture.dtype == np.uint8
        assert SIDE // 2 <= min(height, width) <= max(height, width) < SIDE
        assert sample.box == Box(0, 0, width, height)
        assert (sample.targets, sample.masks) == ({"organ": "none"}, {})
        assert (sample.source, sample.split) == ("negatives", "val")


def test_a_picture_depends_on_seed_and_number_but_not_on_how_many_are_made(bare: None) -> None:
    few, many, other = list(make_negatives(5, 1)), list(make_negatives(10, 1)), list(make_negatives(5, 2))
    for first, second, third in zip(few, many, other, strict=False):
        np.testing.assert_array_equal(first.picture, second.picture)
        assert not np.array_equal(first.picture, third.picture)
        assert first.subject != third.subject
    assert list(make_negatives(0, 1)) == []


def test_a_crop_is_a_turned_part_of_the_picture_or_its_negative() -> None:
    source = np.arange(12 * 20, dtype=np.uint8).reshape(12, 20)  # smaller than the least crop: comes whole
    turns = [np.rot90(source, turn) for turn in range(4)]
    wanted = {np.ascontiguousarray(view).tobytes() for turn in turns for view in (turn, 255 - turn)}
    found = {negatives._crop([source], np.random.default_rng(seed)).tobytes() for seed in range(120)}
    assert found == wanted


def test_crops_of_large_pictures_are_shrunk_and_keep_their_shape() -> None:
    source = np.full((900, 1800), 80, np.uint8)
    for seed in range(20):
        crop = negatives._crop([source], np.random.default_rng(seed))
        assert max(crop.shape) == 352
        assert max(crop.shape) / min(crop.shape) == pytest.approx(2, rel=0.02)
        assert set(np.unique(crop)) <= {80, 175}
        assert crop.flags.c_contiguous


def test_slices_are_stretched_to_the_whole_range_of_grey() -> None:
    found = negatives._slices()
    assert found  # pydicom ships them
    for picture in found:
        assert (picture.ndim, picture.dtype) == (2, np.uint8)
        assert (picture.min(), picture.max()) == (0, 255)
