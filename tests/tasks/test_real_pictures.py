"""Adapting the packaged network to forty real pictures of the breast: what so few may say, and what not."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from lingyin.analyze.quality import Quality
from lingyin.analyze.reading import Reading, Readings
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.triage import triage
from lingyin.analyze.verdicts import hear_heads
from lingyin.core.tree import load_tree
from lingyin.io.sector import find_sector
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import load_network
from lingyin.tasks import adapt as module
from lingyin.tasks.adapt import Request, adapt
from lingyin.tasks.own.labels import Wanted

pytestmark = [pytest.mark.data, pytest.mark.slow]
LABELS = ("benign", "malignant", "normal")
Row = dict[str, str]


def drawn(root: Path, split: str, counts: Sequence[int]) -> list[Row]:
    """The first rows of a split, so many of each label in the order of `LABELS`, one per subject."""
    with (root / "breast_busi" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    first = list({row["subject"]: row for row in reversed(rows)}.values())[::-1]
    return [
        row
        for label, n in zip(LABELS, counts, strict=True)
        for row in [r for r in first if r["diagnosis"] == label][:n]
    ]


def asked(root: Path, model: Path, name: str, rows: Sequence[Row]) -> dict[str, np.ndarray[Any, Any]]:
    """What a head says of pictures, by id."""
    network = load_network(model, threads=1)
    found = {}
    for row in rows:
        grey = cv2.imread(str(root / "breast_busi" / "images" / f"{row['id']}.webp"), cv2.IMREAD_GRAYSCALE)
        found[row["id"]] = network.run([network.prepare(grey, find_sector([grey]).box)])[0].probabilities[name]
    return found


def triages(head: Head, said: dict[str, np.ndarray[Any, Any]], rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """Triage of each picture by this head alone, counted by the true label."""
    tree, rules = load_tree(), load_rules()
    counted = {label: Counter[str]() for label in LABELS}
    for row in rows:
        reading = Reading(0, 0.0, Quality(0.5), 0.1, {head.name: said[row["id"]]}, {})
        heard = hear_heads(Readings((reading,), SimpleNamespace(), SimpleNamespace()), [head], "breast", tree, rules)  # type: ignore[arg-type]
        counted[row["diagnosis"]][str(triage(heard.findings, heard.not_assessed)[0])] += 1
    return counted


def test_a_head_of_forty_pictures_calls_no_malignancy_normal(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = module.settings()
    few["views"]["pooled"] = {"most": 3, "together": 100}
    monkeypatch.setattr(module, "settings", lambda: few)
    for row in drawn(real_data, "train", (15, 15, 10)):
        place = tmp_path / "mine" / row["diagnosis"] / f"{row['id']}.webp"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(real_data / "breast_busi" / "images" / f"{row['id']}.webp")
    made = adapt(Request(tmp_path / "mine", tmp_path / "model", Wanted("classify", 224)))
    head = made.manifest.head(made.described.entry.name)
    rows = drawn(real_data, "test", (20, 40, 20))
    said = asked(real_data, tmp_path / "model", head.name, rows)
    bold = triages(head.model_copy(update={"rules_out": {}}), said, rows)
    honest = triages(head, said, rows)
    print(f"limits {head.rules_out}; as before {bold}; now {honest}")
    assert honest["malignant"]["normal"] <= min(2, bold["malignant"]["normal"])
    assert honest["malignant"]["abnormal"] == bold["malignant"]["abnormal"]  # doubt costs no finding
