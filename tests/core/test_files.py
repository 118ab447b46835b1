"""One file, whole or not at all: replaced in one step, and an unusable place is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import OutputError
from lingyin.core.files import write_file


def test_makes_folders_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.bin"
    write_file(target, b"first")
    write_file(target, b"second")
    assert target.read_bytes() == b"second"
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]


def test_a_file_in_the_way_of_a_folder_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "way").write_bytes(b"kept")
    with pytest.raises(OutputError, match="way"):
        write_file(tmp_path / "way" / "file.bin", b"x")
    assert (tmp_path / "way").read_bytes() == b"kept"


def test_a_folder_in_the_way_of_the_file_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file.bin").mkdir()
    with pytest.raises(OutputError):
        write_file(tmp_path / "file.bin", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
