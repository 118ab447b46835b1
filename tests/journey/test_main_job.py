"""The main job as a user types it: a scan in, a folder with evidence out, summary and worklist beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.conftest import Run


def _only_report(out: Path) -> tuple[dict, Path]:
    row = json.loads((out / "summary.json").read_text(encoding="utf-8"))[0]
    folder = out / row["folder"]
    return json.loads((folder / "report.json").read_text(encoding="utf-8")), folder


@pytest.fixture(scope="module")
def analysed(lingyin: Run, real_cine: Path, aneurysm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run over the real cine and the aneurysm, with torch blocked: the program must not need it."""
    work = tmp_path_factory.mktemp("journey")
    (work / "block" / "torch").mkdir(parents=True)
    (work / "block" / "torch" / "__init__.py").write_text("raise ImportError('torch is blocked')\n")
    done = lingyin("analyze", real_cine, aneurysm, "-o", work / "out", env={"PYTHONPATH": str(work / "block")})
    assert done.returncode == 0, done.stderr + done.stdout
    return work / "out"


def test_every_file_of_the_report_is_there(analysed: Path) -> None:
    rows = json.loads((analysed / "summary.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in rows] == ["done", "done"]
    assert (analysed / "index.html").is_file()
    for row in rows:
        folder = analysed / row["folder"]
        assert {"report.html", "report.json", "overlay.mp4"} <= {path.name for path in folder.iterdir()}


def test_findings_carry_evidence_inside_the_clip(analysed: Path) -> None:
    report, _ = _only_report(analysed)
    with_evidence = [finding for finding in report["findings"] if finding["evidence"]]
    assert with_evidence
    for finding in with_evidence:
        for evidence in finding["evidence"]:
            assert 0 <= evidence["frame"] < report["clip"]["frames"]
            for x, y in evidence["points"]:
                assert -1 <= x <= report["clip"]["width"]
                assert -1 <= y <= report["clip"]["height"]


def test_aneurysm_is_measured_and_flagged(analysed: Path, aneurysm: Path) -> None:
    rows = json.loads((analysed / "summary.json").read_text(encoding="utf-8"))
    truth = json.loads(aneurysm.with_suffix(".json").read_text(encoding="utf-8"))
    report = json.loads((analysed / rows[1]["folder"] / "report.json").read_text(encoding="utf-8"))
    assert rows[1]["triage"] in {"abnormal", "urgent"}
    expected = truth["measurements"]["abdominal_aorta_diameter"]["value"]
    measured = next(finding for finding in report["findings"] if finding["code"] == "abdominal_aorta_diameter")
    assert measured["value"] == pytest.approx(expected, abs=max(1.5, 0.04 * expected))
    assert measured["rule"]["guideline"]


def test_page_stands_alone_and_speaks_three_languages(analysed: Path) -> None:
    _, folder = _only_report(analysed)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["']https?://|url\(https?:""", page)
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert language in page


def test_second_run_repeats_nothing(lingyin: Run, analysed: Path, real_cine: Path, aneurysm: Path) -> None:
    pages = sorted(analysed.glob("*/report.html"))
    before = [page.stat().st_mtime_ns for page in pages]
    done = lingyin("analyze", real_cine, aneurysm, "-o", analysed)
    assert done.returncode == 0, done.stderr
    assert [page.stat().st_mtime_ns for page in pages] == before


def test_json_on_standard_output_is_the_summary(lingyin: Run, analysed: Path, real_cine: Path, aneurysm: Path) -> None:
    done = lingyin("analyze", real_cine, aneurysm, "-o", analysed, "--json")
    assert json.loads(done.stdout) == json.loads((analysed / "summary.json").read_text(encoding="utf-8"))


def test_abnormal_scan_can_fail_the_command(lingyin: Run, aneurysm: Path, tmp_path: Path) -> None:
    done = lingyin("analyze", aneurysm, "-o", tmp_path / "out", "--lang", "zh-Hant", "--fail-on-abnormal")
    assert done.returncode == 4, done.stderr
    report, folder = _only_report(tmp_path / "out")
    assert report["findings"]
    assert 'lang="zh-Hant"' in (folder / "report.html").read_text(encoding="utf-8")
