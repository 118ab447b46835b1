"""The command that measures a model folder: what it refuses, which sources it asks, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lingyin.bench import evaluate as room
from lingyin.bench.evaluate import NEGATIVES, main, split_samples, write_result
from lingyin.core.errors import UsageError
from lingyin.tasks.config import Recipe

ROW = {"application": "organ", "metric": "accuracy, 肝", "value": 0.5, "low": 0.4, "high": 0.6, "n": 3}


def test_scores_of_val_never_reach_the_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--split", "val", "--update-model"])
    assert stopped.value.code == 2
    assert "test split only" in capsys.readouterr().err


def test_a_folder_without_a_model_ends_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"holds no readable manifest\.json"):
        main(["--model", str(tmp_path)])


def test_no_sets_no_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "data_root", lambda: None)
    with pytest.raises(UsageError, match="LINGYIN_DATA"):
        next(split_samples(cast(Recipe, SimpleNamespace(sources={})), "test"))


def test_sources_in_order_then_what_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "not_in_recipe"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.csv").touch()
    monkeypatch.setattr(room, "data_root", lambda: tmp_path)
    monkeypatch.setattr(room, "read_set", lambda folder, recipe, split: iter([(folder.name, split)]))
    monkeypatch.setattr(room, "make_negatives", lambda *given: iter([given]))
    monkeypatch.setattr(room, "make_phantoms", lambda recipe, split: iter([("phantom", split)]))
    recipe = cast(Recipe, SimpleNamespace(sources={"b": 1.0, "absent": 1.0, "a": 1.0}))
    told: dict[str, list[Any]] = {name: list(samples) for name, samples in split_samples(recipe, "val")}
    assert list(told) == ["a", "b", "negatives and phantoms"]
    assert told["a"] == [("a", "val")]
    assert told["negatives and phantoms"] == [(*NEGATIVES, "val"), ("phantom", "val")]


@pytest.mark.parametrize(("split", "tail"), [("test", ""), ("val", " --split val")])
def test_the_result_says_how_it_was_made(tmp_path: Path, split: str, tail: str) -> None:
    path = tmp_path / "new" / "folder" / "result.json"
    write_result(path, [dict(ROW)], split)
    text = path.read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["command"] == "scripts/evaluate_first_network" + tail
    assert told["rows"] == [ROW]
    assert list(told) == ["command", "commit", "machine", "seeds", "rows"]
    assert "肝" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("words", "written"),
    [([], True), (["--split", "val"], False), (["--split", "val", "--out", "docs/results/first-network.json"], True)],
)
def test_val_is_written_only_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], written: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room, "load_network", lambda folder, threads: SimpleNamespace(manifest=None))
    monkeypatch.setattr(room, "split_samples", lambda recipe, split: iter([]))
    monkeypatch.setattr(room, "rows_of", lambda sheet, manifest: [dict(ROW)])
    main(words)
    assert (tmp_path / room.RESULT).is_file() == written
