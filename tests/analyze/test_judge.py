"""Rules row by row at their boundaries, sex, intervals, and the gestational age formula."""

from __future__ import annotations

import pytest

from lingyin.analyze.judge import CROSSES, REACHES, SEX_UNKNOWN, estimate, judge
from lingyin.analyze.rulebook import MeasurementRule, load_rules

BOOK = load_rules()


def rule(code: str, choice: str | None = None) -> MeasurementRule:
    found = BOOK.measurement_rule(code, None if choice is None else {code: choice})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "sex", "grade", "abnormal", "urgent"),
    [
        (18.0, "M", "abdominal_aorta_normal_size", False, False),
        (24.9, "M", "abdominal_aorta_normal_size", False, False),
        (25.0, "M", "abdominal_aorta_ectatic", False, False),
        (29.9, "F", "abdominal_aorta_ectatic", False, False),
        (30.0, "F", "abdominal_aortic_aneurysm_small", True, False),
        (39.9, "M", "abdominal_aortic_aneurysm_small", True, False),
        (40.0, "M", "abdominal_aortic_aneurysm_medium", True, False),
        (49.9, "F", "abdominal_aortic_aneurysm_medium", True, False),
        (50.0, "F", "abdominal_aortic_aneurysm_repair_size", True, True),
        (50.0, "M", "abdominal_aortic_aneurysm_large", True, False),
        (54.9, "M", "abdominal_aortic_aneurysm_large", True, False),
        (55.0, "M", "abdominal_aortic_aneurysm_repair_size", True, True),
        (50.0, None, "abdominal_aortic_aneurysm_repair_size", True, True),
    ],
)
def test_abdominal_aorta(value: float, sex: str | None, grade: str, abnormal: bool, urgent: bool) -> None:
    verdict = judge(rule("abdominal_aorta_diameter"), value, None, sex)
    assert (verdict.band.grade, verdict.abnormal, verdict.urgent) == (grade, abnormal, urgent)


@pytest.mark.parametrize(
    ("code", "choice", "value", "sex", "expected"),
    [
        ("aortic_root_diameter", None, 36.0, "F", ("aortic_root_normal_size", False)),
        ("aortic_root_diameter", None, 36.1, "F", ("aortic_root_dilated_mild", True)),
        ("aortic_root_diameter", None, 40.0, "M", ("aortic_root_normal_size", False)),
        ("aortic_root_diameter", None, 40.1, "M", ("aortic_root_dilated_mild", True)),
        ("aortic_root_diameter", None, 38.0, None, ("aortic_root_dilated_mild", True)),
        ("aortic_root_diameter", None, 55.0, "M", ("aortic_root_surgical_size", True)),
        ("intima_media_thickness", None, 0.90, None, ("intima_media_normal", False)),
        ("intima_media_thickness", None, 0.91, None, ("intima_media_thickened_diffuse", True)),
        ("intima_media_thickness", None, 1.50, None, ("intima_media_plaque_thickness", True)),
        ("left_ventricular_ejection_fraction", None, 29.0, "M", ("ejection_fraction_severely_reduced", True)),
        ("left_ventricular_ejection_fraction", None, 30.0, "M", ("ejection_fraction_moderately_reduced", True)),
        ("left_ventricular_ejection_fraction", None, 41.0, "F", ("ejection_fraction_mildly_reduced", True)),
        ("left_ventricular_ejection_fraction", None, 52.0, "M", ("ejection_fraction_normal", False)),
        ("left_ventricular_ejection_fraction", None, 53.0, "F", ("ejection_fraction_mildly_reduced", True)),
        ("left_ventricular_ejection_fraction", None, 53.0, None, ("ejection_fraction_mildly_reduced", True)),
        ("left_ventricular_ejection_fraction", None, 54.0, None, ("ejection_fraction_normal", False)),
        ("left_ventricular_ejection_fraction", "hf2021", 40.0, "M", ("ejection_fraction_reduced", True)),
        ("left_ventricular_ejection_fraction", "hf2021", 41.0, "M", ("ejection_fraction_mildly_reduced", True)),
        ("left_ventricular_ejection_fraction", "hf2021", 50.0, "F", ("ejection_fraction_preserved", False)),
        ("left_ventricle_area_change", None, 35.0, None, ("area_change_reduced", True)),
        ("left_ventricle_area_change", None, 36.0, None, ("area_change_normal", False)),
        ("thyroid_nodule_long_axis", None, 4.9, None, ("thyroid_nodule_under_5mm", False)),
        ("thyroid_nodule_long_axis", None, 9.9, None, ("thyroid_nodule_5_to_10mm", False)),
        ("thyroid_nodule_long_axis", None, 10.0, None, ("thyroid_nodule_10_to_15mm", True)),
        ("thyroid_nodule_long_axis", None, 15.0, None, ("thyroid_nodule_15_to_25mm", True)),
        ("thyroid_nodule_long_axis", None, 25.0, None, ("thyroid_nodule_from_25mm", True)),
        ("ovarian_lesion_long_axis", None, 30.0, "F", ("ovarian_lesion_up_to_30mm", False)),
        ("ovarian_lesion_long_axis", None, 30.1, "F", ("ovarian_lesion_30_to_100mm", True)),
        ("ovarian_lesion_long_axis", None, 100.0, "F", ("ovarian_lesion_from_100mm", True)),
        ("breast_lesion_long_axis", None, 20.0, "F", ("breast_mass_up_to_20mm", True)),
        ("breast_lesion_long_axis", None, 50.1, "F", ("breast_mass_over_50mm", True)),
        ("liver_lesion_long_axis", None, 9.9, "M", ("liver_lesion_under_10mm", True)),
        ("liver_lesion_long_axis", None, 10.0, "M", ("liver_lesion_from_10mm", True)),
    ],
)
def test_each_row(code: str, choice: str | None, value: float, sex: str | None, expected: tuple[str, bool]) -> None:
    verdict = judge(rule(code, choice), value, None, sex)
    assert (verdict.band.grade, verdict.abnormal) == expected


def test_unknown_sex_is_told_only_where_it_mattered() -> None:
    assert SEX_UNKNOWN in judge(rule("abdominal_aorta_diameter"), 52.0, None, None).caveats
    assert SEX_UNKNOWN not in judge(rule("abdominal_aorta_diameter"), 20.0, None, None).caveats
    assert SEX_UNKNOWN not in judge(rule("abdominal_aorta_diameter"), 52.0, None, "F").caveats


def test_an_interval_that_reaches_30_flags_the_aorta() -> None:
    verdict = judge(rule("abdominal_aorta_diameter"), 29.4, (28.8, 30.0), "M")
    assert verdict.abnormal
    assert verdict.abnormal_by_interval
    assert verdict.band.grade == "abdominal_aorta_ectatic"
    assert verdict.caveats == (REACHES,)
    below = judge(rule("abdominal_aorta_diameter"), 29.4, (28.9, 29.9), "M")
    assert not below.abnormal
    assert below.caveats == ()


def test_an_interval_that_crosses_only_warns_where_the_rule_says_so() -> None:
    verdict = judge(rule("left_ventricular_ejection_fraction"), 55.0, (50.0, 60.0), "M")
    assert not verdict.abnormal
    assert verdict.caveats == (CROSSES,)
    assert judge(rule("left_ventricular_ejection_fraction"), 50.0, (45.0, 55.0), "M").caveats == (CROSSES,)


def test_guidelines_share_size_bands_but_differ_in_surveillance() -> None:
    advice = {}
    for choice in ("esvs2024", "svs2018", "acc2022", "esc2024"):
        band = judge(rule("abdominal_aorta_diameter", choice), 45.0, None, "M").band
        assert band.advice is not None
        advice[choice] = band.advice["en"]
    assert advice["svs2018"] == "Follow-up by ultrasound every 12 months."
    assert advice["acc2022"] == "Follow-up by ultrasound every 6 to 12 months."
    assert judge(rule("abdominal_aorta_diameter", "acc2022"), 45.0, None, "F").band.grade.endswith("large")


def test_hadlock_1984_from_head_circumference() -> None:
    formula = BOOK.estimates["gestational_age"]
    result = estimate(formula, 220.0, (220.0, 220.0))
    assert result is not None
    weeks, (low, high) = result
    assert weeks == pytest.approx(24.03, abs=0.005)
    # without any error of measurement the spread is the study's own: two standard deviations of 2.06 weeks
    assert high - weeks == pytest.approx(1.645 * 2.06 / 2)
    assert weeks - low == pytest.approx(1.645 * 2.06 / 2)


@pytest.mark.parametrize(("circumference", "given"), [(67.9, False), (68.0, True), (360.0, True), (360.1, False)])
def test_gestational_age_only_inside_its_range(circumference: float, given: bool) -> None:
    result = estimate(BOOK.estimates["gestational_age"], circumference, (circumference - 2, circumference + 2))
    assert (result is not None) is given


def test_the_interval_of_an_estimate_grows_with_the_measurement_error() -> None:
    formula = BOOK.estimates["gestational_age"]
    narrow, wide = (estimate(formula, 300.0, (300.0 - error, 300.0 + error)) for error in (1.0, 15.0))
    assert narrow is not None
    assert wide is not None
    assert wide[1][1] - wide[1][0] > narrow[1][1] - narrow[1][0]
