"""Every transfer syntax times every photometric interpretation gives the same, right colours, frame by frame."""

from __future__ import annotations

import shutil
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels import get_encoder
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io import open_clip
from tests.io.dicom.makers import as_rgb, as_ybr, dataset, palette, psnr, scene, write, write_coded, write_jpeg

UNPACKED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
PACKED = (RLELossless, JPEGLSLossless, JPEG2000Lossless, JPEGLossless, JPEGLosslessSV1)
LOSSLESS = UNPACKED + PACKED


def frames_of(path: Path) -> np.ndarray:
    return np.stack(list(open_clip(path).frames))


@pytest.mark.parametrize(("syntax", "planar"), [*product(LOSSLESS, (0, 1))])
def test_rgb_is_exact(tmp_path, syntax, planar):
    frames = scene(3)
    path = write(dataset(frames, "RGB", planar), tmp_path / "a.dcm", syntax)
    clip = open_clip(path)
    assert clip.source.transfer_syntax_uid == syntax
    assert np.array_equal(frames_of(path), frames)


@pytest.mark.parametrize(("syntax", "planar"), [*product(LOSSLESS, (0, 1))])
def test_ybr_full_follows_the_standard_matrix(tmp_path, syntax, planar):
    ybr = as_ybr(scene(2))
    path = write(dataset(ybr, "YBR_FULL", planar), tmp_path / "a.dcm", syntax)
    assert np.abs(frames_of(path).astype(int) - as_rgb(ybr)).max() <= 1


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_grey_and_inverted_grey(tmp_path, syntax):
    grey = scene(2, samples=1)
    for name, expected in (("MONOCHROME2", grey), ("MONOCHROME1", 255 - grey)):
        found = frames_of(write(dataset(grey, name), tmp_path / f"{name}.dcm", syntax))
        assert np.array_equal(found, np.repeat(expected[..., None], 3, axis=3))


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_sixteen_bits_without_window_run_from_least_to_greatest(tmp_path, syntax):
    deep = scene(2, samples=1, bits=12)
    path = write(dataset(deep, "MONOCHROME2", BitsStored=12, HighBit=11), tmp_path / "a.dcm", syntax)
    clip = open_clip(path)
    low, high = deep.min(), deep.max()
    expected = (deep.astype(float) - low) / (high - low) * 255
    assert np.abs(frames_of(path)[..., 0] - expected).max() <= 0.51
    assert any("window" in note for note in clip.source.notes)


@pytest.mark.parametrize("syntax", [*UNPACKED, RLELossless, JPEG2000Lossless])
def test_sixteen_bit_colour_is_scaled(tmp_path, syntax):
    deep = scene(1, bits=16)
    found = frames_of(write(dataset(deep, "RGB"), tmp_path / "a.dcm", syntax))
    assert np.abs(found - deep / 257).max() <= 0.51


@pytest.mark.parametrize(("syntax", "bits"), [*product((*UNPACKED, RLELossless, JPEGLosslessSV1), (8, 16))])
def test_palette(tmp_path, syntax, bits):
    indices = scene(2, samples=1)
    made = dataset(indices, "PALETTE COLOR")
    colours = palette(made, bits)
    assert np.array_equal(frames_of(write(made, tmp_path / "a.dcm", syntax)), colours[indices])


@pytest.mark.parametrize("syntax", UNPACKED)
def test_odd_sizes(tmp_path, syntax):
    frames = scene(3, height=7, width=5)
    assert np.array_equal(frames_of(write(dataset(frames, "RGB"), tmp_path / "a.dcm", syntax)), frames)


def test_big_endian_bytes_stored_as_words(tmp_path):
    frames = scene(3, height=7, width=5)
    made = dataset(frames, "RGB")
    made.PixelData = np.frombuffer(made.PixelData, "<u2").byteswap().tobytes()
    made["PixelData"].VR = "OW"
    assert np.array_equal(frames_of(write(made, tmp_path / "a.dcm", ExplicitVRBigEndian)), frames)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_half_chroma_uncompressed(tmp_path, photometric):
    ybr = as_ybr(scene(2))
    ybr[:, :, 1::2, 1:] = ybr[:, :, ::2, 1:]  # what 4:2:2 can hold
    stored = np.stack([ybr[:, :, ::2, 0], ybr[:, :, 1::2, 0], ybr[:, :, ::2, 1], ybr[:, :, ::2, 2]], axis=-1)
    made = dataset(ybr, photometric)
    made.PixelData = stored.tobytes()
    found = frames_of(write(made, tmp_path / "a.dcm")).astype(int)
    if photometric == "YBR_FULL_422":
        assert np.abs(found - as_rgb(ybr)).max() <= 1
    else:
        y, cb, cr = np.moveaxis(ybr.astype(float), -1, 0)
        green = 1.1644 * (y - 16) - 0.3917 * (cb - 128) - 0.8130 * (cr - 128)  # ITU-R BT.601
        assert np.abs(found[..., 1] - np.clip(green, 0, 255)).max() <= 1


def test_half_chroma_in_name_only(tmp_path):
    ybr = as_ybr(scene(2))
    found = frames_of(write(dataset(ybr, "YBR_FULL_422"), tmp_path / "a.dcm"))
    assert np.abs(found.astype(int) - as_rgb(ybr)).max() <= 1


@pytest.mark.parametrize(
    ("photometric", "subsampling", "least"),
    [("YBR_FULL_422", "4:2:2", 33), ("YBR_FULL", "4:4:4", 35), ("YBR_FULL_422", "4:2:0", 33), ("RGB", "4:4:4", 35)],
)
def test_jpeg_baseline_colour(tmp_path, photometric, subsampling, least):
    frames = scene(2, height=64, width=64)
    frames[:, :3, :5] = frames[:, 3:6, :5]  # no hard edge, which chroma of half size cannot hold
    found = frames_of(write_jpeg(frames, tmp_path / "a.dcm", photometric, subsampling))
    assert psnr(found, frames) > least


def test_jpeg_baseline_grey(tmp_path):
    grey = scene(2, height=64, width=64, samples=1)
    found = frames_of(write_jpeg(grey, tmp_path / "a.dcm", "MONOCHROME2"))
    assert psnr(found[..., 0], grey) > 38


def test_jpeg_extended_twelve_bits(tmp_path):
    deep = scene(1, height=64, width=64, samples=1, bits=12)
    path = tmp_path / "a.dcm"
    plain = write(dataset(deep, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096), path)
    if shutil.which("dcmcjpeg") is None:
        pytest.skip("dcmtk is absent: dcmcjpeg writes the 12-bit JPEG")
    subprocess.run(["dcmcjpeg", "+ee", "+un", str(plain), str(tmp_path / "b.dcm")], check=True, capture_output=True)
    found = frames_of(tmp_path / "b.dcm")
    assert psnr(found[0, ..., 0], deep[0] / 4095 * 255) > 38


def test_jpeg_ls_near_lossless(tmp_path):
    frames = scene(2)
    made = dataset(frames, "RGB")
    made.compress(JPEGLSNearLossless, jls_error=3, encoding_plugin="pyjpegls", generate_instance_uid=False)
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    difference = np.abs(frames_of(tmp_path / "a.dcm").astype(int) - frames)
    assert 0 < difference.max() <= 3


@pytest.mark.parametrize(("photometric", "use_mct"), [("YBR_ICT", True), ("RGB", False)])
def test_jpeg_2000_lossy(tmp_path, photometric, use_mct):
    frames = scene(2, height=64, width=64)
    encoder = get_encoder(JPEG2000)
    options = {"j2k_psnr": [40], "encoding_plugin": "pylibjpeg", "use_mct": use_mct}
    options |= {"rows": 64, "columns": 64, "samples_per_pixel": 3, "planar_configuration": 0, "bits_allocated": 8}
    options |= {"bits_stored": 8, "pixel_representation": 0, "number_of_frames": 1}
    options |= {"photometric_interpretation": photometric}
    coded = [encoder.encode(frame, **options) for frame in frames]
    found = frames_of(write_coded(dataset(frames, photometric), coded, tmp_path / "a.dcm", JPEG2000))
    assert psnr(found, frames) > 36


def test_jpeg_2000_reversible_colour_transform(tmp_path):
    frames = scene(2)
    made = dataset(frames, "RGB")
    made.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", use_mct=True, generate_instance_uid=False)
    made.PhotometricInterpretation = "YBR_RCT"
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(frames_of(tmp_path / "a.dcm"), frames)


@pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="dcmtk is absent: dcmj2pnm is the other decoder")
@pytest.mark.parametrize(
    ("photometric", "syntax", "planar"),
    [*product(["RGB", "YBR_FULL"], [*UNPACKED, RLELossless, JPEGLosslessSV1], [0, 1]), ("MONOCHROME1", RLELossless, 0)],
)
def test_dcmtk_sees_the_same(tmp_path, photometric, syntax, planar):
    frames = scene(2) if photometric != "MONOCHROME1" else scene(2, samples=1)
    path = write(dataset(frames, photometric, planar), tmp_path / "a.dcm", syntax)
    subprocess.run(["dcmj2pnm", "--write-raw-pnm", "--all-frames", str(path), str(tmp_path / "o")], check=True)
    for index, found in enumerate(frames_of(path)):
        (other,) = tmp_path.glob(f"o.{index}.p?m")
        difference = np.abs(np.asarray(Image.open(other).convert("RGB")).astype(int) - found)
        assert difference.max() <= {"RGB": 0, "YBR_FULL": 2, "MONOCHROME1": 1}[photometric]  # dcmtk truncates, we round


def test_a_cut_file_is_refused_at_opening(tmp_path):
    path = write(dataset(scene(4), "RGB"), tmp_path / "a.dcm")
    whole = path.read_bytes()
    path.write_bytes(whole[: -scene(1).nbytes - 10])
    with pytest.raises(UnreadableError, match="2 of 4 frames"):
        open_clip(path)


def test_nonsense_layouts_are_refused(tmp_path):
    for tags, words in (
        ({"BitsAllocated": 32}, "bits per pixel"),
        ({"Rows": 0}, "no size"),
        ({"Rows": 65535, "Columns": 65535}, "implausibly large"),
        ({"SamplesPerPixel": 4}, "4 samples"),
        ({"PhotometricInterpretation": "HSV"}, "HSV"),
    ):
        made = dataset(scene(1), "RGB")
        for keyword, value in tags.items():
            setattr(made, keyword, value)
        with pytest.raises((UnreadableError, NoFramesError), match=words):
            open_clip(write(made, tmp_path / "a.dcm"))


def test_compression_that_contradicts_the_header(tmp_path):
    path = write(dataset(scene(1), "RGB"), tmp_path / "a.dcm")
    syntax = str(ExplicitVRLittleEndian).encode()
    data = path.read_bytes().replace(syntax + b"\0", str(RLELossless).encode() + b"\0", 1)
    path.write_bytes(data)
    with pytest.raises(UnreadableError, match="compressed"):
        open_clip(path)
    made = dataset(scene(1), "RGB")
    made.PixelData = b""
    with pytest.raises(NoFramesError, match="empty"):
        open_clip(write(made, tmp_path / "b.dcm"))
