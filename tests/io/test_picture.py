"""Pictures of every kind: right colours, upright, more than eight bits, pages as frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lingyin.core.errors import UnreadableError
from lingyin.io import open_clip
from lingyin.io import picture as module

RNG = np.random.default_rng(3)
PIXELS = np.kron(RNG.integers(0, 256, (6, 9, 3), np.uint8), np.ones((8, 8, 1), np.uint8)).astype(np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
def test_lossless_pictures_come_back_exactly(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PIXELS).save(path, **({"lossless": True} if suffix == "webp" else {}))
    clip = open_clip(path)
    assert np.array_equal(clip.frames[0], PIXELS)
    assert (len(clip), clip.width, clip.height, clip.times_s.tolist()) == (1, 72, 48, [0.0])


@pytest.mark.parametrize("suffix", ["jpg", "jp2"])
def test_lossy_pictures_come_back_closely(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(PIXELS).save(path, **({"quality": 95, "subsampling": 0} if suffix == "jpg" else {}))
    assert np.abs(open_clip(path).frames[0].astype(int) - PIXELS).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation):
    """Tag 0x0112 says where the first row and column of the stored picture belong (EXIF 2.32, 4.6.4)."""
    upright = PIXELS
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    clip = open_clip(tmp_path / "a.png")
    assert np.array_equal(clip.frames[0], upright)
    assert (clip.width, clip.height) == (72, 48)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "CMYK", "YCbCr"])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    grey = np.repeat(PIXELS[..., :1] // 128 * 255, 3, axis=2)
    path = tmp_path / ("a.tif" if mode in ("CMYK", "YCbCr") else "a.png")
    Image.fromarray(grey).convert("L" if mode == "LA" else "RGB").convert(mode).save(path)
    assert np.abs(open_clip(path).frames[0].astype(int) - grey).max() <= 2


def test_transparency_lies_on_black(tmp_path):
    pixels = np.dstack([PIXELS, np.zeros((48, 72), np.uint8)])
    pixels[:, 40:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    frame = open_clip(tmp_path / "a.png").frames[0]
    assert not frame[:, :40].any()
    assert np.array_equal(frame[:, 40:], PIXELS[:, 40:])


@pytest.mark.parametrize(("white", "depth"), [(255, 255), (1000, 1023), (4000, 4095), (16000, 16383), (60000, 65535)])
def test_deep_pictures_keep_their_depth(tmp_path, white, depth):
    deep = np.linspace(0, white, 48 * 72).reshape(48, 72).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    frame = open_clip(tmp_path / "a.png").frames[0]
    assert np.abs(frame[..., 0] - deep / depth * 255).max() <= 0.51


def test_floats_are_scaled_by_their_range(tmp_path):
    values = np.linspace(-3, 5, 48 * 72).reshape(48, 72).astype(np.float32)
    values[0, 5] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tif")
    frame = open_clip(tmp_path / "a.tif").frames[0]
    assert frame[-1, -1, 0] == 255
    assert frame[0, 0, 0] == 0


def test_a_picture_without_a_number_is_refused(tmp_path):
    Image.fromarray(np.full((8, 9), np.nan, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UnreadableError, match="no number"):
        open_clip(tmp_path / "a.tif")


def test_pages_of_a_tiff_share_one_scale(tmp_path):
    pages = [Image.fromarray(np.full((8, 9), level, np.uint16)) for level in (100, 500, 1000)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    clip = open_clip(tmp_path / "a.tif")
    assert [int(frame[0, 0, 0]) for frame in clip.frames] == [25, 125, 249]
    assert "30 per second assumed" in clip.source.notes[0]


def test_a_page_of_another_size_is_left_out_and_told(tmp_path):
    pages = [Image.new("RGB", size, (value, 0, 0)) for size, value in (((9, 8), 10), ((4, 4), 20), ((9, 8), 30))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    clip = open_clip(tmp_path / "a.tif")
    assert [int(frame[0, 0, 0]) for frame in clip.frames] == [10, 30]
    assert "1 pages of another size" in clip.source.notes[0]


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_animations_keep_their_times(tmp_path, suffix):
    pages = [Image.fromarray(np.full((16, 16, 3), level, np.uint8)) for level in (10, 120, 240)]
    options = {"lossless": True} if suffix == "webp" else {}
    pages[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pages[1:], duration=[40, 200, 70], **options)
    clip = open_clip(tmp_path / f"a.{suffix}")
    assert np.allclose(clip.times_s, [0, 0.04, 0.24])
    assert [int(frame[0, 0, 0]) for frame in clip.frames] == [10, 120, 240]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp"])
def test_cut_pictures_are_refused(tmp_path, suffix, share):
    target = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (60, 60, 3), np.uint8)).save(
        target, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    )
    whole = target.getvalue()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableError, match=rf"a\.{suffix}"):
        open_clip(path)


def test_a_picture_too_large_to_be_true(tmp_path, monkeypatch):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    monkeypatch.setattr(module, "MAX_PIXELS", 1000)
    with pytest.raises(UnreadableError, match="implausibly large"):
        open_clip(tmp_path / "a.png")
