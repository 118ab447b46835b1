"""The lexicon answers with its own words for all that the describers can say, and joins frames honestly."""

from __future__ import annotations

import pytest

from lingyin.analyze.assess import _number_text
from lingyin.analyze.describe.lexicon import ASPECTS, describe, load_lexicon
from lingyin.analyze.describe.seen import Sighting, agreed
from lingyin.core.study import LANGUAGES
from lingyin.core.tree import load_tree
from tests.analyze.describe.patches import ellipse, patch

PATCHES = [patch(level=level, around=around) for level, around in ((5, 110), (60, 110), (110, 110), (3, 2))]


@pytest.mark.parametrize("structure", load_lexicon())
def test_every_value_of_an_aspect_has_a_word_and_every_number_a_sentence(structure: str) -> None:
    assert structure in load_tree()
    for row in load_lexicon()[structure]:
        for each in PATCHES:
            seen = ASPECTS[row.aspect](each)
            assert seen.possible
            assert seen.possible <= set(row.values)
            for name, value in seen.numbers.items():
                text = _number_text(name, value)
                assert set(text) == set(LANGUAGES)
                assert all("{" not in words for words in text.values())


def test_a_solid_hypoechoic_nodule_in_the_words_of_the_lexicon() -> None:
    found = {each.feature: each for each in describe("thyroid_nodule", [patch(ellipse(40, 60), level=82)])}
    assert found["nodule_composition"].settled == "nodule_solid"
    assert found["nodule_echogenicity"].settled == "nodule_hypoechoic"
    assert found["nodule_shape"].settled == "nodule_taller_than_wide"
    assert found["nodule_margin"].settled == "nodule_margin_smooth"
    assert found["punctate_foci"].settled == "nothing"


def test_an_irregular_margin_may_reach_beyond_the_gland() -> None:
    lobed = patch(ellipse(60, 50, wave=0.18), level=60)
    found = {each.feature: each.possible for each in describe("thyroid_nodule", [lobed])}
    assert found["nodule_margin"] == {"nodule_margin_irregular", "nodule_extrathyroidal_extension"}


def test_no_patches_and_no_lexicon_give_nothing() -> None:
    assert describe("thyroid_nodule", []) == []
    assert describe("bladder_lumen", [patch()]) == []


def test_frames_are_joined_by_what_half_of_them_leave_possible() -> None:
    def one(*values: str) -> Sighting:
        return Sighting("x", frozenset(values), {"n": float(len(values))})

    assert agreed([one("a"), one("a", "b"), one("a")]).possible == {"a"}
    assert agreed([one("a"), one("b")]).possible == {"a", "b"}
    assert agreed([one("a"), one("b"), one("c")]).possible == {"a", "b", "c"}
    with pytest.raises(ValueError, match="no sightings"):
        agreed([])
