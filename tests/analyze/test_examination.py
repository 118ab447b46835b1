"""Standard views: seen, missing, and those that cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze.examination import NOT_SEEN, NOT_TOLD, examine, load_protocols
from lingyin.analyze.measure.shot import Scale, Shot
from lingyin.core.study import Category, Certainty, Finding
from lingyin.core.tree import load_tree

TREE = load_tree()
HEART = ("view_apical_two_chamber", "view_apical_four_chamber", "phase_end_diastole")


def view(code: str, certainty: Certainty = Certainty.PRESENT) -> Finding:
    return Finding(code=code, category=Category.VIEW, name=TREE[code].name, certainty=certainty)


def vessel(long: float, short: float) -> Shot:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outline = np.stack([100 + long * np.cos(angle), 100 + short * np.sin(angle)], axis=1)
    return Shot(0, 0.0, 0.9, 1.0, {0.5: outline}, Scale(0.5, 0.5, 1.0), False)


def test_of_the_views_that_heads_can_tell_the_unseen_ones_are_missing() -> None:
    record, found, refused = examine("heart", HEART, [view("view_apical_four_chamber")], {}, TREE)
    assert record is not None
    assert record.protocol == "examination_echocardiography"
    assert record.seen == ["view_apical_four_chamber"]
    assert record.missing == ["view_apical_two_chamber"]
    assert "view_parasternal_long_axis" in record.untold
    assert found == []
    assert {item.code: item.reason for item in refused}["view_apical_two_chamber"] == NOT_SEEN
    assert {item.reason for item in refused} == {NOT_SEEN, NOT_TOLD}
    assert {*record.seen, *record.missing, *record.untold} == set(load_protocols()["heart"].views)


def test_a_view_in_doubt_is_not_seen() -> None:
    record, _, _ = examine("heart", HEART, [view("view_apical_four_chamber", Certainty.UNSURE)], {}, TREE)
    assert record is not None
    assert record.seen == []
    assert len(record.missing) == 2


@pytest.mark.parametrize(("long", "short", "seen"), [(80, 20, ["view_aorta_long"]), (22, 20, [])])
def test_the_course_of_a_vessel_tells_its_view(long: float, short: float, seen: list[str]) -> None:
    shots = {"abdominal_aorta_outer": [vessel(long, short)] * 3}
    record, found, refused = examine("abdominal_aorta", (), [], shots, TREE)
    assert record is not None
    assert record.seen == seen == [finding.code for finding in found]
    assert record.missing == ([] if seen else ["view_aorta_long"])
    assert len(refused) == 5 - len(seen)


def test_an_organ_without_protocol_has_no_examination() -> None:
    assert examine("liver", (), [], {}, TREE) == (None, [], [])


def test_the_seven_examinations_are_there() -> None:
    assert {protocol.code.removeprefix("examination_") for protocol in load_protocols().values()} == {
        "thyroid",
        "abdominal_aorta",
        "obstetric_biometry",
        "echocardiography",
        "breast",
        "carotid",
        "lung",
    }
