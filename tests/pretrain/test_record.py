"""What a run leaves beside its weights: history and card hold what was given, curves are averaged truly."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from torch import nn

from lingyin.pretrain import record
from lingyin.pretrain.checkpoint import Progress
from tests.pretrain.small import small_config, small_corpus


def test_the_card_counts_parameters_images_and_sources(tmp_path: Path) -> None:
    progress = Progress(6, [{"step": 4.0, "total": 2.0}, {"step": 5.0, "total": 1.5}], 72, 5400.0)
    record.write_card(tmp_path, small_config(), small_corpus(10), progress, nn.Linear(3, 2))
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert (card["parameters"], card["images_seen"], card["steps"], card["hours"]) == (8, 72, 6, 1.5)
    assert card["final_losses"] == {"step": 5.0, "total": 1.5}
    assert {name: each["images"] for name, each in card["data"]["sets"].items()} == {
        "kind0": 3,
        "kind1": 3,
        "kind2": 2,
        "kind3": 2,
    }
    assert "not a medical device" in card["use"]
    assert card["config"] == small_config().model_dump(mode="json")


def test_an_empty_history_is_written_without_curves(tmp_path: Path) -> None:
    record.write_history(tmp_path, [])
    assert [each.name for each in tmp_path.iterdir()] == ["history.json"]
    assert json.loads((tmp_path / "history.json").read_text("utf-8")) == []


def test_curves_average_equal_stretches_and_skip_rows_without_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[list[float], list[float]]] = []
    plot = Axes.plot

    def spy(self: Axes, x: list[float], y: list[float], **more: Any) -> Any:
        drawn.append((x, y))
        return plot(self, x, y, **more)

    monkeypatch.setattr(record, "MOST_POINTS", 2)
    monkeypatch.setattr(Axes, "plot", spy)
    history = [{"step": float(step), "total": float(step)} for step in range(4)]
    history[3]["contrast"] = 9.0
    assert record.draw_curves(history).startswith(b"\x89PNG")
    assert drawn == [([1.0, 3.0], [0.5, 2.5]), ([3.0], [9.0])]  # the total comes first


def test_outside_a_checkout_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(128, "git")

    monkeypatch.setattr(subprocess, "run", absent)
    assert record.commit() is None


def test_a_history_without_a_loss_is_written_without_curves(tmp_path: Path) -> None:
    record.write_history(tmp_path, [{"step": 1.0}])
    assert [each.name for each in tmp_path.iterdir()] == ["history.json"]
    with pytest.raises(ValueError, match="no curves"):
        record.draw_curves([{"step": 1.0}])
