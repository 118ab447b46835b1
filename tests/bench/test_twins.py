"""Near-duplicates across splits: planted ones are found, and the real sets hold none beyond those left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.bench import rows as reading
from lingyin.bench.rows import SetRows, open_set
from lingyin.bench.splits import read_split
from lingyin.bench.twins import find_twins, looks_of
from tests.bench.drawn_sets import draw_set


@pytest.fixture
def drawn(tmp_path: Path) -> SetRows:
    draw_set(tmp_path, "bladder_pelvic")
    return open_set(tmp_path, "bladder_pelvic")


def test_pictures_that_differ_are_no_twins(drawn: SetRows, tmp_path: Path) -> None:
    assert find_twins([drawn], tmp_path / "cache") == []


@pytest.mark.parametrize("change", ["gamma", "smaller"])
def test_a_changed_copy_is_found(drawn: SetRows, tmp_path: Path, change: str) -> None:
    test, train = (next(row["id"] for row in drawn.rows if row["split"] == split) for split in ("test", "train"))
    picture = cv2.imread(str(drawn.folder / "images" / f"{train}.webp"), cv2.IMREAD_GRAYSCALE)
    copies = {
        "gamma": (255 * (picture / 255.0) ** 0.8).astype(np.uint8),
        "smaller": cv2.resize(picture, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA),
    }
    cv2.imwrite(str(drawn.folder / "images" / f"{test}.webp"), copies[change])
    assert [(leak.test, leak.train) for leak in find_twins([drawn], tmp_path / "cache")] == [(test, train)]


def test_looks_are_kept(drawn: SetRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = looks_of(drawn, tmp_path)
    monkeypatch.setattr(reading, "decode", lambda path: pytest.fail(f"{path} was read again"))
    assert np.array_equal(looks_of(drawn, tmp_path).hashes, first.hashes)


@pytest.mark.data
@pytest.mark.slow
def test_real_sets_hold_no_twin_but_those_left_out(real_data: Path, tmp_path: Path) -> None:
    for name in ("carotid_imt", "muscle_fascicle", "nerve_usgra"):
        assert find_twins([open_set(real_data, name)], tmp_path) == []
    table = read_split("carotid_imt")
    whole = replace(open_set(real_data, "carotid_imt"), rows=table.rows)
    assert len(find_twins([whole], tmp_path / "whole")) >= 6
