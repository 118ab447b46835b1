"""Cells come back as they were written, and a damaged one counts as absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lingyin.bench.cells import Cell, CellName, read_cell, short_mark, write_cell


def test_a_cell_comes_back(tmp_path: Path) -> None:
    name = CellName("breast_busi-classify-diagnosis", "imagenet", "abc", 40, 2)
    path = name.path(tmp_path)
    write_cell(path, Cell({"raw": np.arange(6.0).reshape(2, 3)}, {"seconds": 1.5}))
    found = read_cell(path)
    assert found is not None
    assert found.arrays["raw"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.meta == {"seconds": 1.5}
    assert path.name == "040-2.npz"
    assert [each.name for each in path.parent.iterdir()] == ["040-2.npz"]


def test_absent_and_cut_off_cells_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "cell.npz"
    assert read_cell(path) is None
    write_cell(path, Cell({"raw": np.ones(1000)}))
    path.write_bytes(path.read_bytes()[:-40])
    assert read_cell(path) is None
    path.write_bytes(b"")
    assert read_cell(path) is None


def test_marks_tell_settings_apart() -> None:
    assert short_mark("a", {"x": 1, "y": 2}) == short_mark("a", {"y": 2, "x": 1})
    assert short_mark("a", 1) != short_mark("a", 2)
