"""Published formulas give their published results."""

from __future__ import annotations

import pytest

from lingyin.analyze.formulas import Formula
from lingyin.analyze.rulebook import load_rules

FORMULAS = load_rules().formulas
# the worked example of the sources: BPD 6.0, HC 22.0, AC 19.5, FL 4.4 cm
EXAMPLE = {
    "biparietal_diameter": 60.0,
    "fetal_head_circumference": 220.0,
    "abdominal_circumference": 195.0,
    "femur_length": 44.0,
}


def formula(name: str) -> Formula:
    return FORMULAS[name]


@pytest.mark.parametrize(
    ("name", "value", "within"),
    [
        ("gestational-age-hadlock1984-hc-formula", 24.03, 0.01),
        ("gestational-age-hadlock1984-bpd", 24.47, 0.01),
        ("gestational-age-hadlock1984-ac", 24.19, 0.01),
        ("gestational-age-hadlock1984-fl", 24.47, 0.01),
        ("estimated-fetal-weight-hadlock1985-hc-ac-fl", 677.63, 0.01),
        ("estimated-fetal-weight-hadlock1985-bpd-hc-ac-fl", 680.74, 0.01),
    ],
)
def test_hadlock_gives_the_worked_example(name: str, value: float, within: float) -> None:
    assert formula(name).apply(EXAMPLE) == pytest.approx(value, abs=within)


@pytest.mark.parametrize(("length_mm", "days"), [(10, 49.19), (45, 77.74), (60, 86.10), (84, 97.53)])
def test_crown_rump_length_of_robinson(length_mm: float, days: float) -> None:
    weeks = formula("gestational-age-robinson1975-crl").apply({"crown_rump_length": length_mm})
    assert weeks is not None
    assert weeks * 7 == pytest.approx(days, abs=0.02)


def test_weight_standard_at_24_weeks() -> None:
    standard = formula("fetal-weight-centile-hadlock1991")
    at = {"gestational_age": 24.0}
    assert standard.apply(at) == pytest.approx(669.8, abs=0.1)
    assert standard.centile(669.8, at) == pytest.approx(50, abs=0.05)
    assert standard.centile(574.3, at) == pytest.approx(10, abs=0.05)


def test_head_circumference_standard_at_20_weeks() -> None:
    """Worked by hand from the printed coefficients: mean 172.5 mm, standard deviation 7.44 mm."""
    standard = formula("head-circumference-centile-intergrowth21")
    at = {"gestational_age": 20.0}
    assert standard.apply(at) == pytest.approx(172.5, abs=0.1)
    assert standard.z_score(172.5 - 7.44, at) == pytest.approx(-1, abs=0.02)
    assert standard.centile(172.5 - 1.881 * 7.44, at) == pytest.approx(3, abs=0.1)


def test_nothing_outside_the_range_and_nothing_from_half_of_the_arguments() -> None:
    assert formula("gestational-age-hadlock1984-bpd").apply({"biparietal_diameter": 5.0}) is None
    assert formula("estimated-fetal-weight-hadlock1985-hc-ac-fl").apply({"femur_length": 44.0}) is None
    assert formula("fetal-weight-centile-hadlock1991").centile(600, {"gestational_age": 44.0}) is None
    assert formula("gestational-age-hadlock1984-bpd").centile(24, EXAMPLE) is None


def test_a_weight_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        formula("fetal-weight-centile-hadlock1991").centile(0, {"gestational_age": 24.0})
