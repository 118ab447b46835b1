"""The corpus: packed once, train images only, damaged packs are noticed; and the probe of frozen features."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.errors import InputError, UnreadableError, UsageError
from lingyin.nets.readout import readout
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.pretrain.config import DataConfig
from lingyin.pretrain.corpus import INDEX, PICTURES, open_corpus
from lingyin.pretrain.probe import features_of, fit_probe, load_probes, read_rows
from lingyin.pretrain.sources import is_open


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small sets in the prepared layout; brightness tells the label, and test images are pure white."""
    root = tmp_path / "data"
    rng = np.random.default_rng(0)
    sets = {
        "breast_busi": ("unknown", "diagnosis", ("benign", "malignant")),
        "bladder_pelvic": ("CC BY 4.0", "", ("",)),
    }
    for name, (licence, column, values) in sets.items():
        (root / name / "images").mkdir(parents=True)
        (root / name / "card.json").write_text(json.dumps({"licence": licence}))
        rows = []
        for index in range(20):
            split = ("train", "train", "train", "val", "test")[index % 5]
            value = values[index % len(values)]
            grey = rng.normal(60 + 60 * (value == "malignant"), 10, (48, 64)).clip(0, 254)
            grey[...] = 255 if split == "test" else grey
            cv2.imwrite(
                str(root / name / "images" / f"i{index}.webp"), grey.astype(np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 101]
            )
            rows.append(
                {"id": f"i{index}", "subject": f"s{index}", "split": split} | ({column: value} if column else {})
            )
        with (root / name / "labels.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (root / "README.md").write_text("sets for tests")
    monkeypatch.setenv("LINGYIN_DATA", str(root))
    return root


def test_only_train_images_are_packed(data: Path, tmp_path: Path) -> None:
    (data / "breast_busi" / "images" / "i4.webp").unlink()  # a test image: not even looked for
    corpus = open_corpus(DataConfig(cache_px=32), tmp_path / "cache", 0)
    assert corpus.counts() == {"bladder_pelvic": 12, "breast_busi": 12}
    assert corpus.pictures.shape == (24, 32, 32, 2)
    assert corpus.pictures[..., 0].mean((1, 2)).max() < 200
    assert corpus.licences["breast_busi"] == "unknown"
    assert "breast_mass_malignant" in corpus.labels[13].yes


def test_a_packed_corpus_is_found_again_and_damage_is_noticed(data: Path, tmp_path: Path) -> None:
    config = DataConfig(sets=("bladder_pelvic",), cache_px=32)
    first = open_corpus(config, tmp_path, 0)
    (data / "bladder_pelvic" / "labels.csv").unlink()
    assert open_corpus(config, tmp_path, 0).sha256 == first.sha256
    folder = next(tmp_path.glob("corpus-*"))
    (folder / PICTURES).write_bytes(b"short")
    with pytest.raises(InputError, match="damaged"):
        open_corpus(config, tmp_path, 0)
    (folder / INDEX).write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        open_corpus(config, tmp_path, 0)


def test_open_licences_alone_are_one_switch_away(data: Path, tmp_path: Path) -> None:
    corpus = open_corpus(DataConfig(licence="open", cache_px=32), tmp_path, 0)
    assert set(corpus.licences) == {"bladder_pelvic"}
    assert not is_open("CC BY 4.0; CC BY-NC")
    with pytest.raises(UsageError, match="no set that fits"):
        open_corpus(DataConfig(sets=("breast_busi",), licence="open"), tmp_path, 0)


def test_an_unknown_set_and_a_broken_image_are_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no set nothing"):
        open_corpus(DataConfig(sets=("nothing",)), tmp_path, 0)
    (data / "breast_busi" / "images" / "i0.webp").write_bytes(b"no picture")
    with pytest.raises(UnreadableError, match=r"i0\.webp"):
        open_corpus(DataConfig(), tmp_path / "cache", 0)
    assert not list((tmp_path / "cache").glob("*"))  # nothing half-written stays


def test_phantoms_are_packed_with_their_labels(tmp_path: Path) -> None:
    config = DataConfig(sets="none", phantoms=2, cache_px=32)
    corpus = open_corpus(config, tmp_path / "a", 3)
    assert len(corpus) == 2
    assert all(name.startswith("phantom_") for name in corpus.licences)
    assert all(len(labels.yes) > 2 for labels in corpus.labels)
    assert (corpus.pictures[..., 1] > 0).mean() > 0.3
    assert open_corpus(config, tmp_path / "b", 3).sha256 == corpus.sha256


def test_the_probe_reads_a_label_from_frozen_features(data: Path) -> None:
    """Brightness tells the label, so an untrained encoder of two layers is enough; white test images are not seen."""
    rows = read_rows(data / "breast_busi", ("train", "val"))
    extract = readout(Vit(VitArchitecture(8, 16, 2, 2, 1)).eval())
    features = features_of(data / "breast_busi", rows.names, extract, 32)
    assert features.shape == (16, 64)
    answer = fit_probe(features, rows, "diagnosis", "val", strength=1.0)
    assert answer.labels == ("benign", "malignant")
    assert (answer.probabilities.argmax(1) == answer.truth).all()
    assert sorted(answer.subjects) == ["s13", "s18", "s3", "s8"]
    with pytest.raises(UsageError, match="too few labelled"):
        fit_probe(features, rows, "diagnosis", "test")
    with pytest.raises(UsageError, match="no such data set"):
        read_rows(data / "absent", ("train",))


@pytest.mark.data
def test_every_probe_names_a_column_that_is_there(real_data: Path) -> None:
    for task in load_probes():
        cells = read_rows(real_data / task.dataset, ("train", "val")).cells
        assert len({row[task.column] for row in cells} - {""}) >= 2, task.name
