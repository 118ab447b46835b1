"""What a user may choose: guidelines by topic, and the age of a pregnancy."""

from __future__ import annotations

import pytest

from lingyin.analyze.options import Options, parse_gestational_age, parse_guidelines, read_options
from lingyin.analyze.rulebook import load_rules
from lingyin.core.errors import CatalogueError, UsageError


def test_guidelines_as_typed() -> None:
    assert parse_guidelines(["aorta=esc2024", "ejection-fraction = acc"]) == {
        "aorta": "esc2024",
        "ejection_fraction": "acc",
    }
    assert parse_guidelines(["aorta=esc2024", "aorta=esc2024"]) == {"aorta": "esc2024"}


@pytest.mark.parametrize("words", [["aorta"], ["=esc2024"], ["aorta="], ["aorta=esc2024", "aorta=svs2018"]])
def test_malformed_guidelines_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_guidelines(words)


@pytest.mark.parametrize(("text", "weeks"), [("24+3", 24 + 3 / 7), ("24", 24.0), ("24.5", 24.5), ("8+0", 8.0)])
def test_age_as_typed(text: str, weeks: float) -> None:
    assert parse_gestational_age(text) == pytest.approx(weeks)


@pytest.mark.parametrize("text", ["24+7", "24+x", "three", "2+0", "60", "+3", "24+-1"])
def test_malformed_ages_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="gestational age"):
        parse_gestational_age(text)


def test_an_unknown_choice_names_what_is_offered() -> None:
    with pytest.raises(UsageError, match="esvs2024, svs2018, acc2022, esc2024"):
        read_options(["aorta=who1999"], None)
    with pytest.raises(UsageError, match="thyroid"):
        read_options(["spleen=esc2024"], None)
    assert read_options(["aorta=acc2022"], "20+0") == Options({"aorta": "acc2022"}, 20.0)


def test_a_choice_by_topic_reaches_the_rules_that_offer_it_and_leaves_the_others() -> None:
    book = load_rules()
    aorta = book.measurement_rule("abdominal_aorta_diameter", {"aorta": "acc2022"})
    assert aorta is not None
    assert aorta.choice == "acc2022"
    size = book.measurement_rule("thyroid_nodule_long_axis", {"thyroid": "ctirads2020"})
    assert size is not None
    assert size.choice == "acr2017"
    assert [rule.choice for rule in book.score_rules("thyroid", {"thyroid": "ctirads2020"})] == ["ctirads2020"]
    assert [rule.choice for rule in book.score_rules("thyroid")] == ["acr2017"]
    assert book.score_rules("heart") == []


def test_a_choice_is_checked_by_code_as_well() -> None:
    book = load_rules()
    book.check_choices({"abdominal_aorta_diameter": "svs2018"})
    with pytest.raises(CatalogueError, match="svs2019"):
        book.check_choices({"abdominal_aorta_diameter": "svs2019"})


def test_the_mark_tells_options_apart_and_not_their_order() -> None:
    one = Options({"aorta": "esc2024", "thyroid": "ctirads2020"})
    other = Options({"thyroid": "ctirads2020", "aorta": "esc2024"})
    assert one.mark == other.mark
    assert len({one.mark, Options().mark, Options({}, 20.0).mark}) == 3
