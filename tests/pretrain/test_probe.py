"""The linear probe on features whose answer is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lingyin.core.errors import UsageError
from lingyin.pretrain.probe import Rows, features_of, fit_probe, load_probes, read_rows


def rows(labels: list[str], splits: list[str]) -> Rows:
    names = tuple(f"i{index}" for index in range(len(labels)))
    cells = tuple({"kind": label} for label in labels)
    return Rows(names, np.array([f"p{name}" for name in names]), np.array(splits), cells)


def test_it_learns_from_train_only_and_leaves_empty_cells_out() -> None:
    """The test images carry the opposite rule; a probe that saw them could not answer by that of train."""
    labels = ["b", "a"] * 10 + ["a", "b", "", "a"]
    known = rows(labels, ["train"] * 20 + ["test"] * 4)
    side = np.array([1.0, -1.0] * 10 + [1.0, -1.0, 1.0, -1.0], np.float32)
    answer = fit_probe(np.stack([side, np.zeros_like(side)], 1), known, "kind", "test", strength=1.0)
    assert answer.labels == ("a", "b")
    assert answer.truth.tolist() == [0, 1, 0]
    assert answer.subjects.tolist() == ["pi20", "pi21", "pi23"]
    assert answer.probabilities.argmax(1).tolist() == [1, 0, 0]
    np.testing.assert_allclose(answer.probabilities.sum(1), 1, atol=1e-6)


def test_features_are_standardised_so_that_their_unit_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    known = rows(["a", "b"] * 20, ["train"] * 30 + ["val"] * 10)
    features = rng.normal(size=(40, 3)).astype(np.float32)
    features[::2, 0] += 1
    one, other = (fit_probe(features * unit, known, "kind", "val").probabilities for unit in (1.0, 1000.0))
    np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("labels", [["a", "a", "a"], ["a", "b", ""], ["", "", "a"]])
def test_too_few_labels_are_told(labels: list[str]) -> None:
    with pytest.raises(UsageError, match="too few labelled"):
        fit_probe(np.zeros((3, 2), np.float32), rows(labels, ["train", "train", "test"]), "kind", "test")


def test_rows_keep_their_splits_and_an_absent_set_is_told(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,subject,split,kind\n1,p,train,a\n2,q,val,b\n3,r,test,\n", "utf-8")
    kept = read_rows(tmp_path, ("train", "test"))
    assert (kept.names, kept.subjects.tolist(), kept.splits.tolist()) == (("1", "3"), ["p", "r"], ["train", "test"])
    with pytest.raises(UsageError, match="LINGYIN_DATA"):
        read_rows(tmp_path / "absent", ("train",))


def test_features_keep_the_order_over_batches_and_stretch_each_picture(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for index in range(35):  # more than one batch, of two shapes
        grey = np.full((20, 30) if index % 2 else (40, 12), 7 * index, np.uint8)
        cv2.imwrite(str(tmp_path / "images" / f"{index}.webp"), grey, [cv2.IMWRITE_WEBP_QUALITY, 101])
    seen: list[tuple[int, ...]] = []

    def mean(batch: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(batch.shape))
        return batch.mean((2, 3))

    features = features_of(tmp_path, tuple(str(index) for index in range(35)), mean, 16)
    np.testing.assert_allclose(features[:, 0] * 255, 7 * np.arange(35), atol=1)
    assert seen == [(32, 1, 16, 16), (3, 1, 16, 16)]


def test_the_shipped_probes_are_of_one_name_each() -> None:
    tasks = load_probes()
    assert len({task.name for task in tasks}) == len(tasks) > 1
    assert {task.claimed for task in tasks} == {True, False}
