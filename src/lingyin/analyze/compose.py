"""From measured values to findings: names and units from the catalogue, grades from the rules, and what was left
unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lingyin.analyze.judge import REACHES, SECONDARY, Verdict, estimate, judge
from lingyin.analyze.measure.plan import Plan, plans_for
from lingyin.analyze.measure.shot import Measured, Outcome
from lingyin.analyze.rulebook import Band, MeasurementRule, RuleBook
from lingyin.core.measurements import load_measurements
from lingyin.core.phrases import phrase
from lingyin.core.study import LANGUAGES, Category, Certainty, Finding, NotAssessed, Text
from lingyin.core.tree import Kind, Tree


@dataclass
class Composer:
    """Collects findings and omissions of one clip. `sex` and `choices` (guideline per measurement) steer the rules."""

    tree: Tree
    rules: RuleBook
    sex: str | None
    choices: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    not_assessed: list[NotAssessed] = field(default_factory=list)

    def add_outcome(self, plan: Plan, outcome: Outcome, caveats: Iterable[str]) -> None:
        """Findings for all values of one tool, with the grades and estimates that follow from them."""
        standing = tuple(dict.fromkeys((*plan.caveats, *caveats)))
        for measured in outcome.measured:
            self._add_value(measured, standing)
            for code, rule in self.rules.estimates.items():
                if rule.argument == measured.code:
                    self._add_estimate(code, measured, standing)
        for refused in outcome.refused:
            self.refuse(refused.code, refused.reason)
            for code, rule in self.rules.estimates.items():
                if rule.argument == refused.code:
                    self.refuse(code, refused.reason)

    def refuse(self, code: str, reason: str) -> None:
        """Notes that the measurement or finding `code` was not given."""
        name = load_measurements()[code].name if code in load_measurements() else self.tree[code].name
        if all(item.code != code for item in self.not_assessed):
            self.not_assessed.append(NotAssessed(code=code, name=name, reason=reason))

    def note_untrained(self, organ: str, spoken: Iterable[str]) -> None:
        """Notes abnormalities of the organ that no head or rule of this program looks for."""
        known = {*spoken, *(finding.code for finding in self.findings), *(item.code for item in self.not_assessed)}
        measured = {code for plan in plans_for(organ) for code in plan.codes}
        known |= {
            band.finding
            for code in measured
            for rule in self.rules.measurements.get(code, ())
            for band in rule.band
            if band.finding
        }
        for code in self.tree.children(organ, Kind.FINDING):
            node = self.tree[code]
            if node.abnormal and node.exclusive is None and code not in known:
                self.refuse(code, "not-trained")

    def _add_value(self, measured: Measured, standing: tuple[str, ...]) -> None:
        entry = load_measurements()[measured.code]
        value, interval = _rounded(measured, entry.decimals)
        rule = self.rules.measurement_rule(measured.code, self.choices)
        # the stated (rounded) value is judged, so that number and grade never contradict each other
        verdict = None if rule is None else judge(rule, value, interval, self.sex)
        band = None if verdict is None else verdict.band
        caveats = [*standing, *measured.caveats, *(() if verdict is None else verdict.caveats)]
        if rule is not None and rule.evidence != "primary":
            caveats.append(SECONDARY)
        finding = Finding(
            code=measured.code,
            category=Category.MEASUREMENT,
            name=entry.name,
            certainty=Certainty.PRESENT,
            value=value,
            unit=entry.unit,
            interval=interval,
            convention=entry.convention,
            abnormal=None if verdict is None else verdict.abnormal,
            urgent=verdict is not None and verdict.urgent,
            grade=None if band is None else band.grade,
            grade_name={} if band is None else band.name,
            evidence=measured.evidence,
            rule=None if rule is None or band is None else rule.reference(band.advice, self._beside(rule, value)),
            caveats=list(dict.fromkeys(caveats)),
        )
        self.findings.append(finding)
        if rule is not None and verdict is not None:
            self._add_meanings(rule, verdict, finding)

    def _add_meanings(self, rule: MeasurementRule, verdict: Verdict, measurement: Finding) -> None:
        """Findings of the tree that the grade means: the one reached is present, abnormal ones not reached are absent.

        Where only the interval reaches an abnormal band, the finding of that band is unsure and flagged.
        """
        meant = list(dict.fromkeys(band.finding for band in rule.band if band.finding))
        reached = verdict.band.finding
        for code in meant:
            abnormal = any(band.abnormal for band in rule.band if band.finding == code)
            if code == reached:
                certainty, flag = Certainty.PRESENT, verdict.band.abnormal
            elif abnormal and verdict.abnormal_by_interval:
                certainty, flag = Certainty.UNSURE, True
            elif abnormal:
                certainty, flag = Certainty.ABSENT, False
            else:
                continue
            self.findings.append(
                Finding(
                    code=code,
                    category=Category.DIAGNOSIS,
                    name=self.tree[code].name,
                    certainty=certainty,
                    abnormal=flag,
                    urgent=verdict.urgent and code == reached,
                    grade=measurement.grade if code == reached else None,
                    grade_name=measurement.grade_name if code == reached else {},
                    evidence=measurement.evidence[:1],
                    rule=rule.reference(_advice(verdict.band, code, reached)),
                    caveats=measurement.caveats if code == reached or flag else [],
                )
            )

    def _beside(self, rule: MeasurementRule, value: float) -> Text | None:
        """What other schemes for the same measurement, that are to be told beside the chosen one, make of the value."""
        others = [each for each in self.rules.measurements[rule.judges] if each.beside and each.id != rule.id]
        if not others:
            return None
        grades = [(each.beside or {}, judge(each, value, None, self.sex).band.name) for each in others]
        template = phrase("score", "beside")
        return {
            lang: " ".join(template[lang].format(scheme=scheme[lang], grade=grade[lang]) for scheme, grade in grades)
            for lang in LANGUAGES
        }

    def _add_estimate(self, code: str, measured: Measured, standing: tuple[str, ...]) -> None:
        rule = self.rules.estimates[code]
        result = estimate(rule, measured.value, measured.interval)
        if result is None:
            self.refuse(code, "outside-formula-range")
            return
        value, interval = result
        derived = Measured(code, value, interval, measured.evidence[:1], measured.caveats)
        before = len(self.findings)
        self._add_value(derived, standing)
        finding = self.findings[before]
        caveats = list(finding.caveats)
        if rule.evidence != "primary" and SECONDARY not in caveats:
            caveats.append(SECONDARY)
        self.findings[before] = finding.model_copy(update={"rule": rule.reference(), "caveats": caveats})


def contradicted(
    findings: list[Finding], structures: Iterable[str], rules: RuleBook, tree: Tree
) -> tuple[list[Finding], list[str]]:
    """Findings with those that contradict another statement made unsure, and the codes that were.

    Two heads contradict each other where the rules say so, or where the tree keeps their labels apart. Outlined
    `structures` contradict a label only through the rules.
    """
    seen = set(structures)
    stated = [each for each in findings if each.category is Category.DIAGNOSIS and each.certainty is Certainty.PRESENT]
    codes = [each.code for each in stated if REACHES not in each.caveats]
    clash: set[str] = set()
    for pair in rules.contradictions:
        if pair.label in codes and pair.with_structure in seen:
            clash.add(pair.label)
        if pair.label in codes and pair.with_label in codes:
            clash |= {pair.label, str(pair.with_label)}
    for index, one in enumerate(codes):
        for other in codes[index + 1 :]:
            if tree.excludes(one, other):
                clash |= {one, other}
    doubted = {"certainty": Certainty.UNSURE, "abnormal": None, "urgent": False}
    return [each.model_copy(update=doubted) if each.code in clash else each for each in findings], sorted(clash)


def _advice(band: Band, code: str, reached: str | None) -> dict[str, str] | None:
    return band.advice if code == reached else None


def _rounded(measured: Measured, decimals: int) -> tuple[float, tuple[float, float]]:
    """Value and interval with the catalogue's decimals: no more than the method can bear."""
    low, high = (round(end, decimals) for end in measured.interval)
    return round(measured.value, decimals), (low, high)
