"""Batch work: folder names, going on after an interruption, repeating only what changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lingyin.batch import Hooks, Row, analyze_all
from lingyin.core.errors import OutputError


def test_same_stem_gets_a_folder_of_its_own(aneurysm: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(aneurysm, tmp_path / folder / "Scan 1.dcm")
    rows = analyze_all([str(tmp_path / "a"), str(tmp_path / "b")], tmp_path / "out", lang="en")
    assert [row.folder for row in rows] == ["Scan_1", "Scan_1-2"]


def test_interrupted_batch_goes_on_where_it_stopped(aneurysm: Path, tmp_path: Path) -> None:
    scans = []
    for index in range(3):
        scans.append(str(tmp_path / f"{index}.dcm"))
        shutil.copy(aneurysm, scans[-1])
    out = tmp_path / "out"

    def stop_at_the_third(source: str, index: int, total: int) -> None:
        if index == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze_all(scans, out, lang="en", hooks=Hooks(started=stop_at_the_third))
    assert len(json.loads((out / "summary.json").read_text())) == 2
    worked: list[str] = []

    def note(row: Row, study: object) -> None:
        if study is not None:
            worked.append(row.source)

    rows = analyze_all(scans, out, lang="en", hooks=Hooks(finished=note))
    assert worked == scans[2:]
    assert [row.status for row in rows] == ["done"] * 3


def test_changed_scan_is_analysed_again(aneurysm: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.dcm"
    shutil.copy(aneurysm, scan)
    first = analyze_all([str(scan)], tmp_path / "out", lang="en")
    scan.write_bytes(scan.read_bytes() + b"\0" * 2)
    second = analyze_all([str(scan)], tmp_path / "out", lang="en")
    assert first[0].fingerprint != second[0].fingerprint


def test_output_folder_that_is_a_file(aneurysm: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="-o"):
        analyze_all([str(aneurysm)], tmp_path / "out")
