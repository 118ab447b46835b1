"""Details of classifying that the contract's tests do not reach: unknown labels, videos, calibration, rare classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.tasks.classify import Classify, by_video
from lingyin.tasks.conformal import conformal_quantile
from lingyin.tasks.fit import balanced
from lingyin.tasks.scores import calibration_error, class_scores, label_scores


def test_unknown_labels_are_refused_and_missing_ones_cost_nothing() -> None:
    with pytest.raises(ValueError, match="unknown labels c"):
        Classify(("a", "b")).target("c")
    task = Classify(("a", "b"), "several")
    assert np.isnan(task.target({"a": True})["target"][1])
    raw = torch.zeros(1, 2, requires_grad=True)
    task.loss(raw, {"target": torch.from_numpy(task.target({"a": True})["target"])[None]}).backward()
    assert raw.grad is not None
    assert raw.grad[0, 1] == 0
    assert raw.grad[0, 0] < 0


@pytest.mark.parametrize("labels", [("a",), ("a", "a")])
def test_labels_must_be_two_that_differ(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="2 or more and differ"):
        Classify(labels)


def test_a_video_is_judged_by_all_its_frames() -> None:
    frames = [np.array(row, np.float32) for row in ([0.55, 0.45], [0.1, 0.9], [0.5, 0.5], [0.9, 0.1])]
    names, joined = by_video(frames, ["v2", "v2", "v2", "v1"])
    assert names == ["v2", "v1"]
    assert joined[0].argmax() == 1
    np.testing.assert_allclose(joined[1], [0.9, 0.1], atol=1e-6)
    assert joined[0].sum() == pytest.approx(1)


def test_the_temperature_makes_loud_logits_honest() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4000)
    logits = np.where(np.eye(2)[truth] > 0, 1.0, 0.0) + rng.normal(0, 1, (4000, 2))
    loud = (5 * logits).astype(np.float32)
    task, labels = Classify(("a", "b")), [("a", "b")[int(at)] for at in truth]
    before = task.metrics(task.decode(loud), labels)["ece"]
    calibration = task.calibrate(loud[:2000], labels[:2000])
    after = task.metrics(task.decode(loud[2000:], calibration), labels[2000:])["ece"]
    assert before > 0.1
    assert after < 0.03
    sets = np.stack(task.decode(loud[2000:], calibration)) >= 1 - calibration["conformal"]
    held = sets[np.arange(2000), truth[2000:]].mean()
    assert 0.87 < held < 0.93


def test_conformal_quantile_is_the_right_order_statistic() -> None:
    assert conformal_quantile(np.arange(1.0, 20.0), 0.1) == 18.0
    assert conformal_quantile(np.array([3.0, 1.0]), 0.1) == 3.0
    with pytest.raises(ValueError, match="no scores"):
        conformal_quantile(np.zeros(0), 0.1)


def test_rare_strata_are_drawn_more_often_than_seen() -> None:
    chance = balanced(np.array([0] * 90 + [1] * 10))
    assert chance.sum() == pytest.approx(1)
    assert 0.1 < chance[90:].sum() < 0.5
    assert chance[90:].sum() == pytest.approx(0.25)


def test_scores_where_a_class_is_missing() -> None:
    probability = np.array([[0.8, 0.2], [0.6, 0.4]], np.float32)
    scores = class_scores(probability, np.array([0, 0]))
    assert np.isnan(scores["auroc"])
    assert scores["accuracy"] == 1.0
    assert calibration_error(probability, np.array([0, 0])) == pytest.approx(0.3)
    assert np.isnan(label_scores(probability, np.full((2, 2), np.nan, np.float32))["auroc"])
