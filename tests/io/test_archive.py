"""Scans inside zip and tar archives: listed, unpacked one at a time, and never more than the archive announces."""

from __future__ import annotations

import gc
import io
import json
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lingyin.core.errors import InputError, UnreadableError
from lingyin.io import open_clip
from lingyin.io.archive import Budget, list_members, open_member
from lingyin.io.packs import Member
from lingyin.io.sniff import Kind


def picture(level: int) -> bytes:
    target = io.BytesIO()
    Image.fromarray(np.full((20, 30, 3), level, np.uint8)).save(target, "PNG")
    return target.getvalue()


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as pack:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            pack.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(autouse=True)
def unpacked_here(tmp_path, monkeypatch):
    """Temporary files go to a folder of this test, so that what is left over shows."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


PACKERS: list[Callable[[Path, dict[str, bytes]], Path]] = [
    zipped,
    tarred,
    lambda path, files: tarred(path, files, "w"),
    lambda path, files: tarred(path, files, "w:xz"),
]


@pytest.mark.parametrize("pack", PACKERS)
def test_members_are_listed_and_opened(tmp_path, unpacked_here, pack):
    files = {"b/two.png": picture(200), "a/one.png": picture(50), "note.txt": b"hello", ".hidden/x.png": picture(1)}
    path = pack(tmp_path / "scans", files)
    listed = dict(list_members(path))
    assert list(listed) == ["a/one.png", "b/two.png", "note.txt"]
    assert [content.kind for content in listed.values()] == [Kind.PICTURE, Kind.PICTURE, Kind.UNKNOWN]
    assert list(unpacked_here.iterdir()) == []
    clip = open_clip(path, "b/two.png")
    assert (clip.frames[0] == 200).all()
    assert (clip.source.path, clip.source.member) == (str(path), "b/two.png")


@pytest.mark.parametrize("pack", PACKERS)
def test_the_unpacked_file_goes_with_the_clip(tmp_path, unpacked_here, pack):
    clip, _ = open_member(pack(tmp_path / "scans", {"one.png": picture(50)}), "one.png")
    assert len(list(unpacked_here.iterdir())) == 1
    del clip
    gc.collect()
    assert list(unpacked_here.iterdir()) == []


def test_a_sidecar_travels_in_the_archive(tmp_path, unpacked_here):
    files = {"one.png.json": json.dumps({"mm_per_px": 0.2}).encode(), "one.png": picture(50)}
    clip = open_clip(zipped(tmp_path / "scans.zip", files), "one.png")
    assert clip.regions[0].mm_per_px_x == 0.2
    assert len(list(unpacked_here.iterdir())) == 1  # the picture's; the sidecar's is gone


def test_a_member_that_is_no_scan_leaves_nothing(tmp_path, unpacked_here):
    path = zipped(tmp_path / "scans.zip", {"one.png": b"rubbish"})
    with pytest.raises(UnreadableError, match=r"scans\.zip!one\.png"):
        open_clip(path, "one.png")
    assert list(unpacked_here.iterdir()) == []


def test_unknown_member(tmp_path):
    with pytest.raises(UnreadableError, match=r"no member 'two\.png'"):
        open_clip(zipped(tmp_path / "scans.zip", {"one.png": picture(1)}), "two.png")


@pytest.mark.parametrize("name", ["../one.png", "a/../../one.png", "/etc/one.png", "..\\one.png"])
def test_names_that_point_outside(tmp_path, name):
    path = tarred(tmp_path / "scans.tar", {name: picture(1)}, "w")
    ((_, content),) = list_members(path)
    assert isinstance(content, InputError)
    assert "outside the archive" in str(content)
    with pytest.raises(UnreadableError, match="outside the archive"):
        open_member(path, name)


def test_a_locked_member_is_told(tmp_path):
    path = zipped(tmp_path / "scans.zip", {"one.png": picture(1)})
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    path.write_bytes(content)
    ((_, problem),) = list_members(path)
    assert isinstance(problem, UnreadableError)
    assert "password" in str(problem)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, unpacked_here):
    path = zipped(tmp_path / "bomb.zip", {"one.png": picture(1)})
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="implausible size"):
        list(list_members(path))
    with pytest.raises(UnreadableError, match="implausible size"):
        open_member(path, "one.png")
    assert list(unpacked_here.iterdir()) == []


def test_many_members_are_too_many(tmp_path):
    budget = Budget(zipped(tmp_path / "a.zip", {}))
    for _ in range(100_000):
        budget.spend(Member("a", 0))
    with pytest.raises(UnreadableError, match="more than 100000 files"):
        budget.spend(Member("a", 0))


def test_links_are_passed_over(tmp_path):
    path = tmp_path / "scans.tar"
    with tarfile.open(path, "w") as pack:
        link = tarfile.TarInfo("passwd.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        pack.addfile(link)
    assert list(list_members(path)) == []


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_archives(tmp_path, unpacked_here, pack, share):
    """Either the archive is called damaged, or what comes before the cut is still right; nothing is left behind."""
    files = {f"{number}.png": picture(number) + np.random.default_rng(number).bytes(3000) for number in range(9)}
    path = pack(tmp_path / "scans", files)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    listed: dict[str, object] = {}
    with suppress(UnreadableError):
        listed = dict(list_members(path))
    assert set(listed) <= set(files)
    with suppress(UnreadableError):
        clip, _ = open_member(path, "8.png")
        assert (clip.frames[0] == 8).all()
        del clip
    gc.collect()
    assert list(unpacked_here.iterdir()) == []


def test_a_missing_archive(tmp_path):
    with pytest.raises(UnreadableError, match="does not exist"):
        list(list_members(tmp_path / "none.zip"))
