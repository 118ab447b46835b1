"""Which reader a folder gets, folders of sets, names, and marks that change with any file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from lingyin.core.errors import InputError, UsageError
from lingyin.curate.prepared import READER, is_prepared
from lingyin.curate.recognise import find_origins, fingerprint, walk_mark
from tests.curate.layouts import LAYOUTS
from tests.curate.makers import picture, text
from tests.curate.sources import make_source, speckle


def prepared_set(folder: Path) -> Path:
    """A prepared set of breasts: a benign lesion with its outline, and a normal picture."""
    for index in (1, 2):
        picture(folder / "images" / f"b_{index}.webp", speckle(index))
    picture(folder / "masks_lesion" / "b_1.png", speckle(3))
    text(folder / "card.json", json.dumps({"licence": "CC BY 4.0"}))
    text(
        folder / "labels.csv",
        "id,subject,split,width,height,mm_per_px,diagnosis,mask_lesion",
        "b_1,s1,test,80,60,0.2,benign,masks_lesion/b_1.png",
        "b_2,s2,train,80,60,,normal,",
    )
    return folder


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_published_layout_is_told_by_its_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    LAYOUTS[name](folder)
    assert [(origin.reader, origin.folder) for origin in find_origins([folder])] == [(name, folder.resolve())]


def test_a_prepared_set_keeps_its_splits_labels_and_licence(tmp_path: Path) -> None:
    folder = prepared_set(tmp_path / "breast_busi")
    assert is_prepared(folder)
    assert [origin.reader for origin in find_origins([folder])] == ["prepared"]
    first, second = READER.open(folder)
    assert (first.split, first.subject, first.licence, first.mm_per_px) == ("test", "s1", "CC BY 4.0", (0.2, 0.2))
    assert "breast_mass_benign" in first.labels.yes
    assert list(first.masks) == ["breast_lesion"]
    assert "breast_normal" in second.labels.yes
    assert (second.masks, second.mm_per_px) == ({}, None)
    with pytest.raises(InputError, match=r"expected card\.json"):
        list(READER.open(make_source(tmp_path / "other", count=1)))


def test_a_folder_of_sets_gives_each_of_them(tmp_path: Path) -> None:
    prepared_set(tmp_path / "all" / "breast_busi")
    LAYOUTS["busi"](tmp_path / "all" / "raw" / "BUSI")
    LAYOUTS["usgra"](tmp_path / "all" / "raw" / "USGRA")
    make_source(tmp_path / "all" / "site", count=2)
    text(tmp_path / "all" / "notes" / "readme.txt", "no scan here")
    found = {origin.name: origin.reader for origin in find_origins([tmp_path / "all"])}
    assert found == {"breast_busi": "prepared", "busi": "busi", "usgra": "usgra", "site": "csv_table"}


def test_a_set_named_twice_counts_once_and_equal_names_are_numbered(tmp_path: Path) -> None:
    one, two = make_source(tmp_path / "a" / "Site 1"), make_source(tmp_path / "b" / "Site 1")
    assert [origin.name for origin in find_origins([two, one, one])] == ["site_1", "site_1_2"]


def test_long_and_foreign_names_become_plain_ones(tmp_path: Path) -> None:
    long, foreign = make_source(tmp_path / ("x" * 90), count=1), make_source(tmp_path / "甲状腺", count=1)
    assert [origin.name for origin in find_origins([long, foreign])] == ["source", "x" * 32]


def test_a_mistake_in_a_table_is_not_passed_over(tmp_path: Path) -> None:
    folder = make_source(tmp_path / "site", count=2)
    table = folder / "labels.csv"
    table.write_text(table.read_text("utf-8").replace(",yes,", ",maybe,"), "utf-8")
    assert [origin.reader for origin in find_origins([folder])] == ["csv_table"]


def test_the_reader_can_be_named(tmp_path: Path) -> None:
    folder = make_source(tmp_path / "site", count=2)
    assert [origin.reader for origin in find_origins([f"image_folder={folder}"])] == ["image_folder"]


def test_what_cannot_be_a_source(tmp_path: Path) -> None:
    text(tmp_path / "empty" / "readme.txt", "nothing")
    with pytest.raises(InputError, match="no layout that a reader knows"):
        find_origins([tmp_path / "empty"])
    with pytest.raises(InputError, match="is no folder"):
        find_origins([tmp_path / "absent"])
    with pytest.raises(UsageError, match="no source"):
        find_origins([])
    with pytest.raises(InputError, match="cannot be read"):
        walk_mark([tmp_path / "absent"])


def test_the_mark_changes_with_any_file(tmp_path: Path) -> None:
    folder = make_source(tmp_path / "site", count=2)
    (origin,) = find_origins([folder])
    marks = {fingerprint(origin)}
    assert fingerprint(origin) in marks
    os.utime(folder / "000.png", ns=(5, 5))
    marks.add(fingerprint(origin))
    Image.fromarray(speckle(9)).save(folder / "new.png")
    marks.add(fingerprint(origin))
    (folder / "new.png").rename(folder / "newer.png")
    marks.add(fingerprint(origin))
    assert len(marks) == 4
