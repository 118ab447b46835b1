"""The objects as a whole: valid to an outside judge, in the source's study, in series of their own, marked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom import dcmread

from lingyin.io import open_clip
from lingyin.report import write_report
from lingyin.report.dicom.common import NOTICE
from tests.report.dicom.conftest import Written, analysed

NAMES = {"sr.dcm", "seg.dcm", "keys.dcm", "pdf.dcm", "capture-1.dcm"}


def test_every_object_is_there(report: Written) -> None:
    names = {path.name for path in report.files}
    assert names >= NAMES
    assert ("evidence.dcm" in names) == (report.kind in {"video", "picture"})
    assert ("capture-2.dcm" in names) == (len(report.clip) > 1)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is absent")
def test_outside_judge_finds_no_error(report: Written) -> None:
    for path in report.files:
        judged = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        told = (judged.stdout + judged.stderr).splitlines()
        assert [line for line in told if line.startswith(("Error", "Abort"))] == [], path.name
        assert any(line.strip() and not line.startswith("Warning") for line in told)  # it did recognise the object


def test_results_lie_in_the_study_of_the_source(report: Written) -> None:
    studies = {dcmread(path).StudyInstanceUID for path in report.files}
    assert len(studies) == 1
    if report.clip.source.kind == "dicom":
        assert studies == {report.clip.source.study_instance_uid}


def test_patient_is_the_one_of_the_source(report: Written) -> None:
    known = dcmread(report.source, stop_before_pixels=True) if report.kind in {"phantom", "cine", "palette"} else None
    for path in report.files:
        dataset = dcmread(path)
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber"):
            assert keyword in dataset
            if known is not None:
                assert str(dataset[keyword].value or "") == str(known.get(keyword) or ""), keyword
            elif report.clip.source.kind != "dicom":
                assert not dataset[keyword].value, keyword  # nobody is made up


def test_member_of_an_archive_keeps_its_patient(written_as: dict[str, Written]) -> None:
    assert written_as["archive"].read("sr.dcm").PatientID == written_as["cine"].read("sr.dcm").PatientID != ""


def test_series_are_their_own_and_say_what_they_are(report: Written) -> None:
    series: dict[str, str] = {}
    for path in report.files:
        dataset = dcmread(path)
        kind = path.stem.split("-")[0]
        assert series.setdefault(kind, dataset.SeriesInstanceUID) == dataset.SeriesInstanceUID
        assert NOTICE in dataset.SeriesDescription
        assert len(dataset.SeriesDescription) <= 64
        assert dataset.SeriesInstanceUID != report.clip.source.series_instance_uid
        assert dataset.DeviceSerialNumber == report.analysis.study.model.sha256[:16]
    assert len(set(series.values())) == len(series)


def test_identifiers_are_unique_and_valid(report: Written) -> None:
    uids = [dcmread(path).SOPInstanceUID for path in report.files]
    assert len(set(uids)) == len(uids)
    assert all(uid.is_valid for uid in uids)


def test_another_analysis_has_other_identifiers(written_as: dict[str, Written], tmp_path: Path) -> None:
    first = written_as["picture"]
    analysis = analysed(first.clip)
    later = analysis.study.model_copy(update={"created": "2026-01-02T03:04:06Z"})
    write_report(type(analysis)(later, analysis.outlines), first.clip, tmp_path / "later")
    for path in (tmp_path / "later" / "dicom").glob("*.dcm"):
        assert dcmread(path).SOPInstanceUID != first.read(path.name).SOPInstanceUID


def test_without_pdf_neither_file_is_written(written_as: dict[str, Written], tmp_path: Path) -> None:
    clip = written_as["picture"].clip
    write_report(analysed(clip), clip, tmp_path / "report")
    assert (tmp_path / "report" / "report.pdf").is_file()
    write_report(analysed(clip), clip, tmp_path / "report", pdf=False)
    assert not (tmp_path / "report" / "report.pdf").exists()
    assert not (tmp_path / "report" / "dicom" / "pdf.dcm").exists()
    assert (tmp_path / "report" / "dicom" / "sr.dcm").is_file()


def test_source_that_went_away_is_still_referred_to(tmp_path: Path, aneurysm: Path) -> None:
    path = tmp_path / "scan.dcm"
    path.write_bytes(aneurysm.read_bytes())
    clip = open_clip(path)
    analysis = analysed(clip)
    list(clip.frames)
    uid = clip.source.sop_instance_uid
    from lingyin.report.dicom.source import source_header

    path.unlink()
    header = source_header(clip.source)
    assert header is not None
    assert header.SOPInstanceUID == uid
    assert not header.PatientID
    assert analysis.study.clip.sop_instance_uid == uid
