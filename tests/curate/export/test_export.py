"""Exports: what another program reads back is what the corpus holds, in the same splits."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from lingyin.core.clip import Mask
from lingyin.core.errors import UsageError
from lingyin.curate.build import build_corpus
from lingyin.curate.corpus import Corpus
from lingyin.curate.export import export_corpus
from lingyin.curate.export.coco import run_lengths
from tests.curate.sources import make_source, small


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("export")
    make_source(root / "site", count=18, per_subject=4, splits=True)
    build_corpus([root / "site"], root / "out", small())
    return Corpus(root / "out", None)


def pictures(corpus: Corpus) -> dict[str, np.ndarray]:
    return {picture.id: picture.image for picture in map(corpus.__getitem__, range(len(corpus)))}


@given(arrays(bool, (4, 5)))
def test_run_lengths_come_back(mask: Mask) -> None:
    lengths = run_lengths(mask)
    values = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    assert np.array_equal(values.reshape((4, 5), order="F"), mask)
    assert all(lengths[1:])


def test_coco(corpus: Corpus, tmp_path: Path) -> None:
    assert export_corpus(corpus.address, "coco", tmp_path) == 18
    seen = pictures(corpus)
    outlined = 0
    counts = {"train": 8, "val": 6, "test": 4}
    for split, count in counts.items():
        told = json.loads((tmp_path / "annotations" / f"instances_{split}.json").read_text("utf-8"))
        assert len(told["images"]) == count
        sizes = {entry["id"]: (entry["height"], entry["width"]) for entry in told["images"]}
        for entry in told["images"]:
            stored = cv2.imread(str(tmp_path / split / entry["file_name"]), cv2.IMREAD_UNCHANGED)
            assert np.array_equal(stored, seen[Path(entry["file_name"]).stem])
            assert "liver" in entry["yes"]
        names = {category["id"]: category["name"] for category in told["categories"]}
        for each in told["annotations"]:
            assert names[each["category_id"]] == "liver_outline"
            height, width = sizes[each["image_id"]]
            lengths = each["segmentation"]["counts"]
            mask = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape((height, width), order="F")
            assert mask.sum() == each["area"]
            left, top, across, down = each["bbox"]
            assert mask[top : top + down, left : left + across].sum() == each["area"]
            outlined += 1
    assert outlined == 6


def test_nnunet(corpus: Corpus, tmp_path: Path) -> None:
    assert export_corpus(corpus.address, "nnunet", tmp_path) == 6
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("Dataset5")
    told = json.loads((folder / "dataset.json").read_text("utf-8"))
    assert told["labels"] == {"background": 0, "liver_outline": 1}
    assert told["numTraining"] == len(list((folder / "imagesTr").iterdir())) == 5
    (splits,) = json.loads((folder / "splits_final.json").read_text("utf-8"))
    for part in ("Tr", "Ts"):
        images = {path.name.removesuffix("_0000.png"): path for path in (folder / f"images{part}").iterdir()}
        labels = {path.stem: path for path in (folder / f"labels{part}").iterdir()}
        assert images.keys() == labels.keys()
        for name, path in images.items():
            label = cv2.imread(str(labels[name]), cv2.IMREAD_UNCHANGED)
            assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape == label.shape
            assert set(np.unique(label)) == {0, 1}
        if part == "Tr":
            assert {*splits["train"], *splits["val"]} == set(images)


def test_huggingface(corpus: Corpus, tmp_path: Path) -> None:
    assert export_corpus(corpus.address, "huggingface", tmp_path) == 18
    seen = pictures(corpus)
    assert "split: validation" in (tmp_path / "README.md").read_text("utf-8")
    counted = 0
    for name in ("train", "validation", "test"):
        table = pq.read_table(tmp_path / "data" / f"{name}-00000-of-00001.parquet")
        features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
        assert list(features) == table.column_names
        assert features["image"] == features["mask_liver_outline"] == {"_type": "Image"}
        for row in table.to_pylist():
            stored = cv2.imdecode(np.frombuffer(row["image"]["bytes"], np.uint8), cv2.IMREAD_UNCHANGED)
            assert np.array_equal(stored, seen[row["id"]])
            counted += row["mask_liver_outline"] is not None
    assert counted == 6


def test_what_does_not_fit_is_said(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no export 'voc'"):
        export_corpus(corpus.address, "voc", tmp_path)
    with pytest.raises(UsageError, match="fits"):
        export_corpus(corpus.address, "coco", tmp_path, organ="kidney")
    with pytest.raises(UsageError, match="fits"):
        export_corpus(corpus.address, "coco", tmp_path, licence="open")
    with pytest.raises(UsageError, match="--licence"):
        export_corpus(corpus.address, "coco", tmp_path, licence="free")
    assert export_corpus(corpus.address, "coco", tmp_path, organ="liver") == 18
