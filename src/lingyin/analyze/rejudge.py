"""A measurement that a physician corrected, judged anew: the same rules, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

from lingyin.analyze.compose import Composer
from lingyin.analyze.measure.plan import Plan
from lingyin.analyze.measure.shot import Measured, Outcome
from lingyin.analyze.rulebook import load_rules
from lingyin.core.measurements import load_measurements
from lingyin.core.study import Evidence, Finding
from lingyin.core.tree import load_tree


def rejudge(
    code: str, value: float, evidence: Sequence[Evidence], rule_id: str | None, sex: str | None, caveats: Sequence[str]
) -> list[Finding]:
    """The measurement `code` with its grade, then the findings and estimates that follow from it.

    Args:
        code: a measurement of the catalogue.
        value: in the catalogue's unit; it stands without an interval, since nobody measured one.
        evidence: where it was measured.
        rule_id: the rule that judged the value before, whose guideline is kept; None takes the default one.
        sex: "M", "F" or None (not recorded).
        caveats: what every finding carries besides the rule's own caveats.
    """
    rules = load_rules()
    kept = next((rule.choice for rule in rules.measurements.get(code, ()) if rule.id == rule_id), None)
    composer = Composer(load_tree(), rules, sex, {} if kept is None else {code: kept})
    measured = Measured(code, value, (value, value), list(evidence), tuple(caveats))
    site = load_measurements()[code].site
    composer.add_outcome(Plan(site, site, lambda _shots: Outcome(), (code,)), Outcome([measured]), caveats)
    return [each.model_copy(update={"interval": None}) if each.code == code else each for each in composer.findings]


def follows(code: str, rule_id: str | None, findings: Sequence[Finding]) -> list[int]:
    """Indices of the findings that rest on the measurement `code`: what its rule means, and estimates from it."""
    estimates = {name for name, rule in load_rules().estimates.items() if rule.argument == code}
    return [
        index
        for index, each in enumerate(findings)
        if each.code != code
        and (each.code in estimates or (rule_id is not None and each.rule is not None and each.rule.id == rule_id))
    ]
