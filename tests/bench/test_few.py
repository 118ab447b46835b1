"""A handful of images: which are drawn, which encoders may be asked, and a run that goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from lingyin.bench import few as room
from lingyin.bench import teach as teaching
from lingyin.bench.applications import Fit
from lingyin.bench.few import WITHOUT, FewPlan, check_without, few_images, few_rows, run_few, sets_of
from lingyin.bench.methods import choose_methods
from lingyin.bench.rows import SetRows
from lingyin.bench.teach import Workshop
from lingyin.core.errors import UsageError
from tests.bench.drawn_sets import draw_set
from tests.bench.test_run import short
from tests.nets.tiny import TinyEncoder

FIT = Fit(set="drawn", kind="classify", columns=("label",))


def rows_of(*labels: str) -> SetRows:
    """Two pictures of each subject, a label per subject."""
    rows = [
        {"id": f"{number}{side}", "subject": str(number), "split": "train", "label": label}
        for number, label in enumerate(labels)
        for side in "lr"
    ]
    return SetRows(Path("drawn"), cast("Any", None), tuple(rows))


def test_labels_come_in_turn_subjects_before_second_pictures_and_few_lie_inside_more() -> None:
    rows = rows_of("a", "a", "a", "a", "b", "b")
    every = np.arange(12)
    drawn = {count: few_images(rows, FIT, every, count, seed=3) for count in (2, 5, 8, 12, 40)}
    assert [len(each) for each in drawn.values()] == [2, 5, 8, 12, 12]
    assert {rows.rows[at]["label"] for at in drawn[2]} == {"a", "b"}
    assert len(set(rows.subjects[drawn[5]].tolist())) == 5  # three of a, both of b
    assert set(drawn[2]) < set(drawn[5]) < set(drawn[8])
    assert drawn[5].tolist() != few_images(rows, FIT, every, 5, seed=4).tolist()


def test_an_organ_has_its_sets_or_the_organs_that_have_some_are_named() -> None:
    assert sets_of("breast") == {"breast_busi"}
    assert {"heart_camus", "heart_lv"} <= sets_of("heart")
    with pytest.raises(UsageError, match=r"no application is of the organ 'spleen'; there are .*breast.*thyroid"):
        sets_of("spleen")


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (None, "does not tell which sets"),
        ("{", "does not tell which sets"),
        ({"data": {}}, "does not tell which sets"),
        ({"data": {"sets": {"breast_busi": {}, "liver_aul": {}}}}, "pretrained on breast_busi, which show breast"),
    ],
)
def test_an_encoder_that_may_know_the_organ_is_refused(tmp_path: Path, card: Any, message: str) -> None:
    if card is not None:
        (tmp_path / "card.json").write_text(card if isinstance(card, str) else json.dumps(card), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        check_without(tmp_path / "encoder.safetensors", "breast")


def test_a_run_gives_every_method_and_number_and_teaches_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_set(tmp_path / "sets", "carotid_imt")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "card.json").write_text(json.dumps({"data": {"sets": {"liver_aul": {}}}}), encoding="utf-8")
    monkeypatch.setattr(teaching, "load_peer", lambda *_: TinyEncoder().eval().requires_grad_(False))
    monkeypatch.setattr(teaching, "learning", short)
    methods = choose_methods([f"{WITHOUT}={tmp_path / 'mine'}", "imagenet"])
    plan = FewPlan("common_carotid_artery", (2, 5, 5000), methods, (0, 1), tmp_path / "sets")
    out, shop = tmp_path / "out", Workshop(tmp_path / "cache", 64, quick=True)
    scored = run_few(plan, out, shop)
    names = {"intima-media mask", "carotid intima-media thickness"}
    assert set(scored) == {(name, each.name, count) for name in names for each in methods for count in (2, 5)}
    assert all(len(scores.sheets) == 2 for scores in scored.values())

    def never(*_: object) -> None:
        raise AssertionError("taught again")

    monkeypatch.setattr(room, "teach_on", never)
    rows = few_rows(plan, run_few(plan, out, shop))
    assert rows == few_rows(plan, scored)
    assert {row["labels"] for row in rows} == {"2 images", "5 images"}
    decides = [row for row in rows if row.get("decides")]
    gains = [row for row in rows if row["metric"].startswith("relative gain over: ImageNet")]
    assert (len(decides), len(gains), len(rows)) == (8, 4, 12)
    assert {row["method"] for row in gains} == {methods[0].method.title}
