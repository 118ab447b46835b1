"""The scan as a whole: urgent, abnormal, normal or cannot say, with the reason. Sensitivity comes first."""

from __future__ import annotations

from collections.abc import Sequence

from lingyin.analyze.judge import REACHES
from lingyin.core.study import Category, Certainty, Finding, NotAssessed, Triage

BLIND = ("no-tissue-picture", "unlike-training-data", "organ-not-recognised")
DOUBT = ("low-certainty", "heads-disagree")


def triage(findings: Sequence[Finding], not_assessed: Sequence[NotAssessed]) -> tuple[Triage, str]:
    """Triage and the code of its reason (phrases, group `triage`).

    Normal is said only if something was judged, all of it lies within its reference, and no abnormality and no
    category stayed in doubt.
    """
    if any(finding.urgent for finding in findings):
        return Triage.URGENT, "urgent-finding"
    abnormal = [finding for finding in findings if finding.abnormal]
    if abnormal:
        only_interval = all(REACHES in finding.caveats for finding in abnormal)
        return Triage.ABNORMAL, "interval-reaches-threshold" if only_interval else "abnormal-finding"
    reasons = {item.reason for item in not_assessed}
    for reason in BLIND:
        if reason in reasons:
            return Triage.CANNOT_SAY, reason
    judged = any(finding.abnormal is False for finding in findings)
    doubt = any(
        (finding.category is Category.DIAGNOSIS and finding.certainty is Certainty.UNSURE)
        or (finding.category is Category.ASSESSMENT and finding.abnormal is None)
        for finding in findings
    )
    if doubt:
        return Triage.CANNOT_SAY, "low-certainty"
    if judged:
        return Triage.NORMAL, "all-assessed-normal"
    return Triage.CANNOT_SAY, "low-certainty" if reasons & set(DOUBT) else "nothing-assessable"
