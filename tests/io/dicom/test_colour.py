"""Colour matrices against the formulas of the standard; palettes, plain and segmented."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.errors import UnreadableError
from lingyin.io import open_clip
from lingyin.io.dicom.colour import palette_table, ybr_full_to_rgb, ybr_partial_to_rgb
from tests.io.dicom.makers import dataset, palette, scene, write


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_ybr_full(y, cb, cr):
    """PS3.3 C.7.6.3.1.2, solved for R, G, B."""
    matrix = np.linalg.inv([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    wanted = np.clip(matrix @ [y, cb - 128, cr - 128], 0, 255)
    found = ybr_full_to_rgb(np.array([[[y, cb, cr]]], np.uint8))[0, 0]
    assert np.abs(found - wanted).max() <= 0.6


def test_partial_range_ends():
    ends = np.array([[[16, 128, 128], [235, 128, 128], [126, 128, 128]]], np.uint8)
    assert ybr_partial_to_rgb(ends)[0].tolist() == [[0, 0, 0], [255, 255, 255], [128, 128, 128]]


@pytest.mark.parametrize(("bits", "first", "entries"), [(8, 0, 256), (16, 0, 256), (16, 10, 100), (8, 0, 200)])
def test_palette_table_holds_outside_its_range(bits, first, entries):
    made = dataset(scene(1, samples=1), "PALETTE COLOR")
    colours = palette(made, bits, first, entries)
    table = palette_table(made, 8)
    assert table.shape == (256, 3)
    assert np.array_equal(table, colours[np.clip(np.arange(256) - first, 0, entries - 1)])


def test_palette_of_65536_entries(tmp_path):
    deep = scene(1, samples=1, bits=16)
    made = dataset(deep, "PALETTE COLOR")
    colours = palette(made, 16, 0, 65536)
    assert np.array_equal(open_clip(write(made, tmp_path / "a.dcm")).frames[0], colours[deep[0]])


def test_palette_of_sixteen_bits_filled_with_eight():
    made = dataset(scene(1, samples=1), "PALETTE COLOR")
    colours = palette(made, 16)
    for name, column in zip(("Red", "Green", "Blue"), colours.T, strict=True):
        setattr(made, f"{name}PaletteColorLookupTableData", column.astype("<u2").tobytes())
    assert np.array_equal(palette_table(made, 8), colours)


def test_segmented_palette(tmp_path):
    """A discrete segment of one entry, then a linear one up to full (PS3.3 C.7.9.2)."""
    indices = scene(1, samples=1)
    made = dataset(indices, "PALETTE COLOR")
    segments = struct.pack("<6H", 0, 1, 0, 1, 255, 65535)
    for name in ("Red", "Green", "Blue"):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"Segmented{name}PaletteColorLookupTableData", segments)
    found = open_clip(write(made, tmp_path / "a.dcm")).frames[0]
    assert np.abs(found.astype(int) - indices[0][..., None]).max() <= 1


def test_a_palette_image_without_palette(tmp_path):
    path = write(dataset(scene(1, samples=1), "PALETTE COLOR"), tmp_path / "a.dcm")
    with pytest.raises(UnreadableError, match=r"a\.dcm"):
        open_clip(path)
