"""Batch work: folder names, going on after an interruption, repeating only what changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lingyin.batch import Hooks, Row, analyze_all
from lingyin.core.errors import OutputError


def test_same_stem_gets_a_folder_of_its_own(aneurysm: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(aneurysm, tmp_path / folder / "Scan 1.dcm")
    rows = analyze_all([str(tmp_path / "a"), str(tmp_path / "b")], tmp_path / "out", lang="en")
    assert [row.folder for row in rows] == ["Scan_1", "Scan_1-2"]


def test_interrupted_batch_goes_on_where_it_stopped(aneurysm: Path, tmp_path: Path) -> None:
    scans = []
    for index in range(3):
        scans.append(str(tmp_path / f"{index}.dcm"))
        shutil.copy(aneurysm, scans[-1])
    out = tmp_path / "out"

    def stop_at_the_third(source: str, index: int, total: int) -> None:
        if index == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze_all(scans, out, lang="en", hooks=Hooks(started=stop_at_the_third))
    assert len(json.loads((out / "summary.json").read_text())) == 2
    worked: list[str] = []

    def note(row: Row, study: object) -> None:
        if study is not None:
            worked.append(row.source)

    rows = analyze_all(scans, out, lang="en", hooks=Hooks(finished=note))
    assert worked == scans[2:]
    assert [row.status for row in rows] == ["done"] * 3


def test_changed_scan_is_analysed_again(aneurysm: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.dcm"
    shutil.copy(aneurysm, scan)
    first = analyze_all([str(scan)], tmp_path / "out", lang="en")
    scan.write_bytes(scan.read_bytes() + b"\0" * 2)
    second = analyze_all([str(scan)], tmp_path / "out", lang="en")
    assert first[0].fingerprint != second[0].fingerprint


def test_output_folder_that_is_a_file(aneurysm: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="-o"):
        analyze_all([str(aneurysm)], tmp_path / "out")


def test_studies_of_one_patient_are_compared_and_listed(tmp_path: Path) -> None:
    import pydicom

    from lingyin.io.phantom import make_phantom, write_phantom
    from lingyin.report.reopen import read_study

    scans = []
    for number, (day, diameter) in enumerate((("20260301", 52.0), ("20250301", 44.0)), start=1):
        path = tmp_path / f"scan{number}.dcm"
        write_phantom(make_phantom("aorta", seed=7, diameter_mm=diameter, frames=2), path)
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.StudyDate = "LY-0042", day
        dataset.StudyInstanceUID = dataset.SOPInstanceUID = f"2.25.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(path)
        scans.append(str(path))
    out = tmp_path / "out"
    rows = analyze_all(scans, out, lang="en", pdf=False)
    assert [row.prior for row in rows] == ["scan2", None]
    comparison = read_study(out / "scan1").comparison
    assert comparison is not None
    assert comparison.growth[0].verdict == "grown"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="scan2/report.html#en">+' in page
    again = analyze_all(scans, out, lang="en", pdf=False)
    assert [row.prior for row in again] == ["scan2", None]
    alone = tmp_path / "alone"
    rows = analyze_all(scans[:1], alone, lang="en", pdf=False, prior=out / "scan2" / "report.json")
    assert read_study(alone / "scan1").comparison == comparison.model_copy(update={"prior_sha256": _hash(out)})


def _hash(out: Path) -> str:
    import hashlib

    return hashlib.sha256((out / "scan2" / "report.json").read_bytes()).hexdigest()
