"""The worklist: order by urgency, links, failures by name, nothing of the folders above."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lingyin.core.errors import OutputError
from lingyin.report import write_worklist


def row(source: str, triage: str = "normal", **fields: object) -> dict[str, object]:
    given = {"source": source, "folder": Path(source).stem, "status": "done", "triage": triage, "error": None}
    return {**given, "organ": "liver", **fields}


def test_most_urgent_first_and_failures_named(tmp_path: Path) -> None:
    rows = [
        row("/data/in/normal.dcm"),
        row(
            "/data/in/cut.dcm", "cannot-say", status="failed", folder=None, error="/data/in/cut.dcm: truncated; copy it"
        ),
        row("/data/in/unsure.dcm", "cannot-say"),
        row("/data/in/urgent one.dcm", "urgent", folder="urgent one"),
        row("/data/in/set.zip!a/odd.dcm", "abnormal", organ="no_such_organ"),
    ]
    write_worklist(rows, tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    english = page.partition('<section lang="en"')[2].partition("</section>")[0]
    names = re.findall(r'<th scope="row">([^<]+)</th>', english)
    assert names == ["urgent one.dcm", "set.zip!odd.dcm", "cut.dcm", "unsure.dcm", "normal.dcm"]
    assert 'href="urgent%20one/report.html#en"' in english
    assert "cut.dcm: truncated; copy it" in english
    assert "5 scans, 1 failed" in english
    assert "/data/in" not in page
    assert "共 5 份影像，1 份失败" in page
    assert "http" not in page.replace("http-equiv", "")


def test_names_are_escaped_and_one_scan_is_singular(tmp_path: Path) -> None:
    write_worklist([row("<b>&.dcm")], tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.dcm" in page
    assert "<b>" not in page
    assert "1 scan<" in page


def test_empty_list_is_a_page(tmp_path: Path) -> None:
    write_worklist([], tmp_path / "new")
    assert "0 scans" in (tmp_path / "new" / "index.html").read_text(encoding="utf-8")


def test_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match=r"index\.html"):
        write_worklist([], tmp_path / "out")


def test_small_picture_and_change_since_the_prior_study(written: Path, tmp_path: Path) -> None:
    import json
    import shutil

    shutil.copytree(written, tmp_path / "now")
    report = json.loads((tmp_path / "now" / "report.json").read_text(encoding="utf-8"))
    report["comparison"] = {
        "prior_date": "2025-03-01",
        "date": "2026-03-01",
        "days": 365,
        "prior_sha256": "ab" * 32,
        "identity": "patient-id",
        "growth": [{"finding": 1, "prior_value": 44.0, "difference": 3.23, "verdict": "not-certain"}],
    }
    (tmp_path / "now" / "report.json").write_text(json.dumps(report), encoding="utf-8")
    write_worklist([row("/in/now.dcm", "abnormal", prior="then"), row("/in/other.dcm")], tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<img src="data:image/jpeg;base64,' in page
    assert '<a href="then/report.html#en">+3.2 mm, 2025-03-01</a>' in page
    assert page.count("<img") == 3, "one in each language; a report without a picture has none"
