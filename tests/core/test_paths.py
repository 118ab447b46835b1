"""Packaged files are found; the real data sets are found by name, and a name that leads nowhere is not papered over."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.paths import data_root, packaged


def test_packaged_files_travel_with_the_package() -> None:
    assert packaged("lingyin.core", "data", "measurements.toml").is_file()
    assert packaged("lingyin.core").name == "core"
    assert not packaged("lingyin.core", "data", "nothing.toml").exists()


def test_the_named_folder_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("sets", encoding="utf-8")
    monkeypatch.setenv("LINGYIN_DATA", str(tmp_path))
    assert data_root() == tmp_path.resolve()


def test_a_named_folder_without_sets_gives_none_and_no_other_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINGYIN_DATA", str(tmp_path / "nowhere"))
    assert data_root() is None


def test_without_a_name_the_folder_beside_the_checkout_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "shared" / "data"
    beside.mkdir(parents=True)
    (beside / "README.md").write_text("sets", encoding="utf-8")
    (tmp_path / "checkout").mkdir()
    monkeypatch.delenv("LINGYIN_DATA", raising=False)
    monkeypatch.chdir(tmp_path / "checkout")
    assert data_root() == beside.resolve()
