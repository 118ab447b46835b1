"""Signed reports become training labels: corrected masks, values and denials, by study and without names."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from lingyin.core.study import Certainty
from lingyin.report.review import Edit, sign_report
from lingyin.report.review.edits import Outline
from lingyin.report.review.labels import export_corrections
from tests.report.builders import ellipse

DIAMETER = "abdominal_aorta_diameter"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_outline_value_and_denial_are_exported(report: Path, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    assert export_corrections([report, tmp_path / "none"], out).skipped == 2
    outline = Outline(frame=6, label="abdominal_aorta_outer", polygons=[ellipse(150, 118, 45, 44)])
    edits = [
        Edit(action="set", code=DIAMETER, value=33.0, outline=outline),
        Edit(action="set", code="abdominal_aorta", certainty=Certainty.PRESENT),
        Edit(action="reject", code="abdominal_aortic_aneurysm"),
    ]
    sign_report(report, "Dr Wang", edits)
    done = export_corrections([report], out)
    table = rows(out / "corrections.csv")
    assert (done.reports, done.labels) == (1, len(table))
    assert {(row["task"], row["label"], row["kind"]) for row in table} >= {
        ("measure", "33", "corrected"),
        ("segment", "abdominal_aorta_outer", "corrected"),
        ("classify", "abdominal_aorta", "corrected"),
        ("classify", "!abdominal_aortic_aneurysm", "rejected"),
    }
    assert len({row["subject"] for row in table}) == 1
    (segment,) = [row for row in rows(out / "segment.csv") if row["label"] == "abdominal_aorta_outer"]
    mask = cv2.imread(str(out / segment["mask"]), cv2.IMREAD_GRAYSCALE)
    image = cv2.imread(str(out / segment["image"]))
    assert mask is not None
    assert image is not None
    assert mask.shape == image.shape[:2]
    ys, xs = np.nonzero(mask)
    assert abs(xs.mean() - 150) < 1
    assert abs(ys.mean() - 118) < 1
    assert abs((mask > 0).sum() - np.pi * 45 * 44) < 150
    for name in ("classify", "measure", "segment"):
        assert list(rows(out / f"{name}.csv")[0]) == ["image", "label", "subject", "split", "mask"]


def test_confirmed_findings_are_labels_too(report: Path, tmp_path: Path) -> None:
    sign_report(report, "Dr Wang")
    export_corrections([report], tmp_path / "labels")
    table = rows(tmp_path / "labels" / "corrections.csv")
    assert {row["kind"] for row in table} == {"confirmed"}
    assert {row["label"] for row in table if row["task"] == "classify"} == {
        "abdominal_aorta",
        "abdominal_aortic_aneurysm",
    }
