"""The applications that travel with the package, and what a wrong one is told."""

from __future__ import annotations

import pytest

from lingyin.bench.applications import load_applications, parse_applications, select_applications
from lingyin.core.errors import CatalogueError, UsageError

SEVEN = {"classify", "segment", "detect", "landmark", "measure", "enhance", "describe"}


def test_at_least_fifteen_counted_applications_over_the_seven_tasks() -> None:
    claimed = [each for each in load_applications() if each.claimed]
    assert len(claimed) >= 15
    assert {each.task for each in claimed} == SEVEN


def test_a_view_that_pretraining_sees_is_not_counted() -> None:
    assert [each.name for each in load_applications() if not each.claimed] == ["heart view"]


def test_quick_ones_are_few_and_over_six_tasks_or_more() -> None:
    quick = select_applications(quick=True)
    assert 5 <= len(quick) <= 10
    assert len({each.task for each in quick}) >= 6


def test_applications_of_one_outline_share_its_fit() -> None:
    keys = {each.learnt.key for each in select_applications(["fetal_head_hc18"])}
    assert keys == {"fetal_head_hc18-masks-head"}


@pytest.mark.parametrize("word", ["breast diagnosis", "breast_busi", "landmark"])
def test_chosen_by_name_set_or_task(word: str) -> None:
    chosen = select_applications([word])
    assert chosen
    assert all(word in (each.name, each.set, each.task) for each in chosen)


def test_an_unknown_word_is_answered_with_all_names() -> None:
    with pytest.raises(UsageError, match=r"'spleen'.*breast diagnosis"):
        select_applications(["spleen"])


def test_all_mistakes_are_listed_at_once() -> None:
    wrong = """
[[application]]
name = "one"
set = "breast_busi"
task = "classify"
fit = "masks"
columns = ["mask_lesion"]
metric = "macro F1"
[[application]]
name = "two"
set = "breast_busi"
task = "classify"
fit = "classify"
columns = ["colour"]
metric = "macro F1"
"""
    with pytest.raises(CatalogueError, match=r"one: .*'masks'.*two: .*no column colour"):
        parse_applications(wrong)
