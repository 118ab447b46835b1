"""A study survives the way through JSON unchanged, and refuses values outside their range and keys it does not know."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lingyin.core.study import (
    Analysis,
    Category,
    Certainty,
    ClipInfo,
    Evidence,
    EvidenceKind,
    Finding,
    ModelInfo,
    NotAssessed,
    RuleRef,
    Study,
    Triage,
)

NAME = {"en": "abdominal aortic diameter", "zh-Hans": "腹主动脉直径", "zh-Hant": "腹主動脈直徑"}


def make_finding(**changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "code": "abdominal_aorta_diameter",
        "category": Category.MEASUREMENT,
        "name": NAME,
        "certainty": Certainty.PRESENT,
        "value": 42.5,
        "unit": "mm",
        "interval": (41.0, 44.0),
        "abnormal": True,
        "evidence": [Evidence(frame=3, kind=EvidenceKind.LINE, points=[(1.5, 2), (1.5, 40)])],
        "rule": RuleRef(id="aaa", guideline="SVS", edition="2018", evidence="secondary"),
    }
    return Finding(**{**fields, **changes})


def make_study(**changes: Any) -> Study:
    fields: dict[str, Any] = {
        "program": "lingyin",
        "program_version": "0",
        "created": "2026-01-01T00:00:00Z",
        "clip": ClipInfo(
            source="scan.dcm",
            kind="dicom",
            width=100,
            height=50,
            frames=4,
            duration_s=0.1,
            frame_rate_hz=30,
            calibrated=True,
            calibration="dicom-region",
            frames_read=4,
        ),
        "model": ModelInfo(name="default", version="1", sha256="0" * 64),
        "triage": Triage.ABNORMAL,
        "triage_reason": "abnormal-finding",
        "findings": [make_finding()],
        "not_assessed": [NotAssessed(code="spleen", name=NAME, reason="not-visible")],
    }
    return Study(**{**fields, **changes})


def test_json_and_back_is_the_same_study() -> None:
    study = make_study()
    again = Study.model_validate_json(study.model_dump_json())
    assert again == study
    assert again.findings[0].interval == (41.0, 44.0)
    assert again.findings[0].evidence[0].points == [(1.5, 2.0), (1.5, 40.0)]


def test_json_speaks_the_published_words() -> None:
    said = make_study().model_dump(mode="json")
    assert said["triage"] == "abnormal"
    assert said["findings"][0]["category"] == "measurement"
    assert said["findings"][0]["certainty"] == "present"
    assert said["findings"][0]["name"]["zh-Hant"] == "腹主動脈直徑"
    assert said["research_use_only"] is True


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        (Evidence, {"frame": -1, "kind": "frame"}),
        (Evidence, {"frame": 0, "kind": "smell"}),
        (Evidence, {"frame": 0, "kind": "frame", "score": 1.2}),
        (Evidence, {"frame": 0, "kind": "frame", "time_s": -0.1}),
        (NotAssessed, {"code": "spleen", "name": NAME}),
        (ModelInfo, {"name": "a", "version": "1", "sha256": "0", "weights": "b"}),
    ],
)
def test_values_out_of_range_missing_or_unknown_are_refused(record: type[Any], fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**fields)


@pytest.mark.parametrize("probability", [-0.01, 1.01])
def test_a_probability_lies_between_0_and_1(probability: float) -> None:
    with pytest.raises(ValidationError, match="probability"):
        make_finding(probability=probability)


def test_unknown_is_not_the_same_as_normal() -> None:
    bare = Finding(code="x", category=Category.DIAGNOSIS, name=NAME, certainty=Certainty.UNSURE)
    assert bare.abnormal is None
    assert bare.value is None
    assert bare.urgent is False
    assert bare.evidence == []


def test_records_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_finding().value = 1.0  # type: ignore[misc]


def test_an_analysis_keeps_the_outlines_beside_the_study() -> None:
    outline = [[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)]]
    analysis = Analysis(make_study(), {3: {"abdominal_aorta_outer": outline}})
    assert analysis.outlines[3]["abdominal_aorta_outer"] == outline
    assert "outlines" not in analysis.study.model_dump()
