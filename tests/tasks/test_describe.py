"""Facts: known ones count, unknown ones do not; a nearest neighbour is the baseline without learning."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.core.labels import LabelSet
from lingyin.tasks.describe import Describe, Facts, Retrieval

CODES = ("breast_normal", "breast_mass_benign", "breast_mass_malignant")
TASK = Describe(CODES)


def facts(*yes: str) -> Facts:
    return Facts({code: float(code in yes) for code in CODES}, frozenset(yes))


def test_only_known_facts_count() -> None:
    benign, nothing = LabelSet.close(yes=["breast_mass_benign"]), LabelSet()
    right = TASK.metrics([facts("breast_mass_benign"), facts("breast_normal")], [benign, nothing])
    assert right["fact_f1"] == 1.0
    assert right["all_right"] == 1.0
    denied = LabelSet.close(no=["breast_mass_malignant"])
    wrong = TASK.metrics([facts("breast_mass_malignant")], [denied])
    assert wrong["invented"] == 1.0
    assert wrong["all_right"] == 0.0


def test_codes_must_be_of_the_tree() -> None:
    with pytest.raises(ValueError, match="not codes of the label tree: breast_purple"):
        Describe(("breast_purple",))


def test_the_threshold_is_the_one_with_the_best_facts() -> None:
    labels = [LabelSet.close(yes=["breast_mass_benign"]), LabelSet.close(yes=["breast_mass_malignant"])] * 4
    raw = np.array([[-4.0, -0.5, -2.0], [-4.0, -2.0, -0.5]] * 4, np.float32)
    calibration = TASK.calibrate(raw, labels)
    assert 0.12 < calibration["threshold"] < 0.378
    assert TASK.metrics(TASK.decode(raw, calibration), labels)["fact_f1"] == 1.0
    assert TASK.metrics(TASK.decode(raw), labels)["fact_recall"] == 0.0


def test_neighbours_lend_their_facts_and_texts() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1, (2, 8)).astype(np.float32)
    which = np.arange(20) % 2
    vectors = centres[which] + rng.normal(0, 0.05, (20, 8)).astype(np.float32)
    labels = [LabelSet.close(yes=[CODES[1 + at]]) for at in which]
    book = Retrieval(TASK, vectors, labels, [f"text {at}" for at in which])
    assert [sorted(each.yes) for each in book.facts(centres)] == [[CODES[1]], [CODES[2]]]
    assert book.text(centres) == ["text 0", "text 1"]
    with pytest.raises(ValueError, match="0 texts for 20 pictures"):
        Retrieval(TASK, vectors, labels).text(centres)
