"""Numbers and units as people write them."""

from __future__ import annotations

import pytest

from lingyin.report.grammar import load_grammar
from lingyin.report.wording import number, opened, percent, quantity, say, weeks_days


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (62.5, 0, "63"),
        (-0.04, 1, "0.0"),
        (0.25, 1, "0.3"),
        (47.23, 1, "47.2"),
        (1e-9, 2, "0.00"),
        (1234.5, 1, "1234.5"),
    ],
)
def test_ties_round_away_from_zero(value: float, decimals: int, shown: str) -> None:
    assert number(value, decimals) == shown


def test_probability_never_claims_certainty() -> None:
    grammar = load_grammar("en")
    assert [percent(value, grammar) for value in (0.0, 0.004, 0.01, 0.5, 0.99, 0.996, 1.0)] == [
        "<1",
        "<1",
        "1",
        "50",
        "99",
        ">99",
        ">99",
    ]


def test_weeks_round_to_days_and_carry() -> None:
    assert weeks_days(20.99) == (21, 0)
    assert quantity(1.143, "gestational_age", "wk", load_grammar("en")) == "1 week 1 day"


def test_units_follow_the_language() -> None:
    english, chinese = load_grammar("en"), load_grammar("zh-Hans")
    assert quantity(55.4, "left_ventricular_ejection_fraction", "%", english) == "55 %"
    assert quantity(55.4, "left_ventricular_ejection_fraction", "%", chinese) == "55%"
    assert quantity(30.2, "left_ventricle_end_diastolic_area", "cm2", english) == "30.2 cm²"
    assert quantity(0.68, "renal_resistive_index", "1", english) == "0.68"
    assert quantity(3.0, "not_in_the_catalogue", "furlong", english) == "3.0 furlong"


def test_missing_name_falls_back_to_english_then_to_the_code() -> None:
    assert say({"en": "liver"}, "zh-Hans", "liver") == "liver"
    assert say({}, "en", "common_bile_duct") == "common bile duct"
    assert opened("BI-RADS 2") == "BI-RADS 2"
    assert opened("") == ""
