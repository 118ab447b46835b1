"""Scores of an exported network: what is noted beside which truth, and the rows that are made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from lingyin.bench.first_network import BATCH, Column, Sheet, answer_all, ellipse_circumference, rows_of, scored
from lingyin.core.clip import Box
from lingyin.runtime.manifest import Head, Manifest
from lingyin.runtime.network import Network, Outputs, Prepared
from lingyin.tasks.store import Sample

SIDE = 64
ORGANS = ["breast", "liver", "none"]
MANIFEST = Manifest(
    format=1,
    name="tiny",
    version="1",
    input_size=SIDE,
    features=1,
    heads=[
        Head(name="organ", task="classify", labels=ORGANS),
        Head(name="fetal_skull", task="segment", labels=["fetal_skull"]),
    ],
    sha256={},
)


def disc(radius: float = 20.0) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.clip(radius + 0.5 - np.hypot(x - 31.5, y - 31.5), 0, 1).astype(np.float32)


def sample(source: str = "s", subject: str = "a", **changes: Any) -> Sample:
    fields: dict[str, Any] = {"targets": {"organ": "breast"}, "masks": {}, **changes}
    picture = np.zeros((SIDE, SIDE), np.uint8)
    return Sample(picture, Box(0, 0, SIDE, SIDE), source=source, split="test", subject=subject, **fields)


class Told:
    """A network that says the same of every picture and counts its passes."""

    manifest = MANIFEST

    def __init__(self, mask: np.ndarray) -> None:
        self.mask, self.batches = mask, list[int]()

    def prepare(self, picture: np.ndarray, box: Box) -> Prepared:
        return Prepared(picture.astype(np.float32), np.eye(2, 3))

    def run(self, batch: Sequence[Prepared]) -> list[Outputs]:
        self.batches.append(len(batch))
        p = np.array([0.7, 0.2, 0.1], np.float32)
        return [Outputs(np.zeros(1, np.float32), {"organ": p}, {"fetal_skull": self.mask}, 0.5) for _ in batch]


def asked(mask: np.ndarray, *samples: Sample) -> Sheet:
    return answer_all(cast(Network, Told(mask)), samples)


@pytest.mark.parametrize(("count", "batches"), [(0, []), (BATCH, [BATCH]), (2 * BATCH + 1, [BATCH, BATCH, 1])])
def test_every_sample_is_asked_once_in_batches(count: int, batches: list[int]) -> None:
    network = Told(disc())
    sheet = answer_all(cast(Network, network), (sample(subject=str(n)) for n in range(count)))
    assert network.batches == batches
    assert sheet.novelty.subjects == [str(n) for n in range(count)]


def test_a_given_sheet_is_continued() -> None:
    sheet = asked(disc(), sample("one"))
    assert answer_all(cast(Network, Told(disc())), [sample("two")], sheet) is sheet
    assert sheet.novelty.sources == ["one", "two"]


def test_only_what_is_known_is_judged() -> None:
    truth = disc() >= 0.5
    unknown, blank = sample(targets={}), sample(masks={"fetal_skull": None})
    void, drawn = sample(masks={"fetal_skull": ~truth & truth}), sample(masks={"fetal_skull": truth})
    sheet = asked(disc(), unknown, blank, void, drawn)
    assert sheet.heads["organ"].truths == [0, 0, 0]
    assert sheet.heads["fetal_skull"].answers == [1.0]
    assert sheet.novelty.truths == [None, "breast", "breast", "breast"]
    assert not sheet.circumference.answers  # no scale, no millimetres


def test_circumference_in_millimetres_and_of_a_head_not_found() -> None:
    truth = 2 * math.pi * 20 * 0.5
    known = sample(
        masks={"fetal_skull": disc() >= 0.5}, mm_per_px=0.5, measurements={"fetal_head_circumference": truth}
    )
    assert asked(disc(), known).circumference.answers[0] < 0.01 * truth
    missed = asked(np.zeros_like(disc()), known)
    assert missed.circumference.answers == [truth]
    assert missed.heads["fetal_skull"].answers == [0.0]


def test_ellipse_circumference() -> None:
    assert ellipse_circumference(disc(20)) == pytest.approx(2 * math.pi * 20, rel=0.005)
    y, x = np.mgrid[:SIDE, :SIDE]
    solid = (((x - 31.5) / 28) ** 2 + ((y - 31.5) / 14) ** 2 <= 1).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 100001)
    length = np.hypot(np.diff(28 * np.cos(angle)), np.diff(14 * np.sin(angle))).sum()
    assert ellipse_circumference(solid) == pytest.approx(length, rel=0.02)
    assert ellipse_circumference(np.zeros((8, 8), np.float32)) == 0.0


def test_a_part_of_a_column_keeps_rows_together() -> None:
    column = Column([1, 2, 3], [4, 5, 6], ["a", "b", "c"], ["x", "y", "x"])
    assert column.part("x") == Column([1, 3], [4, 6], ["a", "c"], ["x", "x"])
    assert column.part("z") == Column()


def found(sheet: Sheet) -> dict[tuple[str, str], dict[str, Any]]:
    rows = rows_of(sheet, MANIFEST)
    named = {(row["application"], row["metric"]): row for row in rows}
    assert len(named) == len(rows)
    return named


def test_rows_of_nothing() -> None:
    assert rows_of(Sheet(), MANIFEST) == []


def test_rows_of_a_sheet() -> None:
    p = np.eye(3)
    organ = Column([p[0], p[0], p[1], p[1]], [0, 0, 1, 0], list("abcd"), ["x", "x", "y", "y"])
    novelty = Column([0.5, 2.0, 3.0, 4.0], ["breast", None, "none", "none"], list("abcd"), ["x"] * 4)
    rows = found(Sheet({"organ": organ}, novelty))
    values = {key: row["value"] for key, row in rows.items()}
    assert values == {
        ("organ", "accuracy"): 0.75,
        ("organ", "balanced accuracy"): 0.8333,  # (2/3 + 1) / 2, to four places
        ("organ", "macro F1"): 0.7333,  # (4/5 + 2/3) / 2
        ("organ", "accuracy, x"): 1.0,
        ("organ", "accuracy, y"): 0.5,
        ("novelty", "known images called novel (share)"): 0.5,
        ("novelty", "foreign images called novel (share)"): 1.0,
        ("novelty", "AUROC, foreign against known"): 1.0,
    }
    first = rows["organ", "accuracy"]
    assert (first["method"], first["task"], first["labels"], first["n"]) == ("tiny 1", "classify", "100 %", 4)
    assert first["low"] <= first["value"] <= first["high"]
    assert rows["novelty", "known images called novel (share)"]["n"] == 2
    assert rows["novelty", "AUROC, foreign against known"]["labels"] == "none"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["real", "real"], [("Dice", 0.5, 2)]),
        (["phantom_a", "real"], [("Dice", 0.75, 1), ("Dice, phantom_a", 0.25, 1)]),
        (["real", "other"], [("Dice, other", 0.75, 1), ("Dice, real", 0.25, 1)]),
        (["phantom_b", "phantom_a"], [("Dice, phantom_a", 0.75, 1), ("Dice, phantom_b", 0.25, 1)]),
    ],
)
def test_phantoms_stand_apart_from_real_images(sources: list[str], expected: list[tuple[str, float, int]]) -> None:
    sheet = Sheet({"fetal_skull": Column([0.25, 0.75], [1.0, 1.0], ["a", "b"], sources)})
    assert [(row["metric"], row["value"], row["n"]) for row in rows_of(sheet, MANIFEST)] == expected


def test_scores_go_to_the_head_of_their_name() -> None:
    sheet = Sheet({"fetal_skull": Column([0.5], [1.0], ["a"], ["x"])}, Column([0.1], ["breast"], ["a"], ["x"]))
    organ, skull = scored(MANIFEST, iter(rows_of(sheet, MANIFEST))).heads
    assert not organ.scores
    assert [each.model_dump() for each in skull.scores] == [
        {"metric": "Dice", "value": 0.5, "low": 0.5, "high": 0.5, "n": 1}
    ]
    assert not MANIFEST.head("fetal_skull").scores  # the manifest that came in is left as it was


@pytest.mark.parametrize(
    ("organs", "expected"),
    [
        (["none", "none"], ["foreign images called novel (share)"]),
        (["breast", None], ["known images called novel (share)"]),
    ],
)
def test_novelty_of_known_or_foreign_images_alone(organs: list[str | None], expected: list[str]) -> None:
    rows = rows_of(Sheet(novelty=Column([0.5, 2.0], organs, ["a", "b"], ["x", "x"])), MANIFEST)
    assert [(row["metric"], row["value"]) for row in rows] == [(name, 0.5) for name in expected]


def test_what_is_undefined_is_null_and_no_score() -> None:
    manifest = MANIFEST.model_copy(update={"heads": [Head(name="lump", task="classify", labels=["no", "yes"])]})
    sheet = Sheet({"lump": Column([np.array([0.9, 0.1])] * 2, [0, 0], ["a", "b"], ["x", "x"])})
    rows = rows_of(sheet, manifest)
    undefined = next(row for row in rows if row["metric"] == "AUROC")
    assert (undefined["value"], undefined["low"], undefined["high"]) == (None, None, None)
    assert [score.metric for score in scored(manifest, rows).heads[0].scores] == ["macro F1"]
