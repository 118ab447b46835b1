"""Edits applied to a study: each finding as the physician says, what follows judged anew by the rules, and the list of
changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lingyin.analyze.rejudge import follows, rejudge
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.triage import triage
from lingyin.analyze.verdicts import CATEGORIES
from lingyin.core.errors import UsageError
from lingyin.core.measurements import load_measurements
from lingyin.core.study import (
    Analysis,
    Category,
    Certainty,
    Change,
    Evidence,
    Finding,
    NotAssessed,
    Point,
    Study,
)
from lingyin.core.tree import load_tree
from lingyin.report.review.drawn import area_of, caliper_evidence, is_replaced, length_of, outline_evidence
from lingyin.report.review.edits import Edit
from lingyin.report.review.recompare import recompared
from lingyin.report.statement import CORRECTED

OUTLINE_ONLY = "outline-corrected"
REJECTED = "rejected-by-physician"


@dataclass
class _Entry:
    """A finding on its way: `origin` is its index before, None for a new one."""

    finding: Finding
    origin: int | None
    by_rule: bool = False


@dataclass
class Edited:
    """The analysis after the edits, and what they changed."""

    analysis: Analysis
    changes: list[Change]


@dataclass
class _Desk:
    """The findings while they are edited."""

    study: Study
    sex: str | None
    entries: list[_Entry]
    dropped: list[tuple[int, bool]] = field(default_factory=list)  # origin, by rule
    refused: list[NotAssessed] = field(default_factory=list)
    outlines: dict[int, dict[str, list[list[Point]]]] = field(default_factory=dict)


def apply_edits(analysis: Analysis, edits: Sequence[Edit], sex: str | None) -> Edited:
    """The analysis as corrected; the one given is not touched.

    Raises:
        UsageError: an edit names what is not there, or says what cannot be; the message names the edit.
    """
    study = analysis.study
    desk = _Desk(study, sex, [_Entry(each, index) for index, each in enumerate(study.findings)])
    desk.outlines = {frame: dict(structures) for frame, structures in analysis.outlines.items()}
    for number, edit in enumerate(edits, start=1):
        try:
            _apply(desk, edit)
        except UsageError as error:
            raise UsageError(f"edit {number} ({edit.code}): {error}") from error
    findings = [entry.finding for entry in desk.entries]
    _check_exclusive(findings)
    stated = {each.code for each in findings}
    kept = [item for item in study.not_assessed if item.code not in stated]
    known = {item.code for item in kept}
    not_assessed = [*kept, *(item for item in desk.refused if item.code not in known | stated)]
    changes = _changes(desk, study)
    verdict, reason = (study.triage, study.triage_reason) if not changes else triage(findings, not_assessed)
    after = study.model_copy(
        update={
            "findings": findings,
            "not_assessed": not_assessed,
            "triage": verdict,
            "triage_reason": reason,
            "comparison": recompared(study, findings, [entry.origin for entry in desk.entries]),
        }
    )
    return Edited(Analysis(after, desk.outlines), changes)


def _apply(desk: _Desk, edit: Edit) -> None:
    if edit.action == "add":
        _add(desk, edit)
        return
    place = _place(desk, edit)
    if edit.action == "reject":
        _reject(desk, place)
    else:
        _set(desk, place, edit)


def _place(desk: _Desk, edit: Edit) -> int:
    """Where the finding that an edit means stands now."""
    found = [
        place
        for place, entry in enumerate(desk.entries)
        if entry.finding.code == edit.code and (edit.finding is None or entry.origin == edit.finding)
    ]
    if not found:
        codes = ", ".join(sorted({entry.finding.code for entry in desk.entries})) or "none"
        raise UsageError(f"the report has no such finding; it has: {codes}")
    if len(found) > 1:
        places = ", ".join(str(desk.entries[place].origin) for place in found)
        raise UsageError(f"the report has several such findings; say which by its index ({places})")
    return found[0]


def _reject(desk: _Desk, place: int) -> None:
    finding = desk.entries[place].finding
    rule = None if finding.rule is None else finding.rule.id
    listed = [entry.finding for entry in desk.entries]
    dependent = follows(finding.code, rule, listed) if finding.category is Category.MEASUREMENT else []
    for index in sorted({place, *dependent}, reverse=True):
        entry = desk.entries.pop(index)
        if entry.origin is not None:
            desk.dropped.append((entry.origin, index != place))
        gone = entry.finding
        desk.refused.append(NotAssessed(code=gone.code, name=gone.name, reason=REJECTED))


def _set(desk: _Desk, place: int, edit: Edit) -> None:
    entry = desk.entries[place]
    finding = entry.finding
    value = edit.value
    evidence = list(finding.evidence)
    caveats = [CORRECTED]
    if edit.caliper is not None:
        evidence = [
            caliper_evidence(desk.study, edit.caliper, finding),
            *(each for each in evidence if each.kind != "line"),
        ]
        if value is None and finding.value is not None:
            value = length_of(desk.study, edit.caliper, finding)
    if edit.outline is not None:
        evidence = [
            *(each for each in evidence if not is_replaced(each, edit.outline)),
            outline_evidence(desk.study, edit.outline),
        ]
        desk.outlines.setdefault(edit.outline.frame, {})[edit.outline.label] = list(edit.outline.polygons)
        if value is None and finding.value is not None:
            value = area_of(desk.study, edit.outline, finding)
            caveats += [] if value is not None else [OUTLINE_ONLY]
    update: dict[str, object] = {"evidence": evidence, "caveats": [*finding.caveats, *caveats]}
    if edit.laterality is not None:
        update["laterality"] = edit.laterality
    changed = finding.model_copy(update=update)
    if value is not None:
        _measure(desk, place, changed, value)
    else:
        desk.entries[place] = _Entry(_unique(changed), entry.origin)
    if edit.certainty is not None:
        entry = desk.entries[place]
        desk.entries[place] = _Entry(_judged(entry.finding, edit.certainty), entry.origin)


def _measure(desk: _Desk, place: int, finding: Finding, value: float) -> None:
    """Puts a new value in, and what follows from it by the rules."""
    if finding.value is None:
        raise UsageError("this finding carries no number; set it present, absent or unsure")
    rule = None if finding.rule is None else finding.rule.id
    origin = desk.entries[place].origin
    earlier = follows(finding.code, rule, [entry.finding for entry in desk.entries])
    kept = [each for each in finding.evidence if each.kind != "trace"]  # a curve of values that were not believed
    first, *others = _corrected(finding.code, value, kept, rule, desk.sex, finding)
    desk.entries[place] = _Entry(first, origin)
    for other in others:
        match = next((index for index in earlier if desk.entries[index].finding.code == other.code), None)
        if match is None:
            desk.entries.append(_Entry(other, None, by_rule=True))
        else:
            desk.entries[match] = _Entry(other, desk.entries[match].origin, by_rule=True)
    stated = {other.code for other in others}
    for index in sorted(earlier, reverse=True):
        if desk.entries[index].finding.code not in stated:
            gone = desk.entries.pop(index)
            if gone.origin is not None:
                desk.dropped.append((gone.origin, True))


def _corrected(
    code: str, value: float, evidence: Sequence[Evidence], rule: str | None, sex: str | None, like: Finding | None
) -> list[Finding]:
    """A measurement and what follows, all of the side of the finding that they replace."""
    if code not in load_measurements():
        raise UsageError("this is no measurement of the catalogue")
    side = None if like is None else like.laterality
    found = rejudge(code, value, evidence, rule, sex, [CORRECTED])
    return [each.model_copy(update={"laterality": side}) for each in found]


def _judged(finding: Finding, certainty: Certainty) -> Finding:
    """A finding with the certainty that the physician states; the network's probability no longer belongs to it."""
    tree = load_tree()
    rule = load_rules().findings.get(finding.code)
    abnormal = rule.abnormal if rule is not None else finding.code in tree and bool(tree.abnormal(finding.code))
    urgent = rule.urgent if rule is not None else finding.code in tree and tree[finding.code].urgent
    if finding.value is not None:
        return _unique(finding.model_copy(update={"certainty": certainty}))
    stated = {Certainty.PRESENT: abnormal or None, Certainty.ABSENT: False if abnormal else None}
    return _unique(
        finding.model_copy(
            update={
                "certainty": certainty,
                "probability": None,
                "abnormal": stated.get(certainty),
                "urgent": urgent and certainty is Certainty.PRESENT,
                "caveats": [*finding.caveats, CORRECTED],
            }
        )
    )


def _add(desk: _Desk, edit: Edit) -> None:
    tree = load_tree()
    evidence: list[Evidence] = []
    if edit.outline is not None:
        evidence.append(outline_evidence(desk.study, edit.outline))
        desk.outlines.setdefault(edit.outline.frame, {})[edit.outline.label] = list(edit.outline.polygons)
    if edit.code in load_measurements():
        entry = load_measurements()[edit.code]
        blank = Finding(
            code=edit.code,
            category=Category.MEASUREMENT,
            name=entry.name,
            certainty=Certainty.PRESENT,
            value=0.0,
            unit=entry.unit,
            laterality=edit.laterality,
        )
        value = edit.value
        if edit.caliper is not None:
            evidence.insert(0, caliper_evidence(desk.study, edit.caliper, blank))
            value = length_of(desk.study, edit.caliper, blank) if value is None else value
        if value is None:
            raise UsageError("a measurement needs a value or a caliper")
        found = _corrected(edit.code, value, evidence, None, desk.sex, blank)
        desk.entries += [_Entry(each, None, by_rule=index > 0) for index, each in enumerate(found)]
    elif edit.code in tree and tree[edit.code].kind in CATEGORIES:
        finding = Finding(
            code=edit.code,
            category=CATEGORIES[tree[edit.code].kind],
            name=tree[edit.code].name,
            certainty=Certainty.PRESENT,
            laterality=edit.laterality,
            evidence=evidence,
        )
        desk.entries.append(_Entry(_judged(finding, edit.certainty or Certainty.PRESENT), None))
    else:
        raise UsageError("neither the label tree nor the catalogue of measurements has such a code")


def _unique(finding: Finding) -> Finding:
    return finding.model_copy(update={"caveats": list(dict.fromkeys(finding.caveats))})


def _check_exclusive(findings: Sequence[Finding]) -> None:
    """A corrected finding must not stand beside one that it rules out."""
    tree = load_tree()
    present = [each for each in findings if each.certainty is Certainty.PRESENT and each.code in tree]
    for one in present:
        for other in present:
            if CORRECTED in one.caveats and tree.excludes(one.code, other.code):
                raise UsageError(f"{one.code} cannot be present beside {other.code}: set one absent, or reject it")


def _changes(desk: _Desk, study: Study) -> list[Change]:
    """What differs, in the order of the report; findings that only moved are no change."""
    changes = [
        Change(code=study.findings[origin].code, kind="rejected", by_rule=by_rule, before=origin)
        for origin, by_rule in sorted(desk.dropped)
    ]
    for place, entry in enumerate(desk.entries):
        code = entry.finding.code
        if entry.origin is None:
            changes.append(Change(code=code, kind="added", by_rule=entry.by_rule, after=place))
            continue
        fields = sorted(_differing(study.findings[entry.origin], entry.finding))
        if fields:
            changes.append(
                Change(
                    code=code, kind="changed", by_rule=entry.by_rule, before=entry.origin, after=place, fields=fields
                )
            )
    return changes


def _differing(one: Finding, other: Finding) -> Iterable[str]:
    before: Mapping[str, object] = dict(one)
    return (name for name, value in dict(other).items() if value != before[name])
