"""One way to open any scan, and what is said where that cannot be done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lingyin.core.clip import Clip
from lingyin.core.errors import InputError, UnreadableError, UsageError
from lingyin.io import open_clip
from tests.io.video_makers import moving, write_video


def test_each_kind_by_its_content_not_its_name(tmp_path, real_cine: Path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.dcm", "PNG")
    (tmp_path / "b.jpg").write_bytes(real_cine.read_bytes())
    write_video(tmp_path / "c", moving(3), "mpeg4", container="mp4")
    kinds = {name: open_clip(tmp_path / name).source.kind for name in ("a.dcm", "b.jpg", "c")}
    assert kinds == {"a.dcm": "picture", "b.jpg": "dicom", "c": "video"}


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"hello\n", "no scan in any known format"), (b"PK\x05\x06" + bytes(18), "is an archive")],
)
def test_what_is_no_scan(tmp_path, content, said):
    path = tmp_path / "scan.dcm"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=said) as caught:
        open_clip(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_missing_and_folder(tmp_path):
    with pytest.raises(UnreadableError, match=r"none\.dcm: does not exist"):
        open_clip(tmp_path / "none.dcm")
    with pytest.raises(UnreadableError, match="is a folder"):
        open_clip(tmp_path)


def test_a_name_longer_than_any_file_system_allows(tmp_path):
    with pytest.raises(UnreadableError, match="cannot be opened"):
        open_clip(tmp_path / ("x" * 5000))


def test_an_impossible_scale_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="mm per pixel"):
        open_clip(tmp_path / "none.dcm", mm_per_px=-1)


@pytest.fixture(scope="module")
def scans(tmp_path_factory, real_cine: Path) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (20, 30, 3), np.uint8)).save(folder / "a.png")
    Image.fromarray(rng.integers(0, 255, (20, 30, 3), np.uint8)).save(folder / "a.jpg")
    write_video(folder / "a.mkv", moving(3), "mpeg4")
    return {path.name: path.read_bytes() for path in folder.iterdir()} | {"a.dcm": real_cine.read_bytes()[:20_000]}


@given(name=st.sampled_from(["a.png", "a.jpg", "a.mkv", "a.dcm"]), cut=st.floats(0, 1), flips=st.lists(st.floats(0, 1)))
def test_damage_anywhere_is_one_kind_of_error_or_still_a_picture(scans, tmp_path_factory, name, cut, flips):
    content = bytearray(scans[name][: int(len(scans[name]) * cut)])
    for flip in flips:
        if content:
            content[min(len(content) - 1, int(len(content) * flip))] ^= 0x55
    path = tmp_path_factory.getbasetemp() / f"damaged-{name}"
    path.write_bytes(content)
    found = outcome(path)
    if isinstance(found, InputError):
        assert path.name in str(found)
        assert found.remedy
    else:
        assert found.frames[0].shape == (found.height, found.width, 3)


def outcome(path: Path) -> Clip | InputError:
    """The clip, or why there is none; any other exception fails the test."""
    try:
        return open_clip(path)
    except InputError as error:
        return error
