"""From a study to sentences in one language, by templates alone: what no finding says, no sentence says."""

from __future__ import annotations

from collections.abc import Iterable

from lingyin.core.phrases import phrase
from lingyin.core.study import Category, Certainty, Finding, Study
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.history import by_reason, comparison_sentences, review_sentences
from lingyin.report.statement import Section, Sentence, cause_of, name_of, statement
from lingyin.report.wording import opened

__all__ = ["Section", "Sentence", "by_urgency", "name_of", "sentences"]

SETTING = (Category.ORGAN, Category.VIEW, Category.QUALITY)


def sentences(study: Study, lang: str) -> list[Sentence]:
    """All sentences of a report in `lang`, section by section, the most urgent first.

    Raises:
        UsageError: another language than `en`, `zh-Hans`, `zh-Hant`.
    """
    grammar = load_grammar(lang)
    return [
        *_impression(study, grammar),
        *comparison_sentences(study, grammar),
        *(
            Sentence(statement(study.findings[index], grammar), index, Section.FINDINGS)
            for index in _as_examined(study)
        ),
        *_not_assessed(study, grammar),
        *_limits(study, grammar),
        *review_sentences(study, grammar),
    ]


def by_urgency(findings: list[Finding]) -> list[int]:
    """Indices of the findings: urgent, abnormal, diagnoses in doubt, organ and category, the rest, in this order."""
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
    return 3 if finding.category in {Category.ORGAN, Category.ASSESSMENT} else 4


def _impression(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    yield Sentence(phrase("triage", study.triage_reason)[grammar.lang], None, Section.IMPRESSION)
    for index in by_urgency(study.findings):
        finding = study.findings[index]
        if _urgency(finding) <= 3:
            yield Sentence(statement(finding, grammar), index, Section.IMPRESSION)


def _not_assessed(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    for reason, names in by_reason(study.not_assessed, grammar).items():
        text = grammar.sentence["not_assessed"].format(names=names, reason=phrase("reason", reason)[grammar.lang])
        yield Sentence(text, None, Section.NOT_ASSESSED)


def _limits(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    for index, finding in enumerate(study.findings):
        if finding.category is Category.QUALITY and finding.grade_name:
            text = grammar.sentence["limited_by"].format(cause=cause_of(finding, grammar))
            yield Sentence(text, index, Section.LIMITS)
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
