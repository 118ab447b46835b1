"""The readers of no one set: folders named by codes, and tables of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import InputError
from lingyin.curate.readers import find_reader
from tests.curate.conftest import Open
from tests.curate.makers import AREA, picture, text


def test_folders_named_by_codes_label_what_lies_in_them(read: Open) -> None:
    items = read("image_folder")
    assert items["liver/hepatic_steatosis/1"].labels["hepatic_steatosis"] is True
    assert items["ward 3/2"].labels.yes == frozenset()
    assert items["ward 3/2"].facts == {"folder": "ward 3"}
    assert items["lung/3"].kind == "clip"


def test_a_table_gives_labels_masks_scale_and_groups(read: Open) -> None:
    items = read("csv_table")
    first = items["a.png"]
    assert first.labels["liver"] is True
    assert first.labels["hepatic_steatosis"] is False
    assert items["b.png"].labels["hepatic_steatosis"] is None
    assert first.masks["liver_outline"][0]().sum() == AREA
    assert first.mm_per_px == (0.2, 0.2)
    assert first.group == items["b.png"].group == "s1"
    assert first.facts == {"hospital": "North"}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["path", "a.png"], "has no column 'file'"),
        (["file,liver", "a.png,maybe"], "'liver' is 'maybe'"),
        (["file,mask_liver", "a.png,a.png"], "names no structure"),
        (["file,mm_per_px", "a.png,wide"], "not a number"),
        (["file", "b.png"], "is missing although"),
        (["file,liver,hepatic_steatosis", "a.png,no,yes"], "contradicts itself"),
    ],
)
def test_a_table_that_cannot_be_meant_is_told(tmp_path: Path, lines: list[str], told: str) -> None:
    picture(tmp_path / "a.png")
    text(tmp_path / "labels.csv", *lines)
    with pytest.raises(InputError, match=told):
        list(find_reader("csv_table").open(tmp_path))
