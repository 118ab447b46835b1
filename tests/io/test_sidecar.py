"""The scale of a video or picture from the file beside it, or from a person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lingyin.core.clip import Box, Clip, Region, RegionKind, Source
from lingyin.core.errors import UnreadableError, UsageError
from lingyin.io import open_clip
from lingyin.io.sidecar import LARGEST_MM, Spacing, calibrated, chosen_spacing, read_sidecar, sidecar_path


def clip_with(*regions: Region) -> Clip:
    frames = [np.zeros((40, 60, 3), np.uint8)]
    return Clip(frames, np.zeros(1), 60, 40, Source("a.png", "picture"), regions)  # type: ignore[arg-type]


def written(folder: Path, content: object) -> Path:
    path = folder / "scan.png.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_name_of_the_sidecar(tmp_path):
    assert sidecar_path(tmp_path / "scan.mp4") == tmp_path / "scan.mp4.json"


@pytest.mark.parametrize(
    ("content", "spacing"),
    [
        ({"mm_per_px": 0.2}, Spacing(0.2, 0.2)),
        ({"mm_per_px_x": 0.2, "mm_per_px_y": 0.25}, Spacing(0.2, 0.25)),
        ({"mm_per_px": 0.2, "mm_per_px_y": 0.3, "note": "by hand"}, Spacing(0.2, 0.3)),
        ({"patient": "none"}, None),
        ([0.2], None),
    ],
)
def test_what_it_may_say(tmp_path, content, spacing):
    assert read_sidecar(written(tmp_path, content)) == spacing


@pytest.mark.parametrize("value", [0, -0.2, 11, "0.2", None, True, [0.2], float("nan"), float("inf")])
def test_a_size_that_is_none_is_refused(tmp_path, value):
    with pytest.raises(UnreadableError, match=r"scan\.png\.json.*0 and 10 mm"):
        read_sidecar(written(tmp_path, {"mm_per_px": value}))


def test_one_direction_alone_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="two numbers"):
        read_sidecar(written(tmp_path, {"mm_per_px_x": 0.2}))


@pytest.mark.parametrize("text", ["", "{", "mm_per_px = 0.2", "[" * 100_000])
def test_what_is_no_json_is_named(tmp_path, text):
    with pytest.raises(UnreadableError, match="not JSON"):
        read_sidecar(written(tmp_path, text))


def test_no_sidecar(tmp_path):
    assert read_sidecar(tmp_path / "none.json") is None


@given(st.floats())
def test_a_person_may_give_only_the_size_of_a_pixel(value):
    if 0 < value <= LARGEST_MM:
        assert chosen_spacing(value) == Spacing(value, value)
    else:
        with pytest.raises(UsageError, match="mm per pixel"):
            chosen_spacing(value)


def test_a_scale_inside_the_file_stands():
    own = Region(Box(0, 0, 60, 40), RegionKind.TISSUE, 0.1, 0.1, "dicom-region")
    clip = clip_with(own)
    assert calibrated(clip, Spacing(0.5, 0.5)) is clip


def test_only_pictures_of_tissue_get_the_scale():
    tissue = Region(Box(0, 0, 60, 20), RegionKind.TISSUE)
    trace = Region(Box(0, 20, 60, 40), RegionKind.SPECTRAL)
    first, second = calibrated(clip_with(tissue, trace), Spacing(0.2, 0.3)).regions
    assert (first.mm_per_px_x, first.mm_per_px_y, first.calibration) == (0.2, 0.3, "sidecar")
    assert not second.is_calibrated


def test_a_picture_takes_its_sidecar_and_a_person_comes_first(tmp_path):
    path = tmp_path / "scan.png"
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(path)
    assert open_clip(path).regions == ()
    written(tmp_path, {"mm_per_px_x": 0.2, "mm_per_px_y": 0.4})
    clip = open_clip(path)
    assert clip.pixel_aspect == pytest.approx(2.0)
    assert clip.regions[0].mm_per_px_y == 0.4
    assert open_clip(path, mm_per_px=0.1).regions[0].mm_per_px_y == 0.1
