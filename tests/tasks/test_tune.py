"""Tuning lowers the validation loss of the frozen head, or keeps that head as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.tasks.encoders import shape_of
from lingyin.tasks.features import make_bank
from lingyin.tasks.fit import FitSettings, Fold, fit
from lingyin.tasks.tune import Mode, TuneSettings, tune
from tests.tasks.problems import PROBLEMS, SIZE, blocks

SETTINGS = TuneSettings(
    steps=40, batch=16, encoder_rate=1e-3, adapter_rate=3e-3, head_rate=1e-3, decay=0.0, evaluate_every=10,
    patience=4, minutes=5.0,
)  # fmt: skip


def _folds(encoder: Vit) -> list[Fold]:
    problem, made = PROBLEMS["classify"], []
    for seed, count in enumerate((48, 24)):
        images, truth = blocks(count, seed)
        bank = make_bank(encoder, images, problem.task.needs)
        made.append(Fold(bank, [problem.label(block) for block in truth], np.arange(count).astype(str)))
    return made


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_tuning_lowers_the_loss(mode: Mode) -> None:
    torch.manual_seed(0)
    encoder = Vit(VitArchitecture(patch=16, dim=32, depth=1, heads=2, registers=0)).eval().requires_grad_(False)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    train, val = _folds(encoder)
    few = FitSettings(steps=20, batch=16, rate=3e-3, decays=(0.1,), evaluate_every=10, patience=2)
    start = fit(PROBLEMS["classify"].task, shape_of(encoder, SIZE), train, val, few)
    tuned = tune(start, encoder, mode, train, val, SETTINGS)
    assert tuned.fitted.loss < start.loss
    bank = make_bank(tuned.encoder, val.bank.images, start.task.needs)
    assert tuned.fitted.score(Fold(bank, val.labels, val.subjects)) == pytest.approx(tuned.fitted.metrics)
    assert set(tuned.encoder.state_dict()) == set(before)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_no_gain_keeps_the_frozen_head() -> None:
    torch.manual_seed(0)
    encoder = Vit(VitArchitecture(patch=16, dim=32, depth=1, heads=2, registers=0)).eval().requires_grad_(False)
    train, val = _folds(encoder)
    few = FitSettings(steps=20, batch=16, rate=3e-3, decays=(0.1,), evaluate_every=10, patience=2)
    start = fit(PROBLEMS["classify"].task, shape_of(encoder, SIZE), train, val, few)
    wild = TuneSettings(
        steps=2, batch=16, encoder_rate=10.0, adapter_rate=10.0, head_rate=10.0, decay=0.0, evaluate_every=1,
        patience=1, minutes=5.0,
    )  # fmt: skip
    tuned = tune(start, encoder, "full", train, val, wild)
    assert tuned.fitted.loss == pytest.approx(start.loss)
    kept = {name: value.half().float() for name, value in encoder.state_dict().items()}
    assert all(torch.equal(value, kept[name]) for name, value in tuned.encoder.state_dict().items())
