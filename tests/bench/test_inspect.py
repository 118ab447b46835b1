"""The page of `lingyin inspect`: its numbers are right on made-up features, and it holds all that it shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from lingyin.bench.inspect import deepest, distances, flat_map, nearest_share, neighbours
from lingyin.bench.inspect_page import look, render
from lingyin.bench.samples import organ_of, sample_pictures
from lingyin.cli.inspect import inspect as verb
from lingyin.core.errors import ModelError, UsageError
from lingyin.core.labels import LabelSet
from lingyin.pretrain import loop
from lingyin.pretrain.checkpoint import NAME
from lingyin.pretrain.restore import reconstruct, restore
from lingyin.pretrain.sources import Picture
from tests.pretrain.small import LABELS, small_config, small_corpus


@pytest.fixture(autouse=True)
def _no_umap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first call compiles for long, so one test alone takes it."""
    if "umap" not in request.node.name:
        monkeypatch.setitem(sys.modules, "umap", None)


def pictures() -> list[Picture]:
    corpus = small_corpus(16)
    return [
        Picture(each[..., 0], each[..., 1] > 0, labels, str(source), "drawn")
        for each, labels, source in zip(corpus.pictures, corpus.labels, corpus.source, strict=True)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished run."""
    folder = tmp_path_factory.mktemp("inspect") / "small-run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "open_corpus", lambda *_: small_corpus())
        patch.setattr("lingyin.pretrain.record.draw_curves", lambda _: b"drawn")
        loop.pretrain(small_config(steps=2), folder)
    return folder


def test_a_run_and_its_weights_hold_the_same_encoder(run: Path) -> None:
    whole, weights = restore(run), restore(run / loop.ENCODER)
    images = torch.rand(2, 1, 32, 32)
    assert torch.equal(whole.encoder(images).cls, weights.encoder(images).cls)
    assert whole.step == 2
    assert whole.restorer is not None
    assert whole.predictor is not None
    assert weights.restorer is None


def test_only_hidden_patches_are_reconstructed(run: Path) -> None:
    restorer = restore(run).restorer
    assert restorer is not None
    images, hidden = torch.rand(1, 1, 32, 32), torch.zeros(1, 16, dtype=torch.bool)
    hidden[0, 5] = True  # second row, second column of 8 px patches
    visible = torch.tensor([[at for at in range(16) if at != 5]])
    made = reconstruct(restorer, images, visible, hidden)
    changed = (made - images).abs() > 1e-5
    assert changed[0, 0, 8:16, 8:16].float().mean() > 0.9
    assert not changed[0, 0, :8].any()
    assert not changed[0, 0, 16:].any()
    assert abs(float(made[0, 0, 8:16, 8:16].mean() - images[0, 0, 8:16, 8:16].mean())) < 0.25


def test_the_page_holds_everything_and_asks_for_nothing(run: Path) -> None:
    page = render(look(restore(run), pictures(), 32), run)
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    for words in ("Reconstructions", "Hard patches", "Nearest neighbours", "t-SNE", "Liver (4)", "after 2 steps"):
        assert words in page
    assert page.count("<circle") == 16
    assert page.count('alt="reconstruction"') == page.count('alt="hard-first mask"') == 10
    assert page.count('class="near"') == 10


def test_weights_alone_say_what_they_cannot_show(run: Path) -> None:
    page = render(look(restore(run / loop.ENCODER), pictures(), 32), run / loop.ENCODER)
    assert "Weights alone hold no decoder" in page
    assert "No predictor of losses" in page


def test_distances_count_steps_in_the_tree() -> None:
    """Liver and kidney are organs of one region: two steps. Unlabelled pictures take no part."""
    labels = [LABELS[0], LABELS[0], LABELS[1], LABELS[3]]
    features = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    found = distances(features, labels, ["a", "b", "b", "b"])
    assert found.tree.tolist() == [0, 2, 2]
    assert found.feature.tolist() == [0.0, 1.0, 1.0]
    assert found.same_source.tolist() == [False, False, True]
    assert found.correlation(across=False) == pytest.approx(1.0)
    assert np.isnan(distances(features[:2], labels[:2], ["a", "b"]).correlation(across=False))


def test_neighbours_leave_out_the_picture_itself() -> None:
    features = np.array([[1.0, 0.0], [0.9, 0.4], [0.0, 1.0], [0.1, 0.9]])
    assert neighbours(features, [0, 2], 2) == [[1, 3], [3, 1]]
    share, chance = nearest_share(features, ["a", "a", "b", "b"])
    assert share == 1.0
    assert chance == pytest.approx(1 / 3)


def test_clusters_stay_apart_on_the_map() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(3, 12), 12, axis=0)
    laid, _ = flat_map(centres + 0.05 * rng.normal(size=centres.shape))
    assert laid.min() >= 0
    assert laid.max() <= 1
    middle = np.array([laid[start : start + 12].mean(0) for start in (0, 12, 24)])
    within = max(np.linalg.norm(laid[12 * each : 12 * each + 12] - middle[each], axis=1).mean() for each in range(3))
    assert min(np.linalg.norm(middle[a] - middle[b]) for a, b in ((0, 1), (0, 2), (1, 2))) > 2 * within
    assert flat_map(rng.normal(size=(5, 4)))[1] == "principal components"


@pytest.mark.slow
def test_umap_is_taken_where_it_is_installed() -> None:
    pytest.importorskip("umap", exc_type=ImportError)
    laid, way = flat_map(np.random.default_rng(0).normal(size=(40, 6)))
    assert way == "UMAP"
    assert laid.shape == (40, 2)


def test_organs_and_labels_have_names() -> None:
    assert [organ_of(each) for each in LABELS] == ["liver", "kidney", "heart", "unknown"]
    assert deepest(LABELS[2]) == "view_apical_two_chamber"
    assert deepest(LabelSet()) == "unknown"


def test_what_is_no_run_and_what_is_damaged_is_told(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a run nor weights"):
        restore(tmp_path)
    (tmp_path / NAME).write_bytes((run / loop.ENCODER).read_bytes())
    with pytest.raises(ModelError, match="not a checkpoint"):
        restore(tmp_path)
    with pytest.raises(UsageError, match="the page is an"):
        verb(run, tmp_path / "page.pdf")
    with pytest.raises(UsageError, match="multiple"):
        verb(run, tmp_path / "page.html", size=33)


@pytest.mark.slow
def test_the_command_shows_phantoms_where_no_data_is(run: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(verb)
    words = [str(run), "-o", str(tmp_path / "page.html"), "--pictures", "14", "--phantoms"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "page.html").read_text().count("<circle") == 14


@pytest.mark.data
def test_samples_come_from_every_val_split(real_data: Path) -> None:
    found = sample_pictures(40)
    assert len({picture.source for picture in found}) > 10
