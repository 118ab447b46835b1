"""Export: a whole folder or none, hashes that fit, no trace of the machine, and scores that can be added later."""

import hashlib
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from safetensors.torch import load_file

from lingyin.core.errors import OutputError
from lingyin.nets.export import export, rewrite
from lingyin.runtime.manifest import Score, read_manifest
from lingyin.runtime.network import load_network
from lingyin.runtime.novelty import fit_novelty
from tests.nets.tiny import SIZE, tiny_net
from tests.runtime.conftest import tiny_folder  # noqa: F401  # a fixture


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    vectors = rng.random((50, 16), dtype=np.float32)
    return fit_novelty(vectors, rng.integers(0, 2, 50), vectors, components=3)


def test_every_file_has_its_hash(tiny_folder):  # noqa: F811
    manifest = read_manifest(tiny_folder)
    assert {path.name for path in tiny_folder.iterdir()} == {*manifest.sha256, "manifest.json"}
    for name, mark in manifest.sha256.items():
        assert hashlib.sha256((tiny_folder / name).read_bytes()).hexdigest() == mark
    assert str(tiny_folder.parent) not in (tiny_folder / "network.xml").read_text()
    assert ".py" not in (tiny_folder / "network.xml").read_text()


def test_encoder_weights_can_be_taken_up_again(tiny_folder):  # noqa: F811
    state = load_file(tiny_folder / "encoder.safetensors")
    net = tiny_net()
    assert set(state) == set(net.encoder.state_dict())
    np.testing.assert_allclose(state["stem.weight"].float(), net.encoder.state_dict()["stem.weight"], atol=1e-3)


def test_a_failed_export_leaves_the_old_folder_and_no_litter(tiny_folder, tmp_path, parts):  # noqa: F811
    folder = tmp_path / "model"
    manifest = read_manifest(tiny_folder)
    facts = {"name": "tiny", "version": "1", "input_size": SIZE}
    export(folder, tiny_net(), parts, heads=manifest.heads, card="first", facts=facts)
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match="colour"):
        export(folder, tiny_net(), parts, heads=manifest.heads, card="second", facts=facts | {"colour": "red"})
    assert (folder / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    export(folder, tiny_net(seed=1), parts, heads=manifest.heads, card="third", facts=facts)
    assert (folder / "CARD.md").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_scores_are_added_without_touching_the_network(tiny_folder, tmp_path, parts):  # noqa: F811
    folder = tmp_path / "model"
    heads = read_manifest(tiny_folder).heads
    facts = {"name": "tiny", "version": "1", "input_size": SIZE}
    manifest = export(folder, tiny_net(), parts, heads=heads, card="before", facts=facts)
    score = Score(metric="accuracy", value=0.9, low=0.8, high=1.0, n=10)
    scored = manifest.model_copy(update={"heads": [heads[0].model_copy(update={"scores": [score]}), *heads[1:]]})
    rewrite(folder, scored, "after")
    again = load_network(folder, threads=1).manifest
    assert again.heads[0].scores == [score]
    assert again.sha256["network.bin"] == manifest.sha256["network.bin"]
    assert again.sha256["CARD.md"] != manifest.sha256["CARD.md"]


def test_scores_that_cannot_be_written_leave_the_folder_as_it_was(tiny_folder, tmp_path, monkeypatch):  # noqa: F811
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(Path, "replace", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        rewrite(folder, read_manifest(folder), "after")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
