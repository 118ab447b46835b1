"""What a fit reads of a prepared set: usable images, masks, and label budgets over whole subjects."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.bench.applications import Fit
from lingyin.bench.rows import SetRows, decode, label_budget, labels_of, open_set, usable
from lingyin.bench.splits import SplitTable, read_split
from lingyin.core.errors import UnreadableError, UsageError

DIAGNOSIS = Fit(set="breast_busi", kind="classify", columns=("diagnosis",))
LESION = Fit(set="breast_busi", kind="masks", columns=("mask_lesion",))


def made(folder: Path, rows: list[dict[str, str]]) -> SetRows:
    """Rows of a set that is not there; cells that are not given are empty."""
    blank = {"split": "train", "width": "4", "height": "3", "diagnosis": "", "mask_lesion": ""}
    full = tuple({**blank, "id": f"i{n}", "subject": f"s{n}", **row} for n, row in enumerate(rows))
    return SetRows(folder, SplitTable(folder.name, tuple(full[0]), full), full)


@pytest.fixture
def cohort(tmp_path: Path) -> SetRows:
    """Twenty benign subjects and one malignant, two images each."""
    labels = ["benign"] * 20 + ["malignant"]
    return made(tmp_path / "breast_busi", [{"subject": f"s{n}", "diagnosis": x} for n, x in enumerate(labels)] * 2)


def test_usable_asks_for_the_split_and_the_label(tmp_path: Path) -> None:
    rows = made(
        tmp_path / "breast_busi",
        [
            {"diagnosis": "benign", "mask_lesion": "1"},
            {"diagnosis": "", "mask_lesion": "1"},
            {"diagnosis": "malignant", "split": "test"},
            {"diagnosis": "malignant"},
        ],
    )
    assert usable(rows, DIAGNOSIS, "train").tolist() == [0, 3]
    assert usable(rows, LESION, "train").tolist() == [0, 1]
    assert usable(rows, DIAGNOSIS, "test").tolist() == [2]
    whole = Fit(set="breast_busi", kind="restore", columns=(), harm="noise")
    assert usable(rows, whole, "train").tolist() == [0, 1, 3]  # no column: any picture serves
    empty = usable(rows, DIAGNOSIS, "val")
    assert (empty.dtype, empty.size) == (np.int64, 0)


def test_a_full_budget_is_everything_and_a_small_one_takes_subjects_whole(cohort: SetRows) -> None:
    every = usable(cohort, DIAGNOSIS, "train")
    assert label_budget(cohort, DIAGNOSIS, every, 100, 0) is every
    some = label_budget(cohort, DIAGNOSIS, every, 10, 0)
    drawn = cohort.subjects[some].tolist()
    assert len(some) == 2 * (2 + 1)  # ceil(20 x 10 %) benign and ceil(1 x 10 %) malignant subjects, two images each
    assert all(drawn.count(subject) == 2 for subject in drawn)
    assert labels_of(cohort, DIAGNOSIS, some) == ("benign", "malignant")
    assert some.tolist() == sorted(some.tolist())


def test_smaller_budgets_lie_in_larger_ones_and_seeds_differ(cohort: SetRows) -> None:
    every = usable(cohort, DIAGNOSIS, "train")
    drawn = [set(label_budget(cohort, DIAGNOSIS, every, percent, 7).tolist()) for percent in (5, 10, 40, 70, 100)]
    assert all(less < more for less, more in pairwise(drawn))
    assert np.array_equal(label_budget(cohort, DIAGNOSIS, every, 40, 7), sorted(drawn[2]))
    assert set(label_budget(cohort, DIAGNOSIS, every, 40, 8).tolist()) != drawn[2]


def test_budgets_draw_only_from_the_images_given(cohort: SetRows) -> None:
    given = np.array([0, 1, 2, 21], np.int64)  # 0 and 21 are one subject
    some = label_budget(cohort, LESION, given, 50, 0)
    assert set(some.tolist()) <= set(given.tolist())
    assert len(set(cohort.subjects[some].tolist())) == 2  # of three
    assert (0 in some) == (21 in some)


def test_labels_stand_in_the_order_of_the_fit_else_by_name(cohort: SetRows) -> None:
    every = usable(cohort, DIAGNOSIS, "train")
    rising = DIAGNOSIS.model_copy(update={"labels": ("normal", "malignant", "benign")})
    assert labels_of(cohort, DIAGNOSIS, every) == ("benign", "malignant")
    assert labels_of(cohort, rising, every) == ("malignant", "benign")
    assert labels_of(cohort, rising, every[:1]) == ("benign",)


def test_pictures_and_masks(tmp_path: Path) -> None:
    folder = tmp_path / "breast_busi"
    rows = made(folder, [{"diagnosis": "benign", "mask_lesion": "1"}, {"diagnosis": "benign"}])
    drawn = np.zeros((3, 4), np.uint8)
    drawn[1, 2:] = 255
    for place in ("images/i0.webp", "masks_lesion/i0.png"):
        (folder / place).parent.mkdir(parents=True)
        cv2.imwrite(str(folder / place), drawn)
    assert rows.picture(0).shape == (3, 4)
    mask = rows.mask(0, "mask_lesion")
    assert mask is not None
    assert mask.dtype == np.bool_
    assert np.array_equal(mask, drawn > 0)
    assert rows.mask(1, "mask_lesion") is None  # unknown is not empty
    assert rows.names.tolist() == ["i0", "i1"]
    with pytest.raises(UnreadableError, match=r"i1\.webp: cannot be decoded; make the set again"):
        rows.picture(1)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n torn")
    with pytest.raises(UnreadableError, match=r"torn\.png"):
        decode(path)


def test_the_outline_of_a_normal_ovary_is_no_lesion(tmp_path: Path) -> None:
    rows = open_set(tmp_path, "ovary_mmotu")
    fit = Fit(set="ovary_mmotu", kind="masks", columns=("mask_lesion",))
    normal = next(i for i, row in enumerate(rows.rows) if "ovary_normal" in rows.labels(i).yes)
    row = rows.rows[normal]
    mask = rows.mask(normal, "mask_lesion")
    assert mask is not None
    assert mask.shape == (int(row["height"]), int(row["width"]))
    assert not mask.any()
    bare = SetRows(rows.folder, rows.table, ({**row, "mask_lesion": ""},))
    assert usable(bare, fit, row["split"]).tolist() == [0]  # known to be empty, so there is something to learn


def test_an_opened_set_has_the_rows_of_its_table(tmp_path: Path) -> None:
    rows, table = open_set(tmp_path, "breast_busi"), read_split("breast_busi")
    assert rows.folder == tmp_path / "breast_busi"
    assert set(rows.names.tolist()) <= {row["id"] for row in table.rows}
    lost = [row for row in table.rows if row["id"] not in set(rows.names.tolist())]
    assert all(row["split"] == "test" for row in lost)
    with pytest.raises(UsageError, match="no set 'nothing'"):
        open_set(tmp_path, "nothing")
