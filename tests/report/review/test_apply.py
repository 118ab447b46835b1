"""Edits: what is set, what follows by the rules, what is refused; the analysis given is never touched."""

from __future__ import annotations

import math

import pytest

from lingyin.core.errors import UsageError
from lingyin.core.study import LANGUAGES, Certainty, EvidenceKind, Laterality, Triage
from lingyin.report import check_report, sentences
from lingyin.report.review.apply import apply_edits
from lingyin.report.review.edits import Caliper, Edit, Outline
from lingyin.report.statement import CORRECTED
from tests.report.builders import aneurysm, breast, ellipse, fetal_head

DIAMETER = "abdominal_aorta_diameter"


def by_code(analysis, code):
    return next(each for each in analysis.study.findings if each.code == code)


def true_in_every_language(analysis) -> None:
    for lang in LANGUAGES:
        assert check_report(analysis.study, sentences(analysis.study, lang), lang) == []


def test_corrected_value_is_judged_anew_with_all_that_follows() -> None:
    before = aneurysm()[0]
    edited = apply_edits(before, [Edit(action="set", code=DIAMETER, value=28.4)], "M")
    after = edited.analysis
    diameter = by_code(after, DIAMETER)
    assert (diameter.value, diameter.interval, diameter.grade) == (28.4, None, "abdominal_aorta_ectatic")
    assert diameter.abnormal is False
    assert CORRECTED in diameter.caveats
    assert by_code(after, "abdominal_aortic_aneurysm").certainty is Certainty.ABSENT
    assert by_code(after, "abdominal_aortic_ectasia").certainty is Certainty.PRESENT
    assert after.study.triage is Triage.NORMAL
    told = {(change.code, change.kind, change.by_rule) for change in edited.changes}
    assert told == {
        (DIAMETER, "changed", False),
        ("abdominal_aortic_aneurysm", "changed", True),
        ("abdominal_aortic_ectasia", "added", True),
    }
    assert all(each.kind is not EvidenceKind.TRACE for each in diameter.evidence)
    assert before.study == aneurysm()[0].study
    true_in_every_language(after)


@pytest.mark.parametrize(("sex", "urgent"), [("M", False), ("F", True), (None, True)])
def test_thresholds_of_the_patients_sex_count(sex: str | None, urgent: bool) -> None:
    edited = apply_edits(aneurysm()[0], [Edit(action="set", code=DIAMETER, value=52.0)], sex)
    assert by_code(edited.analysis, DIAMETER).urgent is urgent


def test_caliper_is_measured_in_millimetres() -> None:
    caliper = Caliper(frame=4, points=((100.0, 100.0), (130.0, 140.0)))
    after = apply_edits(aneurysm()[0], [Edit(action="set", code=DIAMETER, caliper=caliper)], "M").analysis
    diameter = by_code(after, DIAMETER)
    assert diameter.value == pytest.approx(round(50 * 0.58, 1))
    line = diameter.evidence[0]
    assert (line.kind, line.frame, line.points) == (EvidenceKind.LINE, 4, [(100.0, 100.0), (130.0, 140.0)])
    assert sum(each.kind is EvidenceKind.LINE for each in diameter.evidence) == 1


def test_outline_is_replaced_and_the_value_marked() -> None:
    polygon = ellipse(150, 118, 45, 44)
    outline = Outline(frame=6, label="abdominal_aorta_outer", polygons=[polygon])
    before = aneurysm()[0]
    edited = apply_edits(before, [Edit(action="set", code=DIAMETER, outline=outline)], "M")
    diameter = by_code(edited.analysis, DIAMETER)
    masks = [each for each in diameter.evidence if each.kind is EvidenceKind.MASK]
    assert [each.polygons for each in masks] == [[polygon]]
    assert diameter.value == 47.23
    assert "outline-corrected" in diameter.caveats
    assert edited.analysis.outlines[6]["abdominal_aorta_outer"] == [polygon]
    assert before.outlines[6]["abdominal_aorta_outer"] != [polygon]
    true_in_every_language(edited.analysis)


def test_rejected_measurement_takes_its_diagnosis_along() -> None:
    edited = apply_edits(aneurysm()[0], [Edit(action="reject", code=DIAMETER)], "M")
    study = edited.analysis.study
    assert [each.code for each in study.findings] == ["abdominal_aorta"]
    refused = {each.code: each.reason for each in study.not_assessed}
    assert refused[DIAMETER] == refused["abdominal_aortic_aneurysm"] == "rejected-by-physician"
    assert study.triage is Triage.CANNOT_SAY
    true_in_every_language(edited.analysis)


def test_certainty_side_and_missed_finding() -> None:
    edits = [
        Edit(action="set", code="breast_mass_malignant", certainty=Certainty.ABSENT),
        Edit(action="set", code="breast_mass_benign", certainty=Certainty.PRESENT),
        Edit(action="set", code="breast_lesion", laterality=Laterality.LEFT),
        Edit(action="add", code="breast_lesion_long_axis", value=14.2),
    ]
    after = apply_edits(breast()[0], edits, "F").analysis
    malignant = by_code(after, "breast_mass_malignant")
    assert (malignant.certainty, malignant.probability, malignant.abnormal) == (Certainty.ABSENT, None, False)
    assert not malignant.urgent
    assert by_code(after, "breast_lesion").laterality is Laterality.LEFT
    assert all(each.code != "breast_lesion_long_axis" for each in after.study.not_assessed)
    said = "\n".join(each.text for each in sentences(after.study, "en"))
    assert "Breast lesion (left): present." in said
    assert "Malignant breast mass: not seen." in said
    true_in_every_language(after)


def test_estimate_follows_its_measurement() -> None:
    head = apply_edits(fetal_head()[0], [Edit(action="set", code="fetal_head_circumference", value=200.0)], "F")
    age = by_code(head.analysis, "gestational_age")
    assert age.value is not None
    assert 21 < age.value < 23
    assert [change.by_rule for change in head.changes if change.code == "gestational_age"] == [True]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (Edit(action="reject", code="kidney"), "no such finding; it has: abdominal_aorta"),
        (Edit(action="set", code="abdominal_aorta", value=3.0), "carries no number"),
        (Edit(action="add", code="no_such_code"), "neither the label tree"),
        (Edit(action="add", code="left_ventricular_ejection_fraction"), "needs a value"),
        (Edit(action="set", code=DIAMETER, finding=0, value=3.0), "no such finding"),
        (Edit(action="set", code=DIAMETER, caliper=Caliper(frame=99, points=((0, 0), (1, 1)))), "no frame 99"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(edit: Edit, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        apply_edits(aneurysm()[0], [edit], "M")


def test_findings_that_rule_each_other_out_are_refused() -> None:
    edit = Edit(action="set", code="breast_mass_benign", certainty=Certainty.PRESENT)
    with pytest.raises(UsageError, match="cannot be present beside"):
        apply_edits(breast()[0], [edit], None)


def test_caliper_without_calibration_is_refused() -> None:
    caliper = Caliper(frame=1, points=((10.0, 10.0), (30.0, 10.0)))
    with pytest.raises(UsageError, match="no length calibration"):
        apply_edits(breast()[0], [Edit(action="add", code="breast_lesion_long_axis", caliper=caliper)], None)


def test_no_edit_is_no_change() -> None:
    edited = apply_edits(aneurysm()[0], [], None)
    assert edited.changes == []
    assert edited.analysis.study == aneurysm()[0].study
    assert not math.isnan(edited.analysis.study.findings[1].value or 0.0)
