"""Shapes shared by layouts: where a set lies, tables and their columns, pairs, and what labels say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import CatalogueError, InputError
from lingyin.curate.readers import READER_NAMES, find_reader
from lingyin.curate.readers.labels import load_reader_labels, parse_reader_labels
from lingyin.curate.readers.shapes import existing, find_root, number, pairs, rows_of
from tests.curate.layouts import LAYOUTS
from tests.curate.makers import picture, text


@pytest.mark.parametrize("nested", ["", "set", "set/set v2"])
def test_a_set_is_found_where_archives_unpack_it(tmp_path: Path, nested: str) -> None:
    text(tmp_path / nested / "list.csv", "a,b")
    (tmp_path / nested / "images").mkdir()
    assert find_root(tmp_path, "list.csv", "images") == tmp_path / nested


def test_a_set_too_deep_or_in_parts_is_not_found(tmp_path: Path) -> None:
    text(tmp_path / "1" / "2" / "3" / "list.csv", "a,b")
    text(tmp_path / "one" / "a.csv", "a,b")
    text(tmp_path / "two" / "b.csv", "a,b")
    assert find_root(tmp_path, "list.csv") is None
    assert find_root(tmp_path, "a.csv", "b.csv") is None


def test_a_table_lacking_a_column_is_told(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "\ufeffone, two", "1, 2")
    assert rows_of(path, ("one", "two")) == [{"one": "1", "two": "2"}]
    with pytest.raises(InputError, match=r"t\.csv: has no column 'three'; found 'one', 'two'"):
        rows_of(path, ("one", "three"))


def test_a_table_that_is_not_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match=r"t\.csv"):
        rows_of(path)


def test_pairs_match_by_stem_whatever_the_suffix(tmp_path: Path) -> None:
    picture(tmp_path / "i" / "1.png")
    picture(tmp_path / "i" / "2.png")
    picture(tmp_path / "m" / "1.gif")
    assert [(a.name, b and b.name) for a, b in pairs(tmp_path / "i", tmp_path / "m")] == [
        ("1.png", "1.gif"),
        ("2.png", None),
    ]


def test_what_a_table_names_must_exist_and_be_a_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is missing although list\.csv names it"):
        existing(tmp_path / "a.png", tmp_path / "list.csv")
    with pytest.raises(InputError, match="scale is 'x'"):
        number("x", tmp_path / "list.csv", "scale")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"organ": "liver"}, "unknown keys organ"),
        ({"always": ["no_such_code"]}, "no_such_code"),
        ({"masks": {"m": "liver"}}, "not a structure"),
    ],
)
def test_labels_that_the_tree_does_not_have_are_refused(table: dict[str, object], told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        parse_reader_labels({"x": table})


def test_an_unlisted_value_is_an_error_except_in_lenient_columns(tmp_path: Path) -> None:
    said = parse_reader_labels(
        {"x": {"always": ["liver"], "lenient": ["b"], "labels": {"a": {"1": ["ascites"]}, "b": {"1": ["!ascites"]}}}}
    )["x"]
    assert said.row({"a": "", "b": "9"}, tmp_path).yes == {"liver", "region_abdomen"}
    with pytest.raises(InputError, match="unknown value '9'"):
        said.row({"a": "9"}, tmp_path)
    with pytest.raises(InputError, match="contradicts"):
        said.row({"a": "1", "b": "1"}, tmp_path)


def test_every_reader_of_a_set_has_labels_or_shares_them() -> None:
    without = {"csv_table", "dicom_folder", "image_folder", "ddti_crops"}
    assert set(load_reader_labels()) == set(READER_NAMES) - without


def test_a_class_that_was_never_published_stops_the_reader(tmp_path: Path) -> None:
    LAYOUTS["gbcu"](tmp_path)
    text(tmp_path / "test.txt", "im00003.jpg,7")
    with pytest.raises(InputError, match=r"test\.txt: 'label' has the unknown value '7'"):
        list(find_reader("gbcu").open(tmp_path))


def test_a_picture_missing_from_an_archive_is_named(tmp_path: Path) -> None:
    LAYOUTS["bus_bra"](tmp_path)
    (tmp_path / "BUSBRA" / "Images" / "bus_0002-l.png").unlink()
    with pytest.raises(InputError, match=r"bus_0002-l\.png: is missing although bus_data\.csv names it"):
        list(find_reader("bus_bra").open(tmp_path))
