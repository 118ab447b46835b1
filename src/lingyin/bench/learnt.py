"""What a fit learns, as one of the seven task kinds with the labels of a set's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lingyin.bench.applications import Fit
from lingyin.bench.rows import Indices, SetRows, labels_of
from lingyin.bench.squares import Squares
from lingyin.core.labels import dataset_labels
from lingyin.core.tree import load_tree
from lingyin.tasks.classify import Classify
from lingyin.tasks.contract import Task
from lingyin.tasks.degrade import spoil_all
from lingyin.tasks.describe import Describe
from lingyin.tasks.enhance import Enhance
from lingyin.tasks.measure import Measure
from lingyin.tasks.segment import Segment

SEED = 20240  # of the harms; one for all methods and runs


def make_task(rows: SetRows, wanted: Fit, train: Indices) -> Task[Any, Any]:
    """The task that a fit teaches; labels of a column are those that training holds."""
    if wanted.kind == "classify":
        return Classify(labels_of(rows, wanted, train), "ordinal" if wanted.labels else "exclusive")
    if wanted.kind == "facts":
        return Describe(fact_codes(wanted))
    if wanted.kind == "regress":
        return Measure(dataset_labels()[wanted.set].measurements[wanted.columns[0]])
    if wanted.kind == "masks":
        return Segment(tuple(structure_of(column) for column in wanted.columns))
    assert wanted.harm is not None, "a fit that restores names the harm"
    return Enhance(wanted.harm)


def structure_of(column: str) -> str:
    """Name of a mask column's structure within the benchmark."""
    return column.removeprefix("mask_")


def fact_codes(wanted: Fit) -> tuple[str, ...]:
    """Codes of the tree that the fit's columns can say, without what holds for every image of the set."""
    said = dataset_labels()[wanted.set]
    codes = {code for column in wanted.columns for labels in said.labels[column].values() for code in labels.yes}
    order = list(load_tree())
    return tuple(sorted(codes - said.base.yes, key=order.index))


def labels_for(rows: SetRows, wanted: Fit, at: Indices, squares: Squares) -> Sequence[Any]:
    """One label per image, on the square, in the form of the task's kind."""
    indices = at.tolist()
    if wanted.kind == "classify":
        return [rows.rows[index][wanted.columns[0]] for index in indices]
    if wanted.kind == "facts":
        return [rows.labels(index) for index in indices]
    if wanted.kind == "regress":
        return [float(rows.rows[index][wanted.columns[0]]) for index in indices]
    if wanted.kind == "restore":
        return [squares.images[index].astype(np.float32) / 255 for index in indices]
    task = Segment(tuple(structure_of(column) for column in wanted.columns))
    return [task.to_square(outlines(rows, wanted, i), squares.places[i], squares.size) for i in indices]


def spoilt(squares: Squares, wanted: Fit) -> Squares:
    """What the methods see: the squares, or for a fit that restores, the same spoilt, always alike."""
    if wanted.harm is None:
        return squares
    harmed = spoil_all(squares.images.astype(np.float32) / np.float32(255), wanted.harm, SEED)
    return Squares(np.round(harmed * 255).astype(np.uint8), squares.places)


def outlines(rows: SetRows, wanted: Fit, index: int) -> dict[str, Any]:
    """Masks of one picture by structure; None where known to be empty, absent where unknown."""
    masks = {structure_of(column): rows.mask(index, column) for column in wanted.columns}
    return {name: mask if mask.any() else None for name, mask in masks.items() if mask is not None}
