"""The reference page says what the rule files say."""

from __future__ import annotations

from pathlib import Path

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
    assert "≥ 50 (women), 55 (men)" in page
    assert "> 36 (women), 40 (men)" in page
