"""The ablation: each part off at the same budget, kept where it was finished, and told with intervals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from lingyin.bench import ablate as room
from lingyin.bench.ablate import Trial, ablate, table
from lingyin.bench.effects import interval_figure
from lingyin.bench.parts import ALL, variants
from lingyin.bench.probes import PhantomProbe
from lingyin.cli.ablate import ablate as verb
from lingyin.core.errors import UsageError
from lingyin.nets.vit import Vit
from lingyin.pretrain import loop
from lingyin.pretrain.probe import Answer
from lingyin.pretrain.schedule import moment
from tests.pretrain.small import CONVOLUTIONAL, small_config, small_corpus

PARTS = ("masked reconstruction", "hard patches", "tree contrast", "tree classifier", "progressive training")


def answer(right: int, count: int = 40) -> Answer:
    """Two labels in turn, the first `right` pictures told rightly."""
    truth = np.arange(count) % 2
    told = np.where(np.arange(count) < right, truth, 1 - truth)
    chance = np.stack([1.0 - told, told], 1).astype(np.float32)
    return Answer(("no", "yes"), chance, truth, np.array([f"s{index // 2}" for index in range(count)], np.str_))


class Counted:
    """A probe that counts how often it is asked."""

    name = "counted"

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, net: Vit) -> dict[str, Answer]:
        self.asked += 1
        return {"task": answer(30)}


def test_each_part_goes_alone_and_the_budget_stays() -> None:
    found = variants(small_config())
    assert list(found) == [ALL, *(f"without {part}" for part in PARTS)]
    assert {each.steps * each.optimiser.batch * each.optimiser.views for each in found.values()} == {6 * 6 * 2}
    bare = found["without masked reconstruction"]
    assert not bare.targets.some
    assert bare.contrast.weight == small_config().contrast.weight
    assert found["without hard patches"].hard.weight == 0
    assert found["without hard patches"].targets == small_config().targets
    assert found["without tree contrast"].classifier.weight == small_config().classifier.weight
    assert found["without tree classifier"].classifier.weight == 0
    flat = found["without progressive training"]
    assert {moment(flat, step).hard_share for step in range(1, 6)} == {0.5}
    assert {moment(flat, step).mask_ratio for step in range(6)} == {0.6}


def test_leaves_and_few_sources_are_parts_as_well() -> None:
    config = small_config(**CONVOLUTIONAL, hard={"weight": 0.1})
    found = variants(config)
    assert {"without pictures as leaves", "without few sources a batch"} < set(found)
    bare = found["without pictures as leaves"]
    assert bare.contrast.pictures == 0
    assert bare.contrast.weight == config.contrast.weight
    assert found["without few sources a batch"].data.model_dump() == config.data.model_dump() | {"sources": 0}


def test_parts_that_are_off_already_are_not_switched_off() -> None:
    stage = [{"until": 1.0, "size_px": 32, "mask_ratio": 0.5}]
    assert list(variants(small_config(contrast={}, classifier={}, stages=stage))) == [ALL, "without hard patches"]
    with pytest.raises(UsageError, match="no part"):
        variants(small_config(hard={}, contrast={}, classifier={}, stages=stage))


def test_a_finished_ablation_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "open_corpus", lambda *_: small_corpus())
    monkeypatch.setattr("lingyin.pretrain.record.draw_curves", lambda _: b"drawn")
    config, probe = small_config(steps=2), Counted()
    first = ablate(config, tmp_path, [3], probe)
    assert [trial.variant for trial in first] == list(variants(config))
    assert probe.asked == 6
    weights = tmp_path / "without-tree-contrast-seed3" / loop.ENCODER
    before = weights.stat().st_mtime_ns
    (tmp_path / "without-hard-patches-seed3" / room.ANSWERS).write_bytes(b"torn")
    (tmp_path / "without-tree-classifier-seed3" / loop.ENCODER).unlink()
    again = ablate(config, tmp_path, [3], probe)
    assert probe.asked == 8  # the damaged answers, and those of the encoder that was lost
    assert weights.stat().st_mtime_ns == before
    np.testing.assert_array_equal(again[0].answers["task"].probabilities, first[0].answers["task"].probabilities)
    assert again[0].answers["task"].labels == ("no", "yes")
    with pytest.raises(UsageError, match="belongs to another run"):
        ablate(small_config(steps=3), tmp_path, [3], probe)


def test_a_part_that_helps_shows_and_one_that_does_not_crosses_zero() -> None:
    trials = [
        Trial(variant, seed, {"task": answer(right + seed), "other": answer(right)})
        for variant, right in ((ALL, 36), ("without this", 22), ("without that", 36))
        for seed in (0, 1, 2)
    ]
    rows = {(row["method"], row["metric"]): row for row in table(trials, draws=200)}
    this, that = rows["this", "effect on macro-F1"], rows["that", "effect on macro-F1"]
    assert 0.1 < this["low"] < this["value"] < this["high"] < 0.6
    assert that["low"] <= that["value"] == 0 <= that["high"]
    assert rows[ALL, "macro-F1"]["value"] - rows["without this", "macro-F1"]["value"] == pytest.approx(
        this["value"], abs=2e-4
    )
    assert interval_figure([this, that], "parts").startswith(b"\x89PNG")


def test_missing_trials_are_told() -> None:
    trials = [Trial(ALL, 0, {"t": answer(3)}), Trial(ALL, 1, {"t": answer(3)}), Trial("without x", 0, {"t": answer(3)})]
    with pytest.raises(UsageError, match="missing"):
        table(trials)


@pytest.mark.slow
def test_the_command_needs_no_data(tmp_path: Path) -> None:
    """`configs/tiny.toml` on phantoms, measured on other phantoms: a table of all parts, and a figure."""
    app = typer.Typer()
    app.command()(verb)
    words = ["configs/tiny.toml", "-o", str(tmp_path), "--seeds", "1", "--steps", "2"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "ablation.json").read_text())
    assert {row["method"] for row in result["rows"]} == {ALL, *PARTS, *(f"without {part}" for part in PARTS)}
    assert all(row["low"] <= row["value"] <= row["high"] for row in result["rows"] if row["metric"] == "macro-F1")
    assert (tmp_path / "ablation.png").read_bytes().startswith(b"\x89PNG")


def test_a_phantom_probe_tells_kinds_apart() -> None:
    """Its pictures are others than the corpus's, and even an untrained encoder tells more kinds than chance."""
    from lingyin.pretrain.config import EncoderConfig

    encoder = Vit(EncoderConfig(size="custom", patch=8, dim=48, depth=2, heads=2).architecture).eval()
    found = PhantomProbe(64)(encoder)["phantom kind"]
    assert len(found.labels) == 7
    assert (found.probabilities.argmax(1) == found.truth).mean() > 0.3
