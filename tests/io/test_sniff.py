"""Telling files apart by their first bytes."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lingyin.io.sniff import HEAD, Content, Kind, sniff, sniff_head


@given(st.binary(max_size=600))
def test_any_bytes_are_told_without_an_error(head):
    content = sniff_head(head)
    assert isinstance(content, Content)
    assert (content.kind is Kind.EMPTY) == (head == b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "JPEG2000"])
def test_pictures_as_pillow_writes_them(form):
    target = io.BytesIO()
    Image.fromarray(np.full((9, 11, 3), 90, np.uint8)).save(target, form)
    assert sniff_head(target.getvalue()[:HEAD]) == Content(Kind.PICTURE)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives(mode):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as pack:
        pack.addfile(tarfile.TarInfo("a.txt"))
    assert sniff_head(target.getvalue()[:HEAD]) == Content(Kind.ARCHIVE, "tar")


def test_zip_archives_even_empty_ones():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w"):
        pass
    assert sniff_head(target.getvalue()) == Content(Kind.ARCHIVE, "zip")


def test_a_preamble_marks_dicom():
    assert sniff_head(bytes(128) + b"DICM" + bytes(20)).kind is Kind.DICOM


@pytest.mark.parametrize("order", ["<", ">"])
def test_dicom_without_preamble(order):
    explicit = struct.pack(f"{order}HH", 8, 5) + b"CS" + struct.pack(f"{order}H", 10) + b"ISO_IR 100"
    assert sniff_head(explicit).kind is Kind.DICOM


def test_implicit_dicom_without_preamble():
    assert sniff_head(struct.pack("<HHI", 8, 0x16, 26) + b"1.2.840.10008.5.1.4.1.1.6.1").kind is Kind.DICOM


@pytest.mark.parametrize(
    "text", [b"hello, this is a note\n" * 3, b"<html><body></body></html>", b'{"mm_per_px": 0.2}   ']
)
def test_texts_are_unknown(text):
    assert sniff_head(text).kind is Kind.UNKNOWN


def test_the_name_does_not_matter(tmp_path):
    path = tmp_path / "scan.dcm"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(path, "PNG")
    assert sniff(path).kind is Kind.PICTURE
