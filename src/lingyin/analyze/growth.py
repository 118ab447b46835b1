"""Growth: where a fetal measurement lies among healthy fetuses of the same age, if the age by dates was told."""

from __future__ import annotations

from collections.abc import Mapping

from lingyin.analyze.formulas import Centiles, Formula
from lingyin.analyze.judge import SECONDARY
from lingyin.analyze.options import Options
from lingyin.analyze.rulebook import RuleBook
from lingyin.core.phrases import phrase
from lingyin.core.study import LANGUAGES, Category, Certainty, Finding
from lingyin.core.tree import Tree

AGE = "gestational_age"


def growth_findings(measured: Mapping[str, Finding], options: Options, rules: RuleBook, tree: Tree) -> list[Finding]:
    """A finding for each measurement that a growth standard knows; empty where no age was told.

    The outer centiles of the measurement's interval decide: where they lie on both sides of a limit, the finding on
    the value's own side is unsure. Outside the reference is said, never a diagnosis.
    """
    if options.gestational_age_weeks is None:
        return []
    age = {AGE: options.gestational_age_weeks}
    found = []
    for formula in rules.formulas.values():
        finding = measured.get(formula.gives)
        if formula.centiles is not None and finding is not None:
            found.extend(_placed(finding, formula, formula.centiles, age, tree))
    return found


def _placed(
    finding: Finding, formula: Formula, centiles: Centiles, age: Mapping[str, float], tree: Tree
) -> list[Finding]:
    if finding.value is None or finding.value <= 0:
        return []
    value = formula.centile(finding.value, age)
    if value is None:
        return []
    ends = [formula.centile(max(end, 1e-6), age) or 0.0 for end in finding.interval or ()]
    code = _side(value, centiles)
    sure = all(_side(end, centiles) == code for end in ends)
    abnormal = tree.abnormal(code) is True
    return [
        Finding(
            code=code,
            category=Category.DIAGNOSIS,
            name=tree[code].name,
            certainty=Certainty.PRESENT if sure else Certainty.UNSURE,
            abnormal=abnormal if sure else None,
            grade="centile",
            grade_name=_text(value, age[AGE]),
            evidence=finding.evidence[:1],
            rule=formula.reference(),
            caveats=[*finding.caveats, "age-as-told", *([SECONDARY] if formula.evidence != "primary" else [])],
        )
    ]


def _side(centile: float, centiles: Centiles) -> str:
    if centile < centiles.low:
        return centiles.below
    return centiles.above if centile > centiles.high else centiles.within


def _text(centile: float, age_weeks: float) -> dict[str, str]:
    weeks, days = divmod(round(age_weeks * 7), 7)
    shown = "<1" if centile < 1 else ">99" if centile > 99 else f"{centile:.0f}"
    words = phrase("score", "centile")
    return {lang: words[lang].format(centile=shown, weeks=weeks, days=days) for lang in LANGUAGES}
