"""`report.json`: the study as it is stored, and the JSON Schema that it keeps."""

from __future__ import annotations

import json
from typing import Any

from lingyin.core.study import Study


def report_json(study: Study) -> bytes:
    """The study as indented UTF-8 JSON, the same bytes for the same study."""
    content = Study.model_dump(study, mode="json")
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `report.json`, published as `docs/reference/report.schema.json`."""
    schema = Study.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Lingyin report"
    return schema
