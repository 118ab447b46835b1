"""Values to findings: catalogue, rules, meanings, estimates, contradictions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lingyin.analyze.compose import Composer, contradicted
from lingyin.analyze.measure.plan import PLANS
from lingyin.analyze.measure.shot import Measured, Outcome, Refused
from lingyin.analyze.rulebook import load_rules
from lingyin.core.study import Category, Certainty, Evidence, EvidenceKind, Finding
from lingyin.core.tree import load_tree

AORTA = next(plan for plan in PLANS if plan.structure == "abdominal_aorta_outer")
HEAD = next(plan for plan in PLANS if plan.structure == "fetal_skull")
EVIDENCE = [Evidence(frame=3, kind=EvidenceKind.LINE, points=[(1, 2), (3, 4)])]


def compose(measured: Measured, sex: str | None = "M", plan: object = AORTA) -> dict[str, Finding]:
    composer = Composer(load_tree(), load_rules(), sex, {})
    composer.add_outcome(plan, Outcome([measured]), ["trained-on-phantoms-only"])  # type: ignore[arg-type]
    return {finding.code: finding for finding in composer.findings}


def aorta(value: float, half: float = 0.5) -> Measured:
    return Measured("abdominal_aorta_diameter", value, (value - half, value + half), EVIDENCE)


def test_an_aneurysm_is_a_measurement_and_a_finding_with_the_same_evidence() -> None:
    found = compose(aorta(43.21))
    diameter, aneurysm = found["abdominal_aorta_diameter"], found["abdominal_aortic_aneurysm"]
    assert (diameter.value, diameter.unit, diameter.convention) == (43.2, "mm", "outer-to-outer")
    assert diameter.abnormal is True
    assert diameter.rule is not None
    assert diameter.rule.text["en"].endswith("Follow-up by ultrasound every year.")
    assert aneurysm.certainty is Certainty.PRESENT
    assert aneurysm.abnormal is True
    assert aneurysm.evidence == EVIDENCE
    assert {"view-not-verified", "trained-on-phantoms-only", "guideline-secondary-source"} <= set(diameter.caveats)
    assert "abdominal_aortic_ectasia" not in found


def test_a_normal_aorta_rules_the_aneurysm_out() -> None:
    found = compose(aorta(18.0))
    assert found["abdominal_aortic_aneurysm"].certainty is Certainty.ABSENT
    assert {finding.abnormal for finding in found.values()} == {False}


def test_an_ectatic_aorta_is_named_and_not_abnormal() -> None:
    found = compose(aorta(27.0))
    assert found["abdominal_aortic_ectasia"].certainty is Certainty.PRESENT
    assert not any(finding.abnormal for finding in found.values())


def test_an_interval_that_reaches_30_makes_the_aneurysm_unsure_and_flags_it() -> None:
    found = compose(aorta(29.6))
    assert found["abdominal_aortic_aneurysm"].certainty is Certainty.UNSURE
    assert found["abdominal_aortic_aneurysm"].abnormal is True
    assert "interval-reaches-threshold" in found["abdominal_aorta_diameter"].caveats


def test_repair_size_is_urgent() -> None:
    assert compose(aorta(56.0))["abdominal_aorta_diameter"].urgent
    assert not compose(aorta(53.0), "M")["abdominal_aorta_diameter"].urgent
    assert compose(aorta(53.0), None)["abdominal_aortic_aneurysm"].urgent


def test_the_rounded_value_is_judged() -> None:
    assert compose(aorta(29.96, 0.02))["abdominal_aorta_diameter"].grade == "abdominal_aortic_aneurysm_small"


@pytest.mark.parametrize("value", [220.0])
def test_gestational_age_follows_from_the_circumference(value: float) -> None:
    found = compose(Measured("fetal_head_circumference", value, (value - 3, value + 3), EVIDENCE), None, HEAD)
    age = found["gestational_age"]
    assert (age.value, age.unit) == (pytest.approx(24.03, abs=0.05), "wk")
    assert age.rule is not None
    assert age.rule.id == "gestational-age-hadlock1984-hc"
    assert age.abnormal is None


def test_outside_the_formula_there_is_no_age() -> None:
    composer = Composer(load_tree(), load_rules(), None, {})
    composer.add_outcome(HEAD, Outcome([Measured("fetal_head_circumference", 50.0, (49, 51), EVIDENCE)]), [])
    assert [(item.code, item.reason) for item in composer.not_assessed] == [
        ("gestational_age", "outside-formula-range")
    ]


def test_what_was_refused_takes_its_estimates_with_it() -> None:
    composer = Composer(load_tree(), load_rules(), None, {})
    composer.add_outcome(HEAD, Outcome(refused=[Refused("fetal_head_circumference", "uncalibrated")]), [])
    assert {item.code: item.reason for item in composer.not_assessed} == {
        "fetal_head_circumference": "uncalibrated",
        "gestational_age": "uncalibrated",
    }


def test_abnormalities_that_nobody_looks_for_are_listed() -> None:
    composer = Composer(load_tree(), load_rules(), None, {})
    composer.note_untrained("abdominal_aorta", [])
    codes = {item.code for item in composer.not_assessed}
    assert "abdominal_aortic_dissection_signs" in codes
    assert "abdominal_aortic_aneurysm" not in codes
    assert {item.reason for item in composer.not_assessed} == {"not-trained"}


def diagnosis(code: str, certainty: Certainty = Certainty.PRESENT) -> Finding:
    node = load_tree()[code]
    return Finding(code=code, category=Category.DIAGNOSIS, name=node.name, certainty=certainty, abnormal=node.abnormal)


@pytest.mark.parametrize(
    ("codes", "structures", "clash"),
    [
        (["breast_normal"], ["breast_lesion"], ["breast_normal"]),
        (["breast_mass_benign"], ["breast_lesion"], []),
        (["ovarian_tumour_malignant", "ovarian_simple_cyst"], [], ["ovarian_simple_cyst", "ovarian_tumour_malignant"]),
        (["lung_normal", "lung_covid_pneumonia"], [], ["lung_covid_pneumonia", "lung_normal"]),
        (["hydronephrosis"], ["renal_collecting_system"], []),
    ],
)
def test_contradictions_become_unsure(codes: list[str], structures: list[str], clash: list[str]) -> None:
    findings, doubted = contradicted([diagnosis(code) for code in codes], structures, load_rules(), load_tree())
    assert doubted == clash
    for finding in findings:
        assert (finding.certainty is Certainty.UNSURE) is (finding.code in clash)
        assert finding.code not in clash or finding.abnormal is None


def test_what_is_absent_contradicts_nothing() -> None:
    findings = [diagnosis("lung_normal"), diagnosis("lung_covid_pneumonia", Certainty.ABSENT)]
    assert contradicted(findings, [], load_rules(), load_tree())[1] == []


def test_a_grade_by_interval_alone_contradicts_nothing() -> None:
    unsure = compose(replace(aorta(29.6)))
    assert contradicted(list(unsure.values()), [], load_rules(), load_tree())[1] == []


@pytest.mark.parametrize(
    ("value", "sex", "by_sex", "universal"),
    [
        (25.0, "M", "severely reduced", "reduced."),
        (35.0, "M", "moderately reduced", "reduced."),
        (45.0, "M", "mildly reduced", "mildly reduced."),
        (51.0, "M", "mildly reduced", "preserved."),
        (53.0, "M", "normal", "preserved."),
        (53.0, "F", "mildly reduced", "preserved."),
        (60.0, "F", "normal", "preserved."),
    ],
)
def test_an_ejection_fraction_is_graded_in_both_schemes(value: float, sex: str, by_sex: str, universal: str) -> None:
    code = "left_ventricular_ejection_fraction"
    plan = next(plan for plan in PLANS if code in plan.codes)
    found = compose(Measured(code, value, (value - 1, value + 1), []), sex, plan)[code]
    assert found.grade_name["en"].startswith(by_sex)
    assert found.rule is not None
    assert found.rule.text["en"].endswith(f"by the universal definition of heart failure: {universal}")
