"""Tables in documents say what the result files say, and the shipped documents are up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lingyin.bench.tables import refresh, table

ROOT = Path(__file__).parents[2]
RESULT = {
    "command": "scripts/measure",
    "machine": "2 cores",
    "rows": [
        {"application": "organ", "metric": "accuracy", "value": 0.91, "low": 0.9, "high": 0.92, "n": 7},
        {"application": "time", "metric": "ratio", "value": 2.0, "low": None, "high": None, "n": 1},
    ],
}


def test_table_shows_value_interval_and_command() -> None:
    text = table(RESULT)
    assert "| organ | accuracy | 0.910 | 0.900 to 0.920 | 7 |" in text
    assert "| time | ratio | 2.000 |  | 1 |" in text
    assert "`scripts/measure`" in text


def test_only_the_block_is_rewritten_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(RESULT))
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- results: one -->\nold\n<!-- end results -->\nafter\n")
    assert refresh(document, tmp_path)
    assert not refresh(document, tmp_path)
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text


def test_a_block_may_show_some_metrics_only(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(RESULT))
    document = tmp_path / "page.md"
    document.write_text("<!-- results: one only: ratio; loss -->\n<!-- end results -->\n")
    assert refresh(document, tmp_path)
    assert not refresh(document, tmp_path)
    text = document.read_text()
    assert "| time | ratio |" in text
    assert "organ" not in text


def test_block_of_a_missing_result_is_an_error(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("<!-- results: absent -->\n<!-- end results -->\n")
    with pytest.raises(FileNotFoundError):
        refresh(document, tmp_path)


@pytest.mark.parametrize(
    "document", ["README.md", *[str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")]]
)
def test_shipped_documents_agree_with_the_result_files(document: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.md"
    copy.write_text((ROOT / document).read_text(encoding="utf-8"), encoding="utf-8")
    assert not refresh(copy, ROOT / "docs" / "results"), f"{document} is stale: run scripts/tables"
