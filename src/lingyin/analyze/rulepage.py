"""The rules as a page of the reference, written from the rule files themselves so that page and program cannot
differ."""

from __future__ import annotations

from collections.abc import Iterator

from lingyin.analyze.rulebook import Band, Cited, EstimateRule, MeasurementRule, RuleBook

OPENING = """# Rules

Written by `scripts/rules-page` from the files under `src/lingyin/analyze/rules/`; do not edit by hand.
`primary` means that the threshold was read in the guideline itself, `secondary` that it was read in a publication
that cites it, `general-knowledge` that it still awaits a source. Reports show this grade beside every rule.
"""


def rules_page(book: RuleBook) -> str:
    """Markdown of all rules: measurements with their bands, findings, estimates, contradictions."""
    return "\n".join(_lines(book)) + "\n"


def _lines(book: RuleBook) -> Iterator[str]:
    yield OPENING
    yield "## Measurements\n"
    for rules in book.measurements.values():
        for rule in rules:
            yield from _measurement(rule)
    yield "## Estimates\n"
    for estimate in book.estimates.values():
        yield from _estimate(estimate)
    yield "## Findings\n"
    for finding in book.findings.values():
        verdict = "abnormal" if finding.abnormal else "within the reference"
        yield f"- `{finding.judges}`: {verdict}{', urgent' if finding.urgent else ''}. {_source(finding)}"
    yield "\n## Contradictions\n"
    yield "Where both statements are made, the finding becomes unsure.\n"
    for pair in book.contradictions:
        yield f"- `{pair.label}` against `{pair.with_label or pair.with_structure}`"
    for outline in book.normal_outlines:
        yield f"- with `{outline.label}` the outline `{outline.structure}` is normal tissue and not measured"


def _measurement(rule: MeasurementRule) -> Iterator[str]:
    chosen = (
        f" (guideline `{rule.choice}`{', the default' if rule.default else ''})" if rule.choice != "default" else ""
    )
    yield f"### `{rule.judges}`{chosen}\n"
    yield f"{rule.text['en']} {_source(rule)}\n"
    if rule.when_interval_reaches == "abnormal":
        yield "A value below the threshold whose 90 % interval reaches it is flagged.\n"
    yield f"| from ({rule.unit}) | grade | flag | finding |"
    yield "|---|---|---|---|"
    for band in rule.band:
        flag = "urgent" if band.urgent else "abnormal" if band.abnormal else ""
        yield f"| {_limit(band)} | {band.name['en']} | {flag} | {f'`{band.finding}`' if band.finding else ''} |"
    yield ""


def _estimate(rule: EstimateRule) -> Iterator[str]:
    yield f"### `{rule.judges}` from `{rule.argument}`\n"
    low, high = rule.valid
    yield f"{rule.text['en']} {_source(rule)} Given for {low:g} to {high:g} mm only.\n"


def _limit(band: Band) -> str:
    limit = band.limit
    if limit is None:
        return ""
    sign = "≥" if band.at_least is not None else ">"
    if isinstance(limit, dict):
        return f"{sign} {limit['F']:g} (women), {limit['M']:g} (men)"
    return f"{sign} {limit:g}"


def _source(rule: Cited) -> str:
    link = f" <{rule.url}>" if rule.url else ""
    return f"*{rule.guideline}, {rule.edition}* ({rule.evidence}).{link}"
