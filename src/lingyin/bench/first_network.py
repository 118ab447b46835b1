"""Scores of an exported network on the test splits, through the same runtime and decoders as the program.

A model folder and the test images come in; rows of `docs/results/first-network.json` go out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import (
    Interval,
    Ints,
    auroc,
    balanced_accuracy,
    bootstrap,
    dice,
    figures_of,
    macro_auroc,
    macro_f1,
)
from lingyin.runtime.decode import largest_component, mask_on_frame, outline
from lingyin.runtime.manifest import Head, Manifest, Score
from lingyin.runtime.network import Network, Outputs, Prepared
from lingyin.tasks.store import Sample

BATCH = 8
HEAD_CIRCUMFERENCE = "fetal_head_circumference"
ORGAN, NONE = "organ", "none"


@dataclass
class Column:
    """What was answered and what is true, image by image, of one head."""

    answers: list[Any] = field(default_factory=list)
    truths: list[Any] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(self, answer: Any, truth: Any, sample: Sample) -> None:
        self.answers.append(answer)
        self.truths.append(truth)
        self.subjects.append(sample.subject)
        self.sources.append(sample.source)

    def part(self, source: str) -> Column:
        """The images of one source."""
        rows = [i for i, each in enumerate(self.sources) if each == source]
        picked = [[values[i] for i in rows] for values in (self.answers, self.truths, self.subjects, self.sources)]
        return Column(*picked)


@dataclass
class Sheet:
    """All answers of a run by head; `novelty` of every image; `circumference`: error of head circumference, mm."""

    heads: dict[str, Column] = field(default_factory=dict)
    novelty: Column = field(default_factory=Column)
    circumference: Column = field(default_factory=Column)


def answer_all(network: Network, samples: Iterable[Sample], sheet: Sheet | None = None) -> Sheet:
    """Runs the network over samples in batches and notes each answer beside its truth."""
    sheet = sheet or Sheet()
    for batch in _batches(samples):
        prepared = [network.prepare(sample.picture, sample.box) for sample in batch]
        for sample, place, outputs in zip(batch, prepared, network.run(prepared), strict=True):
            _note(sheet, network.manifest, sample, place, outputs)
    return sheet


def _batches(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    batch: list[Sample] = []
    for sample in samples:
        batch.append(sample)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _note(sheet: Sheet, manifest: Manifest, sample: Sample, place: Prepared, outputs: Outputs) -> None:
    sheet.novelty.add(outputs.novelty, sample.targets.get(ORGAN), sample)
    for head in manifest.heads:
        column = sheet.heads.setdefault(head.name, Column())
        if head.task == "classify" and head.name in sample.targets:
            column.add(outputs.probabilities[head.name], head.labels.index(sample.targets[head.name]), sample)
        elif head.task == "segment" and head.name in sample.masks:
            truth = sample.masks[head.name]
            if truth is not None and truth.any():
                whole = mask_on_frame(outputs.masks[head.name], place, *sample.picture.shape)
                column.add(dice(whole >= head.threshold, truth), 1.0, sample)
                if head.name == "fetal_skull":
                    _note_circumference(sheet, whole, sample)


def _note_circumference(sheet: Sheet, whole: NDArray[np.float32], sample: Sample) -> None:
    """Absolute error of the ellipse's circumference in mm; a head that is not found counts with its full size."""
    truth = sample.measurements.get(HEAD_CIRCUMFERENCE)
    if truth is not None and sample.mm_per_px is not None:
        measured = ellipse_circumference(whole) * sample.mm_per_px
        sheet.circumference.add(abs(measured - truth), truth, sample)


def ellipse_circumference(probability: NDArray[np.float32]) -> float:
    """Circumference in pixels of the ellipse fitted to the largest outline (Ramanujan 1914); 0 where there is none."""
    rings = outline(largest_component(probability))
    if not rings or len(rings[0]) < 5:
        return 0.0
    _, (first, second), _ = cv2.fitEllipse(np.asarray(rings[0], np.float32))
    a, b = first / 2, second / 2
    h = ((a - b) / (a + b)) ** 2
    return float(np.pi * (a + b) * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))))


def rows_of(sheet: Sheet, manifest: Manifest) -> list[dict[str, Any]]:
    """Result rows of a filled sheet, heads in the order of the manifest."""
    method = f"{manifest.name} {manifest.version}"
    rows: list[dict[str, Any]] = []

    def add(application: str, task: str, metric: str, measured: Interval, labels: str = "100 %") -> None:
        row = {"application": application, "task": task, "method": method, "labels": labels, "metric": metric}
        rows.append(row | figures_of(measured))

    for head in manifest.heads:
        column = sheet.heads.get(head.name, Column())
        if not column.answers:
            continue
        if head.task == "segment":
            _each_source(column, "Dice", _mean, lambda m, v, h=head: add(h.name, "segment", m, v))  # type: ignore[misc]
            continue
        for metric, statistic in _classify_metrics(head):
            add(head.name, "classify", metric, _measure(column, statistic))
        if head.name == ORGAN:
            _each_source(column, "accuracy", _accuracy, lambda m, v: add(ORGAN, "classify", m, v), whole=False)
    if sheet.circumference.answers:
        add(HEAD_CIRCUMFERENCE, "measure", "mean absolute error, mm", _measure(sheet.circumference, _mean))
    for metric, measured in _novelty_rows(sheet.novelty):
        add("novelty", "classify", metric, measured, labels="none")
    return rows


Statistic = Callable[[NDArray[Any], NDArray[Any]], float]


def _measure(column: Column, statistic: Statistic) -> Interval:
    answers, truths = np.asarray(column.answers), np.asarray(column.truths)
    return bootstrap(lambda rows: statistic(answers[rows], truths[rows]), np.asarray(column.subjects))


def _each_source(
    column: Column, metric: str, statistic: Statistic, add: Callable[[str, Interval], None], whole: bool = True
) -> None:
    """One row per source, phantoms apart from real images; the plain metric where all images come from one source."""
    sources = sorted(set(column.sources))
    if whole and len(sources) == 1:
        add(metric, _measure(column, statistic))
        return
    real = [source for source in sources if not source.startswith("phantom_")]
    for source in [*real, *(source for source in sources if source not in real)]:
        name = metric if whole and source in real and len(real) == 1 else f"{metric}, {source}"
        add(name, _measure(column.part(source), statistic))


def _classify_metrics(head: Head) -> list[tuple[str, Statistic]]:
    if head.name == ORGAN:
        return [
            ("accuracy", _accuracy),
            ("balanced accuracy", lambda p, t: balanced_accuracy(_top(p), t)),
            ("macro F1", lambda p, t: macro_f1(_top(p), t)),
        ]
    return [("AUROC", macro_auroc), ("macro F1", lambda p, t: macro_f1(_top(p), t))]


def _novelty_rows(column: Column) -> list[tuple[str, Interval]]:
    """How many known images count as novel, how many foreign ones do, and how well the score parts both."""
    if not column.answers:
        return []
    foreign = np.asarray([organ == NONE for organ in column.truths])
    scores = np.asarray(column.answers, np.float64)
    subjects = np.asarray(column.subjects)
    rows = []
    for name, part in (("known", ~foreign), ("foreign", foreign)):
        if part.any():
            called = scores[part] > 1
            measured = bootstrap(lambda i, called=called: float(called[i].mean()), subjects[part])  # type: ignore[misc]
            rows.append((f"{name} images called novel (share)", measured))
    if foreign.any() and not foreign.all():
        rows.append(("AUROC, foreign against known", bootstrap(lambda i: auroc(scores[i], foreign[i]), subjects)))
    return rows


def _top(probabilities: NDArray[Any]) -> Ints:
    return np.asarray(probabilities.argmax(axis=1))


def _accuracy(probabilities: NDArray[Any], targets: NDArray[Any]) -> float:
    return float((_top(probabilities) == targets).mean())


def _mean(values: NDArray[Any], _truths: NDArray[Any]) -> float:
    return float(values.mean())


def scored(manifest: Manifest, rows: Iterable[dict[str, Any]]) -> Manifest:
    """The manifest with the rows of each head as its scores, best summary first; without those that are undefined."""
    rows = list(rows)
    heads = [
        head.model_copy(
            update={
                "scores": [
                    Score(**{key: row[key] for key in ("metric", "value", "low", "high", "n")})
                    for row in rows
                    if row["application"] == head.name and row["value"] is not None
                ]
            }
        )
        for head in manifest.heads
    ]
    return manifest.model_copy(update={"heads": heads})
