"""Items to rows: which frames of a clip, what is named and what is not, points and spacing in stored pixels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.clip import Box
from lingyin.core.labels import LabelSet
from lingyin.curate.items import choose_frames, is_searched, rows_of_item, with_outlines
from lingyin.curate.readers import Item
from lingyin.curate.recognise import Origin, find_origins, reader_named
from lingyin.curate.ustar import members
from tests.curate.sources import make_source, small, speckle
from tests.io.dicom.makers import dataset, scene, write


def items_of(folder: Path) -> tuple[Origin, list[Item]]:
    (origin,) = find_origins([folder])
    return origin, list(reader_named(origin.reader).open(origin.folder))


@pytest.mark.parametrize(
    ("count", "marked", "most", "chosen"),
    [
        (1, [], 8, [0]),
        (100, [], 3, [0, 50, 99]),
        (100, [7, 60], 3, [0, 7, 60]),
        (10, [1, 2, 3, 4, 12], 2, [1, 4]),
        (3, [0], 8, [0, 1, 2]),
    ],
)
def test_annotated_frames_come_first(count: int, marked: list[int], most: int, chosen: list[int]) -> None:
    assert choose_frames(count, marked, most) == chosen


def test_points_and_spacing_are_those_of_the_stored_picture(tmp_path: Path) -> None:
    origin, (item,) = items_of(make_source(tmp_path / "site", count=1))
    marked = replace(item, points={"tip": {0: np.array([[40.0, 30.0]])}})
    ((row, files),) = rows_of_item(origin, 0, marked, small(longest_side_px=40))
    (x, y) = json.loads(row["points"])["tip"][0]
    assert (x, y) == pytest.approx((20, 15), abs=0.6)
    assert row["mm_per_px_x"] == pytest.approx(0.4, rel=0.03)
    assert row["id"] == "site-0000000-000000"
    names = [name for name, _ in members(files, "files")]
    assert names == [f"{row['id']}.{end}" for end in ("jpg", "sector.png", "mask_liver_outline.png")]


def test_a_mask_of_another_size_leaves_the_picture_out(tmp_path: Path) -> None:
    origin, (item,) = items_of(make_source(tmp_path / "site", count=1))
    wrong = replace(item, masks={"liver_outline": {0: lambda: np.ones((5, 5), bool)}})
    ((row, files),) = rows_of_item(origin, 0, wrong, small())
    assert (row["status"], row["reason"], files) == ("dropped", "unreadable", b"")


def test_a_label_of_two_organs_names_neither(tmp_path: Path) -> None:
    origin, (item,) = items_of(make_source(tmp_path / "site", count=1))
    both = replace(item, labels=LabelSet.close(["liver", "kidney"]))
    ((row, _),) = rows_of_item(origin, 0, both, small())
    assert (row["organ"], row["region"]) == (None, "region_abdomen")


def test_files_of_a_hospital_are_named_by_number(tmp_path: Path) -> None:
    frame = np.repeat(speckle(5, 120, 160)[..., None], 3, axis=2)
    (tmp_path / "site").mkdir()
    write(dataset(frame[None], PatientID="4711", Manufacturer="Maker"), tmp_path / "site" / "DOE^JANE.dcm")
    other = dataset(scene(), SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT")
    write(other, tmp_path / "site" / "ct.dcm")
    origin, items = items_of(tmp_path / "site")
    rows = [row for number, item in enumerate(items) for row, _ in rows_of_item(origin, number, item, small())]
    assert [row["key"] for row in rows] == ["0000000", "0000001"]
    assert {row["status"]: row["reason"] for row in rows} == {"kept": None, "dropped": "not-ultrasound"}
    shown = json.dumps([{k: str(v) for k, v in row.items() if k != "origin"} for row in rows])
    assert not any(word in shown for word in ("DOE", "4711"))
    assert "Maker" in shown


def test_burned_in_text_is_searched_only_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, (item,) = items_of(make_source(tmp_path / "site", count=1))
    box = Box(30, 20, 50, 30)
    monkeypatch.setattr("lingyin.curate.items.text_within", lambda frames, sector: [box])
    (kept, whole), (cleaned, filled) = (
        next(rows_of_item(origin, 0, item, small(clean=clean, jpeg_quality=0, longest_side_px=512)))
        for clean in ("none", "own")
    )
    assert (kept["text_boxes"], cleaned["text_boxes"]) == (0, 1)
    before, after = (
        cv2.imdecode(np.frombuffer(dict(members(files, ""))[f"{kept['id']}.png"], np.uint8), cv2.IMREAD_UNCHANGED)
        for files in (whole, filled)
    )
    left, top = kept["crop"][:2]
    changed = np.argwhere(before != after)
    assert len(changed) > 100
    assert (changed.min(axis=0) >= (20 - top - 3, 30 - left - 3)).all()
    assert (changed.max(axis=0) < (30 - top + 3, 50 - left + 3)).all()


@pytest.mark.parametrize(
    ("clean", "reader", "searched"),
    [
        ("own", "dicom_folder", True),
        ("own", "csv_table", True),
        ("own", "busi", False),
        ("own", "prepared", False),
        ("all", "busi", True),
        ("none", "dicom_folder", False),
    ],
)
def test_files_of_ones_own_are_searched_for_text(clean: str, reader: str, searched: bool) -> None:
    assert is_searched(Origin("site", reader, Path()), small(clean=clean)) is searched


def test_an_outline_affirms_its_structure_unless_the_labels_deny_it() -> None:
    liver = LabelSet.close(["liver"])
    assert with_outlines(liver, ["liver_lesion"])["liver_lesion"] is True
    denied = LabelSet.close(["liver"], ["liver_lesion"])
    assert with_outlines(denied, ["liver_lesion", "liver_outline"])["liver_lesion"] is False
    assert with_outlines(denied, ["liver_lesion", "liver_outline"])["liver_outline"] is True


def test_a_blank_mask_is_stored_but_says_nothing(tmp_path: Path) -> None:
    origin, (item,) = items_of(make_source(tmp_path / "site", count=1))
    blank = replace(item, masks={"liver_outline": {0: lambda: np.zeros((60, 80), bool)}})
    ((row, files),) = rows_of_item(origin, 0, blank, small())
    assert row["masks"] == []
    assert "liver_outline" not in row["yes"]
    assert f"{row['id']}.mask_liver_outline.png" in dict(members(files, ""))
