"""Signed reports become training labels: corrected masks, values and denials, by study and without names."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

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
    (segment,) = rows(out / "segment.csv")
    mask = cv2.imread(str(out / segment["mask_abdominal_aorta_outer"]), cv2.IMREAD_GRAYSCALE)
    image = cv2.imread(str(out / segment["image"]))
    assert mask is not None
    assert image is not None
    assert mask.shape == image.shape[:2]
    ys, xs = np.nonzero(mask)
    assert abs(xs.mean() - 150) < 1
    assert abs(ys.mean() - 118) < 1
    assert abs((mask > 0).sum() - np.pi * 45 * 44) < 150
    facts = {row["label"] for row in rows(out / "describe.csv")}
    assert facts == {"abdominal_aorta", "!abdominal_aortic_aneurysm"}
    (measured,) = rows(out / f"measure-{DIAMETER}.csv")
    assert (measured["label"], measured["mm_per_px"]) == ("33", "0.58")


def test_tables_are_what_adapt_reads(report: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from lingyin.tasks.own.labels import Wanted, read_labels
    from lingyin.tasks.own.table import read_table

    out = tmp_path / "labels"
    outline = Outline(frame=6, label="abdominal_aorta_outer", polygons=[ellipse(150, 118, 45, 44)])
    sign_report(report, "Dr Wang", [Edit(action="set", code=DIAMETER, value=33.0, outline=outline)])
    export_corrections([report], out)
    for task, name in (("describe", "describe"), ("segment", "segment"), ("measure", f"measure-{DIAMETER}")):
        table = read_table(out / f"{name}.csv")
        found, labelled = read_labels(table, Wanted(task, size=224))
        assert table.problems == []
        assert found is not None
        assert found.kind == task
        row, label_of = labelled[0]
        picture = cv2.imread(str(row.path))
        assert picture is not None
        assert label_of(*picture.shape[:2])


def test_confirmed_findings_are_labels_too(report: Path, tmp_path: Path) -> None:
    sign_report(report, "Dr Wang")
    export_corrections([report], tmp_path / "labels")
    table = rows(tmp_path / "labels" / "corrections.csv")
    assert {row["kind"] for row in table} == {"confirmed"}
    assert {row["label"] for row in table if row["task"] == "classify"} == {
        "abdominal_aorta",
        "abdominal_aortic_aneurysm",
    }
