"""The rules as a page of the reference, written from the rule files themselves so that page and program cannot
differ."""

from __future__ import annotations

from collections.abc import Iterator

from lingyin.analyze.cited import Cited
from lingyin.analyze.examination import load_protocols
from lingyin.analyze.formulas import Formula
from lingyin.analyze.rulebook import Band, EstimateRule, MeasurementRule, RuleBook
from lingyin.analyze.scorebook import Case, Grade, ScoreRule, Value
from lingyin.core.tree import load_tree

OPENING = """# Rules

Written by `scripts/rules-page` from the files under `src/lingyin/analyze/rules/`; do not edit by hand.
`primary` means that the threshold was read in the guideline itself, `secondary` that it was read in a publication
that cites it, `general-knowledge` that it still awaits a source. Reports show this grade beside every rule.
"""


def rules_page(book: RuleBook) -> str:
    """Markdown of all rules: topics, measurements with their bands, scores, formulas, findings, contradictions and the
    standard views of examinations."""
    return "\n".join(_lines(book)) + "\n"


def _lines(book: RuleBook) -> Iterator[str]:
    yield OPENING
    yield "## Guidelines to choose from\n"
    yield "`lingyin analyze --guideline TOPIC=NAME`, in Python `guidelines={'TOPIC': 'NAME'}`. Defaults first.\n"
    for topic, rules in sorted(book.topics().items()):
        yield f"- `{topic}`: {', '.join(f'`{rule.choice}`' for rule in rules)}"
    yield ""
    yield "## Measurements\n"
    for rules in book.measurements.values():
        for rule in rules:
            yield from _measurement(rule)
    yield "## Estimates\n"
    for estimate in book.estimates.values():
        yield from _estimate(estimate)
    yield "## Scores\n"
    yield "What a picture does not settle stays open: every lesion that fits is scored, and the range is given.\n"
    for score in book.scores:
        yield from _score(score)
    yield "## Formulas\n"
    for formula in book.formulas.values():
        yield from _formula(formula)
    yield "\n## Findings\n"
    for finding in book.findings.values():
        verdict = "abnormal" if finding.abnormal else "within the reference"
        yield f"- `{finding.judges}`: {verdict}{', urgent' if finding.urgent else ''}. {_source(finding)}"
    yield "\n## Contradictions\n"
    yield "Where both statements are made, the finding becomes unsure.\n"
    for pair in book.contradictions:
        yield f"- `{pair.label}` against `{pair.with_label or pair.with_structure}`"
    for outline in book.normal_outlines:
        yield f"- with `{outline.label}` the outline `{outline.structure}` is normal tissue and not measured"
    yield "\n## Standard examinations\n"
    for protocol in {each.code: each for each in load_protocols().values()}.values():
        views = ", ".join(f"`{view}`" for view in protocol.views)
        organs = ", ".join(f"`{organ}`" for organ in protocol.organs)
        yield f"- {protocol.name['en']} ({organs}): {views}. {_source(protocol)}"


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


def _score(rule: ScoreRule) -> Iterator[str]:
    yield f"### {rule.name['en']} (guideline `{rule.choice}`{', the default' if rule.default else ''})\n"
    yield f"{rule.text['en']} {_source(rule)}\n"
    yield "| feature | values" + (" (points) |" if rule.has_points else " |")
    yield "|---|---|"
    for feature in rule.feature:
        values = (_value(value, rule.has_points) for value in feature.value)
        yield f"| {feature.name['en']} | {'; '.join(values)} |"
    yield ""
    if rule.case:
        yield "The first case that holds decides:\n"
        yield from (f"{number}. {_case(case, rule)}" for number, case in enumerate(rule.case, start=1))
        yield ""
    if rule.has_points or any(grade.biopsy_from for grade in rule.grade):
        yield "| grade | from points | follow-up from (mm) | biopsy from (mm) |"
        yield "|---|---|---|---|"
        yield from (_grade(grade) for grade in rule.grade)
        yield ""


def _value(value: Value, with_points: bool) -> str:
    name = (value.name or load_tree()[value.code].name)["en"]
    return f"{name} ({value.points})" if with_points else name


def _case(case: Case, rule: ScoreRule) -> str:
    told = []
    for code, held in case.when.items():
        feature = next(feature for feature in rule.feature if feature.code == code)
        names = (_value(value, False) for value in feature.value if value.code in held)
        told.append(f"{feature.name['en']} {' or '.join(names)}")
    grades = " or ".join(rule.grade_of(code).label for code in case.grades)
    return f"{'; '.join(told) or 'otherwise'}: {grades}"


def _grade(grade: Grade) -> str:
    cells = ("" if cell is None else f"{cell:g}" for cell in (grade.points, grade.follow_up_from, grade.biopsy_from))
    return f"| {grade.label} | {' | '.join(cells)} |"


def _formula(rule: Formula) -> Iterator[str]:
    bounds = (f"`{code}` {low:g} to {high:g}" for code, (low, high) in rule.valid.items())
    valid = f" Given for {', '.join(bounds)} only." if rule.valid else ""
    yield f"- `{rule.gives}` ({rule.unit}): {rule.text['en']}{valid} {_source(rule)}"


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
