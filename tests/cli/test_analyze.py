"""`lingyin analyze --no-pdf`: the option reaches the writer, and a scan is not taken for done when it changes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.analyze.options import Options
from lingyin.batch import analyze_all
from lingyin.cli import analyze as command
from lingyin.core.errors import UsageError


def test_option_reaches_the_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[bool] = []

    def note(*_: object, pdf: bool, **__: object) -> list[object]:
        asked.append(pdf)
        return []

    monkeypatch.setattr("lingyin.batch.analyze_all", note)
    for no_pdf in (False, True):
        with pytest.raises(SystemExit, match="0"):
            command.analyze(["scan.dcm"], tmp_path, as_json=True, no_pdf=no_pdf)
    assert asked == [True, False]


def test_pdf_is_left_out_and_added_later(tmp_path: Path) -> None:
    scan = tmp_path / "scan.png"
    cv2.imwrite(str(scan), np.random.default_rng(1).integers(0, 90, (96, 128, 3), dtype=np.uint8))
    for pdf in (False, True):
        (row,) = analyze_all([str(scan)], tmp_path / "out", lang="en", pdf=pdf)
        assert row.status == "done"
        assert (tmp_path / "out" / "scan" / "report.pdf").exists() is pdf
        assert (tmp_path / "out" / "scan" / "dicom" / "pdf.dcm").exists() is pdf


def test_guidelines_and_age_reach_the_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Options] = []

    def note(*_: object, options: Options, **__: object) -> list[object]:
        asked.append(options)
        return []

    monkeypatch.setattr("lingyin.batch.analyze_all", note)
    with pytest.raises(SystemExit, match="0"):
        command.analyze(
            ["scan.dcm"],
            tmp_path,
            as_json=True,
            guideline=["aorta=esc2024", "thyroid=ctirads2020"],
            gestational_age="24+3",
        )
    assert asked == [Options({"aorta": "esc2024", "thyroid": "ctirads2020"}, 24 + 3 / 7)]


def test_an_unknown_guideline_is_wrong_usage_before_any_scan_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="offered"):
        command.analyze(["scan.dcm"], tmp_path / "out", guideline=["aorta=mine"])
    assert not (tmp_path / "out").exists()


def test_another_guideline_is_another_analysis(tmp_path: Path) -> None:
    scan = tmp_path / "scan.png"
    cv2.imwrite(str(scan), np.random.default_rng(1).integers(0, 90, (96, 128, 3), dtype=np.uint8))
    marks = {
        analyze_all([str(scan)], tmp_path / "out", lang="en", pdf=False, options=options)[0].fingerprint
        for options in (Options(), Options({"aorta": "esc2024"}), Options({"aorta": "esc2024"}))
    }
    assert len(marks) == 2
