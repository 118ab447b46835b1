"""The benchmark's sets are rebuilt from published originals, found by content; what is missing is said."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.bench.leaks import check_folder
from lingyin.bench.originals import load_originals, md5_of
from lingyin.bench.prepare import Prepared, prepare
from lingyin.bench.splits import read_split, set_names
from lingyin.core.errors import InputError
from lingyin.core.paths import data_root
from lingyin.curate.readers import READER_NAMES

REBUILT = {
    "breast_busi": 6,
    "colon_ctrus": 5,
    "fetal_head_hc18": 4,
    "muscle_aponeurosis": 3,
    "nerve_usgra": 3,
    "ovary_mmotu": 4,
    "thyroid_ddti": 6,
}  # pictures of the samples that must come back, at least


def test_every_set_names_its_source_and_a_known_reader() -> None:
    assert set(load_originals()) == set(set_names())
    assert {each.reader for each in load_originals().values()} - {""} <= set(READER_NAMES)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder; name the folders that hold the unpacked data sets"):
        prepare([tmp_path / "nowhere"], tmp_path / "out")


def test_nothing_found_is_said_set_by_set(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    cv2.imwrite(str(tmp_path / "mine" / "holiday.png"), np.zeros((4, 4), np.uint8))
    (tmp_path / "mine" / "BUSI.zip").write_bytes(b"PK")
    done, found = prepare([tmp_path / "mine"], tmp_path / "out")
    assert [each.pictures for each in done] == [0] * len(set_names())
    assert len(done[0].missing) == done[0].of_pictures
    assert found.looked_at == 1
    assert [path.name for path in found.archives] == ["BUSI.zip"]
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Prepared], Path]:
    root = data_root()
    if root is None:
        pytest.skip("real data sets absent")
    out = tmp_path_factory.mktemp("prepared")
    done, _ = prepare([root / "samples"], out)
    return {each.name: each for each in done}, out


@pytest.mark.data
@pytest.mark.parametrize("name", REBUILT)
def test_samples_come_back_as_they_were_prepared(
    real_data: Path, rebuilt: tuple[dict[str, Prepared], Path], name: str
) -> None:
    done, out = rebuilt
    assert done[name].pictures >= REBUILT[name]
    assert done[name].problems == ()
    assert len(done[name].missing) == done[name].of_pictures - done[name].pictures
    check_folder(out / name)
    with (out / name / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    outlines = 0
    for row in rows:
        mine, theirs = (
            cv2.imread(str(root / name / "images" / f"{row['id']}.webp"), cv2.IMREAD_GRAYSCALE)
            for root in (out, real_data)
        )
        assert mine.shape == theirs.shape
        assert np.abs(mine.astype(int) - theirs).mean() < 4
        for column in read_split(name).masks:
            if row[column]:
                one, other = (cv2.imread(str(root / name / row[column]), 0) > 0 for root in (out, real_data))
                assert (one == other).mean() > 0.97
                outlines += 1
    assert outlines == done[name].outlines >= 3


@pytest.mark.data
def test_names_and_folders_of_the_download_do_not_matter_for_pictures(real_data: Path, tmp_path: Path) -> None:
    original = next(iter(sorted((real_data / "samples" / "HC18" / "training_set").glob("*_HC.png"))))
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(original, tmp_path / "elsewhere" / "renamed.png")
    (done,), _ = prepare([tmp_path / "elsewhere"], tmp_path / "out", ["fetal_head_hc18"])
    assert (done.pictures, done.outlines) == (1, 0)
    assert not done.whole
    row = next(row for row in read_split("fetal_head_hc18").rows if row["source_md5"] == md5_of(original))
    assert (tmp_path / "out" / "fetal_head_hc18" / "images" / f"{row['id']}.webp").is_file()
