"""From rows to examples: every task reads its labels, splits keep subjects together, budgets keep the shares."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.tasks.own.gather import gather
from lingyin.tasks.own.labels import Wanted
from lingyin.tasks.own.pictures import make_views, plain_square
from tests.tasks.own.pictures import HEIGHT, WIDTH, class_folders, masked_rows, table, write_picture

SIZE = 64


def wanted(kind: str, **more: str) -> Wanted:
    return Wanted(kind, SIZE, **more)  # type: ignore[arg-type]


def test_subjects_never_part_and_classes_keep_their_shares(tmp_path: Path) -> None:
    path = table(tmp_path, masked_rows(tmp_path, 40))
    found = gather(path, wanted("classify"), seed=1)
    by_split = {name: {each.subject for each in examples} for name, examples in found.splits.items()}
    assert not by_split["train"] & by_split["val"]
    assert sum(map(len, found.splits.values())) == 40
    for name in ("train", "val"):
        assert set(Counter(each.label for each in found.splits[name])) == {"left", "right"}


def test_a_hundred_pictures_get_a_test_split(tmp_path: Path) -> None:
    found = gather(class_folders(tmp_path, {"a": 60, "b": 44}), wanted("classify"))
    assert {name: len(each) for name, each in found.splits.items()} == {"train": 59, "val": 24, "test": 21}


def test_splits_of_the_user_are_kept(tmp_path: Path) -> None:
    rows = masked_rows(tmp_path, 12)
    for number, row in enumerate(rows):
        row["split"] = "val" if number // 2 in (0, 3) else "test" if number // 2 == 4 else "train"
    found = gather(table(tmp_path, rows), wanted("classify"))
    assert found.own_split
    assert {each.subject for each in found.splits["val"]} == {"s0", "s3"}
    assert {each.subject for each in found.splits["test"]} == {"s4"}


def test_a_budget_thins_training_alone_and_is_seeded(tmp_path: Path) -> None:
    path = class_folders(tmp_path, {"a": 40, "b": 20})
    whole, part, again, other = (
        gather(path, wanted("classify"), seed=seed, budget=share)
        for seed, share in ((0, 1), (0, 0.4), (0, 0.4), (1, 0.4))
    )
    names = [[each.path.name for each in found.splits["train"]] for found in (whole, part, again, other)]
    assert len(names[1]) == round(0.4 * len(names[0]))
    assert Counter(name[0] for name in names[1]) == {"a": 11, "b": 6}
    assert names[1] == names[2] != names[3]
    assert part.splits["val"][0].path == whole.splits["val"][0].path


def test_one_class_and_rare_classes(tmp_path: Path) -> None:
    root = class_folders(tmp_path / "one", {"benign": 12})
    (root / "benign" / "benign_03.png").write_bytes(b"")
    with pytest.raises(InputError, match="2 problems") as caught:
        gather(root, wanted("classify"))
    assert "only one class, 'benign'" in str(caught.value)
    assert "benign_03.png" in str(caught.value)
    with pytest.raises(InputError, match=r"class 'rare' has 1 picture\(s\) of 1 subject\(s\)"):
        gather(class_folders(tmp_path / "two", {"common": 12, "rare": 1}), wanted("classify"))


def test_masks_of_another_size_and_missing_ones(tmp_path: Path) -> None:
    rows = masked_rows(tmp_path, 10)
    cv2.imwrite(str(tmp_path / "masks" / "03.png"), np.zeros((20, 30), np.uint8))
    cv2.imwrite(str(tmp_path / "masks" / "05.png"), np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    with pytest.raises(InputError) as caught:
        gather(table(tmp_path, rows), wanted("segment"))
    words = str(caught.value)
    assert "2 problems" in words
    assert f"30 x 20 px, its picture {WIDTH} x {HEIGHT} px" in words
    (tmp_path / "masks" / "07.png").unlink()
    with pytest.raises(InputError, match="3 problems") as caught:
        gather(table(tmp_path, rows), wanted("segment"))
    assert "line 9: there is no mask" in str(caught.value)


def test_pictures_that_cannot_be_read_are_named_together(tmp_path: Path) -> None:
    root = class_folders(tmp_path, {"a": 6, "b": 6})
    for name in ("a/a_01.png", "b/b_02.png"):
        (root / name).write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(InputError, match="2 problems") as caught:
        gather(root, wanted("classify"))
    assert "a/a_01.png" in str(caught.value)
    assert "b/b_02.png" in str(caught.value)


def test_every_kind_reads_its_labels(tmp_path: Path) -> None:
    rows = masked_rows(tmp_path, 12)
    path = table(tmp_path, rows)
    boxes = gather(path, wanted("detect"))
    assert boxes.task.spec()["labels"] == ["left", "right"]
    around = gather(table(tmp_path, [{"image": r["image"], "mask": r["mask"]} for r in rows]), wanted("detect"))
    for found in (boxes, around):
        each = found.splits["train"][0]
        left = float(cv2.imread(str(each.path).replace("images", "masks"), 0).max(axis=0).argmax())
        np.testing.assert_allclose(each.label.boxes[0], [left, 14, left + 16, 32], atol=0.51)
    path = table(tmp_path, rows)
    assert gather(path, wanted("landmark")).task.spec() == {"points": ["corner"]}
    assert gather(path, wanted("measure", column="left")).task.spec()["code"] == "left"
    assert gather(path, wanted("enhance", harm="blur")).task.spec() == {"harm": "blur"}
    assert gather(path, wanted("segment", name="kidney")).task.spec() == {"structures": ["kidney"]}
    said = table(tmp_path, [{"image": r["image"], "label": "liver_lesion_benign;!ascites"} for r in rows], "facts.csv")
    assert "liver_lesion_benign" in gather(said, wanted("describe")).task.spec()["codes"]


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("measure", {"width": "wide"}, "line 3: the column `width` holds 'wide', which is no number"),
        ("detect", {"right": 1, "left": 30}, "line 3: the box is empty"),
        ("detect", {"right": 400}, "a box lies outside the picture"),
        ("landmark", {"x_corner": 900}, "the point corner at \\(900, 14\\) lies outside"),
        ("describe", {"label": "gallstones_maybe"}, "the tree has no such code: gallstones_maybe"),
        ("classify", {"label": ""}, "line 3: the column `label` is empty"),
    ],
)
def test_wrong_cells_are_named(tmp_path: Path, kind: str, change: dict[str, object], problem: str) -> None:
    rows = masked_rows(tmp_path, 10)
    if kind == "describe":
        for row in rows:
            row["label"] = "liver_lesion_benign"
    rows[1] |= change
    column = {"measure": {"column": "width"}}.get(kind, {})
    with pytest.raises(InputError, match=problem):
        gather(table(tmp_path, rows), wanted(kind, **column))


def test_unknown_choices(tmp_path: Path) -> None:
    path = table(tmp_path, masked_rows(tmp_path, 10))
    with pytest.raises(UsageError, match="no task 'guess'"):
        gather(path, wanted("guess"))
    with pytest.raises(UsageError, match="no harm 'rain'"):
        gather(path, wanted("enhance", harm="rain"))
    with pytest.raises(InputError, match="no column `nothing`"):
        gather(path, wanted("classify", column="nothing"))
    bare = table(tmp_path, [{"image": "images/00.png", "one": 1, "two": 2}], "bare.csv")
    with pytest.raises(UsageError, match="choose with --column: one, two"):
        gather(bare, wanted("classify"))


def test_views_carry_their_labels_along(tmp_path: Path) -> None:
    found = gather(table(tmp_path, masked_rows(tmp_path, 10)), wanted("segment"))
    squares = make_views(found.task, found.splits["train"], SIZE, 3, seed=0, mirror=True)
    assert len(squares) == 3 * len(found.splits["train"])
    assert sum(each.plain for each in squares) == len(found.splits["train"])
    for each in squares:
        inside = each.label["outline"]
        if inside.sum() > 40:
            assert each.image[inside].mean() > each.image[~inside].mean() + 40
    again = make_views(found.task, found.splits["train"], SIZE, 3, seed=0, mirror=True)
    assert all(np.array_equal(one.image, two.image) for one, two in zip(squares, again, strict=True))


def test_an_enhancer_is_asked_about_the_spoilt_picture(tmp_path: Path) -> None:
    for number in range(10):
        write_picture(tmp_path / "images" / f"{number}.png", 10, number)
    path = table(tmp_path, [{"image": f"images/{number}.png"} for number in range(10)])
    found = gather(path, wanted("enhance", harm="noise"))
    square = plain_square(found.task, found.splits["train"][0], SIZE)
    assert square.label.shape == (SIZE, SIZE)
    assert 0.005 < np.abs(square.image / 255 - square.label).mean() < 0.2
