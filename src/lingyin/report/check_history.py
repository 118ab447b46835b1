"""The checker's reading of what a report says about time: growth since a prior study, corrections and signatures."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from lingyin.core.phrases import phrase
from lingyin.core.study import Comparison, Growth, Study
from lingyin.report.check_finding import check_side, check_statement, unit_words, untold
from lingyin.report.check_words import LEVEL, Expected, check_alien, check_numbers, without
from lingyin.report.grammar import Grammar
from lingyin.report.history import content_after
from lingyin.report.statement import Section, Sentence

DAYS_PER_YEAR = 365.25
NEAR = 1e-6


def check_growth(text: str, growth: Growth, study: Study, grammar: Grammar) -> Iterable[str]:
    """Problems of the sentence of one growth, its arithmetic included."""
    found = study.comparison
    finding = study.findings[growth.finding]
    assert found is not None
    name = finding.name.get(grammar.lang, "")
    if name.lower() not in text.lower():
        yield f"does not name {finding.code}: {text}"
    if found.prior_date not in text:
        yield f"does not tell the date of the prior study: {text}"
    rest = without(text, (name, found.prior_date), once=True)
    unit = unit_words(finding, grammar)
    expected = [Expected(growth.prior_value, unit), Expected(finding.value or 0.0, unit)]
    expected += _signed(growth.difference, growth.difference_interval, unit)
    if growth.per_year is not None:
        expected += _signed(growth.per_year, growth.per_year_interval, unit)
    yield from check_numbers(rest, expected, text)
    yield from check_side(rest, finding, grammar, text)
    said = [key for key, words in grammar.verdict.items() if words in rest]
    if said != [growth.verdict] or growth.verdict != verdict_of(growth.difference_interval):
        yield f"judges the change of {finding.code} wrongly: {text}"
    yield from check_alien(without(rest, untold(finding, grammar)), grammar, text)
    yield from _check_sums(growth, finding.value or 0.0, found, text)


def verdict_of(interval: tuple[float, float] | None) -> str:
    """What the 90 % interval of a difference allows to say."""
    if interval is None:
        return "not-certain"
    return "grown" if interval[0] > 0 else "shrunk" if interval[1] < 0 else "unchanged"


def _signed(value: float, interval: tuple[float, float] | None, unit: str) -> list[Expected]:
    first = Expected(value, unit, signed=True)
    if interval is None:
        return [first]
    low, high = interval
    return [first, Expected(LEVEL, "%"), Expected(low, signed=True), Expected(high, unit, signed=True)]


def _check_sums(growth: Growth, value: float, found: Comparison, text: str) -> Iterable[str]:
    if not math.isclose(growth.difference, value - growth.prior_value, abs_tol=NEAR):
        yield f"the difference is not that of the two values: {text}"
    if growth.per_year is not None and not math.isclose(
        growth.per_year * found.days / DAYS_PER_YEAR, growth.difference, abs_tol=NEAR
    ):
        yield f"the rate is not the difference over the time between: {text}"


def check_change(sentence: Sentence, study: Study, grammar: Grammar) -> Iterable[str]:
    """Problems of a sentence that tells one side of a change."""
    assert sentence.change is not None
    index, position, side = sentence.change
    try:
        signature = study.signatures[index]
        change = signature.changes[position]
        place = change.before if side == "before" else change.after
        content = signature.before if side == "before" else content_after(study, index)
        finding = content.findings[place if place is not None else len(content.findings)]
    except IndexError:
        yield f"points at a change that does not exist: {sentence.text}"
        return
    kind = (side if change.kind == "changed" else change.kind) + ("_by_rule" if change.by_rule else "")
    words = grammar.change[kind]
    if not sentence.text.startswith(words):
        yield f"does not say that this was {change.kind}: {sentence.text}"
    yield from check_statement(sentence.text.removeprefix(words), finding, grammar)


def without_signers(text: str, study: Study) -> str:
    """`text` without the names, times and own words of the signers; a name may be as short as a letter."""
    words = {signed_at(each.at) for each in study.signatures}
    words |= {said for each in study.signatures for said in (each.by, each.organisation, each.comment) if said}
    for each in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", " ", text)
    return text


def compared_words(study: Study, grammar: Grammar) -> list[str]:
    """What else a sentence of a comparison may hold: the date, and names that only the prior study has."""
    found = study.comparison
    if found is None:
        return []
    names = [item.name.get(grammar.lang, item.code) for item in (*found.vanished, *found.not_compared)]
    return [found.prior_date, *names]


def signed_at(at: str) -> str:
    """The time of a signature as a report writes it."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M UTC")


def missing_history(study: Study, said: Sequence[Sentence], grammar: Grammar) -> Iterable[str]:
    """What the study holds of its history and the report does not say, or says though it does not hold."""
    told = {section: "\n".join(each.text for each in said if each.section is section) for section in Section}
    review, compared = told[Section.REVIEW], told[Section.COMPARISON]
    if (grammar.sentence["preliminary"] in review) != (not study.signatures):
        yield "whether a physician has signed is told wrongly"
    lines = [each.text for each in said if each.section is Section.REVIEW and each.change is None]
    due: Counter[tuple[str, ...]] = Counter()
    for each in study.signatures:
        due[each.by, each.organisation or "", signed_at(each.at)] += 1
        if each.comment:
            due[each.by, each.comment] += 1
    for words, times in due.items():
        if sum(all(word in line for word in words) for line in lines) < times:
            yield f"a signature or comment is left out: {' '.join(words)}"
    for index, signature in enumerate(study.signatures):
        for position, change in enumerate(signature.changes):
            for side, place in (("before", change.before), ("after", change.after)):
                if place is not None and all(each.change != (index, position, side) for each in said):
                    yield f"what {change.code} was {side} signature {index + 1} is left out"
    found = study.comparison
    if found is None:
        if compared:
            yield "compares with a prior study that was not given"
        return
    grown = {each.finding for each in said if each.section is Section.COMPARISON}
    for growth in found.growth:
        if growth.finding not in grown:
            yield f"the change of {study.findings[growth.finding].code} is left out"
    lines = [each.text for each in said if each.section is Section.COMPARISON]
    days = grammar.plural(grammar.unit, "day", found.days)
    if not any(re.search(rf"(?<!\d){re.escape(days)}", line) and found.prior_date in line for line in lines):
        yield "the date of the prior study, or how long ago it was, is left out"
    new, gone = (grammar.sentence[key].partition("{")[0] for key in ("appeared", "vanished"))
    told_as = [(new, study.findings[index].name) for index in found.appeared]
    told_as += [(gone, item.name) for item in found.vanished]
    told_as += [(phrase("uncompared", item.reason)[grammar.lang], item.name) for item in found.not_compared]
    for beside, name in told_as:
        if not together(lines, beside, name.get(grammar.lang, "")):
            yield f"{name.get(grammar.lang, '')!r} is left out of the comparison"


def together(lines: Sequence[str], *words: str) -> bool:
    """Whether one of `lines` holds all of `words`, in whatever case."""
    return any(all(each.lower() in line.lower() for each in words) for line in lines)
