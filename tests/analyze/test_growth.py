"""Growth centiles, where the age by dates was told."""

from __future__ import annotations

import pytest

from lingyin.analyze.growth import growth_findings
from lingyin.analyze.options import NO_OPTIONS, Options
from lingyin.analyze.rulebook import load_rules
from lingyin.core.study import Category, Certainty, Finding
from lingyin.core.tree import load_tree

CODE = "fetal_head_circumference"
AT_20 = Options(gestational_age_weeks=20.0)  # mean 172.5 mm, standard deviation 7.44 mm


def head(value: float, half: float = 1.0) -> dict[str, Finding]:
    finding = Finding(
        code=CODE,
        category=Category.MEASUREMENT,
        name={"en": "head circumference"},
        certainty=Certainty.PRESENT,
        value=value,
        unit="mm",
        interval=(value - half, value + half),
    )
    return {CODE: finding}


def grown(value: float, half: float = 1.0, options: Options = AT_20) -> list[Finding]:
    return growth_findings(head(value, half), options, load_rules(), load_tree())


@pytest.mark.parametrize(
    ("value", "side", "abnormal"),
    [(172.5, "in", False), (150.0, "below", True), (195.0, "above", True)],
)
def test_sides_of_the_reference(value: float, side: str, abnormal: bool) -> None:
    [finding] = grown(value)
    assert finding.code == f"fetal_head_circumference_{side}_reference"
    assert (finding.certainty, finding.abnormal) == (Certainty.PRESENT, abnormal)
    assert "age-as-told" in finding.caveats
    assert finding.rule is not None
    assert "INTERGROWTH" in finding.rule.guideline


def test_the_centile_is_told_with_the_age() -> None:
    assert grown(172.5)[0].grade_name["en"] == "centile 50 at 20 weeks 0 days"
    assert grown(120.0)[0].grade_name["en"].startswith("centile <1")


def test_an_interval_over_the_limit_is_unsure() -> None:
    [finding] = grown(159.5, half=4.0)
    assert finding.code == "fetal_head_circumference_in_reference"
    assert (finding.certainty, finding.abnormal) == (Certainty.UNSURE, None)


def test_without_an_age_or_outside_the_standard_nothing_is_said() -> None:
    assert grown(172.5, options=NO_OPTIONS) == []
    assert grown(172.5, options=Options(gestational_age_weeks=8.0)) == []
    assert growth_findings({}, AT_20, load_rules(), load_tree()) == []
