"""Probing encoders: hand-counted scores, gains over the floor, and features kept where they are the floor's."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from lingyin.bench import probe as bench
from lingyin.bench.probe import FLOOR, LEVELS, _features, _gain, _score, measure
from lingyin.core.errors import UsageError
from lingyin.pretrain.probe import Answer, Extract, ProbeTask

TASK = ProbeTask("drawn label", "drawn", "label", True)
UNCLAIMED = ProbeTask("seen label", "drawn", "label", False)


def _answer(said: list[int], truth: list[int]) -> Answer:
    """Each picture its own subject, the label said with 0.8."""
    probabilities = np.where(np.arange(2) == np.array(said)[:, None], 0.8, 0.2).astype(np.float32)
    subjects = np.array([f"s{number}" for number in range(len(said))])
    return Answer(("a", "b"), probabilities, np.array(truth, np.int64), subjects)


def _draw(root: Path) -> Path:
    """Dark pictures are "a", bright ones "b"; two of one subject; one picture without a label; one of test."""
    folder = root / "drawn"
    (folder / "images").mkdir(parents=True)
    greys = [(20, "train", "a"), (30, "train", "a"), (200, "train", "b"), (220, "train", "b"), (90, "train", "")]
    greys += [(25, "val", "a"), (28, "val", "a"), (210, "val", "b"), (215, "val", "b"), (120, "test", "a")]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "subject", "split", "label"))
        for number, (grey, split, label) in enumerate(greys):
            writer.writerow((f"p{number}", f"s{number // 2}", split, label))
            cv2.imwrite(str(folder / "images" / f"p{number}.webp"), np.full((10, 14), grey, np.uint8))
    return folder


class _Fake:
    """Says the mean grey level, or nothing at all, and counts what it sees."""

    def __init__(self, sees: bool) -> None:
        self.sees, self.count, self.side = sees, 0, 0

    def __call__(self, images: Tensor) -> Tensor:
        self.count, self.side = self.count + len(images), images.shape[-1]
        return images.mean((2, 3)) if self.sees else torch.zeros(len(images), 1)


def _fakes() -> dict[str, tuple[Extract, int]]:
    return {FLOOR: (_Fake(False), 8), LEVELS: (_Fake(True), 8), "run": (_Fake(True), 12)}


def test_scores_hold_both_metrics_with_hand_counted_values() -> None:
    rows = _score(TASK, "mine", _answer([0, 0, 1, 0], [0, 0, 1, 1]), 7)
    assert [row["metric"] for row in rows] == ["macro-F1", "AUROC"]
    assert rows[0]["value"] == pytest.approx((4 / 5 + 2 / 3) / 2, abs=1e-4)
    assert rows[1]["value"] == 0.75  # of four pairs two in order, two tied
    for row in rows:
        assert row["low"] <= row["value"] <= row["high"]
        assert (row["n"], row["labels"], row["claimed"]) == (4, "7 train images, logistic probe", True)


def test_a_faultless_answer_has_no_width() -> None:
    for row in _score(TASK, "mine", _answer([0, 1, 0, 1], [0, 1, 0, 1]), 4):
        assert (row["low"], row["value"], row["high"]) == (1.0, 1.0, 1.0)


def test_the_gain_is_the_mean_over_claimed_probes_alone() -> None:
    good, half, truth = [0, 0, 1, 1], [0, 1, 1, 0], [0, 0, 1, 1]  # macro-F1 1 and 0.5
    scores = {
        FLOOR: [(TASK, _answer(half, truth)), (TASK, _answer(good, truth)), (UNCLAIMED, _answer(good, truth))],
        "mine": [(TASK, _answer(good, truth)), (TASK, _answer(half, truth)), (UNCLAIMED, _answer(half, truth))],
    }
    row = _gain("mine", scores)
    assert row["value"] == 0.25  # +100 % and -50 %
    assert row["labels"] == "better on 1 of 2"
    assert row["n"] == 2
    assert row["low"] < row["value"] < row["high"]
    assert _gain("mine", scores) == row


def test_the_floor_gains_nothing_on_itself_when_nothing_is_drawn() -> None:
    scores = {FLOOR: [(TASK, _answer([0, 0, 1, 1], [0, 0, 1, 1]))]}
    row = _gain(FLOOR, scores)
    assert (row["low"], row["value"], row["high"], row["labels"]) == (0.0, 0.0, 0.0, "better on 0 of 1")


def test_only_the_features_of_the_floor_are_kept(tmp_path: Path) -> None:
    folder, cache = _draw(tmp_path), tmp_path / "cache"
    table, first = _features(folder, _fakes(), "val", cache)
    assert table.names == tuple(f"p{number}" for number in range(9))
    assert sorted(path.name for path in cache.iterdir()) == ["floor-drawn-val.npy", "levels-drawn-val.npy"]
    fakes = {name: (_Fake(True), side) for name, (_, side) in _fakes().items()}
    _, again = _features(folder, {**fakes}, "val", cache)
    assert {name: (fake.count, fake.side) for name, (fake, _) in fakes.items()} == {
        **{FLOOR: (0, 0), LEVELS: (0, 0)},
        "run": (9, 12),
    }
    for name, values in first.items():
        np.testing.assert_array_equal(again[name], values)


def test_a_run_is_also_read_beside_the_floors_levels(tmp_path: Path) -> None:
    _, found = _features(_draw(tmp_path), _fakes(), "val", tmp_path / "cache")
    assert list(found) == [FLOOR, LEVELS, "run", f"run beside {LEVELS}"]
    np.testing.assert_array_equal(found[f"run beside {LEVELS}"], np.concatenate([found["run"], found[LEVELS]], 1))


def test_measuring_finds_the_encoder_that_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _draw(tmp_path)
    other = ProbeTask("elsewhere", "absent", "label", True)
    monkeypatch.setattr(bench, "data_root", lambda: tmp_path)
    monkeypatch.setattr(bench.probe, "load_probes", lambda: (TASK, other))
    rows = measure(_fakes(), "val", tmp_path / "cache", ["drawn label"])
    values = {row["method"]: row["value"] for row in rows if row["metric"] == "macro-F1"}
    assert values == {FLOOR: 0.3333, LEVELS: 1.0, "run": 1.0, f"run beside {LEVELS}": 1.0}  # one label for all: 2/3, 0
    gains = {row["method"]: row for row in rows if row["application"] == "all claimed probes"}
    assert set(gains) == {LEVELS, "run", f"run beside {LEVELS}"}
    assert gains["run"]["value"] == 2.0
    assert gains["run"]["labels"] == "better on 1 of 1"
    with pytest.raises(UsageError, match="there is no such data set"):
        measure(_fakes(), "val", tmp_path / "cache")


def test_without_data_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "data_root", lambda: None)
    with pytest.raises(UsageError, match="set LINGYIN_DATA"):
        measure({}, "val", tmp_path)
