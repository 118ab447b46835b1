"""Triage: what outranks what, and that doubt is never called normal."""

from __future__ import annotations

import pytest

from lingyin.analyze.triage import triage
from lingyin.core.study import Category, Certainty, Finding, NotAssessed, Triage

NAME = {"en": "x", "zh-Hans": "x", "zh-Hant": "x"}


def finding(abnormal: bool | None = None, **more: object) -> Finding:
    values: dict[str, object] = {
        "code": "abdominal_aorta_diameter",
        "category": Category.MEASUREMENT,
        "name": NAME,
        "certainty": Certainty.PRESENT,
        "abnormal": abnormal,
    }
    return Finding.model_validate(values | more)


def missing(reason: str) -> NotAssessed:
    return NotAssessed(code="organ", name=NAME, reason=reason)


@pytest.mark.parametrize(
    ("findings", "reasons", "expected", "why"),
    [
        ([], [], Triage.CANNOT_SAY, "nothing-assessable"),
        ([finding(None)], ["not-trained"], Triage.CANNOT_SAY, "nothing-assessable"),
        ([finding(False)], ["not-trained"], Triage.NORMAL, "all-assessed-normal"),
        ([finding(False), finding(True)], [], Triage.ABNORMAL, "abnormal-finding"),
        ([finding(True), finding(True, urgent=True)], [], Triage.URGENT, "urgent-finding"),
        ([finding(True, caveats=["interval-reaches-threshold"])], [], Triage.ABNORMAL, "interval-reaches-threshold"),
        (
            [finding(True, caveats=["interval-reaches-threshold"]), finding(True)],
            [],
            Triage.ABNORMAL,
            "abnormal-finding",
        ),
        ([], ["unlike-training-data"], Triage.CANNOT_SAY, "unlike-training-data"),
        ([], ["organ-not-recognised"], Triage.CANNOT_SAY, "organ-not-recognised"),
        ([], ["heads-disagree"], Triage.CANNOT_SAY, "low-certainty"),
        ([], ["low-certainty"], Triage.CANNOT_SAY, "low-certainty"),
        ([], ["uncalibrated"], Triage.CANNOT_SAY, "nothing-assessable"),
    ],
)
def test_triage(findings: list[Finding], reasons: list[str], expected: Triage, why: str) -> None:
    assert triage(findings, [missing(reason) for reason in reasons]) == (expected, why)


def test_a_diagnosis_in_doubt_keeps_a_scan_from_being_normal() -> None:
    doubt = finding(None, category=Category.DIAGNOSIS, certainty=Certainty.UNSURE)
    assert triage([finding(False), doubt], []) == (Triage.CANNOT_SAY, "low-certainty")
    assert triage([finding(True), doubt], [])[0] is Triage.ABNORMAL
