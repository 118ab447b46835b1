"""Galleries: how good a single case is for each task, and the worst and best tiles in their places."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lingyin.bench.gallery import BAR, SIDE, TRUE, _Drawer, _outline, gallery, worth
from lingyin.bench.judge import Judged
from lingyin.bench.sheets import Sheet

NAN = float("nan")


def _sheet(task: str, facts: dict[str, float] | None = None, **columns: Any) -> Sheet:
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    names = np.array([f"p{number}" for number in range(len(next(iter(arrays.values()))))])
    return Sheet(task, names, names, arrays, facts or {})


@pytest.mark.parametrize(
    ("sheet", "want"),
    [
        (_sheet("classify", probability=[[0.7, 0.3], [0.9, 0.1]], truth=[0, 1]), [0.7, 0.1]),
        (_sheet("segment", dice=[[0.5, 1.0], [NAN, 0.4], [NAN, NAN]]), [0.75, 0.4, NAN]),
        (_sheet("landmark", error=[[2.0, 4.0], [NAN, 1.0], [NAN, NAN]]), [-3.0, -1.0, NAN]),
        (_sheet("measure", answer=[5.0, 1.0, NAN], truth=[3.0, 4.0, 1.0]), [-2.0, -3.0, NAN]),
        (_sheet("enhance", psnr=[30.0, 20.0], psnr_before=[25.0, 22.0]), [5.0, -2.0]),
        (
            _sheet("describe", said=[[True, False, True], [True, False, True]], truth=[[-1, 1, 0], [1, -1, 1]]),
            [-2.0, 0.0],  # what is unknown (0) counts for nothing
        ),
        (
            _sheet(
                "detect",
                {"classes": 2},
                hit0=[[[True, False], [False, False]], [[False, False], [False, False]]],
                score0=[[0.9, 0.4], [0.8, NAN]],
                truths0=[1, 2],
                hit1=[[[True, True]], [[False, False]]],
                score1=[[0.9], [NAN]],
                truths1=[1, 0],
            ),
            [0.8, 0.0],  # 2 hits of 3 found and 2 true; none of 1 found and 2 true
        ),
    ],
    ids=lambda value: value.task if isinstance(value, Sheet) else "",
)
def test_the_worth_of_single_cases(sheet: Sheet, want: list[float]) -> None:
    np.testing.assert_allclose(worth(sheet), want)


def _judged(greys: list[int], kind: str, **more: Any) -> Judged:
    """Flat pictures twice as wide as high, one grey level each; rows are in another order than the sheet's."""
    count = len(greys)
    rows = [{"id": f"p{count - 1 - index}"} for index in range(count)]

    def picture(index: int) -> NDArray[np.uint8]:
        return np.full((40, 80), greys[count - 1 - index], np.uint8)

    return cast(
        "Judged",
        SimpleNamespace(
            rows=SimpleNamespace(rows=rows, picture=picture),
            at=lambda _: np.arange(count),
            task=SimpleNamespace(kind=kind, spec=lambda: {"labels": ["benign", "malignant"]}),
            **more,
        ),
    )


def _open(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _centres(page: NDArray[np.uint8], strip: int) -> list[int]:
    """Grey level in the middle of the picture of each tile."""
    row = strip * (22 + SIDE + BAR) + 22 + SIDE // 4
    return [int(page[row, SIDE * tile + SIDE // 2, 0]) for tile in range(4)]


def test_the_worst_stand_above_and_the_best_below_from_the_outside_in() -> None:
    greys, truth = [10, 20, 30, 40, 50, 60], [0, 0, 0, 0, 0, 0]
    right = [0.3, 0.9, 0.1, 0.8, 0.5, NAN]
    sheet = _sheet("classify", probability=[[p, 1 - p] for p in right], truth=truth)
    page = _open(gallery(_judged(greys, "classify"), sheet))
    assert page.shape == (2 * (22 + SIDE + BAR), 4 * SIDE, 3)
    assert _centres(page, 0) == [30, 10, 50, 40]
    assert _centres(page, 1) == [20, 40, 50, 10]  # the sixth, of which nothing is known, is nowhere


def test_fewer_cases_than_tiles_leave_the_rest_black() -> None:
    sheet = _sheet("classify", probability=[[0.2, 0.8], [0.6, 0.4]], truth=[0, 0])
    page = _open(gallery(_judged([70, 90], "classify"), sheet))
    assert _centres(page, 0) == [70, 90, 0, 0]
    assert _centres(page, 1) == [90, 70, 0, 0]


def test_true_outlines_are_green_and_given_ones_orange() -> None:
    true, said = np.zeros((40, 80), bool), np.zeros((40, 80))
    true[10:30, 10:30], said[10:30, 50:70] = True, 0.9
    judged = _judged([0], "segment", maps=lambda _: [[said]], truth=lambda _: [true])
    page = _open(gallery(judged, _sheet("segment", dice=[[0.0]])))
    tile = page[22 : 22 + SIDE // 2, :SIDE].astype(int)
    green, orange = tile[..., 1] > tile[..., 2] + 20, tile[..., 2] > tile[..., 1] + 20  # lines are smoothed
    assert green[:, : SIDE // 2].any()
    assert not green[:, SIDE // 2 :].any()
    assert orange[:, SIDE // 2 :].any()
    assert not orange[:, : SIDE // 2].any()


def test_an_empty_outline_draws_nothing() -> None:
    tile = np.zeros((20, 20, 3), np.uint8)
    _outline(tile, np.zeros((40, 40), np.bool_), TRUE)
    assert not tile.any()


@pytest.mark.parametrize(
    ("task", "columns", "words"),
    [
        ("enhance", {"psnr": [20.0], "psnr_before": [21.5]}, "-1.50 dB"),
        ("enhance", {"psnr": [23.0], "psnr_before": [21.5]}, "+1.50 dB"),
        ("landmark", {"error": [[2.0, 4.0]]}, "3.00 mm"),
        ("segment", {"dice": [[0.75]]}, "Dice 0.75"),
    ],
)
def test_a_case_says_what_it_is_worth_with_its_sign(task: str, columns: dict[str, Any], words: str) -> None:
    sheet = _sheet(task, **columns)
    judged = _judged([0], "", application=SimpleNamespace(unit="mm"))
    assert _Drawer(judged, sheet)._value(0) == (str(sheet.names[0]), words)
