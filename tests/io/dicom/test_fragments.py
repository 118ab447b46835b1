"""Frames of encapsulated pixel data are found with and without offset tables, in one or many fragments."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate_extended
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io import open_clip
from tests.io.dicom.makers import dataset, psnr, scene, write, write_coded
from tests.io.dicom.test_jpeg import coded


@pytest.fixture(scope="module")
def frames():
    return scene(3, height=64, width=64)


@pytest.mark.parametrize("fragments", [1, 2, 3])
@pytest.mark.parametrize("has_table", [True, False])
def test_jpeg_frames_in_several_fragments(tmp_path, frames, fragments, has_table):
    streams = [coded(frame) for frame in frames]
    options = {"fragments_per_frame": fragments, "has_bot": has_table}
    path = write_coded(dataset(frames, "YBR_FULL"), streams, tmp_path / "a.dcm", JPEGBaseline8Bit, **options)
    clip = open_clip(path)
    assert len(clip) == 3
    assert all(psnr(found, frame) > 34 for found, frame in zip(clip.frames, frames, strict=True))


def test_extended_offset_table(tmp_path, frames):
    made = dataset(frames, "YBR_FULL")
    streams = [coded(frame) for frame in frames]
    data, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(streams)
    write_coded(made, streams, tmp_path / "a.dcm", JPEGBaseline8Bit, has_bot=False)
    assert len(data) > 0
    assert len(open_clip(tmp_path / "a.dcm")) == 3


def test_a_table_that_points_astray_is_not_used(tmp_path, frames):
    path = write_coded(
        dataset(frames, "YBR_FULL"), [coded(frame) for frame in frames], tmp_path / "a.dcm", JPEGBaseline8Bit
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"\xfe\xff\x00\xe0\x0c\x00\x00\x00") + 8
    data[at : at + 12] = struct.pack("<3I", 0, 7, 9)
    path.write_bytes(data)
    assert psnr(open_clip(path).frames[2], frames[2]) > 34


def test_a_lone_frame_may_lie_in_many_fragments(tmp_path, frames):
    made = dataset(frames[:1], "RGB")
    made.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    (stream,) = [fragment for fragment in _fragments(made.PixelData) if fragment]
    write_coded(made, [stream], tmp_path / "a.dcm", JPEG2000Lossless, fragments_per_frame=4)
    assert np.array_equal(open_clip(tmp_path / "a.dcm").frames[0], frames[0])


def _fragments(data: bytes) -> list[bytes]:
    from pydicom.encaps import generate_fragments

    return list(generate_fragments(data))[1:]


def test_fewer_frames_than_announced(tmp_path, frames):
    made = dataset(frames, "YBR_FULL", NumberOfFrames=5)
    path = write_coded(made, [coded(frame) for frame in frames], tmp_path / "a.dcm", JPEGBaseline8Bit)
    with pytest.raises(UnreadableError, match="holds 3 of the 5 frames"):
        open_clip(path)


def test_more_frames_than_announced_are_left(tmp_path, frames):
    made = dataset(frames, "YBR_FULL", NumberOfFrames=2)
    path = write_coded(made, [coded(frame) for frame in frames], tmp_path / "a.dcm", JPEGBaseline8Bit)
    assert len(open_clip(path)) == 2


@pytest.mark.parametrize("kept", [0.99, 0.7, 0.4])
def test_a_cut_sequence_is_refused_at_opening(tmp_path, frames, kept):
    path = write(dataset(frames, "RGB"), tmp_path / "a.dcm", RLELossless)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadableError, match=r"cut short|do not end"):
        open_clip(path)


def test_damage_between_frames_and_no_frames(tmp_path, frames):
    path = write(dataset(frames, "RGB"), tmp_path / "a.dcm", RLELossless)
    dataset_read = dcmread(path)
    whole = path.read_bytes()
    second = whole.index(b"\xfe\xff\x00\xe0", whole.index(dataset_read.PixelData[:64]) + 30)
    path.write_bytes(whole[:second] + b"\x11\x22\x33\x44" + whole[second + 4 :])
    with pytest.raises(UnreadableError, match="damaged between"):
        open_clip(path)
    empty = write_coded(dataset(frames[:1], "RGB"), [b"x"], tmp_path / "b.dcm", RLELossless).read_bytes()
    start = empty.rindex(b"\xfe\xff\x00\xe0")
    path.write_bytes(empty[:start] + b"\xfe\xff\xdd\xe0" + bytes(4))
    with pytest.raises(NoFramesError, match="no frame"):
        open_clip(path)
