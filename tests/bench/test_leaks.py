"""Split tables and the check that refuses to measure on what was trained on."""

from __future__ import annotations

import csv
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from lingyin.bench.leaks import (
    LeakError,
    check_card,
    check_folder,
    check_splits,
    corpus_leaks,
    kept_rows,
    refuse,
    table_leaks,
)
from lingyin.bench.splits import FIXED, read_labels, read_split, set_names, table_bytes, write_tables
from lingyin.core.errors import InputError, UsageError


def test_the_packaged_tables_hold_no_leak() -> None:
    check_splits()
    assert sum(read_split(name).counts()["test"] for name in set_names()) > 2000


def test_without_the_excluded_images_left_out_there_would_be_one() -> None:
    table = read_split("nerve_usgra")
    renamed = replace(table, name="a_set_of_another_name")
    leaks = table_leaks([renamed])
    left_out = {row["id"] for row in table.rows} - {row["id"] for row in kept_rows(table)}
    assert {leak.test for leak in leaks} < left_out
    assert len(leaks) == 4  # the others are near-duplicates that the groups of the set do not join


def test_one_file_in_two_sets_is_found() -> None:
    one, other = read_split("carotid_imt"), read_split("heart_lv")
    stolen = next(row for row in kept_rows(one) if row["split"] == "test")
    mixed = replace(other, rows=({**other.rows[1], "split": "train", "source_md5": stolen["source_md5"]},))
    leaks = table_leaks([one, mixed])
    assert [leak.test for leak in leaks] == [stolen["id"]]
    with pytest.raises(LeakError, match="share the same file; leave these images out of training"):
        refuse(leaks)


def test_a_test_image_in_the_corpus_is_found() -> None:
    rows = kept_rows(read_split("carotid_imt"))
    train = [row["source_md5"] for row in rows if row["split"] == "train"]
    asked = next(row for row in rows if row["split"] == "test")
    assert corpus_leaks(train) == []
    assert [leak.test for leak in corpus_leaks([*train, asked["source_md5"]])] == [asked["id"]]


def prepared(folder: Path, change: dict[str, str] | None = None) -> Path:
    rows = [dict(row) for row in read_split("carotid_imt").rows]
    rows[0].update(change or {})
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_prepared_set_that_agrees_passes(tmp_path: Path) -> None:
    check_folder(prepared(tmp_path / "carotid_imt"))


def test_a_moved_image_is_refused(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "carotid_imt", {"split": "test"})
    with pytest.raises(InputError, match="carotid_imt_00000 differs from the benchmark's split table in split"):
        check_folder(folder)


def test_tables_are_packed_alike_and_without_paths(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "sets" / "carotid_imt")
    (packed,) = write_tables(folder.parent, tmp_path / "out")
    assert packed.read_bytes() == table_bytes(read_labels(folder))
    assert {row["mask_intima_media"] for row in read_split("carotid_imt").rows} == {"1"}


def test_unknown_and_absent_sets(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no set 'spleen'.*breast_busi"):
        read_split("spleen")
    with pytest.raises(InputError, match="lingyin bench prepare"):
        read_labels(tmp_path)


@pytest.mark.data
@pytest.mark.parametrize("name", set_names())
def test_the_packaged_table_is_that_of_the_data(real_data: Path, name: str) -> None:
    check_folder(real_data / name)
    assert set(FIXED) <= set(read_split(name).columns)


def test_an_encoder_that_saw_other_splits_is_refused(tmp_path: Path) -> None:
    check_card(tmp_path)
    for split, wrong in (("train", False), ("train, test", True)):
        (tmp_path / "card.json").write_text(json.dumps({"data": {"split": split}}), encoding="utf-8")
        with pytest.raises(LeakError, match="pretrained on 'train, test'") if wrong else nullcontext():
            check_card(tmp_path)
