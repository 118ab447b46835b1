"""The checker against random studies in three languages: nothing unsupported, nothing missing, every planted error
found."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest

from lingyin.core.study import LANGUAGES, Study
from lingyin.report import Section, Sentence, check_report, sentences
from lingyin.report.grammar import Grammar, load_grammar
from lingyin.report.review import problems_of
from tests.report.generate import random_study

STATING = {Section.IMPRESSION, Section.FINDINGS}


def wrong_number(said: list[Sentence], grammar: Grammar, random: Random) -> list[Sentence] | None:
    """One number anywhere in the report differs by a digit."""
    places = [(index, found) for index, each in enumerate(said) for found in re.finditer(r"\d+(?:\.\d+)?", each.text)]
    if not places:
        return None
    index, found = random.choice(places)
    digits = found.group()
    at = random.choice([place for place, digit in enumerate(digits) if digit.isdigit()])
    other = str((int(digits[at]) + random.randint(1, 9)) % 10)
    text = said[index].text
    spoilt = text[: found.start()] + digits[:at] + other + digits[at + 1 :] + text[found.end() :]
    return [*said[:index], replace(said[index], text=spoilt), *said[index + 1 :]]


def wrong_side(said: list[Sentence], grammar: Grammar, random: Random) -> list[Sentence] | None:
    """A side is told for another one, left out, or made up."""
    places = [index for index, each in enumerate(said) if each.section in STATING and each.finding is not None]
    if not places:
        return None
    index = random.choice(places)
    text = said[index].text
    sides = [grammar.part[each] for each in ("left", "right", "bilateral")]
    own = next((side for side in sides if side in text), None)
    other = random.choice([side for side in [*sides, ""] if side != own]) if own else random.choice(sides)
    stop = grammar.part["stop"]
    spoilt = text.replace(own, other) if own else text.removesuffix(stop) + other + stop
    return [*said[:index], replace(said[index], text=spoilt), *said[index + 1 :]]


def wrong_negation(said: list[Sentence], grammar: Grammar, random: Random) -> list[Sentence] | None:
    """A denied finding is stated, or a stated one denied or doubted."""
    places = [index for index, each in enumerate(said) if each.section in STATING and each.finding is not None]
    if not places:
        return None
    index = random.choice(places)
    text = said[index].text
    absent, unsure = grammar.claims["absent"], grammar.claims["unsure"]
    denied = next((word for word in [*absent, *unsure] if word in text.lower()), None)
    if denied is None:
        stop = grammar.part["stop"]
        spoilt = text.removesuffix(stop) + " " + random.choice([*absent, *unsure]) + stop
    else:
        spoilt = re.sub(re.escape(denied), "", text, flags=re.IGNORECASE)
    return [*said[:index], replace(said[index], text=spoilt), *said[index + 1 :]]


def wrong_word(said: list[Sentence], grammar: Grammar, random: Random) -> list[Sentence] | None:
    """A word that no finding holds stands in a sentence."""
    index = random.randrange(len(said))
    alien = {"en": "haematoma", "zh-Hans": "血肿", "zh-Hant": "血腫"}[grammar.lang]
    return [*said[:index], replace(said[index], text=said[index].text + alien), *said[index + 1 :]]


def left_out(said: list[Sentence], grammar: Grammar, random: Random) -> list[Sentence] | None:
    """A finding, a comparison or a correction is not told."""
    kept = {Section.FINDINGS, Section.COMPARISON, Section.NOT_ASSESSED, Section.REVIEW}
    places = [index for index, each in enumerate(said) if each.section in kept]
    since = next((index for index, each in enumerate(said) if each.section is Section.COMPARISON), None)
    places = [index for index in places if index != since]
    if not places:
        return None
    index = random.choice(places)
    return [*said[:index], *said[index + 1 :]]


PLANTED = (wrong_number, wrong_side, wrong_negation, wrong_word, left_out)


def audit(study: Study, random: Random) -> int:
    """Checks a study in every language, true and spoilt; how many errors were planted."""
    planted = 0
    for lang in LANGUAGES:
        grammar = load_grammar(lang)
        said = sentences(study, lang)
        assert check_report(study, said, lang) == []
        for plant in PLANTED:
            spoilt = plant(said, grammar, random)
            if spoilt is not None:
                planted += 1
                assert check_report(study, spoilt, lang), (plant.__name__, set(spoilt) ^ set(said))
    return planted


@pytest.mark.parametrize("seed", range(60))
def test_random_study_is_told_whole_and_every_planted_error_is_found(seed: int) -> None:
    random = Random(seed)
    study = random_study(random)
    assert problems_of(study) == []
    assert audit(study, random) >= 6


@pytest.mark.slow
def test_thousand_reports_in_three_languages() -> None:
    random = Random(20261125)
    planted = sum(audit(random_study(random), random) for _ in range(1000))
    assert planted > 12_000
