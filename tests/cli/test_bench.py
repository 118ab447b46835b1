"""`lingyin bench` as a user types it: wrong words, lists, preparing, and a run on drawn sets."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.bench.drawn_sets import draw_set
from tests.bench.test_matrix import TUNING
from tests.bench.test_run import short
from tests.nets.tiny import TinyEncoder
from typer.testing import CliRunner

from lingyin.bench import matrix as transferring
from lingyin.bench import run as running
from lingyin.bench import teach as teaching
from lingyin.bench.splits import set_names
from lingyin.cli.bench import bench
from lingyin.core.errors import LingyinError, UsageError

runner = CliRunner()


def test_list_names_applications_and_methods() -> None:
    shown = runner.invoke(bench, ["--list"])
    assert shown.exit_code == 0
    assert "breast diagnosis" in shown.output
    assert "monai-unet" in shown.output
    assert "not counted" in shown.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name the folder for the results"),
        (["-o", "x", "--labels", "0,50"], "give per cent from 1 to 100"),
        (["-o", "x", "--labels", "half"], "give per cent from 1 to 100"),
        (["-o", "x", "--only", "spleen"], "no application, set or task is called 'spleen'"),
        (["-o", "x", "--methods", "alexnet"], "no method is called alexnet"),
        (["few", "spleen", "--without", "run", "-o", "x"], "no application is of the organ 'spleen'"),
        (["few", "breast", "--without", "run", "-o", "x", "--images", "1,5"], "give numbers from 2 on"),
        (["matrix", "-o", "x", "--only", "spleen"], "no application, set or task is called 'spleen'"),
    ],
)
def test_wrong_words(words: list[str], message: str) -> None:
    failed = runner.invoke(bench, words)
    assert isinstance(failed.exception, UsageError)
    assert message in str(failed.exception)


def test_absent_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGYIN_DATA", str(tmp_path))
    failed = runner.invoke(bench, ["-o", str(tmp_path / "out")])
    assert isinstance(failed.exception, LingyinError)
    assert "lingyin bench prepare" in str(failed.exception)


def test_prepare_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    cv2.imwrite(str(tmp_path / "mine" / "one.png"), np.zeros((4, 4), np.uint8))
    (tmp_path / "mine" / "more.zip").write_bytes(b"PK")
    shown = runner.invoke(bench, ["prepare", str(tmp_path / "mine"), "-o", str(tmp_path / "sets")])
    assert shown.exit_code == 0, shown.output
    for name in set_names():
        assert f"{name}:" in shown.output
    assert "more.zip: an archive, not looked into" in shown.output
    assert "1 pictures and clips looked at, 0 rebuilt" in shown.output


@pytest.mark.slow
def test_a_run_from_command_to_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path / "sets", "heart_camus")
    monkeypatch.setenv("LINGYIN_DATA", str(tmp_path / "sets"))
    monkeypatch.setattr(teaching, "learning", short)
    monkeypatch.setattr(running, "QUICK_PIXELS", 64)
    out = tmp_path / "out"
    words = ["--quick", "--only", "heart phase", "--methods", "imagenet", "--labels", "100%", "-o", str(out)]
    shown = runner.invoke(bench, words)
    assert shown.exit_code == 0, (shown.output, shown.exception)
    assert "heart phase" in shown.output
    assert "AUROC" in shown.output
    kept = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert kept["quick"]
    assert kept["seeds"] == [0]
    assert kept["encoders"] == {"imagenet": "imagenet"}
    assert (out / "README.md").read_text(encoding="utf-8").startswith("# Benchmark (quick look")


def test_few_images_and_the_matrix_from_command_to_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_set(tmp_path / "sets", "carotid_imt")
    monkeypatch.setenv("LINGYIN_DATA", str(tmp_path / "sets"))
    monkeypatch.setattr(running, "QUICK_PIXELS", 64)
    for module in (teaching, transferring):
        monkeypatch.setattr(module, "load_peer", lambda *_: TinyEncoder().eval().requires_grad_(False))
        monkeypatch.setattr(module, "learning", short)
    monkeypatch.setattr(transferring, "tuning", lambda *_: TUNING)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "card.json").write_text('{"data": {"sets": {}}}', encoding="utf-8")
    few, matrix = tmp_path / "few", tmp_path / "matrix"
    words = ["few", "common_carotid_artery", "--without", str(tmp_path / "run"), "--images", "3,6", "--seeds", "1"]
    shown = runner.invoke(bench, [*words, "--quick", "-o", str(few)])
    assert shown.exit_code == 0, (shown.output, shown.exception)
    assert "relative gain over: ImageNet" in shown.output
    kept = json.loads((few / "results.json").read_text(encoding="utf-8"))
    assert {"command", "commit", "machine", "seeds", "rows"} == set(kept)
    assert cv2.imread(str(few / "few-images.png")).std() > 5
    shown = runner.invoke(bench, ["matrix", "--quick", "--only", "intima-media mask", "-o", str(matrix)])
    assert shown.exit_code == 0, (shown.output, shown.exception)
    assert json.loads((matrix / "results.json").read_text(encoding="utf-8"))["rows"][0]["source"] == ""
    assert cv2.imread(str(matrix / "matrix.png")).std() > 5
