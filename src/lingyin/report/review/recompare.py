"""The comparison with a prior study, after findings of the present one were corrected or taken out."""

from __future__ import annotations

from collections.abc import Sequence

from lingyin.core.study import Comparison, Finding, Growth, Study
from lingyin.report.compare import appeared, grown


def recompared(study: Study, findings: Sequence[Finding], origins: Sequence[int | None]) -> Comparison | None:
    """The study's comparison with its numbers for `findings`; `origins` are their indices before the corrections."""
    found = study.comparison
    if found is None:
        return None
    moved = {origin: place for place, origin in enumerate(origins) if origin is not None}
    growth: list[Growth] = []
    for each in found.growth:
        place = moved.get(each.finding)
        if place is not None and findings[place].value is not None:
            growth.append(grown(findings[place], place, each.prior_value, each.prior_interval, found.days))
    before = {study.findings[index].code for index in found.appeared}
    new_ones = [place for place, origin in enumerate(origins) if origin is None]
    kept = [
        place for place, each in enumerate(findings) if each.abnormal and (each.code in before or place in new_ones)
    ]
    gone = {each.code for each in findings if each.abnormal}
    return found.model_copy(
        update={
            "growth": growth,
            "appeared": appeared(findings, kept),
            "vanished": [item for item in found.vanished if item.code not in gone],
        }
    )
