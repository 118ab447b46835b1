"""Whole or nothing: the place of a folder before, during and after it is written."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from lingyin.core.errors import OutputError
from lingyin.core.files import write_file
from lingyin.report.folder import whole_or_nothing


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    with whole_or_nothing(tmp_path / "a" / "report") as building:
        (building / "x").write_text("1")
        assert not (tmp_path / "a" / "report").exists()
    assert (tmp_path / "a" / "report" / "x").read_text() == "1"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report"]


def test_relative_folder_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with whole_or_nothing(Path("report")) as building:
        (building / "x").write_text("1")
    assert (tmp_path / "report" / "x").is_file()
    with (
        pytest.raises(OutputError, match=str(tmp_path / "report")) as raised,
        whole_or_nothing(Path("report")),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "No space left on device" in str(raised.value)


def test_other_errors_pass_and_clean_up(tmp_path: Path) -> None:
    def interrupted(building: Path) -> None:
        (building / "x").write_text("1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), whole_or_nothing(tmp_path / "report") as building:
        interrupted(building)
    assert not list(tmp_path.iterdir())


def test_existing_files_are_replaced_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "x").write_text("old")
    (tmp_path / "report" / "mine").write_text("mine")
    with whole_or_nothing(tmp_path / "report") as building:
        (building / "x").write_text("new")
        (building / "y").write_text("new")
    assert {path.name: path.read_text() for path in (tmp_path / "report").iterdir()} == {
        "x": "new",
        "y": "new",
        "mine": "mine",
    }


def test_single_file_is_replaced_or_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path / "deep" / "f", b"1")
    assert (tmp_path / "deep" / "f").read_bytes() == b"1"

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="free space"):
        write_file(tmp_path / "deep" / "f", b"2")
    assert (tmp_path / "deep" / "f").read_bytes() == b"1"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["f"]
