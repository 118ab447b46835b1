"""Rules of measurements row by row: what each guideline says of a value, with its advice."""

from __future__ import annotations

import pytest

from lingyin.analyze.judge import judge
from lingyin.analyze.rulebook import load_rules

BOOK = load_rules()
AORTA = "abdominal_aorta_diameter"
EJECTION = "left_ventricular_ejection_fraction"


def said(code: str, choice: str | None, value: float, sex: str | None = "M") -> tuple[str, str, bool, bool]:
    """Grade, advice, abnormal, urgent."""
    rule = BOOK.measurement_rule(code, None if choice is None else {code: choice})
    assert rule is not None
    verdict = judge(rule, value, None, sex)
    return verdict.band.grade, (verdict.band.advice or {}).get("en", ""), verdict.abnormal, verdict.urgent


@pytest.mark.parametrize(
    ("choice", "value", "sex", "advice"),
    [
        ("svs2018", 24.9, "M", ""),
        ("svs2018", 25.0, "M", "after 10 years"),
        ("svs2018", 30.0, "M", "every 3 years"),
        ("svs2018", 39.9, "M", "every 3 years"),
        ("svs2018", 40.0, "M", "every 12 months"),
        ("svs2018", 50.0, "M", "every 6 months"),
        ("svs2018", 55.0, "M", "referral"),
        ("svs2018", 50.0, "F", "referral"),
        ("acc2022", 29.9, "M", ""),
        ("acc2022", 39.9, "M", "every 2 to 3 years"),
        ("acc2022", 40.0, "M", "every 6 to 12 months"),
        ("acc2022", 49.9, "M", "every 6 to 12 months"),
        ("acc2022", 45.0, "F", "every 6 months"),
        ("acc2022", 50.0, "M", "every 6 months"),
        ("acc2022", 55.0, "M", "referral"),
        ("esc2024", 25.0, "M", "every 4 years"),
        ("esc2024", 30.0, "F", "every 3 years"),
        ("esc2024", 44.9, "F", "every year"),
        ("esc2024", 45.0, "F", "every 6 months"),
        ("esc2024", 49.9, "M", "every year"),
        ("esc2024", 50.0, "M", "every 6 months"),
        ("esc2024", 50.0, "F", "referral"),
        ("esvs2024", 27.0, "M", ""),
        ("esvs2024", 30.0, "M", "every 3 years"),
        ("esvs2024", 40.0, "M", "every year"),
        ("esvs2024", 50.0, "M", "every 3 to 6 months"),
        ("esvs2024", 55.0, "M", "referral"),
    ],
)
def test_surveillance_of_the_abdominal_aorta(choice: str, value: float, sex: str, advice: str) -> None:
    _, words, abnormal, urgent = said(AORTA, choice, value, sex)
    assert advice in words
    assert bool(words) == bool(advice)
    assert abnormal == (value >= 30)
    assert urgent == (advice == "referral")


@pytest.mark.parametrize(
    ("choice", "value", "sex", "grade"),
    [
        ("ase2015", 52, "M", "ejection_fraction_normal"),
        ("ase2015", 51, "M", "ejection_fraction_mildly_reduced"),
        ("ase2015", 54, "F", "ejection_fraction_normal"),
        ("ase2015", 53, "F", "ejection_fraction_mildly_reduced"),
        ("ase2015", 41, "M", "ejection_fraction_mildly_reduced"),
        ("ase2015", 40, "M", "ejection_fraction_moderately_reduced"),
        ("ase2015", 30, "M", "ejection_fraction_moderately_reduced"),
        ("ase2015", 29, "M", "ejection_fraction_severely_reduced"),
        ("hf2021", 40, "M", "ejection_fraction_reduced"),
        ("hf2021", 41, "F", "ejection_fraction_mildly_reduced"),
        ("hf2021", 49, "M", "ejection_fraction_mildly_reduced"),
        ("hf2021", 50, "F", "ejection_fraction_preserved"),
        ("acc", 71, "M", "ejection_fraction_hyperdynamic"),
        ("acc", 70, "M", "ejection_fraction_normal"),
        ("acc", 49, "M", "ejection_fraction_mildly_reduced"),
        ("acc", 39, "M", "ejection_fraction_moderately_reduced"),
        ("acc", 29, "M", "ejection_fraction_severely_reduced"),
    ],
)
def test_classes_of_the_ejection_fraction(choice: str, value: float, sex: str, grade: str) -> None:
    assert said(EJECTION, choice, value, sex)[0] == grade


@pytest.mark.parametrize(
    ("code", "choice", "value", "sex", "grade", "abnormal"),
    [
        ("aortic_root_diameter", None, 40, "M", "aortic_root_normal_size", False),
        ("aortic_root_diameter", None, 40.1, "M", "aortic_root_dilated_mild", True),
        ("aortic_root_diameter", None, 36.1, "F", "aortic_root_dilated_mild", True),
        ("aortic_root_diameter", None, 55, "M", "aortic_root_surgical_size", True),
        ("ascending_aorta_diameter", None, 40, "M", "ascending_aorta_normal_size", False),
        ("ascending_aorta_diameter", None, 55, "F", "ascending_aorta_surgical_size", True),
        ("common_iliac_artery_diameter", None, 14.9, "M", "common_iliac_artery_normal_size", False),
        ("common_iliac_artery_diameter", None, 15, "M", "common_iliac_artery_aneurysm", True),
        ("intima_media_thickness", None, 0.9, "M", "intima_media_normal", False),
        ("intima_media_thickness", None, 0.91, "M", "intima_media_thickened_diffuse", True),
        ("intima_media_thickness", None, 1.5, "M", "intima_media_plaque_thickness", True),
        ("carotid_plaque_thickness", None, 1.5, "M", "carotid_wall_without_plaque", False),
        ("carotid_plaque_thickness", None, 1.6, "M", "carotid_plaque", True),
        ("post_void_residual_volume", None, 49, "M", "residual_urine_normal", False),
        ("post_void_residual_volume", None, 100, "M", "residual_urine_borderline", False),
        ("post_void_residual_volume", None, 101, "F", "residual_urine_significant", True),
        ("post_void_residual_volume", None, 301, "F", "urinary_retention", True),
        ("renal_pelvis_anteroposterior_diameter", None, 10, "M", "renal_pelvis_not_dilated", False),
        ("renal_pelvis_anteroposterior_diameter", None, 10.1, "M", "renal_pelvis_dilated", True),
        ("renal_pelvis_anteroposterior_diameter", "utd2014", 9.9, "M", "utd_normal", False),
        ("renal_pelvis_anteroposterior_diameter", "utd2014", 10, "M", "utd_p1", True),
        ("renal_pelvis_anteroposterior_diameter", "utd2014", 15, "M", "utd_p2", True),
        ("hepatorenal_index", None, 1.33, "M", "hepatorenal_index_normal", False),
        ("hepatorenal_index", None, 1.34, "M", "hepatorenal_index_raised", True),
        ("hepatorenal_index", "ochsner2021", 1.17, "M", "steatosis_ruled_out", False),
        ("hepatorenal_index", "ochsner2021", 1.3, "M", "steatosis_open", True),
        ("hepatorenal_index", "ochsner2021", 1.4, "M", "steatosis_ruled_in", True),
        ("b_line_count", None, 2, "M", "b_lines_up_to_two", False),
        ("b_line_count", None, 3, "M", "b_lines_three_or_more", True),
    ],
)
def test_other_limits(code: str, choice: str | None, value: float, sex: str, grade: str, abnormal: bool) -> None:
    assert (said(code, choice, value, sex)[0], said(code, choice, value, sex)[2]) == (grade, abnormal)


def test_bladder_volume_of_three_diameters() -> None:
    formula = BOOK.formulas["bladder-volume-ellipsoid"]
    measured = {"bladder_length": 100.0, "bladder_width": 80.0, "bladder_height": 60.0}
    assert formula.apply(measured) == pytest.approx(249.6)  # 0.52 x 10 x 8 x 6
    del measured["bladder_height"]
    assert formula.apply(measured) is None
