"""Planted copies are found, other pictures stay apart, and the number of pictures does not matter."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lingyin.curate.duplicates import find_leaks, group_duplicates
from lingyin.curate.hashes import Grey, Words, hash_image, thumbnail
from tests.curate.test_hashes import picture


def described(pictures: list[Grey]) -> tuple[Words, Grey]:
    return np.stack([hash_image(grey) for grey in pictures]), np.stack([thumbnail(grey) for grey in pictures])


def copies(grey: Grey) -> list[Grey]:
    text = grey.copy()
    cv2.putText(text, "DOE JANE 1970", (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)
    return [
        cv2.imdecode(cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 0),
        cv2.resize(grey, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
        (255 * (grey / 255) ** 0.7).astype(np.uint8),
        np.ascontiguousarray(grey[:, ::-1]),
        grey[8:236, 4:308],
        text,
        grey.copy(),
    ]


def test_every_kind_of_copy_joins_its_original_and_nothing_else() -> None:
    originals = [picture(seed) for seed in range(60)]
    hashes, thumbnails = described(originals + copies(originals[7]) + copies(originals[30]))
    groups = group_duplicates(hashes, thumbnails)
    assert groups[60:67].tolist() == [7] * 7
    assert groups[67:].tolist() == [30] * 7
    assert groups[:60].tolist() == list(range(60))


def test_without_mirrors_a_mirror_image_is_another_picture() -> None:
    hashes, thumbnails = described([picture(0), picture(0)[:, ::-1]])
    assert group_duplicates(hashes, thumbnails, mirrors=False).tolist() == [0, 1]
    assert group_duplicates(hashes, thumbnails).tolist() == [0, 0]


def test_groups_do_not_depend_on_the_order_of_pictures() -> None:
    originals = [picture(seed) for seed in range(20)]
    hashes, thumbnails = described(originals + copies(originals[3]))
    order = np.random.default_rng(0).permutation(len(hashes))
    there = group_duplicates(hashes, thumbnails)
    back = group_duplicates(hashes[order], thumbnails[order])
    for group in range(20):
        assert len(set(back[np.isin(order, np.flatnonzero(there == group))].tolist())) == 1


def test_thousands_of_equal_pictures_are_one_group() -> None:
    hashes, thumbnails = described([picture(1), picture(2)])
    rows = np.repeat([0, 1], [5000, 1])
    assert np.unique(group_duplicates(hashes[rows], thumbnails[rows]), return_counts=True)[1].tolist() == [5000, 1]


def test_hashes_alone_find_close_copies() -> None:
    originals = [picture(seed) for seed in range(30)]
    hashes, _ = described(originals + copies(originals[5])[:4])
    groups = group_duplicates(hashes)
    assert groups[30:].tolist() == [5] * 4
    assert groups[:30].tolist() == list(range(30))


def test_random_hashes_with_planted_copies_at_a_hundred_thousand() -> None:
    rng = np.random.default_rng(4)
    hashes = rng.integers(0, 1 << 63, (100_000, 8), dtype=np.uint64)
    originals = rng.choice(50_000, 500, replace=False)
    copied = hashes[originals]
    for bit in rng.integers(0, 256, (6, 500)):
        copied[np.arange(500), bit // 64] ^= np.uint64(1) << (bit % 64).astype(np.uint64)
    hashes[50_000:50_500] = copied
    groups = group_duplicates(hashes)
    assert (groups[50_000:50_500] == groups[originals]).mean() > 0.99
    assert groups.max() + 1 >= 99_500


def test_leaks_name_the_rows_of_both_sides() -> None:
    train, test = [picture(seed) for seed in range(30)], [picture(seed) for seed in range(40, 50)]
    test[4] = copies(train[11])[2]
    test[6] = copies(train[2])[3]
    (first, first_thumbnails), (second, second_thumbnails) = described(train), described(test)
    leaks = find_leaks(first, second, first_thumbnails, second_thumbnails)
    assert sorted(zip(leaks.first.tolist(), leaks.second.tolist(), strict=True)) == [(2, 6), (11, 4)]
    assert len(leaks) == 2


def test_nothing_has_no_group_and_black_frames_are_not_copies_of_pictures() -> None:
    assert group_duplicates(np.zeros((0, 8), np.uint64), np.zeros((0, 32, 32), np.uint8)).tolist() == []
    hashes, thumbnails = described([np.zeros((50, 60), np.uint8), picture(0), np.zeros((80, 60), np.uint8)])
    assert group_duplicates(hashes, thumbnails).tolist() == [0, 1, 0]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="hashes are"):
        group_duplicates(np.zeros((3, 4), np.uint64))
    with pytest.raises(ValueError, match="thumbnails"):
        group_duplicates(np.zeros((3, 8), np.uint64), np.zeros((2, 32, 32), np.uint8))
