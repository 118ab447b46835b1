"""The rules as data: what a rule file under `analyze/rules/` may say, read and checked strictly. No rule is applied
here."""

from __future__ import annotations

import functools
import itertools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from lingyin.analyze.cited import Chosen, Cited, Code, Entry, Words
from lingyin.analyze.formulas import Formula
from lingyin.analyze.scorebook import ScoreRule
from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged

SEXES = ("F", "M")
Limit = float | dict[Literal["F", "M"], float]


class Band(Entry):
    """One grade of a measurement: from `at_least` (inclusive) or `above` (exclusive) up to the next band.

    A limit is one number, or one per sex. `finding` is the tree's code that this grade means, if any.
    """

    grade: Code
    name: Words
    abnormal: bool
    urgent: bool = False
    at_least: Limit | None = None
    above: Limit | None = None
    finding: Code | None = None
    advice: Words | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Band:
        if self.at_least is not None and self.above is not None:
            raise ValueError(f"band {self.grade} has both at_least and above")
        if self.urgent and not self.abnormal:
            raise ValueError(f"band {self.grade} is urgent but not abnormal")
        limit = self.limit
        if isinstance(limit, dict) and set(limit) != set(SEXES):
            raise ValueError(f"band {self.grade} needs a limit for both F and M")
        return self

    @property
    def limit(self) -> Limit | None:
        return self.at_least if self.at_least is not None else self.above

    def begins(self, sex: str) -> float:
        """Lower limit for one sex; minus infinity for the first band."""
        limit = self.limit
        if limit is None:
            return float("-inf")
        return limit[sex] if isinstance(limit, dict) else float(limit)  # type: ignore[index]

    def holds(self, value: float, sex: str) -> bool:
        """Whether `value` has reached this band."""
        return value > self.begins(sex) if self.above is not None else value >= self.begins(sex)


class MeasurementRule(Chosen):
    """Grades one measurement. Where guidelines differ, each has its own rule and `choice` names it; one is the default.

    `when_interval_reaches`: `abnormal` flags a normal value whose 90 % interval reaches an abnormal band, `caveat`
    says so only. `beside` names a scheme whose grade is told beside that of the rule that was chosen.
    """

    judges: Code
    unit: str
    when_interval_reaches: Literal["abnormal", "caveat"] = "caveat"
    beside: Words | None = None
    band: Annotated[tuple[Band, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _bands_rise(self) -> MeasurementRule:
        if self.band[0].limit is not None or any(band.limit is None for band in self.band[1:]):
            raise ValueError("the first band, and only the first, has no lower limit")
        starts = [[band.begins(sex) for sex in SEXES] for band in self.band]
        for lower, upper in itertools.pairwise(starts):
            # a band may be empty for one sex (women reach repair size where "large" would begin), never for both
            if any(one > other for one, other in zip(lower, upper, strict=True)) or lower == upper:
                raise ValueError(f"bands must rise, {lower} is followed by {upper}")
        grades = [band.grade for band in self.band]
        if len(set(grades)) != len(grades):
            raise ValueError("a grade stands twice")
        return self


class FindingRule(Cited):
    """Says what the presence of one finding of the tree means."""

    judges: Code
    abnormal: bool
    urgent: bool = False


class EstimateRule(Cited):
    """A polynomial that turns one measurement into another, with its range and its biological spread.

    `coefficients[i]` multiplies the argument (in `argument_unit`) to the power `i`. `spread` rows are
    (from, to, two standard deviations), in the unit of the result.
    """

    judges: Code
    argument: Code
    unit: str
    argument_per_unit: float = Field(gt=0, description="argument = measured value times this, e.g. 0.1 for mm to cm")
    coefficients: Annotated[tuple[float, ...], Field(min_length=2)]
    valid: tuple[float, float]
    spread: tuple[tuple[float, float, float], ...]


class Contradiction(Entry):
    """Two statements that cannot both hold; where both are made, both become unsure (`heads-disagree`).

    `label` is the finding; `with_label` another head's label, or `with_structure` an outlined structure seen in the
    clip.
    """

    label: Code
    with_label: Code | None = None
    with_structure: Code | None = None

    @model_validator(mode="after")
    def _one_other(self) -> Contradiction:
        if (self.with_label is None) == (self.with_structure is None):
            raise ValueError(f"contradiction of {self.label} needs exactly one of with_label, with_structure")
        return self


class NormalOutline(Entry):
    """Where `label` is present, the outline `structure` shows normal tissue: it is neither stated nor measured."""

    label: Code
    structure: Code


class RuleFile(Entry):
    """One application's rules."""

    application: str
    measurement: tuple[MeasurementRule, ...] = ()
    finding: tuple[FindingRule, ...] = ()
    estimate: tuple[EstimateRule, ...] = ()
    formula: tuple[Formula, ...] = ()
    score: tuple[ScoreRule, ...] = ()
    contradiction: tuple[Contradiction, ...] = ()
    normal_outline: tuple[NormalOutline, ...] = ()


@dataclass(frozen=True)
class RuleBook:
    """All rules, ready to be looked up by the code they judge."""

    measurements: Mapping[str, tuple[MeasurementRule, ...]]
    findings: Mapping[str, FindingRule]
    estimates: Mapping[str, EstimateRule]
    contradictions: tuple[Contradiction, ...]
    normal_outlines: tuple[NormalOutline, ...]
    formulas: Mapping[str, Formula]
    scores: tuple[ScoreRule, ...]

    def measurement_rule(self, code: str, choices: Mapping[str, str] | None = None) -> MeasurementRule | None:
        """The rule for a measurement: the guideline chosen for it or for its topic, else the default; None if there is
        none.

        Raises:
            CatalogueError: the chosen guideline is not offered for this measurement.
        """
        rules = self.measurements.get(code, ())
        chosen = choices or {}
        wanted = chosen.get(code)
        if wanted is None:
            offered = {rule.choice for rule in rules}
            by_topic = (chosen.get(rule.topic or "") for rule in rules)
            wanted = next((choice for choice in by_topic if choice in offered), None)
        for rule in rules:
            if rule.choice == wanted or (wanted is None and rule.default):
                return rule
        if wanted is not None:
            raise CatalogueError(f"no guideline {wanted!r} for {code}; offered: {_listed(rules)}")
        return None

    def score_rules(self, organ: str, choices: Mapping[str, str] | None = None) -> list[ScoreRule]:
        """The scoring systems for lesions of an organ: of each topic the chosen one, else the default."""
        found = {rule.topic: rule for rule in self.scores if rule.organ == organ and rule.default}
        for rule in self.scores:
            if rule.organ == organ and (choices or {}).get(rule.topic or "") == rule.choice:
                found[rule.topic] = rule
        return list(found.values())

    def topics(self) -> dict[str, tuple[Chosen, ...]]:
        """What a user may choose a guideline for: topic to the rules that stand beside each other, default first."""
        found: dict[str, list[Chosen]] = {}
        for rule in (*(rule for rules in self.measurements.values() for rule in rules), *self.scores):
            known = found.setdefault(rule.topic, []) if rule.topic else []
            if all(rule.choice != other.choice for other in known):
                known.append(rule)
        return {topic: tuple(sorted(rules, key=lambda rule: not rule.default)) for topic, rules in found.items()}

    def check_choices(self, choices: Mapping[str, str]) -> None:
        """Checks a choice of guidelines, by topic or by code of a measurement.

        Raises:
            CatalogueError: there is no such topic or measurement, or it does not offer that guideline.
        """
        topics = self.topics()
        for key, choice in choices.items():
            rules: tuple[Chosen, ...] = topics.get(key) or self.measurements.get(key, ())
            if not rules:
                raise CatalogueError(
                    f"no guidelines to choose from for {key!r}; there are: {', '.join(sorted(topics))}"
                )
            if all(rule.choice != choice for rule in rules):
                raise CatalogueError(f"no guideline {choice!r} for {key}; offered: {_listed(rules)}")


def _listed(rules: Iterable[Chosen]) -> str:
    return ", ".join(rule.choice for rule in rules) or "none"


def read_rule_file(path: Path) -> RuleFile:
    """Reads and checks one rule file.

    Raises:
        CatalogueError: not TOML, or anything missing, unknown or contradictory in it.
    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return RuleFile.model_validate(table)
    except (tomllib.TOMLDecodeError, ValidationError, CatalogueError) as error:
        raise CatalogueError(f"rules/{path.name}: {error}") from error


def read_rules(folder: Path) -> RuleBook:
    """All rule files of a folder, in the order of their names.

    Raises:
        CatalogueError: a file is wrong, an id stands twice, or a code has not exactly one default rule.
    """
    files = [read_rule_file(path) for path in sorted(folder.glob("*.toml"))]
    if not files:
        raise CatalogueError(f"{folder}: no rule files")
    scores = tuple(rule for file in files for rule in file.score)
    formulas = [rule for file in files for rule in file.formula]
    kinds = [(*file.measurement, *file.finding, *file.estimate) for file in files]
    _check_unique("id", [rule.id for rules in (*kinds, scores, formulas) for rule in rules])
    _check_unique("finding rule for", [rule.judges for file in files for rule in file.finding])
    _check_unique("estimate of", [rule.judges for file in files for rule in file.estimate])
    measurements: dict[str, tuple[MeasurementRule, ...]] = {}
    for rule in (rule for file in files for rule in file.measurement):
        measurements[rule.judges] = (*measurements.get(rule.judges, ()), rule)
    for code, rules in measurements.items():
        if sum(rule.default for rule in rules) != 1:
            raise CatalogueError(f"{code} needs exactly one default rule")
        _check_unique(f"choice for {code}", [rule.choice for rule in rules])
    _check_unique("default score of", [f"{rule.organ} ({rule.topic})" for rule in scores if rule.default])
    return RuleBook(
        measurements=MappingProxyType(measurements),
        findings=MappingProxyType({rule.judges: rule for file in files for rule in file.finding}),
        estimates=MappingProxyType({rule.judges: rule for file in files for rule in file.estimate}),
        contradictions=tuple(pair for file in files for pair in file.contradiction),
        normal_outlines=tuple(pair for file in files for pair in file.normal_outline),
        formulas=MappingProxyType({rule.id: rule for rule in formulas}),
        scores=scores,
    )


@functools.cache
def load_rules() -> RuleBook:
    """The rules that travel inside the package, read once per process."""
    return read_rules(packaged("lingyin.analyze", "rules"))


def _check_unique(what: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise CatalogueError(f"{what} {', '.join(twice)} stands twice in the rules")
