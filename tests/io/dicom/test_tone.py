"""The grey scale: windows of all three functions, lookup tables, rescaling, signed values."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from lingyin.io import open_clip
from tests.io.dicom.makers import dataset, scene, write


@pytest.fixture(scope="module")
def deep():
    return scene(1, samples=1, bits=12)


def grey(tmp_path, made):
    return open_clip(write(made, tmp_path / "a.dcm")).frames[0][..., 0].astype(float)


def expected(values, low, high):
    return np.clip((values - low) / (high - low), 0, 1) * 255


def test_linear_window(tmp_path, deep):
    made = dataset(deep, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=[1500, 9], WindowWidth=[1001, 9])
    assert np.abs(grey(tmp_path, made) - expected(deep[0], 999.5, 1999.5)).max() <= 0.51


def test_linear_exact_and_sigmoid(tmp_path, deep):
    window = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 1500, "WindowWidth": 1000}
    exact = dataset(deep, "MONOCHROME2", VOILUTFunction="LINEAR_EXACT", **window)
    assert np.abs(grey(tmp_path, exact) - expected(deep[0], 1000.0, 2000.0)).max() <= 0.51
    curve = dataset(deep, "MONOCHROME2", VOILUTFunction="SIGMOID", **window)
    wanted = 255 / (1 + np.exp(-4 * (deep[0] - 1500.0) / 1000))
    assert np.abs(grey(tmp_path, curve) - wanted).max() <= 0.51


def test_window_of_width_one_is_a_step(tmp_path, deep):
    made = dataset(deep, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=2000, WindowWidth=1)
    assert np.array_equal(grey(tmp_path, made), np.where(deep[0] > 1999.5, 255.0, 0.0))


def test_window_applies_to_rescaled_values(tmp_path, deep):
    made = dataset(deep, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=2000.5, WindowWidth=2001)
    made.RescaleSlope, made.RescaleIntercept = "2", "-1000"
    assert np.abs(grey(tmp_path, made) - expected(2.0 * deep[0] - 1000, 1000, 3000)).max() <= 0.51


def test_the_usual_window_of_eight_bits_changes_nothing(tmp_path):
    frames = scene(1, samples=1)
    made = dataset(frames, "MONOCHROME2", WindowCenter=128, WindowWidth=256)
    assert np.array_equal(grey(tmp_path, made), frames[0])


@pytest.mark.parametrize(("centre", "width"), [("", ""), ("128", "0"), ("128", "-5"), (None, "256")])
def test_senseless_windows_are_ignored(tmp_path, centre, width):
    frames = scene(1, samples=1)
    assert np.array_equal(
        grey(tmp_path, dataset(frames, "MONOCHROME2", WindowCenter=centre, WindowWidth=width)), frames[0]
    )


def test_signed_values(tmp_path):
    frames = (scene(1, samples=1, bits=12).astype(np.int32) - 2048).astype(np.int16)
    made = dataset(frames, "MONOCHROME2", BitsStored=12, HighBit=11, WindowCenter=0.5, WindowWidth=2001)
    assert np.abs(grey(tmp_path, made) - expected(frames[0].astype(float), -1000, 1000)).max() <= 0.51


def test_lookup_table(tmp_path):
    frames = scene(1, samples=1)
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 16], list(range(65535, -1, -257))
    made = dataset(frames, "MONOCHROME2", VOILUTSequence=[table])
    made.VOILUTSequence[0]["LUTDescriptor"].VR = "US"
    made.VOILUTSequence[0]["LUTData"].VR = "US"
    assert np.array_equal(grey(tmp_path, made), 255 - frames[0])


def test_every_frame_of_a_cine_gets_the_same_scale(tmp_path):
    frames = np.full((3, 8, 8), 100, np.uint16)
    frames[1], frames[2] = 300, 500
    clip = open_clip(write(dataset(frames, "MONOCHROME2", BitsStored=12, HighBit=11), tmp_path / "a.dcm"))
    assert [int(frame.max()) for frame in clip.frames] == [0, 128, 255]
