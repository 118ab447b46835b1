"""The reference page says what the rule files say."""

from __future__ import annotations

from pathlib import Path

from lingyin.analyze.examination import load_protocols
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.rulepage import rules_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_the_page_is_the_one_that_the_rules_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(load_rules()), "run scripts/rules-page"


def test_every_rule_and_band_stands_on_the_page() -> None:
    page = rules_page(load_rules())
    for rules in load_rules().measurements.values():
        for rule in rules:
            assert rule.guideline in page
            assert all(band.name["en"] in page for band in rule.band)
    for score in load_rules().scores:
        assert score.name["en"] in page
        assert all(grade.label in page for grade in score.grade)
    assert all(formula.text["en"] in page for formula in load_rules().formulas.values())
    assert all(f"`{choice}`" in page for choice in ("esc2024", "svs2018", "acc2022", "esvs2024", "ctirads2020"))
    assert all(view in page for protocol in load_protocols().values() for view in protocol.views)
    assert "≥ 50 (women), 55 (men)" in page
    assert "> 36 (women), 40 (men)" in page
