"""From a study to sentences in one language, by templates alone: what no finding says, no sentence says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lingyin.core.phrases import phrase
from lingyin.core.study import Category, Certainty, Finding, Study
from lingyin.core.tree import load_tree
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.wording import interval_ends, opened, percent, quantity, say

SETTING = (Category.ORGAN, Category.VIEW, Category.QUALITY)


class Section(StrEnum):
    IMPRESSION = "impression"
    FINDINGS = "findings"
    NOT_ASSESSED = "not_assessed"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `finding` is its index in `study.findings`; None where it speaks of the scan as a whole.

    A caveat that several findings share carries the first of them.
    """

    text: str
    finding: int | None
    section: Section


def sentences(study: Study, lang: str) -> list[Sentence]:
    """All sentences of a report in `lang`, section by section, the most urgent first.

    Raises:
        UsageError: another language than `en`, `zh-Hans`, `zh-Hant`.
    """
    grammar = load_grammar(lang)
    return [
        *_impression(study, grammar),
        *(Sentence(_about(study.findings[index], grammar), index, Section.FINDINGS) for index in _as_examined(study)),
        *_not_assessed(study, grammar),
        *_limits(study, grammar),
    ]


def by_urgency(findings: list[Finding]) -> list[int]:
    """Indices of the findings: urgent, abnormal, diagnoses in doubt, the organ, the rest; else as in the study."""
    return sorted(range(len(findings)), key=lambda index: _urgency(findings[index]))


def _as_examined(study: Study) -> list[int]:
    """Indices as a report tells them: what organ and view this is, then the findings, the most urgent first."""
    order = by_urgency(study.findings)
    return sorted(order, key=lambda index: study.findings[index].category not in SETTING)


def _urgency(finding: Finding) -> int:
    if finding.urgent:
        return 0
    if finding.abnormal:
        return 1
    if finding.certainty is Certainty.UNSURE and finding.category is Category.DIAGNOSIS:
        return 2
    return 3 if finding.category is Category.ORGAN else 4


def _impression(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    yield Sentence(phrase("triage", study.triage_reason)[grammar.lang], None, Section.IMPRESSION)
    for index in by_urgency(study.findings):
        finding = study.findings[index]
        if _urgency(finding) <= 3:
            yield Sentence(_about(finding, grammar), index, Section.IMPRESSION)


def _not_assessed(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    names: dict[str, list[str]] = {}
    for item in study.not_assessed:
        name = say(item.name, grammar.lang, item.code)
        if name not in names.setdefault(item.reason, []):
            names[item.reason].append(name)
    for reason, listed in names.items():
        text = grammar.sentence["not_assessed"].format(
            names=grammar.join(listed), reason=phrase("reason", reason)[grammar.lang]
        )
        yield Sentence(text, None, Section.NOT_ASSESSED)


def _limits(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    carriers: dict[str, list[int]] = {}
    for index in by_urgency(study.findings):
        for caveat in study.findings[index].caveats:
            carriers.setdefault(caveat, []).append(index)
    for caveat, indices in carriers.items():
        names = list(dict.fromkeys(name_of(study.findings[index], grammar) for index in indices))
        text = grammar.sentence["caveat"].format(
            names=opened(grammar.join(names)), caveat=phrase("caveat", caveat)[grammar.lang]
        )
        yield Sentence(text, indices[0], Section.LIMITS)
    read, total = study.clip.frames_read, study.clip.frames
    yield Sentence(grammar.plural(grammar.sentence, "frames_read", total, read=read, total=total), None, Section.LIMITS)


def name_of(finding: Finding, grammar: Grammar) -> str:
    """Name of a finding within a sentence."""
    return say(finding.name, grammar.lang, finding.code)


def _about(finding: Finding, grammar: Grammar) -> str:
    """The one sentence of a finding."""
    if finding.value is not None:
        return _measured(finding, finding.value, grammar)
    if finding.category is Category.QUALITY and finding.grade_name:
        return _quality(finding, grammar)
    kind = _kind(finding)
    template = f"{kind}{finding.certainty.value}{'' if finding.probability is None else '_probable'}"
    name = name_of(finding, grammar)
    slots = {"name": name if kind == "organ_" else opened(name), "grade": _grade(finding, grammar)}
    if finding.probability is not None:
        slots["percent"] = percent(finding.probability, grammar)
        if finding.certainty is not Certainty.UNSURE:
            slots["words"] = grammar.probability_words(finding.certainty.value, finding.probability)
    return grammar.sentence[template].format(**slots)


def _quality(finding: Finding, grammar: Grammar) -> str:
    """What is wrong with the picture; the grade is a sentence of its own."""
    words, stop = say(finding.grade_name, grammar.lang, finding.grade or ""), grammar.part["stop"]
    return grammar.sentence["quality"].format(
        name=opened(name_of(finding, grammar)), grade=words.removesuffix(stop) + stop
    )


def _kind(finding: Finding) -> str:
    """Which templates apply: organs have their own, and a normal state cannot be "not seen"."""
    if finding.category is Category.ORGAN:
        return "organ_"
    tree = load_tree()
    normal_state = finding.code in tree and tree.abnormal(finding.code) is False
    return "normal_" if normal_state and finding.certainty is Certainty.ABSENT else ""


def _measured(finding: Finding, value: float, grammar: Grammar) -> str:
    interval = convention = reference = ""
    if finding.interval is not None:
        low, high = interval_ends(finding, grammar)
        interval = grammar.part["interval"].format(low=low, high=high)
    if finding.convention is not None:
        words = grammar.convention.get(finding.convention, finding.convention.replace("-", " "))
        convention = grammar.part["convention"].format(convention=words)
    if finding.abnormal is not None:
        reference = grammar.part["outside" if finding.abnormal else "within"]
    return grammar.sentence["measured"].format(
        name=opened(name_of(finding, grammar)),
        value=quantity(value, finding.code, finding.unit, grammar),
        interval=interval,
        convention=convention,
        grade=_grade(finding, grammar),
        doubt=grammar.part["doubt"] if finding.certainty is Certainty.UNSURE else "",
        reference=reference,
    )


def _grade(finding: Finding, grammar: Grammar) -> str:
    words = say(finding.grade_name, grammar.lang, finding.grade or "")
    return grammar.part["grade"].format(grade=words) if words else ""
