"""Splits: what is joined stays together, published splits hold, draws are stable, and the proof finds every leak."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.curate.splits import (
    SPLITS,
    LeakError,
    assign_splits,
    codes_of,
    drawn,
    first_of_groups,
    join_groups,
    prove_apart,
)

TRAIN, VAL, TEST = range(3)


def test_none_belongs_to_nobody() -> None:
    codes = codes_of(["a", None, "a", None, "b"])
    assert codes[0] == codes[2]
    assert len(set(codes.tolist())) == 4


def test_groups_are_joined_across_groupings() -> None:
    subjects = codes_of(["p", "p", "q", "q", "r"])
    copies = codes_of(["1", "2", "2", "3", "4"])  # a picture of p is a copy of one of q
    assert join_groups(subjects, copies).tolist() == [0, 0, 0, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-1, 2)), min_size=1, max_size=60))
def test_no_group_is_in_two_splits(rows: list[tuple[int, int, int]]) -> None:
    first, second, given_splits = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    ids = [f"x-{index:03d}" for index in range(len(rows))]
    components = join_groups(first, second)
    splits = assign_splits(components, given_splits, ids, 0.2, 0.2, 0)
    names = [SPLITS[split] for split in splits]
    prove_apart(names, first=first.tolist(), second=second.tolist())
    for index, split in enumerate(given_splits):
        assert splits[index] >= split  # never from test to val or train


def test_a_copy_of_a_test_picture_goes_to_test() -> None:
    components = np.array([0, 0, 1, 1, 2])
    given_splits = np.array([TRAIN, TEST, TRAIN, VAL, TRAIN])
    splits = assign_splits(components, given_splits, list("abcde"), 0.1, 0.1, 0)
    assert splits.tolist() == [TEST, TEST, VAL, VAL, TRAIN]


def test_draws_follow_the_shares_and_stay_when_others_join() -> None:
    ids = [f"set-{index:05d}" for index in range(4000)]
    none = np.full(len(ids), -1)
    splits = assign_splits(np.arange(len(ids)), none, ids, 0.1, 0.2, 7)
    shares = np.bincount(splits, minlength=3) / len(ids)
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.02)
    more = ["a-new-one", *ids]
    again = assign_splits(np.arange(len(more)), np.full(len(more), -1), more, 0.1, 0.2, 7)
    assert np.array_equal(again[1:], splits)
    assert drawn("x", 0) != drawn("x", 1)


def test_nothing_is_split_into_nothing() -> None:
    assert len(assign_splits(np.zeros(0, np.int64), np.zeros(0, np.int64), [], 0.1, 0.1, 0)) == 0


def test_one_of_each_group_is_no_copy() -> None:
    assert first_of_groups(np.array([5, 5, 2, 5]), ["c", "a", "z", "b"]).tolist() == [False, True, True, False]


def test_the_proof_names_the_leak() -> None:
    with pytest.raises(LeakError, match="subject 'p' would be in train and in test"):
        prove_apart(["train", "test"], subject=["p", "p"])
    prove_apart(["train", None, "test"], subject=["p", "p", None], group=[None, 1, None])
