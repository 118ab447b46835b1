"""Applies a rule to a value: grade, abnormal, urgent and the caveats. The thresholds themselves are data
(`rulebook`)."""

from __future__ import annotations

from dataclasses import dataclass

from lingyin.analyze.rulebook import SEXES, Band, EstimateRule, MeasurementRule

SEX_UNKNOWN = "sex-unknown-lower-threshold"
REACHES = "interval-reaches-threshold"
CROSSES = "interval-crosses-threshold"
SECONDARY = "guideline-secondary-source"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says about one value. `abnormal_by_interval`: only the interval, not the value, reached the
    threshold."""

    band: Band
    abnormal: bool
    urgent: bool
    abnormal_by_interval: bool
    caveats: tuple[str, ...]


def judge(rule: MeasurementRule, value: float, interval: tuple[float, float] | None, sex: str | None) -> Verdict:
    """Grades `value` (in the rule's unit), with its 90 % interval, for `sex` "M", "F" or None (not recorded).

    Sex not recorded: the graver of the two sexes' grades counts, with a caveat where they differ. A normal value whose
    interval reaches an abnormal band becomes abnormal where the rule asks for that (sensitivity first), else gets a
    caveat.
    """
    band, differs = _band(rule, value, sex)
    caveats = [SEX_UNKNOWN] if differs else []
    ends = [_band(rule, end, sex)[0] for end in interval or ()]
    by_interval = False
    if not band.abnormal and any(end.abnormal for end in ends):
        by_interval = rule.when_interval_reaches == "abnormal"
        caveats.append(REACHES if by_interval else CROSSES)
    elif band.abnormal and any(not end.abnormal for end in ends):
        caveats.append(CROSSES)
    return Verdict(band, band.abnormal or by_interval, band.urgent, by_interval, tuple(caveats))


def estimate(
    rule: EstimateRule, value: float, interval: tuple[float, float]
) -> tuple[float, tuple[float, float]] | None:
    """Value and 90 % interval of an estimate from a measurement; None outside the formula's range.

    The interval joins the measurement's own (through the formula) with the biological spread, in quadrature.
    """
    if not rule.valid[0] <= value <= rule.valid[1]:
        return None
    result, low, high = (_polynomial(rule, argument) for argument in (value, *interval))
    two_sd = next((sd for start, end, sd in rule.spread if start <= result < end), rule.spread[-1][2])
    biological = 1.645 * two_sd / 2.0
    return result, (
        result - ((result - low) ** 2 + biological**2) ** 0.5,
        result + ((high - result) ** 2 + biological**2) ** 0.5,
    )


def _polynomial(rule: EstimateRule, value: float) -> float:
    argument = value * rule.argument_per_unit
    return sum(factor * argument**power for power, factor in enumerate(rule.coefficients))


def _band(rule: MeasurementRule, value: float, sex: str | None) -> tuple[Band, bool]:
    """The band of a value, and whether not knowing the sex mattered."""
    sexes = (sex,) if sex in SEXES else SEXES
    bands = [[band for band in rule.band if band.holds(value, each)][-1] for each in sexes]
    gravest = max(bands, key=lambda band: (band.urgent, band.abnormal, _gravity(rule, band)))
    return gravest, len({band.grade for band in bands}) > 1


def _gravity(rule: MeasurementRule, band: Band) -> int:
    """How far a band lies from the nearest normal one, so that low values can be the grave ones too."""
    position = rule.band.index(band)
    normal = [index for index, each in enumerate(rule.band) if not each.abnormal]
    return min((abs(position - index) for index in normal), default=position)
