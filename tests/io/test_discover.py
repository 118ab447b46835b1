"""What counts as a scan in files, folders and archives, in which order, and how the rest is told."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lingyin.core.errors import InputError, NoFramesError, UnreadableError
from lingyin.io import ScanRef, discover


def put_picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, "PNG")
    return path


def names(found: list[ScanRef | InputError]) -> list[str]:
    return [item.name if isinstance(item, ScanRef) else f"! {item.problem}" for item in found]


def test_a_folder_is_searched_in_a_stable_order(tmp_path):
    for name in ("b.png", "a/2.png", "a/1.png", "no_suffix", ".hidden.png", ".cache/x.png", "__MACOSX/y.png"):
        put_picture(tmp_path / name).rename(tmp_path / name)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "b.png.json").write_text("{}")
    assert names(discover([tmp_path])) == ["b.png", "no_suffix", "a/1.png", "a/2.png"]


def test_a_bad_file_named_like_a_scan_is_told_and_the_others_go_on(tmp_path):
    put_picture(tmp_path / "b.png")
    (tmp_path / "a.dcm").write_text("hello, I am a text")
    (tmp_path / "c.mp4").write_bytes(b"")
    (tmp_path / "IM0001").write_bytes(b"")
    found = discover([tmp_path])
    assert names(found) == ["! is empty", "! is no scan in any known format", "b.png", "! is empty"]
    assert all(item.path.startswith(str(tmp_path)) for item in found if isinstance(item, InputError))


def test_a_named_file_always_appears(tmp_path):
    note = tmp_path / "notes.txt"
    note.write_text("hello")
    (item,) = discover([note])
    assert isinstance(item, UnreadableError)


def test_the_same_scan_counts_once(tmp_path):
    path = put_picture(tmp_path / "a.png")
    (tmp_path / "again.png").symlink_to(path)
    assert len(discover([path, tmp_path, str(path)])) == 1


@pytest.mark.parametrize("name", ["none.dcm", "none/none.dcm"])
def test_a_missing_file(tmp_path, name):
    (item,) = discover([tmp_path / name])
    assert isinstance(item, UnreadableError)
    assert "does not exist" in str(item)


def test_a_folder_without_scans(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (item,) = discover([tmp_path])
    assert isinstance(item, NoFramesError)
    assert str(tmp_path) in str(item)


def test_a_loop_of_links_ends(tmp_path):
    put_picture(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert names(discover([tmp_path])) == ["a.png"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    put_picture(tmp_path / "a.png")
    found = discover([tmp_path])
    assert names(found)[0] == "a.png"


def test_scans_in_archives(tmp_path):
    scan = put_picture(tmp_path / "scan.png")
    shutil.make_archive(str(tmp_path / "inner"), "zip", tmp_path, "scan.png")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as pack:
        pack.write(scan, "a/scan.png")
        pack.write(scan, "DICOMDIR")
        pack.write(tmp_path / "inner.zip", "inner.zip")
        pack.writestr("bad.dcm", "hello")
        pack.writestr("readme.txt", "hello")
    found = discover([tmp_path / "outer.zip"])
    assert names(found) == ["a/scan.png", "! is no scan in any known format", "! is an archive inside an archive"]
    assert isinstance(found[0], ScanRef)
    assert found[0].member == "a/scan.png"


def test_an_archive_without_scans(tmp_path):
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as pack:
        pack.writestr("readme.txt", "hello")
    assert isinstance(discover([tmp_path / "notes.zip"])[0], NoFramesError)


def test_a_damaged_archive(tmp_path):
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04rubbish")
    assert names(discover([tmp_path / "cut.zip"])) == names(discover([tmp_path]))[:1]
    assert isinstance(discover([tmp_path])[0], UnreadableError)
