"""The structured report read back by highdicom: the same numbers, pixels, codes and certainty as the study."""

from __future__ import annotations

from typing import Any

import highdicom as hd
import numpy as np
import pytest

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.io.guard import quiet
from lingyin.report.sentences import Section, sentences
from tests.report.dicom.conftest import INTERVAL, PROBABILITY, VALUE, Written

DIAMETER = "397414006"
AORTA = "7832008"


def report_of(written: Written) -> Any:
    with quiet():
        return hd.sr.srread(written.folder / "dicom" / "sr.dcm")


def groups_of(written: Written, code: str) -> list[Any]:
    content = report_of(written).content
    groups = [
        *content.get_planar_roi_measurement_groups(),
        *content.get_image_measurement_groups(),
    ]
    return [group for group in groups if group.tracking_identifier.split(" ", 1)[1] == code]


def items(node: Any) -> list[Any]:
    """All content items below a node."""
    return [each for item in node.get("ContentSequence", []) for each in (item, *items(item))]


def test_is_a_measurement_report_that_nobody_verified(report: Written) -> None:
    document = report_of(report)
    assert document.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    assert document.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert document.VerificationFlag == "UNVERIFIED"
    assert document.PreliminaryFlag == "PRELIMINARY"


def test_measurement_comes_back_with_unit_interval_and_judgement(report: Written) -> None:
    (measured,) = [m for group in groups_of(report, "abdominal_aorta_diameter") for m in group.get_measurements()]
    assert measured.name.value == DIAMETER
    assert measured.value == pytest.approx(VALUE, abs=1e-6)
    assert (measured.unit.value, measured.unit.scheme_designator) == ("mm", "UCUM")
    numbers = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item for item in items(measured[0]) if item.ValueType == "NUM"
    }
    ends = sorted(float(item.MeasuredValueSequence[0].NumericValue) for item in numbers.values())
    assert ends == pytest.approx(sorted((INTERVAL[1] - VALUE, VALUE - INTERVAL[0])), abs=1e-6)
    units = {item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue for item in numbers.values()}
    assert units == {"mm"}
    codes = {item.ConceptCodeSequence[0].CodeMeaning for item in items(measured[0]) if item.ValueType == "CODE"}
    assert {"Abnormal", "outer wall to outer wall"} <= codes


def test_caliper_and_outline_lie_on_the_same_pixels(report: Written) -> None:
    groups = groups_of(report, "abdominal_aorta_diameter")
    assert len(groups) == 2
    assert len({group.tracking_uid for group in groups}) == 1
    evidence = report.analysis.study.findings[1].evidence
    expected = [np.asarray(evidence[0].points), np.asarray([*evidence[1].polygons[0], evidence[1].polygons[0][0]])]
    for group, points in zip(groups, expected, strict=True):
        assert group.roi.graphic_type.value == "POLYLINE"
        assert np.allclose(group.roi.value, points + 0.5, atol=1e-3)


def test_graphics_name_image_and_frame(report: Written) -> None:
    target = report.read("evidence.dcm") if report.clip.source.kind != "dicom" else None
    instance = report.clip.source.sop_instance_uid if target is None else target.SOPInstanceUID
    group = groups_of(report, "abdominal_aorta_diameter")[0]
    (image,) = [item for item in items(group[0]) if item.ValueType == "IMAGE"]
    reference = image.ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == instance
    if len(report.clip) == 1:
        assert "ReferencedFrameNumber" not in reference
    else:
        assert int(reference.ReferencedFrameNumber) == report.number_of(len(report.clip) - 1)


def test_site_algorithm_and_certainty_are_told(report: Written) -> None:
    for code, certainty in (("abdominal_aortic_aneurysm", "Present"), ("aortic_atheroma", "Indeterminate")):
        group = groups_of(report, code)[0]
        assert [site.topographical_modifier for site in group.finding_sites] == [None]
        assert group.finding_sites[0].value.value == AORTA
        said = items(group[0])
        texts = {item.TextValue for item in said if item.ValueType == "TEXT"}
        assert f"weights SHA-256 {report.analysis.study.model.sha256}" in texts
        assert certainty in {item.ConceptCodeSequence[0].CodeMeaning for item in said if item.ValueType == "CODE"}


def test_probability_is_told_in_per_cent(report: Written) -> None:
    (certainty,) = [m for group in groups_of(report, "abdominal_aorta") for m in group.get_measurements()]
    assert certainty.name.value == "111012"
    assert certainty.value == pytest.approx(100 * PROBABILITY)


def test_every_sentence_stands_in_the_document(report: Written) -> None:
    texts = "\n".join(item.TextValue for item in items(report_of(report)) if item.ValueType == "TEXT")
    for sentence in sentences(report.analysis.study, "en"):
        assert sentence.text in texts or sentence.section is Section.IMPRESSION
    assert "European Society for Vascular Surgery" in texts
    assert "Research use only" in texts


def test_each_kind_of_study_can_be_told(case: tuple[Analysis, Clip], tmp_path: Any) -> None:
    from lingyin.report import write_report

    analysis, clip = case
    write_report(analysis, clip, tmp_path / "report", "en", pdf=False)
    with quiet():
        document = hd.sr.srread(tmp_path / "report" / "dicom" / "sr.dcm")
    content = document.content
    told = {
        group.tracking_identifier
        for group in (*content.get_planar_roi_measurement_groups(), *content.get_image_measurement_groups())
    }
    assert len(told) == max(1, len(analysis.study.findings))
    subjects = {
        item.ConceptCodeSequence[0].CodeMeaning
        for item in items(document)
        if item.ValueType == "CODE" and item.ConceptNameCodeSequence[0].CodeValue == "121024"
    }
    fetal = any(finding.code == "fetal_head" for finding in analysis.study.findings)
    assert subjects == ({"Fetus"} if fetal else set())
