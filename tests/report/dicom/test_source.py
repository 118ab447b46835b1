"""The source's header: what is copied, what is refused, and when there is nothing to refer to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from lingyin.core.clip import Source
from lingyin.io import open_clip
from lingyin.io.guard import quiet
from lingyin.report import write_report
from lingyin.report.dicom.source import clean, is_instance, source_header
from tests.report.dicom.conftest import analysed


def altered(aneurysm: Path, target: Path, **values: object) -> Path:
    """A copy of the phantom with other attributes; None takes one away."""
    dataset = dcmread(aneurysm)
    with quiet():
        for keyword, value in values.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        dataset.save_as(target)
    return target


def test_texts_of_any_character_set_survive(tmp_path: Path, aneurysm: Path) -> None:
    path = altered(
        aneurysm,
        tmp_path / "scan.dcm",
        SpecificCharacterSet="GB18030",
        PatientName="Wang^XiaoDong=王^小东",
        StudyDescription="腹部超声",
        PatientID="P1",
        PatientSex="F",
        AccessionNumber="A7",
    )
    clip = open_clip(path)
    write_report(analysed(clip), clip, tmp_path / "report", pdf=False)
    for name in ("sr.dcm", "seg.dcm", "keys.dcm", "capture-1.dcm"):
        result = dcmread(tmp_path / "report" / "dicom" / name)
        assert str(result.PatientName) == "Wang^XiaoDong=王^小东"
        assert result.StudyDescription == "腹部超声"
        assert (result.PatientID, result.PatientSex, result.AccessionNumber) == ("P1", "F", "A7")


def test_malformed_values_stay_empty_and_objects_are_written(tmp_path: Path, aneurysm: Path) -> None:
    path = altered(aneurysm, tmp_path / "scan.dcm", PatientBirthDate="unknown", PatientSex="woman", StudyID="x" * 40)
    clip = open_clip(path)
    write_report(analysed(clip), clip, tmp_path / "report", pdf=False)
    result = dcmread(tmp_path / "report" / "dicom" / "sr.dcm")
    assert not result.PatientBirthDate
    assert not result.PatientSex
    assert not result.StudyID


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "StudyInstanceUID"])
def test_source_without_identifiers_gets_evidence_of_its_own(tmp_path: Path, aneurysm: Path, keyword: str) -> None:
    clip = open_clip(altered(aneurysm, tmp_path / "scan.dcm", **{keyword: None}))
    assert not is_instance(clip.source)
    write_report(analysed(clip), clip, tmp_path / "report", pdf=False)
    evidence = dcmread(tmp_path / "report" / "dicom" / "evidence.dcm")
    assert evidence.NumberOfFrames >= 2
    assert evidence.pixel_array.shape[1:] == (clip.height, clip.width, 3)


def test_identity_removed_needs_its_method(tmp_path: Path, aneurysm: Path) -> None:
    path = altered(aneurysm, tmp_path / "scan.dcm", PatientIdentityRemoved="YES")
    header = source_header(open_clip(path).source)
    assert header is not None
    assert "PatientIdentityRemoved" not in header
    path = altered(aneurysm, tmp_path / "scan.dcm", PatientIdentityRemoved="YES", DeidentificationMethod="by hand")
    header = source_header(open_clip(path).source)
    assert header is not None
    assert header.PatientIdentityRemoved == "YES"


def test_file_that_was_replaced_is_not_trusted(tmp_path: Path, aneurysm: Path) -> None:
    clip = open_clip(altered(aneurysm, tmp_path / "scan.dcm", PatientID="mine"))
    altered(aneurysm, tmp_path / "scan.dcm", PatientID="somebody else", SOPInstanceUID="1.2.3.4")
    header = source_header(clip.source)
    assert header is not None
    assert header.SOPInstanceUID == clip.source.sop_instance_uid
    assert not header.PatientID


def test_pictures_and_videos_are_no_instances() -> None:
    assert source_header(Source(path="clip.mp4", kind="video")) is None
    whole = Source("a.dcm", "dicom", None, "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3", "1.2.4", "1.2.5")
    assert is_instance(whole)
    assert not is_instance(replace(whole, sop_instance_uid="1.02.3"))


def test_clean_keeps_only_what_the_standard_allows() -> None:
    dataset = Dataset()
    with quiet():
        dataset.PatientID = "7"
        dataset.PatientAge = "about forty"
        dataset.StudyDate = ""
    assert [element.keyword for element in clean(dataset, ("PatientID", "PatientAge", "StudyDate"))] == ["PatientID"]
