"""Scoring systems as data: what makes a rule whole, and which values a measured interval touches."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lingyin.analyze.scorebook import Feature, ScoreRule
from lingyin.core.study import LANGUAGES

WORDS = dict.fromkeys(LANGUAGES, "word")


def rule(**changes: Any) -> ScoreRule:
    known: dict[str, Any] = {
        "id": "made-up",
        "guideline": "Made up",
        "edition": "2020",
        "evidence": "general-knowledge",
        "text": WORDS,
        "judges": "category",
        "organ": "liver",
        "subject": "liver_lesion",
        "name": WORDS,
        "feature": [
            {"code": "shape", "name": WORDS, "value": [{"code": "wide"}, {"code": "tall", "points": 3}]},
            {"code": "rim", "name": WORDS, "value": [{"code": "smooth", "points": 1}, {"code": "rough", "points": 2}]},
        ],
        "grade": [{"code": "low", "label": "1", "points": 1}, {"code": "high", "label": "2", "points": 4}],
    }
    return ScoreRule.model_validate(known | changes)


SHAPE = {"code": "shape", "name": WORDS, "value": [{"code": "wide"}, {"code": "tall"}]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"feature": [SHAPE, SHAPE]}, "stands twice"),
        ({"feature": [{**SHAPE, "value": [{"code": "wide"}, {"code": "wide"}]}]}, "stands twice"),
        ({"impossible": [{"shape": ["round"]}]}, "shape has no value"),
        ({"case": [{"when": {"margin": ["smooth"]}, "grades": ["low"]}]}, "margin has no value"),
        ({"case": [{"when": {"shape": ["wide"]}, "grades": ["lowest"]}]}, "unknown grades"),
        ({"grade": [{"code": "low", "label": "1", "points": 1}, {"code": "low", "label": "2"}]}, "grade stands twice"),
        (
            {"grade": [{"code": "low", "label": "1", "points": 1}, {"code": "high", "label": "2", "points": 1}]},
            "must rise",
        ),
        (
            {"grade": [{"code": "low", "label": "1", "points": 2}, {"code": "high", "label": "2", "points": 4}]},
            "would get no grade",
        ),
        ({"impossible": [{"shape": []}]}, "at least 1 item"),
        ({"author": "unknown"}, "Extra inputs"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        rule(**changes)


def test_a_last_case_without_conditions_catches_all_and_needs_no_points() -> None:
    grades = [{"code": "low", "label": "1"}, {"code": "high", "label": "2"}]
    first = {"when": {"shape": ["tall"]}, "grades": ["high"]}
    closed = rule(grade=grades, case=[first, {"grades": ["low"]}])
    assert not closed.has_points
    assert closed.grade_of("high").label == "2"
    with pytest.raises(KeyError):
        closed.grade_of("middle")
    with pytest.raises(ValidationError, match="would get no grade"):
        rule(grade=grades, case=[{"grades": ["low"]}, first])
    assert rule().has_points


@pytest.mark.parametrize(
    ("low", "high", "reached"),
    [
        (0, 9.9, {"small"}),
        (10, 10, {"middle"}),  # from 10 on, inclusive
        (20, 20, {"middle"}),  # above 20, exclusive
        (20, 20.1, {"middle", "large"}),
        (5, 30, {"small", "middle", "large"}),
    ],
)
def test_an_interval_reaches_all_values_between_its_ends(low: float, high: float, reached: set[str]) -> None:
    values = [{"code": "small"}, {"code": "middle", "at_least": 10}, {"code": "large", "above": 20}]
    feature = Feature.model_validate({"code": "size", "name": WORDS, "value": values, "measured": "width"})
    assert feature.reached(low, high) == reached
