"""Every task kind keeps the contract: it learns, beats what can be said without looking, and survives the disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from lingyin.core.errors import ModelError, UsageError
from lingyin.tasks.contract import Shape, stack
from lingyin.tasks.encoders import shape_of
from lingyin.tasks.fit import Fitted, Fold, batch_of, fit, raw_outputs
from lingyin.tasks.registry import KINDS, from_spec
from lingyin.tasks.saved import load_fitted, save_fitted
from tests.tasks.problems import PROBLEMS, SIZE, FixedEncoder, Problem, folds


@dataclass(frozen=True)
class Learnt:
    problem: Problem
    train: Fold
    val: Fold
    test: Fold
    shape: Shape
    fitted: Fitted


@pytest.fixture(scope="module", params=sorted(PROBLEMS))
def learnt(request: pytest.FixtureRequest) -> Learnt:
    problem, encoder = PROBLEMS[request.param], FixedEncoder()
    train, val, test = folds(problem, encoder)
    shape = shape_of(encoder, SIZE)
    return Learnt(problem, train, val, test, shape, fit(problem.task, shape, train, val, problem.settings))


def test_every_kind_has_a_problem() -> None:
    assert {problem.task.kind for problem in PROBLEMS.values()} == set(KINDS)


def test_validation_loss_falls(learnt: Learnt) -> None:
    task = learnt.problem.task
    torch.manual_seed(0)
    fresh = task.head(learnt.shape)
    task.prime(fresh, stack([task.target(label) for label in learnt.train.labels]), learnt.train.bank.cls)
    target = batch_of(stack([task.target(label) for label in learnt.val.labels]), np.arange(len(learnt.val.labels)))
    before = float(task.loss(torch.from_numpy(raw_outputs(fresh, learnt.val.bank)), target))
    after = float(task.loss(torch.from_numpy(learnt.fitted.raw(learnt.val.bank)), target))
    assert after < before
    assert learnt.fitted.history[-1]["train"] < learnt.fitted.history[0]["train"]


def test_beats_what_can_be_said_without_looking(learnt: Learnt) -> None:
    task = learnt.problem.task
    images = learnt.test.bank.images.astype(np.float32) / 255
    trivial = task.metrics(task.baseline(learnt.train.labels, images), learnt.test.labels)[task.chooses_by]
    scores = learnt.fitted.score(learnt.test)
    assert all(isinstance(value, float) for value in scores.values())
    ours = scores[task.chooses_by]
    trivial = 0.0 if np.isnan(trivial) else trivial  # a constant answer has no rank correlation
    assert (ours > trivial) if task.higher_is_better else (ours < trivial)


def test_one_prediction_per_image(learnt: Learnt) -> None:
    assert len(learnt.fitted.predict(learnt.test.bank)) == len(learnt.test.labels)


def test_is_the_same_after_the_disk(learnt: Learnt, tmp_path: Path) -> None:
    path = tmp_path / "head.safetensors"
    save_fitted(path, learnt.fitted)
    again = load_fitted(path)
    assert again.task == learnt.problem.task
    assert again.calibration == learnt.fitted.calibration
    np.testing.assert_array_equal(again.raw(learnt.test.bank), learnt.fitted.raw(learnt.test.bank))
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="fit it again"):
        load_fitted(path)


def test_settings_are_json(learnt: Learnt) -> None:
    task = learnt.problem.task
    assert from_spec(task.kind, json.loads(json.dumps(task.spec()))) == task


def test_strata_are_one_number_per_label(learnt: Learnt) -> None:
    strata = learnt.problem.task.strata(learnt.train.labels)
    assert strata.shape == (len(learnt.train.labels),)
    assert strata.dtype == np.int64


def test_head_reads_an_encoder_of_one_resolution(learnt: Learnt) -> None:
    shape = Shape(dim=64, level_channels=(12,), strides=(16,), size=SIZE)
    head = learnt.problem.task.head(shape)
    inputs = learnt.test.bank.inputs([0, 1])
    grid = torch.zeros(2, 12, SIZE // 16, SIZE // 16)
    raw = head(type(inputs)(inputs.cls, (grid,), inputs.images))
    assert raw.shape[1:] == learnt.fitted.raw(learnt.test.bank.take([0])).shape[1:]


def test_unknown_kind_is_named() -> None:
    with pytest.raises(UsageError, match="no task kind 'guess'"):
        from_spec("guess", {})
