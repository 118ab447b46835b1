"""A whole run on drawn sets: cells, resuming, sheets, the document and its pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.bench import teach as teaching
from lingyin.bench.applications import select_applications
from lingyin.bench.leaks import LeakError
from lingyin.bench.methods import Method, choose_methods
from lingyin.bench.publish import publish
from lingyin.bench.rows import open_set
from lingyin.bench.run import Outcome, Plan, run
from lingyin.bench.teach import Workshop
from lingyin.core.errors import InputError
from lingyin.tasks.contract import Needs
from lingyin.tasks.fit import FitSettings
from tests.bench.drawn_sets import draw_set

SETS = ("carotid_imt", "heart_camus")
ASKED = ("carotid_imt", "heart phase", "heart facts")


def short(method: Method, needs: Needs, seed: int, *, quick: bool) -> tuple[FitSettings, int]:
    """A few steps: enough to run, and on drawn bars enough to learn."""
    steps = 40 if needs is Needs.POOLED else 12
    return FitSettings(steps, 8, 3e-3, (0.1,), steps, 2, seed), 32


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sets")
    for name in SETS:
        draw_set(root, name)
    return root


def plan_for(root: Path, methods: tuple[str, ...], percents: tuple[int, ...] = (100,)) -> Plan:
    chosen = choose_methods(methods)
    return Plan(select_applications(ASKED), chosen, percents, (0,), root, quick=True, pixels=64)


@pytest.fixture(scope="module")
def done(sets: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Outcome, Path]:
    out = tmp_path_factory.mktemp("run")
    plan = plan_for(sets, ("lingyin", "imagenet", "median"), (40, 100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teaching, "learning", short)
        return plan, run(plan, out, Workshop(out / "cache", plan.size, quick=True)), out


@pytest.mark.slow
def test_every_application_has_a_sheet_of_every_fitting_method(done: tuple[Plan, Outcome, Path]) -> None:
    plan, outcome, _ = done
    names = {each.name for each in plan.applications}
    assert {key[0] for key in outcome.sheets} == names
    assert {key[1:] for key in outcome.sheets if key[0] == "heart phase"} == {
        (method, percent, 0) for method in ("lingyin", "imagenet") for percent in (40, 100)
    }
    assert {key[2] for key in outcome.sheets if key[1] == "median"} == {100}


@pytest.mark.slow
def test_bars_that_tell_the_label_are_learnt(done: tuple[Plan, Outcome, Path]) -> None:
    _, outcome, _ = done
    sheet = outcome.sheets["heart phase", "imagenet", 100, 0]
    rows = np.arange(len(sheet.subjects))
    assert sheet.statistics()["AUROC"](rows) > 0.8
    described = outcome.sheets["heart facts", "imagenet", 100, 0]
    assert described.statistics()["fact F1"](rows) > 0.6


@pytest.mark.slow
def test_a_smaller_budget_holds_fewer_subjects(done: tuple[Plan, Outcome, Path]) -> None:
    _, outcome, _ = done
    few, all_of_them = (outcome.facts["heart phase", "imagenet", percent, 0] for percent in (40, 100))
    assert few["train_subjects"] < all_of_them["train_subjects"]
    assert few["train_images"] < all_of_them["train_images"]


@pytest.mark.slow
def test_a_second_run_teaches_nothing_and_a_lost_cell_alone_is_taught_again(
    done: tuple[Plan, Outcome, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, outcome, out = done
    taught: list[str] = []
    real = teaching.teach

    def count(*words: object) -> object:
        taught.append(str(words[4].name))  # type: ignore[attr-defined]
        return real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(teaching, "learning", short)
    monkeypatch.setattr("lingyin.bench.run.teach", count)
    workshop = Workshop(out / "cache", plan.size, quick=True)
    run(plan, out, workshop)
    assert taught == []
    path = outcome.cells["heart phase", "imagenet", 40, 0]
    before = outcome.sheets["heart phase", "imagenet", 40, 0].columns["probability"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    again = run(plan, out, workshop)
    assert taught == ["imagenet"]
    assert np.array_equal(again.sheets["heart phase", "imagenet", 40, 0].columns["probability"], before)


@pytest.mark.slow
def test_the_document_holds_every_row_and_its_pictures(done: tuple[Plan, Outcome, Path], tmp_path: Path) -> None:
    plan, outcome, out = done
    found = publish(
        plan, outcome, tmp_path, out / "cache", "lingyin bench", "abc", "a machine", {"imagenet": "imagenet"}
    )
    kept = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert kept == found
    assert {"command", "commit", "machine", "seeds", "rows"} <= set(kept)
    for row in kept["rows"]:
        assert {"application", "task", "method", "labels", "metric", "value", "low", "high", "n"} <= set(row)
    deciding = {(row["application"], row["method"], row["labels"]) for row in kept["rows"] if row.get("decides")}
    assert len(deciding) == len(outcome.sheets)
    gains = [row for row in kept["rows"] if row["metric"] == "relative gain over the best peer"]
    assert {row["application"] for row in gains} == {each.name for each in plan.applications}
    assert any(row["metric"] == "mean relative gain over the best peer" for row in kept["rows"])
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name in ("label-curves.png", "gains.png", "confusion.png", "calibration.png", "cases-heart-phase.png"):
        assert f"![{name}]({name})" in text
        assert cv2.imread(str(tmp_path / name)).std() > 5


@pytest.mark.slow
def test_a_whole_network_and_a_u_net_learn_from_pictures(
    sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("monai")
    monkeypatch.setattr(teaching, "learning", short)
    chosen = choose_methods(["scratch", "monai-unet"])
    few = tuple(each for each in select_applications(["carotid_imt"]) if each.task in ("segment", "enhance"))
    plan = replace(plan_for(sets, ()), methods=chosen, applications=few)
    outcome = run(plan, tmp_path, Workshop(tmp_path / "cache", plan.size, quick=True))
    assert len(outcome.sheets) == 4
    for sheet in outcome.sheets.values():
        metric = "Dice" if sheet.task == "segment" else "PSNR"
        assert np.isfinite(sheet.statistics()[metric](np.arange(len(sheet.subjects))))


def test_a_near_duplicate_of_a_training_picture_stops_the_run(tmp_path: Path) -> None:
    folder = draw_set(tmp_path / "sets", "carotid_imt")
    rows = open_set(tmp_path / "sets", "carotid_imt").rows
    test, train = (next(row["id"] for row in rows if row["split"] == split) for split in ("test", "train"))
    picture = cv2.imread(str(folder / "images" / f"{train}.webp"), cv2.IMREAD_GRAYSCALE)
    brighter = np.clip(picture.astype(float) * 1.2 + 3, 0, 255).astype(np.uint8)
    cv2.imwrite(str(folder / "images" / f"{test}.webp"), brighter)
    plan = replace(plan_for(tmp_path / "sets", ("imagenet",)), applications=select_applications(["carotid_imt"]))
    with pytest.raises(LeakError, match=rf"{test} \(test\) and {train} share the same scene"):
        run(plan, tmp_path / "out", Workshop(tmp_path / "cache", plan.size, quick=True))


@pytest.mark.parametrize("change", ["picture", "row"])
def test_an_incomplete_set_is_refused_before_anything_is_measured(tmp_path: Path, change: str) -> None:
    folder = draw_set(tmp_path / "sets", "carotid_imt", skip=2 if change == "picture" else 0)
    if change == "row":
        words = (folder / "labels.csv").read_text(encoding="utf-8")
        (folder / "labels.csv").write_text(words.replace(",train,", ",test,", 1), encoding="utf-8")
    plan = replace(plan_for(tmp_path / "sets", ("imagenet",)), applications=select_applications(["carotid_imt"]))
    with pytest.raises(InputError, match=r"lacks [12] of 66 pictures|differs from the benchmark's split table"):
        run(plan, tmp_path / "out", Workshop(tmp_path / "cache", plan.size, quick=True))
    assert not (tmp_path / "out").exists()
