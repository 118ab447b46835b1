"""What changed between two studies of one patient: growth of each value with its interval, what is new or gone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date

from lingyin.core.errors import UsageError
from lingyin.core.study import Certainty, Comparison, Finding, Growth, NotAssessed, Study

DAYS_PER_YEAR = 365.25
DAYS_FOR_RATE = 90  # between studies closer together, the error of both outgrows any rate
AGES = {"wk"}  # an age is no size: it grows by itself
FREE_OF_SCALE = {"%", "1", "/min"}  # units that need no length calibration


def compare(prior: Study, now: Study, prior_date: date, now_date: date, prior_sha256: str, identity: str) -> Comparison:
    """Compares value by value what has the same code, side and convention and a calibrated picture on both sides.

    Args:
        prior: the earlier study.
        now: the present study; indices of the result point into its findings.
        prior_date: when the earlier one was made.
        now_date: when the present one was made, later than that.
        prior_sha256: SHA-256 of the prior `report.json`.
        identity: how the patient was matched, `patient-id` or `asserted`.

    Raises:
        UsageError: the prior study is not earlier.
    """
    days = (now_date - prior_date).days
    if days <= 0:
        raise UsageError(f"the prior study ({prior_date}) is not earlier than this one ({now_date})")
    growth: list[Growth] = []
    left_out: list[NotAssessed] = []
    told: set[str] = set()
    for index, finding in enumerate(now.findings):
        if finding.value is None or finding.unit in AGES:
            continue
        match = _match(prior, now, finding)
        if isinstance(match, Finding):
            growth.append(grown(finding, index, match.value or 0.0, match.interval, days))
        elif finding.code not in told:
            left_out.append(NotAssessed(code=finding.code, name=finding.name, reason=match))
        told.add(finding.code)
    for finding in prior.findings:
        if finding.value is not None and finding.unit not in AGES and finding.code not in told:
            left_out.append(NotAssessed(code=finding.code, name=finding.name, reason="not-measured-now"))
            told.add(finding.code)
    abnormal_before = {_key(each) for each in prior.findings if each.abnormal}
    new = [index for index, each in enumerate(now.findings) if each.abnormal and _key(each) not in abnormal_before]
    return Comparison(
        prior_date=prior_date.isoformat(),
        date=now_date.isoformat(),
        days=days,
        prior_sha256=prior_sha256,
        prior_sop_instance_uid=prior.clip.sop_instance_uid,
        identity=identity,
        growth=growth,
        appeared=appeared(now.findings, new),
        vanished=list(_vanished(prior, now)),
        not_compared=left_out,
    )


def _key(finding: Finding) -> tuple[str, str | None]:
    return finding.code, finding.laterality


def _match(prior: Study, now: Study, finding: Finding) -> Finding | str:
    """The prior finding that `finding` may be compared with, else the reason why there is none."""
    same = [each for each in prior.findings if each.code == finding.code and each.value is not None]
    if not same:
        return "not-measured-before"
    sided = [each for each in same if each.laterality == finding.laterality]
    if not sided:
        return "other-side"
    if len(sided) > 1 or sum(_key(each) == _key(finding) for each in now.findings) > 1:
        return "several-values"
    if sided[0].convention != finding.convention or sided[0].unit != finding.unit:
        return "other-convention"
    if finding.unit not in FREE_OF_SCALE and not (prior.clip.calibrated and now.clip.calibrated):
        return "uncalibrated"
    return sided[0]


def grown(
    finding: Finding, index: int, prior_value: float, prior_interval: tuple[float, float] | None, days: int
) -> Growth:
    """The change of one value; the errors of the two measurements are taken as independent (added in quadrature)."""
    value = finding.value or 0.0
    difference = value - prior_value
    ends = None
    if finding.interval is not None and prior_interval is not None:
        low = math.hypot(value - finding.interval[0], prior_interval[1] - prior_value)
        high = math.hypot(finding.interval[1] - value, prior_value - prior_interval[0])
        ends = (difference - low, difference + high)
    years = days / DAYS_PER_YEAR
    rated = days >= DAYS_FOR_RATE
    verdict = "not-certain" if ends is None else "grown" if ends[0] > 0 else "shrunk" if ends[1] < 0 else "unchanged"
    return Growth(
        finding=index,
        prior_value=prior_value,
        prior_interval=prior_interval,
        difference=difference,
        difference_interval=ends,
        per_year=difference / years if rated else None,
        per_year_interval=(ends[0] / years, ends[1] / years) if rated and ends is not None else None,
        verdict=verdict,
    )


def appeared(findings: Sequence[Finding], places: Iterable[int]) -> list[int]:
    """The first place of each code and side among `places`."""
    seen: dict[tuple[str, str | None], int] = {}
    for place in places:
        seen.setdefault(_key(findings[place]), place)
    return sorted(seen.values())


def _vanished(prior: Study, now: Study) -> Iterable[NotAssessed]:
    """What was abnormal and is now stated to be normal or absent; silence is not disappearance."""
    after = {_key(each): each for each in now.findings}
    for finding in prior.findings:
        later = after.get(_key(finding))
        if (
            finding.abnormal
            and later is not None
            and later.abnormal is False
            and later.certainty is not Certainty.UNSURE
        ):
            yield NotAssessed(code=finding.code, name=finding.name, reason="no-longer-abnormal")
