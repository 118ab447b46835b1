"""The pictures of a run: what is drawn is read back from the axes just before they become a PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from lingyin.bench import figures as room
from lingyin.bench.document import Table
from lingyin.bench.figures import COLOURS, agreement, confusion, forest, label_curves, reliabilities
from lingyin.bench.methods import Chosen, Method
from lingyin.bench.run import Outcome, Plan
from lingyin.bench.sheets import Sheet

NAMES = np.array(["a", "b", "c", "d"])
METHODS = (Chosen("x", Method(title="X", kind="frozen")), Chosen("y", Method(title="Y", kind="frozen")))
TABLE = Table(Plan((), METHODS, (40, 100), (0,), Path("unused")), Outcome())
P = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
CLASSIFY = Sheet("classify", NAMES, NAMES, {"probability": P, "raw": P**2, "truth": np.array([0, 0, 1, 1])})


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures in the order in which they were written."""
    kept: list[Figure] = []
    write = room._png

    def keep(figure: Figure) -> bytes:
        kept.append(figure)
        return write(figure)

    monkeypatch.setattr(room, "_png", keep)
    return kept


def is_picture(content: bytes | None) -> bool:
    assert content is not None
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None


def gain(application: str, value: float | None, *, metric: str = "gain", claimed: bool = True) -> dict[str, Any]:
    near = (None, None) if value is None else (value - 0.1, value + 0.1)
    return {
        "application": application,
        "metric": metric,
        "value": value,
        "low": near[0],
        "high": near[1],
        "claimed": claimed,
    }


def point(method: str, percent: int, value: float | None, **more: Any) -> dict[str, Any]:
    row = {"application": "lesion", "method": method, "labels": f"{percent} %", "metric": "Dice", "decides": True}
    return row | {"value": value, "low": value, "high": value} | more


def test_nothing_to_draw_is_no_picture() -> None:
    assert label_curves(TABLE, [point("X", 100, 0.5), point("X", 40, None)]) is None  # one share is no curve
    assert label_curves(TABLE, [point("X", 100, 0.5), point("X", 40, 0.4, decides=False)]) is None
    assert forest([gain("a", None), gain("b", 0.1, metric="other")], "gain") is None
    assert (confusion([]), reliabilities([]), agreement([])) == (None, None, None)


def test_curves_rise_with_the_share_of_labels(drawn: list[Figure]) -> None:
    rows = [point("X", 100, 0.7), point("Y", 100, 0.6), point("X", 40, 0.5), point("Y", 40, None)]
    assert is_picture(label_curves(TABLE, rows))
    (axes,) = drawn[0].axes
    x, y = axes.lines
    assert (x.get_xdata().tolist(), x.get_ydata().tolist()) == ([40, 100], [0.5, 0.7])
    assert (y.get_xdata().tolist(), y.get_ydata().tolist()) == ([100], [0.6])
    assert (x.get_label(), y.get_label(), axes.get_title(), axes.get_ylabel()) == ("X", "Y", "lesion", "Dice")
    assert (x.get_color(), y.get_color()) == COLOURS[:2]


def test_the_forest_shows_every_row_with_the_mean_below(drawn: list[Figure]) -> None:
    rows = [gain("all claimed", 0.05, metric="mean gain"), gain("up", 0.2), gain("down", -0.1, claimed=False)]
    assert is_picture(forest([*rows, gain("gone", None)], "gain"))
    (axes,) = drawn[0].axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["all claimed", "down (not counted)", "up"]
    dots = [line for line in axes.lines if line.get_marker() in ("o", "D")]
    assert np.array([line.get_xdata()[0] for line in dots]) == pytest.approx([5.0, -10.0, 20.0])
    assert [line.get_color() for line in dots] == ["#222222", COLOURS[1], COLOURS[0]]
    assert axes.get_xlim() == pytest.approx((-22, 32))  # two per cent beyond the outermost ends


def test_the_forest_is_clipped_where_an_interval_runs_away(drawn: list[Figure]) -> None:
    assert is_picture(forest([gain("far", 30.0), gain("near", -5.0)], "gain"))
    assert drawn[0].axes[0].get_xlim() == (-100.0, 200.0)


def test_confusion_counts_truth_down_and_answer_across(drawn: list[Figure]) -> None:
    assert is_picture(confusion([("organ", CLASSIFY, ("no_lesion", "lesion", "never"))]))
    (axes,) = drawn[0].axes
    share = axes.images[0].get_array()
    assert np.asarray(share).tolist() == [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]]  # a label without images stays 0
    assert [text.get_text() for text in axes.texts] == ["2", "0", "0", "1", "1", "0", "0", "0", "0"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["no lesion", "lesion", "never"]


def test_reliability_before_and_after(drawn: list[Figure]) -> None:
    assert is_picture(reliabilities([("organ", CLASSIFY, ())]))
    _, before, after = drawn[0].axes[0].lines
    assert after.get_xdata() == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert after.get_ydata().tolist() == [0, 1, 1, 1]  # the least certain answer is the wrong one
    assert before.get_xdata() == pytest.approx([0.36, 0.49, 0.64, 0.81])
    assert (before.get_label(), after.get_label()) == ("before", "after")


def test_agreement_draws_bias_and_limits(drawn: list[Figure]) -> None:
    truth, error = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, -1.0, 1.0, -1.0])
    sheet = Sheet("measure", NAMES, NAMES, {"answer": truth + error, "truth": truth}, {"half_width": 1.0})
    assert is_picture(agreement([("wall", sheet, "mm"), ("head", sheet, "cm")]))
    wall, head = drawn[0].axes
    dots, bias, lower, upper = wall.lines
    assert dots.get_xdata().tolist() == [1.5, 1.5, 3.5, 3.5]
    assert dots.get_ydata().tolist() == error.tolist()
    limit = 1.96 * (4 / 3) ** 0.5
    assert [line.get_ydata()[0] for line in (bias, lower, upper)] == pytest.approx([0, -limit, limit])
    assert (wall.get_ylabel(), head.get_ylabel()) == ("answer - truth, mm", "answer - truth, cm")


def test_the_legend_names_methods_that_the_first_panel_lacks(drawn: list[Figure]) -> None:
    rows = [point("Y", percent, 0.5) for percent in (40, 100)]
    rows += [point(name, percent, 0.5, application="other") for name in "XY" for percent in (40, 100)]
    assert is_picture(label_curves(TABLE, rows))
    (legend,) = drawn[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["X", "Y"]


def test_heat_is_bold_where_clear_and_blank_where_undefined(drawn: list[Figure]) -> None:
    values, clear = np.array([[12.0, -3.0], [np.nan, 0.5]]), np.array([[True, False], [False, False]])
    assert is_picture(room.heat(["a", "b"], values, clear, "gains"))
    shown = [(text.get_text(), text.get_fontweight()) for text in drawn[0].axes[0].texts]
    assert shown == [("+12.0", "bold"), ("-3.0", "normal"), ("", "normal"), ("+0.5", "normal")]
    assert drawn[0].axes[0].get_images()[0].get_clim() == (-12.0, 12.0)
