"""Sentences about time: what changed since a prior study, and what physicians changed and signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from lingyin.core.phrases import phrase
from lingyin.core.study import Comparison, Content, Growth, NotAssessed, Signature, Study
from lingyin.report.grammar import Grammar
from lingyin.report.statement import Section, Sentence, name_of, statement
from lingyin.report.wording import decimals_of, number, opened, quantity, say, with_unit

MINUS = "\u2212"


def comparison_sentences(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    """Since when; how each value changed; what is new, what is gone, what could not be compared."""
    found = study.comparison
    if found is None:
        return
    days = grammar.plural(grammar.unit, "day", found.days)
    text = grammar.sentence["compared"].format(date=found.prior_date, days=days)
    yield Sentence(text, None, Section.COMPARISON)
    for growth in found.growth:
        yield Sentence(_growth(study, found, growth, grammar), growth.finding, Section.COMPARISON)
    if found.appeared:
        names = grammar.join([name_of(study.findings[index], grammar) for index in found.appeared])
        yield Sentence(grammar.sentence["appeared"].format(names=names), None, Section.COMPARISON)
    if found.vanished:
        names = grammar.join([say(item.name, grammar.lang, item.code) for item in found.vanished])
        yield Sentence(grammar.sentence["vanished"].format(names=names), None, Section.COMPARISON)
    for reason, names in by_reason(found.not_compared, grammar).items():
        text = grammar.sentence["not_compared"].format(names=names, reason=phrase("uncompared", reason)[grammar.lang])
        yield Sentence(text, None, Section.COMPARISON)


def by_reason(items: Sequence[NotAssessed], grammar: Grammar) -> dict[str, str]:
    """The names of each reason, as a list in words; a name stands once."""
    names: dict[str, list[str]] = {}
    for item in items:
        name = say(item.name, grammar.lang, item.code)
        if name not in names.setdefault(item.reason, []):
            names[item.reason].append(name)
    return {reason: grammar.join(listed) for reason, listed in names.items()}


def _growth(study: Study, found: Comparison, growth: Growth, grammar: Grammar) -> str:
    finding = study.findings[growth.finding]
    code, unit = finding.code, finding.unit
    rate = ""
    if growth.per_year is not None:
        rate = grammar.part["rate"].format(
            rate=signed(growth.per_year, code, unit, grammar),
            interval=_interval(growth.per_year_interval, code, unit, grammar),
        )
    return grammar.sentence["growth"].format(
        name=opened(name_of(finding, grammar)),
        prior=quantity(growth.prior_value, code, unit, grammar),
        date=found.prior_date,
        value=quantity(finding.value or 0.0, code, unit, grammar),
        difference=signed(growth.difference, code, unit, grammar),
        interval=_interval(growth.difference_interval, code, unit, grammar),
        rate=rate,
        verdict=grammar.verdict[growth.verdict],
    )


def _interval(ends: tuple[float, float] | None, code: str, unit: str | None, grammar: Grammar) -> str:
    if ends is None:
        return ""
    low, high = (_with_sign(end, decimals_of(code)) for end in ends)
    return grammar.part["interval"].format(low=low, high=with_unit(high, unit, grammar))


def signed(value: float, code: str, unit: str | None, grammar: Grammar) -> str:
    """A difference with its sign and unit, e.g. "+3.2 mm", "−1.0 mm"."""
    return with_unit(_with_sign(value, decimals_of(code)), unit, grammar)


def _with_sign(value: float, decimals: int) -> str:
    text = number(abs(value), decimals)
    if not text.strip("0."):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def review_sentences(study: Study, grammar: Grammar) -> Iterable[Sentence]:
    """Who signed when, what was changed, in the order in which it happened; or that nobody has signed."""
    if not study.signatures:
        yield Sentence(grammar.sentence["preliminary"], None, Section.REVIEW)
    for index, signature in enumerate(study.signatures):
        yield Sentence(_signed(signature, grammar), None, Section.REVIEW)
        after = content_after(study, index)
        for position, change in enumerate(signature.changes):
            by_rule = "_by_rule" if change.by_rule else ""
            for side, place, content in (("before", change.before, signature.before), ("after", change.after, after)):
                if place is None:
                    continue
                kind = (side if change.kind == "changed" else change.kind) + by_rule
                text = grammar.sentence["change"].format(
                    kind=grammar.change[kind], sentence=statement(content.findings[place], grammar)
                )
                yield Sentence(text, None, Section.REVIEW, (index, position, side))
        if signature.comment:
            text = grammar.sentence["comment"].format(by=signature.by, comment=signature.comment)
            yield Sentence(text, None, Section.REVIEW)


def content_of(study: Study) -> Content:
    """What a study says now."""
    return Content(
        findings=study.findings,
        not_assessed=study.not_assessed,
        triage=study.triage,
        triage_reason=study.triage_reason,
        comparison=study.comparison,
    )


def content_after(study: Study, index: int) -> Content:
    """What the report said once signature `index` had been given."""
    following = study.signatures[index + 1 :]
    return following[0].before if following else content_of(study)


def _signed(signature: Signature, grammar: Grammar) -> str:
    place = (
        "" if not signature.organisation else grammar.part["organisation"].format(organisation=signature.organisation)
    )
    at = datetime.fromisoformat(signature.at).strftime("%Y-%m-%d %H:%M UTC")
    return grammar.sentence["signed"].format(by=signature.by + place, at=at)
