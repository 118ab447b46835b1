"""How a fitted head is named in the manifest: codes of the tree for its labels, the organ, calibrated points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import UsageError
from lingyin.core.tree import Kind, load_tree
from lingyin.runtime.answers import LENGTH
from lingyin.runtime.manifest import Head
from lingyin.tasks.calibrate import operating_point
from lingyin.tasks.classify import Classify
from lingyin.tasks.detect import STRIDE as BOX_STRIDE
from lingyin.tasks.fit import Fitted
from lingyin.tasks.glance import Glance
from lingyin.tasks.landmark import STRIDE as POINT_STRIDE
from lingyin.tasks.own.gather import Gathered
from lingyin.tasks.own.naming import find_code, published_code
from lingyin.tasks.unseen import Unseen, ruling_out

DEFAULT_POINT = 0.5  # of a label without an operating point of its own
FEW = 3  # unseen pictures with and without a label under which it gets no operating point
FEW_SUBJECTS = 100  # of the train split, under which every finding carries a caveat
STRIDES = {"detect": BOX_STRIDE, "landmark": POINT_STRIDE}


class Asked(Protocol):
    """The part of a request that decides names."""

    @property
    def organ(self) -> str | None: ...
    @property
    def codes(self) -> Mapping[str, str] | None: ...
    @property
    def wanted(self) -> Any: ...


@dataclass(frozen=True)
class Described:
    """The head's `entry` in the manifest, what its labels were called by the user (`called`, in the same order), and
    whether reports can speak of it; `glance` is what the base network made of the pictures."""

    entry: Head
    called: tuple[str, ...]
    spoken: bool
    organ: str | None
    glance: Glance


def describe_head(
    data: Gathered, fitted: Fitted, seen: Glance, asked: Asked, unseen: Unseen, preferred: Sequence[str] = ()
) -> Described:
    """Names the head. What it says of `unseen` pictures gives its operating points and what it may rule out; codes that
    the base network speaks of are `preferred`.

    Raises:
        UsageError: the organ or a code that the user gave is not in the tree.
    """
    tree = load_tree()
    organ = asked.organ or seen.organ
    if organ is not None and (organ not in tree or tree[organ].kind is not Kind.ORGAN):
        raise UsageError(f"{organ!r} is no organ of the label tree; docs/reference/tree.md lists them")
    task = fitted.task
    called = _called(task)
    codes = [_code(label, data, organ, asked, preferred) for label in called]
    complete = None not in codes and len(set(codes)) == len(codes)
    labels = [str(code) for code in codes] if complete else [_slug(label, at) for at, label in enumerate(called)]
    spoken = complete and organ is not None and task.kind in {"classify", "segment", "describe"}
    kind: Literal["classify", "segment", "detect", "landmark", "measure", "enhance"]
    kind = "classify" if task.kind == "describe" else task.kind  # type: ignore[assignment]
    entry = Head(
        name=_name(data, asked),
        task=kind,
        mode="several" if task.kind == "describe" or getattr(task, "mode", "") == "several" else "exclusive",
        stride=STRIDES.get(task.kind, 1),
        unit=str(getattr(task, "unit", "")),
        labels=labels,
        organs=[organ] if spoken and organ is not None else [],
        temperature=fitted.calibration.get("temperature", 1.0),
        thresholds=_points(fitted, unseen, labels),
        rules_out=_limits(fitted, unseen, labels),
        calibration=_calibration(fitted),
        trained_on=[data.table.name],
        licences=["the user's own"],
        caveats=["few-training-subjects"] if _subjects(data) < FEW_SUBJECTS else [],
    )
    return Described(entry, called, spoken, organ, seen)


def _called(task: Any) -> tuple[str, ...]:
    spec = task.spec()
    for key in ("labels", "structures", "points", "codes"):
        if key in spec:
            return tuple(spec[key])
    return (str(spec.get("code") or spec.get("harm")),)


def _code(label: str, data: Gathered, organ: str | None, asked: Asked, preferred: Sequence[str]) -> str | None:
    tree = load_tree()
    given = (asked.codes or {}).get(label)
    if given is not None:
        if given not in tree:
            raise UsageError(
                f"{given!r} (for {label!r}) is no code of the label tree; docs/reference/tree.md lists them"
            )
        return given
    kind = data.task.kind
    if kind in {"landmark", "enhance", "measure"}:
        return label
    if kind == "classify" and asked.wanted.column:
        known = published_code(data.table, asked.wanted.column, label)
        if known is not None:
            return known
    for column in data.table.label_columns() if kind == "classify" else ():
        known = published_code(data.table, column, label)
        if known is not None:
            return known
    if kind in {"segment", "detect"}:
        return find_code(label, organ, kinds=(Kind.STRUCTURE,))
    return find_code(label, organ, preferred=preferred)


def _calibration(fitted: Fitted) -> dict[str, float]:
    found = {key: value for key, value in fitted.calibration.items() if key != "temperature"}
    return found | ({LENGTH: 1.0} if getattr(fitted.task, "length", False) else {})


def _subjects(data: Gathered) -> int:
    return len({each.subject for each in data.splits["train"]})


def _slug(label: str, at: int) -> str:
    """A plain name for a label that the tree does not have; never one of the tree's codes."""
    plain = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or f"label_{at}"
    return f"own_{plain}"


def _name(data: Gathered, asked: Asked) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", (asked.wanted.name or data.table.name).lower()).strip("_")
    return plain or "own"


def _points(fitted: Fitted, unseen: Unseen, labels: Sequence[str]) -> dict[str, float]:
    """Operating points of labels that the unseen pictures show often enough, with and without."""
    task = fitted.task
    if task.kind == "describe":
        return dict.fromkeys(labels, round(fitted.calibration.get("threshold", 0.5), 3))
    if task.kind != "classify":
        return {}
    probability, truth = _beside(fitted, unseen)
    points = {}
    for index, label in enumerate(labels):
        known = ~np.isnan(truth[:, index])
        yes = truth[known, index] == 1
        if FEW <= yes.sum() <= len(yes) - FEW:
            points[label] = round(operating_point(probability[known, index], yes), 3)
    return points


def _limits(fitted: Fitted, unseen: Unseen, labels: Sequence[str]) -> dict[str, float]:
    """The probability under which each of exclusive labels is absent: never over half its operating point, and lower
    where unseen pictures that show it were given less."""
    task = fitted.task
    if not isinstance(task, Classify) or task.mode == "several":
        return {}
    probability, truth = _beside(fitted, unseen)
    points = _points(fitted, unseen, labels)
    found = {}
    for index, label in enumerate(labels):
        limit = ruling_out(probability[:, index], truth[:, index] == 1)
        found[label] = round(min(limit, points.get(label, DEFAULT_POINT) / 2), 3)
    return found


def _beside(fitted: Fitted, unseen: Unseen) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Calibrated probabilities of unseen pictures and what is true, both `(N, K)`."""
    probability = np.stack(fitted.task.decode(unseen.raw, fitted.calibration))
    return probability, np.stack([fitted.task.target(label)["target"] for label in unseen.labels])
