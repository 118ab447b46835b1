"""Data in three forms; what is wrong is listed all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import InputError
from lingyin.tasks.own.table import read_table
from tests.tasks.own.pictures import class_folders, table, write_picture


def test_a_folder_per_class(tmp_path: Path) -> None:
    found = read_table(class_folders(tmp_path / "mine", {"benign": 2, "malignant": 1}))
    assert [row.cells["label"] for row in found.rows] == ["benign", "benign", "malignant"]
    assert found.name == "mine"
    assert len({row.subject for row in found.rows}) == 3
    found.check()


def test_a_table_with_paths_beside_it(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", 5, 0)
    found = read_table(table(tmp_path, [{"image": "a.png", "label": "x", "subject": "p1", "split": "val"}]))
    assert found.rows[0].subject == "p1"
    assert found.rows[0].split == "val"
    assert found.name == "mine"


def test_a_prepared_set_names_pictures_by_id(tmp_path: Path) -> None:
    write_picture(tmp_path / "set" / "images" / "s_1.png", 5, 0)
    table(tmp_path / "set", [{"id": "s_1", "subject": "p", "split": "train", "grade": "2"}], "labels.csv")
    found = read_table(tmp_path / "set")
    assert found.name == "set"
    assert found.label_columns() == ["grade"]
    assert found.rows[0].path.name == "s_1.png"


def test_all_problems_at_once(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", 5, 0)
    rows: list[dict[str, object]] = [
        {"image": "a.png", "label": "x", "split": "training"},
        {"image": "b.png", "label": "x", "split": ""},
        {"image": "", "label": "x", "split": ""},
    ]
    with pytest.raises(InputError) as caught:
        read_table(table(tmp_path, rows)).check()
    words = str(caught.value)
    assert "3 problems" in words
    assert "line 2: split is 'training'" in words
    assert "line 3: no picture" in words
    assert "line 4: the column `image` is empty" in words


def test_wrong_columns_are_shown(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, [{"picture": "a.png", "class": "x"}]))
    with pytest.raises(InputError, match=r"no column `image` .* the columns are picture, class"):
        found.check()


def test_long_lists_are_cut(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"image": f"{number}.png", "label": "x"} for number in range(30)]
    with pytest.raises(InputError, match="30 problems") as caught:
        read_table(table(tmp_path, rows)).check()
    assert "and 10 more" in str(caught.value)


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_nothing_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="a folder with one folder of pictures per class"):
        read_table(tmp_path / name)
