"""Learning from a curated corpus: its train pictures alone, of the licences asked for, each of them once."""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.curate.build import build_corpus
from lingyin.curate.corpus import Corpus
from lingyin.pretrain.config import DataConfig
from lingyin.pretrain.corpus import open_corpus
from lingyin.pretrain.curated import read_curated
from tests.curate.sources import make_source, small


def licensed(folder: Path, licences: tuple[str, ...], first: int = 0) -> Path:
    """A source of 18 pictures in all three splits, whose licences take turns."""
    make_source(folder, count=18, first=first, splits=True)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "licence"])
        writer.writeheader()
        for index, row in enumerate(rows):
            writer.writerow({**row, "licence": licences[index // 6 % len(licences)]})
    return folder


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources: one open, one of which some pictures are and some are not; a copy of an open one is not open."""
    root = tmp_path_factory.mktemp("curated")
    one, two = licensed(root / "one", ("CC BY 4.0",)), licensed(root / "two", ("CC0", "unknown"), first=100)
    shutil.copy(two / "006.png", two / "000.png")  # both of train: 000 is CC0, 006 unknown
    build_corpus([one, two], root / "out", small())
    return root / "out"


def test_only_train_pictures_and_no_copies_are_packed(curated: Path, tmp_path: Path) -> None:
    config = DataConfig(sets="none", corpus=str(curated), cache_px=32)
    packed = open_corpus(config, tmp_path, 0)
    train = Corpus(curated, "train")
    assert {*train.rows.column("split").to_pylist()} == {"train"}
    assert packed.counts() == {"one": 6, "two": 5}
    assert packed.licences == {"one": "CC BY 4.0", "two": "CC0, unknown"}
    assert all("liver" in labels.yes for labels in packed.labels)
    assert (packed.pictures[..., 1] > 0).mean() > 0.5
    assert packed.sums is not None


def test_open_pictures_alone_are_one_switch_away(curated: Path, tmp_path: Path) -> None:
    packed = open_corpus(DataConfig(sets="none", corpus=str(curated), licence="open", cache_px=32), tmp_path, 0)
    assert packed.counts() == {"one": 6, "two": 4}
    assert packed.licences == {"one": "CC BY 4.0", "two": "CC0"}


def test_a_copy_is_read_where_its_first_may_not_be(tmp_path: Path) -> None:
    source = licensed(tmp_path / "site", ("unknown", "CC0"))
    shutil.copy(source / "000.png", source / "006.png")
    build_corpus([source], tmp_path / "out", small())
    first = next(read_curated(str(tmp_path / "out"), "any"))
    assert sum(np.array_equal(each.grey, first.grey) for each in read_curated(str(tmp_path / "out"), "any")) == 1
    assert any(np.array_equal(each.grey, first.grey) for each in read_curated(str(tmp_path / "out"), "open"))


def test_a_corpus_that_changed_is_packed_anew(tmp_path: Path) -> None:
    config = DataConfig(sets="none", corpus=str(tmp_path / "out"), cache_px=32)
    for count in (6, 12):
        build_corpus([make_source(tmp_path / "site", count, splits=True)], tmp_path / "out", small())
        assert len(open_corpus(config, tmp_path / "cache", 0)) == count // 3


def test_what_does_not_fit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DataConfig(sets="none", corpus=str(tmp_path / "out"), licence="open", cache_px=32)
    with pytest.raises(InputError, match="no finished corpus"):
        open_corpus(config, tmp_path / "cache", 0)
    build_corpus([make_source(tmp_path / "site", 6, splits=True)], tmp_path / "out", small())
    with pytest.raises(UsageError, match="licence = 'any'"):
        open_corpus(config, tmp_path / "cache", 0)
    monkeypatch.setitem(sys.modules, "lingyin.curate.corpus", None)
    with pytest.raises(UsageError, match=r"train,curate"):
        open_corpus(config, tmp_path / "cache", 0)
