"""From a cell's raw answers to the score sheet of an application: decoded on the picture and held against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.applications import Application
from lingyin.bench.calibration import interval_width
from lingyin.bench.cells import Cell
from lingyin.bench.learnt import labels_for, outlines, spoilt
from lingyin.bench.outlines import (
    area_change,
    band_thickness,
    ellipse_circumference,
    ellipse_errors,
    fit_ellipse,
)
from lingyin.bench.overlap import boxes_of, match_boxes, scored_boxes
from lingyin.bench.rows import Indices, SetRows
from lingyin.bench.sheets import Sheet
from lingyin.bench.squares import Squares
from lingyin.tasks.calibrate import operating_point
from lingyin.tasks.contract import Floats, Task
from lingyin.tasks.registry import from_spec
from lingyin.tasks.surfaces import dice, surface_dice

TOLERANCE_SHARE = 0.01  # of the picture's longer side, for the agreement of outlines
EVEN = 0.5


@dataclass(frozen=True)
class Judged:
    """All that judging one application of one cell needs."""

    application: Application
    cell: Cell
    rows: SetRows
    squares: Squares

    @cached_property
    def task(self) -> Task[Any, Any]:
        return from_spec(str(self.cell.meta["kind"]), self.cell.meta["spec"])

    def at(self, split: str) -> Indices:
        return np.asarray(self.cell.arrays[split], np.int64)

    def predictions(self, split: str, calibrated: bool = True) -> list[Any]:
        """Decoded on the square."""
        raw = np.asarray(self.cell.arrays[f"raw_{split}"], np.float32)
        return self.task.decode(raw, self.cell.meta["calibration"] if calibrated else None)

    def maps(self, split: str) -> list[Floats]:
        """Probability maps `(K, H, W)` on the pictures."""
        places = [self.squares.places[index] for index in self.at(split).tolist()]
        return [self.task.to_frame(each, place) for each, place in zip(self.predictions(split), places, strict=True)]

    def truth(self, index: int) -> list[NDArray[np.bool_] | None]:
        """Masks `(H, W)` of each structure; all False where known to be empty, None where unknown."""
        drawn = outlines(self.rows, self.application.learnt, index)
        empty = np.zeros((self.squares.places[index].height, self.squares.places[index].width), np.bool_)
        names = self.task.spec()["structures"]
        return [None if name not in drawn else empty if drawn[name] is None else drawn[name] for name in names]

    def sheet(self, at: Indices, columns: dict[str, NDArray[Any]], **facts: float) -> Sheet:
        return Sheet(self.application.task, self.rows.subjects[at], self.rows.names[at], columns, facts)


def judge(application: Application, cell: Cell, rows: SetRows, squares: Squares) -> Sheet:
    """The score sheet of one application from the cell of its fit."""
    return _JUDGES[application.task](Judged(application, cell, rows, squares))


def _classify(judged: Judged) -> Sheet:
    application, labels = judged.application, list(judged.task.spec()["labels"])
    kept: dict[str, dict[str, NDArray[Any]]] = {}
    for split in ("val", "test"):
        at = judged.at(split)
        values = [judged.rows.rows[index][application.columns[0]] for index in at.tolist()]
        known = np.array([value in labels for value in values], np.bool_)
        kept[split] = {
            "at": at[known],
            "probability": np.stack(judged.predictions(split))[known],
            "raw": np.stack(judged.predictions(split, calibrated=False))[known],
            "truth": np.array([labels.index(value) for value in values if value in labels], np.int64),
        }
    facts = {"ordinal": float(bool(application.ordinal)), "vote": float(application.vote)}
    if "conformal" in judged.cell.meta["calibration"]:
        facts["conformal"] = float(judged.cell.meta["calibration"]["conformal"])
    columns = {name: kept["test"][name] for name in ("probability", "raw", "truth")}
    if application.positive:
        numbers = [labels.index(label) for label in application.positive if label in labels]
        for part in kept.values():
            part["score"] = part["probability"][:, numbers].sum(axis=1)
            part["positive"] = np.isin(part["truth"], numbers)
        val = kept["val"]
        both = 0 < int(val["positive"].sum()) < len(val["positive"])
        facts["threshold"] = operating_point(val["score"], val["positive"]) if both else EVEN
        columns |= {name: kept["test"][name] for name in ("score", "positive")}
    return judged.sheet(kept["test"]["at"], columns, **facts)


def _segment(judged: Judged) -> Sheet:
    at = judged.at("test")
    shape = (len(at), len(judged.task.spec()["structures"]))
    overlap, surface, false = (np.full(shape, np.nan) for _ in range(3))
    for place, (index, maps) in enumerate(zip(at.tolist(), judged.maps("test"), strict=True)):
        for number, truth in enumerate(judged.truth(index)):
            drawn = maps[number] >= EVEN
            if truth is None:
                continue
            if not truth.any():
                false[place, number] = float(drawn.any())
                continue
            overlap[place, number] = dice(drawn, truth)
            surface[place, number] = surface_dice(drawn, truth, TOLERANCE_SHARE * max(truth.shape))
    return judged.sheet(at, {"dice": overlap, "surface": surface, "false": false})


def _detect(judged: Judged) -> Sheet:
    at, maps = judged.at("test"), judged.maps("test")
    count = len(judged.task.spec()["structures"])
    columns: dict[str, NDArray[Any]] = {}
    truths = [judged.truth(index) for index in at.tolist()]
    for number in range(count):
        found = [scored_boxes(each[number], EVEN) for each in maps]
        known = [truth[number] for truth in truths]
        boxes = [boxes_of(mask) if mask is not None else np.zeros((0, 4)) for mask in known]
        matches = match_boxes([each for each, _ in found], [score for _, score in found], boxes)
        columns |= {f"score{number}": matches.score, f"hit{number}": matches.hit, f"truths{number}": matches.truths}
    return judged.sheet(at, columns, classes=float(count))


def _landmark(judged: Judged) -> Sheet:
    at = judged.at("test")
    errors, missing = [], []
    for index, maps in zip(at.tolist(), judged.maps("test"), strict=True):
        place, truth = judged.squares.places[index], judged.truth(index)[0]
        true = fit_ellipse(np.asarray(truth, np.float32)) if truth is not None else None
        found = fit_ellipse(maps[0])
        absent = float(np.hypot(place.height, place.width)) / 2
        off = np.full(4, np.nan) if true is None else ellipse_errors(found[0] if found else None, true[0], absent)
        errors.append(off * (place.mm_per_px or 1.0))
        missing.append(found is None)
    return judged.sheet(at, {"error": np.array(errors), "missing": np.array(missing)})


def _measure(judged: Judged) -> Sheet:
    sides = {split: _NUMBERS[judged.application.read](judged, split) for split in ("val", "test")}
    at, answer, truth = sides["test"]
    width = interval_width(sides["val"][1] - sides["val"][2])
    return judged.sheet(at, {"answer": answer, "truth": truth}, half_width=width)


Numbers = tuple[Indices, NDArray[np.float64], NDArray[np.float64]]


def _regressed(judged: Judged, split: str) -> Numbers:
    at = judged.at(split)
    answer = np.array([each.value for each in judged.predictions(split)])
    return at, answer, _numbers_of(judged, at)


def _numbers_of(judged: Judged, at: Indices) -> NDArray[np.float64]:
    cells = [judged.rows.rows[index][judged.application.truth] for index in at.tolist()]
    return np.array([float(cell) if cell else np.nan for cell in cells])


def _lengths(judged: Judged, split: str, read: Callable[[Floats], float]) -> Numbers:
    """Lengths in mm; where nothing is outlined the answer is 0, so that it counts with its full size."""
    at = judged.at(split)
    at = at[[bool(judged.rows.rows[index][judged.application.truth]) for index in at.tolist()]]
    by_index = dict(zip(judged.at(split).tolist(), judged.maps(split), strict=True))
    lengths = [read(by_index[i][0]) * (judged.squares.places[i].mm_per_px or np.nan) for i in at.tolist()]
    return at, np.nan_to_num(np.array(lengths)), _numbers_of(judged, at)


def _area_changes(judged: Judged, split: str) -> Numbers:
    """One number per subject with both phases; its place is that of the picture at end diastole."""
    areas: dict[str, dict[str, tuple[int, float, float]]] = {}
    for index, maps in zip(judged.at(split).tolist(), judged.maps(split), strict=True):
        row, truth = judged.rows.rows[index], judged.truth(index)[0]
        if truth is not None:
            sizes = (index, float((maps[0] >= EVEN).sum()), float(truth.sum()))
            areas.setdefault(row["subject"], {})[row["phase"]] = sizes
    pairs = [(each["end_diastole"], each["end_systole"]) for each in areas.values() if len(each) == 2]
    answer = np.array([area_change(full[1], small[1]) for full, small in pairs])
    truth_changes = np.array([area_change(full[2], small[2]) for full, small in pairs])
    return np.array([full[0] for full, _ in pairs], np.int64), np.nan_to_num(answer), truth_changes


_NUMBERS: dict[str | None, Callable[[Judged, str], Numbers]] = {
    None: _regressed,
    "ellipse_circumference": lambda judged, split: _lengths(judged, split, ellipse_circumference),
    "band_thickness": lambda judged, split: _lengths(judged, split, lambda p: band_thickness(p >= EVEN)),
    "area_change": _area_changes,
}


def _enhance(judged: Judged) -> Sheet:
    at, wanted = judged.at("test"), judged.application.learnt
    clean = labels_for(judged.rows, wanted, at, judged.squares)
    seen = spoilt(judged.squares, wanted).images[at].astype(np.float32) / 255
    after = [judged.task.metrics([one], [other]) for one, other in zip(judged.predictions("test"), clean, strict=True)]
    before = [judged.task.metrics([one], [other]) for one, other in zip(seen, clean, strict=True)]
    columns = {name: np.array([each[name] for each in after]) for name in ("psnr", "ssim")}
    columns |= {f"{name}_before": np.array([each[name] for each in before]) for name in ("psnr", "ssim")}
    return judged.sheet(at, columns)


def _describe(judged: Judged) -> Sheet:
    at, codes = judged.at("test"), judged.task.spec()["codes"]
    said = np.array([[code in each.yes for code in codes] for each in judged.predictions("test")])
    labels = labels_for(judged.rows, judged.application.learnt, at, judged.squares)
    return judged.sheet(at, {"said": said, "truth": np.stack([label.as_vector(codes) for label in labels])})


_JUDGES: dict[str, Callable[[Judged], Sheet]] = {
    "classify": _classify,
    "segment": _segment,
    "detect": _detect,
    "landmark": _landmark,
    "measure": _measure,
    "enhance": _enhance,
    "describe": _describe,
}
