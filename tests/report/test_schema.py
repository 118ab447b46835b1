"""The published schema is the one that the program writes by, and it is a schema."""

from __future__ import annotations

import json
from pathlib import Path

from lingyin.report import json_schema
from lingyin.report.schema import report_json
from tests.report.builders import aneurysm

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "report.schema.json"


def test_published_schema_is_up_to_date() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema(), (
        "write it anew: python -c 'import json; from lingyin.report import json_schema; "
        "print(json.dumps(json_schema(), indent=1, ensure_ascii=False))' > docs/reference/report.schema.json"
    )


def test_schema_requires_what_readers_rely_on() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"findings", "clip", "model", "triage"} <= set(schema["required"])
    finding = schema["$defs"]["Finding"]
    assert {"code", "name", "certainty"} <= set(finding["required"])
    assert schema["$defs"]["Certainty"]["enum"] == ["present", "absent", "unsure"]
    assert finding["additionalProperties"] is False


def test_stored_study_is_stable_utf8() -> None:
    study = aneurysm()[0].study
    assert report_json(study) == report_json(study)
    assert "腹主动脉" in report_json(study).decode("utf-8")
