"""Teaching: which pictures are learnt from, whole networks dressed as heads, and what marks a cell."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lingyin.bench import teach
from lingyin.bench.applications import Fit
from lingyin.bench.methods import Chosen, Method
from lingyin.bench.rows import SetRows
from lingyin.bench.teach import Workshop, splits_for
from lingyin.bench.whole import GAIN, GAMMA, PictureBank, UnetHead, WholeHead, changed
from lingyin.core.errors import InputError, UsageError
from lingyin.nets.contract import Features
from lingyin.tasks.contract import Head, Inputs, Needs, Shape

FIT = Fit(set="drawn", kind="classify", columns=("label",))


def _rows(*parts: tuple[str, int, str]) -> SetRows:
    """Subjects with two pictures each: of a split, so many, all of a label."""
    rows = [
        {"id": f"{split}{label}{number}{side}", "subject": f"{split}{label}{number}", "split": split, "label": label}
        for split, count, label in parts
        for number in range(count)
        for side in "lr"
    ]
    return SetRows(Path("drawn"), cast("Any", None), tuple(rows))


def test_published_splits_stay_and_unlabelled_pictures_are_left_out() -> None:
    rows = _rows(("train", 2, "a"), ("train", 1, ""), ("val", 1, "a"), ("test", 1, "a"), ("test", 1, ""))
    found = splits_for(rows, FIT, 100, 0)
    assert [part.tolist() for part in (found.train, found.val, found.test)] == [[0, 1, 2, 3], [6, 7], [8, 9]]


def test_a_budget_thins_out_train_alone_and_whole_subjects_of_every_label() -> None:
    rows = _rows(("train", 10, "a"), ("train", 1, "b"), ("val", 3, "a"), ("test", 3, "a"))
    whole, tenth = splits_for(rows, FIT, 100, 5), splits_for(rows, FIT, 10, 5)
    assert (len(tenth.train), len(tenth.val), len(tenth.test)) == (4, 6, 6)
    assert set(tenth.train) < set(whole.train)
    assert {rows.rows[at]["label"] for at in tenth.train} == {"a", "b"}
    assert len(set(rows.subjects[tenth.train].tolist())) == 2


def test_a_fifth_of_the_training_subjects_stands_for_a_missing_val() -> None:
    rows = _rows(("train", 10, "a"), ("test", 2, "a"))
    found = [splits_for(rows, FIT, percent, seed) for percent, seed in ((100, 0), (100, 1), (50, 0))]
    assert [len(each.val) for each in found] == [4, 4, 4]
    assert [len(each.train) for each in found] == [16, 16, 8]
    assert found[0].val.tolist() == found[1].val.tolist() == found[2].val.tolist()  # whatever the seed
    for each in found:
        assert not set(rows.subjects[each.train]) & set(rows.subjects[each.val])


@pytest.mark.parametrize("split", ["train", "test"])
def test_nothing_to_learn_from_or_to_ask_about_is_an_error(split: str) -> None:
    rows = _rows((split, 2, "a"), ("val", 1, "a"))
    with pytest.raises(InputError, match="holds no usable image for drawn-classify-label"):
        splits_for(rows, FIT, 100, 0)


def test_an_encoder_is_loaded_once_and_every_setting_marks_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(teach, "load_peer", lambda method, _: loaded.append(method.encoder))
    monkeypatch.setattr(teach, "freeze", lambda name, _, size: SimpleNamespace(mark=f"{name}{size}"))
    mine, other = (Chosen(name, Method(title=name, kind="frozen", encoder=name)) for name in ("one", "two"))
    shop = Workshop(Path("cache"), 32, quick=True)
    marks = {shop.mark(mine), shop.mark(mine), shop.mark(other)}
    assert len(marks) == 2
    assert loaded == ["one", "two"]
    marks |= {Workshop(Path("cache"), 64, quick=True).mark(mine), Workshop(Path("cache"), 32, quick=False).mark(mine)}
    assert len(marks) == 4


class _Encoder(nn.Module):
    """Two maps at strides 2 and 4."""

    dim, level_channels = 1, (1, 1)

    def forward(self, images: Tensor) -> Features:
        levels = tuple(nn.functional.avg_pool2d(images[:, :1], s) for s in (2, 4))
        return Features(images.mean((1, 2, 3))[:, None], levels[-1].permute(0, 2, 3, 1), levels)


class _Finest(Head):
    """Gives the finest map back and keeps the shape that it was promised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, inputs: Inputs) -> Tensor:
        assert tuple(level.shape[1] for level in inputs.levels) == self.shape.level_channels
        return inputs.levels[0]


def test_a_whole_head_looks_at_its_own_size_and_answers_at_the_squares() -> None:
    head = WholeHead(cast("Any", _Encoder()), _Finest, 16, 32, maps=True).eval()
    assert head.head.shape == Shape(1, (1, 1), (2, 4), 16)
    images = torch.full((2, 1, 32, 32), 0.5)
    raw = head(Inputs(torch.zeros(2, 1), (), images))
    assert raw.shape == (2, 1, 16, 16)  # half of the square's side, as from a map at stride 2
    torch.testing.assert_close(raw, torch.full_like(raw, 0.5))


def test_pictures_change_only_where_chance_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    images = torch.tensor([0.0, 0.25, 1.0, 1.5]).view(1, 1, 2, 2)
    monkeypatch.setattr(torch, "rand", lambda shape: torch.full(shape, 0.5))
    torch.testing.assert_close(changed(images), images.clamp(0, 1))
    monkeypatch.setattr(torch, "rand", torch.zeros)
    want = (images.clamp(0, 1) ** float(np.exp(-GAMMA))) * (1 - GAIN)
    torch.testing.assert_close(changed(images), want)
    monkeypatch.setattr(torch, "rand", torch.ones)
    assert changed(images).flatten()[[0, 2]].tolist() == [0.0, 1.0]  # too bright is cut off


def test_a_bank_of_pictures_keeps_them_whatever_a_head_needs() -> None:
    images = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 4, 4)
    bank = PictureBank.of(images).take([2, 0])
    assert bank.for_heads(Needs.POOLED) is bank
    assert bank.images.tolist() == images[[2, 0]].tolist()
    assert bank.cls.shape == (2, 1)


def test_a_unet_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "monai.networks.nets", None)
    with pytest.raises(UsageError, match=r"pip install 'lingyin\[bench\]'"):
        UnetHead(1, 32, 32, restores=False)
