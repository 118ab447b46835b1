"""`lingyin phantom` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "object"]


def test_writes_scan_and_truth(lingyin: Run, tmp_path: Path) -> None:
    scan = tmp_path / "a.dcm"
    done = lingyin("phantom", "aorta", "--seed", "7", "--set", "diameter_mm=47", "--set", "frames=2", "-o", scan)
    assert done.returncode == 0, done.stderr
    assert str(scan) in done.stdout
    assert scan.read_bytes()[128:132] == b"DICM"
    truth = json.loads((tmp_path / "a.json").read_text())
    assert truth["measurements"]["abdominal_aorta_diameter"] == {"value": 47.0, "unit": "mm"}


def test_lists_what_can_be_set(lingyin: Run) -> None:
    done = lingyin("phantom", "carotid", "--list")
    assert done.returncode == 0
    assert "intima_media_mm" in done.stdout
    assert "0.3 to 3 mm" in done.stdout
    assert "gain_db" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["spleen"], "choose one of aorta"),
        (["aorta"], "-o FILE.dcm"),
        (["aorta", "--set", "depth_mm"], "name=value"),
        (["aorta", "--set", "depth=3"], "depth_mm (20 to 260 mm)"),
        (["aorta", "--set", "depth_mm=9999"], "20 to 260 mm"),
        (["aorta", "--set", "gain_db=1", "--set", "gain_db=2"], "twice"),
    ],
)
def test_wrong_use_is_told_in_one_line(lingyin: Run, tmp_path: Path, words: list[str], said: str) -> None:
    out = [] if words == ["aorta"] else ["-o", tmp_path / "a.dcm"]
    done = lingyin("phantom", *words, *out)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_truth_name_is_refused_for_the_scan(lingyin: Run, tmp_path: Path) -> None:
    done = lingyin("phantom", "aorta", "-o", tmp_path / "a.json")
    assert done.returncode == 2
    assert "truth" in done.stderr


def test_unwritable_place(lingyin: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = lingyin("phantom", "carotid", "--set", "frames=1", "-o", tmp_path / "file" / "a.dcm")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
