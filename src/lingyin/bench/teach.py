"""Teaching one fit by one method with one label budget: the pictures and labels in, a cell's arrays out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from lingyin.bench.applications import Fit
from lingyin.bench.cells import Cell, short_mark
from lingyin.bench.filters import filtered
from lingyin.bench.frozen import Frozen, cached_bank, freeze, seeing_shape
from lingyin.bench.learnt import labels_for, make_task, spoilt
from lingyin.bench.methods import Chosen, learning
from lingyin.bench.peers import load_peer
from lingyin.bench.rows import Indices, SetRows, label_budget, usable
from lingyin.bench.squares import Progress, Squares
from lingyin.bench.whole import PictureBank, UnetTask, WholeTask, imagenet_encoder, random_encoder
from lingyin.core.errors import InputError
from lingyin.tasks.contract import Needs, Shape, Task
from lingyin.tasks.features import Bank
from lingyin.tasks.fit import Fold, fit

VAL_SHARE = 20  # per cent of the subjects taken for val where the published split has none


@dataclass
class Workshop:
    """What all cells of a run share: where things are kept, the size of squares, encoders that were loaded."""

    cache: Path
    size: int
    quick: bool
    say: Progress = lambda _: None
    encoders: dict[str, Frozen] = field(default_factory=dict)

    def frozen(self, chosen: Chosen) -> Frozen:
        """The encoder of a frozen method, loaded once. Raises UsageError and ModelError."""
        if chosen.name not in self.encoders:
            encoder = load_peer(chosen.method, chosen.path)
            self.encoders[chosen.name] = freeze(chosen.name, encoder, self.size)
        return self.encoders[chosen.name]

    def mark(self, chosen: Chosen) -> str:
        """A short hash of weights and settings: a cell with another mark is another cell."""
        method = chosen.method
        settings = [learning(method, needs, 0, quick=self.quick) for needs in Needs] if method.kind != "filter" else []
        weights = self.frozen(chosen).mark if method.kind == "frozen" else method.encoder
        return short_mark(method.kind, weights, self.size, *map(str, settings))


@dataclass(frozen=True)
class Splits:
    """Images of train (after the budget), val and test, as places in the set's rows."""

    train: Indices
    val: Indices
    test: Indices


def splits_for(rows: SetRows, wanted: Fit, percent: int, seed: int) -> Splits:
    """The published splits; where val holds nothing usable, some training subjects stand for it.

    Raises:
        InputError: train or test holds no usable image.
    """
    train, val, test = (usable(rows, wanted, split) for split in ("train", "val", "test"))
    if not len(train) or not len(test):
        raise InputError(rows.folder, f"holds no usable image for {wanted.key}", "make the set again")
    if not len(val):
        val = label_budget(rows, wanted, train, VAL_SHARE, seed=0)
        train = np.setdiff1d(train, val)
    return Splits(label_budget(rows, wanted, train, percent, seed), val, test)


def teach(
    workshop: Workshop, rows: SetRows, squares: Squares, wanted: Fit, chosen: Chosen, percent: int, seed: int
) -> Cell:
    """Teaches and asks: raw answers on val and test, calibrated by what val taught, with how they came about.

    Raises:
        UsageError, ModelError: the method's weights or packages are not there.
    """
    parts = splits_for(rows, wanted, percent, seed)
    cell = teach_on(workshop, rows, squares, wanted, chosen, parts, seed)
    return Cell(cell.arrays, {**cell.meta, "percent": percent})


def teach_on(
    workshop: Workshop, rows: SetRows, squares: Squares, wanted: Fit, chosen: Chosen, parts: Splits, seed: int
) -> Cell:
    """The same on given parts. Where val is train itself, nothing is chosen: the middle strength of weight decay, and
    all steps."""
    began = time.monotonic()
    task = make_task(rows, wanted, parts.train)
    seen = spoilt(squares, wanted)
    if chosen.method.kind == "filter":
        answers = {
            "val": filtered(chosen.name, seen.images[parts.val]),
            "test": filtered(chosen.name, seen.images[parts.test]),
        }
        found = None
    else:
        settings, pixels = learning(chosen.method, task.needs, seed, quick=workshop.quick)
        if np.array_equal(parts.val, parts.train):
            settings = replace(settings, decays=(settings.decays[len(settings.decays) // 2],), patience=settings.steps)
        bank, shape = _bank(workshop, rows, wanted, seen, chosen, task.needs)
        train, val = (
            Fold(bank.take(at), labels_for(rows, wanted, at, squares), rows.subjects[at])
            for at in (parts.train, parts.val)
        )
        found = fit(_dressed(task, chosen, pixels, train), shape, train, val, settings)
        answers = {name: found.raw(bank.take(getattr(parts, name))) for name in ("val", "test")}
    arrays = {f"raw_{name}": raw.astype(np.float16 if raw.ndim > 2 else np.float32) for name, raw in answers.items()}
    meta = {
        "kind": task.kind,
        "spec": task.spec(),
        "calibration": found.calibration if found else {},
        "train_images": len(parts.train),
        "train_subjects": len(set(rows.subjects[parts.train].tolist())),
        "steps": int(found.history[-1]["step"]) if found and found.history else 0,
        "decay": found.decay if found else 0.0,
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
    }
    return Cell({**arrays, "val": parts.val, "test": parts.test}, meta)


def _bank(
    workshop: Workshop, rows: SetRows, wanted: Fit, seen: Squares, chosen: Chosen, needs: Needs
) -> tuple[Bank, Shape]:
    if chosen.method.kind == "frozen":
        frozen = workshop.frozen(chosen)
        name = rows.table.name + (f"-{wanted.harm}" if wanted.harm else "")
        bank = cached_bank(frozen, name, seen, needs, workshop.cache, workshop.say)
        return bank, seeing_shape(frozen.shape)
    return PictureBank.of(seen.images), Shape(1, (), (), seen.size)


def _dressed(task: Task[Any, Any], chosen: Chosen, pixels: int, train: Fold) -> Task[Any, Any]:
    if chosen.method.kind == "frozen":
        return task
    images = train.bank.images.astype(np.float32) / np.float32(255)
    kind = UnetTask if chosen.method.kind == "unet" else WholeTask
    encoder = imagenet_encoder if chosen.method.encoder == "imagenet" else random_encoder
    return cast("Task[Any, Any]", kind(task, encoder, pixels, images))
