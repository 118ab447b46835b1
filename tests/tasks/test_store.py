"""Packing of samples into flat files: what is written is read again, bit for bit, and half a store is no store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lingyin.core.clip import Box
from lingyin.core.errors import InputError
from lingyin.tasks.store import EMPTY, UNKNOWN, Sample, open_store, write_store

HEADS = {"organ": ("liver", "kidney"), "size": ("small", "large")}
STRUCTURES = ("outer", "inner", "nerve")


def _sample(height: int, width: int, **changes: object) -> Sample:
    rng = np.random.default_rng((height, width))
    plain = Sample(
        picture=rng.integers(0, 256, (height, width)).astype(np.uint8),
        box=Box(0.5, 1.0, width - 0.25, float(height)),
        targets={"organ": "kidney"},
        masks={},
        source="made",
        split="train",
        subject=f"made/{height}",
        name=f"{height}x{width}",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_pictures_of_differing_sizes_come_back_with_their_own_box_labels_and_names(tmp_path: Path) -> None:
    samples = [
        _sample(5, 7),
        _sample(3, 2, targets={"size": "small"}, split="val"),
        _sample(6, 4, targets={"size": "large", "organ": "liver"}),
    ]
    assert write_store(tmp_path / "new" / "folder", iter(samples), HEADS, STRUCTURES) == 3
    store = open_store(tmp_path / "new" / "folder")
    assert len(store) == 3
    assert (store.heads, store.structures) == (HEADS, STRUCTURES)
    assert store.offset.tolist() == [0, 35, 41]
    assert store.target.tolist() == [[1, UNKNOWN], [UNKNOWN, 0], [0, 1]]
    assert store.split.tolist() == ["train", "val", "train"]
    assert store.name.tolist() == ["5x7", "3x2", "6x4"]
    for index, sample in enumerate(samples):
        np.testing.assert_array_equal(store.picture(index), sample.picture)
        assert store.sector(index) == sample.box


def test_overlapping_masks_are_kept_apart_and_unknown_differs_from_empty(tmp_path: Path) -> None:
    outer, inner = np.zeros((2, 6, 8), bool)
    outer[1:5, 1:7] = True
    inner[2:4, 3:8] = True  # reaches beyond `outer`
    samples = [
        _sample(6, 8, masks={"inner": inner, "outer": outer}),  # not in the order of the structures
        _sample(6, 8, masks={"outer": None, "nerve": np.zeros((6, 8), bool)}),
        _sample(6, 8),
    ]
    write_store(tmp_path, samples, HEADS, STRUCTURES)
    store = open_store(tmp_path)
    first = store.masks(0)
    assert set(first) == {0, 1}
    np.testing.assert_array_equal(first[0], outer * np.uint8(255))
    np.testing.assert_array_equal(first[1], inner * np.uint8(255))
    assert store.masks(1) == {0: None, 2: None}
    assert store.mask[1].tolist() == [EMPTY, UNKNOWN, EMPTY]
    assert store.masks(2) == {}


def test_eight_masks_fit_one_plane(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(8)]
    drawn = {name: np.random.default_rng(number).random((9, 5)) < 0.5 for number, name in enumerate(names)}
    write_store(tmp_path, [_sample(9, 5, masks=drawn)], HEADS, names)
    found = open_store(tmp_path).masks(0)
    for number, name in enumerate(names):
        np.testing.assert_array_equal(found[number], drawn[name] * np.uint8(255))


def test_an_interrupted_replacement_is_refused_and_a_later_one_is_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[Sample]:
        yield _sample(5, 7)
        raise RuntimeError("disk gone")

    write_store(tmp_path, [_sample(3, 2)], HEADS, STRUCTURES)
    with pytest.raises(RuntimeError, match="disk gone"):
        write_store(tmp_path, broken(), HEADS, STRUCTURES)
    with pytest.raises(InputError, match="holds no packed images") as caught:
        open_store(tmp_path)
    assert caught.value.path == str(tmp_path)
    write_store(tmp_path, [_sample(2, 2)], HEADS, STRUCTURES)
    assert open_store(tmp_path).shape.tolist() == [[2, 2]]
    assert len(open_store(tmp_path).pictures) == 4


def test_a_store_of_nothing_opens_empty(tmp_path: Path) -> None:
    assert write_store(tmp_path, [], HEADS, STRUCTURES) == 0
    store = open_store(tmp_path)
    assert len(store) == 0
    assert store.pictures.size == 0


@pytest.mark.parametrize("wrong", [{"targets": {"organ": "spleen"}}, {"masks": {"bone": None}}])
def test_a_label_or_structure_that_nobody_listed_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not in"):
        write_store(tmp_path, [_sample(3, 2, **wrong)], HEADS, STRUCTURES)
    assert not (tmp_path / "index.npz").exists()


def test_a_ninth_drawn_mask_is_refused_by_name_and_empty_ones_cost_no_bit(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(10)]
    drawn: dict[str, np.ndarray | None] = {name: np.ones((4, 3), bool) for name in names[:9]}
    with pytest.raises(InputError, match=r"made 4x3 has more than 8 drawn masks"):
        write_store(tmp_path / "nine", [_sample(4, 3, masks=drawn)], HEADS, names)
    assert not (tmp_path / "nine" / "index.npz").exists()
    write_store(tmp_path / "eight", [_sample(4, 3, masks=drawn | {"s0": None, "s9": None})], HEADS, names)
    found = open_store(tmp_path / "eight").masks(0)
    assert sorted(found) == list(range(10))
    assert [number for number, mask in found.items() if mask is None] == [0, 9]
    assert all(found[number].all() for number in range(1, 9))


def test_long_names_of_subjects_stay_apart(tmp_path: Path) -> None:
    subjects = ["s" * 200 + end for end in "ab"]
    write_store(tmp_path, [_sample(2, 2, subject=each, name=each, source=each) for each in subjects], HEADS, STRUCTURES)
    store = open_store(tmp_path)
    assert store.subject.tolist() == store.name.tolist() == store.source.tolist() == subjects
