"""`embed` and `predict`: one vector, one row or one mask per image, at the image's own size; bad images are named."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import Run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    from lingyin.io.phantom import make_phantom

    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for index, kind in enumerate(["fetal-head", "thyroid", "carotid"]):
        paths.append(folder / f"{kind}.png")
        Image.fromarray(make_phantom(kind, seed=index).frames[0]).save(paths[-1])
    return paths


def test_embed_gives_one_vector_per_picture(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    done = lingyin("embed", *pictures, "-o", tmp_path / "features.npz")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "features.npz") as archive:
        assert archive["features"].shape[0] == 3
        assert np.isfinite(archive["features"]).all()
        assert [Path(source).name for source in archive["source"]] == [path.name for path in pictures]
        assert (archive["frame"] == 0).all()


def test_embed_takes_frames_of_a_clip_evenly(lingyin: Run, real_cine: Path, tmp_path: Path) -> None:
    lingyin("embed", real_cine, "-o", tmp_path / "features.npz", "--frames", "4")
    with np.load(tmp_path / "features.npz") as archive:
        assert archive["frame"].tolist() == [0, 10, 19, 29]


def test_predict_writes_probabilities(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    done = lingyin("predict", "organ", *pictures, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    for row in rows:
        chances = {name: float(value) for name, value in row.items() if name not in {"source", "frame", "label"}}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-3)
        assert max(chances, key=lambda name: chances[name]) == row["label"]


def test_predict_writes_masks_at_the_pictures_own_size(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    done = lingyin("predict", "fetal_skull", *pictures, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    for path in pictures:
        with Image.open(tmp_path / "masks" / path.name) as mask, Image.open(path) as picture:
            assert mask.size == picture.size
            assert set(np.unique(np.asarray(mask))) <= {0, 255}
    with Image.open(tmp_path / "masks" / "fetal-head.png") as head:
        assert np.asarray(head).any()


def test_unknown_head_names_the_known_ones(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    done = lingyin("predict", "no_such_head", *pictures, "-o", tmp_path)
    assert done.returncode == 2
    assert "organ" in done.stderr


def test_bad_picture_is_named_and_the_others_go_on(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no picture")
    done = lingyin("embed", tmp_path / "bad.png", *pictures, "-o", tmp_path / "features.npz")
    assert done.returncode == 3
    assert "bad.png" in done.stderr
    with np.load(tmp_path / "features.npz") as archive:
        assert len(archive["features"]) == 3


def test_features_need_an_npz_name(lingyin: Run, pictures: list[Path], tmp_path: Path) -> None:
    assert lingyin("embed", *pictures, "-o", tmp_path / "features.csv").returncode == 2
