"""What a report is made of: `Section`, `Sentence`, and the one sentence of each finding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lingyin.core.study import Category, Certainty, Finding
from lingyin.core.tree import load_tree
from lingyin.report.grammar import Grammar
from lingyin.report.wording import interval_ends, opened, percent, quantity, say

CORRECTED = "corrected-by-physician"  # caveat of a finding that no algorithm stands behind any more


class Section(StrEnum):
    IMPRESSION = "impression"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    NOT_ASSESSED = "not_assessed"
    LIMITS = "limits"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `finding` is its index in `study.findings`; None where it speaks of the scan as a whole.

    A caveat that several findings share carries the first of them. `change` names what a signature changed: index of
    the signature, index of its change, and the side told ("before" or "after").
    """

    text: str
    finding: int | None
    section: Section
    change: tuple[int, int, str] | None = None


def name_of(finding: Finding, grammar: Grammar) -> str:
    """Name of a finding within a sentence, with its side where it has one."""
    side = "" if finding.laterality is None else grammar.part[finding.laterality.value]
    return say(finding.name, grammar.lang, finding.code) + side


def statement(finding: Finding, grammar: Grammar) -> str:
    """The one sentence of a finding."""
    if finding.value is not None:
        return _measured(finding, finding.value, grammar)
    if finding.category in {Category.QUALITY, Category.ASSESSMENT} and finding.grade_name:
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


def cause_of(finding: Finding, grammar: Grammar) -> str:
    """What is wrong with the picture, in words that end a sentence."""
    words, stop = say(finding.grade_name, grammar.lang, finding.grade or ""), grammar.part["stop"]
    return words if words.endswith(stop) else words + stop


def _quality(finding: Finding, grammar: Grammar) -> str:
    """What is wrong with the picture, or which category was given: the grade is a sentence of its own."""
    return grammar.sentence["quality"].format(name=opened(name_of(finding, grammar)), grade=cause_of(finding, grammar))


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
