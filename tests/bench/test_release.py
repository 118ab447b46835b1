"""A finished run becomes a model folder that `embed` can use, with a card that tells data, scores and cost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lingyin.bench.claims import saw_labels
from lingyin.bench.release import release_encoder
from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.readout import SeveralBlocks
from lingyin.nets.weights import load_vit
from lingyin.pretrain import loop
from lingyin.runtime.network import Prepared, load_network
from tests.pretrain.small import small_config, small_corpus

ROW = {"application": "organ", "metric": "AUROC", "value": 0.9, "low": 0.8, "high": 0.95}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "mine"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "open_corpus", lambda *_: small_corpus())
        loop.pretrain(small_config(steps=2), folder)
    return folder


def scores(folder: Path, method: str) -> Path:
    path = folder / "probe.json"
    path.write_text(json.dumps({"rows": [{**ROW, "method": method}, {**ROW, "method": "ImageNet"}]}))
    return path


def test_the_folder_gives_the_features_of_the_run(run: Path, tmp_path: Path) -> None:
    manifest = release_encoder(run, scores(tmp_path, "mine"), tmp_path / "encoder")
    network = load_network(tmp_path / "encoder", threads=1, heads=False)
    image = np.random.default_rng(0).random((224, 224)).astype(np.float32)
    said = network.run([Prepared(image, np.eye(2, 3))])[0]
    with torch.no_grad():
        wanted = SeveralBlocks(load_vit(run / loop.ENCODER))(torch.from_numpy(image)[None, None])[0]
    np.testing.assert_allclose(said.features, wanted.numpy(), atol=2e-2)
    assert said.features.shape == (manifest.features,)
    assert np.isnan(said.novelty)
    assert not saw_labels(tmp_path / "encoder")
    card = (tmp_path / "encoder" / "CARD.md").read_text()
    assert "| organ | AUROC | 0.900 | 0.800 to 0.950 | mine |" in card
    assert "ImageNet |" not in card
    assert "regions, organs and views, no finding" in card
    assert "| kind0 | 3 | drawn |" in card


def test_an_encoder_without_heads_is_no_network_for_analysis(run: Path, tmp_path: Path) -> None:
    release_encoder(run, scores(tmp_path, "mine"), tmp_path / "encoder")
    with pytest.raises(ModelError, match="without heads"):
        load_network(tmp_path / "encoder")


def test_scores_of_another_encoder_and_runs_without_end_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scores of mine"):
        release_encoder(run, scores(tmp_path, "other"), tmp_path / "encoder")
    with pytest.raises(UsageError, match="let the run finish"):
        release_encoder(tmp_path, scores(tmp_path, "mine"), tmp_path / "encoder")
