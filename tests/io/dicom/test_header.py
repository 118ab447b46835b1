"""Headers: with and without preamble, deflated, damaged; what is kept of them and what never is."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io import open_clip
from tests.io.dicom.makers import dataset, scene, write


@pytest.fixture(scope="module")
def frames():
    return scene(2)


@pytest.mark.parametrize("implicit", [True, False])
def test_without_preamble_and_meta(tmp_path, frames, implicit):
    made = dataset(frames)
    del made.file_meta, made.preamble
    path = tmp_path / "IM0001"
    made.save_as(path, implicit_vr=implicit, little_endian=True)
    assert path.read_bytes()[128:132] != b"DICM"
    assert np.array_equal(open_clip(path).frames[1], frames[1])


def test_meta_without_preamble(tmp_path, frames):
    path = write(dataset(frames), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[132:])
    assert np.array_equal(open_clip(path).frames[1], frames[1])


def test_a_name_says_nothing(tmp_path, frames):
    path = write(dataset(frames), tmp_path / "picture.png")
    assert open_clip(path).source.kind == "dicom"


def test_deflated_copies_are_removed(tmp_path, frames, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = write(dataset(frames), tmp_path / "a.dcm", DeflatedExplicitVRLittleEndian)
    clip = open_clip(path)
    assert np.array_equal(clip.frames[0], frames[0])
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    del clip
    assert list((tmp_path / "temporary").iterdir()) == []
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableError):
        open_clip(path)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_deflated_bombs_stop(tmp_path, frames, monkeypatch):
    monkeypatch.setattr("lingyin.io.dicom.header.MAX_INFLATED", 1 << 21)
    path = write(dataset(frames), tmp_path / "a.dcm", DeflatedExplicitVRLittleEndian)
    head = path.read_bytes()
    start = 144 + int(dcmread(path, stop_before_pixels=True).file_meta.FileMetaInformationGroupLength)
    path.write_bytes(head[:start] + zlib.compress(bytes(1 << 24), wbits=-15))
    with pytest.raises(UnreadableError, match="unpacks to more"):
        open_clip(path)


def test_pixels_of_an_icon_are_not_the_picture(tmp_path, frames):
    icon = Dataset()
    icon.Rows = icon.Columns = 4
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation, icon.PixelData = 7, 0, bytes(16)
    icon["PixelData"].VR = "OB"
    path = write(dataset(frames, IconImageSequence=[icon]), tmp_path / "a.dcm", ImplicitVRLittleEndian)
    assert np.array_equal(open_clip(path).frames[1], frames[1])


def test_large_private_elements_and_elements_after_the_pixels(tmp_path, frames):
    made = dataset(frames)
    made.private_block(0x0099, "VENDOR", create=True).add_new(0x01, "OB", bytes(3 << 20))
    made.DataSetTrailingPadding = bytes(64)
    assert np.array_equal(open_clip(write(made, tmp_path / "a.dcm")).frames[1], frames[1])


def test_no_pixels(tmp_path, frames):
    made = dataset(frames)
    del made.PixelData
    with pytest.raises(NoFramesError, match="ends before"):
        open_clip(write(made, tmp_path / "a.dcm"))
    for keyword in ("Rows", "Columns", "BitsAllocated"):
        delattr(made, keyword)
    with pytest.raises(NoFramesError, match="no image"):
        open_clip(write(made, tmp_path / "a.dcm"))
    made.FloatPixelData = bytes(16)
    with pytest.raises(UnreadableError, match="floating point"):
        open_clip(write(made, tmp_path / "a.dcm"))


def test_source_keeps_no_patient(tmp_path, frames):
    path = write(dataset(frames), tmp_path / "a.dcm")
    source = open_clip(path).source
    assert source.patient_sex == "F"
    assert source.manufacturer == "Made"
    assert source.sop_instance_uid == dcmread(path).SOPInstanceUID
    for secret in ("Doe", "Jane", "4711", "1970"):
        assert secret not in repr(source).replace(str(path), "")


def test_messages_keep_no_patient(tmp_path, frames):
    path = write(dataset(frames, PhotometricInterpretation="ODD"), tmp_path / "a.dcm")
    with pytest.raises(UnreadableError) as caught:
        open_clip(path)
    assert "Doe" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_goes_away(tmp_path, frames):
    path = write(dataset(scene(20)), tmp_path / "a.dcm")
    clip = open_clip(path)
    Path(path).unlink()
    with pytest.raises(UnreadableError, match="frame 7"):
        clip.frames[7]
