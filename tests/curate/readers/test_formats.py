"""The small file formats are read as written, and damage is told with the file's name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from lingyin.core.errors import InputError, UnreadableError
from lingyin.curate.readers.arrays import grey_frames
from lingyin.curate.readers.masks import filled, painted, picture_size, polygons, valued
from lingyin.curate.readers.metaimage import read_metaimage
from lingyin.curate.readers.nifti import read_nifti, read_nifti_size
from lingyin.curate.readers.sheet import read_sheet
from tests.curate.makers import AREA, block, corners, grey, metaimage, nifti, picture, workbook


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kind", ["uint8", "int16", "float32"])
def test_nifti_comes_back(tmp_path: Path, name: str, kind: str) -> None:
    array = np.arange(24).reshape(4, 3, 2).astype(kind)
    path = nifti(tmp_path / name, array, (0.5, 0.25, 1.0))
    assert np.array_equal(read_nifti(path), array)
    shape, voxel_mm = read_nifti_size(path)
    assert shape == (4, 3, 2)
    assert voxel_mm == (0.5, 0.25, 1.0)


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "packed and cut"])
def test_damaged_nifti_is_told(tmp_path: Path, damage: str) -> None:
    path = nifti(tmp_path / ("a.nii.gz" if damage.startswith("packed") else "a.nii"), grey())
    content = path.read_bytes()
    path.write_bytes({"empty": b"", "other": b"\0" * 400}.get(damage, content[: len(content) // 2]))
    with pytest.raises(UnreadableError, match=r"a\.nii"):
        read_nifti(path)


@pytest.mark.parametrize("packed", [True, False])
def test_metaimage_comes_back(tmp_path: Path, packed: bool) -> None:
    array = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    values, spacing = read_metaimage(metaimage(tmp_path / "a.mha", array, packed))
    assert np.array_equal(values, array)
    assert spacing == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("damage", [b"", b"ObjectType = Image\n", None])
def test_damaged_metaimage_is_told(tmp_path: Path, damage: bytes | None) -> None:
    path = metaimage(tmp_path / "a.mha", grey(), packed=False)
    path.write_bytes(path.read_bytes()[:-9] if damage is None else damage)
    with pytest.raises(UnreadableError, match=r"a\.mha"):
        read_metaimage(path)


def test_a_sheet_keeps_empty_cells_and_whole_numbers(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id", "note", "size"], [1.0, "", 0.5], [12.0, "two words", ""]])
    assert read_sheet(path) == [{"id": "1", "note": "", "size": "0.5"}, {"id": "12", "note": "two words", "size": ""}]


def test_a_sheet_with_a_document_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>')
    with pytest.raises(InputError, match="document type"):
        read_sheet(path)


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_text("id,note", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.xlsx"):
        read_sheet(path)


def test_deep_values_are_stretched_and_eight_bits_are_kept() -> None:
    deep = np.array([[[0, 1000], [2000, 4000]]], np.uint16)
    assert grey_frames(lambda: deep)()[0][..., 0].tolist() == [[0, 64], [128, 255]]
    plain = np.array([[[3, 200]]], np.uint8)
    assert grey_frames(lambda: plain)()[0][..., 0].tolist() == [[3, 200]]


def test_masks_of_every_kind_have_the_drawn_area(tmp_path: Path) -> None:
    path = picture(tmp_path / "m.png", block(7))
    assert picture_size(path) == block().shape
    assert painted(path)().sum() == AREA
    assert valued(path, 7)().sum() == AREA
    assert not valued(path, 6)().any()
    assert polygons([np.array(corners(), np.float64)], *block().shape)().sum() == AREA


def test_a_drawn_outline_is_filled(tmp_path: Path) -> None:
    ring = block()
    ring[9:27, 11:29] = 0
    assert ring.astype(bool).sum() < AREA
    assert filled(picture(tmp_path / "ring.png", ring))().sum() == AREA


def test_a_damaged_mask_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    path.write_bytes(b"\x89PNG nothing")
    load = painted(path)
    with pytest.raises(UnreadableError, match=r"m\.png"):
        load()
