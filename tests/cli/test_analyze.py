"""`lingyin analyze --no-pdf`: the option reaches the writer, and a scan is not taken for done when it changes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.batch import analyze_all
from lingyin.cli import analyze as command


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
