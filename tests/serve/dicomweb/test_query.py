"""Matching as PS3.4 C.2.2.2 has it: wildcards, ranges, lists, names without regard to case."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.serve.dicomweb.model import Level, level_of, tag_of
from lingyin.serve.dicomweb.query import QueryError, like, matches, read_query

TEXTS = st.text("ab*?", max_size=12)


@given(TEXTS.map(lambda text: re.sub(r"[*?]", "c", text)), TEXTS)
def test_wildcards_agree_with_the_shells(text: str, pattern: str) -> None:
    assert like(text, pattern) == fnmatch.fnmatchcase(text, pattern)


def test_hostile_pattern_ends_soon() -> None:
    assert not like("a" * 2000, "*a" * 500 + "b")


@pytest.mark.parametrize(
    ("kind", "value", "condition", "expected"),
    [
        ("DA", "20250301", "20250301", True),
        ("DA", "20250301", "20250302", False),
        ("DA", "20250301", "20250301-20250301", True),
        ("DA", "20250301", "-20250228", False),
        ("DA", "20250301", "20250101-", True),
        ("TM", "101530.5", "1000-1015", True),
        ("TM", "101630", "1000-1015", False),
        ("UI", "1.2.3", "1.2", False),
        ("UI", "1.2.3", "1.2,1.2.3", True),
        ("UI", "1.2.3", "1.2\\1.2.3", True),
        ("LO", "A-1", "a-1", False),
        ("LO", "A-1", "A*", True),
        ("LO", "A-1", "A", False),
    ],
)
def test_single_conditions(kind: str, value: str, condition: str, expected: bool) -> None:
    assert matches({"vr": kind, "Value": [value]}, condition) is expected


def test_names_match_in_any_of_their_writings() -> None:
    name = {"vr": "PN", "Value": [{"Alphabetic": "Wang^Wei", "Ideographic": "王^伟"}]}
    assert matches(name, "WANG*")
    assert matches(name, "王*")
    assert not matches(name, "Wei*")


def test_what_is_absent_meets_only_the_empty_condition() -> None:
    for condition in ("", "*"):
        assert matches(None, condition)
        assert matches({"vr": "LO"}, condition)
    assert not matches(None, "A*")


def test_attributes_are_known_by_keyword_and_by_tag() -> None:
    assert tag_of("PatientID") == tag_of("00100020") == "00100020"
    for name in ("", "Nonsense", "0010002", "FFFFFFFE", "0010002G"):
        with pytest.raises(KeyError):
            tag_of(name)


def test_levels_below_cannot_be_searched_from_above() -> None:
    assert read_query(Level.INSTANCE, [("Modality", "SR")]).conditions == {"00080060": "SR"}
    with pytest.raises(QueryError, match="Modality"):
        read_query(Level.STUDY, [("Modality", "SR")])


def test_answers_hold_their_own_level_and_what_was_asked_for() -> None:
    attributes = {tag: {"vr": "LO", "Value": [tag]} for tag in level_of()}
    query = read_query(Level.SERIES, [("PatientID", "x"), ("includefield", "StudyDate")])
    shown = query.shown(attributes, Level.SERIES)
    assert {tag_of(each) for each in ("Modality", "SeriesInstanceUID", "PatientID", "StudyDate")} <= set(shown)
    assert not {tag_of("PatientName"), tag_of("SOPInstanceUID")} & set(shown)
    assert tag_of("PatientName") in read_query(Level.SERIES, [("includefield", "all")]).shown(attributes, Level.SERIES)
