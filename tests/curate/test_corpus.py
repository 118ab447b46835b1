"""Reading a corpus: by row, in seeded orders that can be taken up anywhere, by other tools, and damage named."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lingyin.core.errors import InputError
from lingyin.curate.build import build_corpus
from lingyin.curate.corpus import Corpus
from tests.curate.sources import make_source, small


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    make_source(root / "site", count=24)
    build_corpus([root / "site"], root / "out", small(val_share=0.2, test_share=0.2))
    return root / "out"


def test_a_picture_comes_with_all_that_is_known_of_it(folder: Path) -> None:
    corpus = Corpus(folder, split=None)
    assert len(corpus) == 24
    picture = next(each for each in map(corpus.__getitem__, range(24)) if each.told["key"] == "000.png")
    assert picture.image.shape == picture.sector.shape == (picture.told["height"], picture.told["width"])
    assert picture.image.dtype == np.uint8
    assert picture.labels["liver_lesion_malignant"] is True
    assert picture.labels["kidney"] is None
    outline = picture.masks["liver_outline"]
    assert outline.shape == picture.sector.shape
    assert outline.mean() == pytest.approx(30 * 40 / (60 * 80), rel=0.1)
    assert picture.told["mm_per_px_x"] > 0.2


def test_splits_parts_and_conditions(folder: Path) -> None:
    counts = {split: len(Corpus(folder, split)) for split in ("train", "val", "test")}
    assert sum(counts.values()) == 24
    assert all(counts.values())
    ill = Corpus(folder, None, pc.list_element(pc.field("yes"), 0) != "")
    assert len(ill) == 24
    outlined = Corpus(folder, None, pc.list_value_length(pc.field("masks")) > 0)
    assert len(outlined) == 8
    assert len(Corpus(folder, None, copies=False)) == 24


@pytest.mark.parametrize("window", [0, 1, 2])
def test_an_epoch_is_every_picture_once_in_a_seeded_order(folder: Path, window: int) -> None:
    corpus = Corpus(folder)
    first = [picture.id for picture in corpus.epoch(1, 0, window=window)]
    assert sorted(first) == sorted(corpus.rows.column("id").to_pylist())
    assert [picture.id for picture in Corpus(folder).epoch(1, 0, window=window)] == first
    assert [picture.id for picture in corpus.epoch(1, 1, window=window)] != first
    assert [picture.id for picture in corpus.epoch(2, 0, window=window)] != first


@pytest.mark.parametrize("window", [0, 2])
def test_an_epoch_is_taken_up_where_it_stopped(folder: Path, window: int) -> None:
    corpus = Corpus(folder)
    whole = [picture.id for picture in corpus.epoch(3, 5, window=window)]
    for start in (0, 1, len(whole) // 2, len(whole) - 1, len(whole)):
        assert [picture.id for picture in Corpus(folder).epoch(3, 5, start, window)] == whole[start:]


def test_a_window_reads_each_shard_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, read = Corpus(folder), []
    whole = corpus._whole
    monkeypatch.setattr(corpus, "_whole", lambda name: read.append(name) or whole(name))
    pictures = list(corpus.epoch(0, window=2))
    assert len(read) == len(set(read)) > 2
    assert len(pictures) == len(corpus)


def test_an_address_works_like_a_folder(folder: Path) -> None:
    near, far = Corpus(folder), Corpus(folder.as_uri())
    assert [p.id for p in far.epoch(0)] == [p.id for p in near.epoch(0)]
    with pytest.raises(InputError, match="cannot be reached"):
        Corpus("nowhere://bucket/corpus")


def test_other_tools_read_it(folder: Path) -> None:
    rows = {row["id"]: row for row in pq.read_table(folder / "catalogue.parquet").to_pylist()}
    seen = 0
    for path in sorted((folder / "shards").glob("*.tar")):
        samples: dict[str, dict[str, bytes]] = {}
        with tarfile.open(path) as pack:
            for info in pack:
                file = pack.extractfile(info)
                assert file is not None
                key, _, ending = info.name.partition(".")
                samples.setdefault(key, {})[ending] = file.read()
        for key, files in samples.items():
            told = json.loads(files["json"])
            assert (told["id"], told["split"]) == (key, path.name.partition("-")[0])
            assert rows[key]["shard"] == path.name
            picture = cv2.imdecode(np.frombuffer(files["jpg"], np.uint8), cv2.IMREAD_UNCHANGED)
            assert picture.shape[:2] == (told["height"], told["width"])
            seen += 1
        content = path.read_bytes()
        for key in samples:  # the place in the catalogue is that of the whole sample
            piece = content[rows[key]["offset"] :][: rows[key]["bytes"]]
            with tarfile.open(fileobj=io.BytesIO(piece)) as pack:
                assert {name.partition(".")[0] for name in pack.getnames()} == {key}
    assert seen == len(rows) == 24


def test_the_head_names_the_hash_of_every_shard(folder: Path) -> None:
    for shard in Corpus(folder).head["shards"]:
        assert hashlib.sha256((folder / "shards" / shard["name"]).read_bytes()).hexdigest() == shard["sha256"]


def test_what_is_no_finished_corpus(tmp_path: Path) -> None:
    make_source(tmp_path / "site", count=4)
    build_corpus([tmp_path / "site"], tmp_path / "out", small())
    corpus = Corpus(tmp_path / "out")
    shard = tmp_path / "out" / "shards" / corpus.head["shards"][0]["name"]
    shard.write_bytes(bytes(shard.stat().st_size))
    with pytest.raises(InputError, match="damaged"):
        list(Corpus(tmp_path / "out", None).epoch(0))
    shard.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        list(Corpus(tmp_path / "out", None).epoch(0))
    with pytest.raises(InputError, match="cannot be read"):
        list(Corpus(tmp_path / "out", None).epoch(0, window=1))
    with pytest.raises(IndexError):
        corpus[len(corpus)]
    head = tmp_path / "out" / "corpus.json"
    head.write_text(json.dumps({**corpus.head, "format": 99}), "utf-8")
    with pytest.raises(InputError, match="format 99"):
        Corpus(tmp_path / "out")
    head.unlink()
    with pytest.raises(InputError, match="no finished corpus"):
        Corpus(tmp_path / "out")
