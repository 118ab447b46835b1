"""Every shipped rule keeps the contract: cited, in three languages, about codes that exist, with bands that cover all
values."""

from __future__ import annotations

import pytest

from lingyin.analyze.cited import Cited
from lingyin.analyze.describe.lexicon import load_lexicon
from lingyin.analyze.examination import Protocol, load_protocols
from lingyin.analyze.formulas import Formula
from lingyin.analyze.judge import judge
from lingyin.analyze.measure.plan import PLANS
from lingyin.analyze.rulebook import MeasurementRule, load_rules
from lingyin.analyze.score import score
from lingyin.analyze.scorebook import ScoreRule
from lingyin.core.measurements import load_measurements
from lingyin.core.study import LANGUAGES
from lingyin.core.tree import Kind, load_tree

BOOK = load_rules()
MEASUREMENT_RULES = [rule for rules in BOOK.measurements.values() for rule in rules]
PROTOCOLS = list({protocol.code: protocol for protocol in load_protocols().values()}.values())
ALL_RULES: list[Cited] = [
    *MEASUREMENT_RULES,
    *BOOK.findings.values(),
    *BOOK.estimates.values(),
    *BOOK.formulas.values(),
    *BOOK.scores,
    *PROTOCOLS,
]


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_a_rule_is_cited_and_worded(rule: Cited) -> None:
    reference = rule.reference()
    assert set(reference.text) == set(LANGUAGES)
    assert reference.guideline
    assert any(character.isdigit() for character in reference.edition)
    assert rule.url is not None or rule.evidence == "general-knowledge"


@pytest.mark.parametrize("rule", MEASUREMENT_RULES, ids=lambda rule: rule.id)
def test_a_measurement_rule_judges_a_measurement_in_its_unit(rule: MeasurementRule) -> None:
    assert load_measurements()[rule.judges].unit == rule.unit


@pytest.mark.parametrize("rule", MEASUREMENT_RULES, ids=lambda rule: rule.id)
def test_findings_of_bands_are_findings_of_the_tree(rule: MeasurementRule) -> None:
    for band in rule.band:
        assert band.finding is None or load_tree()[band.finding].kind is Kind.FINDING


@pytest.mark.parametrize("rule", MEASUREMENT_RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("sex", ["F", "M", None])
def test_each_band_is_reached_at_its_own_limit_and_every_value_has_a_grade(
    rule: MeasurementRule, sex: str | None
) -> None:
    for value in (0.0, 1e6):
        assert judge(rule, value, None, sex).band in rule.band
    for band in rule.band[1:]:
        for each in ("F", "M"):
            limit = band.begins(each)
            inside = judge(rule, limit + 1e-9, None, each).band
            before = judge(rule, limit - 1e-9, None, each).band
            assert rule.band.index(inside) >= rule.band.index(band)
            assert rule.band.index(before) < rule.band.index(band)


@pytest.mark.parametrize("rule", MEASUREMENT_RULES, ids=lambda rule: rule.id)
def test_unknown_sex_is_never_milder_than_a_known_one(rule: MeasurementRule) -> None:
    for value in [
        limit + step
        for band in rule.band[1:]
        for limit in (band.begins("F"), band.begins("M"))
        for step in (-0.5, 0, 0.5)
    ]:
        unknown = judge(rule, value, None, None)
        for sex in ("F", "M"):
            known = judge(rule, value, None, sex)
            assert (unknown.urgent, unknown.abnormal) >= (known.urgent, known.abnormal)


@pytest.mark.parametrize("rule", BOOK.findings.values(), ids=lambda rule: rule.id)
def test_a_finding_rule_judges_an_abnormal_finding_of_the_tree(rule: Cited) -> None:
    assert load_tree()[rule.judges].kind is Kind.FINDING  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", BOOK.estimates.values(), ids=lambda rule: rule.id)
def test_an_estimate_turns_one_measurement_into_another(rule: Cited) -> None:
    catalogue = load_measurements()
    assert catalogue[rule.judges].unit == rule.unit  # type: ignore[attr-defined]
    assert rule.argument in catalogue  # type: ignore[attr-defined]


@pytest.mark.parametrize("pair", BOOK.contradictions, ids=lambda pair: pair.label)
def test_contradictions_name_codes_of_the_tree(pair: object) -> None:
    codes = [pair.label, pair.with_label, pair.with_structure]  # type: ignore[attr-defined]
    assert all(code in load_tree() for code in codes if code is not None)


def test_normal_outlines_name_a_finding_and_a_structure() -> None:
    for pair in BOOK.normal_outlines:
        assert load_tree()[pair.label].abnormal is False
        assert load_tree()[pair.structure].kind is Kind.STRUCTURE


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.structure)
def test_plans_speak_codes_of_the_catalogues(plan: object) -> None:
    assert plan.organ in load_tree()  # type: ignore[attr-defined]
    assert load_tree()[plan.structure].kind is Kind.STRUCTURE  # type: ignore[attr-defined]
    assert all(code in load_measurements() for code in plan.codes)  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", BOOK.scores, ids=lambda rule: rule.id)
def test_grades_of_a_score_are_categories_of_the_tree_and_all_are_reached(rule: ScoreRule) -> None:
    tree = load_tree()
    assert tree[rule.organ].kind is Kind.ORGAN
    assert tree[rule.subject].kind is Kind.STRUCTURE
    assert all(tree[grade.code].kind is Kind.FINDING for grade in rule.grade)
    assert rule.size is None or rule.size in load_measurements()
    assert score(rule, {}).grades == tuple(grade.code for grade in rule.grade)
    levels = [tree.abnormal(grade.code) is True for grade in rule.grade]
    assert levels == sorted(levels), "a graver grade is not less abnormal"


@pytest.mark.parametrize("rule", BOOK.scores, ids=lambda rule: rule.id)
def test_what_can_be_described_speaks_the_words_of_the_score(rule: ScoreRule) -> None:
    features = {feature.code: set(feature.codes) for feature in rule.feature}
    described = [row for row in load_lexicon()[rule.subject] if row.feature in features]
    assert described
    for row in described:
        assert {code for codes in row.values.values() for code in codes} <= features[row.feature]


@pytest.mark.parametrize("topic", BOOK.topics())
def test_each_topic_offers_a_default_and_no_choice_twice(topic: str) -> None:
    rules = BOOK.topics()[topic]
    assert rules[0].default
    for rule in rules:
        BOOK.check_choices({topic: rule.choice})


@pytest.mark.parametrize("formula", BOOK.formulas.values(), ids=lambda formula: formula.id)
def test_a_formula_gives_a_measurement_in_its_unit(formula: Formula) -> None:
    assert load_measurements()[formula.gives].unit == formula.unit
    assert set(formula.per_unit) | set(formula.valid) <= set(formula.arguments)
    if formula.centiles is not None:
        sides = (formula.centiles.below, formula.centiles.within, formula.centiles.above)
        assert [load_tree().abnormal(code) for code in sides] == [True, False, True]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.code)
def test_a_protocol_asks_for_views_of_the_tree(protocol: Protocol) -> None:
    tree = load_tree()
    assert all(tree[organ].kind is Kind.ORGAN for organ in protocol.organs)
    assert all(tree[view].kind is Kind.VIEW for view in protocol.views)
    assert protocol.by_outline is None or tree[protocol.by_outline.structure].kind is Kind.STRUCTURE
